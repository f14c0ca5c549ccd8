"""Checks of losses of rotated boxes alone: the angle, the ways to write a box, and what each coordinate is moved by."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from yolo_feiou.checks.box_kinds import descend_rotated, measure_probiou
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.finding import Finding, format_numbers, pair_at
from yolo_feiou.checks.geometry import find_difference
from yolo_feiou.checks.gradients import ZERO_SLOPE
from yolo_feiou.checks.pairs import PairTensors
from yolo_feiou.checks.rotated_pairs import sample_apart, sample_matched, sample_overlapping, turn_together

#: The parts of a box, with their coordinates.
PARTS = {"the centre": (0, 1), "the sides": (2, 3), "the angle": (4,)}
#: Of pairs that differ in one part alone, the share that may lose ProbIoU at a step. Ours have 0, a rotated IoU 0.13 in
#: the angle, since boxes that are almost squares gain IoU when they are crossed; one with a wrong sign has 1, and the
#: difference of two angles that isn't wrapped 0.28.
MAX_SHARE_LOSING = 0.2
#: Distances of the centres, in sides, at which a gradient is looked for.
DISTANCES = (2, 5, 10, 20)
#: The largest part of the usual gradient that identical boxes may have.
MAX_GRADIENT_AT_TARGET = 1e-3


def check_turn(subject: CheckedLoss) -> Finding | None:
    """Find a value that changes when both boxes are turned together: the angle has another unit, or another sense."""
    pred, target = sample_matched(50)
    for angle in (0.7, 2.0):
        turned = turn_together(pred, angle), turn_together(target, angle)
        if finding := compare_values(
            subject,
            (pred, target),
            turned,
            f"with both turned together about the origin by {angle:g}",
            "the value depends on the direction of the boxes: is the angle in degrees, or turned the other way?",
            "r is in radians, from x towards y: the width lies along (cos r, sin r)",
        ):
            return finding
    return None


def check_quarter_turn(subject: CheckedLoss) -> Finding | None:
    """Find another value of a box with its sides exchanged and turned by π/2, which is the same box."""
    return check_spelling(
        subject,
        exchange_sides,
        "with the sides of one exchanged and its angle larger by π/2",
        "is a width compared with a width, whatever its direction?",
    )


def check_half_turn(subject: CheckedLoss) -> Finding | None:
    """Find another value of a box turned by π, which is the same box."""
    return check_spelling(
        subject, turn_by_half, "with the angle of one larger by π", "is the difference of the angles taken as it is?"
    )


def check_spelling(subject: CheckedLoss, respell: Callable[[Tensor], Tensor], how: str, why: str) -> Finding | None:
    """Find another value of the same two boxes, of which one, in turn, is written in another way.

    Args:
        subject: The loss.
        respell: Returns the same boxes, written in another way.
        how: What it changes, as the end of the finding's values.
        why: The question that ends the finding's message.
    """
    pred, target = sample_matched(50)
    for other in ((respell(pred), target), (pred, respell(target))):
        if finding := compare_values(
            subject,
            (pred, target),
            other,
            how,
            f"the value depends on how a box is written: {why}",
            "compare what is the same for both, such as the covariances of the two as Gaussians, or their areas; sin² "
            "and cos² of the angles' difference are the same after a half turn",
        ):
            return finding
    return None


def compare_values(
    subject: CheckedLoss, pairs: PairTensors, others: PairTensors, how: str, message: str, remedy: str
) -> Finding | None:
    """Find that other pairs, which should have the values of these, don't.

    Args:
        subject: The loss.
        pairs: Some pairs.
        others: The same, changed.
        how: What was changed, as the end of the finding's values.
        message: Of the finding.
        remedy: Likewise.
    """
    here, there = subject.values(*pairs), subject.values(*others)
    if (i := find_difference(here, there)) is None:
        return None
    came = f"{format_numbers(here[i].item())}, and {format_numbers(there[i].item())} {how}"
    return Finding(message, came, "the same value", remedy, pair_at(pairs, i))


def exchange_sides(boxes: Tensor) -> Tensor:
    """Return the same boxes, (h, w, r + π/2) for (w, h, r)."""
    x, y, w, h, r = boxes.unbind(1)
    return torch.stack((x, y, h, w, r + math.pi / 2), 1)


def turn_by_half(boxes: Tensor) -> Tensor:
    """Return the same boxes, r + π for r."""
    return torch.cat((boxes[:, :4], boxes[:, 4:] + math.pi), 1)


def check_identical(subject: CheckedLoss) -> Finding | None:
    """Find a gradient of two identical boxes, so that the loss has its minimum elsewhere.

    Its value there may be any: that of KFIoU isn't 0.
    """
    pairs = sample_matched(50)
    usual = subject.gradient(*pairs).abs().amax(0)
    target = pairs[1]
    pull = subject.gradient(target, target).abs()
    moved = pull > MAX_GRADIENT_AT_TARGET * usual + 1e-9
    if not moved.any():
        return None
    i = int(moved.any(1).nonzero()[0])
    return Finding(
        "identical boxes have a gradient: the minimum is elsewhere",
        format_numbers(pull[i]),
        "0 in all coordinates",
        "look for a width taken for a height, another angle, or an average over one of the boxes alone",
        pair_at((target, target), i),
    )


def check_parts(subject: CheckedLoss) -> Finding | None:
    """Find a part of a box that a step against the gradient moves away from the target's, where the others agree."""
    pred, target = sample_overlapping(400)
    for name, places in PARTS.items():
        part = torch.zeros(5, dtype=torch.float64).index_fill(0, torch.tensor(places), 1)
        boxes = torch.where(part > 0, pred, target)
        gradient = subject.gradient(boxes, target)
        before = measure_probiou(boxes, target)
        lost = measure_probiou(boxes + part * descend_rotated(gradient, target), target) < before
        if (share := lost.double().mean().item()) > MAX_SHARE_LOSING:
            i = int(lost.nonzero()[0])
            return Finding(
                f"a small step in {name} lowers the ProbIoU of {share:.1%} of the pairs that differ in {name} alone",
                f"ProbIoU {format_numbers(before[i])}, lower after a step against the gradient "
                f"{format_numbers(gradient[i])}",
                f"at most {MAX_SHARE_LOSING:.1%} of the pairs; KLD has 0.0%",
                f"look for a wrong sign in what depends on {name}; a difference of angles of more than π/2 is to be "
                "wrapped",
                pair_at((boxes, target), i),
            )
    return None


