"""Checks of geometry: invariance to translation and scale, 0 for identical boxes, nothing below 0."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.finding import Finding, format_numbers, pair_at
from yolo_feiou.checks.pairs import sample_overlapping
from yolo_feiou.losses.table import Family

#: What to do about a known loss that carries a length.
UNIT_REMEDIES = {
    "mpdiou": "Ultralytics passes boxes in strides, in which an image has another size on each level: divide the "
    "image's sides by the stride, or take loss=mpdiou, which is told both",
    "nwd": "Ultralytics passes boxes in strides, and c is in pixels: divide c by the stride, or take loss=nwd, which "
    "is told it",
}
#: How many times as large boxes are tried; those of `check_tiny` are axis-aligned.
SCALES: Mapping[Family, tuple[float, ...]] = {"aligned": (10, 1000), "rotated": (10, 1000, 0.001)}
#: What follows from a value that depends on the unit, and what to do about it.
UNIT_EFFECTS: Mapping[Family, str] = {
    "aligned": "so large boxes count more",
    "rotated": "so large and small boxes count differently",
}
SCALE_REMEDIES: Mapping[Family, str] = {
    "aligned": "divide lengths by a side of the target or of the enclosing box, areas by an area",
    "rotated": "divide lengths by a side of the target; what is added to variances is in squared units of the boxes: "
    "of the table's losses floor=0 leaves it out",
}
#: What boxes are taken for whose value depends on where they lie, and how to read them.
MISREADINGS: Mapping[Family, tuple[str, str]] = {
    "aligned": ("are xyxy boxes taken for xywh", "w = x2 − x1, h = y2 − y1, centre = (x1 + x2)/2"),
    "rotated": ("are xywhr boxes taken for xyxy", "x, y, w, h, r = pred.unbind(1), with (x, y) the centre"),
}
#: Which share of boxes may go away from the size of their target, and what counts as no growth.
MAX_SHARE_AWAY, ZERO_GROWTH = 0.01, 1e-9


def find_difference(one: Tensor, other: Tensor) -> int | None:
    """Return where two rows of values differ most, if by more than 1e-3, which tolerates float32 and an eps of 1e-7."""
    off = (one - other).abs() - 1e-3 * (1 + one.abs())
    return int(off.argmax()) if (off > 0).any() else None


def check_translation(subject: CheckedLoss) -> Finding | None:
    """Find a value that changes when both boxes are moved: the coordinates are taken for others."""
    pred, target = subject.boxes.sample_matched(50)
    move = subject.boxes.shift(*torch.tensor(((70.0,), (40.0,))))
    here, there = subject.values(pred, target), subject.values(pred + move, target + move)
    if (i := find_difference(here, there)) is None:
        return None
    misread, remedy = MISREADINGS[subject.family]
    return Finding(
        f"the value depends on where the boxes lie: {misread}?",
        f"{format_numbers(here[i].item())}, and {format_numbers(there[i].item())} with both boxes moved by (70, 40)",
        "the same value",
        remedy,
        pair_at((pred, target), i),
    )


def check_scale(subject: CheckedLoss) -> Finding | None:
    """Find a value that changes with the unit: errors in pixels, which large boxes dominate, or a floor of sides."""
    boxes = subject.boxes
    pred, target = boxes.sample_matched(50)
    here = subject.values(pred, target)
    name = subject.known.spec.partition(":")[0] if subject.known else ""
    for factor in SCALES[subject.family]:
        larger = boxes.magnify(pred, factor), boxes.magnify(target, factor)
        there = subject.magnified(factor).values(*larger)
        if (i := find_difference(here, there)) is not None:
            return Finding(
                f"the value depends on the unit of the boxes, {UNIT_EFFECTS[subject.family]}",
                f"{format_numbers(here[i].item())}, and {format_numbers(there[i].item())} with both boxes {factor} "
                "times as large",
                "the same value",
                UNIT_REMEDIES.get(name, SCALE_REMEDIES[subject.family]),
                pair_at((pred, target), i),
            )
    return None


def check_identical(subject: CheckedLoss) -> Finding | None:
    """Find a value other than 0 for two identical boxes."""
    _, target = subject.boxes.sample_matched(50)
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
    for pairs in (subject.boxes.sample_matched(200), subject.boxes.sample_disjoint(100)):
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


def check_size(subject: CheckedLoss) -> Finding | None:
    """Find boxes about the centre of their target that a step against the gradient takes away from its size.

    A difference of sides without its absolute value does so for small boxes, whose IoU has a small gradient.
    """
    powers = torch.linspace(0.2, 2.5, 200, dtype=torch.float64)
    factors = torch.exp(torch.cat((-powers, powers)))
    _, target = sample_overlapping(len(factors))
    centre, half = (target[:, :2] + target[:, 2:]) / 2, (target[:, 2:] - target[:, :2]) / 2 * factors[:, None]
    pairs = (torch.cat((centre - half, centre + half), 1).round(decimals=2), target)  # as a report shows them
    gradient = subject.gradient(*pairs)
    growth = -(half * (gradient[:, 2:] - gradient[:, :2])).sum(1)  # of both sides by one factor, of a small step
    away = growth * (factors - 1) > ZERO_GROWTH
    if not (share := away.double().mean().item()) > MAX_SHARE_AWAY:
        return None
    i = int((growth.abs() * away).argmax())
    return Finding(
        f"{share:.1%} of the boxes about the centre of their target go away from its size",
        f"sides {format_numbers(factors[i].item())} times the target's, made {'smaller' if growth[i] < 0 else 'larger'}"
        f" by a step against the gradient {format_numbers(gradient[i])}",
        "steps towards the target's size; EIoU and CIoU have no other",
        "look for a wrong sign in what depends on width and height, as a difference without .abs() or a square; detach "
        "a weight",
        pair_at(pairs, i),
    )


def check_receding(subject: CheckedLoss) -> Finding | None:
    """Find a value that falls with distance, and a gradient that parts the boxes.

    Two negative sides of an intersection multiply to an area, and a weight that falls with distance, such as that of
    PIoU v2, does so if it is attached. Detached it lowers the value too, and the boxes still approach.
    """
    shifts = torch.tensor((1.5, 2, 3, 5, 8), dtype=torch.float64)
    target = subject.boxes.unit_box.expand(5, -1)
    for x, y in ((1, 1), (1, 0), (0, 1)):
        direction = subject.boxes.shift(*torch.tensor(((x,), (y,))))
        pred = target + shifts[:, None] * direction
        values, gradient = subject.values_and_gradient(pred, target)
        values = values.double()
        away = (gradient * direction).sum(1) < 0
        if (fell := (values[1:] < values[:-1] - 1e-6) & (away[1:] | away[:-1])).any():
            i = int(fell.nonzero()[0]) + 1
            return Finding(
                "of two predictions that don't overlap the target the farther one has the lower loss",
                f"{format_numbers(values[i].item())}, after {format_numbers(values[i - 1].item())} for "
                f"{format_numbers(pred[i - 1])}",
                "as much or more",
                "look for a wrong sign of a distance; the sides of the intersection: (right − left).clamp(min=0), "
                "before they are multiplied; a weight that falls with distance: detach it",
                pair_at((pred, target), i),
            )
    return None
