"""`BoxLoss`, what a spec is built into: losses per pair of boxes, their weights, and their reduction over a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Literal

import torch
from torch import Tensor, nn

from yolo_feiou.losses.bound import Bound, value_at
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.rotated_boxes import AnyPair, RotatedPair
from yolo_feiou.losses.table import Family
from yolo_feiou.losses.wise import RunningMean
from yolo_feiou.parameters import Schedule

PairFunction = Callable[..., Tensor]
Norm = Literal["paper", "tal", "mean"]
#: What a pair of boxes is, by their family.
PAIRS: Mapping[Family, type[AnyPair]] = {"aligned": Pair, "rotated": RotatedPair}
ImageSize = Sequence[float] | Tensor


def _keep(value: Tensor) -> Tensor:
    return value


class Term(nn.Module):
    """A loss L of a pair, with or without a weight W, and its factor in a sum.

    Args:
        loss: L, from a `Pair`, or a `RotatedPair`, to one value a pair.
        weight: W likewise; None is 1. With a `running_mean` it takes its value as `mean=`, too.
        norm: What the sum over a batch is divided by, see `BoxLoss.mean`.
        factor: What the loss is multiplied by, a finite number of 0 or more.
        running_mean: The state that the weight compares each pair with.
        needs_units: Whether `loss` or `weight` looks at `Pair.diagonal2` or `Pair.pixels`.
    """

    running_mean: RunningMean | None

    def __init__(
        self,
        loss: PairFunction,
        weight: PairFunction | None = None,
        norm: Norm = "tal",
        factor: float | Schedule = 1,
        *,
        running_mean: RunningMean | None = None,
        needs_units: bool = False,
    ) -> None:
        super().__init__()
        self.loss, self.weight, self.norm, self.factor = loss, weight, norm, factor
        self.running_mean, self.needs_units = running_mean, needs_units
        self.set_progress(0)

    @property
    def bound(self) -> list[Bound]:
        """Those of its functions whose parameters may change."""
        return [function for function in (self.loss, self.weight) if isinstance(function, Bound)]

    def set_progress(self, progress: float) -> None:
        """Take the values that scheduled numbers have at a progress from 0, the first epoch, to 1, the last."""
        for function in self.bound:
            function.set_progress(progress)
        if self.running_mean is not None:
            self.running_mean.set_progress(progress)
        self._factor = value_at(self.factor, progress)

    def forward(self, pair: AnyPair) -> Tensor:
        """Return W·L for each pair, times the factor."""
        value = self.loss(pair)  # first, since the IoU of the weight may then have less to do
        value = value if self.weight is None else self.weigh(pair) * value
        return value if self._factor == 1 else self._factor * value

    def weigh(self, pair: AnyPair) -> Tensor:
        """Return W for each pair, if there is one."""
        assert self.weight is not None
        return self.weight(pair) if self.running_mean is None else self.weight(pair, mean=self.running_mean.value)

    def reduce(
        self, pair: AnyPair, scores: Tensor | None, total: Tensor | float | None, share: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Return the scalar for a batch of pairs, times the factor; see `BoxLoss.mean`."""
        loss = self.loss(pair)
        if scores is not None and scores.shape != loss.shape:
            raise ValueError(
                f"got scores of shape {tuple(scores.shape)} for {len(loss)} pairs: expected ({len(loss)},)"
            )
        if scores is None or self.norm == "mean":
            scores = torch.ones_like(loss)
        scores = scores.to(loss.dtype)
        weights = scores if self.weight is None else scores * self.weigh(pair)
        if self.norm == "paper":
            weights = torch.where(share(weights.sum()) > 1e-30, weights, scores)
            total = share(weights.sum())
        elif total is None or self.norm == "mean":
            total = share(scores.sum())
        value = (weights * loss).sum() / torch.as_tensor(total, device=loss.device).clamp(min=1e-30)
        return value if self._factor == 1 else self._factor * value


class Origin:
    """What a loss and its copies have in common."""

    def __deepcopy__(self, memo: dict[int, object]) -> Origin:
        return self


