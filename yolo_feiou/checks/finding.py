"""The finding of a check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Finding:
    """A mistake of a loss.

    Attributes:
        message: What is wrong, in one line.
        came: What the loss returned.
        expected: What it should have returned.
        remedy: How to fix it.
        pair: The prediction and the target that show it, as numbers, xyxy or xywhr; None where it is independent of
            the boxes.
    """

    message: str
    came: str
    expected: str
    remedy: str
    pair: tuple[Sequence[float], Sequence[float]] | None = None


def pair_at(pairs: tuple[Tensor, Tensor], i: int) -> tuple[list[float], list[float]]:
    """Return the i-th of some pairs, as numbers."""
    return pairs[0][i].tolist(), pairs[1][i].tolist()


def format_numbers(numbers: float | Sequence[float] | Tensor) -> str:
    """Return a number, or several in brackets, with four digits, as in '0.25' and '(1, -2, 3)'."""
    if isinstance(numbers, Tensor):
        numbers = numbers.tolist()
    if isinstance(numbers, Sequence):
        return f"({', '.join(map(format_numbers, numbers))})"
    return f"{numbers:.4g}"
