"""Runs of detectors beside YOLO, see `framework.ExportFramework`. Nothing here needs PyTorch Lightning."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yolo_feiou
from yolo_feiou.detectors.build import find_gain
from yolo_feiou.detectors.config import DetectorConfig
from yolo_feiou.detectors.options import BoxOptions
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.evaluation.detections import Detections
from yolo_feiou.export.framework import Checkpoint, ExportFramework
from yolo_feiou.lightning.arguments import DEFAULTS
from yolo_feiou.lightning.checkpoints import CONFIG, STATES, load_checkpoint
from yolo_feiou.lightning.detect import TrainedDetector
from yolo_feiou.lightning.evaluate import evaluate
from yolo_feiou.lightning.images import Images
from yolo_feiou.losses.build import STOCK
from yolo_feiou.losses.user.registry import find_sources
from yolo_feiou.storage.tables import Row
from yolo_feiou.yolo.splits import read_split


class DetectorRuns:
    """Reads and evaluates what `yolo train model=retinanet.yaml` trained."""

    name = "yolo_feiou"
    template = "detector_card.md.j2"
    unit = "interval"
    rewritten = ()

    def read_checkpoint(self, path: Path) -> Checkpoint | None:
        """Return what a checkpoint of a detector's says."""
        try:
            content = load_checkpoint(path)
        except DataError:
            return None
        mark, stripped = content["yolo_feiou"], not any(key in content for key in STATES)
        arguments = content["train_args"]
        return Checkpoint(
            mark,
            stripped,
            mark["version"],
            batch=arguments["batch"],
            length=content["parts"],
            about=_about(content),
            box_used=find_gain(content[CONFIG]["detector"], arguments["loss"], arguments["box"]),
        )

    def defaults(self) -> dict[str, Any]:
        """Return the arguments of a detector's training, with their defaults."""
        return dict(DEFAULTS)

    def defaults_of(self, version: str) -> dict[str, Any]:
        """Return the defaults if this version trained."""
        return dict(DEFAULTS) if version == yolo_feiou.__version__ else {}

    def training_words(self, arguments: Mapping[str, Any]) -> list[str]:
        """Return `train`: the model says that it is a detector."""
        return ["train"]

    def check_folder(self, folder: Path, told: str) -> None:
        """Accept any folder: torch loads weights from whatever their path is."""

    def check_onnx(self) -> None:
        """Refuse."""
        raise ArgumentError(
            "onnx=True is for YOLO alone. To export another detector, give torch.onnx.export the `model` of "
            "yolo_feiou.lightning.detect.TrainedDetector."
        )

    def get_class_names(self, weights: Path) -> list[str]:
        """Return the classes that a checkpoint names."""
        return list(load_checkpoint(weights)["names"])

    def evaluation_arguments(self, arguments: Mapping[str, Any], imgsz: int, batch: int) -> dict[str, Any]:
        """Return the arguments of an evaluation; the image size and the thresholds are in the checkpoint."""
        shared = ("classes", "single_cls", "workers")
        return {"batch": batch, **{key: arguments[key] for key in shared if arguments.get(key) is not None}}

    def evaluate(self, model: Path, data: str, split: str, folder: Path, **arguments: Any) -> Row:
        """Evaluate on one device, as an ablation does."""
        return evaluate(model, data, split, folder, **{**arguments, "device": _choose_one(arguments)})

    def detect(self, weights: Path, data: str, split: str, **arguments: Any) -> Detections:
        """Detect on one device."""
        detector = TrainedDetector(weights, _choose_one(arguments))
        read = read_split(data, split, single_cls=arguments.get("single_cls"))
        images = Images(read, fliplr=0)
        return detector.detect(images, arguments["batch"], arguments.get("workers", 0))


def _about(content: Mapping[str, Any]) -> Row:
    """Return what a card says of a checkpoint, and no column of its run does."""
    arguments, backbone_weights = content["train_args"], content["backbone_weights"]
    config = DetectorConfig.from_dict(content[CONFIG])
    named = str(arguments["model"]).endswith(".pt")
    begun = {} if named or backbone_weights == "none" else {"starting weights": f"{backbone_weights}, of the backbone"}
    return {
        "detector": config.title,
        "backbone": config.backbone,
        "backbone weights": backbone_weights,
        **begun,
        "gain of the box loss": describe_gain(arguments["loss"], arguments["box"]),
        "iterations": f"{arguments['iterations']}, the checkpoint is of number {content['global_step']}",
    }


def describe_gain(loss: str, box: float | str) -> str:
    """Return what the box loss of a detector is multiplied by.

    Args:
        loss: Its spec. A function of the user's is not loaded.
        box: The argument: a number, or 'auto'.
    """
    if box != "auto":
        return f"{box:g}" if isinstance(box, int | float) else box
    if loss == STOCK:
        return "the detector's own (box=auto)"
    return "auto" if find_sources(loss) else f"{BoxOptions(loss, box).make_term().box:g} (box=auto)"


def _choose_one(arguments: Mapping[str, Any]) -> str:
    """Return the first of the devices that are named."""
    return str(arguments.get("device") or "").split(",")[0]


DETECTORS: ExportFramework = DetectorRuns()
