"""Detectors beside YOLO as the framework of an ablation, see `yolo_feiou.framework.Framework`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from yolo_feiou.detectors.build import find_gain
from yolo_feiou.detectors.options import BoxOptions
from yolo_feiou.errors import ArgumentError
from yolo_feiou.framework import Framework, Progress, Split
from yolo_feiou.lightning import checkpoints
from yolo_feiou.lightning.arguments import DEFAULTS, complete_arguments
from yolo_feiou.lightning.evaluate import evaluate
from yolo_feiou.lightning.masks import read_masks
from yolo_feiou.lightning.place import find_place
from yolo_feiou.lightning.rank import train_on_gpus
from yolo_feiou.lightning.training import find_config, train
from yolo_feiou.losses.build import STOCK, loss_to_train
from yolo_feiou.storage.tables import Row
from yolo_feiou.yolo.framework import UltralyticsFramework
from yolo_feiou.yolo.splits import read_split
from yolo_feiou.yolo.user_losses import check_user_losses


class DetectorsFramework(UltralyticsFramework):
    """Trainings as `yolo train model=retinanet.yaml` does them; data, devices and folders are found as for YOLO."""

    module, unit = __name__, "interval"

    def defaults(self) -> dict[str, Any]:
        """Return all training arguments with their defaults."""
        return dict(DEFAULTS)

    def count_rows(self, arguments: Mapping[str, Any]) -> int:
        """Return how many rows of results.csv a training writes: one an interval, or one an epoch."""
        whole = complete_arguments(arguments)
        return whole["epochs"] or min(whole["intervals"], whole["iterations"])

    def check_arguments(self, arguments: Mapping[str, Any], devices: Sequence[str] = ()) -> list[str]:
        """Check the arguments of a training; there are no notes."""
        whole = complete_arguments(arguments)
        config, _ = find_config(str(whole["model"]))
        options = BoxOptions(whole["loss"], whole["box"], whole["rpn"], whole["encode"], whole["scoring"])
        options.check(config)
        if whole["loss"] != STOCK and whole["check"]:
            check_user_losses(loss_to_train(whole["loss"]))
        processes = max((device.count(",") + 1 for device in devices), default=1)
        if whole["batch"] % processes:
            raise ArgumentError(
                f"batch={whole['batch']} can't be shared by {processes} processes: give a multiple of that."
            )
        return []

    def check_model(self, model: str, losses: Sequence[str] = ()) -> None:
        """Read a model's YAML or checkpoint once; `check_arguments` looks at the losses."""
        find_config(model)

    def find_ignored_gains(self, model: str) -> Mapping[str, str]:
        """Return none: `box` is the gain of the box loss in all detectors, and no argument is one of another loss."""
        return {}

    def find_gain(self, arguments: Mapping[str, Any]) -> float:
        """Return the gain, which `box=auto` leaves to loss and detector."""
        whole = complete_arguments(arguments)
        return find_gain(find_config(str(whole["model"]))[0].detector, whole["loss"], whole["box"])

    def check_labels(self, model: str, images: Split, annotations: str = "") -> None:
        """Accept any split: all of these detectors have upright boxes."""

    def check_folder(self, folder: Path, name: str) -> None:
        """Accept any folder: weights are loaded from whatever their path is."""

    def check_last_batch(self, arguments: Mapping[str, Any], images: int, processes: int) -> None:
        """Check that there are masks where the detector needs some. Each batch is full, see `batches.Batches`."""
        if find_config(str(arguments["model"]))[0].needs_masks:
            check_masks(str(arguments["data"]))

    def progress(self, folder: Path) -> Progress:
        """Return how far the training in a folder got, by its checkpoints."""
        return checkpoints.find_progress(folder)

    def train(
        self,
        arguments: Mapping[str, Any],
        folder: Path,
        *,
        resume: bool = False,
        logged_as: tuple[str, str] = ("", ""),
        threads: int = 0,
    ) -> None:
        """Train in this process, or in one for each GPU, or resume from `weights/last.pt`."""
        whole = complete_arguments(arguments)
        place = find_place(whole["device"], None)
        gpus = place.device.split(",")
        if len(gpus) > 1:
            train_on_gpus(gpus, folder, arguments=whole, asked=dict(arguments), resume=resume)
        else:
            train(whole, folder, place, asked=arguments, resume=resume, threads=threads)

    def strip_checkpoints(self, folder: Path) -> None:
        """Strip the optimizer from the checkpoints of a finished training."""
        checkpoints.strip_checkpoints(folder)

    def evaluate(
        self,
        weights: Path,
        arguments: Mapping[str, Any],
        split: str,
        folder: Path,
        *,
        annotations: str = "",
        evaluator: str = "faster-coco-eval",
        device: str = "",
    ) -> Row:
        """Evaluate weights with the size and the batch that they were trained with."""
        workers = complete_arguments(arguments)["workers"]
        how: dict[str, Any] = {"annotations": annotations or None, "evaluator": evaluator, "device": device}
        return evaluate(weights, arguments["data"], split, folder, workers=workers, **how)

    def gradient_norms_command(self, request: Path, result: Path) -> list[str]:
        """Return the command of `gradient_norms`."""
        return [sys.executable, "-m", "yolo_feiou.lightning.gradient_norms", str(request), str(result)]


@cache
def check_masks(data: str) -> None:
    """Raise DataError if the training images of a data set have no masks; of an ablation's many runs once."""
    read_masks(read_split(data, "train"), data, "train")


FRAMEWORK: Framework = DetectorsFramework()
