"""Finite differences in which all that a loss detaches is held fixed.

A loss may detach a part of itself: Focal-EIoU its weight, CIoU its α. Its gradient is then not that of
its values, but of its values with that part kept as it is at the point of interest. `Constants` records, in order, all
that is detached in a call of the loss there, and replays it in the calls beside that point.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

#: Functions whose results are detached.
GRAPH_EXITS = frozenset(
    (
        torch.detach,
        torch.detach_,
        torch.tensor,
        Tensor.detach,
        Tensor.detach_,
        Tensor.data.__get__,  # pyright: ignore[reportAttributeAccessIssue]  # a descriptor; torch declares its value
        Tensor.new_tensor,
        Tensor.item,
        Tensor.tolist,
        Tensor.numpy,
        Tensor.__float__,
    )
)


class Constants(TorchFunctionMode):
    """Within the block, records what is detached; with `replayed`, substitutes the recorded values.

    Recorded are the results of `GRAPH_EXITS`, and of all operations under `torch.no_grad()`. The operations of a custom
    autograd.Function run without a graph too, but not by no_grad, and its backward replaces them.

    Args:
        replayed: The constants of an earlier call, or None to record them.

    Attributes:
        kept: The detached values, in order.
    """

    def __init__(self, replayed: Constants | None = None) -> None:
        super().__init__()
        self.kept: list[Any] = []
        self._left = deque(replayed.kept) if replayed else None
        self._strayed = False
        self._switched_off = False

    @property
    def same(self) -> bool:
        """Whether a replay used all that was recorded, in order: a loss may branch by its values."""
        return not (self._strayed or self._left)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is torch._C._set_grad_enabled:
            self._switched_off = not args[0]
        elif func in GRAPH_EXITS or (self._switched_off and not torch.is_grad_enabled() and isinstance(result, Tensor)):
            return self._settle(result, in_place=bool(args) and result is args[0])
        return result

    def _settle(self, result: Any, in_place: bool) -> Any:
        if self._left is None:
            self.kept.append(copy.deepcopy(result))
            return result
        constant = self._left.popleft() if self._left else None
        if type(constant) is not type(result) or getattr(constant, "shape", ()) != getattr(result, "shape", ()):
            self._strayed = True
            return result
        return result.copy_(constant) if in_place else copy.deepcopy(constant)


def finite_differences(loss: Callable[[Tensor, Tensor], Tensor], pred: Tensor, target: Tensor, step: float) -> Tensor:
    """Return the central differences of the sum of a loss, with its constants held, in the predictions: (N, D).

    All pairs are given at each call, so a loss that depends on the whole batch is differentiated correctly too. NaN
    where the loss branched and has no slope.

    Args:
        loss: From boxes, twice (N, D), to one value a pair, (N,).
        pred: The point of interest, float64.
        target: The targets.
        step: The step to each side.
    """
    with Constants() as constants:
        loss(pred.clone().requires_grad_(), target)

    def at(i: int, move: float) -> Tensor:
        moved = pred.clone()
        moved.view(-1)[i] += move
        with Constants(constants) as replay:
            values = loss(moved.requires_grad_(), target)
        return values.detach().double() if replay.same else values.new_tensor(float("nan"))

    # Summed after the difference is taken: a pair with a huge value would cost the others their digits.
    slopes = [(at(i, step) - at(i, -step)).sum().item() / (2 * step) for i in range(pred.numel())]
    return torch.tensor(slopes, dtype=torch.float64).view_as(pred)
