"""The tables of a report: the paper's, the comparison with the baseline, and how well boxes fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from yolo_feiou.report.captions import (
    FIT,
    MAP,
    TASK,
    describe_conditions,
    describe_seeds,
    explain_comparison,
    explain_mark,
)
from yolo_feiou.report.comparison import Comparison, all_sequential, list_sequential, name_compared
from yolo_feiou.report.format import (
    MISSING,
    format_difference,
    format_interval,
    format_mean_sd,
    format_p_value,
    format_percent,
    format_seeds,
)
from yolo_feiou.report.read import Results
from yolo_feiou.report.render import Cell, Table, sort_descending
from yolo_feiou.report.statistics import MAX_NEEDED_SEEDS, Difference
from yolo_feiou.report.variants import Variant, find_most_seeds, group_variants, show_value
from yolo_feiou.results.main_metric import AP, MAP_OBB
from yolo_feiou.results.schema import METRICS, PAPER_METRICS, TASK_METRICS
from yolo_feiou.storage.tables import Row

#: How well matched predictions fit, by what the column is called.
FIT_COLUMNS = {
    "AR": "AR",
    "IoU": "matched_iou",
    "IoU ≥ .75": "matched_75",
    "IoU ≥ .9": "matched_90",
    "recall at .5": "found_50",
    "recall at .75": "found_75",
    "recall at .9": "found_90",
}
#: What Ultralytics measures of masks and key points beside AP, by what the column is called.
TASK_COLUMNS = {
    "mask mAP": "mAP_mask",
    "mask mAP50": "mAP50_mask",
    "key-point mAP": "mAP_pose",
    "key-point mAP50": "mAP50_pose",
}
#: What Ultralytics measures of oriented boxes in the place of AP, likewise.
ORIENTED_COLUMNS = {"mAP": MAP_OBB, "mAP50": "mAP50_obb"}
COMPARISON_COLUMNS = ("AP", "common seeds", "ΔAP", "95 %, t", "95 %, bootstrap", "p", "p, Holm", "seeds for 0.5")
#: Their order on the page, whose right end a phone shows last.
RANKED_COLUMNS = ("ΔAP", "95 %, t", "p, Holm", "result", "AP", "common seeds", "95 %, bootstrap", "p", "seeds for 0.5")


def make_paper_table(results: Results, comparisons: Sequence[Comparison]) -> Table:
    """Return the layout of the paper's Tables 1 and 2: a row a variant, the best of each group bold.

    Oriented boxes have Ultralytics' own mAP in columns of its own.
    """
    marked = {id(c.variant) for c in comparisons if c.result and not (c.is_baseline or c.distinguishable)}
    variants = [comparison.variant for comparison in comparisons]
    titles, columns, metric = _titles(variants[0]), _find_columns(variants), name_compared(comparisons)
    return Table(
        "losses",
        f"{metric} in per cent, {describe_seeds(variants)}. {describe_conditions(results, variants)}",
        [*titles, *columns],
        [*[False] * len(titles), *[True] * len(columns)],
        [
            _metric_rows(group, [*columns.values()], lambda variant: id(variant) in marked)
            for group in group_variants(variants)
        ],
        [
            _best(variants),
            *([explain_mark(metric)] if marked else []),
            *([MAP] if MAP_OBB in columns.values() else []),
        ],
    )


def make_task_table(comparisons: Sequence[Comparison]) -> Table | None:
    """Return Ultralytics' own metrics of masks and key points, of the variants that have them; None if none has."""
    columns = _find_task_columns(comparisons)
    there = [c.variant for c in comparisons if any(c.variant.get_by_seed(column) for column in columns.values())]
    if not there:
        return None
    titles = _titles(there[0])
    return Table(
        "task",
        f"Masks and key points by Ultralytics’ own metrics, in per cent, {describe_seeds(there)}.",
        [*titles, *columns],
        [*[False] * len(titles), *[True] * len(columns)],
        [_metric_rows(group, [*columns.values()]) for group in group_variants(there)],
        [TASK],
    )


def make_fit_table(comparisons: Sequence[Comparison]) -> Table | None:
    """Return how well matched predictions fit their objects, and the recall; None if all boxes are oriented."""
    variants = [comparison.variant for comparison in comparisons if comparison.variant.metric == AP]
    if not variants:
        return None
    titles = _titles(variants[0])
    return Table(
        "fit",
        f"Fit of matched predictions, and recall, in per cent, {describe_seeds(variants)}.",
        [*titles, *FIT_COLUMNS],
        [*[False] * len(titles), *[True] * len(FIT_COLUMNS)],
        [_metric_rows(group, [*FIT_COLUMNS.values()]) for group in group_variants(variants)],
        [FIT],
    )


