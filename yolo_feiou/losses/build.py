"""Build a loss from its spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from torch import Tensor

from yolo_feiou.errors import LossSpecError, UnknownLossError
from yolo_feiou.losses.bound import Bound, value_at
from yolo_feiou.losses.box_loss import PAIRS, BoxLoss, Norm, Term
from yolo_feiou.losses.families import TASK_FAMILIES, check_family, describe_unknown_loss, find_family
from yolo_feiou.losses.iou import overlap_loss
from yolo_feiou.losses.names import find_unbuilt, resolve_name
from yolo_feiou.losses.spec import find_repeated, read_parameters, split_name, split_spec, split_sum
from yolo_feiou.losses.table import DEPENDENT_MODIFIERS, LOSSES, MODIFIERS, NORM, STOCK, WEIGHTS, Family, LossInfo
from yolo_feiou.losses.transforms import transformed_loss
from yolo_feiou.losses.user.load import LossFunction
from yolo_feiou.losses.user.registry import (
    UserFunction,
    describe_user_loss,
    find_function_source,
    find_own,
    find_sources,
    is_own,
)
from yolo_feiou.losses.user.sources import is_unkept
from yolo_feiou.losses.wise import RunningMean
from yolo_feiou.parameters import Schedule, Value, format_value

#: What replaces the IoU within a loss, or raises its terms to a power.
TRANSFORMS = ("inner", "focaler", "focaler_low", "power")


@dataclass(frozen=True)
class LossTerm:
    """A term of a spec, read and checked.

    Attributes:
        info: The row of the table.
        values: All of its own parameters.
        modifiers: The modifiers that change it, by name, in the table's order; `weight` among them, unless it is 1.
    """

    info: LossInfo
    values: Mapping[str, Value]
    modifiers: Mapping[str, Value]

    @property
    def spec(self) -> str:
        """The shortest spec: without the parameters that have their default."""
        changed = {p.name: self.values[p.name] for p in self.info.parameters if self.values[p.name] != p.default}
        return self._join(":", "=", {**changed, **self.modifiers}, ",")

    @property
    def description(self) -> str:
        """The loss with all parameters that count, for display."""
        ignored = {key for key, (other, counts) in self.info.only_with.items() if self.values[other] not in counts}
        counting = {key: value for key, value in self.values.items() if key not in ignored}
        described = self._join(" (", "=", {**counting, **self.modifiers}, ", ")
        return described + ")" * (described != self.info.name)

    @property
    def changes(self) -> bool:
        """Whether it is another loss later in a training, by a running mean or a schedule."""
        return self.info.weight == "wise" or "wise" in self.modifiers or ".." in self.description

    def _join(self, begin: str, equals: str, values: Mapping[str, Value], comma: str) -> str:
        items = [f"{key}{equals}{format_value(value)}" for key, value in values.items()]
        return f"{self.info.name}{begin}{comma.join(items)}" if items else self.info.name


def loss_to_train(
    spec: str | Callable[..., Tensor] | None, family: Family | None = "aligned", near: Family | None = None
) -> BoxLoss | None:
    """Return the loss to train with, None for 'stock' and for None; otherwise as `build_loss`.

    Args:
        spec: As for `build_loss`.
        family: What kind of boxes the model has, which a function of a user's gets; None where that isn't known yet.
        near: The family whose names a misspelled one is compared with, where `family` is None; None for both.

    Raises:
        LossSpecError: If the loss is of other boxes; and as `build_loss`.
        ArgumentError: As `build_loss`.
    """
    if spec is None or spec == STOCK:
        return None
    try:
        loss = build_sum(read_spec(spec), family)
    except UnknownLossError as error:
        raise UnknownLossError(describe_unknown_loss(error.name, family or near), error.name) from None
    if family is not None:
        check_family(loss, family)
    return loss


def shorten_spec(spec: str) -> str:
    """Return the canonical spec of a loss: in the table's names, without the parameters that have their default.

    Raises:
        LossSpecError: As `build_loss`.
    """
    return STOCK if spec == STOCK else "+".join(term.spec for term in read_spec(spec))


def build_loss(spec: str | Callable[..., Tensor], **parameters: Value | None) -> BoxLoss:
    """Return the loss that a spec names, or that a function of one's own computes.

    Args:
        spec: `name` or `name:key=value,key=value`, for example 'focal_eiou:gamma=0.5'; several joined by + are a sum,
            as in 'ciou:weight=0.5+smooth_l1:weight=0.5'. `LOSSES` is the table of names; 'my_loss.py:f' and
            'package.module:f' are functions of one's own. A function takes two tensors of xyxy boxes of shape (N, 4),
            the predictions and their targets, or a `Pair`, and returns shape (N,). A loss of rotated boxes takes xywhr
            boxes of shape (N, 5) in place of xyxy ones; so does a function in a sum with one, which gets a
            `RotatedPair`.
        **parameters: More parameters of it, as in `build_loss("focal_eiou", gamma=1)`; None leaves one out.

    Raises:
        LossSpecError: If the spec can't be parsed, or names an unknown loss, parameter or value, or what doesn't fit
            together.
        ArgumentError: If a function of one's own can't be loaded, or doesn't take what it should.
    """
    terms = read_spec(add_parameters(spec, parameters) if isinstance(spec, str) else spec)
    if not isinstance(spec, str) and parameters:
        terms = [give_parameters(terms[0], parameters)]
    return build_sum(terms)


def build_sum(terms: Sequence[LossTerm], boxes: Family | None = None) -> BoxLoss:
    """Return the loss of the terms of a spec.

    Args:
        terms: The terms, at least one.
        boxes: What kind of boxes there are, if that is known: functions of a user's by themselves are of these, and
            otherwise of axis-aligned ones.
    """
    description = " + ".join(term.description for term in terms)
    family = find_family((term.info for term in terms), description) or boxes or "aligned"
    return BoxLoss(*(build_term(term, family) for term in terms), description=description, family=family)


def add_parameters(spec: str, parameters: Mapping[str, Value | None]) -> str:
    """Return a spec with parameters more, those that are None left out.

    Raises:
        LossSpecError: If there are some for a sum, of which each term has its own.
    """
    for key, value in parameters.items():
        if not isinstance(value, bool | float | int | str | Schedule | None):
            hint = (
                ": it goes into the call, as in loss(pred, target, image=(480, 640))"
                if key in ("image", "pixels")
                else ""
            )
            raise LossSpecError(
                f"{key}={value!r} is no parameter of a loss, which is a number, true, false or text{hint}."
            )
        if isinstance(value, str) and set(value) & set(",+=|"):
            raise LossSpecError(f"{key}={value!r} is more than a value: expected one, as in {key}=0.5, or '0..0.5'.")
    given = [f"{key}={format_value(value)}" for key, value in parameters.items() if value is not None]
    if not given:
        return spec
    if len(split_sum(spec)) > 1:
        raise LossSpecError(f"loss {spec!r} is a sum: write {', '.join(given)} into the term that it belongs to.")
    name, rest = split_name(spec)
    return f"{name}:{','.join([rest, *given] if rest else given)}"


def give_parameters(term: LossTerm, parameters: Mapping[str, Value | None]) -> LossTerm:
    """Return the term of a function with other values of its parameters, those that are None left out.

    Raises:
        LossSpecError: If the function has no such parameter.
    """
    given = {key: format_value(value) for key, value in parameters.items() if value is not None}
    return replace(term, values={**term.values, **read_parameters(term.info.name, given, term.info.parameters)})


def load_loss(spec: str, task: str | None = None) -> LossFunction:
    """Return the loss of a spec for a check: a function of a user's own is given as it is, with its parameters.

    Args:
        spec: As for `build_loss`.
        task: Ultralytics' name of the task whose boxes it must be of; None for any. A function of a user's own is of
            axis-aligned boxes, and with 'obb' of rotated ones.

    Raises:
        LossSpecError: If it is of other boxes than those of the task; and as `build_loss`.
        ArgumentError: As `build_loss`.
    """
    terms, family = read_spec(spec), TASK_FAMILIES[task] if task is not None else None
    if len(terms) == 1 and terms[0].info.form == "user" and not terms[0].modifiers:
        pair = PAIRS[family or "aligned"]
        return partial(cast(UserFunction, terms[0].info.function).on_boxes, terms[0].values, pair=pair)
    loss = build_sum(terms, family)
    if family is not None:
        check_family(loss, family, f"task={task} has")
    return loss


def build_aligned(spec: str) -> BoxLoss:
    """Return the loss of a spec for what is made for axis-aligned boxes: the paper's simulations.

    Raises:
        LossSpecError: If it is of rotated boxes; and as `build_loss`.
        ArgumentError: As `build_loss`.
    """
    loss = build_loss(spec)
    check_family(loss, "aligned", "the paper's simulations have")
    return loss


def identify_loss(spec: str | None) -> str:
    """Return what is the same for two specs that train alike: all values, and a digest of each function of a user's."""
    if spec is None or spec == STOCK:
        return STOCK
    sources = find_sources(spec)
    terms = []
    for term in read_spec(spec):
        source = sources.get(term.info.name)
        if source is not None:
            name = f"{source.module}:{source.function} {source.digest}"
            term = replace(term, info=replace(term.info, name=name))
        terms.append(term.description)
    return " + ".join(terms)


