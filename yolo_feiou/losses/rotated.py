"""Losses of rotated boxes, taken as Gaussians. Identical boxes have 0, but for KFIoU, ProbIoU's epsilon, and τ > 1.

Identical means the same Gaussian: two squares of one size and place have it whatever their angles, so that none of
these losses turns a prediction of a square target. `floor` is added to each variance, in squared units of the boxes; in
training these are strides, and the default is that of Ultralytics, which bounds the gradient of boxes far below a
stride; the papers have 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from yolo_feiou.losses.gaussian import safe_sqrt
from yolo_feiou.losses.rotated_boxes import RotatedPair


def probiou(pair: RotatedPair, floor: float) -> Tensor:
    """1 − ProbIoU = √(1 − e^(−D) + 1e-7), D the Bhattacharyya distance in [1e-7, 100], in [0.00045, 1].

    What Ultralytics trains oriented models with: a variance is side²/12 + floor. Identical boxes have 0.00045. Beyond D
    = 100 there is no gradient, and little of it long before. Llerena et al., Gaussian Bounding Boxes and Probabilistic
    Intersection-over-Union for Object Detection (2021), arXiv:2106.06072, as in Ultralytics' code.
    """
    distance = pair.as_gaussians(12, floor).bhattacharyya.clamp(1e-7, 100)
    # The slope of expm1 is rounded as its value is, which leaves nothing of it far away.
    rise = torch.where(distance < 1, -torch.expm1(-distance), 1 - torch.exp(-distance))
    return (rise + 1e-7).sqrt()


def bd(pair: RotatedPair, function: str, tau: float, floor: float) -> Tensor:
    """1 − 1/(τ + f(D)), or f(D) for τ = 0, D the Bhattacharyya distance of ProbIoU, without its bounds.

    In [0, 1) for τ = 1. f is ln(1 + D), √D or D. A variance is side²/12 + floor. Scale-free without a floor. Llerena et
    al. (2021), arXiv:2106.06072, whose second loss is D itself; f and τ are those of GWD.
    """
    return _compress(pair.as_gaussians(12, floor).bhattacharyya, function, tau)


def kld(pair: RotatedPair, direction: str, function: str, tau: float, floor: float) -> Tensor:
    """1 − 1/(τ + f(D)), or f(D) for τ = 0, D the Kullback-Leibler divergence of the two Gaussians.

    D = D(N_p‖N_t) = ½(dᵀΣ_t⁻¹d + tr(Σ_t⁻¹Σ_p) − 2 − ln(|Σ_p|/|Σ_t|)) has the offset d of the centres in the target's
    sides; direction=target_pred is D(N_t‖N_p). f is ln(1 + D), √D or D. In [0, 1) for τ = 1. A variance is side²/4 +
    floor. Scale-free without a floor. Yang et al., Learning High-Precision Bounding Box for Rotated Object Detection
    via Kullback-Leibler Divergence (2021), arXiv:2106.01883.
    """
    gaussians = pair.as_gaussians(4, floor)
    forward = direction == "pred_target"
    return _compress(gaussians.divergence if forward else gaussians.reverse_divergence, function, tau)


def gwd(pair: RotatedPair, function: str, tau: float, floor: float) -> Tensor:
    """1 − 1/(τ + f), or f for τ = 0, with f = ln(1 + D), √D or D, D the square of a distance of the two Gaussians.

    The distance is Wasserstein's, in pixels: D = ρ² + tr(Σ_p + Σ_t − 2(Σ_p^½ Σ_t Σ_p^½)^½). In [0, 1) for τ = 1. A
    variance is side²/4 + floor. Not scale-free: a large box has a large D, and with it hardly a gradient but near its
    target. Yang et al., Rethinking Rotated Object Detection with Gaussian Wasserstein Distance Loss (2021),
    arXiv:2101.11952.
    """
    square = pair.as_gaussians(4, floor).wasserstein2 * pair.pixels * pair.pixels
    return _compress(square, function, tau)


def kfiou(pair: RotatedPair, function: str, centre: bool, floor: float) -> Tensor:
    """e^(1 − KFIoU) − 1, −ln KFIoU or 1 − KFIoU, and, by `centre`, ln(1 + dᵀΣ_t⁻¹d) for the offset d of the centres.

    KFIoU = V/(V_p + V_t − V) is that of the shapes alone, with V ∝ √|Σ| and Σ = Σ_p(Σ_p + Σ_t)⁻¹Σ_t, the covariance of
    the product of both Gaussians. It is ⅓ at most, so that identical boxes have 0.948, 1.099 or 0.667. A variance is
    side²/4 + floor. Scale-free without a floor. Yang et al., The KFIoU Loss for Rotated Object Detection (2022),
    arXiv:2201.12558.
    """
    gaussians = pair.as_gaussians(4, floor)
    # 1/KFIoU, (V_p + V_t)/V − 1. It is a minimum also as it is rounded: identical boxes have a gradient of exactly 0.
    inverse = 4 * ((1 + gaussians.area_spread) * (1 + gaussians.spread)).sqrt() - 1
    if function == "exp":
        value = torch.expm1(1 - 1 / inverse)
    else:
        value = inverse.log() if function == "log" else 1 - 1 / inverse
    return value + gaussians.target_mahalanobis2.log1p() if centre else value


def probiou_power(pair: RotatedPair, gamma: float, detach: bool, floor: float) -> Tensor:
    """ProbIoU^γ, the weight of Focal-EIoU with ProbIoU in the place of the IoU. Zhang et al. (2021), Eq. 10.

    With `detach=false` the weight is attached, and pushes pairs of a low ProbIoU apart, as that of the IoU does.
    """
    overlap = 1 - probiou(pair, floor)
    if detach:
        overlap = overlap.detach()
    # The epsilon of ProbIoU takes that of boxes far apart below 0.
    return overlap.clamp(min=1e-12) ** gamma * ((overlap > 0) | (gamma == 0))


def _compress(distance: Tensor, function: str, tau: float) -> Tensor:
    """Return 1 − 1/(τ + f(D)), or f(D) for τ = 0. Yang et al. (2021), arXiv:2101.11952."""
    if function != "none":
        distance = distance.log1p() if function == "log" else safe_sqrt(distance)
    return 1 - 1 / (tau + distance) if tau else distance
