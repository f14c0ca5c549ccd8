"""The pairs of boxes that losses are checked on: random ones from a fixed seed, and degenerate ones by name.

All are float64, xyxy, in any unit. Random boxes have sides of 1 to 10 and two decimals, so that a report shows a pair
to the last digit.
"""

from __future__ import annotations

import torch
from torch import Tensor

from yolo_feiou.losses.boxes import Pair

PairTensors = tuple[Tensor, Tensor]

#: Height and width in pixels of the image that boxes are in, for losses that depend on it.
IMAGE = (640, 640)
LARGE_BOX = (0, 0, 10, 8)
DEGENERATE_PAIRS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "two boxes": ((1, 2, 8, 5), (2, 1, 6, 7)),
    "identical boxes": ((2, 3, 8, 7), (2, 3, 8, 7)),
    "boxes apart": ((0, 0, 4, 3), (10, 12, 16, 20)),
    "touching boxes": ((0, 0, 4, 4), (4, 0, 8, 4)),
    "boxes that touch at a corner": ((0, 0, 4, 4), (4, 4, 8, 8)),
    "a prediction inside its target": ((2, 3, 4, 4), LARGE_BOX),
    "a prediction around its target": (LARGE_BOX, (2, 3, 4, 4)),
    "a prediction without width": ((5, 2, 5, 6), LARGE_BOX),
    "a prediction without height": ((2, 5, 6, 5), LARGE_BOX),
    "a prediction without area": ((5, 5, 5, 5), LARGE_BOX),
    "a target without width": (LARGE_BOX, (5, 2, 5, 6)),
    "a target without height": (LARGE_BOX, (2, 5, 6, 5)),
    "a target without area": (LARGE_BOX, (5, 5, 5, 5)),
    "two boxes without area, in one place": ((5, 5, 5, 5), (5, 5, 5, 5)),
    "two boxes without area, apart": ((5, 5, 5, 5), (7, 8, 7, 8)),
    "a prediction inverted along x": ((6, 2, 3, 6), LARGE_BOX),
    "a prediction inverted along x and y": ((6, 6, 3, 2), LARGE_BOX),
    "tiny boxes": ((0, 0, 1e-3, 2e-3), (5e-4, 5e-4, 2e-3, 2e-3)),
    "identical tiny boxes": ((0.5, 0.5, 0.501, 0.501), (0.5, 0.5, 0.501, 0.501)),
    "huge boxes": ((0, 0, 1e6, 2e6), (5e5, 5e5, 2e6, 2e6)),
    "a tiny prediction in a huge target": ((1, 1, 1.001, 1.001), (0, 0, 1e6, 1e6)),
    "a huge prediction around a tiny target": ((0, 0, 1e6, 1e6), (1, 1, 1.001, 1.001)),
}


def degenerate_pair(name: str, dtype: torch.dtype = torch.float64) -> PairTensors:
    """Return a pair of `DEGENERATE_PAIRS`, as tensors of shape (1, 4)."""
    pred, target = DEGENERATE_PAIRS[name]
    return torch.tensor([pred], dtype=dtype), torch.tensor([target], dtype=dtype)


def sample_overlapping(n: int) -> PairTensors:
    """Return n pairs of independent boxes that overlap: half of them have an IoU below 0.115."""
    return select_pairs(sample_independent(8 * n), n, overlap=True)


def sample_disjoint(n: int) -> PairTensors:
    """Return n pairs of independent boxes that neither overlap nor touch: disjoint along x, y or both."""
    return select_pairs(sample_independent(8 * n), n, overlap=False)


def sample_matched(n: int) -> PairTensors:
    """Return n targets, each with a prediction that overlaps it, perturbed in place and size: IoU from 0 to 0.97."""
    random = torch.Generator().manual_seed(0)
    target = sample_boxes(5 * n, random)
    amount, shift, stretch = torch.rand(3, 5 * n, 2, generator=random, dtype=torch.float64) * 2 - 1
    amount = amount[:, :1].abs()
    corner, side = target[:, :2], target[:, 2:] - target[:, :2]
    centre, side = corner + side / 2 + amount * shift * side, side * (amount * stretch).exp()
    return select_pairs((round_boxes(torch.cat((centre - side / 2, centre + side / 2), 1)), target), n, overlap=True)


def sample_all() -> PairTensors:
    """Return 100 pairs that overlap, and 100 that don't."""
    (pred, target), (pred_apart, target_apart) = sample_matched(100), sample_disjoint(100)
    return torch.cat((pred, pred_apart)), torch.cat((target, target_apart))


def sample_independent(n: int) -> PairTensors:
    """Return n pairs of independent boxes; about two in five overlap."""
    random = torch.Generator().manual_seed(0)
    return sample_boxes(n, random), sample_boxes(n, random)


def sample_boxes(n: int, random: torch.Generator) -> Tensor:
    """Return random boxes with corners from 0 to 10."""
    corner, side = torch.rand(2, n, 2, generator=random, dtype=torch.float64)
    return round_boxes(torch.cat((10 * corner, 10 * corner + 1 + 9 * side), 1))


def round_boxes(boxes: Tensor) -> Tensor:
    """Round boxes to two decimals."""
    return (100 * boxes).round() / 100


def select_pairs(pairs: PairTensors, n: int, overlap: bool) -> PairTensors:
    """Return the first n that overlap, or don't, and are away from kinks of losses.

    These are where an edge of one box lies on an edge of the other, or the two have equal sides or centres along an
    axis; here all of them differ by more than 0.02.
    """
    pair = Pair(*pairs)
    pred, target = (side.unflatten(1, (2, 2)) for side in pairs)  # N, left or right, x or y
    edges = (pred[:, :, None] - target[:, None]).flatten(1)
    off = torch.cat((edges, torch.stack((pair.dx, pair.dy, pair.dw, pair.dh), 1)), 1).abs()
    kept = (off > 0.02).all(1) & ((pair.iou > 0) == overlap)
    return pairs[0][kept][:n], pairs[1][kept][:n]


def drop_scaled_kinks(pairs: PairTensors) -> PairTensors:
    """Return the pairs without those in which edges meet once all sides are multiplied by a usual number.

    Along an axis that is where twice the distance of the centres is that many times the difference of the sides.
    """
    pair = Pair(*pairs)
    kept = torch.ones_like(pair.iou, dtype=torch.bool)
    for ratio in (0.5, 0.75, 1.25, 2):
        for offset, difference in ((pair.dx, pair.dw), (pair.dy, pair.dh)):
            kept &= (2 * offset.abs() - ratio * difference.abs()).abs() > 0.01
    return pairs[0][kept], pairs[1][kept]
