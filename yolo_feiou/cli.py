"""The command: Ultralytics' own `yolo`, with `loss=` for training and a few verbs more."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from yolo_feiou.errors import ArgumentError, UnsupportedModelError, exit_on_error

#: Models that Ultralytics can't train, with the parts of a file's name by which its command knows them.
UNTRAINABLE = {
    "FastSAM": ("fastsam",),
    "SAM": ("sam_", "sam2_", "sam2.1_", "sam3", "mobile_sam"),
    "NAS": ("yolo_nas",),
}

HELP = """
    yolo-feiou adds to these:
        yolo train ... loss=focal_eiou:gamma=0.5     train with another box loss
        yolo train ... loss=eiou box_stats=True      record which boxes the gradient comes from
        yolo train ... cfg=focal_eiou.yaml           a recipe of the paper
        yolo train ... data=shapes.yaml              a small data set, made on first use
        yolo losses                                  list the box losses
        yolo simulate setup=1                        let boxes follow losses, as in the paper's figures
        yolo check my_loss.py:my_function            look for known mistakes in a loss
        yolo ablate data=... losses=ciou,eiou seeds=0,1,2   compare losses: a grid of runs
        yolo report runs/ablate/...                  its statistics, tables, pictures and page
        yolo doctor [--fix]                          check the installation (and which 'yolo' runs)
"""


def losses(words: list[str]) -> None:
    """Print the table of losses."""
    from yolo_feiou.losses.listing import print_losses

    print_losses()


def doctor(words: list[str]) -> None:
    """Print the state of the installation; with --fix, put our `yolo` in place."""
    from yolo_feiou.yolo.doctor import diagnose

    if unknown := set(words) - {"--fix"}:
        raise ArgumentError(f"doctor takes --fix or nothing, got {' '.join(sorted(unknown))}.")
    sys.exit(diagnose(fix="--fix" in words))


def simulate(words: list[str]) -> None:
    """Simulate boxes that follow the gradients of losses."""
    from yolo_feiou.simulation.command import simulate

    simulate(words)


def check(words: list[str]) -> None:
    """Look for known mistakes in a loss."""
    from yolo_feiou.checks.command import check

    sys.exit(check(words))


def ablate(words: list[str]) -> None:
    """Train and evaluate a grid of runs that compare losses."""
    from yolo_feiou.ablation.command import ablate
    from yolo_feiou.yolo.framework import FRAMEWORK

    sys.exit(ablate(words, FRAMEWORK))


def report(words: list[str]) -> None:
    """Make statistics, tables, pictures and a page of the results of an ablation."""
    from yolo_feiou.report.command import report

    report(words)


VERBS: dict[str, Callable[[list[str]], None]] = {
    "losses": losses,
    "doctor": doctor,
    "simulate": simulate,
    "check": check,
    "ablate": ablate,
    "report": report,
}


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal without Unicode still gets its answer
            stream.reconfigure(errors="replace")
    name = sys.argv[1].lower() if len(sys.argv) > 1 else ""
    verb = VERBS.get(name) if name != "check" or sys.argv[2:] else None  # `yolo check` is stock's for `yolo checks`
    with exit_on_error("interrupted" if verb else None):  # for a training it is Ultralytics' own way
        verb(sys.argv[2:]) if verb else run_ultralytics()


def run_ultralytics() -> None:
    """Run Ultralytics' own command; where it trains, it finds our models in the place of its own."""
    from ultralytics.cfg import entrypoint, merge_equals_args

    arguments = merge_equals_args(sys.argv[1:])
    sys.argv[1:] = [locate(argument) for argument in arguments]  # in place: Ultralytics holds this list
    if trains(arguments):
        with our_models():
            entrypoint()
    else:
        entrypoint()
    if not arguments or arguments[0].strip("-") in ("help", "h"):
        print(HELP)


