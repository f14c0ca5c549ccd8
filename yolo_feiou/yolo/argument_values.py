"""Values of Ultralytics' own arguments that it refuses only once the data is read, or takes and passes over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from torch import nn
from ultralytics.engine.trainer import BaseTrainer
from ultralytics.utils.checks import check_imgsz

from yolo_feiou.errors import ArgumentError, DataError, did_you_mean
from yolo_feiou.yolo.quiet import quiet

#: The optimizers of the releases that are supported, not all of which have MuSGD.
OPTIMIZERS = ("SGD", "MuSGD", "Adam", "Adamax", "AdamW", "NAdam", "RAdam", "RMSProp", "auto")
COPY_PASTE_MODES = ("flip", "mixup")
CACHES = ("ram", "disk", "true", "false", "none")


def check_values(
    arguments: Mapping[str, Any], build_optimizer: Callable[..., Any] = BaseTrainer.build_optimizer
) -> list[str]:
    """Check values that Ultralytics itself looks at only after the data set is read, or never.

    Args:
        arguments: Training arguments by name, of the types that Ultralytics' own check takes.
        build_optimizer: The trainer's; a user's own may know other optimizers.

    Returns:
        A line for each value that Ultralytics passes over, and trains as if it weren't there.

    Raises:
        ArgumentError: If it would refuse one.
    """
    if "optimizer" in arguments and build_optimizer is BaseTrainer.build_optimizer:
        _check_optimizer(str(arguments["optimizer"]))
    mode = arguments.get("copy_paste_mode", "flip")
    if mode not in COPY_PASTE_MODES:
        raise ArgumentError(
            f"unknown copy_paste_mode={mode}{did_you_mean(str(mode), COPY_PASTE_MODES)} Expected 'flip' or 'mixup'."
        )
    batch = arguments.get("batch", 16)
    if isinstance(batch, float) and batch >= 1:
        raise ArgumentError(
            f"batch={batch}: expected a whole number of images, a fraction of the GPU's memory below 1, or -1."
        )
    if "imgsz" in arguments:
        try:
            with quiet():
                check_imgsz(arguments["imgsz"], stride=32, max_dim=1)
        except (TypeError, ValueError, NameError, SyntaxError):  # of older releases, which evaluate a text
            raise ArgumentError(f"imgsz={arguments['imgsz']}: expected a whole number, the side in pixels.") from None
    weights = arguments.get("pretrained")
    if isinstance(weights, str) and not weights.partition("?")[0].strip().lower().endswith(".pt"):
        raise ArgumentError(f"pretrained={weights}: expected True, False or the path of weights, a *.pt.")
    return _passed_over(arguments)


def check_classes(classes: object, names: Mapping[int, str] | Sequence[str], source: str) -> list[str]:
    """Return a line if some of the classes that are to be trained on are none of the data set's.

    Args:
        classes: The argument of that name.
        names: The classes of the data set.
        source: What the data set is, for messages.

    Raises:
        DataError: If all are none: Ultralytics would train on images without objects.
    """
    if classes is None:
        return []
    asked = list(classes) if isinstance(classes, (list, tuple)) else [classes]
    unknown = [index for index in asked if type(index) is not int or not 0 <= index < len(names)]
    if not unknown:
        return []
    what = f"{source}, classes={classes}: {unknown[0]!r} is not an index of its {len(names)} classes"
    if len(unknown) == len(asked):
        raise DataError(f"{what}, so that no object would be left to train on: expected 0 to {len(names) - 1}.")
    return [f"{what} and is passed over."]


def find_unmatched_layers(freeze: object, model: nn.Module) -> list[str]:
    """Return a line if `freeze` lists layers that the model doesn't have, which Ultralytics passes over."""
    listed = freeze if isinstance(freeze, (list, tuple)) else []
    parameters = [name for name, _ in model.named_parameters()]
    missing = [str(one) for one in listed if not any(f"model.{one}." in name for name in parameters)]
    return [f"freeze={freeze}: the model has no layer with parameters {', '.join(missing)}."] if missing else []


def _check_optimizer(name: str) -> None:
    """Raise ArgumentError for an optimizer that this Ultralytics doesn't build."""
    if name.lower() == "auto" or _builds(name):
        return
    known = [one for one in OPTIMIZERS if one == "auto" or _builds(one)]
    named = {one.lower(): one for one in known}
    near = did_you_mean(name, named)
    for lower, one in named.items():
        near = near.replace(f"'{lower}'", f"'{one}'")
    raise ArgumentError(f"unknown optimizer '{name}'{near} Expected one of {', '.join(known)}.")


def _builds(name: str) -> bool:
    """Whether Ultralytics builds an optimizer of this name."""
    model = nn.Module()
    model.model = nn.Sequential(nn.Linear(2, 2))
    trainer: Any = SimpleNamespace(args=SimpleNamespace(), data={})  # as much of one as it takes
    try:
        with quiet():
            BaseTrainer.build_optimizer(trainer, model, name, iterations=1)
    except NotImplementedError:
        return False
    return True


def _passed_over(arguments: Mapping[str, Any]) -> list[str]:
    """Return a line for each value that Ultralytics takes and passes over."""
    lines = []
    cache, freeze, hours = (arguments.get(key) for key in ("cache", "freeze", "time"))
    if str(cache).lower() not in CACHES:
        lines.append(f"cache={cache}: nothing is cached. Expected True, False, 'ram' or 'disk'.")
    if isinstance(freeze, str) or (isinstance(freeze, int) and freeze < 0):
        lines.append(f"freeze={freeze}: nothing is frozen. Expected the number of layers, or a list of layers.")
    if isinstance(hours, (int, float)) and hours < 0:
        lines.append(f"time={hours}: the training ends after its first epoch. Expected hours.")
    return lines
