"""Ultralytics as the framework of an ablation, see `yolo_feiou.framework.Framework`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from ultralytics.cfg import smart_value
from ultralytics.utils import RUNS_DIR

from yolo_feiou.framework import Framework, Progress, Split
from yolo_feiou.storage.checkpoint_reader import read_trained_arguments
from yolo_feiou.storage.tables import Row
from yolo_feiou.yolo import checkpoints, rehearsal, splits
from yolo_feiou.yolo.configs import check_data_file, find_data, read_recipe
from yolo_feiou.yolo.default_cfg import list_defaults
from yolo_feiou.yolo.devices import check_device
from yolo_feiou.yolo.evaluate import evaluate, make_evaluation_arguments
from yolo_feiou.yolo.model import YOLO
from yolo_feiou.yolo.weights_path import check_weights_folder


class UltralyticsFramework:
    """Trainings as `yolo train` does them; each method is that of `Framework`."""

    module, unit = __name__, "epoch"

    @property
    def runs_folder(self) -> Path:
        """Ultralytics' folder of runs."""
        return Path(RUNS_DIR)

    def defaults(self) -> dict[str, Any]:
        """Return Ultralytics' training arguments and ours, with their defaults."""
        return list_defaults()

    def parse_value(self, text: str) -> Any:
        """Return a value as Ultralytics' command reads it."""
        return smart_value(text)

    def read_grid(self, name: str) -> dict[str, Any]:
        """Return the arguments in a YAML: the user's, or one of our grids or recipes."""
        return read_recipe(name, grids=True)

    def find_data(self, name: Any) -> Any:
        """Return the path of our data set of a name, else the name."""
        return find_data(name)

    def count_rows(self, arguments: Mapping[str, Any]) -> int:
        """Return the number of epochs."""
        return int(arguments.get("epochs") or list_defaults()["epochs"])

    def check_arguments(self, arguments: Mapping[str, Any], devices: Sequence[str] = ()) -> list[str]:
        """Check the arguments of a training, and return notes."""
        return rehearsal.check_training_arguments(arguments, devices)

    def check_data(self, data: str) -> None:
        """Check that there is a data set of that name."""
        check_data_file(find_data(data))

    def check_device(self, device: str) -> None:
        """Check that a device is on this machine."""
        check_device(device)

    def check_model(self, model: str, losses: Sequence[str] = ()) -> None:
        """Load a model once, and check that losses are of its boxes."""
        rehearsal.check_model(model, losses)

    def find_ignored_gains(self, model: str) -> Mapping[str, str]:
        """Return the gains that do nothing."""
        return _find_ignored_gains(model)

    def find_gain(self, arguments: Mapping[str, Any]) -> float | None:
        """Return `box`, or its default, for models in which it is the gain."""
        if "box" in self.find_ignored_gains(str(arguments["model"])):
            return None
        return float(arguments.get("box", self.defaults()["box"]))

    def check_labels(self, model: str, images: Split, annotations: str = "") -> None:
        """Check that a split has oriented boxes if the model is for these."""
        rehearsal.check_labels(model, images, annotations)

    def check_folder(self, folder: Path, name: str) -> None:
        """Check that Ultralytics can load weights from the folder of a training."""
        check_weights_folder(folder / "weights", name)

    def check_last_batch(self, arguments: Mapping[str, Any], images: int, processes: int) -> None:
        """Check that BatchNorm can train on the last batch of an epoch."""
        rehearsal.check_last_batch_of(arguments, images, processes)

    def read_split(
        self,
        data: str | Path,
        split: str,
        classes: int | Iterable[int] | None = None,
        single_cls: bool | None = False,
    ) -> Split:
        """Read a split as Ultralytics does."""
        return splits.read_split(data, split, classes, single_cls)

    def find_image_folders(self, data: str | Path) -> list[Path]:
        """Return the folders of the images of a data set."""
        return rehearsal.find_split_folders(data)

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
        """Train in this process, or resume from `weights/last.pt`."""
        project, name = logged_as  # what W&B, MLflow and others call the run
        place = {"save_dir": str(folder), "exist_ok": True, "project": project, "name": name}
        model = YOLO(folder / "weights" / "last.pt" if resume else arguments["model"])
        if threads and not torch.cuda.is_available():  # Ultralytics would take up to eight for each run
            model.add_callback("on_pretrain_routine_start", lambda _: torch.set_num_threads(threads))
        if resume:
            arguments = {"resume": True, **{key: arguments[key] for key in ("data", "device") if key in arguments}}
        model.train(**{**arguments, **place})

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
        how: dict[str, Any] = make_evaluation_arguments(arguments, read_trained_arguments(weights))
        how |= {"device": device} if device else {}
        return evaluate(
            weights, arguments["data"], split, folder, annotations=annotations or None, evaluator=evaluator, **how
        )

    def gradient_norms_command(self, request: Path, result: Path) -> list[str]:
        """Return the command of `gradient_norms`."""
        return [sys.executable, "-m", "yolo_feiou.yolo.gradient_norms", str(request), str(result)]


@cache
def _find_ignored_gains(model: str) -> Mapping[str, str]:
    """Return the gains that do nothing; a grid asks it of one model for each of its losses."""
    return rehearsal.find_ignored_gains(model)


FRAMEWORK: Framework = UltralyticsFramework()
