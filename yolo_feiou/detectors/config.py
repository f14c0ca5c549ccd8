"""What a detector is made of: the YAML files in `cfg/detectors`, or a user's own. No model is built to know it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from yolo_feiou.detectors.config_keys import (
    DETECTORS,
    LISTS,
    ONLY,
    PARAMETERS,
    REGIONS,
    find_defaults,
    read_list,
    read_value,
)
from yolo_feiou.errors import ArgumentError, MissingFileError, did_you_mean

_HERE = Path(__file__).parents[1]
#: `cfg/` lies in the package when it is installed, and beside it in a checkout.
DETECTORS_DIR = next(folder for folder in (_HERE / "cfg", _HERE.parent / "cfg") if folder.is_dir()) / "detectors"

#: The key under which a checkpoint has the keys of its detector's YAML, and by which it is known.
CHECKPOINT_KEY = "detector_config"


@dataclass(frozen=True)
class DetectorConfig:
    """What a detector is made of; what it has no use for is None. Make one by `from_dict`, which checks it.

    Attributes:
        detector: 'retinanet', 'faster_rcnn', 'mask_rcnn', 'atss' or 'paa'.
        backbone: A ResNet of torchvision's; the feature pyramid on it has five levels.
        weights: Of the backbone: 'imagenet' for torchvision's IMAGENET1K_V1, 'none', or the path of a state dict.
        trainable_stages: How many of the backbone's five stages are trained, from the last one; all without weights.
        norm: Its norms: 'frozen' or 'batch' for BatchNorm, 'group' for GroupNorm of 32 groups (without weights), 'auto'
            for 'frozen' with weights and 'batch' without.
        head_norm: Of the convolutions in RetinaNet's head: 'none' as in its paper, or 'group' for GroupNorm of 32
            groups, as ATSS and PAA have it always.
        score_threshold: Class score above which there is a detection.
        nms: IoU above which NMS drops a detection of the same class: 0.5, for ATSS and PAA 0.6.
        detections: How many an image has at most.
        candidates: How many detections a level has before NMS at most. Not of R-CNNs.
        anchor_sizes: √area of the anchors of each level, in pixels. Not of ATSS and PAA.
        aspect_ratios: Height / width of the anchors. Not of ATSS and PAA.
        anchor_scale: Side of the square anchor of a location, in strides. Of ATSS and PAA.
        proposals: How many a level has before NMS in training at most, and an image after it. Of R-CNNs.
        test_proposals: The same in testing.
        regions: How many proposals of an image are sampled for training. Of R-CNNs.
    """

    detector: str
    backbone: str
    weights: str
    trainable_stages: int
    norm: str
    head_norm: str | None
    score_threshold: float
    nms: float
    detections: int
    candidates: int | None
    anchor_sizes: tuple[tuple[float, ...], ...] | None
    aspect_ratios: tuple[float, ...] | None
    anchor_scale: float | None
    proposals: int | None
    test_proposals: int | None
    regions: int | None

    @property
    def title(self) -> str:
        """The name of the architecture: 'Faster R-CNN'."""
        return DETECTORS[self.detector]

    @property
    def first_label(self) -> int:
        """The label of the first class: 1 where 0 is the background."""
        return int(self.detector in REGIONS)

    @property
    def needs_masks(self) -> bool:
        """Whether it trains on a mask of each object."""
        return self.detector == "mask_rcnn"

    @property
    def trains_norms(self) -> bool:
        """Whether its BatchNorm measures the batch, so that small or shared batches change the training."""
        return self.norm == "batch" or (self.norm == "auto" and self.weights == "none")

    def to_dict(self) -> dict[str, Any]:
        """Return the keys that a YAML of it would have, of plain numbers, text and lists."""
        return {key: _as_lists(value) for key, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, keys: Mapping[str, Any], source: str = "detector") -> DetectorConfig:
        """Return the configuration with these keys, and defaults for the others.

        Args:
            keys: Those of a YAML; `detector` is needed.
            source: Where they are from, for messages.

        Raises:
            ArgumentError: If a key is unknown, missing or not for this detector, or its value not allowed.
        """
        by_name = {parameter.name: parameter for parameter in PARAMETERS}
        if "detector" not in keys:
            raise ArgumentError(f"{source} has no key 'detector': expected {by_name['detector'].expected}.")
        detector = read_value(by_name["detector"], keys["detector"], source)
        known = [field.name for field in fields(cls) if detector in ONLY.get(field.name, (detector,))]
        for key in keys:
            if key in ONLY and key not in known:
                owners = ", ".join(DETECTORS[name] for name in ONLY[key])
                raise ArgumentError(f"{source}: {DETECTORS[detector]} has no '{key}', which is for {owners}.")
            if key not in known:
                raise ArgumentError(
                    f"{source} has the unknown key '{key}'{did_you_mean(str(key), known)} It has {', '.join(known)}."
                )
        defaults = find_defaults(detector)
        given = {key: keys.get(key, defaults[key]) for key in known}
        values: dict[str, Any] = dict.fromkeys(field.name for field in fields(cls))
        for key, value in given.items():
            values[key] = read_list(key, value, source) if key in LISTS else read_value(by_name[key], value, source)
        if values["norm"] == "group" and values["weights"] != "none":
            raise ArgumentError(
                f"{source}: norm=group with weights={values['weights']}: those are of a backbone with BatchNorm. Give "
                "weights=none, or norm=frozen or batch."
            )
        return cls(**values)


def find_detector_config(name: object) -> Path | None:
    """Return the YAML of a detector, None if `name` is none: it is asked for at every training, and reads little.

    Args:
        name: The path of a user's own, which goes first, or the name of one in `cfg/detectors`, with or without .yaml.
    """
    if not isinstance(name, str | Path) or not str(name):
        return None
    path = Path(name)
    if path.exists():
        return path if path.suffix in (".yaml", ".yml") and path.is_file() and _has_detector(path) else None
    ours = DETECTORS_DIR / f"{str(name).removesuffix('.yaml')}.yaml"
    return ours if ours.parent == DETECTORS_DIR and ours.is_file() else None


def is_detector(name: object) -> bool:
    """Return whether `name` is the YAML of a detector: one with a key `detector`, see `find_detector_config`."""
    return find_detector_config(name) is not None


def read_detector_config(name: str | Path) -> DetectorConfig:
    """Return what a YAML says of a detector.

    Raises:
        MissingFileError: If there is no such file, or it has no key `detector`.
        ArgumentError: If it is no YAML of `key: value` lines, or one of them is wrong.
    """
    path = find_detector_config(name)
    if path is None:
        ours = sorted(file.name for file in DETECTORS_DIR.glob("*.yaml"))
        raise MissingFileError(
            f"model={name} is no YAML of a detector, with a key 'detector'{did_you_mean(str(name), ours)} "
            f"There are {', '.join(ours)}."
        )
    try:
        keys = yaml.safe_load(path.read_text(encoding="utf-8", errors="ignore"))
    except yaml.YAMLError as error:
        raise ArgumentError(f"model={name} is not YAML: {error}. Expected lines like 'detector: retinanet'.") from None
    if not isinstance(keys, dict):
        raise ArgumentError(f"model={name} holds {type(keys).__name__}: expected lines like 'detector: retinanet'.")
    return DetectorConfig.from_dict(keys, f"model={name}")


def _has_detector(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="ignore")
    return re.search(r"^[\"']?detector[\"']?\s*:", text, re.MULTILINE) is not None


def _as_lists(value: Any) -> Any:
    return [_as_lists(item) for item in value] if isinstance(value, tuple) else value
