"""What is said in words: the findings, the noise of the baseline, and the conditions of tables."""

from __future__ import annotations

from collections.abc import Sequence

from yolo_feiou.report.comparison import BETTER, METRIC, WORSE, Comparison
from yolo_feiou.report.files import Results
from yolo_feiou.report.layout import MARK
from yolo_feiou.report.shown import count, listing, mean_sd, percent
from yolo_feiou.report.statistics import MOST
from yolo_feiou.report.variants import Variant, spelled
from yolo_feiou.tables import Row

DAGGER = (
    f"{MARK} AP not shown to differ from the baseline’s: adjusted p ≥ .05, or too few seeds to tell. That is no proof "
    "that it is the same."
)
COMPARISON = (
    "Pairs: seeds that variant and baseline share. p: paired t test, two-sided; p, Holm: adjusted for all comparisons "
    "here, and better or worse if it is below .05. Intervals are not adjusted; the bootstrap's is too narrow for few "
    "seeds. Seeds for 0.5: how many pairs such a test needs to find a true difference of 0.5 points with probability "
    f".8, without adjustment, from the standard deviation of the differences seen (at most {MOST} are tried); with few "
    "seeds this is itself a rough guess."
)
FIT = (
    "IoU: mean over predictions matched to an object as COCO does it at an IoU of .5; IoU ≥ .75, .9: share of those "
    "predictions. Found: share of all objects with such a match. All predictions count, whatever their score."
)
#: How columns are called in a caption, those of the evaluation first.
CONDITIONS = {
    "eval_split": "split",
    "evaluator": "evaluator",
    "evaluator_version": "version",
    "eval_weights": "weights",
    "area_source": "areas from",
    "gain": "box gain",
    "model": "model",
    "data": "data",
    "epochs": "epochs",
    "imgsz": "imgsz",
    "batch": "batch",
}


def seeds_of(variants: Sequence[Variant]) -> str:
    """Return over how many seeds means are taken: 'mean ± standard deviation over 3 to 5 seeds'."""
    numbers = sorted(len(variant.runs) for variant in variants)
    if numbers[-1] == 1:
        return "one seed"
    low = f"{numbers[0]} to " if numbers[0] < numbers[-1] else ""
    return f"mean ± standard deviation (n − 1) over {low}{numbers[-1]} seeds"


def conditions(results: Results, variants: Sequence[Variant]) -> str:
    """Return under which conditions the runs were made, for the caption of a table."""
    axes = variants[0].values
    loss = [] if "loss" in axes else [f"loss {listing(_values(results.done, 'loss'))}"]
    told = [
        f"{words} {'/'.join(values)}"
        for name, words in CONDITIONS.items()
        if name not in axes and (values := _values(results.done, name))
    ]
    return f"Conditions: {', '.join([*loss, *told])}."


def findings(comparisons: Sequence[Comparison]) -> str:
    """Return what was found, in a sentence or two."""
    judged = [c for c in comparisons if c.difference is not None]
    if not judged:
        return "There is nothing to compare: no variant has another one as its baseline."
    names = listing(list(dict.fromkeys(c.baseline.label for c in judged if c.baseline)), 3)
    clear = [
        f"{word} in {METRIC}: {listing([c.variant.label for c in chosen])}"
        for word in (BETTER, WORSE)
        if (chosen := [c for c in judged if c.verdict == word])
    ]
    left = len(judged) - sum(c.distinguishable for c in judged)
    if not clear:
        told = f"none of {count(len(judged), 'variant')} is" if len(judged) > 1 else "the one variant is not"
        return f"Against {names}, {told} shown to differ in {METRIC}. This is no proof that they are the same."
    rest = f" The other {left} can’t be told apart from it." if left > 1 else ""
    rest = rest or (" The other one can’t be told apart from it." if left else "")
    return f"Against {names}, {'; '.join(clear)} (Holm-adjusted p < .05).{rest}"


def noise(comparisons: Sequence[Comparison]) -> str:
    """Return how far the seed alone moves the baseline."""
    baselines = [c.variant for c in comparisons if c.is_baseline]
    spreads = [(variant.label, variant.spread(METRIC)) for variant in baselines]
    known = [(label, of) for label, of in spreads if of.sd is not None and of.range is not None]
    if not known:
        return "The baseline has one seed, so how far a seed alone moves it is not known."
    if len(known) == 1:
        ((label, of),) = known
        return (
            f"The noise floor: over {of.n} seeds the {METRIC} of {label} is {mean_sd(of, 2)} (mean ± standard deviation), "
            f"and its best seed is {percent(of.range, 2)} points above its worst."
        )
    sds = sorted(of.sd for _, of in known if of.sd is not None)
    far, widest = max(known, key=lambda pair: pair[1].range or 0)
    return (
        f"The noise floor: the {METRIC} of the {len(known)} baselines has a standard deviation over seeds of "
        f"{percent(sds[0], 2)} to {percent(sds[-1], 2)} points; at most, for {far}, the best seed is {percent(widest.range, 2)} "
        "points above the worst."
    )


def _values(rows: Sequence[Row], name: str) -> list[str]:
    return list(dict.fromkeys(spelled(row[name]) for row in rows if row.get(name) is not None))