def read_spec(spec: str | Callable[..., Tensor]) -> list[LossTerm]:
    """Return the terms of a spec, or of a function; raises as `build_loss` does."""
    if isinstance(spec, BoxLoss):
        raise LossSpecError(f"got {spec!r}, which is built already: expected a spec like 'eiou', or a function.")
    if not isinstance(spec, str) and callable(spec):
        name = getattr(spec, "__name__", type(spec).__name__)
        info = describe_user_loss(name, spec, find_function_source(spec))
        return [LossTerm(info, {parameter.name: parameter.default for parameter in info.parameters}, {})]
    terms = [read_term(term) for term in split_sum(spec)]
    names = [replace_weight(term).spec for term in terms]
    if (twice := find_repeated(names)) is not None:
        raise LossSpecError(f"loss {spec!r} has the term '{names[twice]}' twice: name it once, with weight=2.")
    find_family((term.info for term in terms), spec)
    weights = [term.modifiers.get("weight", 1.0) for term in terms]
    for t in find_bends(*weights):
        if all(value_at(weight, t) == 0 for weight in weights):
            raise LossSpecError(f"loss {spec!r} is 0 at {t:.0%} of a training: expected a weight above 0 there.")
    return terms


def replace_weight(term: LossTerm) -> LossTerm:
    """Return a term without its weight in the sum."""
    return replace(term, modifiers={key: value for key, value in term.modifiers.items() if key != "weight"})


