"""Losses as functions of two tensors of boxes, made from their rows of the table: see `yolo_feiou.ops`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from functools import lru_cache
from inspect import Parameter, Signature
from typing import Any

import torch
from torch import Tensor

from yolo_feiou.errors import did_you_mean
from yolo_feiou.losses.axes import is_compiling
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import LossTerm, add_parameters, bind_functions, read_term
from yolo_feiou.losses.rotated_boxes import AnyPair, RotatedPair
from yolo_feiou.losses.table import MODIFIER_MEANINGS, MODIFIERS, Family, LossInfo
from yolo_feiou.parameters import Choice, Flag, LossParameter, Schedule, Value

#: Parameters that only a training has a use for.
TRAINING_PARAMETERS = ("norm", "momentum", "weight")
REDUCTIONS = ("none", "mean", "sum")
#: Of each family, what the coordinates of a box are, how many there are, and what a pair of such boxes is.
BOXES: dict[Family, tuple[str, int, type[AnyPair]]] = {
    "aligned": ("xyxy", 4, Pair),
    "rotated": ("rotated xywhr", 5, RotatedPair),
}
#: What a function may take beside parameters: its type, its default and its meaning.
ARGUMENTS = {
    "mean": ("Tensor | float", 1.0, "The running mean of 1 − IoU that the weight of Wise-IoU compares each pair with."),
    "image": ("Sequence[float] | Tensor | None", None, "Height and width of the image in pixels; it must be given."),
    "pixels": ("Tensor | float", 1.0, "Pixels per unit of the boxes, a number or of shape (...)."),
}


def make_function(info: LossInfo) -> Callable[..., Tensor]:
    """Return the function of a loss, with its signature and docstring.

    It keeps no state. While torch.compile traces it, no parameter is checked.
    """
    name, signature = f"{info.name}_loss", make_signature(info)
    form, width, pair_class = BOXES[info.family]
    known = list(signature.parameters)[3:]
    own = {parameter.name: start_of(parameter.default) for parameter in info.parameters}
    words = [parameter.name for parameter in info.parameters if isinstance(parameter, Choice)]

    def function(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", **options: Any) -> Tensor:
        check_boxes(boxes1, boxes2, reduction, form, width)
        for key in options:
            if key not in known:
                raise TypeError(
                    f"{name}() has no parameter '{key}'{did_you_mean(key, known)} It has {', '.join(known)}."
                )
        given = {key: value for key, value in options.items() if value is not None and key not in ARGUMENTS}
        if is_compiling():  # which can't trace the grammar of specs
            modifiers = {key: value for key, value in given.items() if key not in own}
            if modifiers.get("wise") is False:  # what a spec leaves out; detach=False is kept
                del modifiers["wise"]
            values = {key: given.get(key, default) for key, default in own.items()}
            term = LossTerm(info, {**values, **{key: str(values[key]) for key in words}}, modifiers)
        else:
            term = read_cached_term(add_parameters(info.name, given))
        pixels = options.get("pixels", 1.0)
        if isinstance(pixels, Tensor) and pixels.ndim:
            if pixels.shape != boxes1.shape[:-1]:
                raise ValueError(
                    f"got pixels of shape {tuple(pixels.shape)} for boxes of shape {tuple(boxes1.shape)}: expected a "
                    f"number, or shape {tuple(boxes1.shape[:-1])}"
                )
            pixels = pixels.reshape(-1)
        pair = pair_class(boxes1.reshape(-1, width), boxes2.reshape(-1, width), options.get("image"), pixels)
        value = evaluate_term(term, pair, options.get("mean")).reshape(boxes1.shape[:-1])
        return reduce_values(value, reduction)

    function.__name__ = function.__qualname__ = name
    function.__code__ = function.__code__.replace(co_name=name)  # torch.compile counts its graphs by code
    function.__doc__ = write_docstring(info, signature)
    vars(function)["__signature__"] = signature
    return function


def make_signature(info: LossInfo) -> Signature:
    """Return the signature of a loss's function; its annotations are text."""
    own = {parameter.name: parameter for parameter in info.parameters if parameter.name not in TRAINING_PARAMETERS}
    skipped = {parameter.name for parameter in info.parameters} | {*TRAINING_PARAMETERS}
    modifiers = [MODIFIERS[key] for key in MODIFIERS if key in info.modifiers and key not in skipped]
    arguments = ["mean"] * (info.weight == "wise" or "wise" in info.modifiers)
    arguments += ["image"] * (info.name == "mpdiou") + ["pixels"] * info.needs_units
    literal = ", ".join(f'"{word}"' for word in REDUCTIONS)
    return Signature(
        [
            *(Parameter(key, Parameter.POSITIONAL_OR_KEYWORD, annotation="Tensor") for key in ("boxes1", "boxes2")),
            Parameter("reduction", Parameter.POSITIONAL_OR_KEYWORD, default="none", annotation=f"Literal[{literal}]"),
            *(
                Parameter(p.name, Parameter.KEYWORD_ONLY, default=start_of(p.default), annotation=name_type(p))
                for p in own.values()
            ),
            *(
                Parameter(p.name, Parameter.KEYWORD_ONLY, default=None, annotation=f"{name_type(p)} | None")
                for p in modifiers
            ),
            *(
                Parameter(key, Parameter.KEYWORD_ONLY, default=ARGUMENTS[key][1], annotation=ARGUMENTS[key][0])
                for key in arguments
            ),
        ],
        return_annotation="Tensor",
    )


