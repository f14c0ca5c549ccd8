"""Overlap losses that aren't 1 − IoU plus a penalty. All are scale-free, and 0 for identical boxes."""

from __future__ import annotations

import torch
from torch import Tensor

from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.iou import ciou, overlap_loss


def piou(pair: Pair) -> Tensor:
    """1 − IoU + 1 − e^{−P²} with P, the mean distance of the four edges in box widths of the target; in [0, 2].

    P = (|Δx₁| + |Δx₂|)/(4w_t) + (|Δy₁| + |Δy₂|)/(4h_t). Far away the slope is flat: 0.0037 at 4 sides.
    Liu et al., Powerful-IoU (2024), doi:10.1016/j.neunet.2023.11.041.
    """
    return _piou(pair, pair.edge_distance)


def piou2(pair: Pair, lam: float, detach: bool) -> Tensor:
    """PIoU times 3λq e^{−(λq)²} with q = e^{−P}, in [0, 2.6]: pairs of middling distance count more.

    With detach=False the weight is attached, as in the authors' code: then a box about twice its side away is pushed
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
    """CIoU of both boxes with their sides multiplied by `ratio`, in the IoU and in the penalty.

    Above 1 low-IoU pairs count more, below 1 high-IoU pairs. Luo et al., Unified-IoU (2024), arXiv:2408.06636.
    """
    return overlap_loss(pair.scaled(ratio), ciou)


def extended_iou(pair: Pair, s: float) -> Tensor:
    """x²/(2s) up to x = s, then x − s/2, for x = 1 − I/U with an intersection I that goes on below 0; in [0, 2].

    What lies beyond 0 is measured from the top left corner of the enclosing box, so that mirrored boxes have another
    loss. Peng and Yu, Systematic IoU-Related Method (2021), doi:10.1109/TIP.2021.3077144, as in MMDetection, which
    calls it EIoU. An inverted prediction counts as one without a size.
    """
    x1, y1, x2, y2 = pair.edges.unbind(-1)
    left, right, n_x, m_x = _extended_sides(x1, torch.maximum(x2, x1 - pair.w_target), pair.w_target)
    top, bottom, n_y, m_y = _extended_sides(y1, torch.maximum(y2, y1 - pair.h_target), pair.h_target)
    intersection = right * bottom + n_x * n_y - left * m_y - m_x * top
    union = pair.w.relu() * pair.h.relu() + pair.w_target * pair.h_target - intersection
    x = 1 - intersection / torch.maximum(union, pair.w_target * pair.h_target)
    return torch.where(x < s, x * x * (0.5 / s), x - 0.5 * s)


def _extended_sides(near: Tensor, far: Tensor, side: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return where the intersection begins and ends along an axis, from the enclosing box's edge, and both sorted.

    Args:
        near: The prediction's first edge, from the target's first edge.
        far: Its second edge, from the target's second edge.
        side: The target's.
    """
    begin, end = near.abs(), side + (far - near + near.abs() - far.abs()) * 0.5
    return begin, end, torch.minimum(begin, end), torch.maximum(begin, end)


def wiou(pair: Pair) -> Tensor:
    """e^{ρ²/c²} (1 − IoU) with c² detached, in [0, e): WIoU v1, on which v2 and v3 put the weight `wise_weight`.

    A box that doesn't overlap gets no gradient in its size. Tong et al., Wise-IoU (2023), arXiv:2301.10051, Eq. 5, 6.
    """
    return (pair.rho2 / pair.c2.detach()).clamp(max=1).exp() * (1 - pair.iou)
