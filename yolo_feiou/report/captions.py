"""What is said in words: the findings, the seed variance of the baseline, and the conditions of tables."""

from __future__ import annotations

from collections.abc import Sequence

from yolo_feiou.report.comparison import (
    BETTER,
    NOT_JUDGED,
    SOUGHT_DIFFERENCE,
    WORSE,
    Comparison,
    all_sequential,
    has_learnt,
    list_sequential,
    name_compared,
)
from yolo_feiou.report.format import format_count, format_list, format_mean_sd, format_percent
from yolo_feiou.report.gains import describe_gains
from yolo_feiou.report.read import Results
from yolo_feiou.report.render import TABLE_MARK
from yolo_feiou.report.statistics import MAX_NEEDED_SEEDS
from yolo_feiou.report.variants import Variant, show_value, show_values
from yolo_feiou.results.levels import ALPHA
from yolo_feiou.results.schema import CAPTIONS
from yolo_feiou.storage.tables import Row

MAP = (
    "mAP: Ultralytics’ own mean of AP over IoU thresholds of .5 to .95, of oriented boxes, whose IoU is ProbIoU; "
    "mAP50: at .5. It is not COCO’s AP, and the two are never compared."
)
TASK = (
    "mAP: Ultralytics’ own mean of AP over thresholds of .5 to .95, of the IoU of masks, or of the similarity of key "
    "points; mAP50: at .5. It is not COCO’s AP, and not tested."
)
FIT = (
    "IoU: mean over predictions matched to an object as COCO does it at an IoU of .5; IoU ≥ .75, .9: share of those "
    "predictions. Recall: share of all objects with such a match. All predictions count, whatever their score."
)

#: What the columns of a comparison are where seeds were added until it was answered, see `sequential`.
REPEATED_INTERVAL = (
    "repeated confidence interval of the difference (Jennison and Turnbull, 1989), which holds at every look up to "
    "that number of seeds"
)
BOUNDARY = (
    "linear boundary for all looks up to that number, two-sided, both from paths of the t statistic (Jennison and "
    "Turnbull, 1991)"
)


def explain_mark(metric: str) -> str:
    """Return what the mark of a table means, by what is compared."""
    return (
        f"{TABLE_MARK} {metric} not shown to differ from the baseline’s: adjusted p ≥ .05, or too few seeds to tell. "
        "That is no proof that it is the same."
    )


def explain_comparison(comparisons: Sequence[Comparison], columns: Sequence[str]) -> str:
    """Return what the columns of a comparison mean, where the number of seeds was fixed and where it wasn't."""
    of = list_sequential(comparisons)
    if of and all_sequential(comparisons):
        added, interval, p = f", {_describe_adding(of, 'which')}", REPEATED_INTERVAL, f"that of a {BOUNDARY}"
        sequential, test = "", "a paired t test of a fixed number"
    else:
        added, interval, p = "", "interval of the difference by Student’s t", "paired t test, two-sided"
        if "95 %, bootstrap" in columns:
            interval += " and by the bootstrap, which is too narrow for few seeds, and missing below five"
        there = f": there 95 % is the {REPEATED_INTERVAL}, and p that of a {BOUNDARY}."
        sequential, test = f" {_name(of)}{_describe_adding(of)}{there}" if of else "", "such a test"
    return (
        f"Common seeds: those that variant and baseline share{added}. 95 %: {interval}; not adjusted. p: {p}; p, Holm: "
        f"adjusted for all comparisons here, and better or worse if it is below .05.{sequential} Seeds for 0.5: how "
        f"many seeds {test} needs to find a true difference of 0.5 percentage points with probability .8, without "
        "adjustment, from the standard deviation of the differences seen (at most "
        f"{MAX_NEEDED_SEEDS} are tried); with few seeds this is itself a rough guess."
    )


def describe_sequential(comparisons: Sequence[Comparison]) -> str:
    """Return how sequential comparisons are tested, for the methods; empty where there are none."""
    of = list_sequential(comparisons)
    if not of:
        return ""
    adding = _describe_adding(of, "Seeds") if all_sequential(comparisons) else f"{_name(of)}{_describe_adding(of)}"
    return (
        f"{adding}. {name_compared(of)} is tested after each of them by Student’s paired t, two-sided, at a level that "
        "grows linearly with the number of seeds, and is so low that all looks from the second seed to that number err "
        f"together in at most {100 * ALPHA:g} of 100 cases, if the differences are about normal; p is the least level "
        "at which one of the looks finds a difference. The interval is a repeated confidence interval (Jennison and "
        "Turnbull, J. R. Statist. Soc. B 51, 1989): it holds at every look up to that number, whatever made the "
        "comparison end. Both are computed from paths of the t statistic (Jennison and Turnbull, Biometrika 78, 1991)."
    )


def describe_seeds(variants: Sequence[Variant]) -> str:
    """Return over how many seeds means are taken: 'mean ± standard deviation over 3 to 5 seeds'."""
    numbers = sorted(len(variant.runs) for variant in variants)
    if numbers[-1] == 1:
        return "one seed"
    low = f"{numbers[0]} to " if numbers[0] < numbers[-1] else ""
    return f"mean ± standard deviation (n − 1) over {low}{numbers[-1]} seeds"


def describe_conditions(results: Results, variants: Sequence[Variant]) -> str:
    """Return under which conditions the runs were made, for the caption of a table."""
    swept = variants[0].values
    loss = [] if "loss" in swept else [f"loss {format_list(_values(results.done, 'loss'))}"]
    told = [
        f"{words} {'/'.join(values)}"
        for name, words in CAPTIONS.items()
        if name not in swept
        and (values := describe_gains(results.done) if name == "gain" else _values(results.done, name))
    ]
    sizes = [_values(results.done, f"objects_{size}") for size in "SML"]
    if all(len(numbers) == 1 for numbers in sizes):
        told.append(f"objects of size S/M/L {'/'.join(numbers[0] for numbers in sizes)}")
    return f"Conditions: {', '.join([*loss, *told])}."


