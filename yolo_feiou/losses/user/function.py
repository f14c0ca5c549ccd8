"""A user's function of a pair, and what its signature says of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from torch import Tensor, nn

from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.rotated_boxes import AnyPair, RotatedPair
from yolo_feiou.losses.table import LossInfo
from yolo_feiou.losses.user.sources import Source
from yolo_feiou.parameters import Flag, Float, LossParameter, Text, format_value

#: The modifiers that a user's loss takes, and why it doesn't take the others.
MODIFIERS = ("focal", "norm", "detach", "weight")
REFUSAL = "it is a loss of your own, and of the modifiers only focal= and weight= fit any loss"
#: What a first argument of two is annotated with that is a pair.
PAIR_NAMES = tuple(pair.__name__ for pair in (Pair, RotatedPair))
SIGNATURE = "(pred, target) or (pair), and further parameters with defaults"


@dataclass(frozen=True)
class Number(Float):
    """Any finite number."""

    low: float = -float("inf")
    high: float = float("inf")

    @property
    def expected(self) -> str:
        """The allowed values, as text for messages."""
        return "a number"


@dataclass(frozen=True)
class UserFunction:
    """A user's function, called with a pair as those of the table are.

    Attributes:
        name: As a spec has it.
        function: The function.
        takes_pair: Whether it takes a `Pair`, or a `RotatedPair`, and not two tensors of boxes.
        whole: The parameters that it has whole numbers for.
        texts: Values of parameters that are texts, which no schedule changes.
        source: The module that it is in, None if that isn't known.
    """

    name: str
    function: Callable[..., Tensor]
    takes_pair: bool = False
    whole: frozenset[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)
    source: Source | None = None

    def __call__(self, pair: AnyPair, /, **values: Any) -> Tensor:
        """Return its value for each pair, shape (N,).

        Raises:
            ArgumentError: If it returns anything else.
        """
        result = self.compute(pair, values)
        count, device = len(pair.target), pair.target.device
        if not isinstance(result, Tensor) or result.shape != (count,):
            returned = f"shape {tuple(result.shape)}" if isinstance(result, Tensor) else type(result).__name__
            raise ArgumentError(
                f"loss {self.name} returned {returned} for {count} pairs: expected shape ({count},), one value a pair. "
                f"'yolo check {self.name}{' task=obb' * isinstance(pair, RotatedPair)}' tells more."
            )
        if result.device != device:
            raise ArgumentError(
                f"loss {self.name} returned values on {result.device} for boxes on {device}: make its tensors there, "
                "as in torch.zeros(4, device=pred.device)."
            )
        return result

    def compute(self, pair: AnyPair, values: Mapping[str, Any]) -> Any:
        """Return what the function returns for a pair."""
        return self._call((pair,) if self.takes_pair else (pair.pred, pair.target), values)

    def on_boxes(self, values: Mapping[str, Any], pred: Tensor, target: Tensor, pair: type[AnyPair] = Pair) -> Any:
        """Return what the function returns for boxes, to a check: two tensors are given as they are.

        Args:
            values: Its parameters.
            pred: Boxes of shape (N, 4), or (N, 5) for a `RotatedPair`.
            target: Likewise.
            pair: What it takes if it takes a pair.
        """
        return self._call((pair(pred, target, (640, 640)),) if self.takes_pair else (pred, target), values)

    def _call(self, boxes: Sequence[AnyPair | Tensor], values: Mapping[str, Any]) -> Any:
        try:
            return self.function(*boxes, **self._convert(values))
        except AttributeError as error:
            if not isinstance(error.obj, AnyPair):
                raise
            raise AttributeError(_describe_missing(error.name, type(error.obj))) from error

    def _convert(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values as the function has them: texts, and whole numbers as such."""
        numbers = {key: int(v) if key in self.whole and float(v).is_integer() else v for key, v in values.items()}
        return {**self.texts, **numbers}


