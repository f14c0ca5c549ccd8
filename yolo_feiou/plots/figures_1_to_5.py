"""Plots like the paper's figures 1 to 5, from rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from yolo_feiou.plots.figures_6_7 import group_by_loss
from yolo_feiou.plots.style import (
    assign_line_looks,
    fit_font_size,
    get_colour,
    make_panels,
    place_legend_below,
)
from yolo_feiou.storage.tables import Row

GREY = "#777777"
#: One colour a value of β, dark to bright.
SEQUENTIAL_COLOURS = ("#440154", "#3B528B", "#21918C", "#5EC962", "#C9B511")


def draw_regressions(rows: list[Row], moments: int = 6) -> Figure:
    """Draw how an anchor goes to its target under each loss: a panel for each, two in a row.

    Dots are the start and black is the target; thin lines are steps between, and the bold one is the last.

    Args:
        rows: As `figure1.compute_trajectories` returns them.
        moments: The number of steps that are drawn, the first and the last among them.
    """
    groups = group_by_loss(rows)
    last = int(rows[-1]["step"])
    shown = sorted({round(last * i / (moments - 1)) for i in range(moments)})
    columns = min(2, len(groups))
    lines = -(-len(groups) // columns)
    figure, axes = make_panels(lines, columns, 3.5 * columns, 0.6 + 2.7 * lines, sharex=True, sharey=True)
    for axis, (loss, steps) in zip(axes, groups.items(), strict=False):
        boxes = {row["step"]: [row[key] for key in "xywh"] for row in steps}
        axis.add_patch(make_outline((0, 0, 1, 1), "black", "-"))
        axis.add_patch(make_outline(boxes[0], GREY, ":"))
        for number, step in enumerate(shown[1:], 1):
            weight = {"linewidth": 1.0, "alpha": number / len(shown)} if step < last else {}
            axis.add_patch(make_outline(boxes[step], get_colour(loss), "-", **weight))
        w, h = boxes[last][2:]
        title = f"{loss}: w {w:.2f}, h {h:.2f}"
        axis.set_title(title, fontsize=fit_font_size(title, 3.3, 14))
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_aspect("equal")
        axis.grid(False)
    for axis in axes[len(groups) :]:
        axis.remove()
    axes[0].set_xlim(*find_axis_range(rows, "x", "w"))
    axes[0].set_ylim(*find_axis_range(rows, "y", "h"))
    looks = {"target": ("black", "-"), "start": (GREY, ":"), f"step {last}": (GREY, "-")}
    key = [make_outline((0, 0, 1, 1), *look, label=name) for name, look in looks.items()]
    figure.legend(handles=key, loc="outside lower center", ncols=len(key), frameon=False, fontsize=12)
    return figure


def make_outline(box: Sequence[float], line: str, style: str, **look: Any) -> Rectangle:
    """Return the outline of a box given as its centre and sides; `look` is as matplotlib has it."""
    x, y, w, h = box
    look = {"edgecolor": line, "linestyle": style, "linewidth": 2.4, **look}
    return Rectangle((x - w / 2, y - h / 2), w, h, fill=False, **look)


def find_axis_range(rows: list[Row], centre: str, side: str) -> tuple[float, float]:
    """Return the range that all boxes, and the unit target about 0, cover along an axis, with a margin."""
    low = min(-0.5, *(row[centre] - row[side] / 2 for row in rows))
    high = max(0.5, *(row[centre] + row[side] / 2 for row in rows))
    return low - 0.2, high + 0.2


def draw_curves(rows: list[Row], columns: dict[str, str]) -> Figure:
    """Draw columns of `focal_l1_curves` over x, each in a panel under its title, a line for each β."""
    figure, axes = make_panels(1, len(columns), 5.2 * len(columns), 4.6)
    betas = list(dict.fromkeys(row["beta"] for row in rows))
    for axis, (column, title) in zip(axes, columns.items(), strict=True):
        for i, beta in enumerate(betas):
            line = [row for row in rows if row["beta"] == beta]
            shade = SEQUENTIAL_COLOURS[i * (len(SEQUENTIAL_COLOURS) - 1) // max(len(betas) - 1, 1)]
            axis.plot([row["x"] for row in line], [row[column] for row in line], color=shade, label=f"β = {beta:.3g}")
        axis.set_title(title)
        axis.set_xlabel("error x")
    place_legend_below(figure, axes[-1])
    return figure


def draw_sweep(rows: list[Row]) -> Figure:
    """Draw the final error and the share of IoU above 0.9 over a parameter, a row of panels for each parameter."""
    parameters = list(dict.fromkeys(row["parameter"] for row in rows))
    shown = {"error": "ℓ1 error after the last step", "share_90": "share of IoU > 0.9"}
    setups = sorted({row["setup"] for row in rows})
    figure, axes = make_panels(len(parameters), 2 * len(setups), 8 * len(setups), 3.6 * len(parameters))
    for i, parameter in enumerate(parameters):
        for j, (setup, (column, label)) in enumerate((s, c) for s in setups for c in shown.items()):
            axis = axes[i * 2 * len(setups) + j]
            picked = [row for row in rows if row["parameter"] == parameter and row["setup"] == setup]
            for loss, look in assign_line_looks(list(group_by_loss(picked))).items():
                line = group_by_loss(picked)[loss]
                axis.plot(
                    [r["value"] for r in line],
                    [r[column] for r in line],
                    look.dash,
                    marker="o",
                    color=look.colour,
                    label=loss,
                )
            axis.set_xlabel({"beta": "β", "gamma": "γ"}[parameter])
            axis.set_title(f"setup {setup:g}: {label}", fontsize=12)
        axes[i * 2 * len(setups)].legend()
    return figure


def draw_layout(rows: list[Row]) -> Figure:
    """Draw each setup's points (blue), its targets (black) and one point's anchors (orange)."""
    setups = sorted({row["setup"] for row in rows})
    figure, axes = make_panels(1, len(setups), 6 * len(setups), 6.2)
    for axis, setup in zip(axes, setups, strict=True):
        for kind, line in (("anchor", "#E69F00"), ("target", "black")):
            for row in rows:
                if row["setup"] == setup and row["kind"] == kind:
                    axis.add_patch(make_outline([row[key] for key in "xywh"], line, "-"))
        points = [row for row in rows if row["setup"] == setup and row["kind"] == "point"]
        axis.scatter([row["x"] for row in points], [row["y"] for row in points], s=7, color="#0072B2", linewidths=0)
        axis.set_title(f"setup {setup:g}: {len(points):,} points, one point's anchors, the targets")
        axis.set_xlabel("x")
        axis.set_ylabel("y")
        axis.set_aspect("equal")
        axis.set_xlim(-12, 32)
        axis.set_ylim(-12, 32)
    return figure
