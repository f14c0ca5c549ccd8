"""`yolo train`, `val` and `predict` for detectors beside YOLO, with the words of Ultralytics' own command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from torch import distributed as dist

from yolo_feiou.distributed.launch import read_launch
from yolo_feiou.distributed.resume import lock_run
from yolo_feiou.errors import ArgumentError, Interrupted
from yolo_feiou.escape import quote_command
from yolo_feiou.evaluation.evaluators import FASTER
from yolo_feiou.lightning import checkpoints
from yolo_feiou.lightning.arguments import MEANINGS, complete_arguments, format_detector_help
from yolo_feiou.lightning.evaluate import evaluate
from yolo_feiou.lightning.folders import begin_run_folder, make_run_folder
from yolo_feiou.lightning.framework import FRAMEWORK
from yolo_feiou.lightning.launched import enter_on_first, join_launch, open_run
from yolo_feiou.lightning.place import Place, find_place
from yolo_feiou.lightning.predict import predict
from yolo_feiou.lightning.rank import train_on_gpus
from yolo_feiou.lightning.training import train
from yolo_feiou.lightning.words import (
    CHANGEABLE,
    Resumed,
    find_resumed,
    need_checkpoint,
    read_settings,
    read_training,
    read_words,
)
from yolo_feiou.parameters import Float, Int, Text, format_arguments, read_arguments
from yolo_feiou.terminal import say
from yolo_feiou.yolo.devices import check_device

_MODEL = Text("model", "", meaning="the checkpoint of a detector")
_PLACE = tuple(Text(name, "", meaning=MEANINGS[name]) for name in ("project", "name"))
_DEVICE = Text("device", "", meaning="one device, as cpu or 0")
_IOU = Float("iou", 0.5, 0, 1, "IoU with a higher score above which NMS drops a box")
_MAX_DET = Int("max_det", 100, 1, 10_000, "boxes of an image at most")
VAL_ARGUMENTS = (
    _MODEL,
    Text("data", "", meaning="a data YAML; by default the one that it trained on"),
    *_PLACE,
    _DEVICE,
    Text("annotations", "", meaning="a COCO JSON of the split, in the place of that of the data YAML or of its labels"),
    Text("split", "val", meaning="a split of the data, such as val or test"),
    Text("evaluator", FASTER, meaning="what computes COCO's metrics: faster-coco-eval or pycocotools"),
    Float("conf", 0.05, 0, 1, "class score below which a box counts as none"),
    _IOU,
    _MAX_DET,
    Int("batch", 0, 1, 65_536, "images at a time; by default as many as it trained with"),
    Int("workers", 0, 0, 256, "processes that read images"),
)
#: Class score below which `yolo predict` draws nothing, as for YOLO: an evaluation counts far more than can be seen.
DRAWN = 0.25
PREDICT_ARGUMENTS = (
    _MODEL,
    Text("source", "", meaning="an image, or a folder of images"),
    *_PLACE,
    _DEVICE,
    Float("conf", DRAWN, 0, 1, "class score below which no box is drawn"),
    _IOU,
    _MAX_DET,
)
#: How a mode is used, and its arguments.
HELP = {
    "val": ("yolo val model=WEIGHTS.pt data=DATA [argument=value ...]", VAL_ARGUMENTS),
    "predict": ("yolo predict model=WEIGHTS.pt source=IMAGES [argument=value ...]", PREDICT_ARGUMENTS),
}


def format_mode_help(mode: str) -> str:
    """Return the help on a mode of detectors beside YOLO: a line for each argument."""
    if mode not in HELP:
        return format_detector_help()
    usage, arguments = HELP[mode]
    return f"{usage}\n\n{format_arguments(arguments)}"


def run_detector(args: Sequence[str]) -> None:
    """Run a command whose model is a detector beside YOLO.

    Args:
        args: A mode, and arguments as `key=value`.

    Raises:
        ArgumentError: If the mode is none of its, or an argument is wrong.
    """
    mode, given = read_words(args)
    MODES[mode](given)


def run_train(given: Sequence[str]) -> None:
    """Train, or go on with a training; under torchrun with the one that the same command began before."""
    settings = read_settings(given)
    if resumed := find_resumed(settings, settings.pop("resume", False)):
        _resume(resumed)
        return
    arguments = read_training(settings)
    launch = read_launch()
    place = find_place(arguments["device"], launch)
    processes = [",".join("0" * place.world)] if launch else [place.device]
    for note in FRAMEWORK.check_arguments(settings, processes):
        say(note)
    asked = {key: arguments[key] for key in settings}
    if not launch:
        with begin_run_folder(arguments, "train", _runs()) as folder:
            _train(arguments, folder, place, asked, resume=False)
        return
    launch = join_launch(launch, place.device)
    with enter_on_first(open_run(arguments, settings, _runs(), launch), launch) as run:
        if run.finished:
            if place.rank == 0:
                say(f"{run.folder} is what this command trained, and finished: give another id to repeat.")
            dist.destroy_process_group()
            return
        _train(arguments, run.folder, place, asked, resume=run.last is not None)


def run_val(given: Sequence[str]) -> None:
    """Evaluate a checkpoint, and print its row."""
    values = read_arguments("yolo val", given, VAL_ARGUMENTS)
    weights = need_checkpoint(values.pop("model", ""), "val")
    values["device"] = _read_device(values.get("device", ""), "val")
    trained = checkpoints.load_checkpoint(weights)["train_args"]
    place = {key: values.pop(key, None) for key in ("project", "name")}
    data, split = values.pop("data", trained["data"]), values.pop("split", "val")
    with begin_run_folder(place, "val", _runs()) as folder:
        row = evaluate(weights, data, split, folder, **values)
    for name in ("AP", "AP50", "AP75", "AP_S", "AP_M", "AP_L", "AR"):
        value = row[name]
        say(f"{name:5} {'none' if value is None else f'{100 * value:.1f} %'}")
    say(", ".join(f"{name}={row[name]:g}" for name in ("conf", "iou", "max_det")))
    say(f"Ground truth, predictions and settings are in {folder}")


def run_predict(given: Sequence[str]) -> None:
    """Draw what a checkpoint detects in images."""
    values = read_arguments("yolo predict", given, PREDICT_ARGUMENTS)
    values.setdefault("conf", DRAWN)
    weights = need_checkpoint(values.pop("model", ""), "predict")
    if not values.get("source"):
        raise ArgumentError("no source= is given: an image, or a folder of images.")
    values["device"] = _read_device(values.get("device", ""), "predict")
    place = {key: values.pop(key, None) for key in ("project", "name")}
    predict(weights, values.pop("source"), lambda: make_run_folder(place, "predict", _runs())[0], **values)


MODES = {"train": run_train, "val": run_val, "predict": run_predict}


def _resume(resumed: Resumed) -> None:
    """Go on with a training."""
    launch = read_launch()
    place = find_place(resumed.device, launch)
    lock: AbstractContextManager[None] = nullcontext()
    if launch:
        launch = join_launch(launch, place.device)
        lock = enter_on_first(lock_run(resumed.folder, launch), launch)
    unchanged = {key: None for key in CHANGEABLE if key not in resumed.changed}
    with lock:
        arguments = complete_arguments(resumed.changed) | unchanged
        _train(arguments, resumed.folder, place, resumed.changed, resume=True)


def _train(arguments: Mapping[str, Any], folder: Path, place: Place, asked: Mapping[str, Any], *, resume: bool) -> None:
    """Train, and say what comes next; of an interrupted training, how it is taken up again."""
    gpus, weights = place.device.split(","), folder / "weights"
    try:
        if len(gpus) > 1 and not place.launch:
            train_on_gpus(gpus, folder, arguments=dict(arguments), asked=dict(asked), resume=resume)
        else:
            train(arguments, folder, place, asked=asked, resume=resume)
    except KeyboardInterrupt:
        last = weights / "last.pt"
        resumes = quote_command(["yolo", "train", "resume", f"model={last}"])
        how = f"this resumes it: {resumes}" if last.exists() else "no part was finished"
        raise Interrupted(f"interrupted; {how}") from None
    if place.rank == 0:
        best = weights / "best.pt"
        say(f"Trained. Next: {quote_command(['yolo', 'val', f'model={best}'])}")


def _runs() -> Path:
    return FRAMEWORK.runs_folder / "detect"


def _read_device(device: str, mode: str) -> str:
    """Return the device of a val or predict, as torch counts GPUs.

    Raises:
        ArgumentError: If it isn't there, or there are several.
    """
    check_device(device)
    named = device.strip("[]() ").replace("cuda:", "")
    if "," in named or named.startswith("-"):
        raise ArgumentError(f"device={device}: 'yolo {mode}' takes one device, as device=0 or device=cpu.")
    return named
