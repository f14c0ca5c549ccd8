"""A comparison that may end at any seed, against numbers by hand and a simulation of its own."""

import math

import numpy as np
import pytest
from scipy import stats

from yolo_feiou.report.sequential import (
    compute_sequential_interval,
    compute_sequential_p,
    count_expected_pairs,
    find_beaten,
    get_critical_value,
)
from yolo_feiou.report.statistics import paired_difference
from yolo_feiou.results.levels import ALPHA

#: Standard error of a share of .05 of 4000 is .0034; four of them.
STUDIES, MARGIN = 4000, 0.014


def draw(count, sd=1.0, mean=0.0):
    """Differences of many studies, of another generator than that of the boundary."""
    return np.random.default_rng(99).normal(mean, sd, (STUDIES, count))


def t_statistics(differences):
    """The t statistic of the first n differences of each study, n = 2 …, as the textbook has it."""
    return np.stack([stats.ttest_1samp(differences[:, :n], 0, axis=1)[0] for n in range(2, differences.shape[1] + 1)])


def test_one_look_is_a_t_test():
    """With N = 2 there is one look, at p < u · 2 / 2, so u is α, and the critical value that of t: tan(.475 π)."""
    assert get_critical_value(2, 2) == pytest.approx(math.tan(0.475 * math.pi), rel=0.03)
    differences = [0.011, 0.013]
    assert compute_sequential_p(differences, 2) == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, rel=0.03)
    low, high = compute_sequential_interval(differences, 2)
    assert (low + high) / 2 == pytest.approx(0.012) and high - 0.012 == pytest.approx(12.7062 * 0.001, rel=0.03)


@pytest.mark.parametrize("most", [3, 8, 20])
def test_all_looks_together_err_as_often_as_they_may(most):
    crossed = ([get_critical_value(n, most) for n in range(2, most + 1)] < np.abs(t_statistics(draw(most))).T).any(1)
    assert crossed.mean() == pytest.approx(ALPHA, abs=MARGIN)
    plain = (stats.t.isf(0.025, np.arange(1, most)) < np.abs(t_statistics(draw(most))).T).any(1)
    assert plain.mean() > ALPHA + MARGIN  # what the boundary is for


def test_a_small_level_is_kept_too():
    """As an adjustment for ten comparisons needs it: of 4000 studies 20 at .005, give or take 4.5."""
    crossed = ([get_critical_value(n, 12, 0.005) for n in range(2, 13)] < np.abs(t_statistics(draw(12))).T).any(1)
    assert 20 - 18 <= crossed.sum() <= 20 + 18


def test_the_p_value_is_that_level_at_which_a_look_crosses():
    for differences in draw(8)[:300]:
        t = t_statistics(differences[None])[:, 0]
        p = compute_sequential_p(differences.tolist(), 10)
        for alpha in (0.01, 0.05, 0.2, 0.6):
            crossed = any(abs(t[n - 2]) > get_critical_value(n, 10, alpha) for n in range(2, 9))
            assert crossed == (p < alpha) or p == pytest.approx(alpha, abs=1e-4)


def test_intervals_hold_at_the_same_time_whatever_mean_and_spread():
    missed = 0
    for differences in 0.003 + 0.02 * draw(10)[:1500]:
        ends = [compute_sequential_interval(differences[:n].tolist(), 10) for n in range(2, 11)]
        missed += any(not low < 0.003 < high for low, high in ends)
    assert missed / 1500 == pytest.approx(ALPHA, abs=4 * math.sqrt(0.05 * 0.95 / 1500))


def test_nothing_is_said_without_a_spread():
    assert compute_sequential_p([0.01], 5) is None and compute_sequential_interval([0.01], 5) is None
    assert compute_sequential_p([0.01, 0.01, 0.01], 5) is None
    assert compute_sequential_interval([0.01, 0.01, 0.01], 5) is None


def test_later_looks_can_only_lower_the_p_value():
    differences = [0.010, 0.011, 0.0105, -0.02, 0.03, -0.04]
    values = [compute_sequential_p(differences[:n], 6) for n in range(2, 7)]
    assert values == sorted(values, reverse=True) and values[-1] == values[1]


def test_a_paired_difference_says_that_it_may_have_ended_early():
    ours, baseline = [0.41, 0.43, 0.45], [0.40, 0.41, 0.42]
    fixed, sequential = paired_difference(ours, baseline), paired_difference(ours, baseline, 10)
    assert (fixed.most, sequential.most) == (None, 10) and sequential.mean == fixed.mean
    assert sequential.p == compute_sequential_p([0.01, 0.02, 0.03], 10) > fixed.p
    assert sequential.interval[0] < fixed.interval[0] and sequential.bootstrap is None
    assert paired_difference(ours, baseline, 2) == paired_difference(ours, baseline, 3)  # one more than there should be


def test_expected_pairs_by_hand():
    """At a standard deviation of 1 and N = 20, n pairs give a half-width of c_n / √n, c_n falling with n."""
    halves = {n: get_critical_value(n, 20) / math.sqrt(n) for n in range(2, 21)}
    first = min(n for n, half in halves.items() if half <= 1)
    assert count_expected_pairs(0.01, 0.01, 20) == first and halves[first - 1] > 1
    assert count_expected_pairs(1.0, 0.01, 20) == 20 and count_expected_pairs(0.0, 0.01, 20) == 2


def test_who_is_beaten_by_hand():
    """Residuals of the table 10 12 / 4 6 / 0 5: row means 11 5 2.5, column means 14/3 23/3, mean 37/6.

    They are ±.5, ±.5, ∓1: squares sum to 3, over (2 − 1)(3 − 1) = 2 degrees of freedom, times 2: a pooled standard
    deviation of √3. The differences to the leader have the standard deviations 0 and 3/√2, so √3 and 3/√2 count, and
    √2 · 6 / √3 = 4.90 and √2 · 8.5 · √2 / 3 = 5.67 are compared with one critical value.
    """
    table = [[10, 12], [4, 6], [0, 5]]
    at = {alpha: get_critical_value(2, 5, 2 * alpha / 2, 2) for alpha in (0.05, 0.3)}
    assert find_beaten(table, 5) == [False, at[0.05] < 4.899, at[0.05] < 5.667]
    level = next(alpha for alpha in np.arange(0.01, 1, 0.001) if get_critical_value(2, 5, alpha, 2) < 5.3)
    assert get_critical_value(2, 5, level, 2) > 4.899
    assert find_beaten(table, 5, alpha=level) == [False, False, True]
    assert find_beaten(table, 5, entered=5, alpha=level) == [False, False, False]


def test_nobody_is_beaten_at_once_or_alone():
    assert find_beaten([[1.0], [0.0]], 5) == [False, False]
    assert find_beaten([[1.0, 1.0, 1.0]], 5) == [False]
    assert find_beaten([[0.5, 0.5], [0.5, 0.5]], 5) == [False, False]


@pytest.mark.parametrize(("spread", "at_most"), [(1, 0.05), (2, 0.05), (3, 0.07)])
def test_the_best_is_rarely_lost(spread, at_most):
    """Of equals the first counts as the best; that it spreads twice as much as the others is made up for."""
    generator, lost = np.random.default_rng(3), 0
    for _ in range(1000):
        table = generator.standard_normal((5, 8)) * np.array([spread, 1, 1, 1, 1])[:, None]
        lost += any(find_beaten(table[:, :n].tolist(), 8)[0] for n in range(2, 9))
    assert lost / 1000 <= at_most + 2 * math.sqrt(0.05 * 0.95 / 1000)
