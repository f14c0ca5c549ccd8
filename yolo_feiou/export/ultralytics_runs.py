"""Runs of Ultralytics', see `framework.ExportFramework`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version as find_version
from pathlib import Path
from typing import Any

from yolo_feiou.evaluation.detections import Detections
from yolo_feiou.export.framework import Checkpoint, ExportFramework
from yolo_feiou.results.run_record import get_mark
from yolo_feiou.storage.tables import Row
from yolo_feiou.yolo.checkpoints import load_checkpoint
from yolo_feiou.yolo.default_cfg import list_defaults
from yolo_feiou.yolo.detect import WeightsOrModel, detect, get_class_names, load_model
from yolo_feiou.yolo.evaluate import evaluate, make_evaluation_arguments
from yolo_feiou.yolo.rtdetr import is_rtdetr
from yolo_feiou.yolo.weights_path import check_weights_folder

#: Ultralytics' own thresholds for `val`, where a run has none.
THRESHOLDS = {"conf": 0.001, "iou": 0.7, "max_det": 300}


class UltralyticsRuns:
    """Reads and evaluates what Ultralytics trained."""

    name = "Ultralytics"
    template = "model_card.md.j2"
    unit = "epoch"
    rewritten = ("model", "resume", "pretrained", "optimizer", "lr0", "warmup_bias_lr")

    def read_checkpoint(self, path: Path) -> Checkpoint | None:
        """Return what a checkpoint of Ultralytics' says."""
        try:
            content = load_checkpoint(path)
        except (ImportError, AttributeError):  # of other code
            return None
        if not isinstance(content, dict) or not (content.get("model") or content.get("ema")):
            return None
        model, arguments = content.get("ema") or content["model"], content.get("train_args") or {}
        return Checkpoint(
            get_mark(model),
            content.get("optimizer") is None,
            str(content.get("version") or ""),
            str(content.get("date") or ""),
            arguments.get("batch"),
            box_used=None if is_rtdetr(model) else arguments.get("box"),
            idle=("box",) if is_rtdetr(model) else (),
        )

    def defaults(self) -> dict[str, Any]:
        """Return Ultralytics' arguments and ours, with their defaults."""
        return list_defaults()

    def defaults_of(self, version: str) -> dict[str, Any]:
        """Return the defaults if the installed release trained."""
        return list_defaults() if version == find_version("ultralytics") else {}

    def training_words(self, arguments: Mapping[str, Any]) -> list[str]:
        """Return the task and `train`."""
        task = arguments.get("task")
        return [task, "train"] if task else []

    def check_folder(self, folder: Path, told: str) -> None:
        """Check the folder for what Ultralytics makes of paths."""
        check_weights_folder(folder, told)

    def check_onnx(self) -> None:
        """Accept any model."""

    def get_class_names(self, weights: Path) -> list[str] | None:
        """Return the classes of the model."""
        return get_class_names(load_model(weights))

    def evaluation_arguments(self, arguments: Mapping[str, Any], imgsz: int, batch: int) -> dict[str, Any]:
        """Return arguments of Ultralytics' `val`, the thresholds of the run among them."""
        return make_evaluation_arguments(arguments, {"imgsz": imgsz, "batch": batch})

    def evaluate(self, model: WeightsOrModel, data: str, split: str, folder: Path, **arguments: Any) -> Row:
        """Evaluate by Ultralytics' validator."""
        return evaluate(model, data, split, folder, **arguments)

    def detect(self, weights: Path, data: str, split: str, **arguments: Any) -> Detections:
        """Detect by Ultralytics' validator."""
        return detect(weights, data, split, **{**THRESHOLDS, **arguments})


ULTRALYTICS: ExportFramework = UltralyticsRuns()
