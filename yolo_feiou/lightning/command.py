"""`yolo train`, `val` and `predict` for detectors beside YOLO, with the words of Ultralytics' own command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from yolo_feiou.distributed import group
from yolo_feiou.distributed.launch import read_launch
from yolo_feiou.errors import ArgumentError, DataError, did_you_mean
from yolo_feiou.escape import quote_command
from yolo_feiou.evaluation.evaluators import FASTER
from yolo_feiou.framework import TRAINED
from yolo_feiou.lightning import checkpoints
from yolo_feiou.lightning.arguments import MEANINGS, PARAMETERS, complete_arguments
from yolo_feiou.lightning.evaluate import evaluate
from yolo_feiou.lightning.folders import begin_run_folder, make_run_folder
from yolo_feiou.lightning.framework import FRAMEWORK
from yolo_feiou.lightning.predict import predict
from yolo_feiou.lightning.rank import train_on_gpus
from yolo_feiou.lightning.training import Place, find_place, train
from yolo_feiou.losses.user.registry import make_spec
from yolo_feiou.parameters import Flag, Float, Int, Text, read_arguments
from yolo_feiou.terminal import say
from yolo_feiou.yolo.configs import read_recipe
from yolo_feiou.yolo.devices import check_device

#: Modes of Ultralytics' command that a detector beside YOLO hasn't got, and why.
LACKING = {
    "export": "torch.onnx.export takes the `model` of yolo_feiou.lightning.detect.TrainedDetector",
    "track": "there is no tracker for it",
    "benchmark": "there is nothing that it is exported to",
    "tune": "list values in yolo ablate, as lr0=0.005,0.01",
}
#: What they do, and the tasks of Ultralytics' that they don't.
TASK, TASKS = "detect", ("segment", "semantic", "classify", "pose", "obb")
#: Arguments that are true if they are named alone, as for YOLO. `val` is a mode.
SWITCHES = ("resume", *(name for name, one in PARAMETERS.items() if isinstance(one, Flag) and name != "val"))
VAL_ARGUMENTS = (
    *(Text(name, "") for name in ("model", "data", "project", "name", "device", "annotations")),
    Text("split", "val"),
    Text("evaluator", FASTER),
    Float("conf", 0.05, 0, 1),
    Float("iou", 0.5, 0, 1),
    Int("max_det", 100, 1, 10_000),
    Int("batch", 0, 1, 65_536),
    Int("workers", 0, 0, 256),
)
PREDICT_ARGUMENTS = (
    *(Text(name, "") for name in ("model", "source", "project", "name", "device")),
    Float("conf", 0.25, 0, 1),
    Float("iou", 0.5, 0, 1),
    Int("max_det", 100, 1, 10_000),
)


def run_detector(args: Sequence[str]) -> None:
    """Run a command whose model is a detector beside YOLO.

    Args:
        args: A mode, and arguments as `key=value`.

    Raises:
        ArgumentError: If the mode is none of its, or an argument is wrong.
    """
    words = [arg.lstrip("-").removesuffix(",").removeprefix("mode=").removeprefix("task=") for arg in args]
    given, mode = [word for word in words if "=" in word], "train"
    for word in (word for word in words if "=" not in word and word != TASK):
        if word in LACKING:
            raise ArgumentError(f"'yolo {word}' isn't for detectors beside YOLO: {LACKING[word]}.")
        if word in TASKS:
            raise ArgumentError(f"task={word} isn't for detectors beside YOLO, whose boxes count: leave it out.")
        if word in SWITCHES:
            given.append(f"{word}=True")
        elif word in MODES:
            mode = word
        else:
            raise ArgumentError(f"'yolo {word}' isn't known{did_you_mean(word, MODES)} Expected {', '.join(MODES)}.")
    MODES[mode](given)


def run_train(given: Sequence[str]) -> None:
    """Train, or go on with a training."""
    settings = _split("yolo train", given)
    if "cfg" in settings:
        settings = {**read_recipe(settings.pop("cfg")), **settings}
    resume = settings.pop("resume", False)
    if str(resume).lower() not in ("false", "none"):
        _resume(settings, resume)
        return
    settings["loss"] = make_spec(settings.get("loss", "stock"))
    arguments = complete_arguments(settings)
    for name in ("model", "data"):
        if not arguments[name]:
            raise ArgumentError(f"no {name}= is given: {MEANINGS[name]}.")
    launch = read_launch()
    place = find_place(arguments["device"], launch)
    processes = [",".join("0" * place.world)] if launch else [place.device]
    for note in FRAMEWORK.check_arguments(settings, processes):
        say(note)
    if launch:
        group.join_group(launch, place.device)
    with begin_run_folder(arguments, "train", _runs(), launch) as folder:
        _train(arguments, folder, place, {key: arguments[key] for key in settings}, resume=False)


def run_val(given: Sequence[str]) -> None:
    """Evaluate a checkpoint, and print its row."""
    values = read_arguments("yolo val", given, VAL_ARGUMENTS)
    weights = _need_checkpoint(values.pop("model", ""), "val")
    values["device"] = _read_device(values.get("device", ""), "val")
    trained = checkpoints.load_checkpoint(weights)["train_args"]
    place = {key: values.pop(key, None) for key in ("project", "name")}
    data, split = values.pop("data", trained["data"]), values.pop("split", "val")
    with begin_run_folder(place, "val", _runs()) as folder:
        row = evaluate(weights, data, split, folder, **values)
    for name in ("AP", "AP50", "AP75", "AP_S", "AP_M", "AP_L", "AR"):
        value = row[name]
        say(f"{name:5} {'none' if value is None else f'{100 * value:.1f}'}")
    say(", ".join(f"{name}={row[name]:g}" for name in ("conf", "iou", "max_det")))
    say(f"Ground truth, predictions and settings are in {folder}")


def run_predict(given: Sequence[str]) -> None:
    """Draw what a checkpoint detects in images."""
    values = read_arguments("yolo predict", given, PREDICT_ARGUMENTS)
    weights = _need_checkpoint(values.pop("model", ""), "predict")
    if not values.get("source"):
        raise ArgumentError("no source= is given: an image, or a folder of images.")
    values["device"] = _read_device(values.get("device", ""), "predict")
    place = {key: values.pop(key, None) for key in ("project", "name")}
    predict(weights, values.pop("source"), lambda: make_run_folder(place, "predict", _runs())[0], **values)


MODES = {"train": run_train, "val": run_val, "predict": run_predict}


def _resume(settings: Mapping[str, Any], resume: Any) -> None:
    """Go on with the training of a last.pt, which `model` or `resume` names."""
    named = settings.get("model") if str(resume).lower() == "true" else resume
    weights = _need_checkpoint(str(named or ""), "train resume")
    if weights != Path(str(settings.get("model") or weights)):
        raise ArgumentError(f"got model={settings['model']} and resume={resume}: give the last.pt alone.")
    folder = weights.absolute().parents[1]
    content = checkpoints.load_checkpoint(weights)
    if weights.name != "last.pt" or checkpoints.find_progress(folder).stage == TRAINED:
        raise ArgumentError(
            f"{weights} is not the last.pt of an unfinished training, there is nothing to resume: leave resume out to "
            "begin a new one from it."
        )
    if unknown := settings.keys() - {"model", "data", "device", "workers"}:
        raise ArgumentError(
            f"{sorted(unknown)[0]}= can't be changed on resume: data=, device= and workers= alone count."
        )
    changed = {key: settings[key] for key in ("data", "device", "workers") if key in settings}
    arguments = complete_arguments(changed) | {key: None for key in ("data", "device", "workers") if key not in changed}
    device = arguments["device"] or content["train_args"]["device"]
    place = find_place(device, read_launch())
    _train(arguments, folder, place, changed, resume=True)


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
        how = quote_command(["yolo", "train", "resume", f"model={last}"]) if last.exists() else "no part was finished"
        raise SystemExit(f"interrupted; {how}") from None
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


def _need_checkpoint(model: str, mode: str) -> Path:
    if not checkpoints.is_detector_checkpoint(model):
        raise DataError(f"'yolo {mode}' needs a trained detector: '{model}' is no checkpoint of one.")
    return Path(model)


def _split(verb: str, given: Sequence[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for arg in given:
        key, _, value = (part.strip() for part in arg.partition("="))
        if key in settings:
            raise ArgumentError(f"'{verb}' got {key}= twice: give it once.")
        settings[key] = value
    return {key: None if str(value) in ("None", "none") else value for key, value in settings.items()}