def describe_findings(comparisons: Sequence[Comparison]) -> str:
    """Return what was found, in a sentence or two: of what was tested, and why others weren't."""
    paired = [c for c in comparisons if c.difference is not None]
    if not paired:
        return "There is nothing to compare: no variant has another one as its baseline."
    scores = [score for c in comparisons for score in c.variant.get_by_seed(c.variant.metric).values()]
    if scores and not any(has_learnt(c.variant) for c in comparisons):
        low = f"below {format_percent(SOUGHT_DIFFERENCE)} %" if any(scores) else "0"
        return (
            f"{name_compared(comparisons)} is {low} in all {format_count(len(scores), 'run')}: nothing was learnt that "
            "can be compared. Train longer, or with more steps in an epoch: a smaller batch=, and of YOLO nbs= too."
        )
    against = f"Against {name_baselines(paired)}"
    tested = [c for c in paired if c.p_holm is not None]
    untested = _list_untested(paired)
    if not tested:
        return f"{against}, nothing could be tested: {untested}."
    others = f" Not tested: {untested}." if untested else ""
    if not any(c.distinguishable for c in tested):
        told = (
            f"none of {format_count(len(tested), 'variant')} is"
            if len(tested) > 1
            else f"{tested[0].variant.label} is not"
        )
        return f"{against}, {told} shown to differ in {name_compared(tested)}. This is no proof of equality.{others}"
    clear = [
        f"{format_list(labels)} {'is' if len(labels) == 1 else 'are'} {word} in {name_compared(of)}"
        for word in (BETTER, WORSE)
        if (of := [c for c in tested if c.result == word])
        for labels in [[c.variant.label for c in of]]
    ]
    left = sum(not c.distinguishable for c in tested)
    near = f" The other {left if left > 1 else 'one'} can’t be told apart from it." if left else ""
    return f"{against}, {', and '.join(clear)} (Holm-adjusted p < .05).{near}{others}"


def _list_untested(comparisons: Sequence[Comparison]) -> str:
    """Return the variants without a test, by the reason: 'iou and giou (identical in all 3 seeds)'."""
    labels: dict[str, list[str]] = {}
    for c in comparisons:
        if c.p_holm is None:
            labels.setdefault(c.result.removeprefix(NOT_JUDGED), []).append(c.variant.label)
    return "; ".join(f"{format_list(names)} ({why})" for why, names in labels.items())


def name_baselines(judged: Sequence[Comparison]) -> str:
    """Return what all variants are compared with: 'ciou', and, of several baselines, 'ciou at the same box'."""
    baselines = [c.baseline for c in judged if c.baseline]
    values = {name: {baseline.values[name] for baseline in baselines} for name in baselines[0].values}
    same = [name for name, several in values.items() if len(several) > 1 and name != "loss"]
    fixed = {name: value for name, value in baselines[0].others.items() if name not in same}
    loss = [format_list(list(dict.fromkeys(baseline.loss for baseline in baselines)))] if "loss" in values else []
    return " ".join([*loss, *show_values(fixed)]) + (f" at the same {format_list(same)}" if same else "")


def describe_seed_variance(comparisons: Sequence[Comparison]) -> str:
    """Return how far the seed alone moves the baseline."""
    metric = name_compared(c for c in comparisons if c.is_baseline)
    baselines = [c.variant for c in comparisons if c.is_baseline]
    trained = [variant for variant in baselines if has_learnt(variant)]
    spreads = [(variant.label, variant.spread(variant.metric)) for variant in trained]
    known = [(label, of) for label, of in spreads if of.sd is not None and of.range is not None]
    if not any(variant.get_by_seed(variant.metric) for variant in baselines):
        return f"No run of the baseline has {metric}."
    if not trained:
        return "The baseline learnt nothing, so how far a seed alone moves it is not known."
    if not known:
        return "The baseline has one seed, so how far a seed alone moves it is not known."
    if len(known) == 1:
        ((label, of),) = known
        return (
            f"Seed variance: over {of.n} seeds the {metric} of {label} is {format_mean_sd(of, 2)} (mean ± standard "
            f"deviation), and its best seed is {format_percent(of.range, 2)} percentage points above its worst."
        )
    sds = sorted(of.sd for _, of in known if of.sd is not None)
    far, widest = max(known, key=lambda item: item[1].range or 0)
    return (
        f"Seed variance: the {metric} of the {len(known)} baselines has a standard deviation over seeds of "
        f"{format_percent(sds[0], 2)} to {format_percent(sds[-1], 2)} percentage points; at most, for {far}, the best "
        f"seed is {format_percent(widest.range, 2)} percentage points above the worst."
    )


def _values(rows: Sequence[Row], name: str) -> list[str]:
    return list(dict.fromkeys(show_value(row[name]) for row in rows if row.get(name) is not None))


def _name(comparisons: Sequence[Comparison]) -> str:
    return f"For {format_list([c.variant.label for c in comparisons])}, "


def _describe_adding(comparisons: Sequence[Comparison], seeds: str = "seeds") -> str:
    """Return how sequential comparisons got seeds, and how many they could get: '20', or '20 to 30'.

    A budget, a race or a user may have ended a comparison before it was answered, which no row says.
    """
    numbers = sorted({c.difference.most for c in comparisons if c.difference and c.difference.most})
    most = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else numbers[0]
    return f"{seeds} were added until each comparison was answered or given up, {most} at most"
