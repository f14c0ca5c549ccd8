"""The numbers that pictures show of the metrics: dots and lines, means over seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from yolo_feiou.plots.ablation import Dots, Line, LinePanel
from yolo_feiou.plots.differences import DifferenceRow
from yolo_feiou.plots.style import LineLook, assign_looks
from yolo_feiou.report.comparison import Comparison
from yolo_feiou.report.format import format_count, format_difference, format_interval, format_mean_sd
from yolo_feiou.report.statistics import spread
from yolo_feiou.report.variants import Variant, show_values
from yolo_feiou.results.arguments import get_usual_values
from yolo_feiou.results.main_metric import name_metrics
from yolo_feiou.results.schema import AP_CURVE, IOU_PERCENTS
from yolo_feiou.storage.tables import Row

MOST_LINES = 13  # of a panel
MOST_ROWS = 45  # of a picture with a row a variant

BySeed = Mapping[int, float]


@dataclass(frozen=True)
class ShownVariants:
    """What pictures of lines show.

    Attributes:
        variants: The variants, the baseline first.
        names: Their names in the legend.
        looks: What each looks like, by name.
        left_out: Sentences on what is not shown, '' if all is.
    """

    variants: Sequence[Variant]
    names: Sequence[str]
    looks: Mapping[str, LineLook]
    left_out: str

    @property
    def baseline(self) -> Variant:
        """The baseline."""
        return self.variants[0]

    def lines(self, make: Callable[[Variant, LineLook], Line | None]) -> dict[str, Line]:
        """Return the line of each variant that has one, by name."""
        made = {name: make(v, self.looks[name]) for name, v in zip(self.names, self.variants, strict=True)}
        return {name: line for name, line in made.items() if line}


def choose_shown(comparisons: Sequence[Comparison]) -> ShownVariants:
    """Return what pictures of lines show: the variants with one baseline's values of all swept arguments but the loss.

    They have its metric too. Of several baselines it is the one beside which most variants stand, of those the one
    with most seeds, then that with its trainer's own settings. The number of lines is limited.
    """
    variants = [c.variant for c in comparisons]
    baselines = [c.variant for c in comparisons if c.is_baseline]
    beside_it = {id(b): sum("loss" not in v.values or v.others == b.others for v in variants) for b in baselines}
    baseline = max(baselines, key=lambda b: (beside_it[id(b)], len(b.runs), _usual(b)))
    beside = [
        v for v in variants if v.metric == baseline.metric and ("loss" not in v.values or v.others == baseline.others)
    ]
    chosen = [baseline, *(v for v in beside if v is not baseline)][:MOST_LINES]
    told = []
    if len(beside) < len(variants):
        told.append(f"Shown at {' '.join(show_values(baseline.others))}.")
    if len(chosen) < len(beside):
        told.append(f"Left out: {format_count(len(beside) - len(chosen), 'further variant')}.")
    return ShownVariants(chosen, [name_of(v) for v in chosen], assign_variant_looks(variants), " ".join(told))


def _usual(variant: Variant) -> int:
    """Return how many swept arguments of a variant have their usual value."""
    usual = get_usual_values(variant.detector)
    return sum(value == usual.get(argument) for argument, value in variant.others.items())


def assign_variant_looks(variants: Sequence[Variant]) -> dict[str, LineLook]:
    """Return the looks of variants, by name."""
    return assign_looks(list(dict.fromkeys(name_of(variant) for variant in variants)))


def name_of(variant: Variant) -> str:
    """Return a variant's name within its group: its loss, or, where that isn't swept, all its values."""
    return variant.loss if "loss" in variant.values else variant.label


def make_differences(comparisons: Sequence[Comparison]) -> list[DifferenceRow]:
    """Return the difference of each variant to its baseline, in percentage points, the largest first."""
    found = [
        DifferenceRow(
            label=c.variant.label,
            mean=100 * difference.mean,
            interval=difference.interval and (100 * difference.interval[0], 100 * difference.interval[1]),
            better=difference.mean > 0 if c.distinguishable else None,
            text=f"{format_difference(difference.mean)} ({format_interval(difference.interval)})"
            if difference.interval
            else format_difference(difference.mean),
        )
        for c in comparisons
        if (difference := c.difference) and difference.mean is not None
    ]
    return sorted(found, key=lambda row: -row.mean)


def make_dots(comparisons: Sequence[Comparison]) -> list[Dots]:
    """Return the AP of each seed of each variant, in per cent."""
    looked = assign_variant_looks([c.variant for c in comparisons])
    return [
        Dots(
            label=name_of(c.variant),
            group=" ".join(show_values(c.variant.others)) if "loss" in c.variant.values else "",
            look=looked[name_of(c.variant)],
            values=[100 * value for value in c.variant.get_by_seed(c.variant.metric).values()],
            text=format_mean_sd(c.variant.spread(c.variant.metric)),
            baseline=c.is_baseline,
        )
        for c in comparisons[:MOST_ROWS]
    ]


def make_threshold_panels(shown: ShownVariants) -> list[LinePanel]:
    """Return AP over the IoU threshold, and its difference to the baseline, in per cent."""

    def values(variant: Variant) -> list[BySeed]:
        return [{seed: 100 * value for seed, value in variant.get_by_seed(metric).items()} for metric in AP_CURVE]

    x = [level / 100 for level in IOU_PERCENTS]
    return make_difference_panels(shown, values, x, ("AP by IoU threshold", "IoU threshold", "AP, %"))


def make_distribution_panels(shown: ShownVariants) -> list[LinePanel]:
    """Return the distribution of the IoU of matched predictions, and its difference to the baseline's, in per cent."""

    def values(variant: Variant) -> list[BySeed]:
        shares = {seed: of for seed, row in variant.runs.items() if (of := _shares(row))}
        return [{seed: of[i] for seed, of in shares.items()} for i in range(len(IOU_PERCENTS))]

    x = [level / 100 + 0.025 for level in IOU_PERCENTS]
    return make_difference_panels(shown, values, x, ("Matched predictions by IoU", "IoU with the object", "share, %"))


