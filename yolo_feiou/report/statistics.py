"""The mathematics of a comparison over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy import stats

from yolo_feiou.report.sequential import compute_sequential_interval, compute_sequential_p
from yolo_feiou.results.levels import ALPHA, ROUNDING, Interval

POWER = 0.8
RESAMPLES = 9999
#: Number of seeds from which the bootstrap says something: of three differences, its interval is their range, and
#: covers 75 %.
MIN_BOOTSTRAP_SEEDS = 5
#: The largest number of seeds that `count_needed_seeds` tries.
MAX_NEEDED_SEEDS = 1000


@dataclass(frozen=True)
class Spread:
    """The values of a metric over seeds.

    Attributes:
        n: Their number.
        mean: Their mean; None if there are none.
        sd: Their standard deviation, √(Σ (x − mean)² / (n − 1)); None for fewer than two.
        range: The largest value less the smallest; None for fewer than two.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    range: float | None = None


@dataclass(frozen=True)
class Difference:
    """Differences to a baseline, paired by seed.

    Attributes:
        n: Their number: that of the seeds that both have.
        mean: Mean difference, positive where the value is above the baseline's; None if there are none.
        sd: Standard deviation of the differences (n − 1); None for fewer than two.
        interval: 95 % interval of the mean by Student's t; None for fewer than two, or without a spread.
        bootstrap: The same by the percentile bootstrap, which is too narrow for few seeds; None likewise, and for fewer
            than `MIN_BOOTSTRAP_SEEDS`.
        p: Of the paired t test, two-sided, uncorrected for the number of comparisons; None likewise.
        most: The number of seeds after which a sequential comparison would have ended in any case: its interval and p
            hold whatever made it end earlier, and it has no bootstrap. None if the number was fixed.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    interval: Interval | None = None
    bootstrap: Interval | None = None
    p: float | None = None
    most: int | None = None

    @property
    def spreads(self) -> bool:
        """Whether the differences differ, beyond rounding: only then is there something to test."""
        return self.sd is not None and self.sd > ROUNDING


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of values."""
    if not values:
        return Spread(0)
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return Spread(1, mean)
    return Spread(len(values), mean, float(np.std(values, ddof=1)), max(values) - min(values))


def paired_difference(values: Sequence[float], baseline: Sequence[float], most: int | None = None) -> Difference:
    """Return the difference of values to those of a baseline, the i-th to the i-th.

    Args:
        values: One for each seed.
        baseline: The baseline's, in the order of the same seeds.
        most: For a comparison that was to end when it had said enough: the number of seeds after which it would have
            ended in any case, see `sequential`. More than that count as if that had been the number.
    """
    differences = np.subtract(values, baseline)
    of = spread(differences.tolist())
    most = most and max(most, of.n)
    difference = Difference(of.n, of.mean, of.sd, most=most)
    if not difference.spreads:
        return difference
    if most is not None:
        interval = compute_sequential_interval(differences.tolist(), most)
        return replace(difference, interval=interval, p=compute_sequential_p(differences.tolist(), most))
    test = stats.ttest_1samp(differences, 0)
    low, high = test.confidence_interval(1 - ALPHA)
    bootstrap = _bootstrap(differences) if of.n >= MIN_BOOTSTRAP_SEEDS else None
    p_value = float(test.pvalue)  # pyright: ignore[reportAttributeAccessIssue]  # scipy makes the class as it runs
    return Difference(*(of.n, of.mean, of.sd), (float(low), float(high)), bootstrap, p_value)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p values adjusted for their number after Holm (1979): rejecting those below α errs at most with α at all.

    The i-th smallest of m becomes the largest of (m − j + 1) p_j for j ≤ i, and 1 at most. None stays None, and doesn't
    count.
    """
    order = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p))
        adjusted[place] = highest
    return adjusted


@cache
def count_needed_seeds(sd: float | None, difference: float, alpha: float = ALPHA) -> float | None:
    """Return how many seeds a two-sided paired t test needs to find a difference with probability .8.

    The test's statistic follows a noncentral t distribution with n − 1 degrees of freedom and noncentrality
    √n · difference / sd; returned is the smallest n from 2 with a power of .8, or infinity where
    `MAX_NEEDED_SEEDS` aren't enough.

    Args:
        sd: Standard deviation of the differences by seed; None, or one that is rounding, gives None.
        difference: The true mean difference to be found.
        alpha: The level of the test.
    """
    if sd is None or sd <= ROUNDING:
        return None
    n = np.arange(2, MAX_NEEDED_SEEDS + 1)
    critical, shift = stats.t.ppf(1 - alpha / 2, n - 1), np.sqrt(n) * difference / sd
    with np.errstate(all="ignore"):  # far below what is seen scipy gives NaN for the tail on the wrong side, 0 there
        power = stats.nct.sf(critical, n - 1, shift) + np.nan_to_num(stats.nct.cdf(-critical, n - 1, shift))
    enough = n[power >= POWER]
    return int(enough[0]) if len(enough) else math.inf


def _bootstrap(differences: np.ndarray) -> Interval:
    result = stats.bootstrap(
        *((differences,), np.mean),
        n_resamples=RESAMPLES,
        confidence_level=1 - ALPHA,
        method="percentile",
        random_state=0,  # pyright: ignore[reportCallIssue]  # which scipy 1.15 calls rng, and takes
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
