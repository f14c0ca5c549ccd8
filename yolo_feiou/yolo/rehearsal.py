"""What can be known of a training before it begins: all that would otherwise fail, some of it after hours."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, cast

import torch
from ultralytics.cfg import get_cfg
from ultralytics.data.utils import check_det_dataset
from ultralytics.utils.checks import check_imgsz

from yolo_feiou.errors import ArgumentError, DataError, YoloFeiouError
from yolo_feiou.framework import Split
from yolo_feiou.losses.build import loss_to_train
from yolo_feiou.losses.families import TASK_FAMILIES
from yolo_feiou.losses.user.registry import find_user_functions
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS
from yolo_feiou.yolo.argument_values import check_values
from yolo_feiou.yolo.arguments import check_extra_arguments
from yolo_feiou.yolo.configs import find_data
from yolo_feiou.yolo.detect import ORIENTED, load_model
from yolo_feiou.yolo.evaluate import check_oriented_labels
from yolo_feiou.yolo.families import check_trainer
from yolo_feiou.yolo.last_batch import check_last_batch
from yolo_feiou.yolo.quiet import quiet
from yolo_feiou.yolo.special_files import check_ordinary
from yolo_feiou.yolo.trainers import get_base
from yolo_feiou.yolo.user_losses import check_user_losses
from yolo_feiou.yolo.weights_path import check_weights_file

#: What Ultralytics raises for a model that it can't read.
UNREADABLE = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, ImportError, LookupError, OSError, RuntimeError),
    *(SyntaxError, TypeError, ValueError, pickle.UnpicklingError),
)


def check_training_arguments(arguments: Mapping[str, Any], devices: Sequence[str] = ()) -> list[str]:
    """Return a line for each value that the training would ignore.

    Args:
        arguments: Those of a training.
        devices: The devices that it may train on, as the argument `device` names them.

    Raises:
        ArgumentError: If an argument is of a type or range that the training or the evaluation refuses, or Ultralytics
            is to choose the batch on several GPUs, which it can't.
        LossSpecError: If a loss is wrong.
        MissingFileError: If weights are named that are not there and can't be fetched.
        DataError: If the loss is a user's, which is tried on the boxes of the model, and there is no such model.
    """
    box_loss = check_extra_arguments(arguments)
    if arguments.get("check", True) and find_user_functions(box_loss):
        family = TASK_FAMILIES.get(read_task(str(arguments["model"])))
        check_user_losses(check_extra_arguments(arguments, family))
    told = {key: value for key, value in arguments.items() if key not in EXTRA_ARGUMENTS}
    try:
        with quiet():
            get_cfg(overrides=told)
    except (TypeError, ValueError, SyntaxError) as error:
        raise ArgumentError(" ".join(str(error).split())) from None
    if (most := told.get("max_det")) is not None and most < 1:
        raise ArgumentError(f"max_det={most}: nothing could be detected. Expected a whole number from 1.")
    notes = check_values(told)
    for key in ("pretrained", "distill_model"):
        check_weights_file(told.get(key), key)
    several = next((device for device in devices if "," in device), "")
    batch = told.get("batch")
    if several and batch is not None and batch < 1:
        raise ArgumentError(
            f"batch={batch} on several GPUs (device={several}): Ultralytics can't choose it there. Give a number."
        )
    return notes


def check_last_batch_of(arguments: Mapping[str, Any], images: int, processes: int) -> None:
    """Raise ArgumentError if the last batch of an epoch would be one image that is too small, see `last_batch`.

    Args:
        arguments: Those of a training.
        images: The number of training images.
        processes: The number of processes that share a batch.
    """
    batch, fraction = arguments.get("batch") or 16, arguments.get("fraction", 1.0)
    if batch < 1 or not isinstance(fraction, (int, float)):
        return
    stride = getattr(load_model(str(arguments["model"])).model, "stride", torch.tensor(32))
    largest = max(int(max(stride)), 32)
    side = cast(int, check_imgsz(arguments.get("imgsz") or 640, stride=largest, floor=largest, max_dim=1))
    count = min(images, fraction) if isinstance(fraction, int) and fraction > 1 else round(images * fraction)
    shrunk = arguments.get("multi_scale") or 0.0
    check_last_batch(ceil(max(count, 1) / processes), max(batch // processes, 1), side, largest, shrunk)


def find_split_folders(data: str | Path) -> list[Path]:
    """Return the folders in which the images of a data set lie."""
    with quiet():
        content = check_det_dataset(str(find_data(str(data))))
    places = [content.get(split) or [] for split in ("train", "val", "test")]
    listed = [place for several in places for place in ([several] if isinstance(several, str) else several)]
    return [Path(place) for place in listed if Path(place).is_dir()]


def check_model(model: str, losses: Sequence[str] = ()) -> None:
    """Load a model once, and raise if that can't be done, its task can't be evaluated, or a loss isn't of its boxes.

    Raises:
        DataError: If there is no such model, or it can't be read.
        LossSpecError: If a loss is of other boxes.
        UnsupportedModelError: If it has no boxes.
    """
    task = read_task(model)
    for loss in dict.fromkeys(losses):
        check_trainer(None, task, loss_to_train(loss, TASK_FAMILIES.get(task)))


def read_task(model: str) -> str:
    """Load a model once, and return its task, as Ultralytics calls it.

    Raises:
        DataError: If there is no such model, or it can't be read.
        UnsupportedModelError: If it has no boxes.
    """
    check_ordinary(model, f"model={model}")
    try:
        return str(load_model(model).task)
    except YoloFeiouError:
        raise
    except UNREADABLE as error:
        said = " ".join(str(error).split()[:40]) or type(error).__name__
        raise DataError(f"model={model} can't be read: {said}") from error


def find_ignored_gains(model: str) -> Mapping[str, str]:
    """Return the gains of losses that do nothing in a training of a model, and why."""
    loaded = load_model(model)
    trainer = get_base(loaded._smart_load("trainer"))
    return trainer.find_ignored_gains(str(loaded.task), loaded.model) if trainer else {}


def check_labels(model: str, images: Split, annotations: str = "") -> None:
    """Check that a split has oriented boxes if a model is for these.

    Args:
        model: The model.
        images: The split.
        annotations: The COCO JSON that a command names.

    Raises:
        DataError: If it has others, or a COCO JSON is to be the ground truth.
    """
    if load_model(model).task == ORIENTED:
        check_oriented_labels(images, annotations or None)
