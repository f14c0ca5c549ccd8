"""Focal weights: how much a pair counts, as a function of its IoU. They compose with any loss of a pair."""

from __future__ import annotations

from torch import Tensor

from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.iou import eiou, overlap_loss
from yolo_feiou.losses.l1 import focal_l1_curve


def iou_power(pair: Pair, gamma: float, detach: bool) -> Tensor:
    """IoU^γ, the weight of Focal-EIoU: high-IoU pairs count more. Zhang et al. (2021), Eq. 10.

    With `detach=false` the weight is attached, as in much public code: then lowering the IoU lowers the loss, and a
    pair below an IoU of about 0.3 (γ = 0.5) is pushed apart. At IoU = 0 that gradient, infinite for γ < 1, is
    taken as 0.
    """
    if detach:
        return pair.iou.detach() ** gamma
    return pair.iou.clamp(min=1e-12) ** gamma * ((pair.iou > 0) | (gamma == 0))


def focal_log(pair: Pair, gamma: float) -> Tensor:
    """−(1 − IoU)^γ ln(IoU), the weight of Focal-EIoU*: low-IoU pairs count more. Detached.

    IoU is clamped to 1e-7 in the logarithm, which bounds the weight of pairs that don't overlap (16.1).
    Zhang et al. (2021), section 5.4.3, after Lin et al., Focal Loss (2017).
    """
    overlap = pair.iou.detach()
    return (1 - overlap).relu() ** gamma * -overlap.clamp(min=1e-7, max=1).log()


def focal_eiou_v1(pair: Pair, beta: float) -> Tensor:
    """−αx²(2 ln(βx) − 1)/4 up to x = 1, then a line of slope −α ln β, for x = L_EIoU, with α = eβ: FocalL1's curve.

    In [0, 1.88] with β = 0.8. Zhang et al. (2021), Eq. 9 on Eq. 7: tried and rejected in section 4.2.
    """
    return focal_l1_curve(overlap_loss(pair, eiou), beta)
