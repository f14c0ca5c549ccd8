"""Which framework a command is for: Ultralytics', or that of the detectors beside YOLO, by its model.

For scripts that start a training in several processes, `python -m yolo_feiou.dispatch which ARGS` says it, and
`python -m yolo_feiou.dispatch check ARGS` checks the arguments once: otherwise each process finds the same mistake, and
torchrun restarts all of them for it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from yolo_feiou.detectors.config import CHECKPOINT_KEY, is_detector
from yolo_feiou.errors import ArgumentError, DataError, exit_on_error
from yolo_feiou.framework import Framework
from yolo_feiou.storage.checkpoint_reader import has_key, is_torn
from yolo_feiou.terminal import say


def find_given(args: Sequence[str], key: str) -> str:
    """Return the value of an argument `key=value`, '' if it isn't given; the last one counts."""
    words = (arg.lstrip("-").removesuffix(",").partition("=") for arg in args)
    return next((value.strip() for name, _, value in reversed([*words]) if name.strip() == key), "")


def names_detector(model: str) -> bool:
    """Return whether a model is a detector beside YOLO: a YAML with a key `detector`, or a checkpoint of one.

    Raises:
        DataError: If it is a torn checkpoint, of whatever.
    """
    path = Path(model)
    if path.suffix != ".pt":
        return is_detector(model)
    if is_torn(path):
        raise DataError(f"model={model} is torn, its end is missing: copy it again, or train it again.")
    return has_key(path, CHECKPOINT_KEY)


def trains_detector(args: Sequence[str]) -> bool:
    """Return whether a command of Ultralytics' is for a detector beside YOLO, by its `model` or what it resumes.

    Raises:
        ArgumentError: If the recipe that may name its model can't be read.
        DataError: If its model is a torn checkpoint.
    """
    models = [value for key in ("model", "resume") if (value := find_given(args, key))]
    cfg = find_given(args, "cfg")
    if not models and cfg.lower() not in ("", "none"):
        from yolo_feiou.yolo.configs import read_recipe

        models = [str(read_recipe(cfg).get("model", ""))]
    return any(map(names_detector, models))


def choose_framework(args: Sequence[str]) -> Framework:
    """Return the framework that trains the models of an ablation's command, which may be in its `cfg`.

    Raises:
        ArgumentError: If some are of one and some of the other, or what is needed isn't installed.
    """
    from yolo_feiou.yolo.framework import FRAMEWORK as ULTRALYTICS

    models: object = find_given(args, "model")
    if not models and (cfg := find_given(args, "cfg")):
        models = ULTRALYTICS.read_grid(cfg).get("model")
    listed = models if isinstance(models, list) else str(models or "").split(",")
    kinds = {name: names_detector(str(name).strip()) for name in listed}
    if not any(kinds.values()):
        return ULTRALYTICS
    if others := [name for name, is_ours in kinds.items() if not is_ours]:
        ours = next(name for name, is_ours in kinds.items() if is_ours)
        raise ArgumentError(
            f"model={','.join(map(str, kinds))}: {ours} and {others[0]} are trained by different frameworks, with "
            "other arguments: compare each with itself in an ablation of its own, and give both folders to yolo report."
        )
    check_lightning()
    from yolo_feiou.lightning.framework import FRAMEWORK as DETECTORS

    return DETECTORS


def check_lightning() -> None:
    """Raise ArgumentError if PyTorch Lightning isn't installed."""
    if find_spec("pytorch_lightning") is None:
        raise ArgumentError(
            "detectors beside YOLO need PyTorch Lightning: pip install 'yolo-feiou[detectors]', or pytorch-lightning."
        )


def check_training(args: Sequence[str]) -> None:
    """Check the arguments of `yolo train`, as far as that goes without training.

    Raises:
        YoloFeiouError: If an argument is unknown or wrong, or there is no such data or recipe.
    """
    from yolo_feiou.yolo.check_command import check_training_command
    from yolo_feiou.yolo.command import merge_equals_args

    words = merge_equals_args(list(args))
    if trains_detector(words):
        check_lightning()
        from yolo_feiou.lightning.words import check_training_command
    check_training_command(words)


def main() -> None:
    """Say which framework the arguments of a training are for, or check them; a mistake is a line and exit status 2."""
    with exit_on_error():
        verb, args = sys.argv[1], sys.argv[2:]
        if verb == "check":
            check_training(args)
        else:
            say("detectors" if trains_detector(args) else "ultralytics")


if __name__ == "__main__":
    main()
