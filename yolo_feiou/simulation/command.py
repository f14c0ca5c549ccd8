"""`yolo simulate`: choose the experiment and the folder for its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, count
from pathlib import Path

from yolo_feiou.errors import ArgumentError, Interrupted, did_you_mean
from yolo_feiou.escape import make_visible
from yolo_feiou.parameters import Folder, asks_for_help, format_argument, format_arguments, read_arguments
from yolo_feiou.simulation import field, figure1, figure4, figure5, figures_2_3, figures_6_7, readings
from yolo_feiou.simulation.experiment import Experiment
from yolo_feiou.storage.own_files import check_not_overwritten
from yolo_feiou.storage.tables import results_folder
from yolo_feiou.terminal import say

EXPERIMENTS: dict[str, Experiment] = {
    "setup=1": figures_6_7.make_setup_experiment(1),
    "setup=2": figures_6_7.make_setup_experiment(2),
    "figure=1": figure1.FIGURE1,
    "figure=2": figures_2_3.FIGURE2,
    "figure=3": figures_2_3.FIGURE3,
    "figure=4": figure4.FIGURE4,
    "figure=5": figure5.FIGURE5,
    "readings=all": readings.ALL_READINGS,
}
OUT = Folder("out", "", "a folder for the results", "the folder of the results; by default runs/simulate/NAME")
#: The arguments that choose an experiment.
CHOOSING = ("setup", "figure", "field", "readings")
FIGURE_ALIASES = {"figure=6": "setup=1", "figure=7": "setup=2"}


def simulate(
    args: Sequence[str], replace: bool = False, find_runs_folder: Callable[[], Path] = lambda: Path("runs")
) -> None:
    """Run `yolo simulate` with its arguments.

    Args:
        args: The arguments that follow the verb.
        replace: Whether existing files are overwritten.
        find_runs_folder: Returns the folder in which results go that `out=` names no folder for.

    Raises:
        ArgumentError: If the arguments don't name one experiment, one is invalid, or a file exists already.
        LossSpecError: If a loss is not in the table.
    """
    if not args or asks_for_help(args):
        print(format_usage(find_subjects(args)))
        return
    args = [FIGURE_ALIASES.get(arg, arg) for arg in args]
    chosen = [arg for arg in args if arg.partition("=")[0] in CHOOSING]
    if len(chosen) != 1:
        near = {arg: told for arg in args if (told := did_you_mean(arg.partition("=")[0], CHOOSING)) != "."}
        got = " ".join(chosen) or "no experiment"
        if near and not chosen:
            got += ", but " + "".join(next(iter(near.items()))) + " Expected"
        else:
            got += ": expected"
        raise ArgumentError(f"got {got} one of {', '.join(EXPERIMENTS)}, field=LOSS.")
    (arg,) = chosen
    if arg not in EXPERIMENTS and not arg.startswith("field="):
        raise ArgumentError(f"unknown experiment {arg}: expected one of {', '.join(EXPERIMENTS)}, field=LOSS.")
    subject = EXPERIMENTS.get(arg) or field.make_field_experiment(arg.partition("=")[2])
    rest = [other for other in args if other != arg]
    if arg.startswith("field=") and (task := next((other for other in rest if other.startswith("task=")), "")):
        raise ArgumentError(
            f"{task}: field= goes by the loss, and takes functions of your own for axis-aligned boxes, and the table's "
            "losses of rotated boxes, as field=kld: leave task= out."
        )
    values = read_arguments(f"yolo simulate {arg}", rest, [*subject.arguments, OUT])
    out = values.pop("out", "") or find_free(find_runs_folder() / "simulate" / subject.name)
    if not replace:
        check_not_overwritten(Path(out), subject.files)
    with results_folder(Path(out)) as folder:
        for name in subject.files:  # of another simulation, if they may be replaced
            (folder / name).unlink(missing_ok=True)
        before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
        try:
            for line in subject.make(folder, values):
                say(line)
        except KeyboardInterrupt:
            kept = [p.name for p in sorted(folder.iterdir()) if before.get(p) != p.stat().st_mtime_ns]
            told = f"interrupted; finished, in {folder}: {', '.join(kept)}" if kept else "interrupted; nothing is kept"
            raise Interrupted(make_visible(told)) from None
        say(f"Results are in {folder}")


def find_free(path: Path) -> Path:
    """Return the first of `path`, `path`-2, `path`-3 and so on that isn't there yet."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(one for one in chain([path], numbered) if not one.exists())


def find_subjects(args: Sequence[str]) -> dict[str, Experiment]:
    """Return the experiments that help is asked for: those that are named, else all."""
    fields = {"field=LOSS": "eiou", "field=LOSS of rotated boxes": "kld"}
    subjects = EXPERIMENTS | {arg: field.make_field_experiment(loss) for arg, loss in fields.items()}
    named = {FIGURE_ALIASES.get(arg, arg.partition("=")[0] if arg.startswith("field") else arg) for arg in args}
    return {arg: of for arg, of in subjects.items() if named & {arg, arg.partition("=")[0]}} or subjects


def format_usage(subjects: Mapping[str, Experiment]) -> str:
    """Return what experiments show, with their arguments and defaults."""
    lines = ["yolo simulate WHAT [out=FOLDER] [argument=value ...]", format_argument(OUT)]
    lines.append("where WHAT and its own arguments are:")
    for arg, subject in subjects.items():
        lines += [f"\n{arg}: {subject.meaning}", format_arguments(subject.arguments)]
    return "\n".join(lines)
