"""Overlap losses that aren't 1 − IoU plus a penalty. All are scale-free, and 0 for identical boxes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from yolo_feiou.losses.axes import map_axes
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.iou import ciou, overlap_loss


def piou(pair: Pair) -> Tensor:
    """1 − IoU + 1 − e^(−P²) with P, the mean distance of the four edges in box widths of the target; in [0, 2].

    P = (|Δx₁| + |Δx₂|)/(4w_t) + (|Δy₁| + |Δy₂|)/(4h_t). Far away the slope is flat: 0.0037 at 4 sides.
    Liu et al., Powerful-IoU (2024), doi:10.1016/j.neunet.2023.11.041.
    """
    return _piou(pair, pair.edge_distance)


def piou2(pair: Pair, lam: float, detach: bool) -> Tensor:
    """PIoU times 3λq e^(−(λq)²) with q = e^(−P), in [0, 2.6]: pairs of middling distance count more.

    With `detach=false` the weight is attached, as in the authors' code: then a box about twice its side away is pushed
    further away. Liu et al., Powerful-IoU (2024).
    """
    distance = pair.edge_distance
    quality = lam * torch.exp(-(distance.detach() if detach else distance))
    return 3 * quality * torch.exp(-quality * quality) * _piou(pair, distance)


def _piou(pair: Pair, distance: Tensor) -> Tensor:
    return 1 - pair.iou - torch.expm1(-distance * distance)


def interpiou(pair: Pair, a: float) -> Tensor:
    """1 − IoU, and 1 − IoU of the prediction that has gone the share `a` of the way to its target; in [0, 2].

    The second term has a gradient for gaps up to 1/(1 − a) sides. Liu et al., InterpIoU (2025), arXiv:2507.12420.
    """
    return 2 - pair.iou - pair.interpolated(a).iou


def dinterpiou(pair: Pair, low: float, high: float) -> Tensor:
    """InterpIoU with a = 1 − IoU, clamped to [low, high] and detached; in [0, 2].

    Liu et al., InterpIoU (2025), arXiv:2507.12420, as Dynamic InterpIoU.
    """
    return 2 - pair.iou - pair.interpolated((1 - pair.iou.detach()).clamp(low, high)).iou


def uiou(pair: Pair, ratio: float) -> Tensor:
    """CIoU of both boxes with their sides multiplied by `ratio`, in the IoU and in the penalty; in [0, 2.5].

    Above 1 low-IoU pairs count more, below 1 high-IoU pairs. Luo et al., Unified-IoU (2024), arXiv:2408.06636.
    """
    return overlap_loss(pair.scaled(ratio), ciou)


def extended_iou(pair: Pair, s: float) -> Tensor:
    """z²/(2s) up to z = s, then z − s/2, for z = 1 − I/U with an intersection I that goes on below 0; in [0, 2].

    What lies beyond 0 is measured from the top left corner of the enclosing box, so that mirrored boxes have another
    loss. Peng and Yu, Systematic IoU-Related Method (2021), doi:10.1109/TIP.2021.3077144, as in MMDetection, which
    calls it EIoU. An inverted prediction counts as one without a size.
    """

    def overlap(first: Tensor, last: Tensor, side: Tensor, target: Tensor) -> Tensor:
        """The side of the intersection, negative for boxes apart."""
        return (side.relu() + target - first.abs() - torch.maximum(last, first - target).abs()) * 0.5

    w, h = signed = map_axes(overlap, pair.first_edges, pair.last_edges, pair.sides, pair.target_sides)
    gap_x, gap_y = map_axes(lambda side: side.clamp(max=0), signed)
    begin_x, begin_y = map_axes(torch.abs, pair.first_edges)
    intersection = w * h + gap_x * gap_y + 2 * (begin_x * gap_y + begin_y * gap_x)
    area = pair.w_target * pair.h_target
    union = torch.maximum(pair.w.relu() * pair.h.relu() + area - intersection, area)
    x = 1 - intersection / union
    return smooth_l1_loss(x, torch.zeros_like(x), reduction="none", beta=s)


def wiou(pair: Pair) -> Tensor:
    """e^(ρ²/c²) (1 − IoU) with c² detached, in [0, e): WIoU v1, on which v2 and v3 put a weight.

    A box that doesn't overlap gets no gradient in its size. Tong et al., Wise-IoU (2023), arXiv:2301.10051, Eq. 5, 6.
    """
    return (pair.rho2 / pair.c2.detach()).clamp(max=1).exp() * (1 - pair.iou)
