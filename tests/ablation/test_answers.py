"""What is told before and after seeds were added."""

import math

import numpy as np
import pytest
from scipy import stats

from tests.ablation.studies import finish, make
from tests.ablation.test_sequential import CLEAR, VAGUE, on
from yolo_feiou.ablation.answers import count_fixed_seeds, tell_end, tell_plan
from yolo_feiou.ablation.sequential import Runs, judge
from yolo_feiou.report.sequential import count_expected_pairs, get_critical_value

BASE = [40.0, 40.2, 39.9, 40.1, 40.0, 39.8]
#: Of three pairs, a standard deviation of .1155 and half of an interval of get_critical_value(3, 20) · .0667.
NEAR = [0.0, 0.2, 0.0]


def half_of(differences, most=20):
    n = len(differences)
    return get_critical_value(n, most) * np.std(differences, ddof=1) / math.sqrt(n)


def told(study, budget=0.0, **points):
    known = finish(study, **points)
    return tell_end(study, judge(study, known), known, budget)


def plus(differences):
    return [base + one for base, one in zip(BASE, differences, strict=False)]


def test_each_comparison_says_why_it_ended():
    study = make("ciou,eiou,giou,diou", until=1.01 * half_of(NEAR))
    lines = told(study, ciou=BASE, eiou=plus(CLEAR), giou=plus(NEAR), diou=plus([1.0, 1.0]))
    assert lines[0].startswith(f"eiou: +2.00 ± {half_of(CLEAR):.2f} AP against ciou with 6 seeds, better (p ")
    assert lines[0].endswith("): the difference is shown.")
    assert lines[1].startswith(
        f"giou: +0.07 ± {half_of(NEAR):.2f} AP against ciou with 3 seeds: the interval is narrow"
    )
    assert lines[2] == "diou: +1.00 AP against ciou with 2 seeds: the difference is the same with each seed."
    assert lines[3].startswith("17 runs are done. A grid of fixed seeds would have needed about ")


def test_the_other_ends_are_told_too():
    study = make("ciou,eiou,giou", until=0.01, most=6)
    lines = told(study, ciou=BASE, eiou=plus(VAGUE), giou=[None, None])
    assert lines[0].endswith("with 6 seeds: all 6 seeds are used (max_seeds=).")
    assert lines[1] == "giou against ciou: no more seeds, since 2 of 2 pairs have no result."
    study = make("ciou,eiou,giou", until=0.01)
    lines = told(study, 8.0, ciou=BASE, eiou=plus(VAGUE), giou=plus(CLEAR))
    assert lines[0].endswith(": open, since budget= (8 hours) is used up.") and lines[2] == "18 runs are done."
    lines = told(make("ciou,eiou"), ciou=BASE[:2], eiou=[0, 0.1])
    assert lines[0].endswith(" AP against ciou with 2 seeds: not judged, since it learnt nothing.")
    study = make("ciou,eiou,giou", until=0.01, race=True)
    lines = told(study, ciou=BASE, eiou=plus(CLEAR), giou=plus([-5.0, -5.1, -4.9, -5.0]))
    assert lines[1].endswith(": beaten by eiou.") and "worse (p " in lines[1]


def test_a_fixed_grid_gives_the_same_number_to_all():
    """EIoU: sd .1095 and mean 2 are shown by 2 or 3 seeds at .05 / 2; GIoU: half of an interval of t as wide as here.

    By hand for GIoU: the smallest n with t(.975, n − 1) · sd / √n ≤ half.
    """
    study = make(until=1.01 * half_of(NEAR))
    known = finish(study, ciou=BASE, eiou=plus(CLEAR), giou=plus(NEAR))
    standings = judge(study, known)
    sd, half = float(np.std(NEAR, ddof=1)), half_of(NEAR)
    for_width = next(n for n in range(2, 99) if stats.t.isf(0.025, n - 1) * sd / math.sqrt(n) <= half)
    power = {}
    for n in (2, 3, 4):
        drawn = np.random.default_rng(0).normal(2, np.std(CLEAR, ddof=1), (4000, n))
        power[n] = np.mean(stats.ttest_1samp(drawn, 0, axis=1).pvalue < 0.05 / 2)
    for_power = next(n for n in power if power[n] >= 0.8)
    assert count_fixed_seeds(standings) == max(for_width, for_power)
    assert count_fixed_seeds(standings[:1]) == 2 or for_power > 2


