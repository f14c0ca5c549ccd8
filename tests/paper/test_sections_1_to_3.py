"""Statements on the losses on overlap hold or fail by the numbers that they are about."""

import pytest

from tests.paper.factories import evidence, find_statement, last_steps
from yolo_feiou.paper.sections_1_to_3 import SECTION_1, SECTION_2, SECTION_3, judge_slowest
from yolo_feiou.paper.statement import FAILS, HOLDS, PARTLY


@pytest.mark.parametrize(
    ("last", "word"),
    [({"iou": 21, "giou": 20}, HOLDS), ({"iou": 19, "giou": 20}, FAILS), ({"iou": 20, "giou": 20}, FAILS)],
)
def test_a_loss_is_the_slowest_if_its_last_error_is_above_all_others(tmp_path, last, word):
    found = judge_slowest(evidence(tmp_path, setup1__steps=last_steps(eiou=17, **last)), "iou", ("giou", "eiou"))
    assert found.word == word
    assert found.ours == f"error after 200 steps: iou {last['iou']}.00, giou {last['giou']}.00, eiou 17.00"


@pytest.mark.parametrize(
    ("section", "words", "facts", "word"),
    [
        (SECTION_1, "Smooth", {"smooth_l1.gap": 1e-10}, HOLDS),
        (SECTION_1, "Smooth", {"smooth_l1.gap": 1e-8}, FAILS),
        (SECTION_1, "biased", {"l1.scale_pixels": 10, "l1.scale": 10}, HOLDS),
        (SECTION_1, "biased", {"l1.scale_pixels": 10, "l1.scale": 1}, PARTLY),
        (SECTION_1, "biased", {"l1.scale_pixels": 1, "l1.scale": 1}, FAILS),
        (SECTION_1, "plus a penalty R", {"penalty.least": -1e-10}, HOLDS),
        (SECTION_1, "plus a penalty R", {"penalty.least": -0.1}, FAILS),
        (SECTION_1, "scale", {"scale.gap": 1e-8}, FAILS),
        (
            SECTION_2,
            "Balanced",
            {"balanced_l1.slope_far": 1.5, "smooth_l1.slope_far": 1, "focal_l1.slope_far": 0.5},
            HOLDS,
        ),
        (
            SECTION_2,
            "Balanced",
            {"balanced_l1.slope_far": 0.9, "smooth_l1.slope_far": 1, "focal_l1.slope_far": 0.5},
            FAILS,
        ),
        (SECTION_3, "triangle", {"iou.least": 0, "iou.symmetry_gap": 0, "iou.triangle_least": 0}, HOLDS),
        (SECTION_3, "triangle", {"iou.least": 0, "iou.symmetry_gap": 0, "iou.triangle_least": -0.1}, FAILS),
        (SECTION_3, "always zero", {"iou.apart": 0, "iou.apart_step": 0}, HOLDS),
        (SECTION_3, "always zero", {"iou.apart": 1, "iou.apart_step": 0}, FAILS),
        (SECTION_3, "too narrow", {"v.slope_w": 0.1124}, HOLDS),
        (SECTION_3, "too narrow", {"v.slope_w": -0.1124}, FAILS),
        (SECTION_3, "opposite signs", {"v.slope_ratio": -2.4}, HOLDS),
        (SECTION_3, "opposite signs", {"v.slope_ratio": 2.4}, FAILS),
        (SECTION_3, "whatever their size", {"v.same_ratio": 0.1}, FAILS),
        (SECTION_3, "sum of three parts", {"eiou.gap": 0, "eiou.least": 0, "eiou.largest": 3.25}, HOLDS),
        (SECTION_3, "sum of three parts", {"eiou.gap": 0, "eiou.least": 0, "eiou.largest": 3.3}, FAILS),
    ],
)
def test_a_statement_on_facts(tmp_path, section, words, facts, word):
    assert find_statement(section, words).judge(evidence(tmp_path, facts)).word == word


@pytest.mark.parametrize(
    ("penalties", "ours"),
    [
        ((0.5, 0.4, 0.3, 0.05), "for pairs of an IoU above 0.7; not for pairs of an IoU above 0.5, "),
        ((0.5, 0.4, 0.05, 0.05), "for pairs of an IoU above 0.5, pairs of an IoU above 0.7; not for "),
    ],
)
def test_the_penalty_of_giou_is_small_from_some_iou_on(tmp_path, penalties, ours):
    facts = {f"giou.penalty_{percent}": value for percent, value in zip((0, 30, 50, 70), penalties, strict=True)}
    found = find_statement(SECTION_3, "degrades to IoU").judge(evidence(tmp_path, facts))
    assert found.word == PARTLY and found.ours.startswith(ours)


def ends(**boxes):
    """The last boxes of figure 1."""
    return [{"loss": loss, "step": 50, "w": w, "h": h} for loss, (w, h) in boxes.items()]


@pytest.mark.parametrize(("h", "word"), [(2.844, HOLDS), (2.846, FAILS)])
def test_figure_1_is_the_papers_to_two_decimals(tmp_path, h, word):
    found = find_statement(SECTION_1, "An anchor with").judge(
        evidence(tmp_path, figure1__figure1=ends(ciou=(1.6351, h)))
    )
    assert found.word == word


@pytest.mark.parametrize(
    ("eiou", "word"), [((1.3, 2.2), HOLDS), ((1.3, 2.9), FAILS), ((0.2, 2.2), FAILS), ((1.5, 2.2), FAILS)]
)
def test_eiou_is_nearer_in_both_sides_than_giou_and_ciou(tmp_path, eiou, word):
    """To 1 × 1: GIoU is 0.5 and 1.4 off, CIoU 0.64 and 1.84."""
    boxes = ends(giou=(1.5, 2.4), ciou=(1.64, 2.84), eiou=eiou)
    assert find_statement(SECTION_1, "nearer").judge(evidence(tmp_path, figure1__figure1=boxes)).word == word


@pytest.mark.parametrize(("diou", "word"), [((1.5, 2.8), FAILS), ((1.1, 2.8), HOLDS)])
def test_v_grows_the_box_if_most_of_the_growth_is_gone_without_it(tmp_path, diou, word):
    boxes = ends(ciou=(1.64, 2.84), diou=diou)
    assert find_statement(SECTION_3, "it is v").judge(evidence(tmp_path, figure1__figure1=boxes)).word == word


@pytest.mark.parametrize(("ciou", "word"), [(18, HOLDS), (19.5, PARTLY), (21, FAILS)])
def test_ciou_against_iou_and_giou(tmp_path, ciou, word):
    steps = last_steps(iou=20, giou=19, ciou=ciou)
    found = find_statement(SECTION_3, "CIoU converges faster").judge(evidence(tmp_path, setup1__steps=steps))
    assert found.word == word and found.ours.endswith(f"iou 20.00, giou 19.00, ciou {ciou:.2f}")
