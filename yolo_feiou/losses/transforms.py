"""What replaces the IoU in a loss of the form 1 − IoU + penalty, or raises all of its terms to a power."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.iou import Penalties


def transformed_loss(
    pair: Pair,
    penalties: Penalties,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float = 0,
    power: float | None = None,
    **parameters: Any,
) -> Tensor:
    """1 − IoU'^p + Σ penalty^p: the penalties are those of the real boxes, and IoU' takes the place of the IoU alone.

    Args:
        pair: The boxes.
        penalties: The terms beside 1 − IoU; what is in them, such as CIoU's α, has the plain IoU.
        inner: IoU' is the IoU of both boxes with their sides multiplied by this number. Zhang et al., Inner-IoU (2023),
            arXiv:2311.02877.
        focaler: IoU' is (IoU − d)/(u − d), clamped to [0, 1], with this u, and d in `focaler_low`; of the inner IoU, if
            both are given. Zhang and Zhang, Focaler-IoU (2024), arXiv:2401.10525.
        focaler_low: See `focaler`.
        power: The exponent p of every term. He et al., Alpha-IoU (2021), arXiv:2110.13675.
        **parameters: Of the penalties.
    """
    overlap = pair.iou if inner is None else pair.scaled(inner).iou
    if focaler is not None:
        overlap = ((overlap - focaler_low) / (focaler - focaler_low)).clamp(0, 1)
    terms = penalties(pair, **parameters)
    if power is not None:
        overlap, *terms = (safe_power(term, power) for term in (overlap, *terms))
    loss = 1 - overlap
    for term in terms:
        loss = loss + term
    return loss


def safe_power(base: Tensor, power: float) -> Tensor:
    """Return base^power for a base in [0, 1]; at 0, and for what exceeds 1, without a gradient.

    The slope at 0 is infinite for a power below 1; an inverted prediction can exceed 1 by any factor.
    """
    return base.clamp(1e-12, 1) ** power * (base > 0)
