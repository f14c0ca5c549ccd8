"""The paper's tables with runs of its detectors beside its figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yolo_feiou.report.captions import describe_seeds
from yolo_feiou.report.comparison import Comparison
from yolo_feiou.report.format import (
    MISSING,
    format_decimal,
    format_difference,
    format_interval,
    format_list,
    format_mean_sd,
)
from yolo_feiou.report.render import Cell, Table
from yolo_feiou.report.variants import Variant, find_most_seeds, show_value
from yolo_feiou.results.main_metric import AP
from yolo_feiou.results.published import PUBLISHED_TABLES, PublishedRow, PublishedTable, describe_setup_differences
from yolo_feiou.results.schema import PAPER_METRICS

#: What is said in the place of our AP of a row without a run.
NOT_RUN = "no run"
#: Names of the files of the tables, without their endings.
PUBLISHED_NAMES = tuple(f"paper_{table.name.lower().replace(' ', '')}" for table in PUBLISHED_TABLES)


def make_published_tables(comparisons: Sequence[Comparison]) -> list[Table]:
    """Return each of the paper's tables that the runs fill, or of which some runs were on COCO or from its grid.

    One of which there are baselines alone is left out beside one with more: RetinaNet's is in all three.
    """
    variants = [comparison.variant for comparison in comparisons]
    there = [
        (table, name, [row for row in table.rows if _find(row, variants)])
        for table, name in zip(PUBLISHED_TABLES, PUBLISHED_NAMES, strict=True)
    ]
    runs = [row for variant in variants for row in variant.runs.values()]
    there = [(table, name, rows) for table, name, rows in there if rows and table.is_laid_out_for(runs)]
    more = [part for part in there if not all(row.is_baseline for row in part[2])]
    return [_make_table(table, name, variants) for table, name, _ in more or there]


def _make_table(table: PublishedTable, name: str, variants: Sequence[Variant]) -> Table:
    there = [variant for row in table.rows for variant in _find(row, variants)]
    others = [key for key in there[0].others if _varies_in(table, key, variants)]
    titles = ["Method", "loss", *others]
    pairs = [f"{metric}, {whose}" for metric in PAPER_METRICS for whose in ("paper", "ours")]
    interval = "95 %" if find_most_seeds(*there) else "95 %, t"
    numbers = [*pairs[:2], "seeds", f"Δ{AP}, paper", f"Δ{AP}, ours", interval, *pairs[2:]]
    missing = [row.name for row in table.rows if not _find(row, variants)]
    differing = describe_setup_differences(row for variant in there for row in variant.runs.values())
    setup = (
        f"Not the paper’s set-up: {', '.join(differing)}; its figures are there for the layout alone."
        if differing
        else "Backbone, data, ground truth, iterations, image size and batch are the paper’s."
    )
    groups = [
        [line for row in rows for line in _make_lines(table, row, variants, others)] for rows in _group_rows(table)
    ]
    return Table(
        name,
        f"The paper’s {table.name}: {table.title}, AP in per cent; its figures on COCO val2017, and ours beside them, "
        f"{describe_seeds(there)}. {setup}",
        [*titles, *numbers],
        [*[False] * len(titles), *[True] * len(numbers)],
        groups,
        [
            f"Δ{AP}: to the row of the same detector with its own loss, in percentage points, ours paired by seed; "
            f"95 %: interval of our difference by Student’s t{_note_sequential(there)}, not adjusted for the number of "
            "rows. The paper gives one run a row, without a spread.",
            *([f"No run of {format_list(missing, len(missing))}."] if missing else []),
            *([table.note] if table.note else []),
        ],
    )


def _note_sequential(variants: Sequence[Variant]) -> str:
    """Return what the note says of variants that got seeds until enough was said."""
    most = find_most_seeds(*variants)
    return (
        ", for seeds that were added until a comparison was answered or given up, at the level of all looks up to "
        f"{most}"
        if most
        else ""
    )


def _group_rows(table: PublishedTable) -> list[list[PublishedRow]]:
    """Return the rows of each detector; of a table of one detector all rows."""
    detectors = dict.fromkeys(row.detector for row in table.rows)
    return [[row for row in table.rows if row.detector == detector] for detector in detectors]


def _make_lines(
    table: PublishedTable, row: PublishedRow, variants: Sequence[Variant], others: Sequence[str]
) -> Iterator[list[Cell]]:
    """Yield a line for each variant beside a row of the paper, or one that says that there is none."""
    base = table.find_baseline(row)
    theirs = None if row is base else (row.figures[0] - base.figures[0]) / 100
    for variant in _find(row, variants) or [None]:
        baseline = None if row is base or not variant else _find_own(variant, _find(base, variants))
        difference = variant.difference(baseline, AP) if variant and baseline else None
        spreads = [variant.spread(metric) if variant else None for metric in PAPER_METRICS]
        ours = [Cell(format_mean_sd(of), value=of.mean) if of else Cell(MISSING) for of in spreads]
        if not variant:
            ours[0] = Cell(NOT_RUN)
        pairs = [
            cell
            for figure, own in zip(row.figures, ours, strict=True)
            for cell in (Cell(format_decimal(figure, 1), value=figure / 100), own)
        ]
        yield [
            Cell(row.name),
            Cell(variant.loss if variant else row.losses[0]),
            *(Cell(show_value(variant.values[key]) if variant else MISSING) for key in others),
            *pairs[:2],
            Cell(str(len(variant.runs)), value=len(variant.runs)) if variant else Cell(MISSING),
            Cell(format_difference(theirs, 1), value=theirs),
            Cell(format_difference(difference and difference.mean), value=difference and difference.mean),
            Cell(format_interval(difference and difference.interval)),
            *pairs[2:],
        ]


def _find(row: PublishedRow, variants: Sequence[Variant]) -> list[Variant]:
    """Return the variants that stand beside a row of the paper, those of its first loss first."""
    found = [variant for variant in variants if row.matches(next(iter(variant.runs.values())))]
    return sorted(found, key=lambda variant: variant.loss != row.losses[0])


def _find_own(variant: Variant, baselines: Sequence[Variant]) -> Variant | None:
    """Return the baseline of a variant: the first with its values of all other swept arguments, but maybe of `box`.

    A weight belongs to a loss here: the paper's is 1 for ℓn losses, 2.5 for those on IoU, and ATSS and PAA have theirs.
    """
    same = [b for b in baselines if b.others == variant.others]
    but_box = [b for b in baselines if {**b.others, "box": None} == {**variant.others, "box": None}]
    return next(iter([*same, *but_box]), None)


def _varies_in(table: PublishedTable, key: str, variants: Sequence[Variant]) -> bool:
    """Return whether a swept argument parts variants beside one row of the paper; without it they look the same."""
    return any(len({variant.values[key] for variant in _find(row, variants)}) > 1 for row in table.rows)
