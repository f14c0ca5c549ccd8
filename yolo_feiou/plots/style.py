"""The style of all plots: legible on a slide, and to the colour-blind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from yolo_feiou.errors import LossSpecError
from yolo_feiou.escape import make_visible
from yolo_feiou.losses.build import STOCK
from yolo_feiou.losses.names import resolve_name
from yolo_feiou.losses.spec import split_spec, split_sum
from yolo_feiou.losses.table import LOSSES, LossInfo
from yolo_feiou.storage.tables import atomic_file

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

#: Colours of single losses: Okabe and Ito's for those that are compared most, Tol's muted ones. Any other loss has the
#: colour of its family, see `assign_colours`.
COLOURS = {
    "iou": "#666666",
    "giou": "#56B4E9",
    "diou": "#44AA99",
    "ciou": "#E69F00",
    "eiou": "#0072B2",
    "focal_eiou": "#D55E00",
    "focal_eiou_star": "#CC79A7",
    "focal_eiou_v1": "#882255",
    "focal_l1": "#009E73",
    "l1": "#999933",
    "smooth_l1": "#117733",
    "balanced_l1": "#332288",
    "siou": "#CC6677",
    "mpdiou": "#6699CC",
    "shapeiou": "#661100",
    "stock": "#000000",
}
#: For families of which no loss is above, in the order of the table.
FAMILY_COLOURS = ("#AA4499", "#C4A000", "#A65628", "#5E4FA2", "#7A9A01")
DASH_STYLES = ("-", "--", ":", "-.")
#: For names that are not losses of the table, in this order.
SPARE_COLOURS = ("#EE6677", "#9467BD", "#8C564B", "#B5CF3B", "#17BECF", "#E7298A")
#: How far towards white (above 0) or black the colours of further losses of one colour go.
SHADE_STEPS = (0, 0.45, -0.4)

#: Width in inches of a figure for a phone, on which its text is as large as that around it.
NARROW_WIDTH = 4.6
CHARACTER_WIDTH = 0.62  # of a letter, to the size of its font

RC_STYLE: dict[RcKeyType, Any] = {
    "font.size": 13,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E3E3E3",
    "lines.linewidth": 2.2,
    "legend.frameon": False,
}
#: What text is while a figure is written; the fonts of a PDF are those that publishers take.
TEXT_AS_IT_IS: dict[RcKeyType, Any] = {"text.parse_math": False, "text.usetex": False, "pdf.fonttype": 42}
#: One name of a font, since a reader's device has its own; names within the file follow from what they name.
SVG_STYLE: dict[RcKeyType, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "yolo-feiou",
    "font.sans-serif": ["DejaVu Sans"],
}
#: What matplotlib would write of the time and of itself.
METADATA = {
    ".png": ("Software",),
    ".pdf": ("CreationDate", "Creator", "Producer"),
    ".svg": ("Creator", "Date", "Format", "Type"),
}


def assign_colours(infos: Iterable[LossInfo]) -> dict[str, str]:
    """Return a colour for each loss: its own, or that of the first loss of its family that has one.

    A family has one weight, or, without a weight, one module: so a new loss needs no colour of its own. Losses of one
    colour differ in their dashes and shades.
    """
    families: dict[str, list[str]] = {}
    for info in infos:
        families.setdefault(info.weight or info.function.__module__, []).append(info.name)
    free = 0
    found = {}
    for names in families.values():
        shared = next((COLOURS[name] for name in names if name in COLOURS), None)
        if shared is None:
            shared = FAMILY_COLOURS[free % len(FAMILY_COLOURS)]
            free += 1
        found |= {name: COLOURS.get(name, shared) for name in names}
    return found


LOSS_COLOURS = {**assign_colours(LOSSES.values()), STOCK: COLOURS[STOCK]}


def get_colour(spec: str) -> str:
    """Return the colour of a loss, whatever its parameters; of a sum that of its first term. A user's own share one."""
    return LOSS_COLOURS.get(find_loss(spec) or "", SPARE_COLOURS[0])


def find_loss(spec: str) -> str | None:
    """Return the name in the table of a loss, or of the first term of a sum; None if it is none of the table."""
    try:
        name = split_spec(split_sum(spec)[0])[0]
    except LossSpecError:
        return None
    found = resolve_name(name) if name not in LOSS_COLOURS else None
    name = found[0] if found else name
    return name if name in LOSS_COLOURS else None