def read_term(term: str) -> LossTerm:
    """Return a term of a spec, read and checked; raises as `build_loss` does."""
    name, given = split_spec(term)
    info, implied = find_info(name)
    meaning = f"'{name}' is {info.name}:{','.join(f'{key}={value}' for key, value in implied.items())}, and "
    given = {**{key: value for key, value in implied.items() if key not in given}, **given}
    own = {parameter.name for parameter in info.parameters}
    for key in given:
        if key not in own and key in MODIFIERS:
            check_modifier(info, key, given, meaning if key in implied else "")
    allowed = [MODIFIERS[key] for key in MODIFIERS if key in info.modifiers and key not in own]
    read = read_parameters(info.name, given, [*info.parameters, *allowed])
    values = {key: value for key, value in read.items() if key in own}
    check_values(info, values, given)
    modifiers = {key: value for key, value in read.items() if key in given and key not in own}
    check_modifiers(info, modifiers)
    if info.name == "eiou" and "focal" in modifiers:  # two spellings of one loss
        focal = {"gamma": modifiers.pop("focal"), "norm": read["norm"], "detach": read["detach"]}
        info, values = LOSSES["focal_eiou"], focal
        modifiers = {key: value for key, value in modifiers.items() if key not in focal}
    defaults = {"focaler_low": 0, "norm": "paper", "detach": True, "wise": False, "weight": 1}
    modifiers = {key: value for key, value in modifiers.items() if defaults.get(key) != value}
    return LossTerm(info, values, {key: modifiers[key] for key in MODIFIERS if key in modifiers})


