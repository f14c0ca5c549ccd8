"""What `yolo ablate` checks before its first run: all that would otherwise end runs as failed, some after hours."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

import torch
from ultralytics.cfg import get_cfg
from ultralytics.data.utils import check_det_dataset
from ultralytics.utils.checks import check_imgsz

from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.options import Request
from yolo_feiou.ablation.store import TRAIN
from yolo_feiou.errors import ArgumentError, DataError, YoloFeiouError
from yolo_feiou.evaluation.evaluators import evaluator_version
from yolo_feiou.evaluation.rehearsal import find_subject
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS
from yolo_feiou.storage.tables import Row
from yolo_feiou.yolo.argument_values import check_values
from yolo_feiou.yolo.arguments import check
from yolo_feiou.yolo.configs import find_data
from yolo_feiou.yolo.detect import load_model
from yolo_feiou.yolo.devices import check_device
from yolo_feiou.yolo.last_batch import check_last_batch
from yolo_feiou.yolo.quiet import quiet
from yolo_feiou.yolo.special_files import check_ordinary
from yolo_feiou.yolo.splits import read_split
from yolo_feiou.yolo.weights_path import check_weights_file, check_weights_folder

#: What Ultralytics raises for a model that it can't read.
UNREADABLE = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, ImportError, LookupError, OSError, RuntimeError),
    *(SyntaxError, TypeError, ValueError, pickle.UnpicklingError),
)


def rehearse_runs(request: Request) -> tuple[dict[str, Row], list[str]]:
    """Check, in seconds, whatever is known of the runs before the first begins.

    The evaluation is rehearsed for each data set and choice of classes, with the messages that it would give later. The
    data is read on the way, so that no run meets a cache half written by another.

    Returns:
        By `data`, what a row says of the ground truth; and lines for the user.

    Raises:
        ArgumentError: If a device isn't there, an argument is of the wrong type, there is no such evaluator, or `out`
            is a folder that Ultralytics can't load weights from, or among the images.
        DataError: If the data, the split, its annotations or a model can't be read, or don't fit each other.
        UnsupportedModelError: If a model can't be evaluated.
    """
    options = request.options
    evaluator_version(options["evaluator"])
    if options["engine"] == "local":
        for device in dict.fromkeys(request.devices):
            check_device(device)
    notes = check_arguments(request.chosen)
    check_batches(request)
    check_out(request)
    for model in dict.fromkeys(str(run.arguments["model"]) for run in request.chosen):
        check_model(model)
    truths: dict[str, Row] = {}
    as_one = [(str(run.arguments["data"]), bool(run.arguments.get("single_cls"))) for run in request.chosen]
    for data, single_cls in dict.fromkeys(as_one):
        for split in dict.fromkeys(("train", "val", options["split"])):
            found = read_split(data, split, single_cls=single_cls)
            if split == "train":
                check_last_batches(request, data, len(found.labels))
        check_apart(request.folder.absolute(), data)
    for data, classes, single_cls in _subjects(request.chosen):
        where = options["split"], options["annotations"] or None, options["evaluator"]
        subject = find_subject(data, *where, classes=classes, single_cls=single_cls).rehearse()
        truths[data] = subject.source.row
        notes += subject.expected.notes
    return truths, list(dict.fromkeys(notes))


def check_arguments(runs: Sequence[Run]) -> list[str]:
    """Return a line for each value that the training would pass over.

    Raises:
        ArgumentError: If an argument of a run is of a type or range that the training or the evaluation refuses.
        LossSpecError: If a loss is wrong.
        MissingFileError: If weights are named that are not there and can't be fetched.
    """
    notes = []
    for run in runs:
        check(run.arguments)
        told = {key: value for key, value in run.arguments.items() if key not in EXTRA_ARGUMENTS}
        try:
            with quiet():
                get_cfg(overrides=told)
        except (TypeError, ValueError, SyntaxError) as error:
            raise ArgumentError(" ".join(str(error).split())) from None
        if (most := told.get("max_det")) is not None and most < 1:
            raise ArgumentError(f"max_det={most}: nothing could be detected. Expected a whole number from 1.")
        notes += check_values(told)
        for key in ("pretrained", "distill_model"):
            check_weights_file(told.get(key), key)
    return notes


def check_batches(request: Request) -> None:
    """Raise ArgumentError if Ultralytics should choose the batch of a run on several GPUs, which it can't."""
    several = next((device for device in request.devices if "," in device), "")
    for run in request.chosen:
        batch = run.arguments.get("batch")
        if several and batch is not None and batch < 1:
            raise ArgumentError(
                f"batch={batch} on several GPUs (device={several}): Ultralytics can't choose it there. Give a number."
            )


def check_last_batches(request: Request, data: str, images: int) -> None:
    """Raise ArgumentError if the last batch of an epoch would be one image that is too small, see `last_batch`."""
    processes = max(device.count(",") + 1 for device in request.devices)
    for run in request.chosen:
        told = run.arguments
        batch, fraction = told.get("batch") or 16, told.get("fraction", 1.0)
        if str(told["data"]) != data or batch < 1 or not isinstance(fraction, (int, float)):
            continue
        stride = getattr(load_model(str(told["model"])).model, "stride", torch.tensor(32))
        largest = max(int(max(stride)), 32)
        side = check_imgsz(told.get("imgsz") or 640, stride=largest, floor=largest, max_dim=1)
        count = min(images, fraction) if isinstance(fraction, int) and fraction > 1 else round(images * fraction)
        shrunk = told.get("multi_scale") or 0.0
        check_last_batch(ceil(max(count, 1) / processes), max(batch // processes, 1), side, largest, shrunk)


def check_out(request: Request) -> None:
    """Raise ArgumentError if Ultralytics couldn't load the weights of a run from where they would lie."""
    told = f"out={request.options['out']}" if request.options["out"] else "the folder of the ablation"
    for run in request.chosen:
        check_weights_folder(request.folder.absolute() / TRAIN / run.name / "weights", told)


def check_apart(folder: Path, data: str) -> None:
    """Raise ArgumentError if a folder lies among the images of a data set: its pictures would be trained on."""
    with quiet():
        content = check_det_dataset(str(find_data(data)))
    for split in ("train", "val", "test"):
        places = content.get(split) or []
        for place in [places] if isinstance(places, str) else places:
            if Path(place).is_dir() and folder.resolve().is_relative_to(Path(place).resolve()):
                raise ArgumentError(
                    f"{folder} lies in {place}, among the images of data={data}: pictures that the runs leave would be "
                    "taken for images. Name another folder with out=."
                )


def check_model(model: str) -> None:
    """Load a model once, and raise if that can't be done, or its task can't be evaluated.

    Raises:
        DataError: If there is no such model, or it can't be read.
        UnsupportedModelError: If it has no axis-aligned boxes.
    """
    check_ordinary(model, f"model={model}")
    try:
        load_model(model)
    except YoloFeiouError:
        raise
    except UNREADABLE as error:
        said = " ".join(str(error).split()[:40]) or type(error).__name__
        raise DataError(f"model={model} can't be read: {said}") from error


def _subjects(runs: Sequence[Run]) -> list[tuple[str, Any, Any]]:
    """Return data, `classes` and `single_cls` of runs, each combination once."""
    known: list[tuple[str, Any, Any]] = []
    for run in runs:
        one = str(run.arguments["data"]), run.arguments.get("classes"), run.arguments.get("single_cls")
        if one not in known:
            known.append(one)
    return known