def assign_line_looks(specs: Sequence[str]) -> dict[str, LineLook]:
    """Return a look for each loss: its colour, and, of those of one colour, other dashes and then other shades.

    All are different, for up to a dozen of one colour.
    """
    colours = [get_colour(spec) for spec in specs]
    found = {}
    for spec, colour, k in zip(specs, colours, _count_before(colours), strict=True):
        shade = SHADE_STEPS[k // len(DASH_STYLES) % len(SHADE_STEPS)]
        found[spec] = LineLook(mix_shade(colour, shade) if shade else colour, DASH_STYLES[k % len(DASH_STYLES)])
    return found


def _count_before(items: Sequence[str]) -> list[int]:
    """Return how often each item is there before its place."""
    counts: Counter[str] = Counter()
    before = []
    for item in items:
        before.append(counts[item])
        counts[item] += 1
    return before


@dataclass(frozen=True)
class LineLook:
    """How a series is drawn, in all plots of a set: its colour, and the dashes of its lines."""

    colour: str
    dash: str


def assign_looks(names: Sequence[str]) -> dict[str, LineLook]:
    """Return a look for each name; all are different, for up to a dozen of one colour.

    A loss has its colour, the second of the same colour other dashes and another shade of it, and so on. Names that
    begin with no loss of the table have a spare colour.

    Args:
        names: Specs of losses, which further words may follow, or anything else.
    """
    bases = [_base(name) for name in names]
    spare = {base: i for i, base in enumerate(base for base in dict.fromkeys(bases) if base not in LOSS_COLOURS)}
    before = _count_before([LOSS_COLOURS.get(base, base) for base in bases])
    found = {}
    for name, base, k in zip(names, bases, before, strict=True):
        tint = LOSS_COLOURS[base] if base in LOSS_COLOURS else SPARE_COLOURS[spare[base] % len(SPARE_COLOURS)]
        k += 0 if base in LOSS_COLOURS else spare[base] // len(SPARE_COLOURS)
        found[name] = LineLook(mix_shade(tint, SHADE_STEPS[k % len(SHADE_STEPS)]), DASH_STYLES[k % len(DASH_STYLES)])
    return found


def mix_shade(tint: str, amount: float) -> str:
    """Mix a colour with white, or, for amounts below 0, with black."""
    end = 1.0 if amount > 0 else 0.0
    red, green, blue = (part + abs(amount) * (end - part) for part in to_rgb(tint))
    return to_hex((red, green, blue)).upper()


def _base(name: str) -> str:
    """Return the loss that a name begins with, or the name if there is none in the table."""
    return find_loss(name.partition(" ")[0]) or name


def make_panels(
    rows: int, columns: int, width: float, height: float, title: str = "", *, sharex: bool = False, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """Return a figure and its axes, row by row; width and height in inches, for all."""
    with matplotlib.rc_context(RC_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey)
        figure.suptitle(title, fontsize=14, x=0.01, ha="left")
    return figure, list(axes.flat)


def fit_font_size(text: str, inches: float, largest: float) -> float:
    """Return a size of font, in points, at which a line of text is about as long as there is room for."""
    return min(largest, 72 * inches / (CHARACTER_WIDTH * max(1, len(make_visible(text)))))


def place_legend_below(figure: Figure, axes: Axes, columns: int = 5) -> None:
    """Put one legend, that of `axes`, under the figure."""
    lines = axes.get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", ncols=columns, frameon=False, fontsize=12)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG or a PDF as a whole, without what would change from one run to the next; its text is shown as it is.

    Args:
        figure: The figure.
        path: Where to; it ends with .png or .pdf.
    """
    with atomic_file(path) as part, matplotlib.rc_context(TEXT_AS_IT_IS):
        show_text_as_is(figure)
        figure.savefig(part, dpi=110, metadata=dict.fromkeys(METADATA[path.suffix]))


def render_svg(figure: Figure, ground: str = "none") -> bytes:
    """Return a figure as an SVG, the same for the same figure; its text stays text.

    Args:
        figure: The figure.
        ground: The colour behind all; none lets that of the page through, which must be a light one then.
    """
    file = BytesIO()
    with matplotlib.rc_context(TEXT_AS_IT_IS | SVG_STYLE):
        show_text_as_is(figure)
        metadata = dict.fromkeys(METADATA[".svg"])
        figure.savefig(file, format="svg", facecolor=ground, transparent=ground == "none", metadata=metadata)
    return file.getvalue()


def show_text_as_is(figure: Figure) -> None:
    """Let no text of a figure be mathematics: names of losses, data and arguments may have a $, or two, in them.

    Labels of ticks get their text while they are drawn: whoever gives them names makes these visible.
    """
    for text in figure.findobj(Text):  # those made before now, wherever they came from
        text.set_parse_math(False)
        text.set_usetex(False)
        text.set_text(make_visible(text.get_text()))
