"""What `yolo ablate` checks before its first run: all that would otherwise end runs as failed, some after hours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.options import AblationRequest
from yolo_feiou.ablation.run_folder import TRAIN
from yolo_feiou.errors import ArgumentError
from yolo_feiou.evaluation.evaluators import find_evaluator_version
from yolo_feiou.evaluation.rehearsal import find_evaluation_input
from yolo_feiou.framework import Framework
from yolo_feiou.storage.tables import Row


def check_runs(request: AblationRequest) -> list[str]:
    """Check what is known of the runs without a device and without their data, and return lines for the user.

    Raises:
        ArgumentError: If an argument is of the wrong type.
        DataError: If there is no such data.
    """
    framework = request.framework
    notes = [note for run in request.chosen for note in framework.check_arguments(run.arguments, request.devices)]
    for data in dict.fromkeys(str(run.arguments["data"]) for run in request.chosen):
        framework.check_data(data)
    return list(dict.fromkeys(notes))


def rehearse_runs(request: AblationRequest) -> tuple[dict[str, Row], list[str]]:
    """Check, in seconds, whatever is known of the runs before the first begins.

    The evaluation is rehearsed for each data set and choice of classes, with the messages that it would give later. The
    data is read on the way, so that no run meets a cache half written by another.

    Returns:
        By `data`, what a row says of the ground truth; and lines for the user.

    Raises:
        ArgumentError: If a device isn't there, an argument is of the wrong type, there is no such evaluator, or `out`
            is a folder that weights can't be loaded from, or among the images.
        DataError: If the data, the split, its annotations or a model can't be read, or don't fit each other.
        UnsupportedModelError: If a model can't be evaluated.
    """
    options, framework = request.options, request.framework
    find_evaluator_version(options.evaluator)
    if options.engine == "local":
        for device in dict.fromkeys(request.devices):
            framework.check_device(device)
    notes = check_runs(request)
    check_ablation_folder(request)
    losses: dict[str, list[str]] = {}
    for run in request.chosen:
        losses.setdefault(str(run.arguments["model"]), []).append(str(run.arguments["loss"]))
    for model, own in losses.items():
        framework.check_model(model, own)
    notes += check_gain(request)
    truths: dict[str, Row] = {}
    as_one = [(str(run.arguments["data"]), bool(run.arguments.get("single_cls"))) for run in request.chosen]
    for data, single_cls in dict.fromkeys(as_one):
        for split in dict.fromkeys(("train", "val", options.split)):
            found = framework.read_split(data, split, single_cls=single_cls)
            for model in dict.fromkeys(str(r.arguments["model"]) for r in request.chosen if _trains_on(r, data)):
                framework.check_labels(model, found, options.annotations)
            if split == "train":
                check_last_batches(request, data, len(found.labels))
        check_apart(request.folder.absolute(), data, framework)
    for data, classes, single_cls in _subjects(request.chosen):
        images = framework.read_split(data, options.split, classes, single_cls)
        subject = find_evaluation_input(images, options.annotations or None, options.evaluator).rehearse()
        truths[data] = subject.source.row
        notes += subject.expected.notes
    return truths, list(dict.fromkeys(notes))


def check_gain(request: AblationRequest) -> list[str]:
    """Return a line for each model of which the runs set a gain that does nothing, or with which the loss does nothing.

    Raises:
        ArgumentError: If gains that do nothing are to be matched, or several of them to be compared.
    """
    matched, notes = request.options.gain == "matched", []
    swept = {key for run in request.chosen for key in run.swept}
    for model in dict.fromkeys(str(run.arguments["model"]) for run in request.chosen):
        own = [run.arguments for run in request.chosen if str(run.arguments["model"]) == model]
        ignored = request.framework.find_ignored_gains(model)
        if matched and (why := ignored.get("box")):
            raise ArgumentError(
                f"gain=matched sets box= for each loss, which does nothing with model={model}: {why}. Use gain=same, "
                "and a factor of the loss itself, as in losses=eiou:weight=0.5."
            )
        for key, why in ignored.items():
            if key in swept:
                instead = ", or compare factors of the loss itself, as in losses=eiou:weight=0.5|1"
                raise ArgumentError(
                    f"the runs of model={model} would be the same for all values of {key}=, which does nothing there: "
                    f"{why}. Give one value{instead if key == 'box' else ''}."
                )
            if any(key in arguments for arguments in own):
                notes.append(f"{key}= does nothing with model={model}: {why}.")
        boxes = [arguments.get("box") for arguments in own]
        if "box" not in ignored and any(isinstance(box, (int, float)) and box == 0 for box in boxes):
            notes.append(f"box=0 multiplies the box loss of model={model} by 0: the runs with it differ in no loss.")
    return notes


def check_last_batches(request: AblationRequest, data: str, images: int) -> None:
    """Raise ArgumentError if a run on the data can't train on the last batch of an epoch."""
    processes = max(device.count(",") + 1 for device in request.devices)
    for run in request.chosen:
        if _trains_on(run, data):
            request.framework.check_last_batch(run.arguments, images, processes)


def check_ablation_folder(request: AblationRequest) -> None:
    """Raise ArgumentError if the weights of a run couldn't be loaded from where they would lie."""
    name = f"out={request.options.out}" if request.options.out else "the folder of the ablation"
    for run in request.chosen:
        request.framework.check_folder(request.folder.absolute() / TRAIN / run.name, name)


def check_apart(folder: Path, data: str, framework: Framework) -> None:
    """Raise ArgumentError if a folder lies among the images of a data set: its pictures would be trained on."""
    for place in framework.find_image_folders(data):
        if folder.resolve().is_relative_to(place.resolve()):
            raise ArgumentError(
                f"{folder} lies in {place}, among the images of data={data}: pictures that the runs leave would be "
                "taken for images. Name another folder with out=."
            )


def _trains_on(run: Run, data: str) -> bool:
    return str(run.arguments["data"]) == data


def _subjects(runs: Sequence[Run]) -> list[tuple[str, Any, Any]]:
    """Return data, `classes` and `single_cls` of runs, each combination once."""
    known: list[tuple[str, Any, Any]] = []
    for run in runs:
        one = str(run.arguments["data"]), run.arguments.get("classes"), run.arguments.get("single_cls")
        if one not in known:
            known.append(one)
    return known
