"""Functions of a pair with their parameters, which may change over a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor

from yolo_feiou.losses.rotated_boxes import AnyPair
from yolo_feiou.parameters import Schedule


def value_at(value: Any, progress: float) -> Any:
    """Return a parameter's value at a progress from 0 to 1: itself, unless it is a schedule."""
    return value.at(progress) if isinstance(value, Schedule) else value


class Bound:
    """A function of a pair with its parameters, each of which may be a `Schedule`.

    It has the values of the beginning until `set_progress` is called.

    Attributes:
        current: The values that the parameters have now.
    """

    def __init__(self, function: Callable[..., Tensor], parameters: Mapping[str, Any]) -> None:
        self.function, self.parameters = function, dict(parameters)
        self.set_progress(0)

    def set_progress(self, progress: float) -> None:
        """Take the values at a progress from 0, the first epoch, to 1, the last."""
        self.current = {key: value_at(value, progress) for key, value in self.parameters.items()}
        self._call = partial(self.function, **self.current)

    def replace(self, old: Any, new: Any) -> bool:
        """Give the parameters that have the value `old` another one; return whether there are any."""
        if old not in self.parameters.values():
            return False
        self.parameters = {key: new if value == old else value for key, value in self.parameters.items()}
        self.set_progress(0)
        return True

    def __call__(self, pair: AnyPair, **more: Any) -> Tensor:
        """Return the function's value for each pair."""
        return self._call(pair, **more)
