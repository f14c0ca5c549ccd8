"""Losses on the distance of two boxes taken as Gaussians. Both are 0 for identical boxes."""

from __future__ import annotations

import torch
from torch import Tensor

from yolo_feiou.losses.axes import map_axes, sum_axes
from yolo_feiou.losses.boxes import Pair


def nwd(pair: Pair, c: float | str) -> Tensor:
    """1 − e^(−d/c) with the Wasserstein distance d = √(ρ² + ((w − w_t)² + (h − h_t)²)/4) in pixels, in [0, 1).

    Not scale-free: `c` is a length in pixels, the data set's mean √area by its paper; far beyond it the gradient is 0.
    'auto' stands for that mean until it is known. Wang et al., A Normalized Gaussian Wasserstein Distance for Tiny
    Object Detection (2021), arXiv:2110.13389, Eq. 8.

    Raises:
        ValueError: If `c` is 'auto' still.
    """
    if isinstance(c, str):
        raise ValueError(
            "c=auto is the mean size of a training set's objects: call prepare(…, mean_side=…), or give c in pixels"
        )
    distance = safe_sqrt(pair.rho2 + (pair.dw * pair.dw + pair.dh * pair.dh) * 0.25)
    return 1 - torch.exp(-distance * (pair.pixels / c))


def gcd(pair: Pair) -> Tensor:
    """1 − e^(−D), D² = ½ Σ over x, y of (d/s)² + (d/s_t)² + ¼(Δs²/s_t² + Δs²/s²), for offset d and side s; in [0, 1).

    Scale-free and symmetric. A prediction without a size gets no gradient: e^(−D) is 0 there.
    Guan et al., Gaussian Combined Distance (2025), arXiv:2510.27649.
    """

    def square(offset2: Tensor, difference: Tensor, side: Tensor, target: Tensor) -> Tensor:
        inverse, inverse_target = 1 / side.clamp(min=1e-5), 1 / target
        return (offset2 * offset2 + difference * difference) * (inverse * inverse + inverse_target * inverse_target)

    total = sum_axes(map_axes(square, pair.offsets2, pair.differences, pair.sides, pair.target_sides))
    return 1 - torch.exp(-safe_sqrt(total * 0.125))


def safe_sqrt(square: Tensor) -> Tensor:
    """Return the root, whose gradient is 0 at 0, where it would be infinite."""
    return square.clamp(min=1e-30).sqrt() * (square > 0)
