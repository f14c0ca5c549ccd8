"""Losses of the form 1 − IoU + penalty, as their penalties. All are 0 for identical boxes.

`yolo losses` and the page of a loss put "1 − IoU + " before a docstring's first word.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from yolo_feiou.losses.axes import Axes, along_axes, map_axes, sum_axes
from yolo_feiou.losses.boxes import Pair

#: From a `Pair`, and the parameters by name, to the terms that are added to 1 − IoU, one value a pair each.
Penalties = Callable[..., tuple[Tensor, ...]]


def overlap_loss(pair: Pair, penalties: Penalties, **parameters: Any) -> Tensor:
    """1 − IoU and the penalties, summed.

    Args:
        pair: The boxes.
        penalties: Its terms beside 1 − IoU, see below.
        **parameters: Of the penalties.
    """
    terms = penalties(pair, **parameters)  # first, since the IoU may then have less to do
    loss = torch.rsub(pair.iou, 1)  # 1 − IoU, without the microsecond that the operator costs
    for term in terms:
        loss = loss + term
    return loss


def iou(pair: Pair) -> tuple[()]:
    """0; the loss is in [0, 1], and constantly 1, without a gradient, for boxes that don't overlap.

    Yu et al., UnitBox (2016), in the linear form of Zhang et al. (2021), Eq. 3.
    """
    return ()


def giou(pair: Pair) -> tuple[Tensor]:
    """(A_C − U)/A_C with the area A_C of the smallest enclosing box; the loss is in [0, 2].

    Rezatofighi et al., Generalized Intersection over Union (2019), Algorithm 1.
    """
    area = pair.cw * pair.ch  # first, since the union may then have less to do
    return (1 - pair.union / area,)


def diou(pair: Pair) -> tuple[Tensor]:
    """ρ²/c² with the distance ρ of the centres and the diagonal c of the enclosing box; the loss is in [0, 2].

    Zheng et al., Distance-IoU Loss (2020), Eq. 7.
    """
    return (pair.rho2 / pair.c2,)


def ciou(pair: Pair) -> tuple[Tensor, Tensor]:
    """ρ²/c² + αv, v = 4/π² (atan(w_t/h_t) − atan(w/h))², α = v/(1 − IoU + v) detached; the loss is in [0, 2.5].

    ρ is the distance of the centres, c the diagonal of the enclosing box, as in DIoU. Guarded where the usual code is
    not: zero sides and identical boxes give finite values and gradients. Zheng et al., Distance-IoU Loss (2020), Eq. 8
    to 11.
    """
    (distance,) = diou(pair)  # first, as above
    angle = torch.atan2(pair.w, pair.h.clamp(min=1e-7))
    v = (4 / math.pi**2) * (torch.atan2(pair.w_target, pair.h_target) - angle) ** 2
    alpha = (v / (1 - pair.iou + v).clamp(min=1e-7)).detach()
    return distance, alpha * v


def eiou(pair: Pair) -> tuple[Tensor, Tensor, Tensor]:
    """ρ²/c² + (w − w_t)²/C_w² + (h − h_t)²/C_h², C_w and C_h the sides of the enclosing box; the loss is in [0, 3.25].

    ρ is the distance of the centres, c the diagonal of the enclosing box, as in DIoU. Zhang et al., Focal and Efficient
    IOU Loss (2021), Eq. 7. An inverted prediction exceeds the range and is pulled back. Not the Extended-IoU of the
    same name in MMDetection, see `extended_iou`.
    """
    return *diou(pair), pair.dw * pair.dw / pair.cw2, pair.dh * pair.dh / pair.ch2


def siou(pair: Pair, theta: float) -> tuple[Tensor]:
    """(Δ + Ω)/2, the cost of distance and that of shape; the loss is in [0, 2.03].

    Δ = 2 − e^(−(2 − Λ)dx²/C_w²) − e^(−(2 − Λ)dy²/C_h²) with Λ = sin 2α = 2|dx·dy|/ρ² for the angle α of the line
    between the centres. Ω = Σ (1 − e^(−ω))^θ over both sides, with ω = |w − w_t|/max(w, w_t) for the width. Gevorgyan,
    SIoU Loss (2022), Eq. 1 to 9, with Λ = 1 − 2 sin²(arcsin x − π/4) simplified, which has no infinite slope; C_w, C_h
    in Δ are sides of the enclosing box, as in YOLOv6.
    """
    squares = map_axes(torch.mul, pair.offsets2, pair.offsets2)
    total = sum_axes(squares)
    rate = ((pair.dx2 * pair.dy2).abs() - total) / total.clamp(min=1e-30)  # (Λ − 2)/2

    def cost(shape: Tensor, square: Tensor, c2: Tensor) -> Tensor:
        return shape - torch.exp(square / (c2 + c2) * rate)

    costs = sum_axes(map_axes(cost, _shape_costs(pair, theta), squares, pair.enclosing2))
    return (torch.add(total.new_ones(()), costs, alpha=0.5),)  # in one operation


def shapeiou(pair: Pair, scale: float) -> tuple[Tensor, Tensor]:
    """(k_x dx² + k_y dy²)/c² + Ω/2, dx and dy the offsets of the centre; the loss is in [0, 3.3].

    k_y = 2w_t^s/(w_t^s + h_t^s) and k_x = 2 − k_y, the authors' w' and h', with s the `scale`. Ω is that of SIoU:
    Σ (1 − e^(−ω))⁴ over both sides, with ω = k_x|w − w_t|/max(w, w_t) for the width and k_y for the height.
    Zhang and Zhang, Shape-IoU (2023), arXiv:2312.17663, as in the authors' code for xywh boxes.
    """
    if scale == 0:
        return pair.rho2 / pair.c2, sum_axes(_shape_costs(pair, 4)) * 0.5
    w_weight = 2 * torch.sigmoid(scale * (pair.w_target / pair.h_target).log())
    h_weight = 2 - w_weight
    distance = (h_weight * pair.dx * pair.dx + w_weight * pair.dy * pair.dy) / pair.c2
    return distance, sum_axes(_shape_costs(pair, 4, along_axes(h_weight, w_weight))) * 0.5


def _shape_costs(pair: Pair, theta: float, factors: Axes | None = None) -> Axes:
    """Return (1 − e^(−ω))^θ of each side, which add up to Ω; ω = |w − w_t|/max(w, w_t), times its factor."""

    def cost(difference: Tensor, target: Tensor, factor: Tensor | None = None) -> Tensor:
        growth = difference.relu()
        share = torch.sub(difference, growth, alpha=2) / (target + growth)  # −ω: d − 2 max(d, 0) = −|d|
        root = 1 - torch.exp(share if factor is None else share * factor)
        square = root * root
        return square * square if theta == 4 else square ** (theta / 2)  # a power is slow

    quantities = (pair.differences, pair.target_sides)
    return map_axes(cost, *quantities) if factors is None else map_axes(cost, *quantities, factors)


def mpdiou(pair: Pair) -> tuple[Tensor]:
    """(d₁² + d₂²)/(W² + H²) with the distances of the top left and of the bottom right corners, W and H of the image.

    The loss is in [0, 3] for boxes in the image. For small objects the penalty is next to nothing: a box of 32 pixels,
    8 off, in an image of 640: 1.6e-4. Not scale-free. Ma and Xu, MPDIoU (2023), arXiv:2307.07662.
    """
    return (pair.corners2 / pair.diagonal2,)
