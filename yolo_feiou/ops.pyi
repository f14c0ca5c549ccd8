"""Signatures of the losses as functions, made from their table by 'make docs'; not to be edited."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

def iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float | None = None,
    power: float | None = None,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """1 − IoU.

    Yu et al., UnitBox, 2016, arXiv:1608.01471, in the form of arXiv:2101.08158, Eq. 3.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        inner: The IoU is that of both boxes, their sides multiplied by this (Inner-IoU); a number from 0.5 to 1.5.
        focaler: The IoU is (IoU − focaler_low)/(focaler − focaler_low), clamped to [0, 1] (Focaler-IoU); a number from
            0.01 to 1.
        focaler_low: See focaler; a number from 0 to 0.99.
        power: The exponent of every term (α-IoU); a number from 0.1 to 5.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def giou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float | None = None,
    power: float | None = None,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """IoU loss + share of the enclosing box that neither fills.

    Rezatofighi et al., Generalized Intersection over Union, 2019, arXiv:1902.09630, Alg. 1.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        inner: The IoU is that of both boxes, their sides multiplied by this (Inner-IoU); a number from 0.5 to 1.5.
        focaler: The IoU is (IoU − focaler_low)/(focaler − focaler_low), clamped to [0, 1] (Focaler-IoU); a number from
            0.01 to 1.
        focaler_low: See focaler; a number from 0 to 0.99.
        power: The exponent of every term (α-IoU); a number from 0.1 to 5.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def diou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float | None = None,
    power: float | None = None,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """IoU loss + ρ²/c²: the distance of the centres.

    Zheng et al., Distance-IoU Loss, 2020, arXiv:1911.08287, Eq. 7.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        inner: The IoU is that of both boxes, their sides multiplied by this (Inner-IoU); a number from 0.5 to 1.5.
        focaler: The IoU is (IoU − focaler_low)/(focaler − focaler_low), clamped to [0, 1] (Focaler-IoU); a number from
            0.01 to 1.
        focaler_low: See focaler; a number from 0 to 0.99.
        power: The exponent of every term (α-IoU); a number from 0.1 to 5.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def ciou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float | None = None,
    power: float | None = None,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """DIoU + αv: the aspect ratio; YOLO's own, with guards against NaN.

    Zheng et al., Distance-IoU Loss, 2020, arXiv:1911.08287, Eq. 8-11.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        inner: The IoU is that of both boxes, their sides multiplied by this (Inner-IoU); a number from 0.5 to 1.5.
        focaler: The IoU is (IoU − focaler_low)/(focaler − focaler_low), clamped to [0, 1] (Focaler-IoU); a number from
            0.01 to 1.
        focaler_low: See focaler; a number from 0 to 0.99.
        power: The exponent of every term (α-IoU); a number from 0.1 to 5.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def eiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float | None = None,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """DIoU + (w − w_t)²/C_w² + (h − h_t)²/C_h²: width and height, each by itself.

    Zhang et al., Focal and Efficient IOU Loss for Accurate Bounding Box Regression, 2021, arXiv:2101.08158, Eq. 7.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        inner: The IoU is that of both boxes, their sides multiplied by this (Inner-IoU); a number from 0.5 to 1.5.
        focaler: The IoU is (IoU − focaler_low)/(focaler − focaler_low), clamped to [0, 1] (Focaler-IoU); a number from
            0.01 to 1.
        focaler_low: See focaler; a number from 0 to 0.99.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def focal_eiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    gamma: float = 0.5,
    detach: bool = True,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float | None = None,
) -> Tensor:
    """IoU^gamma · EIoU: good boxes count more.

    Zhang et al., Focal and Efficient IOU Loss for Accurate Bounding Box Regression, 2021, arXiv:2101.08158, Eq. 10, 11.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        gamma: Exponent of the weight IoU^gamma; 0 is EIoU; a number from 0 to 10.
        detach: Whether the weight is detached; true or false.
        inner: The IoU is that of both boxes, their sides multiplied by this (Inner-IoU); a number from 0.5 to 1.5.
        focaler: The IoU is (IoU − focaler_low)/(focaler − focaler_low), clamped to [0, 1] (Focaler-IoU); a number from
            0.01 to 1.
        focaler_low: See focaler; a number from 0 to 0.99.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def focal_eiou_star_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    gamma: float = 0.5,
) -> Tensor:
    """−(1 − IoU)^gamma ln(IoU) · EIoU: bad boxes count more.

    Zhang et al., Focal and Efficient IOU Loss for Accurate Bounding Box Regression, 2021, arXiv:2101.08158, Sec. 5.4.3.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        gamma: Exponent of 1 − IoU in the weight; a number from 0 to 10.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def focal_eiou_v1_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    beta: float = 0.8,
) -> Tensor:
    """The curve of FocalL1 of EIoU.

    Zhang et al., Focal and Efficient IOU Loss for Accurate Bounding Box Regression, 2021, arXiv:2101.08158, Eq. 9 on 7.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        beta: The larger, the less a large loss counts; a number from 0.3679 to 1.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def siou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    theta: float = 4,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float | None = None,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """IoU loss + (distance, by the angle between the centres, + shape)/2.

    Gevorgyan, SIoU Loss, 2022, arXiv:2205.12740, Eq. 1-9.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        theta: The larger, the less small errors of the shape count; a number from 2 to 6.
        inner: The IoU is that of both boxes, their sides multiplied by this (Inner-IoU); a number from 0.5 to 1.5.
        focaler: The IoU is (IoU − focaler_low)/(focaler − focaler_low), clamped to [0, 1] (Focaler-IoU); a number from
            0.01 to 1.
        focaler_low: See focaler; a number from 0 to 0.99.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def wiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    version: Literal["1", "2", "3", 1, 2, 3] = "3",
    alpha: float = 1.9,
    delta: float = 3,
    gamma: float = 0.5,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """e^(ρ²/c²) · IoU loss, times a weight by the running mean of the IoU loss.

    Tong et al., Wise-IoU, 2023, arXiv:2301.10051, Eq. 5-11.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        version: 1: no weight; 2: high-IoU pairs count less; 3: outliers count less too; one of 1, 2, 3.
        alpha: The larger, the less outliers count; a number from 1.01 to 10.
        delta: Outlier degree, IoU loss over its mean, at which a pair counts 1; a number from 0.1 to 100.
        gamma: Exponent of the outlier degree; a number from 0 to 10.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def mpdiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float | None = None,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
    image: Sequence[float] | Tensor | None = None,
    pixels: Tensor | float = 1.0,
) -> Tensor:
    """IoU loss + (d₁² + d₂²)/(W² + H²): distances of two corners, by the image's diagonal.

    Ma and Xu, MPDIoU, 2023, arXiv:2307.07662, (paper unread).

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        inner: The IoU is that of both boxes, their sides multiplied by this (Inner-IoU); a number from 0.5 to 1.5.
        focaler: The IoU is (IoU − focaler_low)/(focaler − focaler_low), clamped to [0, 1] (Focaler-IoU); a number from
            0.01 to 1.
        focaler_low: See focaler; a number from 0 to 0.99.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.
        image: Height and width of the image in pixels; it must be given.
        pixels: Pixels per unit of the boxes, a number or of shape (...).

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def shapeiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    scale: float = 0,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float | None = None,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """IoU loss + distance and shape, each weighted by the target's aspect ratio.

    Zhang and Zhang, Shape-IoU, 2023, arXiv:2312.17663, (paper unread; the authors' code).

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        scale: Exponent of the aspect ratio; 0: no weights; a number from 0 to 2.
        inner: The IoU is that of both boxes, their sides multiplied by this (Inner-IoU); a number from 0.5 to 1.5.
        focaler: The IoU is (IoU − focaler_low)/(focaler − focaler_low), clamped to [0, 1] (Focaler-IoU); a number from
            0.01 to 1.
        focaler_low: See focaler; a number from 0 to 0.99.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def piou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """IoU loss + 1 − e^(−P²), P the mean distance of the edges in box widths.

    Liu et al., Powerful-IoU, 2024, doi:10.1016/j.neunet.2023.11.041, (paper unread; the authors' code).

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def piou2_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    lam: float = 1.3,
    detach: bool = True,
    focal: float | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """PIoU · 3x e^(−x²), x = lam e^(−P): boxes of middling distance count more.

    Liu et al., Powerful-IoU, 2024, doi:10.1016/j.neunet.2023.11.041, (paper unread; the authors' code).

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        lam: The larger, the farther off are the boxes that count most; a number from 0.5 to 3.
        detach: Whether the weight is detached; false, as the authors' code has it, repels far boxes; true or false.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def interpiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    a: float = 0.98,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """IoU loss + that of the box which went the share a of the way to its target.

    Liu et al., InterpIoU, 2025, arXiv:2507.12420, (paper unread).

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        a: Share of the way; the gradient reaches gaps of 1/(1 − a) sides; a number from 0 to 0.999.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def dinterpiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    low: float = 0.6,
    high: float = 0.99,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """InterpIoU with a = 1 − IoU, clamped to [low, high] and detached.

    Liu et al., InterpIoU, 2025, arXiv:2507.12420, (paper unread).

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        low: Smallest share of the way; a number from 0 to 0.999.
        high: Largest share of the way; a number from 0 to 0.999.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def uiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    ratio: float = 2,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """CIoU of both boxes, their sides multiplied by ratio.

    Luo et al., Unified-IoU, 2024, arXiv:2408.06636, (paper unread; the authors' code).

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        ratio: Above 1 low-IoU boxes count more, below 1 high-IoU boxes; a number from 0.25 to 4.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def nwd_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    c: float = 12.8,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
    pixels: Tensor | float = 1.0,
) -> Tensor:
    """1 − e^(−d/c), d the Wasserstein distance of two Gaussians, in pixels.

    Wang et al., A Normalized Gaussian Wasserstein Distance for Tiny Object Detection, 2021, arXiv:2110.13389, Eq. 8.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        c: A length in pixels; auto: mean √area of the training set's objects; a number from 0.1 to 1e4, or auto.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.
        pixels: Pixels per unit of the boxes, a number or of shape (...).

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def gcd_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """1 − e^(−D), D the distance of two Gaussians in sides of both.

    Guan et al., Gaussian Combined Distance, 2025, arXiv:2510.27649, (paper unread; the authors' code).

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def extended_iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    s: float = 0.1,
    focal: float | None = None,
    detach: bool | None = None,
    wise: bool | None = None,
    mean: Tensor | float = 1.0,
) -> Tensor:
    """Smooth ℓ1 of 1 − I/U with an intersection that goes on below 0; MMDetection's EIoU.

    Peng and Yu, Systematic IoU-Related Method, 2021, doi:10.1109/TIP.2021.3077144, (paper unread; MMDetection's code).

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        s: Loss up to which it is a parabola; a number from 0.001 to 1.
        focal: Times IoU^focal, the weight of Focal-EIoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        wise: Times the weight of WIoU v3; true or false.
        mean: The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def focal_l1_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    beta: float = 0.8,
) -> Tensor:
    """ℓ1 with the slope −αx ln(beta x), which peaks at small errors.

    Zhang et al., Focal and Efficient IOU Loss for Accurate Bounding Box Regression, 2021, arXiv:2101.08158, Eq. 8, 9.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        beta: The larger, the less large errors count; a number from 0.3679 to 1.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def l1_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
) -> Tensor:
    """Sum of the absolute errors.

    Girshick et al., R-CNN, 2014, arXiv:1311.2524, App. C (encoding).

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def smooth_l1_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    beta: float = 1.0,
) -> Tensor:
    """ℓ1 with a parabola up to beta.

    Girshick, Fast R-CNN, 2015, arXiv:1504.08083, Eq. 3.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        beta: Error up to which it is a parabola; a number from 0 to 100.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def balanced_l1_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    alpha: float = 0.5,
    gamma: float = 1.5,
    beta: float = 1.0,
) -> Tensor:
    """ℓ1 with a slope that rises fast, and ends at gamma.

    Pang et al., Libra R-CNN, 2019, arXiv:1904.02701, Eq. 9, 10.

    Args:
        boxes1: The predictions, xyxy boxes, shape (..., 4).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        alpha: The smaller, the more small errors count; a number from 0.2 to 5.
        gamma: Slope of large errors; a number from 0.1 to 5.
        beta: Where they begin; a number from 0.001 to 100.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def probiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    floor: float = 0.01,
    focal: float | None = None,
    detach: bool | None = None,
) -> Tensor:
    """√(1 − e^(−D)), D the Bhattacharyya distance of two Gaussians; Ultralytics' own for rotated boxes.

    Llerena et al., Probabilistic Intersection-over-Union, 2021, arXiv:2106.06072, (paper unread; Ultralytics' code).

    Args:
        boxes1: The predictions, rotated xywhr boxes, shape (..., 5).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        floor: Added to each variance, in squared units of the boxes, in training strides²; a number from 0 to 100.
        focal: Times ProbIoU^focal, the weight of Focal-EIoU with ProbIoU for the IoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def kld_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    direction: Literal["pred_target", "target_pred"] = "pred_target",
    function: Literal["log", "sqrt", "none"] = "log",
    tau: float = 1,
    floor: float = 0.01,
    focal: float | None = None,
    detach: bool | None = None,
) -> Tensor:
    """1 − 1/(tau + f(D)), D the Kullback-Leibler divergence of two Gaussians.

    Yang et al., High-Precision Bounding Box via Kullback-Leibler Divergence, 2021, arXiv:2106.01883, (paper unread).

    Args:
        boxes1: The predictions, rotated xywhr boxes, shape (..., 5).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        direction: pred_target is D(N_p‖N_t), by the target's sides; target_pred is D(N_t‖N_p); one of pred_target,
            target_pred.
        function: f: log is ln(1 + D), sqrt √D, none D itself; one of log, sqrt, none.
        tau: The larger, the flatter; 0 is f(D) itself, which has no bound; a number from 0 to 100.
        floor: Added to each variance, in squared units of the boxes, in training strides²; a number from 0 to 100.
        focal: Times ProbIoU^focal, the weight of Focal-EIoU with ProbIoU for the IoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def gwd_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    function: Literal["log", "sqrt", "none"] = "log",
    tau: float = 1,
    floor: float = 0.01,
    focal: float | None = None,
    detach: bool | None = None,
    pixels: Tensor | float = 1.0,
) -> Tensor:
    """1 − 1/(tau + f(D)), D the squared Wasserstein distance of two Gaussians, in pixels.

    Yang et al., Rotated Object Detection with Gaussian Wasserstein Distance, 2021, arXiv:2101.11952, (paper unread).

    Args:
        boxes1: The predictions, rotated xywhr boxes, shape (..., 5).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        function: f: log is ln(1 + D), sqrt √D, none D itself; one of log, sqrt, none.
        tau: The larger, the flatter; 0 is f(D) itself, which has no bound; a number from 0 to 100.
        floor: Added to each variance, in squared units of the boxes, in training strides²; a number from 0 to 100.
        focal: Times ProbIoU^focal, the weight of Focal-EIoU with ProbIoU for the IoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.
        pixels: Pixels per unit of the boxes, a number or of shape (...).

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def bd_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    function: Literal["log", "sqrt", "none"] = "log",
    tau: float = 1,
    floor: float = 0.01,
    focal: float | None = None,
    detach: bool | None = None,
) -> Tensor:
    """1 − 1/(tau + f(D)), D the Bhattacharyya distance of two Gaussians.

    Llerena et al., Probabilistic Intersection-over-Union, 2021, arXiv:2106.06072, (paper unread).

    Args:
        boxes1: The predictions, rotated xywhr boxes, shape (..., 5).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        function: f: log is ln(1 + D), sqrt √D, none D itself; one of log, sqrt, none.
        tau: The larger, the flatter; 0 is f(D) itself, which has no bound; a number from 0 to 100.
        floor: Added to each variance, in squared units of the boxes, in training strides²; a number from 0 to 100.
        focal: Times ProbIoU^focal, the weight of Focal-EIoU with ProbIoU for the IoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """

def kfiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: Literal["none", "mean", "sum"] = "none",
    *,
    function: Literal["exp", "log", "linear"] = "exp",
    centre: bool = True,
    floor: float = 0.01,
    focal: float | None = None,
    detach: bool | None = None,
) -> Tensor:
    """e^(1 − KFIoU) − 1, the KFIoU of two Gaussians' shapes, + ln(1 + squared distance in target sides).

    Yang et al., The KFIoU Loss for Rotated Object Detection, 2022, arXiv:2201.12558, (paper unread).

    Args:
        boxes1: The predictions, rotated xywhr boxes, shape (..., 5).
        boxes2: Their targets, of the same shape and unit.
        reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.
        function: exp is e^(1 − KFIoU) − 1, log −ln KFIoU, linear 1 − KFIoU; no choice gives 0 for identical boxes; one
            of exp, log, linear.
        centre: Whether the distance of the centres counts; without it nothing moves a centre; true or false.
        floor: Added to each variance, in squared units of the boxes, in training strides²; a number from 0 to 100.
        focal: Times ProbIoU^focal, the weight of Focal-EIoU with ProbIoU for the IoU; a number from 0 to 10.
        detach: Whether the weight is detached, with focal; true or false.

    Returns:
        Shape (...), or a scalar; in float32 or better.
    """
