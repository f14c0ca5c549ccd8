"""Losses on the overlap of two boxes. All are scale-free, for sides of 1e-5 and more, and 0 for identical boxes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from yolo_feiou.losses.boxes import Pair


def iou(pair: Pair) -> Tensor:
    """1 − IoU, in [0, 1]; constantly 1, without a gradient, for boxes that don't overlap.

    Yu et al., UnitBox (2016), in the linear form of Zhang et al. (2021), Eq. 3.
    """
    return 1 - pair.iou


def giou(pair: Pair) -> Tensor:
    """1 − IoU + (A_C − U)/A_C with the area A_C of the smallest enclosing box, in [0, 2].

    Rezatofighi et al., Generalized Intersection over Union (2019), Algorithm 1.
    """
    return iou(pair) + 1 - pair.union / (pair.cw * pair.ch)


def diou(pair: Pair) -> Tensor:
    """1 − IoU + ρ²/c² with the distance ρ of the centres and the diagonal c of the enclosing box, in [0, 2].

    Zheng et al., Distance-IoU Loss (2020), Eq. 7.
    """
    return iou(pair) + pair.rho2 / pair.c2


def ciou(pair: Pair) -> Tensor:
    """DIoU + αv, v = 4/π² (atan(w_t/h_t) − atan(w/h))², α = v/(1 − IoU + v) detached.

    Guarded where the usual code is not: zero sides and identical boxes give finite values and gradients.
    Zheng et al., Distance-IoU Loss (2020), Eq. 8 to 11.
    """
    angle = torch.atan2(pair.w, pair.h.clamp(min=1e-7))
    v = (4 / math.pi**2) * (torch.atan2(pair.w_target, pair.h_target) - angle) ** 2
    alpha = (v / (1 - pair.iou + v).clamp(min=1e-7)).detach()
    return diou(pair) + alpha * v


def eiou(pair: Pair) -> Tensor:
    """DIoU + (w − w_t)²/C_w² + (h − h_t)²/C_h² with the sides C_w, C_h of the enclosing box, in [0, 3.25].

    Zhang et al., Focal and Efficient IOU Loss (2021), Eq. 7. An inverted prediction exceeds the range and is pulled
    back. Not the Extended-IoU of the same name in MMDetection.
    """
    return diou(pair) + pair.dw * pair.dw / pair.cw2 + pair.dh * pair.dh / pair.ch2
