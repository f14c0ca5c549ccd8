"""Plots of a simulation, like the paper's figures 6 and 7: error and distribution of IoU over the steps."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from yolo_feiou.plots.style import assign_line_looks, get_colour, make_panels, place_legend_below
from yolo_feiou.storage.tables import Row


def group_by_loss(rows: list[Row]) -> dict[str, list[Row]]:
    """Return the rows of each loss, in the order of the rows."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["loss"], []).append(row)
    return found


def draw_error_curves(rows: list[Row], title: str) -> Figure:
    """Draw each loss's ℓ1 error of a pair over the steps."""
    figure, (axes,) = make_panels(1, 1, 8, 5, title)
    groups = group_by_loss(rows)
    for loss, look in assign_line_looks(list(groups)).items():
        steps = groups[loss]
        axes.plot(
            [row["step"] for row in steps],
            [row["error"] for row in steps],
            look.dash,
            color=look.colour,
            label=f"{loss}  {steps[-1]['error']:.4g}",
        )
    axes.set_xlabel("step")
    axes.set_ylabel("ℓ1 error of a box, mean")
    place_legend_below(figure, axes, columns=3)
    return figure


def draw_iou_boxes(rows: list[Row], title: str, boxes: int = 10) -> Figure:
    """Draw box plots of IoU at `boxes` + 1 steps, a panel for each loss, five in a row at most."""
    groups = group_by_loss(rows)
    last = int(rows[-1]["step"])
    shown = sorted({round(last * i / boxes) for i in range(boxes + 1)})
    lines = math.ceil(len(groups) / 5)
    columns = math.ceil(len(groups) / lines)
    figure, axes = make_panels(lines, columns, 2 + 2.6 * columns, 0.6 + 4 * lines, title, sharex=True, sharey=True)
    for axis in axes[len(groups) :]:
        axis.remove()
    for axis, (loss, steps) in zip(axes, groups.items(), strict=False):
        picked = [row for row in steps if row["step"] in shown]
        stats = [
            {
                "med": row["iou_50"],
                "q1": row["iou_25"],
                "q3": row["iou_75"],
                "whislo": row["iou_05"],
                "whishi": row["iou_95"],
                "mean": row["iou_mean"],
            }
            for row in picked
        ]
        axis.bxp(
            stats,
            positions=[row["step"] for row in picked],
            widths=last / boxes * 0.6,
            showfliers=False,
            showmeans=True,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": get_colour(loss), "alpha": 0.6},
            medianprops={"color": "black", "linewidth": 2},
            meanprops={"marker": "o", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 5},
        )
        axis.set_title(loss)
    axes[0].set_ylim(-0.02, min(1.02, 1.15 * max(row["iou_95"] for row in rows) + 0.02))
    figure.supxlabel("step", fontsize=13)
    figure.supylabel("IoU (box 25-75 %, whiskers 5-95 %, ○ mean)", fontsize=11)
    return figure
