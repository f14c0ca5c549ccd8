"""`BoxLoss`, what a spec is built into: a loss per pair of boxes, its weight, and its reduction over a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from yolo_feiou.losses.boxes import Pair

PairFunction = Callable[[Pair], Tensor]
Norm = Literal["paper", "tal", "mean"]


class BoxLoss:
    """A box-regression loss L, with or without a focal weight W.

    Args:
        loss: L, from a `Pair` to one value a pair.
        weight: W likewise; None is 1.
        norm: What the sum over a batch is divided by, see `mean`.
        description: The loss with all its parameters, for display.
    """

    def __init__(
        self,
        loss: PairFunction,
        weight: PairFunction | None = None,
        norm: Norm = "tal",
        description: str = "",
    ) -> None:
        self.loss, self.weight, self.norm, self.description = loss, weight, norm, description

    def __deepcopy__(self, memo: dict[int, object]) -> BoxLoss:
        return self  # it has no state, so copies of a model share it

    def __repr__(self) -> str:
        return f"<BoxLoss {self.description}>"

    def __call__(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return W·L for each pair, unreduced.

        Args:
            pred: xyxy boxes, shape (N, 4), in any unit in which sides are 1e-5 or more; N may be 0. Values and
                gradients are finite where all coordinates are within ±3e18; beyond, ρ² can overflow float32.
            target: xyxy boxes of the same shape and unit.

        Returns:
            Shape (N,), in float32 or better.

        Raises:
            ValueError: If the shapes differ, or are not (N, 4).
        """
        pair = Pair(pred, target)
        return self.loss(pair) if self.weight is None else self.weight(pair) * self.loss(pair)

    def mean(
        self, pred: Tensor, target: Tensor, scores: Tensor | None = None, *, total: Tensor | float | None = None
    ) -> Tensor:
        """Return the scalar that training minimises.

        | norm  | value       | source                                                                            |
        |-------|-------------|-----------------------------------------------------------------------------------|
        | paper | Σ sWL / Σ sW | Zhang et al. (2021), Eq. 11; Σ sL / Σ s, its limit, where no pair has a weight    |
        | tal   | Σ sWL / Σ s  | as YOLO divides, by the sum of the assigner's target scores                       |
        | mean  | Σ WL / N    | the plain mean, without the scores                                               |

        The sums are over the given pairs, so local to the process. Without pairs the value is 0, attached to the graph.

        Args:
            pred: xyxy boxes, shape (N, 4).
            target: xyxy boxes, shape (N, 4).
            scores: The external weight s of each pair, shape (N,); None is 1.
            total: The divisor in place of Σ s; Ultralytics' own, for example, is at least 1.

        Raises:
            ValueError: If the shapes don't fit.
        """
        pair = Pair(pred, target)
        loss = self.loss(pair)
        if scores is not None and scores.shape != loss.shape:
            raise ValueError(
                f"got scores of shape {tuple(scores.shape)} for {len(loss)} pairs: expected ({len(loss)},)"
            )
        if scores is None or self.norm == "mean":
            scores = torch.ones_like(loss)
        scores = scores.to(loss.dtype)
        weights = scores if self.weight is None else scores * self.weight(pair)
        if self.norm == "paper":
            weights = torch.where(weights.sum() > 1e-30, weights, scores)
            total = weights.sum()
        elif total is None or self.norm == "mean":
            total = scores.sum()
        return (weights * loss).sum() / torch.as_tensor(total, device=loss.device).clamp(min=1e-30)
