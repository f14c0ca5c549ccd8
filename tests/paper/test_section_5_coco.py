"""Statements on COCO, on results of which it is known whether they hold."""

import pytest

from tests.paper.coco_results import runs, write
from tests.paper.factories import evidence, find_statement
from yolo_feiou.paper.coco_runs import CocoRuns, Gain
from yolo_feiou.paper.evidence import Evidence
from yolo_feiou.paper.section_5 import SECTION_5_RESULTS
from yolo_feiou.paper.section_5_coco import (
    DETECTORS,
    add_cost,
    claim_table_3,
    describe_cost,
    judge_claims,
    judge_on_coco,
    untested_on_coco,
)
from yolo_feiou.paper.statement import FAILS, HOLDS, PARTLY, UNDECIDED, UNTESTED, Result

UP, DOWN, OPEN = Gain([0.01, 0.011, 0.012]), Gain([-0.01, -0.011, -0.012]), Gain([0.01, -0.01, 0.002])


def judge(tmp_path, words, *rows):
    """The result of a statement by runs."""
    evidence(tmp_path)
    return find_statement(SECTION_5_RESULTS, words).judge(Evidence(tmp_path, write(tmp_path / "results", *rows)))


@pytest.mark.parametrize(
    ("gains", "word", "begins"),
    [
        ((UP, UP), HOLDS, "AP: a +1.10 (3 seeds, "),
        ((DOWN, DOWN), FAILS, "AP: a −"),
        ((UP, DOWN), PARTLY, "for a; not for b. AP: "),
        ((UP, OPEN), UNDECIDED, "not shown for b. AP: "),
        ((UP, None), UNDECIDED, "not shown for b. AP: a +1.10"),
        ((DOWN, OPEN), FAILS, "AP: a −"),
        ((DOWN, None), FAILS, "AP: a −"),
    ],
    ids=str,
)
def test_claims_hold_fail_or_stay_open(gains, word, begins):
    found = judge_claims([(name, gain, 1) for name, gain in zip("ab", gains, strict=True)])
    assert found.word == word and found.ours.replace("-", "−").startswith(begins)
    if None in gains:
        assert found.ours.endswith("b not run")


def test_a_loss_that_should_lose_holds_if_it_does():
    assert judge_claims([("a", DOWN, -1)]).word == HOLDS and judge_claims([("a", UP, -1)]).word == FAILS


def test_without_runs_another_judge_speaks(tmp_path):
    other = Result(UNTESTED, "other")
    judged = judge_on_coco(claim_table_3, lambda evidence: other)
    assert judged(evidence(tmp_path)) is other
    here = Evidence(tmp_path, write(tmp_path / "results", *runs("atss", "focal_eiou", 0.4)))
    assert judged(here) is other, "there is nothing to compare it with"


def test_what_is_not_run_says_its_command_and_cost(tmp_path):
    """Four trainings at 90,000 × .2 s × 4 GPUs = 20 hours each."""
    told = "`yolo ablate cfg=table1.yaml device=0+1+2+3` on four A100 would show it, about 80 A100-hours a seed"
    assert describe_cost("table1.yaml", ["retinanet"] * 4) == told
    found = untested_on_coco("table1.yaml", ["retinanet"] * 4)(evidence(tmp_path))
    assert found == Result(UNTESTED, f"not run: {told}")
    added = add_cost(lambda evidence: Result(UNTESTED, "x"), "table1.yaml", ["retinanet"] * 4)(evidence(tmp_path))
    assert added == Result(UNTESTED, f"x. On COCO: {told}")


@pytest.mark.parametrize(("focal", "balanced", "word"), [(0.365, 0.363, HOLDS), (0.365, 0.355, PARTLY)])
def test_table_1(tmp_path, focal, balanced, word):
    rows = [
        *runs("retinanet", "stock", 0.359, (0, 0, 0)),
        *runs("retinanet", "focal_l1", focal),
        *runs("retinanet", "balanced_l1", balanced),
    ]
    assert judge(tmp_path, "FocalL1 gains 0.6 AP", *rows).word == word


@pytest.mark.parametrize(
    ("v1", "giou", "word"), [(0.368, 0.365, HOLDS), (0.375, 0.365, PARTLY), (0.368, 0.37, UNDECIDED)]
)
def test_table_2(tmp_path, v1, giou, word):
    """EIoU .370; a GIoU within its noise is no refutation."""
    losses = {"iou": 0.365, "giou": giou, "ciou": 0.367, "focal_eiou_v1": v1, "stock": 0.359}
    rows = [row for loss, ap in losses.items() for row in runs("retinanet", loss, ap, (0, 0, 0))]
    rows += [*runs("retinanet", "eiou", 0.37, (0, 0.0004, -0.0003)), *runs("retinanet", "focal_eiou", 0.375)]
    assert judge(tmp_path, "EIoU gains 1.1 AP", *rows).word == word


