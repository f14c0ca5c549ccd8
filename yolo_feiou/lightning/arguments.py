"""The arguments with which a detector trains: their names, defaults and ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.losses.build import STOCK, loss_to_train
from yolo_feiou.parameters import AutoFloat, Choice, Flag, Float, Int, Parameter, Text, format_arguments

#: All but those that say what trains on what, and those that take several forms; the defaults are the paper's.
PARAMETERS: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Int("seed", 0, 0, 2**31 - 1),
        Int("iterations", 90_000, 1, 10**8),
        Int("epochs", 0, 0, 10**6),  # 0 for as many as `iterations` make
        Int("intervals", 12, 1, 10_000),
        Int("batch", 16, 1, 65_536),
        Int("imgsz", 800, 32, 8_192),
        Int("workers", 4, 0, 256),
        Float("lr0", 0.01, 0, 1e3),
        Float("momentum", 0.9, 0, 1),
        Float("weight_decay", 1e-4, 0, 1),
        Int("warmup_iterations", 500, 0, 10**8),
        Float("clip", 0.0, 0, 1e9),
        Float("fliplr", 0.5, 0, 1),
        Flag("amp", False),
        Flag("rpn", False),
        Choice("scoring", "giou", ("giou", "loss")),
        AutoFloat("box", "auto", 0, 1e6),
        Flag("single_cls", False),
        Flag("check", True),
        Flag("val", True),
        Flag("exist_ok", False),
    )
}
#: What trains on what, where it goes, and what takes several forms.
OTHERS: Mapping[str, Any] = {
    "model": None,
    "data": None,
    "loss": STOCK,
    "encode": "auto",
    "classes": None,
    "device": None,
    "project": None,
    "name": None,
    "resume": False,
}
DEFAULTS: Mapping[str, Any] = {**OTHERS, **{name: parameter.default for name, parameter in PARAMETERS.items()}}

DETECTOR_USAGE = """yolo train model=DETECTOR.yaml data=DATA [loss=LOSS] [argument=value ...] [cfg=RECIPE.yaml]

Trains RetinaNet, Faster or Mask R-CNN, ATSS or PAA.

"""
MEANINGS: Mapping[str, str] = {
    "model": "the YAML of a detector, or a checkpoint to begin from",
    "data": "a data YAML, as for YOLO",
    "loss": "the box loss; stock is the detector's own",
    "box": "the gain of the box loss; auto is 1.0 for losses of errors, 2.5 for others, its own for stock",
    "seed": "of weights, batches, flips and samples",
    "iterations": "training steps",
    "epochs": "in place of iterations: passes over the training images; a row of results.csv for each",
    "intervals": "rows of results.csv, checkpoints and validations in a training of so many iterations",
    "batch": "images in a step, over all processes",
    "imgsz": "the shorter side of an image in pixels; the longer one is at most 1333/800 of it",
    "device": "cpu, 0, or 0,1,2,3",
    "workers": "processes that read images, for each process that trains",
    "lr0": "the learning rate, divided by 10 after 2/3 and after 8/9 of the steps; biases have twice as much",
    "momentum": "of SGD",
    "weight_decay": "of weights; biases have none",
    "warmup_iterations": "steps at a third of lr0, a tenth of all at most",
    "clip": "the largest norm of the gradient; 0 for any",
    "fliplr": "the share of images that are flipped from left to right",
    "amp": "half precision: float16 on GPUs, bfloat16 on CPUs",
    "rpn": "whether the proposals of an R-CNN train with the loss too",
    "encode": "weights of the errors of ℓn losses in x, y, width and height, as in 10,10,5,5; auto is the box coder's",
    "scoring": "what scores the anchors of PAA: giou, or the loss",
    "classes": "indices of the classes that count",
    "single_cls": "whether all objects count as one class",
    "check": "whether a loss of your own is tried before it trains",
    "val": "whether the model is validated after each interval",
    "project": "the folder that the run's folder is made in",
    "name": "the run's folder",
    "exist_ok": "whether an existing folder may be written to",
    "resume": "whether the training of a last.pt goes on",
}


def format_detector_help() -> str:
    """Return the help on `yolo train` for these detectors: a line for each argument."""
    others = [Text(name, "" if value is None else str(value), MEANINGS[name]) for name, value in OTHERS.items()]
    read = [replace(parameter, meaning=MEANINGS[name]) for name, parameter in PARAMETERS.items()]
    first = sorted(others, key=lambda one: one.name != "loss")
    return DETECTOR_USAGE + format_arguments([*first, *read])


@dataclass(frozen=True)
class Schedule:
    """How long a training is.

    Attributes:
        iterations: Steps.
        epochs: Passes over the training images, the last of which may be a part.
        parts: In how many parts it is, each of which ends with a row of results.csv and a checkpoint.
    """

    iterations: int
    epochs: float
    parts: int

    def end_of(self, part: int) -> int:
        """Return the step with which a part, from 1, ends."""
        return self.iterations * part // self.parts


def make_schedule(arguments: Mapping[str, Any], images: int) -> Schedule:
    """Return how long a training is on so many images."""
    batch, epochs = arguments["batch"], arguments["epochs"]
    if epochs:
        return Schedule(max(1, round(epochs * images / batch)), epochs, min(epochs, max(1, epochs * images // batch)))
    iterations = arguments["iterations"]
    return Schedule(iterations, round(iterations * batch / images, 2), min(arguments["intervals"], iterations))


def complete_arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all arguments of a training, read and checked: those given, and defaults for the others.

    Args:
        given: By name, as values or as text.

    Raises:
        ArgumentError: If one is unknown, or its value isn't allowed.
        LossSpecError: If the loss is wrong.
    """
    values = dict(DEFAULTS)
    for key, value in given.items():
        if key not in DEFAULTS:
            raise ArgumentError(
                f"'{key}' is no argument of a detector's training{did_you_mean(key, DEFAULTS)} "
                f"It has {', '.join(DEFAULTS)}."
            )
        values[key] = _read(key, value) if value is not None else DEFAULTS[key]
    if values["epochs"] and given.get("iterations") is not None:
        raise ArgumentError(
            f"got epochs={given['epochs']} and iterations={given['iterations']}, two lengths of one training: give one."
        )
    values["loss"] = STOCK if values["loss"] in (None, "None", "none") else values["loss"]
    if values["loss"] != STOCK:
        loss_to_train(values["loss"])
    return values


def _read(key: str, value: Any) -> Any:
    """Return the value of an argument, which may come as text."""
    if key in ("encode", "classes") and value != "auto":
        return _read_numbers(key, value)
    if key == "resume":
        return Flag(key, False).read(str(value)) if str(value).lower() in ("true", "false") else value
    if key not in PARAMETERS:
        return value
    parameter = PARAMETERS[key]
    try:
        return parameter.read(_plain(value))
    except ValueError:
        raise ArgumentError(f"{key}={value} is not {parameter.expected}: {MEANINGS[key]}.") from None


def _plain(value: Any) -> str:
    """Return a value as text; 5 for 5.0, which a YAML may have in place of a whole number."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _read_numbers(key: str, value: Any) -> list[float] | list[int]:
    """Return a list of numbers, which may be given as text or, for one, as itself."""
    if isinstance(value, str):
        words: list[Any] = [word.strip() for word in value.strip("[]()").split(",")]
    else:
        words = [*value] if isinstance(value, list | tuple) else [value]
    kind = int if key == "classes" else float
    try:
        return [kind(word if isinstance(word, str) else _plain(word)) for word in words]
    except ValueError:
        raise ArgumentError(f"{key}={value} is no list of numbers: {MEANINGS[key]}.") from None
