"""Images with boxes on them: the objects, and below each image what models found on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke

from yolo_feiou.plots.style import fit_font_size, make_panels

Boxes = Sequence[tuple[float, float, float, float]]

TRUTH_COLOUR = "#FFFFFF"
PANEL_INCHES = 2.7  # side of an image: of 128 pixels, each is more than two of the picture's


@dataclass(frozen=True)
class FoundRow:
    """What a model found.

    Attributes:
        label: What the model is.
        colour: Of its boxes.
        boxes: For each image, those of detections: x and y of the upper left corner, width and height, in pixels.
    """

    label: str
    colour: str
    boxes: Sequence[Boxes]


def draw_detections(
    images: Sequence[np.ndarray], truth: Sequence[Boxes], models: Sequence[FoundRow], title: str, note: str
) -> Figure:
    """Draw images side by side: a row with their objects, and a row for each model, the objects dashed.

    Args:
        images: RGB images (height, width, 3) of uint8.
        truth: For each image, the boxes of its objects, as those of a `FoundRow`.
        models: The models, from top to bottom.
        title: What stands above all, in one line.
        note: What stands below all, in one line.
    """
    columns = len(images)
    width, height = PANEL_INCHES * columns, PANEL_INCHES * (1 + len(models)) + 0.6
    figure, axes = make_panels(1 + len(models), columns, width, height, title)
    figure.supxlabel(note, fontsize=fit_font_size(note, width, 12), x=0.01, ha="left")
    for axis, image, objects in zip(axes, images, truth, strict=False):
        _show(axis, image)
        _draw_boxes(axis, objects, TRUTH_COLOUR)
    _name_row(axes[0], "truth", "black")
    for number, model in enumerate(models, 1):
        row = axes[number * columns : (number + 1) * columns]
        for axis, image, objects, found in zip(row, images, truth, model.boxes, strict=True):
            _show(axis, image)
            _draw_boxes(axis, objects, TRUTH_COLOUR, "--")
            _draw_boxes(axis, found, model.colour)
        _name_row(row[0], model.label, model.colour)
    return figure


def _show(axis: Axes, image: np.ndarray) -> None:
    """Show an image without ticks."""
    axis.imshow(image, interpolation="nearest")
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    axis.spines[:].set_visible(False)


def _draw_boxes(axis: Axes, boxes: Boxes, colour: str, dash: str = "-") -> None:
    """Draw boxes with a dark edge, so that they are seen on any ground; a pixel's middle has its number as place."""
    for x, y, width, height in boxes:
        box = Rectangle((x - 0.5, y - 0.5), width, height, fill=False, edgecolor=colour, linewidth=2, linestyle=dash)
        if dash == "-":
            box.set_path_effects([Stroke(linewidth=3.6, foreground="black"), Normal()])
        axis.add_patch(box)


def _name_row(axis: Axes, label: str, colour: str) -> None:
    """Write what a row is beside its first image."""
    axis.set_ylabel(label, color=colour, weight="bold", fontsize=fit_font_size(label, PANEL_INCHES, 15))