def find_info(name: str) -> tuple[LossInfo, dict[str, str]]:
    """Return the row of a loss, and the parameters that its name implies.

    A name that is a file's, or a registered one, is a user's; any other is so only where the table hasn't got it.

    Raises:
        LossSpecError: If the name is unknown, or that of a loss that isn't built.
        ArgumentError: If it is a user's, and can't be loaded.
    """
    if is_own(name) and (own := find_own(name)):
        return own, {}
    if name == STOCK:
        raise LossSpecError(
            "'stock' is the model's own box loss and only trains, by itself: use 'ciou', which is YOLO's with guards, "
            "'probiou' with rotated boxes, or 'giou', which is RT-DETR's."
        )
    if unbuilt := find_unbuilt(name):
        raise LossSpecError(f"'{name}' is not built ({unbuilt.source}): {unbuilt.reason}. 'yolo losses' lists all.")
    if found := resolve_name(name):
        return LOSSES[found[0]], found[1]
    if is_unkept(name) or name.startswith("user_"):
        raise LossSpecError(
            f"'{name}' was a function of Python's whose source no run could keep: give it again, as in "
            f"train(loss={name.removeprefix('user_')}), or by register_loss('{name}', …) in each process."
        )
    if own := find_own(name):
        return own, {}
    if "," in name:
        raise LossSpecError(
            f"got several losses, '{name}': a training takes one. Their sum is '{name.replace(',', '+')}', and "
            f"'yolo ablate losses={name}' compares them."
        )
    if "." in name:
        raise LossSpecError(f"unknown loss '{name}': a function of your own is 'file.py:f' or 'package.module:f'.")
    raise UnknownLossError(describe_unknown_loss(name), name)


def check_modifier(info: LossInfo, key: str, given: Mapping[str, str], meaning: str = "") -> None:
    """Raise LossSpecError if a loss doesn't take a modifier, or it needs another one that isn't given.

    Args:
        info: The loss.
        key: The modifier.
        given: All that is given, as text.
        meaning: The start of the message where the modifier came with the loss's name.
    """
    if key not in info.modifiers:
        takers = [name for name, other in LOSSES.items() if key in other.modifiers and other.family == info.family]
        reason = info.refusal or ("it is none of the losses for which that is defined")
        told = f"It is for {', '.join(takers)}" if takers else "No loss of rotated boxes does"
        raise LossSpecError(f"{meaning}loss '{info.name}' doesn't take {key}=: {reason}. {told}.")
    base = DEPENDENT_MODIFIERS.get(key)
    if base and base not in given:
        raise LossSpecError(f"loss '{info.name}': {key}= counts with {base}= alone: give that too, or leave it out.")


def check_values(info: LossInfo, values: Mapping[str, Value], given: Mapping[str, str]) -> None:
    """Raise LossSpecError if a given parameter counts for nothing, or two aren't in order."""
    for key, (other, counts) in info.only_with.items():
        if key in given and values[other] not in counts:
            wanted = " or ".join(f"{other}={value}" for value in counts)
            raise LossSpecError(
                f"loss '{info.name}': {key}= counts for nothing with {other}={format_value(values[other])}: give "
                f"{wanted}, or leave it out."
            )
    for low, high in zip(info.rising, info.rising[1:], strict=False):
        check_order(info.name, low, values[low], high, values[high])
    for key, (low, high) in info.gaps.items():
        ends = [value_at(values[key], t) for t in find_bends(values[key])]
        if not (max(ends) <= low or min(ends) >= high):
            raise LossSpecError(
                f"loss '{info.name}': {key}={format_value(values[key])} is, or comes, between {format_value(low)} and "
                f"{format_value(high)}: give {format_value(low)}, or a number from {format_value(high)} up."
            )


