"""The loss under check, called with care, since its code is untrusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import torch
from torch import Tensor

from yolo_feiou.checks.box_kinds import BOX_KINDS, BoxKind
from yolo_feiou.checks.finding import Finding, pair_at
from yolo_feiou.checks.formula import Formula, recognise
from yolo_feiou.checks.known import Known, find_known
from yolo_feiou.checks.pairs import IMAGE, sample_all, sample_matched
from yolo_feiou.checks.torch_state import Snapshot
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.table import Family


class LossFailed(Exception):
    """The loss raised, or didn't return one value a pair, in the middle of a check."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class CheckedLoss:
    """A loss to check.

    Args:
        name: The user's name for it.
        loss: The function (pred, target) -> (N,), on xyxy boxes of shape (N, 4), or on xywhr ones of shape (N, 5).
        before: The state of torch before the loss was loaded; by default the current one.
        pixels: Pixels per unit of the boxes, for a loss of the table that depends on it.
        family: What kind of boxes it is of; one of the table knows that itself.

    Attributes:
        family: As above.
    """

    def __init__(
        self,
        name: str,
        loss: Callable[..., Tensor],
        before: Snapshot | None = None,
        pixels: float = 1,
        family: Family = "aligned",
    ) -> None:
        self.family: Family = loss.family if isinstance(loss, BoxLoss) else family
        self.name, self.loss, self.before = name, loss, before or Snapshot()
        self.loading = self.before.changes()  # changes made by loading
        told = isinstance(loss, BoxLoss) and loss.needs_units
        self.units = {"image": IMAGE, "pixels": pixels} if told else {}

    @property
    def boxes(self) -> BoxKind:
        """The boxes that it is of."""
        return BOX_KINDS[self.family]

    def magnified(self, factor: float) -> CheckedLoss:
        """Return the loss for boxes given in a unit that is this much smaller.

        A loss that is told the unit has the same value then; any other one isn't told, and must be scale-free.
        """
        return CheckedLoss(self.name, self.loss, self.before, 1 / factor, self.family)

    def raw(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return the unchecked output of the loss for these tensors themselves.

        Raises:
            LossFailed: If it raises.
        """
        try:
            return self.loss(pred, target, **self.units)
        except KeyboardInterrupt:  # the user's own
            raise
        except BaseException as error:  # untrusted code may raise anything, and that is the finding
            raise LossFailed(raised_error(error, pred, target)) from error

    def __call__(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return one value a pair, shape (N,), attached; the boxes are copied first.

        Raises:
            LossFailed: If the loss raises, or returns another shape.
        """
        values = self.raw(pred.clone(), target.clone())
        if not isinstance(values, Tensor) or values.shape != pred.shape[:1]:
            finding = Finding(
                "not one value a pair",
                describe_output(values),
                f"shape ({len(pred)},) for {len(pred)} pairs",
                "return one value for each row, for any boxes",
                pair_at((pred, target), 0) if len(pred) else None,
            )
            raise LossFailed(finding)
        return values

    def values(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return one value a pair, shape (N,), float64, detached."""
        return self(pred, target).detach().double()

    def value_at(self, pred: Sequence[float], target: Sequence[float]) -> float:
        """Return the value of one pair of boxes, given in numbers."""
        return self.values(*torch.tensor([[pred], [target]], dtype=torch.float64)).item()

    def gradient(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return the gradient of the sum in the predictions, of their shape; 0 where the loss is detached.

        Raises:
            LossFailed: If the loss raises, forward or backward.
        """
        return self.values_and_gradient(pred, target)[1]

    def values_and_gradient(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values, (N,), in their own dtype, and the gradient, as above."""
        pred = pred.detach().clone().requires_grad_()
        values = self(pred, target)
        if not values.requires_grad:
            return values, torch.zeros_like(pred)
        try:
            (gradient,) = torch.autograd.grad(values.sum(), pred, allow_unused=True)
        except Exception as error:  # a custom backward is untrusted code too
            raise LossFailed(raised_error(error, pred, target)) from error
        return values.detach(), torch.zeros_like(pred) if gradient is None else gradient

    @cached_property
    def formula(self) -> Formula | None:
        """The formula; None if it is not recognised, or the loss fails, or is of rotated boxes."""
        if self.family != "aligned":
            return None
        pairs = sample_matched(400)
        try:
            return recognise(*pairs, self.values(*pairs))
        except LossFailed:
            return None

    @cached_property
    def known(self) -> Known | None:
        """The loss of the table that has its values; None if the loss fails, or is another one, or of rotated boxes."""
        if self.family != "aligned":
            return None
        pairs = sample_all()
        try:
            values, gradient = self.values_and_gradient(*pairs)
        except LossFailed:
            return None
        return find_known(pairs, values.detach().double(), gradient, self.formula)

    @property
    def recognised(self) -> str | None:
        """What it is: its formula, its name and its spec, as far as they are known."""
        return "; ".join(str(part) for part in (self.formula, self.known) if part) or None

    @cached_property
    def dead_below(self) -> float:
        """The IoU up to which it ignores the IoU by definition: that of a loss of the table with focaler_low."""
        terms = self.loss if isinstance(self.loss, BoxLoss) else ()
        return max((bound.parameters.get("focaler_low", 0) for term in terms for bound in term.bound), default=0)


def raised_error(error: BaseException, pred: Tensor, target: Tensor) -> Finding:
    """Return the finding that the loss raised an error on some pairs."""
    return Finding(
        "it raises an error",
        " ".join(f"{type(error).__name__}: {error}".split()),
        f"a tensor of shape ({len(pred)},)",
        f"call it yourself with two {str(pred.dtype).removeprefix('torch.')} tensors of shape {tuple(pred.shape)}",
        pair_at((pred, target), 0) if len(pred) else None,
    )


def describe_output(values: object) -> str:
    """Return a description of what a loss returned."""
    if not isinstance(values, Tensor):
        return type(values).__name__
    return f"shape {tuple(values.shape)}" if values.ndim else "a scalar"