def trains(arguments: list[str]) -> bool:
    """Return whether these arguments make Ultralytics train, and check ours.

    Raises:
        ArgumentError: If an argument of ours is given to another mode than training, or is wrong, or the recipe can't
            be read.
        MissingFileError: If weights are named that are not there and can't be fetched.
        LossSpecError: If the loss is wrong.
    """
    from ultralytics.cfg import MODES, smart_value

    from yolo_feiou.losses.table import PARAMETERS
    from yolo_feiou.yolo.argument_values import check_values
    from yolo_feiou.yolo.arguments import check
    from yolo_feiou.yolo.configs import read_recipe
    from yolo_feiou.yolo.default_cfg import ours, refuse_taken
    from yolo_feiou.yolo.recipe_warning import warn_off_recipe
    from yolo_feiou.yolo.weights_path import check_resumed_file, check_weights_file

    words = [argument.lstrip("-").removesuffix(",") for argument in arguments]  # as Ultralytics reads them
    settings = {key.strip(): value.strip() for key, _, value in (word.partition("=") for word in words if "=" in word)}
    modes = [word.removeprefix("mode=") for word in words if word.removeprefix("mode=") in MODES]
    mode = modes[-1] if modes else "train" if settings else None  # Ultralytics' own rules
    recipe = read_recipe(settings["cfg"]) if settings.get("cfg", "None").lower() != "none" else {}
    refuse_taken({**recipe, **{key: smart_value(value) for key, value in settings.items()}})
    for key in ours() if mode != "train" else ():
        if key in settings:
            raise ArgumentError(f"{key}= is for 'yolo train', mode '{mode}' has no training loss: leave it out.")
        if key in recipe:
            raise ArgumentError(
                f"cfg={settings['cfg']} has a line {key}:, and mode '{mode}' no training loss: take it out."
            )
    resumed = "resume" in words or settings.get("resume", "False").lower() not in ("false", "none")
    check_weights_file({**recipe, **settings}.get("model"), "model", resumed=resumed and mode == "train")
    if mode == "train":
        check_resumed_file(settings.get("resume"))
    if "loss" in settings.keys() & ours().keys() and (apart := [key for key in settings if key in PARAMETERS]):
        raise ArgumentError(
            f"{apart[0]}= stands apart from loss=: write a loss in one word, as loss=focal_eiou:gamma=1,norm=tal."
        )
    if mode == "train":  # a typo shows before Ultralytics fetches a model
        given = {key: settings[key] for key in ours() if key in settings}
        if "box_stats" in given:
            given["box_stats"] = smart_value(given["box_stats"])
        if given.get("loss", "").lower() == "none":
            given["loss"] = None
        known = {key: recipe[key] for key in ours() if key in recipe}
        if check({**known, **given, "resume": resumed}):
            refuse_promptable(settings.get("model", ""))
        values = {key: smart_value(value) for key, value in settings.items()}
        if recipe:
            warn_off_recipe(settings["cfg"], values)
        if not resumed:
            check_values({**recipe, **values})
    return mode == "train"


def refuse_promptable(model: str) -> None:
    """Raise UnsupportedModelError for a model that Ultralytics, going by its name, takes for one that doesn't train."""
    from yolo_feiou.yolo.trainer import unsupported

    stem = Path(model).stem.lower()
    for name, marks in UNTRAINABLE.items():
        if any(mark in stem for mark in marks):
            raise UnsupportedModelError(unsupported(f"{name} ({model})"))


def locate(argument: str) -> str:
    """Return `cfg=name` or `data=name` with the path of our YAML of that name; anything else as it is."""
    from yolo_feiou.yolo.configs import find_data, find_recipe

    key, _, value = argument.partition("=")
    find = {"cfg": find_recipe, "data": find_data}.get(key.lstrip("-").strip())
    value = value.strip().removesuffix(",")  # as Ultralytics reads both
    return f"{key}={find(value)}" if find and value else argument


@contextmanager
def our_models() -> Iterator[None]:
    """Within the block, `ultralytics.YOLO` and its siblings are ours, and so are some arguments."""
    import ultralytics

    from yolo_feiou.yolo.default_cfg import extended_default_cfg
    from yolo_feiou.yolo.model import MODELS

    stock = {name: getattr(ultralytics, name) for name in MODELS}
    try:
        for name, model in MODELS.items():
            setattr(ultralytics, name, model)
        with extended_default_cfg():
            yield
    finally:
        for name, model in stock.items():
            setattr(ultralytics, name, model)
