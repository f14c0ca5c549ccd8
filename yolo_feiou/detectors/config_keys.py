"""The keys of a detector's YAML: their types and ranges, defaults, and which detectors have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.parameters import Choice, Float, Int, Parameter, Text

#: Feature maps of a detector, from which it makes detections.
LEVELS = 5
REGIONS = ("faster_rcnn", "mask_rcnn")
TILES = ("atss", "paa")
#: The detectors, and the names of their architectures in messages.
DETECTORS = {
    "retinanet": "RetinaNet",
    "faster_rcnn": "Faster R-CNN",
    "mask_rcnn": "Mask R-CNN",
    "atss": "ATSS",
    "paa": "PAA",
}
BACKBONES = (
    *(f"resnet{layers}" for layers in (18, 34, 50, 101, 152)),
    *("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2"),
)
#: Keys with a single value.
PARAMETERS: tuple[Parameter, ...] = (
    Choice("detector", "", tuple(DETECTORS)),
    Choice("backbone", "resnet50", BACKBONES),
    Text("weights", "imagenet", "imagenet, none, or the path of a backbone's state dict"),
    Int("trainable_stages", 3, 0, 5),
    Choice("norm", "auto", ("auto", "frozen", "batch", "group")),
    Choice("head_norm", "none", ("none", "group")),
    Float("score_threshold", 0.05, 0, 1),
    Float("nms", 0.5, 0, 1),
    Int("detections", 100, 1, 10_000),
    Int("candidates", 1000, 1, 100_000),
    Int("proposals", 2000, 1, 100_000),
    Int("test_proposals", 1000, 1, 100_000),
    Int("regions", 512, 1, 100_000),
    Float("anchor_scale", 8, 0.5, 64),
)
#: Keys that some detectors have alone.
ONLY = {
    "anchor_sizes": ("retinanet", *REGIONS),
    "aspect_ratios": ("retinanet", *REGIONS),
    "anchor_scale": TILES,
    "head_norm": ("retinanet",),
    "candidates": ("retinanet", *TILES),
    "proposals": REGIONS,
    "test_proposals": REGIONS,
    "regions": REGIONS,
}
LISTS = {
    "anchor_sizes": f"{LEVELS} numbers above 0, or {LEVELS} lists of as many numbers each, one a level, in pixels",
    "aspect_ratios": "a list of numbers above 0, as in [0.5, 1, 2]",
}
RETINANET_SIZES = ((32, 40, 50), (64, 80, 101), (128, 161, 203), (256, 322, 406), (512, 645, 812))


def find_defaults(detector: str) -> dict[str, Any]:
    """Return the defaults of all keys."""
    defaults = {parameter.name: parameter.default for parameter in PARAMETERS}
    sizes = RETINANET_SIZES if detector == "retinanet" else tuple((one,) for one, *_ in RETINANET_SIZES)
    anchors = {"anchor_sizes": sizes, "aspect_ratios": (0.5, 1, 2)}
    return {**defaults, **anchors, "nms": 0.6 if detector in TILES else 0.5}


def read_value(parameter: Parameter, value: Any, source: str) -> Any:
    """Return the value of a key, read and checked; YAML's `weights:` without anything is 'none'."""
    if parameter.name == "weights" and value is None:
        value = "none"
    wrong_type = isinstance(value, bool) or not isinstance(value, str | int | float | Path)
    try:
        if wrong_type:
            raise ValueError(value)
        text = str(value).strip()
        read = parameter.read(text.lower() if text.lower() in ("none", "imagenet") else text)
    except ValueError:
        hint = did_you_mean(str(value), parameter.choices) if isinstance(parameter, Choice) else "."
        raise ArgumentError(f"{source}: {parameter.name}={value} is not {parameter.expected}{hint}") from None
    return read


def read_list(key: str, value: Any, source: str) -> Any:
    """Return the value of `anchor_sizes`, a tuple a level, or of `aspect_ratios`."""
    try:
        if key == "aspect_ratios":
            return _read_numbers(value)
        levels = tuple(_read_numbers(level if isinstance(level, list | tuple) else [level]) for level in list(value))
        if len(levels) != LEVELS or len(set(map(len, levels))) != 1:
            raise ValueError(value)
        return levels
    except (ValueError, TypeError):
        raise ArgumentError(f"{source}: {key}={value} is not {LISTS[key]}.") from None


def _read_numbers(value: Any) -> tuple[float, ...]:
    numbers = [number for number in value if isinstance(number, int | float) and not isinstance(number, bool)]
    if not numbers or len(numbers) != len(value) or not all(0 < number < float("inf") for number in numbers):
        raise ValueError(value)
    return tuple(numbers)
