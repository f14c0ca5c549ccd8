"""`yolo simulate figure=4`: the parameters β and γ in the simulations, where the paper has them on COCO."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from yolo_feiou.losses.table import BETA, GAMMA
from yolo_feiou.parameters import Floats, Int, format_value
from yolo_feiou.plots.figures_1_to_5 import draw_sweep
from yolo_feiou.plots.style import save_figure
from yolo_feiou.progress_bar import show_progress
from yolo_feiou.simulation.experiment import ArgumentValues, Experiment
from yolo_feiou.simulation.run import Simulation
from yolo_feiou.storage.tables import Row, write_csv

SWEPT_BETAS, SWEPT_GAMMAS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0), (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
SWEPT_LOSSES = {"beta": ("focal_l1", "focal_eiou_v1"), "gamma": ("focal_eiou", "focal_eiou_star")}


def run_sweep(setup: int, points: int, values: dict[str, tuple[float, ...]]) -> Iterator[Row]:
    """Yield a row for each loss and value of its parameter: its measures after the last step."""
    for parameter, losses in SWEPT_LOSSES.items():
        for loss in losses:
            for value in values[parameter]:
                what = Simulation(setup, (f"{loss}:{parameter}={format_value(value)}",), points=points)
                for rows in what.run():
                    last = {key: rows[-1][key] for key in ("error", "iou_mean", "iou_best", "share_50", "share_90")}
                    yield {"setup": setup, "parameter": parameter, "value": value, "loss": loss, **last}


def write_figure4(folder: Path, values: ArgumentValues) -> Iterator[str]:
    """Write the results over both parameters, and their plot."""
    chosen = {"beta": values.get("beta", SWEPT_BETAS), "gamma": values.get("gamma", SWEPT_GAMMAS)}
    total = 2 * sum(len(losses) * len(chosen[parameter]) for parameter, losses in SWEPT_LOSSES.items())
    finals = (row for setup in (1, 2) for row in run_sweep(setup, values.get("points", 100), chosen))
    rows: list[Row] = []
    try:
        with show_progress("figure 4", total) as advance:
            for row in finals:
                rows.append(row)
                advance(1)
    finally:  # finished rows are kept
        if rows:
            write_csv(folder / "figure4.csv", rows)
    save_figure(draw_sweep(rows), folder / "figure4.png")
    for row in rows:
        yield "setup {setup}, {loss}:{parameter}={value:g}: error {error:.3f}, IoU > 0.9 {share_90:.2%}".format(**row)


FIGURE4 = Experiment(
    "figure4",
    "β of FocalL1 and γ of Focal-EIoU in both setups: the error and the boxes above 0.9 IoU at the end",
    (
        Floats("beta", SWEPT_BETAS, BETA.low, BETA.high, "values of β of FocalL1"),
        Floats("gamma", SWEPT_GAMMAS, GAMMA.low, GAMMA.high, "values of γ of Focal-EIoU"),
        Int("points", 100, 1, 50_000, "positions of anchors"),
    ),
    write_figure4,
    ("figure4.csv", "figure4.png"),
)
