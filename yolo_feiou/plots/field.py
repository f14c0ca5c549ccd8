"""The gradient field of a loss as a picture."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from yolo_feiou.plots.style import make_panels
from yolo_feiou.storage.tables import Row

#: The axis label of an angle, which is in radians and has its ticks in degrees.
ANGLE_LABEL = "angle Δr"
PLANE_LABELS = {
    "offset": ("offset Δx, in box widths", "offset Δy, in box heights", "boxes of one size"),
    "size": ("log₂ w/w_t", "log₂ h/h_t", "boxes with one centre"),
    "both": ("offset Δx, in box widths", "log₂ of both sides' ratio", "offset and size"),
    "along": ("offset along the width, in widths", ANGLE_LABEL, "offset along and angle"),
    "across": ("offset across it, in heights", ANGLE_LABEL, "offset across and angle"),
    "scaled": ("log₂ of both sides' ratio", ANGLE_LABEL, "size and angle, boxes with one centre"),
}
#: Regions with a colour of their own: colour, opacity, and label.
REGION_STYLES = {
    "away": ("#D55E00", 0.6, "leads away from the target"),
    "dead": ("#9A9A9A", 1.0, "zero gradient"),
    "broken": ("#000000", 1.0, "non-finite gradient"),
}


def draw_field(rows: list[Row], loss: str, arrows: int = 17) -> Figure:
    """Draw the direction of the step (arrows), its size (blue), where it pushes away (red), where it is zero (grey).

    Args:
        rows: As `simulation.field.compute_field` returns them, or `compute_rotated_field`.
        loss: The loss's spec, or more, for the title.
        arrows: Arrows along an axis, about.
    """
    planes = list(dict.fromkeys(row["plane"] for row in rows))
    figure, axes = make_panels(1, len(planes), 16.5, 5.4, f"{loss}: the step that it makes a box take")
    sizes = [row["size"] for row in rows if np.isfinite(row["size"])]
    top = np.quantile(sizes, 0.98) if any(sizes) else 1.0
    shades = []
    for axis, plane in zip(axes, planes, strict=True):
        u, v, title = PLANE_LABELS[plane]
        shades.append(draw_plane(axis, [row for row in rows if row["plane"] == plane], top, arrows))
        axis.set_xlabel(u)
        axis.set_ylabel(v)
        axis.set_title(title)
        if v == ANGLE_LABEL:
            axis.set_yticks(np.linspace(-np.pi / 2, np.pi / 2, 5), ["−90°", "−45°", "0°", "45°", "90°"])
    figure.colorbar(shades[-1], ax=axes, label="size of the gradient", shrink=0.85, pad=0.01)
    key = [Patch(color=tint, alpha=alpha, label=label) for tint, alpha, label in REGION_STYLES.values()]
    figure.legend(handles=key, loc="outside lower center", ncols=len(key), frameon=False, fontsize=12)
    return figure


def draw_plane(axis: Axes, rows: list[Row], top: float, arrows: int) -> QuadMesh:
    """Draw one plane, and return what a colour bar needs."""
    points = round(len(rows) ** 0.5)
    u, v, du, dv, size = (
        np.array([row[key] for row in rows]).reshape(points, points).T for key in ("u", "v", "du", "dv", "size")
    )
    kind = np.array([row["kind"] for row in rows]).reshape(points, points).T
    shade = axis.pcolormesh(u, v, size, vmin=0, vmax=top, cmap="Blues", shading="nearest", rasterized=True)
    for name, (tint, alpha, _) in REGION_STYLES.items():
        region = np.ma.masked_where(kind != name, np.ones_like(u))
        axis.pcolormesh(u, v, region, cmap=ListedColormap([tint]), alpha=alpha, shading="nearest", rasterized=True)
    every = slice(None, None, max(1, points // arrows))
    live = np.where((size > 1e-12) & np.isfinite(size), size, np.nan)  # arrows of one length: the shade has the size
    axis.quiver(
        *(grid[every, every] for grid in (u, v, du / live, dv / live)),
        angles="xy",
        pivot="mid",
        scale=1.3 * arrows,
        scale_units="width",
        width=0.005,
    )
    axis.plot(0, 0, marker="+", color="white", markersize=14, markeredgewidth=3)
    axis.grid(False)
    return shade
