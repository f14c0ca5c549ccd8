"""The words of a detector's command, in the order and the spellings that Ultralytics' own takes.

`check_training_command` looks at those of a training before any process starts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from yolo_feiou.errors import ArgumentError, DataError, did_you_mean
from yolo_feiou.framework import TRAINED
from yolo_feiou.lightning import checkpoints
from yolo_feiou.lightning.arguments import MEANINGS, PARAMETERS, complete_arguments
from yolo_feiou.lightning.framework import FRAMEWORK
from yolo_feiou.lightning.place import find_place
from yolo_feiou.losses.user.registry import make_spec
from yolo_feiou.parameters import Flag
from yolo_feiou.yolo.configs import read_recipe

MODES = ("train", "val", "predict")
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
#: What may be changed on resume.
CHANGEABLE = ("data", "device", "workers")


class Resumed(NamedTuple):
    """A training to go on with.

    Attributes:
        folder: Its folder.
        changed: What is given anew.
        device: The device, as given anew or as it was.
    """

    folder: Path
    changed: dict[str, Any]
    device: Any


def read_words(args: Sequence[str]) -> tuple[str, list[str]]:
    """Return the mode, and the arguments as `key=value`.

    Raises:
        ArgumentError: If the mode is none of a detector's.
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
    return mode, given


def read_settings(given: Sequence[str]) -> dict[str, Any]:
    """Return the arguments of `yolo train` by name, with those of its recipe.

    Raises:
        ArgumentError: If one is given twice, or there is no such recipe.
    """
    settings: dict[str, Any] = {}
    for arg in given:
        key, _, value = (part.strip() for part in arg.partition("="))
        if key in settings:
            raise ArgumentError(f"'yolo train' got {key}= twice: give it once.")
        settings[key] = None if value in ("None", "none") else value
    return {**read_recipe(settings.pop("cfg")), **settings} if "cfg" in settings else settings


def read_training(settings: dict[str, Any]) -> dict[str, Any]:
    """Return all arguments of a new training, and put the loss in `settings` in the form that every process finds.

    Raises:
        ArgumentError: If one is missing, unknown or wrong.
        LossSpecError: If the loss is wrong.
    """
    settings["loss"] = make_spec(settings.get("loss", "stock"))
    arguments = complete_arguments(settings)
    for name in ("model", "data"):
        if not arguments[name]:
            raise ArgumentError(f"no {name}= is given: {MEANINGS[name]}.")
    return arguments


def find_resumed(settings: Mapping[str, Any], resume: Any) -> Resumed | None:
    """Return the training to go on with, by the last.pt that `model` or `resume` names; None for a new one.

    Raises:
        ArgumentError: If it is finished, or an argument can't be changed.
        DataError: If it is no checkpoint of a detector's.
    """
    if str(resume).lower() in ("false", "none"):
        return None
    named = settings.get("model") if str(resume).lower() == "true" else resume
    weights = need_checkpoint(str(named or ""), "train resume")
    if weights != Path(str(settings.get("model") or weights)):
        raise ArgumentError(f"got model={settings['model']} and resume={resume}: give the last.pt alone.")
    folder = weights.absolute().parents[1]
    content = checkpoints.load_checkpoint(weights)
    if weights.name != "last.pt" or checkpoints.find_progress(folder).stage == TRAINED:
        raise ArgumentError(
            f"{weights} is not the last.pt of an unfinished training, there is nothing to resume: leave resume out to "
            "begin a new one from it."
        )
    if unknown := settings.keys() - {"model", *CHANGEABLE}:
        raise ArgumentError(
            f"{sorted(unknown)[0]}= can't be changed on resume: data=, device= and workers= alone count."
        )
    changed = {key: settings[key] for key in CHANGEABLE if key in settings}
    return Resumed(folder, changed, complete_arguments(changed)["device"] or content["train_args"]["device"])


def need_checkpoint(model: str, mode: str) -> Path:
    """Return the path of a trained detector.

    Raises:
        DataError: If it is none.
    """
    if not checkpoints.is_detector_checkpoint(model):
        raise DataError(f"'yolo {mode}' needs a trained detector: '{model}' is no checkpoint of one.")
    return Path(model)


def check_training_command(args: Sequence[str]) -> None:
    """Check the arguments of `yolo train`, as far as that goes without training.

    Raises:
        YoloFeiouError: If an argument is unknown or wrong, or there is no such data, recipe or checkpoint.
    """
    mode, given = read_words(args)
    if mode != "train":
        raise ArgumentError(f"'yolo {mode}' is no training: expected the arguments of 'yolo train'.")
    settings = read_settings(given)
    if find_resumed(settings, settings.pop("resume", False)):
        return
    arguments = read_training(settings)
    FRAMEWORK.check_arguments(settings, [find_place(arguments["device"], None).device])
    FRAMEWORK.check_data(arguments["data"])
