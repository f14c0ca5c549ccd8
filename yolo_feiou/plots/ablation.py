"""Pictures of an ablation: each seed of each variant, and lines over something, with what the seeds spread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from yolo_feiou.escape import make_visible
from yolo_feiou.plots.style import CHARACTER_WIDTH, NARROW_WIDTH, LineLook, fit_font_size, make_panels

GREY_COLOUR = "#9A9A9A"
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # colours of two losses can be near each other
MAX_MARKED_POINTS = 15  # that markers leave apart
MAX_BANDS = 8  # with more lines in a panel, only the first one has its band


@dataclass(frozen=True)
class Dots:
    """The seeds of a variant.

    Attributes:
        label: The variant's name.
        group: What it is compared within, '' for all.
        look: Its colour.
        values: One of each seed.
        text: What stands beside them.
        baseline: Whether it is the group's baseline.
    """

    label: str
    group: str
    look: LineLook
    values: Sequence[float]
    text: str
    baseline: bool = False


@dataclass(frozen=True)
class Line:
    """A line of a panel.

    Attributes:
        look: Its colour and dashes.
        x: Where its points are.
        y: What they are; NaN where there is none.
        low: The lower end of its band, if it has one.
        high: The upper end.
        dots: Further points, x and y, beside it.
    """

    look: LineLook
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    dots: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class LinePanel:
    """A panel of lines.

    Attributes:
        title: What it shows.
        x: What is along its x axis.
        y: What is along its y axis.
        lines: By what the legend calls them.
        around_zero: The half width of a grey band about zero, at each x of the lines: a baseline's standard deviation.
    """

    title: str
    x: str
    y: str
    lines: Mapping[str, Line]
    around_zero: Sequence[float] = ()


def draw_seeds(variants: Sequence[Dots], quantity: str, *, narrow: bool = False) -> Figure:
    """Draw each seed as a dot, means as bars, and in each group the baseline's mean ± standard deviation as a band.

    Args:
        variants: From top to bottom; those of a group follow each other.
        quantity: What is along the x axis.
        narrow: Whether it is for a phone, with labels above and not beside.
    """
    titled = len({variant.group for variant in variants}) > 1
    blocks = [list(block) for _, block in groupby(variants, lambda variant: variant.group)]
    rows = len(variants) + titled * len(blocks)
    names = max(len(variant.label) for variant in variants)
    width, height = (NARROW_WIDTH, 0.62) if narrow else (8 + 0.1 * names, 0.38)
    figure, (axis,) = make_panels(1, 1, width, 1.1 + height * rows)
    ticks: list[tuple[float, str]] = []
    place = 0.0
    for block in blocks:
        if titled:
            axis.text(0.005, place, block[0].group, transform=axis.get_yaxis_transform(), va="center", weight="bold")
            place += 1
        _draw_band(axis, block, place)
        for variant in block:
            _draw_dots(axis, variant, place)
            label = f"{make_visible(variant.label)}{' (baseline)' if variant.baseline else ''}"
            if narrow:
                label_row_above(axis, place, label, variant.text)
            else:
                axis.text(1.01, place, variant.text, transform=axis.get_yaxis_transform(), va="center", fontsize=12)
            ticks.append((place, "" if narrow else label))
            place += 1
    axis.set_yticks([y for y, _ in ticks], [label for _, label in ticks])
    axis.tick_params(axis="y", length=0)
    axis.grid(False, axis="y")
    axis.set_ylim(place - 0.4, -0.8 if narrow else -0.6)
    axis.set_xlabel(quantity)
    return figure


def label_row_above(axis: Axes, place: float, label: str, text: str) -> None:
    """Write what a row of a narrow figure is, and its numbers at the right, above what is drawn of it."""
    right = fit_font_size(text, 0.55 * NARROW_WIDTH, 11)
    room = NARROW_WIDTH - 0.3 - len(text) * CHARACTER_WIDTH * right / 72
    across = axis.get_yaxis_transform()
    axis.text(0, place - 0.5, label, transform=across, va="center", fontsize=fit_font_size(label, room, 12))
    axis.text(1, place - 0.5, text, transform=across, va="center", ha="right", fontsize=right)


def draw_lines(shown: Sequence[LinePanel], columns: int = 2, *, narrow: bool = False) -> Figure:
    """Draw panels of lines, with one legend for all of them.

    Args:
        shown: The panels, row by row.
        columns: How many stand in a row at most.
        narrow: Whether it is for a phone, with all panels below each other.
    """
    columns = 1 if narrow else min(columns, len(shown))
    rows = math.ceil(len(shown) / columns)
    names = list(dict.fromkeys(name for panel in shown for name in panel.lines))
    markers = {name: MARKERS[i % len(MARKERS)] for i, name in enumerate(names)}
    longest = max(names, key=len)
    legend_columns = max(1, min(4, (46 if narrow else 110) // (8 + len(longest))))
    legend = 0.27 * math.ceil(len(names) / legend_columns) + 0.1
    width, height = (NARROW_WIDTH, 3.5) if narrow else (max(7.5, 5.6 * columns), 4.1)
    figure, axes = make_panels(rows, columns, width, height * rows + legend)
    for axis in axes[len(shown) :]:
        axis.remove()
    handles: dict[str, Line2D] = {}
    for axis, panel in zip(axes, shown, strict=False):
        handles |= _draw_panel(axis, panel, markers)
        if narrow:
            axis.title.set_fontsize(fit_font_size(panel.title, NARROW_WIDTH - 1.2, 12))
    figure.legend(
        [handles[name] for name in names],
        names,
        loc="outside lower center",
        ncols=legend_columns,
        frameon=False,
        fontsize=fit_font_size(longest, NARROW_WIDTH - 0.6, 11) if narrow else 11,
    )
    return figure


def _draw_panel(axis: Axes, panel: LinePanel, markers: Mapping[str, str]) -> dict[str, Line2D]:
    """Draw a panel, and return its lines by name; the first one, the baseline's, is on top."""
    drawn = {}
    if panel.around_zero:
        x = next(iter(panel.lines.values())).x
        axis.axhline(0, color=GREY_COLOUR, linewidth=1)
        axis.fill_between(
            x, [-width for width in panel.around_zero], panel.around_zero, color=GREY_COLOUR, alpha=0.25, lw=0
        )
    for i, (name, line) in enumerate(panel.lines.items()):
        (drawn[name],) = axis.plot(  # without a label: of one that begins with _ there would be no legend
            line.x,
            line.y,
            line.look.dash,
            color=line.look.colour,
            marker=markers[name] if len(line.x) <= MAX_MARKED_POINTS else None,
            markersize=5,
            zorder=3 - i / 100,
        )
        if line.low and (i == 0 or len(panel.lines) <= MAX_BANDS):
            axis.fill_between(line.x, line.low, line.high, color=line.look.colour, alpha=0.13, linewidth=0)
        if line.dots:
            axis.scatter(*zip(*line.dots, strict=True), s=16, color=line.look.colour, alpha=0.55, linewidths=0)
    axis.set_title(panel.title, fontsize=12)
    axis.set_xlabel(panel.x)
    axis.set_ylabel(panel.y)
    if all(float(x).is_integer() for line in panel.lines.values() for x in line.x):  # as epochs are
        axis.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
    return drawn


