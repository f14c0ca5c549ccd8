"""The mathematics of a comparison, against numbers by hand, G*Power and a simulation."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from yolo_feiou.report import statistics
from yolo_feiou.report.statistics import (
    MAX_NEEDED_SEEDS,
    Difference,
    Spread,
    count_needed_seeds,
    holm,
    paired_difference,
    spread,
)


def test_spread_by_hand():
    """Deviations −1, 0, 0, 1 from .42, in hundredths: √(2 / 3) hundredths with n − 1 = 3 below."""
    of = spread([0.41, 0.42, 0.42, 0.43])
    assert (of.n, of.mean, of.range) == (4, pytest.approx(0.42), pytest.approx(0.02))
    assert of.sd == pytest.approx(0.01 * math.sqrt(2 / 3))


def test_one_value_has_no_spread_and_none_no_mean():
    assert spread([0.4]) == Spread(1, 0.4)
    assert spread([]) == Spread(0)
    assert Spread(1, 0.4).sd is None and Spread(0).mean is None


def test_a_difference_over_three_seeds_has_its_statistics():
    """Differences .01, .02, .03: mean .02, standard deviation .01, standard error .01 / √3, t = 2 √3.

    With 2 degrees of freedom p = 1 − t / √(2 + t²) = 1 − √12 / √14, and t has its 97.5 % at 4.302653. Of the 27
    resamples one has the mean .01 and one .03, each more than 2.5 %, so these are the bootstrap's ends.
    """
    of = paired_difference([0.41, 0.43, 0.45], [0.40, 0.41, 0.42])
    assert (of.n, of.mean, of.sd) == (3, pytest.approx(0.02), pytest.approx(0.01))
    assert of.p == pytest.approx(1 - math.sqrt(12 / 14))
    assert of.interval == pytest.approx((0.02 - 4.302653 * 0.01 / math.sqrt(3), 0.02 + 4.302653 * 0.01 / math.sqrt(3)))
    assert statistics._bootstrap(np.array([0.01, 0.02, 0.03])) == pytest.approx((0.01, 0.03))
    assert of.spreads


def test_the_bootstrap_is_given_from_five_seeds_on():
    """Of the 3125 resamples of 1 … 5 hundredths the means' 2.5 % and 97.5 % are .018 and .042, counted out below."""
    means = sorted(sum(drawn) / 5 for drawn in product((0.01, 0.02, 0.03, 0.04, 0.05), repeat=5))
    ends = means[int(0.025 * len(means))], means[int(0.975 * len(means))]
    assert ends == pytest.approx((0.018, 0.042))
    five = paired_difference([0.41, 0.42, 0.43, 0.44, 0.45], [0.40] * 5)
    assert five.bootstrap == pytest.approx(ends, abs=0.0011)  # one step of a mean, .002, apart at most
    assert paired_difference([0.41, 0.42, 0.43, 0.44], [0.40] * 4).bootstrap is None


def test_a_difference_over_two_seeds_has_its_statistics():
    """Differences −.01 and −.03: t = −2 with 1 degree of freedom, whose p is 1 − 2 / π · atan 2."""
    of = paired_difference([0.39, 0.37], [0.40, 0.40])
    assert of.mean == pytest.approx(-0.02)
    assert of.p == pytest.approx(1 - 2 / math.pi * math.atan(2))
    assert of.interval == pytest.approx((-0.02 - 12.706205 * 0.01, -0.02 + 12.706205 * 0.01))


def test_differences_are_taken_seed_by_seed():
    """Both lists have the same values; seed by seed they differ by .01, .01, −.02."""
    assert paired_difference([0.41, 0.42, 0.40], [0.40, 0.41, 0.42]).sd == pytest.approx(0.01 * math.sqrt(3))
    assert paired_difference([0.41, 0.42, 0.40], [0.41, 0.42, 0.40]).sd == 0


