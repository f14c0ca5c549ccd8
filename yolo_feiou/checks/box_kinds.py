"""What the checks need of each family of boxes: pairs to try, how boxes are moved, and how far they overlap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from yolo_feiou.checks import pairs, rotated_pairs
from yolo_feiou.checks.pairs import PairTensors
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.rotated import probiou
from yolo_feiou.losses.rotated_boxes import RotatedPair
from yolo_feiou.losses.table import Family


@dataclass(frozen=True)
class BoxKind:
    """A family of boxes; they are tensors of shape (N, D), D = 4 of xyxy boxes and 5 of xywhr ones.

    Attributes:
        label: What the report calls them.
        sample_matched: Returns n pairs that overlap, a prediction near its target.
        sample_overlapping: Returns n independent pairs that overlap.
        sample_disjoint: Returns n independent pairs that don't.
        drop_kinks: Returns the pairs at which losses have a slope.
        degenerate: Degenerate pairs as numbers, by name.
        unit_box: A box with a side of 1, (D,).
        lengths: Which coordinates are lengths, as 1, and which are not, as 0: (D,).
        overlap_name: What the overlap is.
        measure_overlap: Returns it for each pair, (N,).
        shift: Returns what is added to boxes to move them by x and y, (N, D).
        descend: Returns a small step against the gradient, (N, D), in centre, sides and angle.
    """

    label: str
    sample_matched: Callable[[int], PairTensors]
    sample_overlapping: Callable[[int], PairTensors]
    sample_disjoint: Callable[[int], PairTensors]
    drop_kinks: Callable[[PairTensors], PairTensors]
    degenerate: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]
    unit_box: Tensor
    lengths: Tensor
    overlap_name: str
    measure_overlap: Callable[[Tensor, Tensor], Tensor]
    shift: Callable[[Tensor, Tensor], Tensor]
    descend: Callable[[Tensor, Tensor], Tensor]

    def magnify(self, boxes: Tensor, factor: float) -> Tensor:
        """Return boxes that are this many times as large, and as far from the origin."""
        return torch.where(self.lengths > 0, factor * boxes, boxes)

    def degenerate_pair(self, name: str, dtype: torch.dtype) -> PairTensors:
        """Return a degenerate pair, as tensors of shape (1, D)."""
        pred, target = self.degenerate[name]
        return torch.tensor([pred], dtype=dtype), torch.tensor([target], dtype=dtype)


def keep_pairs(given: PairTensors) -> PairTensors:
    """Return the pairs, of which none is at a kink: losses of Gaussians have none but where boxes are the same."""
    return given


def measure_iou(pred: Tensor, target: Tensor) -> Tensor:
    """Return the IoU of each pair of xyxy boxes."""
    return Pair(pred, target).iou


def measure_probiou(pred: Tensor, target: Tensor) -> Tensor:
    """Return the ProbIoU of each pair of xywhr boxes, without a floor, so that it has no unit."""
    return 1 - probiou(RotatedPair(pred, target), 0)


def shift_aligned(x: Tensor, y: Tensor) -> Tensor:
    """Return (x, y, x, y)."""
    return torch.stack((x, y, x, y), 1)


def shift_rotated(x: Tensor, y: Tensor) -> Tensor:
    """Return (x, y, 0, 0, 0)."""
    zero = torch.zeros_like(x)
    return torch.stack((x, y, zero, zero, zero), 1)


def descend_aligned(gradient: Tensor, target: Tensor) -> Tensor:
    """Return a step of 1e-5 against the gradient in (x, y, w, h)."""
    x1, y1, x2, y2 = gradient.unbind(1)
    slopes = torch.stack((x1 + x2, y1 + y2, (x2 - x1) / 2, (y2 - y1) / 2), 1)  # in the centre, and in the sides
    x, y, w, h = (-1e-5 * slopes / slopes.norm(dim=1, keepdim=True).clamp(min=1e-30)).unbind(1)
    return torch.stack((x - w / 2, y - h / 2, x + w / 2, y + h / 2), 1)


def descend_rotated(gradient: Tensor, target: Tensor) -> Tensor:
    """Return a step of 1e-5 against the gradient in (x, y, w, h, r), r in arcs of a radius of the target's √(wh).

    In radians the step of a small box would be all angle, and that of a large one none.
    """
    slopes = gradient.clone()
    slopes[:, 4] /= (target[:, 2] * target[:, 3]).abs().clamp(min=1e-30)  # once for the slope, once for the step
    return -1e-5 * slopes / slopes.norm(dim=1, keepdim=True).clamp(min=1e-30)


BOX_KINDS: Mapping[Family, BoxKind] = {
    "aligned": BoxKind(
        label="axis-aligned, xyxy",
        sample_matched=pairs.sample_matched,
        sample_overlapping=pairs.sample_overlapping,
        sample_disjoint=pairs.sample_disjoint,
        drop_kinks=pairs.drop_scaled_kinks,
        degenerate=pairs.DEGENERATE_PAIRS,
        unit_box=torch.tensor((0, 0, 1, 1), dtype=torch.float64),
        lengths=torch.ones(4),
        overlap_name="IoU",
        measure_overlap=measure_iou,
        shift=shift_aligned,
        descend=descend_aligned,
    ),
    "rotated": BoxKind(
        label="rotated, xywhr",
        sample_matched=rotated_pairs.sample_matched,
        sample_overlapping=rotated_pairs.sample_overlapping,
        sample_disjoint=rotated_pairs.sample_disjoint,
        drop_kinks=keep_pairs,
        degenerate=rotated_pairs.DEGENERATE_PAIRS,
        unit_box=torch.tensor((0, 0, 1, 0.5, 0.5), dtype=torch.float64),
        lengths=torch.tensor((1, 1, 1, 1, 0)),
        overlap_name="ProbIoU",
        measure_overlap=measure_probiou,
        shift=shift_rotated,
        descend=descend_rotated,
    ),
}
