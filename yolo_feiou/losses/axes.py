"""Quantities along x and y: both at once where that is faster, each by itself where the code is compiled."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

#: A quantity along x, and along y: one tensor of shape (2, N), or two of shape (N,). Unpacking gives the two.
Axes = Tensor | tuple[Tensor, Tensor]
#: Whether the code is being compiled; always False where torch, before 2.3, can't tell.
is_compiling: Callable[[], bool] = getattr(torch.compiler, "is_compiling", lambda: False)


def along_axes(x: Tensor, y: Tensor) -> Axes:
    """Return a quantity along both axes as one tensor, which halves the operations; compiled, it would cost a copy."""
    return (x, y) if is_compiling() else torch.stack((x, y))


def map_axes(function: Callable[..., Tensor], *quantities: Axes) -> Axes:
    """Return a function of quantities along x, and of those along y."""
    if is_compiling():
        along_x, along_y = (function(*values) for values in zip(*quantities, strict=True))
        return along_x, along_y
    return function(*quantities)


def sum_axes(quantity: Axes) -> Tensor:
    """Return the sum of a quantity along x and along y, shape (N,)."""
    return quantity.sum(0) if isinstance(quantity, Tensor) else quantity[0] + quantity[1]