def check_coordinates(subject: CheckedLoss) -> Finding | None:
    """Find coordinates that have no gradient on any pair that overlaps: the centre, the sides, or the angle."""
    pairs = sample_overlapping(200)
    gradient = subject.gradient(*pairs)
    still = [name for name, places in PARTS.items() if not gradient[:, places].any()]
    if not still:
        return None
    return Finding(
        f"nothing moves {' and '.join(still)}",
        f"a gradient of exactly 0 in {' and '.join(still)}, for 200 pairs that overlap",
        "a gradient in each coordinate",
        "add a term for what isn't moved, or another loss, as in kfiou:centre=false+gwd",
        pair_at(pairs, 0),
    )


def check_gradient_apart(subject: CheckedLoss) -> Finding | None:
    """Find the distance from which on no pair has a gradient: such predictions don't move."""
    for distance in DISTANCES:
        pairs = sample_apart(50, distance)
        if (subject.gradient(*pairs).norm(dim=1) < ZERO_SLOPE).all():
            return Finding(
                f"boxes {distance} or more sides apart have a zero gradient, and stay apart",
                f"a gradient below {ZERO_SLOPE:g}, for 50 pairs",
                "a gradient that moves them together",
                "add a distance term, or compress the distance as kld, gwd and bd do, in place of e^(−distance)",
                pair_at(pairs, 0),
            )
    return None
