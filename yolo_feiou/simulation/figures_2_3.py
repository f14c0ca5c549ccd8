"""`yolo simulate figure=2` and `figure=3`: the curves of FocalL1 for several β."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from yolo_feiou.losses.l1 import focal_l1_curve
from yolo_feiou.losses.table import BETA
from yolo_feiou.parameters import Floats
from yolo_feiou.plots.figures_1_to_5 import draw_curves
from yolo_feiou.plots.style import save_figure
from yolo_feiou.simulation.experiment import ArgumentValues, Experiment
from yolo_feiou.storage.tables import Row, write_csv

CURVE_BETAS = (1 / math.e, 0.5, 0.6, 0.8, 1.0)


def focal_l1_curves(betas: Sequence[float] = CURVE_BETAS, points: int = 150, last: float = 1.5) -> list[Row]:
    """Return rows of x, β, FocalL1's loss and gradient (Eq. 9 and 8), and the gradient before α scales it.

    Args:
        betas: Values of β.
        points: Number of errors x, evenly spaced from 0 (excluded) to `last`.
        last: The largest x.
    """
    rows = []
    for beta in betas:
        x = torch.linspace(0, last, points + 1, dtype=torch.float64)[1:].requires_grad_()
        loss = focal_l1_curve(x, beta)
        (slope,) = torch.autograd.grad(loss.sum(), x)
        columns = zip(x.tolist(), loss.tolist(), slope.tolist(), strict=True)
        rows += [
            {"beta": beta, "x": x, "loss": y, "gradient": g, "unscaled": g / (math.e * beta)} for x, y, g in columns
        ]
    return rows


def make_curve_experiment(name: str, meaning: str, columns: dict[str, str]) -> Experiment:
    """Return the experiment that draws columns of the curves, each under its title."""

    def make(folder: Path, values: ArgumentValues) -> Iterator[str]:
        rows = focal_l1_curves(values.get("beta", CURVE_BETAS))
        write_csv(folder / f"{name}.csv", rows)
        save_figure(draw_curves(rows, columns), folder / f"{name}.png")
        for beta in dict.fromkeys(row["beta"] for row in rows):
            top = max((row for row in rows if row["beta"] == beta), key=lambda row: row["gradient"])
            yield f"β = {beta:.4g}: largest gradient {top['gradient']:.4f} at x = {top['x']:.2f}"

    return Experiment(
        name,
        meaning,
        (Floats("beta", CURVE_BETAS, BETA.low, BETA.high, "values of β, a curve for each; 0.3679 is 1/e"),),
        make,
        (f"{name}.csv", f"{name}.png"),
    )


FIGURE2 = make_curve_experiment(
    "figure2",
    "FocalL1 and its gradient over the error",
    {"loss": "FocalL1 (Eq. 9)", "gradient": "its gradient (Eq. 8)"},
)
FIGURE3 = make_curve_experiment(
    "figure3",
    "the gradient of FocalL1 without and with its factor α",
    {"unscaled": "−x ln(βx)", "gradient": "the same times α = eβ"},
)
