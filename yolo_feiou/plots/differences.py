"""The differences of variants to their baseline with their intervals, and a line at zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yolo_feiou.escape import make_visible
from yolo_feiou.plots.ablation import GREY_COLOUR, label_row_above
from yolo_feiou.plots.style import NARROW_WIDTH, fit_font_size, make_panels


@dataclass(frozen=True)
class ResultLook:
    """How a result is drawn: in colour and shape, for the colour-blind too.

    Attributes:
        name: What the legend calls it.
        colour: Its colour.
        marker: Its shape, which points to where the difference lies.
    """

    name: str
    colour: str
    marker: str


#: By whether a variant is shown to be better; None where it isn't shown to differ.
RESULT_LOOKS = {
    True: ResultLook("better", "#0072B2", ">"),
    False: ResultLook("worse", "#D55E00", "<"),
    None: ResultLook("not shown to differ", "#6E6E6E", "o"),
}


@dataclass(frozen=True)
class DifferenceRow:
    """The difference of a variant to its baseline.

    Attributes:
        label: The variant's name.
        mean: The mean difference.
        interval: The ends of its interval; None where there is none.
        better: Whether it is shown to be better, or worse; None where it isn't shown to differ.
        text: What stands beside them.
    """

    label: str
    mean: float
    interval: tuple[float, float] | None
    better: bool | None
    text: str


def draw_differences(rows: Sequence[DifferenceRow], quantity: str, *, narrow: bool = False) -> Figure:
    """Draw each mean difference with its interval, in the colour of the result, and a line at zero.

    Args:
        rows: From top to bottom.
        quantity: What is along the x axis.
        narrow: Whether it is for a phone, with labels above and not beside.
    """
    names = max(len(row.label) for row in rows)
    width, height = (NARROW_WIDTH, 0.62) if narrow else (8.5 + 0.1 * names, 0.36)
    figure, (axis,) = make_panels(1, 1, width, 1.35 + height * len(rows))
    axis.axvline(0, color=GREY_COLOUR, linewidth=1.5)
    for place, row in enumerate(rows):
        _draw_difference(axis, row, place)
        if narrow:
            label_row_above(axis, place, row.label, row.text)
        else:
            axis.text(1.01, place, row.text, transform=axis.get_yaxis_transform(), va="center", fontsize=12)
    axis.set_yticks(range(len(rows)), [""] * len(rows) if narrow else [make_visible(row.label) for row in rows])
    axis.tick_params(axis="y", length=0)
    axis.grid(False, axis="y")
    axis.set_ylim(len(rows) - 0.4, -0.8 if narrow else -0.6)
    axis.margins(x=0.04)
    axis.set_xlabel(quantity, fontsize=fit_font_size(quantity, width - 0.3, 12))
    there = [look for better, look in RESULT_LOOKS.items() if any(row.better is better for row in rows)]
    figure.legend(
        [Line2D([], [], color=look.colour, marker=look.marker, markersize=8) for look in there],
        [look.name for look in there],
        loc="outside lower center",
        ncols=len(there),
        frameon=False,
        fontsize=11,
    )
    return figure


def _draw_difference(axis: Axes, row: DifferenceRow, place: float) -> None:
    look = RESULT_LOOKS[row.better]
    if row.interval:
        axis.plot(row.interval, [place, place], color=look.colour, linewidth=2.2)
        axis.plot(row.interval, [place, place], "|", color=look.colour, markersize=10, markeredgewidth=2)
    axis.plot([row.mean], [place], look.marker, color=look.colour, markersize=8)
