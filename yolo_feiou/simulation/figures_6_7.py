"""`yolo simulate setup=1` and `setup=2`: the paper's figures 6 and 7, with their statements judged."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import torch

from yolo_feiou import __version__
from yolo_feiou.errors import ArgumentError
from yolo_feiou.parameters import Choice, Float, Int, Parameter, Text
from yolo_feiou.plots.figures_6_7 import draw_error_curves, draw_iou_boxes
from yolo_feiou.plots.style import save_figure
from yolo_feiou.progress_bar import show_progress
from yolo_feiou.simulation.claims import check_claims
from yolo_feiou.simulation.conditions import conditions_arguments, get_conditions
from yolo_feiou.simulation.experiment import ArgumentValues, Experiment, get_losses, make_losses_argument
from yolo_feiou.simulation.run import FIGURE_LOSSES, Simulation
from yolo_feiou.simulation.setups import READINGS, SETUPS, Reading
from yolo_feiou.storage.tables import Row, write_csv, write_json

READING_ARGUMENTS: tuple[Parameter, ...] = (
    Float("area", Reading.area, 1e-4, 1e8, "area of the targets"),
    Choice("region", Reading.region, ("square", "disc"), "where the anchors of setup 1 lie"),
    Choice("factor", Reading.factor, ("1", "2-iou"), "what each step is multiplied by"),
    Choice("update", Reading.update, ("xywh", "xyxy"), "what moves: centre and sides, or corners"),
    Choice("batch", Reading.batch, ("all", "point", "anchor", "target"), "the pairs of a batch"),
    Choice("reduce", Reading.reduce, ("sum", "mean"), "how the losses of a batch become one"),
    Choice("empty", Reading.empty, ("mean", "still"), "what a focal loss does where no pair of a batch overlaps"),
)
MEANINGS = {
    1: "boxes from all around follow each loss to their target; the statements on figure 6 are judged",
    2: "the same for boxes that begin near their target; the statements on figure 7 are judged",
}
SETUP_FILES = ("steps.csv", "settings.json", "error.png", "iou.png")
SUMMARY_COLUMNS = ("error", "iou_mean", "iou_95", "share_50", "share_75", "share_90")


def make_setup_experiment(number: int) -> Experiment:
    """Return the subject of setup 1 or 2."""
    arguments = (
        make_losses_argument(*FIGURE_LOSSES),
        Choice("reading", "literal", tuple(READINGS), "an interpretation of the paper: values of what follows"),
        *READING_ARGUMENTS,
        *conditions_arguments(),
        Int("points", SETUPS[number].points, 1, 50_000, "positions of anchors"),
        Int("steps", Simulation.steps, 1, 10**6, "steps of gradient descent"),
        Int("seed", Simulation.seed, 0, 2**63 - 1, "of the positions of anchors"),
        Text("device", Simulation.device, "a torch device"),
        Choice("dtype", Simulation.dtype, ("float32", "float64"), "the precision"),
    )

    def make(folder: Path, values: ArgumentValues) -> Iterator[str]:
        what = read_simulation(number, values)
        rows = run_simulation(what, folder)
        title = f"Setup {number}, {name_reading(what.reading)}, {what.pairs:,} pairs"
        save_figure(draw_error_curves(rows, title), folder / "error.png")
        save_figure(draw_iou_boxes(rows, title), folder / "iou.png")
        yield from what.conditions.tell(what.losses)
        yield f"{title}, after {what.steps} steps:"
        yield from format_last_rows(rows)
        yield from check_claims(rows, number)

    return Experiment(f"setup{number}", MEANINGS[number], arguments, make, SETUP_FILES)


def read_simulation(number: int, values: ArgumentValues) -> Simulation:
    """Return the simulation for the values of the arguments.

    Raises:
        ArgumentError: If torch can't compute on the device, or a loss is there twice.
        LossSpecError: If a loss is not in the table.
    """
    given = dict(values)
    given["losses"] = get_losses(given, *FIGURE_LOSSES)
    named = READINGS[given.pop("reading", "literal")]
    reading = replace(named, **{key: given.pop(key) for key in asdict(named) if key in given})
    given["conditions"] = get_conditions(given)
    given = {key: value for key, value in given.items() if key not in asdict(given["conditions"])}
    if given.get("device", "").isdigit():
        given["device"] = f"cuda:{given['device']}"  # as Ultralytics counts them
    what = Simulation(number, reading=reading, **given)
    for spec in what.losses:
        what.conditions.build(spec)
    try:
        torch.zeros(1, device=what.device, dtype=getattr(torch, what.dtype)).item()
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ArgumentError(
            f"device={what.device} can't compute in {what.dtype} here: {reason} Leave device= out for the CPU."
        ) from None
    return what


def run_simulation(what: Simulation, folder: Path) -> list[Row]:
    """Simulate, and return the rows; each finished loss is written before the next begins."""
    rows: list[Row] = []
    with show_progress(f"setup {what.setup}", what.steps * len(what.losses)) as advance:
        for part in what.run(tick=lambda: advance(1)):
            rows += part
            write_csv(folder / "steps.csv", rows)
            write_json(
                folder / "settings.json", describe_settings(what, [row["loss"] for row in rows if row["step"] == 0])
            )
    return rows


def describe_settings(what: Simulation, finished: list[str]) -> dict[str, object]:
    """Return the settings of a simulation, with the versions of the software."""
    versions = {"yolo_feiou": __version__, "torch": torch.__version__, "python": platform.python_version()}
    return {**asdict(what), "pairs": what.pairs, "losses": finished, "versions": versions}


def name_reading(reading: Reading) -> str:
    """Return an interpretation's name, or how it differs from the literal one."""
    for name, known in READINGS.items():
        if reading == known:
            return f"{name} reading"
    literal = asdict(READINGS["literal"])
    return " ".join(f"{key}={value}" for key, value in asdict(reading).items() if value != literal[key])


def format_last_rows(rows: list[Row]) -> Iterator[str]:
    """Yield a table of the final measures of each loss."""
    width = max(len(row["loss"]) for row in rows)
    last = max(row["step"] for row in rows)
    yield " " * width + "".join(f"{column:>10}" for column in SUMMARY_COLUMNS)
    for row in rows:
        if row["step"] == last:
            yield f"{row['loss']:{width}}" + "".join(f"{row[column]:>10.4f}" for column in SUMMARY_COLUMNS)
