"""Which runs count as the paper's, and what their differences say."""

import math

import pytest

from tests.paper.coco_results import runs, write
from yolo_feiou.paper.coco_runs import CocoRuns, Gain, subtract


def found(tmp_path, *rows):
    return CocoRuns(write(tmp_path, *rows))


@pytest.mark.parametrize(
    "change",
    [
        *({"backbone": "resnet18"}, {"data": "shapes.yaml"}, {"iterations": 40}, {"imgsz": 640}, {"batch": 8}),
        *({"detector": None}, {"status": "failed"}, {"AP": None}, {"backbone_weights": "none"}),
        {"eval_split": "train"},
    ],
    ids=str,
)
def test_what_is_not_trained_as_in_the_paper_does_not_count(tmp_path, change):
    assert len(found(tmp_path, *runs("atss", "stock", 0.39)).rows) == 3
    assert found(tmp_path, *({**row, **change} for row in runs("atss", "stock", 0.39))).rows == []


def test_runs_are_read_from_all_folders_and_from_none(tmp_path):
    write(tmp_path, *runs("atss", "stock", 0.39), name="a")
    write(tmp_path, *runs("paa", "stock", 0.40), name="b")
    assert {row["detector"] for row in CocoRuns(tmp_path).rows} == {"atss", "paa"}
    assert CocoRuns().rows == CocoRuns(tmp_path / "a").rows == []


def test_runs_are_found_by_detector_loss_and_weight(tmp_path):
    rows = [
        *(*runs("retinanet", "eiou", 0.37), *runs("retinanet", "eiou:focal=0.5", 0.375)),
        *(
            *runs("retinanet", "eiou", 0.36, box=1.0),
            *runs("retinanet", "eiou", 0.35, box=2.5),
            *runs("paa", "eiou", 0),
        ),
        *(*runs("retinanet", "focal_l1", 0.365, box=1.0), *runs("retinanet", "focal_l1", 0.2, box=2.5)),
    ]
    coco = found(tmp_path, *rows)
    ap = {seed: row["AP"] for seed, row in coco.find("retinanet", "eiou").items()}
    assert ap == pytest.approx({0: 0.37, 1: 0.3714, 2: 0.3691}), "auto comes first, and 2.5 is the same weight"
    assert coco.find("retinanet", "eiou", 1.0)[0]["AP"] == 0.36
    assert coco.find("retinanet", "focal_eiou")[0]["AP"] == 0.375
    assert coco.find("retinanet", "focal_l1")[0]["AP"] == 0.365
    assert coco.list_weights("retinanet", "eiou") == [1.0, 2.5]
    assert coco.list_losses("retinanet", "eiou") == ["eiou"]


def test_the_baseline_is_the_detectors_own_loss_or_smooth_l1(tmp_path):
    own, smooth = runs("retinanet", "stock", 0.36), runs("retinanet", "smooth_l1:beta=0.11", 0.35)
    assert found(tmp_path / "a", *smooth, *own).find_baseline("retinanet")[0]["AP"] == 0.36
    assert found(tmp_path / "b", *smooth).find_baseline("retinanet")[0]["AP"] == 0.35
    assert found(tmp_path / "c", *runs("retinanet", "stock", 0.36, box=2.5)).find_baseline("retinanet") == {}


def test_a_gain_is_paired_by_seed_and_has_students_interval(tmp_path):
    coco = found(
        tmp_path, *runs("atss", "stock", 0.39, (0, 0, 0)), *runs("atss", "focal_eiou", 0.40, (0, 0.002, 0.001))
    )
    gain = subtract(coco.find("atss", "focal_eiou"), coco.find("atss", "stock"))
    assert gain.differences == pytest.approx([0.010, 0.012, 0.011])
    half = 4.302653 * 0.001 / math.sqrt(3)  # t of two degrees of freedom
    assert gain.interval == pytest.approx((0.011 - half, 0.011 + half)) and gain.sign == 1
    assert str(gain) == f"+1.10 (3 seeds, 95 % +{1.1 - 100 * half:.2f} to +{1.1 + 100 * half:.2f})"
    assert subtract(coco.find("atss", "eiou"), coco.find("atss", "stock")) is None


@pytest.mark.parametrize(
    ("differences", "sign"),
    [([0.01], 0), ([0.01, 0.01], 0), ([-0.01, -0.011, -0.012], -1), ([0.01, -0.01, 0.02], 0)],
    ids=str,
)
def test_a_sign_needs_an_interval_without_zero(differences, sign):
    assert Gain(differences).sign == sign


def test_one_seed_says_that_it_can_not_tell():
    assert str(Gain([0.006])) == "+0.60 (one seed, which can't tell)"