@pytest.mark.parametrize(
    ("values", "baseline", "n", "mean"),
    [([], [], 0, None), ([0.41], [0.40], 1, 0.01), ([0.4, 0.5], [0.4, 0.5], 2, 0.0), ([0.5, 0.8], [0.4, 0.7], 2, 0.1)],
)
def test_what_has_no_spread_is_not_tested(values, baseline, n, mean):
    """Neither a p of 0 nor an interval without width: .5 − .4 and .8 − .7 differ by rounding alone."""
    of = paired_difference(values, baseline)
    assert of.n == n and of.mean == (mean if mean is None else pytest.approx(mean))
    assert of.interval is of.bootstrap is of.p is None and not of.spreads


def test_the_bootstrap_is_repeatable():
    values = np.random.default_rng(0).normal(0.4, 0.01, 8)
    assert paired_difference(values, values[::-1]) == paired_difference(values, values[::-1])


def test_the_intervals_cover():
    """Of 400 simulated comparisons with 6 seeds, t's interval misses the true difference in about 5 %."""
    rng = np.random.default_rng(0)
    intervals = [paired_difference(rng.normal(0.42, 0.003, 6), [0.41] * 6).interval for _ in range(400)]
    missed = sum(not low <= 0.01 <= high for low, high in intervals)
    assert 8 <= missed <= 34  # a binomial number with p = .05 lies there but for 1 in 1000


def test_holm_by_hand():
    """Sorted .005 · 4 = .02, .01 · 3 = .03, .03 · 2 = .06, .04 · 1 = .04, which can't be below the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_leaves_out_what_was_not_tested():
    assert holm([None, 0.04, None, 0.01]) == [None, 0.04, None, 0.02]
    assert holm([0.6, 0.9]) == [1, 1]
    assert holm([]) == [] and holm([None]) == [None]


@pytest.mark.parametrize(("effect", "seeds"), [(0.1, 787), (0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)])
def test_needed_seeds_are_those_of_gpower(effect, seeds):
    """G*Power 3.1: two dependent means, two-sided, α = .05, power .8, dz = difference / standard deviation."""
    assert count_needed_seeds(0.005 / effect, 0.005) == seeds


def test_as_many_seeds_as_needed_find_the_difference():
    """Simulated: so many seeds find it in 80 % of 20,000 experiments or more, one less in fewer."""
    rng = np.random.default_rng(0)
    sd, difference = 0.006, 0.005
    needed = count_needed_seeds(sd, difference)

    def power(n):
        return float(np.mean(stats.ttest_1samp(rng.normal(difference, sd, (20_000, n)), 0, axis=1).pvalue < 0.05))

    assert power(needed - 1) < 0.8 <= power(needed) + 0.005  # 2 standard errors


@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_a_stricter_test_needs_as_many_seeds_as_give_it_the_power(alpha):
    """Simulated, as above: the level of a single one of ten comparisons."""
    rng = np.random.default_rng(0)
    needed = count_needed_seeds(0.006, 0.005, alpha)
    found = [
        np.mean(stats.ttest_1samp(rng.normal(0.005, 0.006, (20_000, n)), 0, axis=1).pvalue < alpha)
        for n in (needed - 1, needed)
    ]
    assert found[0] < 0.8 <= found[1] + 0.005


@pytest.mark.parametrize("sd", [1e-6, 1e-5, 1e-4])
def test_two_seeds_are_the_fewest(sd):
    """Although scipy's noncentral t gives NaN there."""
    assert count_needed_seeds(sd, 0.005) == 2


def test_too_many_seeds_are_infinite_and_no_deviation_has_no_answer():
    assert count_needed_seeds(0.1, 0.005) == math.inf  # thousands
    assert count_needed_seeds(None, 0.005) is None and count_needed_seeds(1e-9, 0.005) is None
    assert count_needed_seeds(0.0563, 0.005) in range(
        MAX_NEEDED_SEEDS - 10, MAX_NEEDED_SEEDS + 1
    )  # (1.96 + .8416)² (sd / difference)² = 995


def test_a_difference_of_nothing_has_no_spread():
    assert not Difference(0).spreads
