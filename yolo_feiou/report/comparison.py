"""Variants against their baseline, with a result that claims no more than the seeds can show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yolo_feiou.report.baseline import Baseline
from yolo_feiou.report.statistics import Difference, count_needed_seeds, holm
from yolo_feiou.report.variants import Variant, group_variants
from yolo_feiou.results.levels import ALPHA, ROUNDING
from yolo_feiou.results.main_metric import name_metrics

#: The difference in AP or mAP for which `seeds_needed` is computed. A run below it has learnt nothing that can be
#: compared: two such runs can't differ by as much.
SOUGHT_DIFFERENCE = 0.005
BETTER, WORSE, ONE_SEED, BASELINE = "better", "worse", "one seed can't tell", "baseline"
NOT_JUDGED = "not judged: "
#: Why a pair isn't judged, by whether the variant has learnt something, and whether the baseline has.
UNTRAINED = {
    (False, False): "neither it nor the baseline learnt anything",
    (False, True): "it learnt nothing",
    (True, False): "the baseline learnt nothing",
}


@dataclass(frozen=True)
class Comparison:
    """A variant against its baseline, by its main metric: a test of each metric would find differences by chance.

    Attributes:
        variant: The variant.
        baseline: What it is compared with, itself if it is a baseline; None where there is nothing of the kind.
        difference: Of that metric, paired by seed; None for a baseline, and without one. Its mean alone where one of
            the two has learnt nothing: that AP of 0 spreads little is no evidence.
        p_holm: The p value, adjusted for all comparisons of the report; None where there is none.
    """

    variant: Variant
    baseline: Variant | None
    difference: Difference | None = None
    p_holm: float | None = None

    @property
    def metric(self) -> str:
        """What the metric that is compared is called: AP or mAP."""
        return name_metrics([self.variant.metric])

    @property
    def is_baseline(self) -> bool:
        """Whether the variant is a baseline."""
        return self.baseline is self.variant

    @property
    def untrained(self) -> str:
        """Who of the two has learnt nothing, in words; empty if both have, or have no common seed."""
        if self.baseline is None or self.difference is None or self.difference.mean is None:
            return ""
        return UNTRAINED.get((has_learnt(self.variant), has_learnt(self.baseline)), "")

    @property
    def distinguishable(self) -> bool:
        """Whether its metric is shown to differ from the baseline's."""
        return self.p_holm is not None and self.p_holm < ALPHA

    @property
    def is_sequential(self) -> bool:
        """Whether it got seeds until it was answered: its statistics are those of `sequential`."""
        return self.difference is not None and self.difference.most is not None

    @property
    def seeds_needed(self) -> float | None:
        """How many seeds a difference of `SOUGHT_DIFFERENCE` would need to be found, by `count_needed_seeds`."""
        return count_needed_seeds(self.difference.sd, SOUGHT_DIFFERENCE) if self.difference else None

    @property
    def result(self) -> str:
        """What the seeds say about its metric, in words; empty without a baseline."""
        if self.is_baseline:
            return BASELINE
        if self.difference is None:
            return ""
        seeds, mean = self.difference.n, self.difference.mean
        if mean is None:
            return f"no common seed with {self.metric}"
        if self.untrained:
            return NOT_JUDGED + self.untrained
        if seeds == 1:
            return ONE_SEED
        if not self.difference.spreads:
            # Constant to the last digit: no noise of training, rather a seed without effect, or the same run twice.
            same = f"identical in all {seeds} seeds"
            return same if abs(mean) <= ROUNDING else f"{NOT_JUDGED}the same difference in all {seeds} seeds"
        if self.distinguishable:
            return BETTER if mean > 0 else WORSE
        return f"not distinguishable with {seeds} seeds"


def compare_variants(variants: Sequence[Variant], baseline: Baseline) -> list[Comparison]:
    """Return the comparison of each variant, p values adjusted for the number of all of them.

    They are in the order of the variants, but for baselines, which come first among those that differ by their loss.
    """
    variants = [
        v
        for group in group_variants(variants)
        for v in sorted(group, key=lambda v: baseline.find_for(v, variants) is not v)
    ]
    baselines = [baseline.find_for(variant, variants) for variant in variants]
    differences = [
        _find_difference(variant, other) if other and other is not variant else None
        for variant, other in zip(variants, baselines, strict=True)
    ]
    adjusted = holm([difference.p if difference else None for difference in differences])
    return [Comparison(*parts) for parts in zip(variants, baselines, differences, adjusted, strict=True)]


def _find_difference(variant: Variant, baseline: Variant) -> Difference:
    """Return the difference to the baseline: nothing but its mean where one of the two has learnt nothing."""
    found = variant.difference(baseline, variant.metric)
    return found if has_learnt(variant) and has_learnt(baseline) else Difference(found.n, found.mean, most=found.most)


def has_learnt(variant: Variant) -> bool:
    """Return whether a run of a variant has learnt something that can be compared."""
    return any(score >= SOUGHT_DIFFERENCE for score in variant.get_by_seed(variant.metric).values())


def name_compared(comparisons: Iterable[Comparison]) -> str:
    """Return what is compared: 'AP', 'mAP', or 'AP or mAP' where some variants have one and some the other."""
    return name_metrics(c.variant.metric for c in comparisons)


def list_sequential(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Return those that got seeds until they were answered."""
    return [comparison for comparison in comparisons if comparison.is_sequential]


def all_sequential(comparisons: Iterable[Comparison]) -> bool:
    """Return whether none had a fixed number of seeds."""
    return all(c.is_sequential for c in comparisons if c.difference is not None)
