"""`yolo simulate figure=5`: the points, anchors and targets of both setups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from torchvision.ops import box_convert

from yolo_feiou.parameters import Int
from yolo_feiou.plots.figures_1_to_5 import draw_layout
from yolo_feiou.plots.style import save_figure
from yolo_feiou.simulation.experiment import ArgumentValues, Experiment
from yolo_feiou.simulation.setups import SETUPS, Reading
from yolo_feiou.storage.tables import Row, write_csv


def make_boxes(number: int, seed: int = 0) -> list[Row]:
    """Return the targets and the first point's anchors of a setup, and its points as boxes without sides."""
    setup = SETUPS[number]
    anchors, targets = (
        box_convert(pairs.flatten(0, 1), "xyxy", "cxcywh").unique(dim=0) for pairs in setup.pairs(1, Reading(), seed)
    )
    kinds = {"target": targets.tolist(), "anchor": anchors.tolist()}
    kinds["point"] = [(x, y, 0.0, 0.0) for x, y in setup.spread(setup.points, "square", seed).tolist()]
    return [
        {"setup": number, "kind": kind, **dict(zip("xywh", box, strict=True))}
        for kind, group in kinds.items()
        for box in group
    ]


def write_figure5(folder: Path, values: ArgumentValues) -> Iterator[str]:
    """Write the boxes of both setups, and their plot."""
    rows = [row for number in SETUPS for row in make_boxes(number, **values)]
    write_csv(folder / "figure5.csv", rows)
    save_figure(draw_layout(rows), folder / "figure5.png")
    for number in SETUPS:
        counts = [
            sum(r["setup"] == number and r["kind"] == kind for r in rows) for kind in ("point", "anchor", "target")
        ]
        yield "setup {}: {} points × {} anchors × {} targets = {:,} pairs".format(
            number, *counts, counts[0] * counts[1] * counts[2]
        )


FIGURE5 = Experiment(
    "figure5",
    "where the points, anchors and targets of both setups lie",
    (Int("seed", 0, 0, 2**63 - 1, "of the random boxes"),),
    write_figure5,
    ("figure5.csv", "figure5.png"),
)