def _draw_band(axis: Axes, block: Sequence[Dots], top: float) -> None:
    """Draw the baseline's mean ± standard deviation behind the rows of its group, the first of which is at `top`."""
    for baseline in (variant for variant in block if variant.baseline and variant.values):
        mean, sd = _mean_sd(baseline.values)
        low, height = top - 0.5, len(block)
        axis.add_patch(Rectangle((mean - sd, low), 2 * sd, height, color=GREY_COLOUR, alpha=0.25, linewidth=0))
        axis.plot([mean, mean], [low, low + height], color=GREY_COLOUR, linewidth=1)


def _draw_dots(axis: Axes, variant: Dots, place: float) -> None:
    if variant.values:
        mean, _ = _mean_sd(variant.values)
        axis.plot([mean, mean], [place - 0.3, place + 0.3], color=variant.look.colour, linewidth=3.5)
    last = max(1, len(variant.values) - 1)  # a seed has its own height, so that dots don't hide each other
    axis.scatter(
        variant.values,
        [place + 0.3 * (i / last - 0.5) * (len(variant.values) > 1) for i in range(len(variant.values))],
        s=42,
        color=variant.look.colour,
        alpha=0.65,
        edgecolors="white",
        linewidths=0.7,
        zorder=3,
    )


def _mean_sd(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation (n − 1), which is 0 for one value."""
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1))
