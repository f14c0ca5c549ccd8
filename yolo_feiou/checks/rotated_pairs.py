"""The pairs of rotated boxes that losses are checked on: random ones from a fixed seed, and degenerate ones by name.

All are float64, xywhr, in any unit, with the angle in radians. Random boxes have sides of 1 to 10, any angle and two
decimals, so that a report shows a pair to the last digit.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from yolo_feiou.checks.pairs import PairTensors, round_boxes
from yolo_feiou.losses.gradients import turn_vectors

LARGE_BOX = (5, 4, 10, 8, 0.5)
#: Sides and distances are those that an image has in pixels or strides, and a little more.
DEGENERATE_PAIRS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "two boxes": ((4, 3, 6, 3, 0.4), (5, 4, 4, 6, -0.3)),
    "identical boxes": ((5, 5, 6, 4, 0.5), (5, 5, 6, 4, 0.5)),
    "identical boxes, one turned by π": ((5, 5, 6, 4, 0.5 + math.pi), (5, 5, 6, 4, 0.5)),
    "identical boxes, one turned by π/2 with its sides exchanged": ((5, 5, 4, 6, 0.5 + math.pi / 2), (5, 5, 6, 4, 0.5)),
    "crossed boxes": ((5, 5, 6, 2, 0.5 + math.pi / 2), (5, 5, 6, 2, 0.5)),
    "identical squares": ((5, 5, 4, 4, 0.5), (5, 5, 4, 4, 0.5)),
    "two squares, one turned": ((5, 5, 4, 4, 0.8), (5, 5, 4, 4, 0)),
    "two squares": ((2, 3, 4, 4, 0.3), (5, 5, 6, 6, 1.2)),
    "identical needles": ((5, 5, 100, 0.1, 0.5), (5, 5, 100, 0.1, 0.5)),
    "crossed needles": ((5, 5, 100, 0.1, 0.5 + math.pi / 2), (5, 5, 100, 0.1, 0.5)),
    "a needle beside a square": ((0, 0, 100, 0.1, 1), (5, 5, 4, 4, 0)),
    "boxes apart": ((0, 0, 4, 3, 0.3), (40, 50, 6, 8, -1)),
    "boxes far apart": ((0, 0, 4, 3, 0.3), (1e5, 1e5, 6, 8, -1)),
    "a prediction inside its target": ((5, 4, 2, 1, 1), LARGE_BOX),
    "a prediction around its target": (LARGE_BOX, (5, 4, 2, 1, 1)),
    "a prediction without width": ((5, 4, 0, 4, 0.2), LARGE_BOX),
    "a prediction without height": ((5, 4, 4, 0, 0.2), LARGE_BOX),
    "a prediction without area": ((5, 4, 0, 0, 0.2), LARGE_BOX),
    "a target without width": (LARGE_BOX, (5, 4, 0, 4, 0.2)),
    "a target without height": (LARGE_BOX, (5, 4, 4, 0, 0.2)),
    "a target without area": (LARGE_BOX, (5, 4, 0, 0, 0.2)),
    "two boxes without area, in one place": ((5, 5, 0, 0, 0), (5, 5, 0, 0, 0)),
    "two boxes without area, apart": ((5, 5, 0, 0, 0), (7, 8, 0, 0, 1)),
    "angles of many turns": ((4, 3, 6, 3, 1000), (5, 4, 4, 6, -1000)),
    "tiny boxes": ((0, 0, 1e-3, 2e-3, 0.3), (5e-4, 5e-4, 2e-3, 1e-3, 1)),
    "identical tiny boxes": ((0.5, 0.5, 1e-3, 2e-3, 0.3), (0.5, 0.5, 1e-3, 2e-3, 0.3)),
    "huge boxes": ((0, 0, 1e4, 5e3, 0.3), (5e3, 5e3, 1e4, 1e4, 1)),
    "a tiny prediction in a huge target": ((1, 1, 1e-3, 1e-3, 0.3), (0, 0, 1e4, 1e4, 0)),
    "a huge prediction around a tiny target": ((0, 0, 1e4, 1e4, 0), (1, 1, 1e-3, 1e-3, 0.3)),
}


def sample_overlapping(n: int) -> PairTensors:
    """Return n pairs of independent boxes of which the inscribed circles overlap: half have a ProbIoU below 0.33."""
    return select_pairs(sample_independent(8 * n), n, overlap=True)


def sample_disjoint(n: int) -> PairTensors:
    """Return n pairs of independent boxes of which the circumscribed circles neither overlap nor touch."""
    return select_pairs(sample_independent(16 * n), n, overlap=False)


def sample_matched(n: int) -> PairTensors:
    """Return n targets, each with a prediction that overlaps it, perturbed in place, size and angle.

    The perturbation is up to a share of the target that goes from 0 to 1: then the centre is off by a side along each
    of the target's axes, a side is e times as long or short, and the angle is off by 45°.
    """
    random = torch.Generator().manual_seed(0)
    target = sample_boxes(8 * n, random)
    amount, *errors = (torch.rand(8 * n, size, generator=random, dtype=torch.float64) * 2 - 1 for size in (1, 2, 2, 1))
    shift, stretch, turn = (amount.abs() * error for error in errors)
    centre = target[:, :2] + turn_vectors(shift * target[:, 2:4], target[:, 4])
    pred = torch.cat((centre, target[:, 2:4] * stretch.exp(), target[:, 4:] + math.pi / 4 * turn), 1)
    return select_pairs((round_boxes(pred), target), n, overlap=True)


def sample_apart(n: int, distance: float) -> PairTensors:
    """Return n pairs of boxes of which the centres are a number of sides apart, of the longest side of both."""
    (pred, target), random = sample_matched(n), torch.Generator().manual_seed(1)
    direction = 2 * math.pi * torch.rand(n, generator=random, dtype=torch.float64)
    longest = torch.maximum(pred[:, 2:4].amax(1), target[:, 2:4].amax(1))
    offset = (distance * longest)[:, None] * torch.stack((direction.cos(), direction.sin()), 1)
    return round_boxes(torch.cat((target[:, :2] + offset, pred[:, 2:]), 1)), target


def sample_independent(n: int) -> PairTensors:
    """Return n pairs of independent boxes; about one in three is taken to overlap, and one in six not to."""
    random = torch.Generator().manual_seed(0)
    return sample_boxes(n, random), sample_boxes(n, random)


def sample_boxes(n: int, random: torch.Generator) -> Tensor:
    """Return random boxes with centres from 0 to 10."""
    centre, side = torch.rand(2, n, 2, generator=random, dtype=torch.float64)
    turn = torch.rand(n, 1, generator=random, dtype=torch.float64) - 0.5
    return round_boxes(torch.cat((10 * centre, 1 + 9 * side, math.pi * turn), 1))


def select_pairs(pairs: PairTensors, n: int, overlap: bool) -> PairTensors:
    """Return the first n that overlap, or don't: by the circles in the boxes, or those around them."""
    pred, target = pairs
    distance = (pred[:, :2] - target[:, :2]).norm(dim=1)
    if overlap:
        kept = distance < (pred[:, 2:4].amin(1) + target[:, 2:4].amin(1)) / 2
    else:
        kept = distance > (pred[:, 2:4].norm(dim=1) + target[:, 2:4].norm(dim=1)) / 2
    return pred[kept][:n], target[kept][:n]


def turn_together(boxes: Tensor, angle: float) -> Tensor:
    """Return boxes, shape (N, 5), turned about the origin, from x towards y."""
    centre = turn_vectors(boxes[:, :2], boxes.new_full((len(boxes),), angle))
    return torch.cat((centre, boxes[:, 2:4], boxes[:, 4:] + angle), 1)
