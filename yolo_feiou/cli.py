"""The command: Ultralytics' own `yolo`, with `loss=` for training and a few verbs more."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from io import TextIOWrapper
from pathlib import Path

from yolo_feiou.errors import ArgumentError, exit_on_error
from yolo_feiou.parameters import asks_for_help

DOCTOR_USAGE = """yolo doctor [--fix]

Checks the installation: versions, what trains, and which 'yolo' runs.

    --fix                        puts our 'yolo' in the place of Ultralytics', where a later installation replaced it"""
HELP = """
    yolo-feiou adds to these:
        yolo train ... loss=focal_eiou:gamma=0.5     train with another box loss
        yolo train ... loss=my_loss.py:my_function   train with a box loss of your own
        yolo train ... loss=eiou box_stats=True      record which boxes the gradient comes from
        yolo train ... cfg=focal_eiou.yaml           a recipe of the paper
        yolo train ... data=shapes.yaml              a small data set, made on first use
        yolo train model=retinanet.yaml ...          RetinaNet, or faster_rcnn, mask_rcnn, atss, paa
        yolo losses                                  list the box losses; 'yolo losses siou' tells more of one
        yolo recipes                                 list the recipes for cfg=
        yolo simulate setup=1                        let boxes follow losses, as in the paper's figures
        yolo check my_loss.py:my_function            look for known mistakes in a loss
        yolo prepare voc source=... out=...          make a data set ready: VOC XML, COCO 2017 or COCO JSON
        yolo ablate data=... losses=ciou,eiou seeds=0,1,2   compare losses: a grid of runs
        yolo evaluate runs/detect/train ...          evaluate trainings, so that a report compares them
        yolo export-results RUN onnx=True            'yolo evaluate' by its older name; exports to ONNX too
        yolo report runs/ablate/...                  its statistics, tables, pictures and page
        yolo doctor [--fix]                          check the installation (and which 'yolo' runs)
        train_coco.sh data=... loss=eiou             train on all GPUs of a node, or of several nodes
        sbatch train_coco.slurm data=... loss=eiou   the same as a job of Slurm
        ablate_slurm.sh out=... data=... losses=...  'yolo ablate' as an array job of Slurm
    Each tells its arguments by --help: yolo ablate --help, yolo train --help.
"""


def list_losses(args: list[str]) -> None:
    """Print the table of losses, or more of those that are named."""
    from yolo_feiou.losses.listing import print_losses

    print_losses(args)


def list_recipes(args: list[str]) -> None:
    """Print the recipes for `cfg=`, or those that are named."""
    from yolo_feiou.yolo.recipe_listing import print_recipes

    print_recipes(args)


def run_doctor(args: list[str]) -> None:
    """Print the state of the installation; with --fix, put our `yolo` in place."""
    if asks_for_help(args):
        print(DOCTOR_USAGE)
        return
    from yolo_feiou.yolo.doctor import diagnose

    if unknown := set(args) - {"--fix"}:
        raise ArgumentError(f"doctor takes --fix or nothing, got {' '.join(sorted(unknown))}.")
    sys.exit(diagnose(fix="--fix" in args))


def run_simulate(args: list[str]) -> None:
    """Simulate boxes that follow the gradients of losses."""
    from yolo_feiou.simulation.command import simulate

    def find_runs_folder() -> Path:
        from yolo_feiou.yolo.framework import FRAMEWORK

        return FRAMEWORK.runs_folder

    simulate(args, find_runs_folder=find_runs_folder)


def run_check(args: list[str]) -> None:
    """Look for known mistakes in a loss."""
    from yolo_feiou.checks.command import check_losses

    sys.exit(check_losses(args))


def run_ablate(args: list[str]) -> None:
    """Train and evaluate a grid of runs that compare losses."""
    from yolo_feiou.ablation.command import ablate
    from yolo_feiou.dispatch import choose_framework

    refuse_other_verbs(args, "ablate", ["baseline"], "report")
    sys.exit(ablate(args, choose_framework(args)))


def run_evaluate(args: list[str]) -> None:
    """Evaluate finished runs: rows for a report, and model cards."""
    from yolo_feiou.export.command import export

    sys.exit(export(args, "evaluate"))


def run_export(args: list[str]) -> None:
    """Do the same, with ONNX and a submission in mind."""
    from yolo_feiou.export.command import export

    sys.exit(export(args, "export-results"))


def run_prepare(args: list[str]) -> None:
    """Make a data set ready for training."""
    from yolo_feiou.datasets.command import prepare_data_set

    prepare_data_set(args)