def name_type(parameter: LossParameter) -> str:
    """Return the type of a parameter, as an annotation."""
    if isinstance(parameter, Flag):
        return "bool"
    if isinstance(parameter, Choice):
        words = [f'"{word}"' for word in parameter.choices]
        return f"Literal[{', '.join([*words, *(word for word in parameter.choices if word.isdecimal())])}]"
    return "float"


def start_of(default: Value) -> Value:
    """Return a default outside of a training: of a schedule, its start."""
    return default.start if isinstance(default, Schedule) else default


def write_docstring(info: LossInfo, signature: Signature) -> str:
    """Return the docstring of a loss's function."""
    known = {**MODIFIERS, **{parameter.name: parameter for parameter in info.parameters}}
    meanings = {**MODIFIER_MEANINGS, **info.meanings}
    form, width, _ = BOXES[info.family]
    lines = [
        f"boxes1: The predictions, {form} boxes, shape (..., {width}).",
        "boxes2: Their targets, of the same shape and unit.",
        "reduction: 'none' for the value of each pair, 'mean' for their plain mean, 'sum' for their sum.",
    ]
    for key in list(signature.parameters)[3:]:
        meaning = ARGUMENTS[key][2] if key in ARGUMENTS else f"{meanings[key]}; {known[key].expected}."
        of = known.get(key)
        lines.append(f"{key}: {capitalize(meaning, of.choices if isinstance(of, Choice) else ())}")
    text = "\n".join(textwrap.fill(line, 115, initial_indent=" " * 4, subsequent_indent=" " * 8) for line in lines)
    return (
        f"{capitalize(info.meaning)}.\n\n{info.paper}, {info.equation}.\n\nArgs:\n{text}\n\n"
        "Returns:\n    Shape (...), or a scalar; in float32 or better."
    )


def capitalize(text: str, values: Sequence[str] = ()) -> str:
    """Return a text with a capital, unless it begins with a formula, or with one of the values of an argument."""
    first = text.split()[0]
    return text[0].upper() + text[1:] if first.isalpha() and first not in values else text


@lru_cache(maxsize=1024)
def read_cached_term(spec: str) -> LossTerm:
    """Return the term of a spec, as `read_term` does."""
    return read_term(spec)


def check_boxes(boxes1: Tensor, boxes2: Tensor, reduction: str, form: str = "xyxy", width: int = 4) -> None:
    """Raise TypeError or ValueError unless these are boxes of one shape, and the reduction is known.

    Args:
        boxes1: The predictions.
        boxes2: Their targets.
        reduction: Its name.
        form: What the coordinates of a box are.
        width: How many there are.
    """
    if not (isinstance(boxes1, Tensor) and isinstance(boxes2, Tensor)):
        kinds = f"{type(boxes1).__name__} and {type(boxes2).__name__}"
        raise TypeError(f"got {kinds}: expected boxes1 and boxes2 as torch tensors, see torch.as_tensor")
    if boxes1.shape != boxes2.shape or not boxes1.ndim or boxes1.shape[-1] != width:
        raise ValueError(
            f"got boxes of shape {tuple(boxes1.shape)} and {tuple(boxes2.shape)}: expected boxes1 and boxes2 as {form} "
            f"boxes of the same shape (..., {width})"
        )
    if reduction not in REDUCTIONS:
        raise ValueError(f"got reduction={reduction!r}: expected 'none', 'mean' or 'sum'")


def evaluate_term(term: LossTerm, pair: AnyPair, mean: Tensor | float | None) -> Tensor:
    """Return the loss of each pair, times its weight.

    Args:
        term: The loss.
        pair: The boxes.
        mean: The running mean that a weight by Wise-IoU compares them with; None is 1.

    Raises:
        ValueError: If there is a mean, and no such weight.
    """
    loss, weight, _ = bind_functions(term, term.info.family)
    if weight is None or "momentum" not in weight.parameters:
        if mean is not None:
            raise ValueError(
                f"mean= counts for nothing in {term.description}: it is for wise=true, and for versions 2 and 3 of wiou"
            )
        return loss(pair) if weight is None else weight(pair) * loss(pair)
    parameters = {key: value for key, value in weight.parameters.items() if key != "momentum"}
    value = loss(pair)
    return weight.function(pair, mean=torch.as_tensor(1.0 if mean is None else mean).to(value), **parameters) * value


def reduce_values(value: Tensor, reduction: str) -> Tensor:
    """Return the values, their mean, 0 of none, or their sum."""
    if reduction == "none":
        return value
    return value.sum() if reduction == "sum" or not value.numel() else value.mean()