def check_modifiers(info: LossInfo, modifiers: Mapping[str, Value]) -> None:
    """Raise LossSpecError if modifiers don't fit together."""
    if "focal" in modifiers and modifiers.get("wise"):
        raise LossSpecError(
            f"loss '{info.name}': focal= and wise= are two weights, and Eq. 11 of Focal-EIoU would cancel the level of "
            "the other: give one of them."
        )
    if "focaler" in modifiers:
        check_order(info.name, "focaler_low", modifiers.get("focaler_low", 0.0), "focaler", modifiers["focaler"])


def check_order(name: str, low: str, low_value: Value, high: str, high_value: Value) -> None:
    """Raise LossSpecError unless one number is below another, throughout a training."""
    if not all(value_at(low_value, t) < value_at(high_value, t) for t in find_bends(low_value, high_value)):
        raise LossSpecError(
            f"loss '{name}': {low}={format_value(low_value)} must be below {high}={format_value(high_value)} "
            "throughout a training."
        )


def find_bends(*values: Value) -> list[float]:
    """Return the points of a training, from 0 to 1, between which all of these values change linearly."""
    return sorted({0.0, 1.0, *(value.arrival for value in values if isinstance(value, Schedule))})


def build_term(term: LossTerm, family: Family) -> Term:
    """Return the loss of a term, in a sum for boxes of a family."""
    loss, weight, norm = bind_functions(term, family)
    factor, units = cast("float | Schedule", term.modifiers.get("weight", 1)), term.info.needs_units
    if weight is None:
        return Term(loss, None, "mean" if norm == "mean" else "tal", factor, needs_units=units)
    values = dict(weight.parameters)
    mean = RunningMean(values.pop("momentum")) if "momentum" in values else None
    return Term(loss, Bound(weight.function, values), norm, factor, running_mean=mean, needs_units=units)


def bind_functions(term: LossTerm, family: Family) -> tuple[Bound, Bound | None, Norm]:
    """Return the loss of a term, the weight on it, None for none, and what the sum over a batch is divided by.

    A weight that looks at the overlap does so as the family of the boxes has it. One that is 1 for these values is
    dropped, and the sums are then those of the loss alone.
    """
    info, modifiers = term.info, term.modifiers
    of_weight = {parameter.name for parameter in WEIGHTS[info.weight].parameters} if info.weight else set()
    own = {key: value for key, value in term.values.items() if key != "norm" and key not in of_weight}
    if isinstance(info.function, UserFunction):
        texts = {key: value for key, value in term.values.items() if isinstance(value, str)}
        numbers = {key: value for key, value in term.values.items() if key not in texts}
        loss = Bound(replace(info.function, texts=texts), numbers)
    else:
        loss = Bound(info.function, own)
    if info.form == "penalty":
        transforms = {key: value for key, value in modifiers.items() if key in TRANSFORMS}
        function = transformed_loss if transforms else overlap_loss
        loss = Bound(function, {"penalties": info.function, **transforms, **own})
    weight, values, norm = read_weight(term, family)
    if weight is None or (weight.neutral is not None and weight.neutral in values.items()):
        return loss, None, norm
    return loss, Bound(weight.function, values), norm


def read_weight(term: LossTerm, family: Family) -> tuple[LossInfo | None, dict[str, Any], Norm]:
    """Return the weight on a term, None for none, its parameters, and the norm that goes with it."""
    modifiers = dict(term.modifiers)
    if term.info.weight:
        weight, given = WEIGHTS[term.info.weight], term.values
    elif "focal" in modifiers:
        name = "probiou_power" if family == "rotated" else "iou_power"
        weight, given = WEIGHTS[name], {**term.values, **modifiers, "gamma": modifiers["focal"]}
    elif "wise" in modifiers:
        weight, given = WEIGHTS["wise"], {}
    else:
        return None, {}, "tal"
    values = {parameter.name: given.get(parameter.name, parameter.default) for parameter in weight.parameters}
    return weight, values, cast(Norm, given.get("norm", "tal" if weight.name == "wise" else NORM.default))
