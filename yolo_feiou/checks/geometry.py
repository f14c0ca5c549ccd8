"""Checks of geometry: invariance to translation and scale, 0 for identical boxes, nothing below 0."""

from __future__ import annotations

import torch
from torch import Tensor

from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.finding import Finding, format_numbers, pair_at
from yolo_feiou.checks.pairs import sample_disjoint, sample_matched

#: What to do about a known loss that carries a length.
UNIT_REMEDIES = {
    "mpdiou": "Ultralytics passes boxes in strides, in which an image has another size on each level: divide the "
    "image's sides by the stride, or take loss=mpdiou, which is told both",
    "nwd": "Ultralytics passes boxes in strides, and c is in pixels: divide c by the stride, or take loss=nwd, which "
    "is told it",
}


def find_difference(one: Tensor, other: Tensor) -> int | None:
    """Return where two rows of values differ most, if by more than 1e-3, which tolerates float32 and an eps of 1e-7."""
    off = (one - other).abs() - 1e-3 * (1 + one.abs())
    return int(off.argmax()) if (off > 0).any() else None


def check_translation(subject: CheckedLoss) -> Finding | None:
    """Find a value that changes when both boxes are moved: xyxy was read as corner, or centre, and size."""
    pred, target = sample_matched(50)
    move = torch.tensor((70.0, 40.0, 70.0, 40.0))
    here, there = subject.values(pred, target), subject.values(pred + move, target + move)
    if (i := find_difference(here, there)) is None:
        return None
    return Finding(
        "the value depends on where the boxes lie: are xyxy boxes taken for xywh?",
        f"{format_numbers(here[i].item())}, and {format_numbers(there[i].item())} with both boxes moved by (70, 40)",
        "the same value",
        "w = x2 − x1, h = y2 − y1, centre = (x1 + x2)/2",
        pair_at((pred, target), i),
    )


def check_scale(subject: CheckedLoss) -> Finding | None:
    """Find a value that changes with the unit: errors in pixels, which large boxes dominate."""
    pred, target = sample_matched(50)
    here = subject.values(pred, target)
    name = subject.known.spec.partition(":")[0] if subject.known else ""
    for factor in (10, 1000):
        there = subject.magnified(factor).values(pred * factor, target * factor)
        if (i := find_difference(here, there)) is not None:
            return Finding(
                "the value depends on the unit of the boxes, so large boxes count more",
                f"{format_numbers(here[i].item())}, and {format_numbers(there[i].item())} with both boxes {factor} "
                "times as large",
                "the same value",
                UNIT_REMEDIES.get(
                    name, "divide lengths by a side of the target or of the enclosing box, areas by an area"
                ),
                pair_at((pred, target), i),
            )
    return None


def check_identical(subject: CheckedLoss) -> Finding | None:
    """Find a value other than 0 for two identical boxes."""
    _, target = sample_matched(50)
    values = subject.values(target, target)
    if (i := find_difference(torch.zeros_like(values), values)) is None:
        return None
    return Finding(
        "identical boxes don't give 0",
        format_numbers(values[i].item()),
        "0",
        "is it a similarity, without 1 − …, or does it have an extra constant?",
        pair_at((target, target), i),
    )


def check_negative(subject: CheckedLoss) -> Finding | None:
    """Find a negative value, better than that of identical boxes."""
    for pairs in (sample_matched(200), sample_disjoint(100)):
        values = subject.values(*pairs)
        if (values < -1e-6).any():
            i = int(values.argmin())
            return Finding(
                "the value is negative, so these two boxes count as better than identical ones",
                format_numbers(values[i].item()),
                "0 or more",
                "look for a term with the wrong sign",
                pair_at(pairs, i),
            )
    return None


def check_receding(subject: CheckedLoss) -> Finding | None:
    """Find a value that falls with distance, and a gradient that parts the boxes.

    Two negative sides of an intersection multiply to an area, and a weight that falls with distance, such as that of
    PIoU v2, does so if it is attached. Detached it lowers the value too, and the boxes still approach.
    """
    shifts = torch.tensor((1.5, 2, 3, 5, 8), dtype=torch.float64)
    target = torch.tensor((0, 0, 1, 1), dtype=torch.float64).expand(5, 4)
    for direction in ((1, 1, 1, 1), (1, 0, 1, 0), (0, 1, 0, 1)):
        pred = target + shifts[:, None] * torch.tensor(direction)
        values, gradient = subject.values_and_gradient(pred, target)
        values = values.double()
        away = (gradient * torch.tensor(direction)).sum(1) < 0
        if (fell := (values[1:] < values[:-1] - 1e-6) & (away[1:] | away[:-1])).any():
            i = int(fell.nonzero()[0]) + 1
            return Finding(
                "of two predictions that don't overlap the target the farther one has the lower loss",
                f"{format_numbers(values[i].item())}, after {format_numbers(values[i - 1].item())} for "
                f"{format_numbers(pred[i - 1])}",
                "as much or more",
                "the sides of the intersection: (right − left).clamp(min=0), before they are multiplied; a weight that "
                "falls with distance: detach it",
                pair_at((pred, target), i),
            )
    return None
