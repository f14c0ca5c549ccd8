"""Show that each detector learns: train it from scratch on the synthetic `shapes`, and draw AP50 over the minutes.

python scripts/learn_shapes.py                                             all ten trainings
python scripts/learn_shapes.py detectors=atss,paa losses=stock threads=2   some of them, on two threads
python scripts/learn_shapes.py out=FOLDER docs=FOLDER                      where trainings and results go

A training that is in `out` with the same arguments is not repeated. Results are docs/detectors/learning.csv, where rows
of other trainings stay, and learning.svg.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from yolo_feiou.detectors.config_keys import DETECTORS
from yolo_feiou.errors import ArgumentError, exit_on_error
from yolo_feiou.lightning.arguments import complete_arguments
from yolo_feiou.lightning.place import find_place
from yolo_feiou.lightning.training import train
from yolo_feiou.losses.build import STOCK
from yolo_feiou.parameters import Int, Text, read_arguments
from yolo_feiou.plots.ablation import Line, LinePanel, draw_lines
from yolo_feiou.plots.style import assign_line_looks, render_svg
from yolo_feiou.results.epochs import read_curve
from yolo_feiou.results.run_record import read_run_record
from yolo_feiou.storage.tables import Row, atomic_file, read_csv, write_csv

DOCS = Path(__file__).parents[1] / "docs" / "detectors"
LOSSES = (STOCK, "focal_eiou")
#: The arguments of all trainings.
COMMON: Mapping[str, Any] = {
    "data": "shapes.yaml",
    "imgsz": 96,
    "batch": 4,
    "iterations": 1000,
    "intervals": 5,
    "lr0": 0.005,
    "clip": 5.0,
    "warmup_iterations": 20,
    "amp": True,
    "workers": 0,
    "seed": 0,
}
#: What a detector needs otherwise: a step with masks takes the longest.
OWN: Mapping[str, Mapping[str, Any]] = {"mask_rcnn": {"iterations": 400, "intervals": 4}}
#: AP50 that each is to reach.
GOAL = 0.5


def choose_arguments(detector: str, loss: str) -> dict[str, Any]:
    """Return the arguments of a training, as a user would give them."""
    return {"model": f"{detector}_r18.yaml", "loss": loss, **COMMON, **OWN.get(detector, {})}


def learn(detector: str, loss: str, out: Path, threads: int) -> Path:
    """Train a detector, unless that is done, and return the folder of the training."""
    folder, asked = out / f"{detector}-{loss}", choose_arguments(detector, loss)
    if is_done(folder, asked):
        print(f"{folder} is there")
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    train(complete_arguments(asked), folder, find_place("cpu", None), asked=asked, threads=threads)
    return folder


def is_done(folder: Path, asked: Mapping[str, Any]) -> bool:
    """Return whether a training with these arguments has ended."""
    record = read_run_record(folder)
    curve = read_curve(folder / "results.csv") if record else []
    return bool(record and record.asked == asked and curve and curve[-1]["iteration"] == asked["iterations"])


def read_learning(detector: str, loss: str, folder: Path) -> list[Row]:
    """Return the rows of a training: AP50 and AP on the validation images, and the minutes until then."""
    record = read_run_record(folder)
    assert record is not None
    session = record.sessions[-1]
    return [
        {
            "detector": detector,
            "loss": loss,
            "iteration": int(row["iteration"]),
            "minutes": round(row["time"] / 60, 2),
            "AP50": row["metrics/mAP50(B)"],
            "AP": row["metrics/mAP50-95(B)"],
            "arguments": " ".join(f"{key}={format_value(value)}" for key, value in record.asked.items()),
            "machine": f"{session['machine']}, {session['threads']} thread{'s' if session['threads'] > 1 else ''}",
        }
        for row in read_curve(folder / "results.csv")
    ]


def format_value(value: Any) -> str:
    """Return a value as it is typed at the command line."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def merge_rows(old: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """Return new rows and the old ones of other trainings, in the order of detectors, losses and iterations."""
    replaced = {(row["detector"], row["loss"]) for row in new}
    rows = [row for row in old if (row["detector"], row["loss"]) not in replaced] + list(new)
    order = [(detector, loss) for detector in DETECTORS for loss in LOSSES]
    return sorted(rows, key=lambda row: (order.index((row["detector"], row["loss"])), row["iteration"]))


def draw_learning(rows: Sequence[Row]) -> Figure:
    """Draw AP50 over the minutes of training: a panel a detector, a line a loss."""
    looks = assign_line_looks(LOSSES)
    panels = []
    for detector, title in DETECTORS.items():
        lines = {}
        for loss in LOSSES:
            own = [row for row in rows if (row["detector"], row["loss"]) == (detector, loss)]
            if own:
                x, y = ([0.0, *(scale * row[name] for row in own)] for name, scale in (("minutes", 1), ("AP50", 100)))
                lines[loss] = Line(looks[loss], x, y)
        if lines:
            panels.append(LinePanel(title, "minutes of training", "AP50 of unseen images, %", lines))
    figure = draw_lines(panels, narrow=True)
    for axis in figure.axes:
        axis.set_ylim(0, 100)
        axis.set_xlim(left=0)
        axis.axhline(100 * GOAL, color="#9A9A9A", linewidth=1)
    return figure


def write_results(rows: Sequence[Row], docs: Path) -> None:
    """Write the CSV, in which other trainings stay, and the picture of all."""
    path = docs / "learning.csv"
    merged = merge_rows(read_csv(path, ("arguments", "machine")) if path.exists() else [], rows)
    docs.mkdir(parents=True, exist_ok=True)
    write_csv(path, merged)
    with atomic_file(docs / "learning.svg") as part:
        part.write_bytes(render_svg(draw_learning(merged), "white"))


def read_names(text: str, known: Sequence[str], what: str) -> list[str]:
    """Return the names in a comma-separated list.

    Raises:
        ArgumentError: If one is unknown.
    """
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in known]:
        raise ArgumentError(f"{what}={text}: unknown {', '.join(unknown)}; expected some of {','.join(known)}.")
    return names


def main(args: Sequence[str]) -> None:
    """Train, and write the results after each training."""
    parameters = (
        Text("detectors", ",".join(DETECTORS), "names of detectors, comma-separated"),
        Text("losses", ",".join(LOSSES), "names of losses, comma-separated"),
        Text("out", "runs/learn_shapes", "a folder for the trainings"),
        Text("docs", str(DOCS), "a folder for the results"),
        Int("threads", 1, 1, 64),
    )
    given = {one.name: one.default for one in parameters} | read_arguments(Path(__file__).name, args, parameters)
    detectors = read_names(given["detectors"], tuple(DETECTORS), "detectors")
    losses = read_names(given["losses"], LOSSES, "losses")
    for detector in detectors:
        for loss in losses:
            folder = learn(detector, loss, Path(given["out"]), given["threads"])
            rows = read_learning(detector, loss, folder)
            write_results(rows, Path(given["docs"]))
            print(f"{detector} {loss}: AP50 {rows[-1]['AP50']:.3f} after {rows[-1]['minutes']:.1f} minutes", flush=True)


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])
