"""How the checks move boxes of each family, and measure their overlap."""

from __future__ import annotations

import math

import pytest
import torch

from yolo_feiou.checks.box_kinds import BOX_KINDS, descend_aligned, descend_rotated, measure_probiou
from yolo_feiou.losses.rotated_boxes import RotatedPair


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize("family", BOX_KINDS)
def test_a_family_has_boxes_of_one_width(family):
    kind, width = BOX_KINDS[family], {"aligned": 4, "rotated": 5}[family]
    assert kind.unit_box.shape == kind.lengths.shape == (width,)
    for sample in (kind.sample_matched, kind.sample_overlapping, kind.sample_disjoint):
        assert [side.shape for side in sample(3)] == [(3, width)] * 2
    assert all(side.shape == (1, width) for side in kind.degenerate_pair("identical boxes", torch.float32))
    pairs = kind.sample_matched(5)
    assert all(len(side) == 5 for side in BOX_KINDS["rotated"].drop_kinks(pairs))
    assert kind.measure_overlap(*pairs).shape == (5,)
    assert kind.measure_overlap(pairs[1], pairs[1]).tolist() == pytest.approx([1] * 5, abs=1e-3)


def test_an_angle_is_no_length():
    """Nor does a box that is moved turn."""
    aligned, rotated = BOX_KINDS["aligned"], BOX_KINDS["rotated"]
    assert aligned.magnify(tensor((1, 2, 3, 4)), 10).tolist() == [[10, 20, 30, 40]]
    assert rotated.magnify(tensor((1, 2, 3, 4, 0.5)), 10).tolist() == [[10, 20, 30, 40, 0.5]]
    assert aligned.shift(tensor(7, 1), tensor(4, 2)).tolist() == [[7, 4, 7, 4], [1, 2, 1, 2]]
    assert rotated.shift(tensor(7, 1), tensor(4, 2)).tolist() == [[7, 4, 0, 0, 0], [1, 2, 0, 0, 0]]


def test_the_probiou_of_two_squares_by_hand():
    """Side √12 has variance 1; 2√2 apart D = ⅛ · 8 = 1, and ProbIoU 1 − √(1 − 1/e)."""
    square = (math.sqrt(12),) * 2
    pairs = tensor((0, 0, *square, 0.3)), tensor((2, 2, *square, 1))
    assert measure_probiou(*pairs).item() == pytest.approx(1 - math.sqrt(1 - 1 / math.e), abs=1e-6)
    tenth = [BOX_KINDS["rotated"].magnify(side, 0.1) for side in pairs]
    assert measure_probiou(*tenth).item() == pytest.approx(measure_probiou(*pairs).item())


def test_a_step_is_in_centre_and_sides():
    """The right edge is pulled left: x goes by 1, w by ½, so the left edge goes by 1 − ¼ and the right one by 1 + ¼."""
    step = descend_aligned(tensor((0, 0, 1, 0)), tensor((0, 0, 1, 1)))
    assert (step / step[0, 2]).tolist() == [pytest.approx([0.6, 0, 1, 0])]
    assert step[0, 2] < 0


def test_a_step_of_the_angle_is_an_arc():
    """Slopes 6 in x and 6 in r of a box of 3 × 12: an arc of 6 a radian, so its slope is 1, and 1 of it is 1/6 of r."""
    step = descend_rotated(tensor((6, 0, 0, 0, 6)), tensor((0, 0, 3, 12, 0)))
    assert (step / step[0, 0]).tolist() == [pytest.approx([1, 0, 0, 0, 1 / 36])]
    assert step.norm().item() == pytest.approx(1e-5)
    square = RotatedPair(tensor((0, 0, 2, 1, 0)), tensor((0, 0, 2, 1, 0)))
    assert not descend_rotated(torch.zeros(1, 5, dtype=torch.float64), square.target).any()
