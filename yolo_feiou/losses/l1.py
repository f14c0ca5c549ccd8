"""ℓn losses: a function of each of the four regression errors, summed over them."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from yolo_feiou.losses.boxes import Pair


def encode(pair: Pair) -> Tensor:
    """Return the regression errors (Δx/w_r, Δy/h_r, ln(w/w_t), ln(h/h_t)), weighted, shape (4, N), scale-free.

    Offsets are in widths and heights of the reference box, which is the target unless the pair has another one; sizes
    are in natural logarithms: 0.1 is a tenth of a side, or a side 10 % too long. With anchors as references these are
    the differences of R-CNN's deltas, as its encoding divides by the anchor's sides.
    """
    w_reference, h_reference = pair.reference_sides
    w_error, h_error = extended_log(pair.w / pair.w_target), extended_log(pair.h / pair.h_target)
    errors = (pair.dx2 / (w_reference + w_reference), pair.dy2 / (h_reference + h_reference), w_error, h_error)
    weighted = (
        error if weight == 1 else error * weight for error, weight in zip(errors, pair.error_weights, strict=True)
    )
    return torch.stack(tuple(weighted))


def extended_log(ratio: Tensor) -> Tensor:
    """Return ln(ratio), extended below 1e-4 by its tangent, so that an inverted box (ratio < 0) is pulled back."""
    return ratio.masked_fill(ratio < 1e-4, 1e-4).log() - (1e-4 - ratio).relu() * 1e4


def focal_l1_curve(x: Tensor, beta: float) -> Tensor:
    """L_f(x) for x ≥ 0: −αx²(2 ln(βx) − 1)/4 up to x = 1, then a line of slope −α ln β, with α = eβ.

    The slope has its maximum, 1, at x = 1/(eβ): errors beyond are outliers, and the larger β the less they count; at
    β = 1 not at all, and they never come back. Zhang et al. (2021), Eq. 9; its constant C makes the parts meet.
    """
    alpha = math.e * beta
    inlier = x.masked_fill(x > 1, 1)  # with the slope of its side at x = 1, where clamp's would be 0
    curve = inlier * inlier * (1 - 2 * (beta * inlier.clamp(min=1e-12)).log())
    return (alpha / 4) * curve - alpha * math.log(beta) * (x - 1).relu()


def focal_l1(pair: Pair, beta: float) -> Tensor:
    """Σ L(|x|) over the regression errors x: L(x) = −αx²(2 ln(βx) − 1)/4 up to x = 1, then a line of slope −α ln β.

    α = eβ, so that the slope has its maximum, 1, at x = 1/(eβ); in [0, ∞). Zhang et al. (2021), Eq. 8 and 9.
    """
    return focal_l1_curve(encode(pair).abs(), beta).sum(0)


def l1(pair: Pair) -> Tensor:
    """Σ|x| over the regression errors x, in [0, ∞)."""
    return encode(pair).abs().sum(0)


def smooth_l1(pair: Pair, beta: float) -> Tensor:
    """Σ x²/(2β) where |x| < β, else |x| − β/2, over the regression errors x; in [0, ∞).

    Girshick, Fast R-CNN (2015), Eq. 3.
    """
    errors = encode(pair)
    return smooth_l1_loss(errors, torch.zeros_like(errors), reduction="none", beta=beta).sum(0)


def balanced_l1(pair: Pair, alpha: float, gamma: float, beta: float) -> Tensor:
    """Σ β L(|x|/β): L(y) = α/b (by + 1) ln(by + 1) − αy where y < 1, else γy + C, with α ln(b + 1) = γ.

    In [0, ∞). Its slope rises faster than smooth ℓ1's near 0 and is γ from x = β on. Pang et al., Libra R-CNN (2019),
    Eq. 9 and 10, where β is 1. mmdetection's has another curve for any other β, α/b (bx + 1) ln(bx/β + 1) − αx, whose
    slope at 0 is not 0: a figure for its β = 0.11 is of another loss.
    """
    b = math.expm1(gamma / alpha)
    x = encode(pair).abs() if beta == 1 else encode(pair).abs() / beta
    inlier = x.masked_fill(x > 1, 1)
    curve = (alpha / b) * (b * inlier + 1) * (b * inlier).log1p() - alpha * inlier
    loss = (curve + gamma * (x - 1).relu()).sum(0)
    return loss if beta == 1 else loss * beta
