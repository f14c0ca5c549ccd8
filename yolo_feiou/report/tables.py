"""The tables of a report: the paper's, the comparison with the baseline, and how well boxes fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from yolo_feiou.report.captions import DAGGER, FIT, describe_conditions, describe_seeds, explain_comparison
from yolo_feiou.report.comparison import METRIC, Comparison
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
from yolo_feiou.report.render import Cell, Table
from yolo_feiou.report.statistics import MAX_NEEDED_SEEDS, Difference
from yolo_feiou.report.variants import Variant, group_variants, show_value
from yolo_feiou.results.schema import METRICS, PAPER_METRICS
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
COMPARISON_COLUMNS = ("AP", "common seeds", "ΔAP", "95 %, t", "95 %, bootstrap", "p", "p, Holm", "seeds for 0.5")


def make_paper_table(results: Results, comparisons: Sequence[Comparison]) -> Table:
    """Return the layout of the paper's Tables 1 and 2: a row a variant, the best of each group bold."""
    marked = {id(c.variant) for c in comparisons if c.result and not (c.is_baseline or c.distinguishable)}
    variants = [comparison.variant for comparison in comparisons]
    titles = _titles(variants[0])
    return Table(
        "losses",
        f"AP in per cent, {describe_seeds(variants)}. {describe_conditions(results, variants)}",
        [*titles, *PAPER_METRICS],
        [*[False] * len(titles), *[True] * len(PAPER_METRICS)],
        [
            _metric_rows(group, PAPER_METRICS, lambda variant: id(variant) in marked)
            for group in group_variants(variants)
        ],
        [_best(variants), *([DAGGER] if marked else [])],
    )


def make_fit_table(comparisons: Sequence[Comparison]) -> Table:
    """Return how well matched predictions fit their objects, and the recall."""
    variants = [comparison.variant for comparison in comparisons]
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
    """Return each variant's difference to its baseline in AP, with what the seeds can say about it.

    Args:
        comparisons: The variants.
        columns: Which numbers, of `COMPARISON_COLUMNS`.
    """
    titles = _titles(comparisons[0].variant)
    of = {id(comparison.variant): comparison for comparison in comparisons}
    return Table(
        "comparison",
        "Difference to the baseline in AP, in percentage points, paired by seed.",
        [*titles, "result", *columns],
        [*[False] * len(titles), False, *[True] * len(columns)],
        [[_compared(of[id(v)], columns) for v in group] for group in group_variants(c.variant for c in comparisons)],
        [explain_comparison(columns)],
    )


def make_spreadsheet_rows(comparisons: Sequence[Comparison]) -> list[Row]:
    """Return the paper's table for a spreadsheet: means and standard deviations apart, in per cent."""
    return [
        {
            **dict(zip(_titles(c.variant), (cell.text for cell in _names(c.variant)), strict=True)),
            "seeds": len(c.variant.runs),
            **{
                f"{metric}{part}": "" if value is None else f"{100 * value:.1f}"
                for metric in PAPER_METRICS
                for of in [c.variant.spread(metric)]
                for part, value in (("", of.mean), (" sd", of.sd))
            },
            "verdict": c.result,
        }
        for c in comparisons
    ]


def make_summary_rows(comparisons: Sequence[Comparison]) -> list[Row]:
    """Return all statistics, a row a variant, in the units of the files: fractions."""
    return [_summary(comparison) for comparison in comparisons]


def _summary(c: Comparison) -> Row:
    difference, variant = c.difference, c.variant
    spreads = {metric: variant.spread(metric) for metric in METRICS}
    bounds = {
        f"{name}_{end}": value
        for name in ("interval", "bootstrap")
        for end, value in zip(("low", "high"), (difference and getattr(difference, name)) or (None, None), strict=True)
    }
    return {
        **({name: show_value(value) for name, value in variant.values.items()} or {"loss": variant.loss}),
        "runs": len(variant.runs),
        "seeds": " ".join(map(str, variant.runs)),
        "baseline": c.baseline.label if c.baseline else None,
        "verdict": c.result,
        "pairs": difference and difference.n,
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
    """Return the rows of a group; the best mean of a column, as it is shown, is bold where there is a choice."""
    spreads = [[variant.spread(metric) for metric in columns] for variant in group]
    means = [[format_percent(spread.mean) for spread in row] for row in spreads]
    best = [
        max((text for text in column if text != MISSING), key=float, default=None)
        for column in zip(*means, strict=True)
    ]
    rows = []
    for variant, row, texts in zip(group, spreads, means, strict=True):
        bold = [len(group) > 1 and text == top for text, top in zip(texts, best, strict=True)]
        cells = [
            Cell(format_mean_sd(of), bold=is_best, mark=metric == METRIC and marked(variant), value=of.mean)
            for metric, of, is_best in zip(columns, row, bold, strict=True)
        ]
        rows.append([*_names(variant), *cells])
    return rows


def _best(variants: Sequence[Variant]) -> str:
    within = " with the same values of the other swept arguments" if len(group_variants(variants)) > 1 else ""
    return f"Bold: the highest mean of a column{within}, which need not be a real difference."


def _compared(c: Comparison, columns: Sequence[str]) -> list[Cell]:
    of, found = c.variant.spread(METRIC), c.difference or Difference(0)
    numbers = {
        "AP": Cell(format_mean_sd(of), value=of.mean),
        "common seeds": Cell(str(found.n), value=found.n) if c.difference else Cell(MISSING),
        "ΔAP": Cell(format_difference(found.mean), value=found.mean),
        "95 %, t": Cell(format_interval(found.interval), value=found.interval and found.interval[0]),
        "95 %, bootstrap": Cell(format_interval(found.bootstrap), value=found.bootstrap and found.bootstrap[0]),
        "p": Cell(format_p_value(found.p), value=found.p),
        "p, Holm": Cell(format_p_value(c.p_holm), value=c.p_holm),
        "seeds for 0.5": Cell(format_seeds(c.seeds_needed, MAX_NEEDED_SEEDS), value=c.seeds_needed),
    }
    result = Cell(c.result or MISSING, bold=c.distinguishable)
    return [*_names(c.variant), result, *(numbers[column] for column in columns)]
