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
from yolo_feiou.lightning.arguments import MEANINGS, complete_arguments
from yolo_feiou.lightning.evaluate import evaluate
from yolo_feiou.lightning.framework import FRAMEWORK
from yolo_feiou.lightning.predict import predict
from yolo_feiou.lightning.rank import train_on_gpus
from yolo_feiou.lightning.training import Place, find_place, train
from yolo_feiou.losses.user.registry import make_spec
from yolo_feiou.parameters import Float, Int, Text, read_arguments
from yolo_feiou.terminal import say
from yolo_feiou.yolo.configs import read_recipe

#: Modes of Ultralytics' command that a detector beside YOLO hasn't got, and why.
LACKING = {
    "export": "torch.onnx.export takes the `model` of yolo_feiou.lightning.detect.TrainedDetector",
    "track": "there is no tracker for it",
    "benchmark": "there is nothing that it is exported to",
    "tune": "list values in yolo ablate, as lr0=0.005,0.01",
}
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
    words = [arg.lstrip("-").removesuffix(",").removeprefix("mode=") for arg in args]
    modes = [word for word in words if "=" not in word and word not in ("detect", "resume")]
    given = [word for word in words if "=" in word and not word.startswith("task=")]
    mode = modes[-1] if modes else "train"
    if mode in LACKING:
        raise ArgumentError(f"'yolo {mode}' isn't for detectors beside YOLO: {LACKING[mode]}.")
    if mode not in MODES:
        raise ArgumentError(f"'yolo {mode}' isn't known{did_you_mean(mode, MODES)} Expected {', '.join(MODES)}.")
    if mode == "train" and "resume" in words:
        given.append("resume=True")
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
    for note in FRAMEWORK.check_arguments(settings, [",".join("0" * place.world)]):
        say(note)
    if launch:
        group.join_group(launch, place.device)
    folder = str(make_run_folder(arguments, "train")) if place.rank == 0 else ""
    folder = group.broadcast_from_first(folder) if launch else folder
    _train(arguments, Path(folder), place, settings, resume=False)
    _tell(Path(folder), place)


def run_val(given: Sequence[str]) -> None:
    """Evaluate a checkpoint, and print its row."""
    values = read_arguments("yolo val", given, VAL_ARGUMENTS)
    weights = _need_checkpoint(values.pop("model", ""), "val")
    trained = checkpoints.load_checkpoint(weights)["train_args"]
    folder = make_run_folder({key: values.pop(key, None) for key in ("project", "name")}, "val")
    data, split = values.pop("data", trained["data"]), values.pop("split", "val")
    row = evaluate(weights, data, split, folder, **values)
    for name in ("AP", "AP50", "AP75", "AP_S", "AP_M", "AP_L", "AR"):
        value = row[name]
        say(f"{name:5} {'none' if value is None else f'{100 * value:.1f}'}")
    say(f"{row['conf']=:g}, {row['iou']=:g}, {row['max_det']=}".replace("row['", "").replace("']", ""))
    say(f"Ground truth, predictions and settings are in {folder}")


def run_predict(given: Sequence[str]) -> None:
    """Draw what a checkpoint detects in images."""
    values = read_arguments("yolo predict", given, PREDICT_ARGUMENTS)
    weights = _need_checkpoint(values.pop("model", ""), "predict")
    if not values.get("source"):
        raise ArgumentError("no source= is given: an image, or a folder of images.")
    folder = {key: values.pop(key, None) for key in ("project", "name")}
    predict(weights, values.pop("source"), lambda: make_run_folder(folder, "predict"), **values)


MODES = {"train": run_train, "val": run_val, "predict": run_predict}


def make_run_folder(arguments: Mapping[str, Any], mode: str) -> Path:
    """Make the folder of a run: `name` in `project`, with a number if there is one of that name.

    Raises:
        ArgumentError: If it can't be made.
    """
    project = Path(arguments.get("project") or FRAMEWORK.runs_folder / "detect")
    name, number = arguments.get("name") or mode, 1
    while True:
        folder = project / (name if number == 1 else f"{name}{number}")
        try:
            folder.mkdir(parents=True, exist_ok=bool(arguments.get("exist_ok")))
        except FileExistsError:
            number += 1
        except OSError as error:
            raise ArgumentError(f"{folder} can't be made: {error.strerror}. Name another one by project=.") from None
        else:
            return folder


def _resume(settings: Mapping[str, Any], resume: Any) -> None:
    """Go on with the training of a last.pt, which `model` or `resume` names."""
    named = settings.get("model") if str(resume).lower() == "true" else resume
    weights = _need_checkpoint(str(named or ""), "train resume")
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
    _tell(folder, place)


def _train(arguments: Mapping[str, Any], folder: Path, place: Place, asked: Mapping[str, Any], *, resume: bool) -> None:
    gpus = place.device.split(",")
    if len(gpus) > 1 and not place.launch:
        train_on_gpus(gpus, folder, arguments=dict(arguments), asked=dict(asked), resume=resume)
    else:
        train(arguments, folder, place, asked=asked, resume=resume)


def _tell(folder: Path, place: Place) -> None:
    if place.rank == 0:
        best = folder / "weights" / "best.pt"
        say(f"Trained. Next: {quote_command(['yolo', 'val', f'model={best}'])}")


def _need_checkpoint(model: str, mode: str) -> Path:
    if not checkpoints.is_detector_checkpoint(model):
        raise DataError(f"'yolo {mode}' needs a trained detector: model={model} is no checkpoint of one.")
    return Path(model)


def _split(verb: str, given: Sequence[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for arg in given:
        key, _, value = (part.strip() for part in arg.partition("="))
        if key in settings:
            raise ArgumentError(f"'{verb}' got {key}= twice: give it once.")
        settings[key] = value
    return {key: None if str(value) in ("None", "none") else value for key, value in settings.items()}
