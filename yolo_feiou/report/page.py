"""The page of a report: one file that asks nothing of anybody."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from yolo_feiou import __version__
from yolo_feiou.escape import make_visible
from yolo_feiou.plots.style import render_svg
from yolo_feiou.report import statistics
from yolo_feiou.report.captions import describe_findings, describe_seed_variance, describe_sequential
from yolo_feiou.report.comparison import SOUGHT_DIFFERENCE, Comparison, all_sequential, list_sequential, name_compared
from yolo_feiou.report.detections import MIN_SCORE, DetectionStrip
from yolo_feiou.report.format import MISSING, format_difference, format_list, format_percent, hide_folders
from yolo_feiou.report.gains import group_preflight
from yolo_feiou.report.listings import list_commands, list_settings, make_preflight_table, make_runs_table
from yolo_feiou.report.pictures import Picture
from yolo_feiou.report.read import Results
from yolo_feiou.report.render import TABLE_MARK, Table
from yolo_feiou.report.tables import make_ranked_table, merge_names
from yolo_feiou.results.levels import ALPHA
from yolo_feiou.results.own_loss import name_gradient_reference

PAGE_TEMPLATE = "page.html.j2"
#: Pictures that stand above the tables, in this order.
ON_TOP = ("differences", "thresholds")
#: The width of a window, in pixels, up to which narrow pictures are shown at least, and how many an inch of a wide
#: one needs, so that its text can be read.
NARROW_PIXELS = 700
PIXELS_PER_INCH = 58


@dataclass(frozen=True)
class Image:
    """A picture as the page has it.

    Attributes:
        name: Its name.
        title: What it shows.
        caption: What to see in it, and what not to conclude.
        wide: The picture, as a data URI.
        narrow: The same for a phone.
        breakpoint: The width of a window, in pixels, up to which the narrow one is shown.
    """

    name: str
    title: str
    caption: str
    wide: str
    narrow: str
    breakpoint: int


def embed_picture(picture: Picture) -> Image:
    """Return a picture for the page, in its two layouts, as SVG, which is sharp at any width and resolution."""
    wide, narrow = (
        "data:image/svg+xml;base64," + base64.b64encode(render_svg(figure)).decode()
        for figure in (picture.figure, picture.narrow)
    )
    breakpoint = max(NARROW_PIXELS, round(PIXELS_PER_INCH * picture.figure.get_size_inches()[0]))
    return Image(picture.name, picture.title, picture.caption, wide, narrow, breakpoint)


def render_page(
    results: Results,
    comparisons: Sequence[Comparison],
    tables: dict[str, Table],
    published: Sequence[Table],
    images: Sequence[Image],
    strip: DetectionStrip | None,
    warnings: Sequence[str],
    command: str,
) -> str:
    """Return the page as HTML, with everything in it that it shows.

    Args:
        results: The runs.
        comparisons: The variants against their baselines.
        tables: `losses` and `comparison`; `fit` of upright boxes; `task` of masks or key points.
        published: The paper's tables of which there are rows.
        images: The pictures.
        strip: Images with the detections of two models, if there are any.
        warnings: What stands against comparing the runs.
        command: The command that makes the page.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["visible"] = _show_text
    variant = comparisons[0].variant
    named = {name: merge_names(table, variant) for name, table in tables.items()}
    by_name = {image.name: image for image in images}
    return environment.get_template(PAGE_TEMPLATE).render(
        title=" and ".join(folder.resolve().name for folder in results.folders),
        findings=describe_findings(comparisons),
        seed_variance=describe_seed_variance(comparisons),
        metric=name_compared(comparisons),
        tables={**named, "comparison": make_ranked_table(comparisons)},
        published=published,
        top=[by_name[name] for name in ON_TOP if name in by_name],
        images=[image for image in images if image.name not in ON_TOP],
        strip=strip,
        least=MIN_SCORE,
        difference=format_difference,
        percent=format_percent,
        preflight=make_preflight_table(results),
        reference=format_list(list(dict.fromkeys(map(name_gradient_reference, group_preflight(results.preflight))))),
        runs=make_runs_table(results, [*variant.values]),
        settings=list_settings(results),
        commands=list_commands(results),
        command=command,
        warnings=warnings,
        version=__version__,
        mark=TABLE_MARK,
        missing=MISSING,
        alpha=ALPHA,
        power=statistics.POWER,
        resamples=statistics.RESAMPLES,
        sought=100 * SOUGHT_DIFFERENCE,
        sequential=describe_sequential(comparisons),
        fixed=not (list_sequential(comparisons) and all_sequential(comparisons)),
    )


def _shown(value: object) -> object:
    """Return what an expression of the template puts into the page; autoescape comes after it."""
    return _show_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _show_text(text: str) -> str:
    """Return a text as the page shows it: it is for others, whom folders of this machine say nothing."""
    return make_visible(hide_folders(text))
