"""The tables of gradients beside CIoU's, and beside ProbIoU's, are what their script measures.

That of axis-aligned boxes agrees with an independent study.
"""

from __future__ import annotations

import pytest
import torch

from tests.rotated_reference import tensor
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.gradients import (
    BINS,
    compare_with_baseline,
    draw_pairs,
    draw_rotated_pairs,
    read_gradients,
    scale_rotated,
    turn_vectors,
)
from yolo_feiou.losses.table import LOSSES


@pytest.mark.parametrize("name", LOSSES)
def test_the_table_is_what_is_measured(name):
    """From a tenth of the pairs, to 6 per cent and 0.02."""
    measured = compare_with_baseline(name, 20_000)
    for pair, cell in zip(measured, read_gradients(LOSSES[name].family)[name], strict=True):
        assert [float(number) for number in cell.split(" / ")] == pytest.approx(pair, rel=0.06, abs=0.02)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [  # loss and gradient in the first and last bin, as computed elsewhere from other random pairs
        ("iou", "0.89 / 0.73", "0.99 / 0.99"),
        ("giou", "1.06 / 1.27", "1.01 / 1.02"),
        ("siou", "1.02 / 1.04", "1.00 / 1.00"),
        ("mpdiou", "0.91 / 0.78", "0.99 / 0.99"),
        ("piou2", "1.37 / 1.57", "0.79 / 0.78"),
        ("wiou", "1.12 / 1.27", "0.29 / 0.26"),
        ("interpiou", "0.92 / 0.78", "1.01 / 1.01"),
        ("dinterpiou", "1.11 / 1.03", "1.41 / 1.42"),
        ("gcd", "0.57 / 0.88", "0.44 / 0.39"),
        ("uiou", "0.69 / 0.94", "0.71 / 0.83"),
    ],
)
def test_the_table_agrees_with_another_study(name, low, high):
    """To 0.05: its pairs were drawn in another way."""
    for ours, theirs in ((read_gradients()[name][0], low), (read_gradients()[name][-1], high)):
        numbers = [[float(number) for number in cell.split(" / ")] for cell in (ours, theirs)]
        assert numbers[0] == pytest.approx(numbers[1], abs=0.05)


def test_pairs_fill_every_bin():
    pred, target = draw_pairs(20_000)
    overlap = 1 - build_loss("iou")(pred, target)
    assert all(((overlap >= low) & (overlap < high)).sum() > 500 for low, high in BINS)
    assert torch.equal(draw_pairs(10)[0], draw_pairs(10)[0])
    sides = target[:, 2:] - target[:, :2]
    assert sides.min() >= 16 - 1e-9 and sides.max() <= 256 + 1e-9


def test_rotated_pairs_are_those_pairs_turned():
    """In the target's frame they are those of axis-aligned boxes; angles fill half a turn, and are off by 0 to .5."""
    aligned, rotated = draw_pairs(20_000), draw_rotated_pairs(20_000)
    for boxes, same in zip(aligned, rotated, strict=True):
        centre = 320 + turn_vectors(same[:, :2] - 320, -rotated[1][:, 4])
        torch.testing.assert_close(centre, (boxes[:, :2] + boxes[:, 2:]) / 2)
        torch.testing.assert_close(same[:, 2:4], boxes[:, 2:] - boxes[:, :2])
    turn = rotated[0][:, 4] - rotated[1][:, 4]
    assert rotated[1][:, 4].max() > 3.1 and rotated[1][:, 4].min() < 0.05
    assert turn[-1000:].std().item() == pytest.approx(0.49, abs=0.03) and turn[0] == 0
    overlap = 1 - build_loss("probiou")(*rotated)
    assert all(((overlap >= low) & (overlap < high)).sum() > 500 for low, high in BINS)


def test_the_gradient_of_rotated_boxes_is_in_sides_of_the_target():
    """Measured so, it is the same for boxes of any size and direction, of a loss without a length."""
    pred, target = tensor((1, 0.5, 5, 2, 0.3)), tensor((0, 0, 4, 3, 0))
    scale, angle = torch.tensor([9, 9, 9, 9, 1]), torch.tensor([1.2], dtype=torch.float64)
    sizes = []
    for factor, turn in ((1, 0 * angle), (scale, angle)):
        moved, fixed = (
            torch.cat((turn_vectors(b[:, :2], turn), b[:, 2:4], b[:, 4:] + turn[:, None]), 1) * factor
            for b in (pred, target)
        )
        moved.requires_grad_()
        (grad,) = torch.autograd.grad(build_loss("kld:floor=0")(moved, fixed).sum(), moved)
        sizes.append(scale_rotated(grad, fixed))
    torch.testing.assert_close(*sizes)
    assert (sizes[0].abs() > 1e-3).all()


def test_the_baseline_is_1_throughout():
    """In both families: twice the baseline has twice its value and gradient."""
    for spec in ("ciou:weight=2", "probiou:weight=2"):
        ratios = [ratio for pair in compare_with_baseline(spec, 5000) for ratio in pair]
        assert ratios == pytest.approx([2] * 10, rel=1e-12)
