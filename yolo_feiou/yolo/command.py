"""Ultralytics' own command `yolo`, with our arguments where it trains."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import ultralytics
from ultralytics import cfg
from ultralytics.cfg import MODES, TASKS, merge_equals_args, smart_value
from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.errors import ArgumentError, UnsupportedModelError
from yolo_feiou.losses.families import suggest_family
from yolo_feiou.losses.table import PARAMETER_NAMES
from yolo_feiou.yolo.argument_values import check_values
from yolo_feiou.yolo.arguments import check_extra_arguments
from yolo_feiou.yolo.configs import find_data, find_recipe, read_recipe
from yolo_feiou.yolo.default_cfg import extended_default_cfg, list_extra_arguments, refuse_taken_arguments
from yolo_feiou.yolo.families import describe_unsupported, guess_family
from yolo_feiou.yolo.interruption import tell_resume
from yolo_feiou.yolo.model import MODELS
from yolo_feiou.yolo.near_misses import tell_unknown_words
from yolo_feiou.yolo.recipe_warning import warn_off_recipe
from yolo_feiou.yolo.user_losses import check_user_losses
from yolo_feiou.yolo.weights_path import check_resumed_file, check_weights_file

#: Models that Ultralytics can't train, with the parts of a file's name by which its command knows them.
UNTRAINABLE = {
    "FastSAM": ("fastsam",),
    "SAM": ("sam_", "sam2_", "sam2.1_", "sam3", "mobile_sam"),
    "NAS": ("yolo_nas",),
}


def run_ultralytics(verbs: Iterable[str] = ()) -> None:
    """Run Ultralytics' own command; where it trains, it finds our models in the place of its own.

    Args:
        verbs: What else the command does, for the message on a word that it doesn't know.

    Raises:
        ArgumentError: If a word or an argument is unknown, or as in `check_command_arguments`.
    """
    arguments = merge_equals_args(sys.argv[1:])
    sys.argv[1:] = [locate_yaml(argument) for argument in arguments]  # in place: Ultralytics holds this list
    models = replace_models() if check_command_arguments(arguments) else nullcontext()
    with models, tell_resume(), tell_unknown_words(verbs):
        cfg.entrypoint()


def check_command_arguments(arguments: list[str]) -> bool:
    """Return whether these arguments make Ultralytics train, and check ours.

    Raises:
        ArgumentError: If an argument of ours is given to another mode than training, or is wrong, the recipe can't be
            read, or a training is asked for of nothing that is named.
        MissingFileError: If weights are named that are not there and can't be fetched.
        LossSpecError: If the loss is wrong.
    """
    args = [argument.lstrip("-").removesuffix(",") for argument in arguments]  # as Ultralytics reads them
    settings = {key.strip(): value.strip() for key, _, value in (arg.partition("=") for arg in args if "=" in arg)}
    modes = [arg.removeprefix("mode=") for arg in args if arg.removeprefix("mode=") in MODES]
    mode = modes[-1] if modes else "train" if settings else None  # Ultralytics' own rules
    recipe = read_recipe(settings["cfg"]) if settings.get("cfg", "None").lower() != "none" else {}
    refuse_taken_arguments({**recipe, **{key: smart_value(value) for key, value in settings.items()}})
    for key in list_extra_arguments() if mode != "train" else ():
        if key in settings:
            raise ArgumentError(f"{key}= is for 'yolo train', mode '{mode}' has no training loss: leave it out.")
        if key in recipe:
            raise ArgumentError(
                f"cfg={settings['cfg']} has a line {key}:, and mode '{mode}' no training loss: take it out."
            )
    resume = {**recipe, **settings}.get("resume")
    resumed = "resume" in args or str(resume).lower() not in ("false", "none")
    if mode == "train":
        check_is_asked(args, {**recipe, **settings}.get("model"), resume)
        check_resumed_file(resume)
    check_weights_file({**recipe, **settings}.get("model"), "model", resumed=resumed and mode == "train")
    if "loss" in settings.keys() & list_extra_arguments().keys() and (
        apart := [key for key in settings if key in PARAMETER_NAMES and key not in DEFAULT_CFG_DICT]
    ):
        raise ArgumentError(
            f"{apart[0]}= stands apart from loss=: write a loss in one word, as loss=focal_eiou:gamma=1,norm=tal."
        )
    if mode == "train":  # a typo shows before Ultralytics fetches a model
        given: dict[str, Any] = {key: settings[key] for key in list_extra_arguments() if key in settings}
        given |= {key: smart_value(value) for key, value in given.items() if key != "loss"}
        if given.get("loss", "").lower() == "none":
            given["loss"] = None
        known = {key: recipe[key] for key in list_extra_arguments() if key in recipe}
        told = {**recipe, **settings}
        task = told.get("task") or next((arg for arg in args if arg in TASKS), None)
        family = None if resumed else guess_family(told.get("model"), task)
        near = suggest_family(str(told.get("model") or ""), task or "")
        if box_loss := check_extra_arguments({**known, **given, "resume": resumed}, family, near):
            refuse_promptable(settings.get("model", ""))
        if family and {**known, **given}.get("check", True):  # otherwise the trainer does, which knows the boxes
            check_user_losses(box_loss)
        values = {key: smart_value(value) for key, value in settings.items()}
        if recipe:
            warn_off_recipe(settings["cfg"], values)
        if not resumed:
            check_values({**recipe, **values})
    return mode == "train"


def check_is_asked(args: Sequence[str], model: object, resume: object) -> None:
    """Refuse a training of nothing that is named, which Ultralytics begins with a model that it downloads.

    Without a model or without data, but with any other argument, a training is what it is in Ultralytics.

    Args:
        args: The words of the command.
        model: The model that it names, if any.
        resume: The value of `resume`, if it has one; the word alone stands for True.

    Raises:
        ArgumentError: If the command names nothing beside its mode and task, or no checkpoint that it resumes from.
    """
    if not model and ("resume" in args or str(resume).lower() == "true"):
        raise ArgumentError("resume names no training: give its checkpoint, as yolo train resume model=…/last.pt.")
    if all(arg.removeprefix("mode=") in MODES or arg.removeprefix("task=") in TASKS for arg in args):
        raise ArgumentError(
            "'yolo train' needs to know what to train: give model= and data=, as model=yolov8n.pt data=my.yaml. "
            "data=shapes.yaml is there to try things out."
        )


def refuse_promptable(model: str) -> None:
    """Raise UnsupportedModelError for a model that Ultralytics, going by its name, takes for one that doesn't train."""
    stem = Path(model).stem.lower()
    for name, marks in UNTRAINABLE.items():
        if any(mark in stem for mark in marks):
            raise UnsupportedModelError(describe_unsupported(f"{name} ({model})"))


def locate_yaml(argument: str) -> str:
    """Return `cfg=name` or `data=name` with the path of our YAML of that name; anything else as it is."""
    key, _, value = argument.partition("=")
    find = {"cfg": find_recipe, "data": find_data}.get(key.lstrip("-").strip())
    value = value.strip().removesuffix(",")  # as Ultralytics reads both
    return f"{key}={find(value)}" if find and value else argument


@contextmanager
def replace_models() -> Iterator[None]:
    """Within the block, `ultralytics.YOLO` and its siblings are ours, and so are some arguments."""
    stock = {name: getattr(ultralytics, name) for name in MODELS}
    try:
        for name, model in MODELS.items():
            setattr(ultralytics, name, model)
        with extended_default_cfg():
            yield
    finally:
        for name, model in stock.items():
            setattr(ultralytics, name, model)
