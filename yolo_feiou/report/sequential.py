"""The mathematics of a comparison that is looked at after each seed, and ends when it has said enough.

A test that is made anew after each further seed finds a difference by chance sooner or later. Here the level at which
n pairs are tested grows with n, and is so low that all looks from the second pair to the last that may be taken err
together with probability α at most. The intervals of all n hold at the same time: whatever made somebody stop, the
interval at which it ended covers the true difference with probability 1 − α.

    p_n < u · n / N        n = 2, …, N

p_n is that of the paired t test of the first n differences, N the largest number of pairs, and u is chosen so that this
happens for any n with probability α if the true difference is 0 (a linear boundary for the nominal level). The path of
the t statistics of normal differences depends on neither their mean nor their standard deviation (Jennison and
Turnbull, Exact calculations for sequential t, χ² and F tests, Biometrika 78, 1991), so u is computed once for each N,
from simulated paths. The intervals are the repeated confidence intervals of Jennison and Turnbull, Interim analyses:
the repeated confidence interval approach, J. R. Statist. Soc. B 51, 1989.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from yolo_feiou.results.levels import ALPHA, ROUNDING, Interval

#: Paths of which the boundary is computed: a level of .05 is met within .0005.
PATHS = 200_000
#: The largest number of pairs for which there is a boundary.
MAX_PAIRS = 200


def compute_sequential_p(differences: Sequence[float], most: int) -> float | None:
    """Return the p value of a path: the least level α whose boundary one of its looks crosses.

    With it one may stop at any time, and adjust it for the number of comparisons as any other p value. It is the
    probability that the least p_n · N / n of N looks is as small as that seen, if the true difference is 0.

    Args:
        differences: One for each pair, in the order in which they were to be made.
        most: N, the number of pairs after which it would have ended in any case.

    Returns:
        That p value, two-sided; None for fewer than two differences, or where the first n show no spread for all n.
    """
    least = math.inf
    for n in range(2, len(differences) + 1):
        seen = np.asarray(differences[:n])
        sd = float(seen.std(ddof=1))
        if sd > ROUNDING:
            least = min(least, float(compute_look_ratio(seen.mean() * math.sqrt(n) / sd, n, most)))
    return None if math.isinf(least) else float(find_path_p(least, most))


def compute_look_ratio(statistic: ArrayLike, n: ArrayLike, most: int) -> np.ndarray:
    """Return p_n · N / n of looks: the least of a path decides which boundaries it has crossed.

    Args:
        statistic: The t statistic of n differences; one or an array.
        n: Their number; one or an array that goes with it.
        most: N, the number of pairs after which it would have ended in any case.
    """
    count = np.asarray(n)
    return 2 * special.stdtr(count - 1, -np.abs(statistic)) * most / count


def find_path_p(least: ArrayLike, most: int) -> np.ndarray:
    """Return the p value of paths by the least p_n · N / n of their looks, see `compute_sequential_p`."""
    ratios = _simulate_least_ratios(most)
    return (1 + np.searchsorted(ratios, least, side="right")) / (1 + len(ratios))


def compute_sequential_interval(differences: Sequence[float], most: int, alpha: float = ALPHA) -> Interval | None:
    """Return the repeated confidence interval of the mean difference: mean ± t(α_n) · sd / √n, α_n = u · n / N.

    Args:
        differences: One for each pair.
        most: N, the number of pairs after which it would have ended in any case.
        alpha: The probability with which any of the intervals of n = 2 … N may miss the true difference.

    Returns:
        Its two ends; None for fewer than two differences, or without a spread.
    """
    n = len(differences)
    sd = float(np.std(differences, ddof=1)) if n > 1 else 0.0
    if sd <= ROUNDING:
        return None
    mean, half = math.fsum(differences) / n, get_critical_value(n, most, alpha) * sd / math.sqrt(n)
    return mean - half, mean + half


@cache
def get_critical_value(n: int, most: int, alpha: float = ALPHA, freedom: int | None = None) -> float:
    """Return the t statistic of n pairs from which a boundary for N of them is crossed.

    Args:
        n: How many pairs there are, from 2 to `most`.
        most: N, the number of pairs after which it would have ended in any case.
        alpha: The level that all looks have together.
        freedom: Degrees of freedom of the standard deviation, n − 1 if not given. With more of them the looks depend on
            each other more, so that the level is kept with room.
    """
    return float(stats.t.isf(min(1.0, _find_scale(most, alpha) * n / most) / 2, freedom or n - 1))


def find_beaten(values: Sequence[Sequence[float]], most: int, entered: int = 0, alpha: float = ALPHA) -> list[bool]:
    """Return which competitors of a race are shown to be worse than the one with the highest mean: not the best.

    Seeds move all competitors alike, or each by itself, and by about as much. So the standard deviation of a difference
    is taken from all of them, √2 times that of the residuals of competitor and seed, with (n − 1)(k − 1) degrees of
    freedom; where the two differ more between themselves, it is their own. Each is tested on one side at α / (K − 1),
    so the best of the K that entered is lost with probability α at most, whenever one looks. (Where the best spreads
    three times as much as the others, it is .065 in the place of .05.)

    Args:
        values: The metric of each of k competitors, for the same n seeds.
        most: N, the number of seeds after which the race would have ended in any case.
        entered: K, how many competitors there were at the beginning; k if not given.
        alpha: The probability with which the best may be lost.

    Returns:
        True for each that can't be the best. Nobody is beaten with fewer than two seeds.
    """
    return find_beaten_in_races(np.asarray(values, float), most, entered, alpha).tolist()


def find_beaten_in_races(tables: np.ndarray, most: int, entered: int = 0, alpha: float = ALPHA) -> np.ndarray:
    """Return the same of many races at once, as an array of switches (…, k).

    Args:
        tables: The metric of each of k competitors for the same n seeds, shape (…, k, n).
        most: As in `find_beaten`, and so are the others.
        entered: Likewise.
        alpha: Likewise.
    """
    k, n = tables.shape[-2:]
    if k < 2 or n < 2:
        return np.zeros(tables.shape[:-1], bool)
    means = tables.mean(-1, keepdims=True)
    residuals = tables - means - tables.mean(-2, keepdims=True) + means.mean(-2, keepdims=True)
    freedom = (n - 1) * (k - 1)
    pooled = np.sqrt(2 * (residuals**2).sum((-2, -1)) / freedom)[..., None]
    critical = get_critical_value(n, most, min(1.0, 2 * alpha / (max(entered, k) - 1)), freedom)
    leader = means.argmax(-2, keepdims=True)
    behind = np.take_along_axis(tables, leader, -2) - tables
    sd = np.maximum(np.maximum(pooled, behind.std(-1, ddof=1)), ROUNDING)
    beaten = behind.mean(-1) > critical * sd / math.sqrt(n)
    return beaten & (np.arange(k) != leader[..., 0])


def count_expected_pairs(sd: float, half_width: float, most: int) -> int:
    """Return from how many pairs on the interval is at most so wide, for a known standard deviation; N at most.

    Args:
        sd: Standard deviation of the differences.
        half_width: Half of the width of the interval, in the same unit.
        most: N.
    """
    enough = (n for n in range(2, most) if get_critical_value(n, most) * sd / math.sqrt(n) <= half_width)
    return next(enough, most)


@cache
def _find_scale(most: int, alpha: float) -> float:
    """Return u, the scale of the boundary for N pairs whose looks have the level α together."""
    ratios = _simulate_least_ratios(most)
    place = math.floor(alpha * (1 + len(ratios))) - 1  # so that the p value at the boundary is α at most
    return float(ratios[max(0, place)])


@cache
def _simulate_least_ratios(most: int) -> np.ndarray:
    """Return the least p_n · N / n of each of `PATHS` paths of N differences without a true one, sorted."""
    generator = np.random.default_rng(0)
    n = np.arange(2, most + 1)
    least = []
    for _ in range(20):  # in parts, for memory
        drawn = generator.standard_normal((PATHS // 20, most))
        sums, squares = drawn.cumsum(1)[:, 1:], (drawn**2).cumsum(1)[:, 1:]
        statistic = sums / np.sqrt(n * (squares - sums**2 / n) / (n - 1))
        least.append(compute_look_ratio(statistic, n, most).min(1))
    return np.sort(np.concatenate(least))