class BoxLoss(nn.Module):
    """A box-regression loss: one term, or a sum of several, each with its own weight and norm.

    It has a state only where a loss has one by definition, such as the running mean of WIoU: then `state_dict` holds
    it, `mean` updates it in training mode, and copies of a model have one each.

    Boxes are xyxy, shape (N, 4); those of a loss of rotated boxes are xywhr, shape (N, 5), see `RotatedPair`, and what
    is said of (N, 4) below holds for (N, 5).

    Args:
        *terms: What is summed.
        description: The loss with all its parameters, for display.
        family: What kind of boxes it is of, 'aligned' or 'rotated'.

    Attributes:
        family: As given.
        has_state: Whether training changes it.
        origin: The same object in all copies of a loss.
    """

    family: Family

    def __init__(self, *terms: Term, description: str = "", family: Family = "aligned") -> None:
        super().__init__()
        self.terms, self.description, self.origin = nn.ModuleList(terms), description, Origin()
        self._terms, self.family = terms, family
        self._pair = PAIRS[family]
        self.needs_units = any(term.needs_units for term in terms)
        self.has_state = any(term.running_mean is not None for term in terms)  # a walk through modules would cost more

    def __deepcopy__(self, memo: dict[int, object]) -> BoxLoss:
        if not self.has_state:
            return self  # copies of a model share it
        copy = type(self).__new__(type(self))
        memo[id(self)] = copy
        copy.__dict__.update(deepcopy(self.__dict__, memo))
        return copy

    def __repr__(self) -> str:
        return f"<BoxLoss {self.description}>"

    def __iter__(self) -> Iterator[Term]:
        return iter(self._terms)

    @property
    def needs_mean_side(self) -> bool:
        """Whether it waits for the mean size of the training set's objects, see `prepare`."""
        return any("auto" in function.parameters.values() for term in self for function in term.bound)

    @property
    def running_means(self) -> list[RunningMean]:
        """The states of its terms, of those that have one."""
        return [term.running_mean for term in self if term.running_mean is not None]

    def prepare(self, batches: int, epochs: int, mean_side: float | None = None) -> list[str]:
        """Fill in what is 'auto', and return a line for each such value.

        Args:
            batches: Training batches in an epoch.
            epochs: Epochs of the training.
            mean_side: Mean √area of the training set's objects, in pixels of the training images.
        """
        lines = []
        for mean in self.running_means:
            if mean.prepare(batches, epochs):
                lines.append(f"momentum=auto is {mean.momentum:.3g}, from {epochs} epochs of {batches} batches")
        for function in (function for term in self for function in term.bound if mean_side is not None):
            if function.replace("auto", mean_side):
                lines.append(f"c=auto is {mean_side:.4g} pixels, the mean √area of the training set's objects")
        return lines

    def set_progress(self, progress: float) -> None:
        """Take the values that scheduled numbers have at a progress from 0, the first epoch, to 1, the last."""
        for term in self:
            term.set_progress(progress)

    def observe(self, pred: Tensor, target: Tensor) -> None:
        """Update the state, if there is one, by the pairs of a training batch.

        In a process group all processes must call it, for each batch, with N = 0 where there are no pairs: the state
        is that of the pairs of all of them.

        Args:
            pred: xyxy boxes, shape (N, 4).
            target: xyxy boxes, shape (N, 4).
        """
        if self.running_means:
            losses = 1 - Pair(pred.detach(), target).iou  # no loss of rotated boxes has a state
            for mean in self.running_means:
                mean.update(losses)

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        *,
        image: ImageSize | None = None,
        pixels: Tensor | float = 1.0,
        reference: Tensor | None = None,
        error_weights: Sequence[float] = (1, 1, 1, 1),
    ) -> Tensor:
        """Return W·L for each pair, summed over the terms, unreduced; the state stays as it is.

        Args:
            pred: xyxy boxes, shape (N, 4), in any unit in which sides are 1e-5 or more; N may be 0. Values and
                gradients are finite where all coordinates are within ±3e18; beyond, ρ² can overflow float32.
            target: xyxy boxes of the same shape and unit.
            image: Height and width of the image in pixels, for losses that depend on it (mpdiou).
            pixels: Pixels per unit of the boxes, a number or shape (N,), for losses in pixels (mpdiou, nwd, gwd).
            reference: Boxes by whose sides ℓn losses measure offsets, shape (N, 4); the targets by default. Detectors
                with anchors measure them by the anchors.
            error_weights: What ℓn losses multiply the errors in x, y, width and height by.

        Returns:
            Shape (N,), in float32 or better.

        Raises:
            ValueError: If the shapes differ, or are not (N, 4), or the loss needs `image` and there is none.
        """
        pair = self._pair(pred, target, image, pixels, reference, error_weights)
        first, *others = self._terms
        total = first.forward(pair)  # a module's call would cost microseconds
        for term in others:
            total = total + term.forward(pair)
        return total

    def mean(
        self,
        pred: Tensor,
        target: Tensor,
        scores: Tensor | None = None,
        *,
        total: Tensor | float | None = None,
        image: ImageSize | None = None,
        pixels: Tensor | float = 1.0,
        reference: Tensor | None = None,
        error_weights: Sequence[float] = (1, 1, 1, 1),
        share: Callable[[Tensor], Tensor] = _keep,
    ) -> Tensor:
        """Return the scalar that training minimises, after `observe` in training mode.

        | norm  | value       | source                                                                            |
        |-------|-------------|-----------------------------------------------------------------------------------|
        | paper | Σ sWL / Σ sW | Zhang et al. (2021), Eq. 11; Σ sL / Σ s, its limit, where no pair has a weight    |
        | tal   | Σ sWL / Σ s  | as YOLO divides, by the sum of the assigner's target scores                       |
        | mean  | Σ WL / N    | the plain mean, without the scores                                               |

        The sums are over the given pairs, and each term has its own. With `share` the divisors, and only they, are
        means over processes: then the mean of all processes' values, which is what their averaged gradients follow, is
        the value of all their pairs together. Without pairs the value is 0, attached to the graph.

        Args:
            pred: xyxy boxes, shape (N, 4).
            target: xyxy boxes, shape (N, 4).
            scores: The external weight s of each pair, shape (N,); None is 1.
            total: The divisor in place of Σ s; Ultralytics' own, for example, is at least 1.
            image: As for `forward`.
            pixels: As for `forward`.
            reference: As for `forward`.
            error_weights: As for `forward`.
            share: Returns the mean of a tensor over processes, all of which must call this; by default there is one.

        Raises:
            ValueError: If the shapes don't fit, or the loss needs `image` and there is none.
        """
        if self.training and self.has_state:
            self.observe(pred, target)
        pair = self._pair(pred, target, image, pixels, reference, error_weights)
        first, *others = self._terms
        value = first.reduce(pair, scores, total, share)
        for term in others:
            value = value + term.reduce(pair, scores, total, share)
        return value