def test_more_seeds_than_are_tried_are_told_as_more():
    """A mean of .3 and a spread of 3 points, whose interval a race left wide: no grid is needed for that."""
    study = make("ciou,eiou", until=0.01, most=6)
    known = finish(study, ciou=[40.0] * 6, eiou=on(40, VAGUE))
    (one,) = judge(study, known)
    sd, half = float(np.std(VAGUE, ddof=1)), half_of(VAGUE, 6)
    expected = next(n for n in range(2, 99) if stats.t.isf(0.025, n - 1) * sd / math.sqrt(n) <= half)
    assert count_fixed_seeds([one]) == expected
    assert tell_end(study, [one], known)[-1] == (
        f"12 runs are done. A grid of fixed seeds would have needed about {expected} seeds for each of 2 variants, "
        f"{2 * expected} runs, to tell as much: an estimate from the differences and their spread as they were seen."
    )
    assert count_fixed_seeds([]) is None


def test_a_plan_without_results_assumes_several_spreads():
    study = make(until=0.5)
    lines = tell_plan(study, judge(study, Runs()), Runs())
    for line, points in zip(lines[1:4], (0.5, 1, 2), strict=True):
        seeds, last = count_expected_pairs(points / 100, 0.005, 20), get_critical_value(20, 20) * points / math.sqrt(20)
        width = "" if points < 1 else f", which give ± {last:.2f}"
        assert line == f"    {points:g} points: {seeds} seeds a variant{width}, {3 * seeds} runs in all"
    assert lines[4] == "Fewer where a difference shows earlier; 60 at most, with max_seeds=20."


def test_a_plan_goes_by_the_spread_that_is_there():
    """GIoU has no pair yet and counts as EIoU; CIoU needs as many seeds as the one that needs most."""
    study = make(until=0.5)
    known = finish(study, ciou=BASE, eiou=plus([0.0, 1.0, 0.0]))
    lines = tell_plan(study, judge(study, known), known)
    sd = np.std([0, 1, 0], ddof=1)
    seeds = count_expected_pairs(sd / 100, 0.005, 20)
    assert lines[1] == f"    eiou: {seeds} seeds, of which 3 are done (sd {sd:.2f} points)"
    assert lines[2] == f"    giou: {seeds} seeds, of which 0 are done (sd {sd:.2f} points)"
    assert lines[3] == f"{3 * seeds} runs in all, 9 of them done; 60 at most, with max_seeds=20."
    known = finish(study, ciou=BASE, eiou=plus(CLEAR), giou=plus([0.0, 1.0, 0.0]))
    assert tell_plan(study, judge(study, known), known)[1].endswith("eiou: 6 seeds, of which 6 are done (answered)")


def test_a_baseline_needs_as_many_seeds_as_any_of_its_variants():
    """GIoU is answered with 3 seeds, EIoU is not, whichever comes first in the grid."""
    for losses in ("ciou,eiou,giou", "ciou,giou,eiou"):
        study = make(losses, until=1.01 * half_of(NEAR))
        known = finish(study, ciou=BASE, eiou=plus([0.0, 1.0, 0.0]), giou=plus(NEAR))
        seeds = count_expected_pairs(float(np.std([0, 0.01, 0], ddof=1)), study.design.half_width, 20)
        assert (
            seeds > 3
            and f"{2 * seeds + 3} runs in all, 12 of them done" in tell_plan(study, judge(study, known), known)[-1]
        )


@pytest.mark.parametrize("race", [False, True])
def test_a_study_that_did_nothing_has_nothing_to_estimate(race):
    study = make(race=race)
    lines = tell_end(study, judge(study, Runs()), Runs())
    assert lines == ["eiou against ciou: open.", "giou against ciou: open.", "0 runs are done."]
