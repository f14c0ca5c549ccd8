"""The two evaluators agree to the last digit, with each other and with pycocotools as anyone would run it."""

import copy
import io
import json
from contextlib import redirect_stdout
from dataclasses import replace

import pytest

from tests.evaluation.factories import noisy
from yolo_feiou.evaluation.evaluators import run_evaluator
from yolo_feiou.evaluation.metrics import CURVE_LEVELS, score
from yolo_feiou.evaluation.truth import read_ground_truth

PLACES = {"AP": 0, "AP50": 1, "AP75": 2, "AP_S": 3, "AP_M": 4, "AP_L": 5, "AR": 8}


@pytest.fixture(params=[("train", seed) for seed in range(3)] + [("val", 3)], ids=str)
def synthetic(coco_tiny, request):
    """The JSON of real objects, crowds among them, and synthetic predictions."""
    split, seed = request.param
    path = coco_tiny / "annotations" / f"instances_{split}2017.json"
    return path, noisy(read_ground_truth(path), seed)


def test_both_evaluators_give_the_same_row(synthetic):
    path, found = synthetic
    of = read_ground_truth(path)
    faster, reference = (score(of, found, evaluator) for evaluator in ("faster-coco-eval", "pycocotools"))
    for row in (faster, reference):
        del row["evaluator"], row["evaluator_version"]
    assert faster == reference
    assert 0.1 < faster["AP"] < faster["AP50"] < 0.9
    assert faster["AP"] == pytest.approx(sum(faster[f"AP{level}"] for level in CURVE_LEVELS) / 10, abs=1e-11)
    assert all(0 < faster[name] < 1 for name in ("AP_S", "AP_M", "AP_L", "AR", "matched_75", "found_90"))


def test_both_are_what_pycocotools_says_of_the_files(synthetic, tmp_path):
    """The untouched file of COCO, segmentations and original ids included, and a result file, by its own reader."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    path, found = synthetic
    (tmp_path / "results.json").write_text(json.dumps(found))
    with redirect_stdout(io.StringIO()):
        objects = COCO(str(path))
        evaluation = COCOeval(objects, objects.loadRes(str(tmp_path / "results.json")), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    row = score(read_ground_truth(path), found)
    for name, place in PLACES.items():
        assert row[name] == round(evaluation.stats[place], 12), name


@pytest.mark.parametrize("evaluator", ["faster-coco-eval", "pycocotools"])
def test_ids_that_float64_can_not_tell_apart_change_nothing(coco_tiny, evaluator):
    """The images in the order of their ids from 2^62 on, by which COCO ranks equal scores; the categories likewise."""
    of = read_ground_truth(coco_tiny / "annotations" / "instances_train2017.json")
    found = noisy(of, 1)
    images = {old: 2**62 + n for n, old in enumerate(sorted(image["id"] for image in of.images))}
    kinds = {old: 2**53 + n for n, old in enumerate(sorted(one["id"] for one in of.categories))}

    def renamed(records):
        new = {"image_id": images, "category_id": kinds}
        return [{key: new[key][value] if key in new else value for key, value in one.items()} for one in records]

    large = replace(
        of,
        images=[{**image, "id": images[image["id"]]} for image in of.images],
        annotations=renamed(of.annotations),
        categories=[{**one, "id": kinds[one["id"]]} for one in of.categories],
    )
    assert score(large, renamed(found), evaluator) == score(of, found, evaluator)


@pytest.mark.parametrize("evaluator", ["faster-coco-eval", "pycocotools"])
def test_nothing_is_printed_or_changed(synthetic, evaluator, capfd, caplog):
    path, found = synthetic
    of = read_ground_truth(path)
    before = copy.deepcopy((of, found))
    run_evaluator(of, found, evaluator)
    assert (of, found) == before
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_the_order_of_predictions_matters_only_among_equal_scores(synthetic):
    path, found = synthetic
    found = [{**record, "score": 1 / (place + 2)} for place, record in enumerate(found)]
    of = read_ground_truth(path)
    assert score(of, found) == score(of, found[::-1])