def make_comparison_table(comparisons: Sequence[Comparison], columns: Sequence[str] = COMPARISON_COLUMNS) -> Table:
    """Return each variant's difference to its baseline in AP or mAP, with what the seeds can say about it.

    Args:
        comparisons: The variants.
        columns: Which numbers, of `COMPARISON_COLUMNS`; the result stands before them, unless it is among them.
    """
    titles, metric = _titles(comparisons[0].variant), name_compared(comparisons)
    of = {id(comparison.variant): comparison for comparison in comparisons}
    metrics = {c.variant.metric for c in comparisons}
    words = [*(["metric"] if len(metrics) > 1 else []), *([] if "result" in columns else ["result"])]
    renamed = {"AP": metric, "ΔAP": "Δ" if len(metrics) > 1 else f"Δ{metric}"}
    if list_sequential(comparisons):
        renamed["95 %, t"] = "95 %"  # repeated intervals, which the note explains
        columns = [c for c in columns if c != "95 %, bootstrap" or not all_sequential(comparisons)]
    return Table(
        "comparison",
        f"Difference to the baseline in {metric}, in percentage points, paired by seed.",
        [*titles, *words, *(renamed.get(column, column) for column in columns)],
        [*[False] * (len(titles) + len(words)), *(column != "result" for column in columns)],
        [
            [_compared(of[id(v)], columns, words) for v in group]
            for group in group_variants(c.variant for c in comparisons)
        ],
        [explain_comparison(comparisons, columns), *([MAP] if MAP_OBB in metrics else [])],
    )


def make_ranked_table(comparisons: Sequence[Comparison]) -> Table:
    """Return the comparison for the page: the largest difference first, baselines where zero is."""
    table = make_comparison_table(comparisons, RANKED_COLUMNS)
    difference = next(title for title in table.columns if title.startswith("Δ"))
    return merge_names(sort_descending(table, difference), comparisons[0].variant)


def merge_names(table: Table, variant: Variant) -> Table:
    """Return a table of variants with one cell for a variant's name, `eiou box=7.5`, as its label has it.

    On the page it stays in sight where the other columns scroll.

    Args:
        table: One of the tables here.
        variant: One of its variants.
    """
    titles = _titles(variant)
    number, bare = len(titles), "Method" in titles
    if number < 2:
        return table

    def merge(row: Sequence[Cell]) -> list[Cell]:
        named = [f"{title}={cell.text}" for title, cell in zip(titles, row, strict=False) if title != "Method"]
        return [Cell(" ".join([*([row[number - 1].text] if bare else []), *named])), *row[number:]]

    return replace(
        table,
        columns=["Method" if bare else "Variant", *table.columns[number:]],
        numeric=[False, *table.numeric[number:]],
        groups=[[merge(row) for row in group] for group in table.groups],
        descending=None if table.descending is None else table.descending - number + 1,
    )


def make_spreadsheet_rows(comparisons: Sequence[Comparison]) -> list[Row]:
    """Return the paper's table for a spreadsheet: means and standard deviations apart, in per cent."""
    columns = {**_find_columns([c.variant for c in comparisons]), **_find_task_columns(comparisons)}
    return [
        {
            **dict(zip(_titles(c.variant), (cell.text for cell in _names(c.variant)), strict=True)),
            "seeds": len(c.variant.runs),
            **{
                f"{title}{part}": "" if value is None else f"{100 * value:.1f}"
                for title, metric in columns.items()
                for of in [c.variant.spread(metric)]
                for part, value in (("", of.mean), (" sd", of.sd))
            },
            "verdict": c.result,
        }
        for c in comparisons
    ]


def make_summary_rows(comparisons: Sequence[Comparison]) -> list[Row]:
    """Return all statistics, a row a variant, in the units of the files: fractions."""
    variants = [c.variant for c in comparisons]
    own = [metric for metric in TASK_METRICS if any(variant.get_by_seed(metric) for variant in variants)]
    said = ["metric"] if any(variant.metric != AP for variant in variants) else []
    rows = [_summary(comparison, said, [*METRICS, *own]) for comparison in comparisons]
    if not list_sequential(comparisons):
        return [{name: cell for name, cell in row.items() if name != "max_seeds"} for row in rows]
    return rows


def _find_columns(variants: Sequence[Variant]) -> dict[str, str]:
    """Return the metrics of boxes in a table of these variants, by what the column is called."""
    metrics = {variant.metric for variant in variants}
    return {
        **({metric: metric for metric in PAPER_METRICS} if AP in metrics else {}),
        **(ORIENTED_COLUMNS if MAP_OBB in metrics else {}),
    }