def make_difference_panels(
    shown: ShownVariants, values: Callable[[Variant], list[BySeed]], x: Sequence[float], words: tuple[str, str, str]
) -> list[LinePanel]:
    """Return a panel of means, and one of mean differences to the baseline, paired by seed.

    Args:
        shown: What is shown.
        values: Of a variant, at each x the values by seed.
        x: Where they are.
        words: Title, x axis and y axis.
    """
    base = values(shown.baseline)

    def mean(variant: Variant, look: LineLook) -> Line | None:
        of = values(variant)
        return Line(look, x, [fmean(seeds.values()) for seeds in of]) if all(of) else None

    def difference(variant: Variant, look: LineLook) -> Line | None:
        by_seed = [
            [v[seed] - b[seed] for seed in v.keys() & b.keys()] for v, b in zip(values(variant), base, strict=True)
        ]
        return Line(look, x, [fmean(of) for of in by_seed]) if all(by_seed) and variant is not shown.baseline else None

    title, along, up = words
    left, right = shown.lines(mean), shown.lines(difference)
    panels = [LinePanel(title, along, up, left)] if left else []
    if right:
        sds = [spread([*seeds.values()]).sd or 0 for seeds in base]
        panels.append(LinePanel(f"Difference to {name_of(shown.baseline)}", along, "percentage points", right, sds))
    return panels


def find_numeric_arguments(variants: Sequence[Variant]) -> list[str]:
    """Return the swept arguments that are numbers and have several values."""
    return [key for key in variants[0].others if len({v.values[key] for v in variants if _is_number(v, key)}) > 1]


def make_argument_panels(comparisons: Sequence[Comparison], argument: str) -> list[LinePanel]:
    """Return AP over a numeric argument, a line a loss, at the values of the others that `choose_shown` takes.

    Losses that have but one value of the argument are left out, unless none has more.
    """
    baseline = choose_shown(comparisons).baseline
    variants = [c.variant for c in comparisons if c.variant.metric == baseline.metric]
    fixed = {name: value for name, value in baseline.others.items() if name != argument}
    losses: dict[str, list[Variant]] = {}
    for variant in variants:
        if variant.has_values(fixed) and _is_number(variant, argument) and variant.get_by_seed(variant.metric):
            losses.setdefault(variant.loss, []).append(variant)
    losses = {loss: of for loss, of in losses.items() if len(of) > 1} or losses
    look = assign_looks(list(dict.fromkeys(variant.loss for variant in variants)))
    lines = {loss: _over_argument(of, argument, look[loss]) for loss, of in list(losses.items())[:MOST_LINES]}
    where = f" at {' '.join(show_values(fixed))}" if fixed else ""
    metric = name_metrics([baseline.metric])
    return [LinePanel(f"{metric} over {argument}{where}", argument, f"{metric}, %", lines)]


def _over_argument(variants: Sequence[Variant], argument: str, look: LineLook) -> Line:
    x = [value for variant in variants if isinstance(value := variant.values[argument], float)]  # all of them
    seeds = [[100 * value for value in variant.get_by_seed(variant.metric).values()] for variant in variants]
    return Line(
        look,
        x,
        [fmean(of) for of in seeds],
        dots=[(at, value) for at, of in zip(x, seeds, strict=True) for value in of],
    )


def _is_number(variant: Variant, argument: str) -> bool:
    return isinstance(variant.values[argument], float)


def _shares(row: Row) -> list[float]:
    """Return the share of each bin in a run's matched predictions, in per cent; nothing where there are none."""
    counts = [row.get(f"iou_{level}") for level in IOU_PERCENTS]
    known = [count for count in counts if count is not None]
    if len(known) < len(counts) or not (total := sum(known)):
        return []
    return [100 * format_count / total for format_count in known]