@pytest.mark.parametrize(
    ("gains", "word"),
    [
        ((0.016, 0.014, 0.016, 0.006, 0.005), HOLDS),
        ((0.016, 0.014, 0.016, 0.026, 0.005), PARTLY),
        ((0.016, 0.014, -0.016, 0.002, -0.03), PARTLY),
        ((-0.016, -0.014, -0.016, -0.006, -0.005), FAILS),
    ],
    ids=str,
)
def test_table_3(tmp_path, gains, word):
    rows = []
    for detector, gain in zip(DETECTORS, gains, strict=True):
        wobble = (0, 0.0004, 0.0001) if detector in ("atss", "paa") else (0.0002, 0, 0.0001)
        rows += [*runs(detector, "stock", 0.38, (0, 0, 0)), *runs(detector, "focal_eiou", 0.38 + gain, wobble)]
    found = judge(tmp_path, "improves five detectors", *rows)
    assert found.word == word
    assert (
        "ATSS" in found.ours and "PAA" in found.ours
    ) and "mean gain of the first three over that of ATSS" in found.ours


def test_table_3_with_one_detector_is_not_decided(tmp_path):
    rows = [*runs("atss", "stock", 0.39, (0, 0, 0)), *runs("atss", "focal_eiou", 0.40)]
    found = judge(tmp_path, "improves five detectors", *rows)
    assert found.word == UNDECIDED and "Faster R-CNN not run" in found.ours and "ATSS +1.0" in found.ours


@pytest.mark.parametrize(("at_3", "word"), [(0.36, HOLDS), (0.38, PARTLY)])
def test_figure_4a_takes_all_weights_that_were_tried(tmp_path, at_3, word):
    rows = [
        *runs("retinanet", "eiou", 0.37, (0, 0, 0), box="auto"),
        *runs("retinanet", "eiou", 0.36, box=1.0),
        *runs("retinanet", "eiou", at_3, box=3.0),
    ]
    found = judge(tmp_path, "2.5 is best", *rows)
    assert found.word == word and "2.5 over 3 " in found.ours


@pytest.mark.parametrize(
    ("words", "best", "other"),
    [
        ("β = 0.8 is FocalL1's", "focal_l1", "focal_l1:beta=0.6"),
        ("γ = 0.5 is Focal", "focal_eiou", "focal_eiou:gamma=1"),
    ],
)
def test_the_best_value_of_a_parameter_beats_all_that_were_tried(tmp_path, words, best, other):
    rows = runs("retinanet", best, 0.37, (0, 0, 0))
    found = judge(tmp_path, words, *rows, *runs("retinanet", other, 0.36))
    assert found.word == HOLDS and f"over {other.partition(':')[2]} +" in found.ours
    assert judge(tmp_path, words, *rows, *runs("retinanet", other, 0.38)).word == FAILS


@pytest.mark.parametrize(("ap", "word"), [(0.35, HOLDS), (0.37, FAILS)])
def test_gamma_2_is_below_the_baseline(tmp_path, ap, word):
    rows = [*runs("retinanet", "stock", 0.359, (0, 0, 0)), *runs("retinanet", "focal_eiou:gamma=2", ap)]
    assert judge(tmp_path, "γ = 2 suppresses", *rows).word == word


@pytest.mark.parametrize(("quarter", "two", "word"), [(0.365, 0.35, HOLDS), (0.365, 0.37, PARTLY), (0.35, 0.36, FAILS)])
def test_the_star_gains_with_the_least_gamma_and_loses_with_the_greatest(tmp_path, quarter, two, word):
    rows = [
        *runs("retinanet", "stock", 0.359, (0, 0, 0)),
        *runs("retinanet", "focal_eiou_star:gamma=0.25", quarter, (0.0002, 0, 0)),
        *runs("retinanet", "focal_eiou_star", 0.5),
        *runs("retinanet", "focal_eiou_star:gamma=2", two),
    ]
    assert judge(tmp_path, "gains first", *rows).word == word


def test_claims_of_no_runs_are_empty_or_without_a_gain():
    assert all(gain is None for _, gain, _ in claim_table_3(CocoRuns()))