def _find_task_columns(comparisons: Sequence[Comparison]) -> dict[str, str]:
    """Return the metrics of masks and key points that a variant has, by what the column is called."""
    return {
        title: column
        for title, column in TASK_COLUMNS.items()
        if any(c.variant.get_by_seed(column) for c in comparisons)
    }


def _summary(c: Comparison, said: Sequence[str], metrics: Sequence[str]) -> Row:
    difference, variant = c.difference, c.variant
    spreads = {metric: variant.spread(metric) for metric in metrics}
    bounds = {
        f"{name}_{end}": value
        for name in ("interval", "bootstrap")
        for end, value in zip(("low", "high"), (difference and getattr(difference, name)) or (None, None), strict=True)
    }
    return {
        **({name: show_value(value) for name, value in variant.values.items()} or {"loss": variant.loss}),
        "runs": len(variant.runs),
        "seeds": " ".join(map(str, variant.runs)),
        **{column: getattr(variant, column) for column in said},
        "baseline": c.baseline.label if c.baseline else None,
        "verdict": c.result,
        "pairs": difference and difference.n,
        "max_seeds": find_most_seeds(variant, c.baseline or variant),
        "difference": difference and difference.mean,
        "difference_sd": difference and difference.sd,
        **bounds,
        "p": difference and difference.p,
        "p_holm": c.p_holm,
        "seeds_needed": None if c.seeds_needed is None else format_seeds(c.seeds_needed, MAX_NEEDED_SEEDS),
        **{f"{metric}_{part}": getattr(of, part) for metric, of in spreads.items() for part in ("mean", "sd", "n")},
    }


def _titles(variant: Variant) -> list[str]:
    return [*variant.others, *(["Method"] if "loss" in variant.values or not variant.values else [])]


def _names(variant: Variant) -> list[Cell]:
    """Return the cells in front: the other swept arguments, then the loss."""
    loss = [Cell(variant.loss)] if "loss" in variant.values or not variant.values else []
    others = variant.others.values()
    return [*(Cell(show_value(v), value=v if isinstance(v, float) else None) for v in others), *loss]


def _metric_rows(
    group: Sequence[Variant], columns: Sequence[str], marked: Callable[[Variant], bool] = lambda variant: False
) -> list[list[Cell]]:
    """Return the rows of a group; the best mean of a column, as it is shown, is bold where there is a choice.

    A best mean of 0 is none: nothing was learned.
    """
    spreads = [[variant.spread(metric) for metric in columns] for variant in group]
    means = [[format_percent(spread.mean) for spread in row] for row in spreads]
    best = [
        max((text for text in column if text != MISSING and float(text) > 0), key=float, default=None)
        for column in zip(*means, strict=True)
    ]
    rows = []
    for variant, row, texts in zip(group, spreads, means, strict=True):
        bold = [len(group) > 1 and text == top for text, top in zip(texts, best, strict=True)]
        cells = [
            Cell(format_mean_sd(of), bold=is_best, mark=metric == variant.metric and marked(variant), value=of.mean)
            for metric, of, is_best in zip(columns, row, bold, strict=True)
        ]
        rows.append([*_names(variant), *cells])
    return rows


def _best(variants: Sequence[Variant]) -> str:
    within = " with the same values of the other swept arguments" if len(group_variants(variants)) > 1 else ""
    return f"Bold: the highest mean of a column{within}, which need not be a real difference."


def _compared(c: Comparison, columns: Sequence[str], words: Sequence[str]) -> list[Cell]:
    of, found = c.variant.spread(c.variant.metric), c.difference or Difference(0)
    cells = {
        "metric": Cell(c.metric),
        "result": Cell(c.result or MISSING, bold=c.distinguishable),
        "AP": Cell(format_mean_sd(of), value=of.mean),
        "common seeds": Cell(str(found.n), value=found.n) if c.difference else Cell(MISSING),
        "ΔAP": Cell(format_difference(found.mean), value=0.0 if c.is_baseline else found.mean),
        "95 %, t": Cell(format_interval(found.interval), value=found.interval and found.interval[0]),
        "95 %, bootstrap": Cell(format_interval(found.bootstrap), value=found.bootstrap and found.bootstrap[0]),
        "p": Cell(format_p_value(found.p), value=found.p),
        "p, Holm": Cell(format_p_value(c.p_holm), value=c.p_holm),
        "seeds for 0.5": Cell(format_seeds(c.seeds_needed, MAX_NEEDED_SEEDS), value=c.seeds_needed),
    }
    return [*_names(c.variant), *(cells[column] for column in (*words, *columns))]