def _describe_missing(name: str | None, pair: type[AnyPair]) -> str:
    """Return what a loss is told that asks a pair for what isn't there, maybe since it takes it for boxes."""
    if issubclass(pair, RotatedPair):
        return (
            f"a RotatedPair has no {name!r}: it has pred, target, rho2, sin2, as_gaussians and the like. A loss of one "
            "argument gets a RotatedPair here, one of two gets xywhr boxes of shape (N, 5)."
        )
    if name in ("pred", "target", "_edges"):
        return f"a scaled or interpolated Pair has no {name!r}: take it from the pair it was made of."
    return (
        f"a Pair has no {name!r}: it has pred, target, iou, w, h, rho2 and the like. A loss of one argument gets a "
        "Pair, one of two gets boxes of shape (N, 4)."
    )


def describe_user_loss(
    name: str, function: Any, source: Source | None, defaults: Mapping[str, Any] | None = None
) -> LossInfo:
    """Return the row of a user's function, with the parameters that its signature has.

    Args:
        name: As a spec has it.
        function: The function, or an instance with `__call__`.
        source: Where it is.
        defaults: Values that stand in for its own defaults.

    Raises:
        ArgumentError: If it doesn't take what it should, or `defaults` has what is no parameter of it.
    """
    if not callable(function) or isinstance(function, type):
        raise ArgumentError(f"loss {name} is {type(function).__name__}: expected a function {SIGNATURE}.")
    if isinstance(function, nn.Module) and any(one.requires_grad for one in function.parameters()):
        raise ArgumentError(
            f"loss {name} is a module with parameters, which no optimizer would train: make them buffers, or call "
            "requires_grad_(False)."
        )
    takes_pair, found = read_signature(name, function)
    if taken := found.keys() & {"focal", "weight"}:
        raise ArgumentError(
            f"loss {name} has a parameter '{min(taken)}', which every loss has as a modifier: give it another name."
        )
    found |= {key: value for key, value in (defaults or {}).items() if key in found}
    if unknown := (defaults or {}).keys() - found.keys():
        has = ", ".join(found) or "none"
        raise ArgumentError(f"loss {name} has no parameter '{min(unknown)}' with a default. It has {has}.")
    parameters = tuple(filter(None, (make_parameter(key, value) for key, value in found.items())))
    whole = frozenset(key for key, value in found.items() if isinstance(value, int) and not isinstance(value, bool))
    return LossInfo(
        name,
        "loss",
        UserFunction(name, cast("Callable[..., Tensor]", function), takes_pair, whole, source=source),
        (inspect.getdoc(function) or "a loss of one's own").partition("\n")[0],
        source.file if source else "Python",
        f"function {source.function}" if source else "",
        parameters,
        form="user",
        modifiers=MODIFIERS,
        refusal=REFUSAL,
        needs_units=takes_pair,
    )


def make_parameter(name: str, default: Any) -> LossParameter | None:
    """Return the parameter of a spec for a default of a function; None where a spec can't spell such a value."""
    if isinstance(default, bool):
        return Flag(name, default)
    if isinstance(default, int | float):
        return Number(name, float(format_value(default)))
    return Text(name, default) if isinstance(default, str) else None


def read_signature(name: str, function: Callable[..., Any]) -> tuple[bool, dict[str, Any]]:
    """Return whether a function takes a `Pair`, and its further parameters with their defaults.

    Raises:
        ArgumentError: If it takes neither a pair nor two tensors, or a further parameter has no default.
    """
    try:
        called = function.forward if isinstance(function, nn.Module) else function
        given = list(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):  # of compiled code
        return False, {}
    by_place = [p for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    variadic = any(p.kind == p.VAR_POSITIONAL for p in given)
    required = [p for p in by_place if p.default is p.empty]
    annotation = getattr(by_place[0], "annotation", None) if by_place else None
    annotated = annotation in (Pair, RotatedPair) or str(annotation).strip("'\"").rpartition(".")[2] in PAIR_NAMES
    takes_pair = annotated or (len(required) == 1 and not variadic)
    boxes = 1 if takes_pair else 2
    rest = [*by_place[boxes:], *(p for p in given if p.kind == p.KEYWORD_ONLY)]
    lacking = [p.name for p in rest if p.default is p.empty]
    if lacking or (len(by_place) < boxes and not variadic):
        what = f"{', '.join(lacking)} without a default" if lacking else f"{len(by_place)} arguments"
        raise ArgumentError(f"loss {name} takes {what}: expected a function {SIGNATURE}.")
    return takes_pair, {p.name: p.default for p in rest}
