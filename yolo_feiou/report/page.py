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
from yolo_feiou.report import levels, statistics
from yolo_feiou.report.captions import describe_findings, describe_seed_variance, describe_sequential
from yolo_feiou.report.comparison import SOUGHT_DIFFERENCE, Comparison, all_sequential, list_sequential, name_compared
from yolo_feiou.report.format import MISSING, format_list
from yolo_feiou.report.gains import group_preflight
from yolo_feiou.report.listings import list_commands, list_settings, make_preflight_table, make_runs_table
from yolo_feiou.report.read import Results
from yolo_feiou.report.render import TABLE_MARK, Table
from yolo_feiou.results.own_loss import name_gradient_reference

PAGE_TEMPLATE = "page.html.j2"


@dataclass(frozen=True)
class Image:
    """A picture that is on disk.

    Attributes:
        path: Where.
        title: What it shows.
        caption: What to see in it, and what not to conclude.
    """

    path: Path
    title: str
    caption: str

    @property
    def uri(self) -> str:
        """The picture itself, as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.path.read_bytes()).decode()


def render_page(
    results: Results,
    comparisons: Sequence[Comparison],
    tables: dict[str, Table],
    published: Sequence[Table],
    images: Sequence[Image],
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
    environment.filters["visible"] = make_visible
    return environment.get_template(PAGE_TEMPLATE).render(
        title=" and ".join(folder.resolve().name for folder in results.folders),
        findings=describe_findings(comparisons),
        seed_variance=describe_seed_variance(comparisons),
        metric=name_compared(comparisons),
        tables=tables,
        published=published,
        images=images,
        preflight=make_preflight_table(results),
        reference=format_list(list(dict.fromkeys(map(name_gradient_reference, group_preflight(results.preflight))))),
        runs=make_runs_table(results, [*comparisons[0].variant.values]),
        settings=list_settings(results),
        commands=list_commands(results),
        command=command,
        warnings=warnings,
        version=__version__,
        mark=TABLE_MARK,
        missing=MISSING,
        alpha=levels.ALPHA,
        power=statistics.POWER,
        resamples=statistics.RESAMPLES,
        sought=100 * SOUGHT_DIFFERENCE,
        sequential=describe_sequential(comparisons),
        fixed=not (list_sequential(comparisons) and all_sequential(comparisons)),
    )


def _shown(value: object) -> object:
    """Return what an expression of the template puts into the page; autoescape comes after it."""
    return make_visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
