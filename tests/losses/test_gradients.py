"""The table of gradients beside CIoU's is what its script measures, and agrees with an independent study."""

from __future__ import annotations

import pytest
import torch

from yolo_feiou.losses.gradients import BINS, compare_with_ciou, draw_pairs, read_gradients
from yolo_feiou.losses.table import LOSSES


@pytest.mark.parametrize("name", LOSSES)
def test_the_table_is_what_is_measured(name):
    """From a tenth of the pairs, to 6 per cent and 0.02."""
    measured = compare_with_ciou(name, 20_000)
    for pair, cell in zip(measured, read_gradients()[name], strict=True):
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
    from yolo_feiou.losses.build import build_loss

    pred, target = draw_pairs(20_000)
    overlap = 1 - build_loss("iou")(pred, target)
    assert all(((overlap >= low) & (overlap < high)).sum() > 500 for low, high in BINS)
    assert torch.equal(draw_pairs(10)[0], draw_pairs(10)[0])
    sides = target[:, 2:] - target[:, :2]
    assert sides.min() >= 16 - 1e-9 and sides.max() <= 256 + 1e-9