def run_report(args: list[str]) -> None:
    """Make statistics, tables, pictures and a page of the results of an ablation."""
    from yolo_feiou.ablation.collect import collect_results
    from yolo_feiou.report.command import report

    report(args, collect_results)


def refuse_other_verbs(args: Sequence[str], verb: str, others: Iterable[str], owner: str) -> None:
    """Raise ArgumentError for an argument of another verb.

    Args:
        args: The arguments, those as `key=value` among them.
        verb: Whose they are.
        others: The names of arguments that this verb hasn't got, and `owner` has.
        owner: The other verb.
    """
    given = [arg.lstrip("-").partition("=")[0].strip() for arg in args if "=" in arg]
    if wrong := next((name for name in given if name in {*others}), None):
        raise ArgumentError(f"{wrong}= is for 'yolo {owner}': leave it out of 'yolo {verb}'.")


def refuse_ablation_arguments(args: Sequence[str]) -> None:
    """Raise ArgumentError if a training has an argument of `yolo ablate`, as gain=, that no training has."""
    from yolo_feiou.yolo.default_cfg import list_defaults

    known = list_defaults()
    given = {arg.lstrip("-").partition("=")[0].strip() for arg in args if "=" in arg}
    if "train" not in {arg.removeprefix("mode=") for arg in args} or given <= known.keys():
        return
    from yolo_feiou.ablation.grid import ALIASES
    from yolo_feiou.ablation.options import ABLATION_OPTIONS

    names = {*ALIASES, *(option.name for option in ABLATION_OPTIONS)} - known.keys()
    refuse_other_verbs(args, "train", names, "ablate")


def run_stock() -> None:
    """Run Ultralytics' own command, with our losses where it trains; after its help comes ours.

    Detectors beside YOLO, by their model, have their own.
    """
    from yolo_feiou.dispatch import check_lightning, trains_detector
    from yolo_feiou.yolo.command import merge_equals_args, run_ultralytics

    words = merge_equals_args(sys.argv[1:])
    if is_help_asked(words):
        if print_mode_help(words):
            return
    else:
        refuse_ablation_arguments(sys.argv[1:])
        if trains_detector(words):
            check_lightning()
            from yolo_feiou.lightning.command import run_detector

            run_detector(words)
            return
    run_ultralytics(VERBS)
    if not sys.argv[1:] or sys.argv[1].strip("-") in ("help", "h"):
        print(HELP)


def is_help_asked(words: list[str]) -> bool:
    """Return whether a command of Ultralytics' asks for help: its words may have it anywhere."""
    return asks_for_help(words) or "help" in words


def print_mode_help(words: list[str]) -> bool:
    """Print the help on a mode, if it isn't Ultralytics' own, and return whether that was so."""
    from yolo_feiou.dispatch import check_lightning, trains_detector

    modes = [word.removeprefix("mode=") for word in words]
    if trains_detector(words):
        check_lightning()
        from yolo_feiou.lightning.command import HELP, format_mode_help

        print(format_mode_help(next((mode for mode in modes if mode in HELP), "train")))
        return True
    from yolo_feiou.yolo.mode_help import MODE_HELP, format_stock_mode_help

    mode = next((mode for mode in modes if mode in MODE_HELP), None)
    if mode:
        print(format_stock_mode_help(mode))
    return mode is not None


#: Verbs of which the same command goes on where an interrupted one stopped, and what is said of that.
RESUMABLE, RESUMED = ("evaluate", "export-results", "prepare"), "; the same command resumes here"
VERBS: dict[str, Callable[[list[str]], None]] = {
    "losses": list_losses,
    "recipes": list_recipes,
    "doctor": run_doctor,
    "simulate": run_simulate,
    "check": run_check,
    "prepare": run_prepare,
    "ablate": run_ablate,
    "evaluate": run_evaluate,
    "export-results": run_export,
    "report": run_report,
}


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal without Unicode still gets its answer
            stream.reconfigure(errors="replace")
    if sys.argv[1:2] == ["help"] and len(sys.argv) > 2:  # in place: Ultralytics holds this list
        sys.argv[1:] = [*sys.argv[2:], "--help"]
    name = sys.argv[1].lower() if len(sys.argv) > 1 else ""
    verb = VERBS.get(name) if name != "check" or sys.argv[2:] else None  # `yolo check` is stock's for `yolo checks`
    interrupted = f"interrupted{RESUMED if name in RESUMABLE else ''}"
    with exit_on_error(None if "RANK" in os.environ else interrupted):  # processes of torchrun leave it to torchrun
        verb(sys.argv[2:]) if verb else run_stock()
