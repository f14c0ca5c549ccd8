"""Statements on the simulations, on small ones whose result is known."""

import pytest

from tests.paper.factories import evidence, find_statement, last_steps
from yolo_feiou.paper.section_5 import (
    SECTION_5_RESULTS,
    judge_counts,
    judge_early_steps,
    judge_hard_examples,
    judge_overall,
    report_against_eiou,
    report_best_value,
    report_star,
)
from yolo_feiou.paper.statement import FAILS, HOLDS, PARTLY, UNTESTED

COUNTS = {
    (1, "point"): 1000,
    (1, "anchor"): 49,
    (1, "target"): 7,
    (2, "point"): 100,
    (2, "anchor"): 9,
    (2, "target"): 3,
}


@pytest.mark.parametrize(
    ("change", "word", "ours"),
    [({}, HOLDS, "343,000 and 2,700 pairs"), ({(2, "anchor"): 8}, FAILS, "343,000 and 2,400 pairs")],
)
def test_points_anchors_and_targets_are_counted(tmp_path, change, word, ours):
    rows = [
        {"setup": setup, "kind": kind} for (setup, kind), count in {**COUNTS, **change}.items() for _ in range(count)
    ]
    found = judge_counts(evidence(tmp_path, figure5__figure5=rows))
    assert (found.word, found.ours) == (word, ours)


@pytest.mark.parametrize(
    ("errors", "word"), [((20, 21, 20), HOLDS), ((20, 21, 20.5), FAILS), ((20, 19, 18), FAILS)], ids=str
)
def test_equation_11_mends_a_start_that_equation_10_slows(tmp_path, errors, word):
    """After 50 steps: EIoU, Eq. 10 alone, Eq. 11."""
    losses = ("eiou", "focal_eiou:norm=mean", "focal_eiou")
    steps = [
        {"loss": loss, "step": step, "error": error if step == 50 else 0}
        for loss, error in zip(losses, errors, strict=True)
        for step in range(52)
    ]
    assert judge_early_steps(evidence(tmp_path, {"eq11.empty_gap": 0}, setup1__steps=steps)).word == word


def sweep(loss, **columns):
    """Figure 4 of one loss: each column's values at 0, 0.5 and 2 in setup 1, and 1 more in setup 2."""
    return [
        {"setup": setup, "loss": loss, "value": value, **{key: three[i] + setup - 1 for key, three in columns.items()}}
        for setup in (1, 2)
        for i, value in enumerate((0, 0.5, 2))
    ]


def test_the_best_value_in_the_simulations_is_no_result_on_ap(tmp_path):
    found = evidence(tmp_path, figure4__figure4=sweep("focal_eiou", error=(18, 17, 19)))
    assert report_best_value(found, "focal_eiou", 0.5).ours == (
        "in the simulations, 100 points: setup 1: lowest error 17.00 at 0.5; setup 2: lowest error 18.00 at 0.5"
    )
    other = report_best_value(found, "focal_eiou", 2)
    assert other.word == UNTESTED and "setup 1: lowest error 17.00 at 0.5, 19.00 at 2; setup 2" in other.ours


def test_a_gamma_against_eiou_and_the_star_are_told_by_their_figures(tmp_path):
    """γ = 2 against γ = 0."""
    columns = {
        "error": (18, 17, 19),
        "iou_mean": (0.5, 0.6, 0.4),
        "share_90": (0.1, 0.2, 0.05),
        "iou_best": (0.7, 0.8, 0.6),
    }
    found = evidence(tmp_path, figure4__figure4=[*sweep("focal_eiou", **columns), *sweep("focal_eiou_star", **columns)])
    against = report_against_eiou(found, "focal_eiou", 2)
    assert against.word == UNTESTED and against.ours.startswith(
        "in the simulations, 100 points, γ = 2 against EIoU: setup 1: error 19.00 against 18.00, mean IoU 0.400 "
        "against 0.500, share of IoU > 0.9 0.050 against 0.100; setup 2: error 20.00 against 19.00"
    )
    assert report_star(found).ours.endswith(
        "at γ = 0, 0.5, 2: setup 1: 18.00 / 0.700, 17.00 / 0.800, 19.00 / 0.600; "
        "setup 2: 19.00 / 1.700, 18.00 / 1.800, 20.00 / 1.600"
    )


@pytest.mark.parametrize(("best", "word"), [(0.3, HOLDS), (0.5, PARTLY)])
def test_hard_examples_are_left_behind_if_the_lower_quartile_is_below_eious(tmp_path, best, word):
    runs = {
        f"setup1{suffix}__steps": last_steps("iou_25", eiou=0.4, focal_eiou=focal)
        for suffix, focal in (("", 0.3), ("-2iou", 0.3), ("-best", best))
    }
    found = judge_hard_examples(evidence(tmp_path, **runs))
    assert found.word == word and found.ours.endswith(f"best {best:.3f} against 0.400")


@pytest.mark.parametrize(("focal", "giou", "word"), [(16, 19, HOLDS), (17.5, 19, FAILS), (16, 16.5, FAILS)], ids=str)
def test_the_closing_statement_needs_both_below_all_others_and_focal_eiou_lowest(tmp_path, focal, giou, word):
    steps = last_steps(iou=20, giou=giou, ciou=18, eiou=17, focal_eiou=focal)
    runs = {f"setup{setup}{suffix}__steps": steps for setup in (1, 2) for suffix in ("", "-2iou", "-best")}
    assert judge_overall(evidence(tmp_path, **runs)).word == word


def test_what_needs_coco_is_not_tested_without_runs(tmp_path):
    for words in ("90k iterations", "improves five detectors", "FocalL1 gains 0.6 AP"):
        assert find_statement(SECTION_5_RESULTS, words).judge(evidence(tmp_path)).word == UNTESTED


@pytest.mark.parametrize(("share", "word"), [(0.55, HOLDS), (0.65, FAILS)])
def test_gradients_are_balanced_if_low_iou_pairs_have_little_more_than_half(tmp_path, share, word):
    facts = {"focal_eiou.bad_share": share, "eiou.bad_share": 0.9}
    assert find_statement(SECTION_5_RESULTS, "balances").judge(evidence(tmp_path, facts)).word == word
