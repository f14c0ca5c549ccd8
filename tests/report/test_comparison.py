"""Results that claim no more than the seeds show."""

import math

import pytest

from tests.report.factories import row
from yolo_feiou.report.baseline import Baseline
from yolo_feiou.report.comparison import all_sequential, compare_variants, list_sequential
from yolo_feiou.report.statistics import holm, paired_difference
from yolo_feiou.report.variants import Variant


def variant(loss, *values, seeds=None):
    """A variant with these values of AP, for the seeds 0, 1, …"""
    return Variant(
        {"loss": loss},
        {seed: row(loss, seed, AP=value) for seed, value in zip(seeds or range(99), values, strict=False)},
    )


def against(*others, base=(0.40, 0.41, 0.42)):
    """The comparisons of others with a baseline."""
    return compare_variants([variant("ciou", *base), *others], Baseline({"loss": "ciou"}))


def test_a_clear_difference_is_better_or_worse():
    """Differences .010, .011, .012: t = .011 / (.001 / √3) = 19.05, p = 1 − t / √(2 + t²) = .0027."""
    base, up, down = against(variant("up", 0.410, 0.421, 0.432), variant("down", 0.390, 0.399, 0.408))
    assert (base.result, up.result, down.result) == ("baseline", "better", "worse")
    t = 11 * math.sqrt(3)
    assert up.difference.p == pytest.approx(1 - t / math.sqrt(2 + t * t))
    assert up.p_holm == pytest.approx(2 * up.difference.p) == pytest.approx(down.p_holm)
    assert up.distinguishable and down.distinguishable and not base.distinguishable
    assert base.difference is base.p_holm is base.seeds_needed is None


def test_p_is_adjusted_for_all_comparisons():
    """Differences .01, .02, .03 have p = .074 alone; .010, .012, .014 have p = .0091, which 6 comparisons make .055."""
    others = [variant("up", 0.410, 0.422, 0.434)]
    assert against(*others)[1].result == "better"
    others += [variant(str(i), 0.41, 0.43, 0.45) for i in range(5)]
    results = [comparison.result for comparison in against(*others)]
    assert results == ["baseline", *["not distinguishable with 3 seeds"] * 6]


@pytest.mark.parametrize(
    ("other", "result"),
    [
        (variant("x", 0.9), "one seed can't tell"),
        (variant("x", 0.40, 0.43), "not distinguishable with 2 seeds"),
        (variant("x", 0.40, 0.41, 0.42), "identical in all 3 seeds"),
        (variant("x", *(ap + 1e-9 for ap in (0.40, 0.41, 0.42))), "identical in all 3 seeds"),
        (variant("x", 0.50, 0.51, 0.52), "not judged: the same difference in all 3 seeds"),
        (variant("x", 0.9, 0.8, seeds=(7, 8)), "no common seed with AP"),
        (variant("x", None, None), "no common seed with AP"),
    ],
)
def test_the_result_says_what_the_seeds_show(other, result):
    _, comparison = against(other)
    assert comparison.result == result and not comparison.distinguishable


@pytest.mark.parametrize(
    ("base", "other", "result"),
    [
        ((0, 0), (0, 0), "neither it nor the baseline learnt anything"),
        ((0, 1e-5), (1e-5, 4e-5), "neither it nor the baseline learnt anything"),
        ((0.40, 0.42), (0, 0.0049), "it learnt nothing"),
        ((0, 0.0049), (0.40, 0.42), "the baseline learnt nothing"),
        ((0,), (0,), "neither it nor the baseline learnt anything"),
    ],
)
def test_what_learnt_nothing_is_not_judged(base, other, result):
    """Below half a point in all runs: no interval, no p value, and no number of seeds."""
    _, comparison = against(variant("x", *other), base=base)
    assert comparison.result == f"not judged: {result}"
    assert comparison.difference.mean == pytest.approx((sum(other) - sum(base)) / len(base))
    found = comparison.difference
    assert found.sd is found.interval is found.p is comparison.p_holm is comparison.seeds_needed is None


def test_a_run_that_reaches_half_a_point_has_learnt():
    """One of the three: the others may have collapsed, which is a result."""
    _, comparison = against(variant("x", 0, 0.005, 0))
    assert comparison.result == "worse" and not comparison.untrained


def test_what_was_not_tested_costs_the_others_nothing():
    """One seed, or none in common, is no comparison to adjust for."""
    others = variant("x", 0.5), variant("y", 0.5, seeds=(9,)), variant("z", 0, 0, 0)
    _, up, *rest = against(variant("up", 0.410, 0.421, 0.432), *others)
    assert up.p_holm == up.difference.p
    assert [comparison.p_holm for comparison in rest] == [None, None, None]


def test_without_a_baseline_there_is_no_result():
    baseline = Baseline({"loss": "ciou"})
    alone = Variant({"loss": "eiou", "box": 5.0}, {0: row("eiou")})
    other = Variant({"loss": "ciou", "box": 7.5}, {0: row("ciou")})
    first, second = compare_variants([alone, other], baseline)
    assert (first.result, first.baseline, first.difference) == ("", None, None)
    assert second.is_baseline and not first.is_baseline


def test_baselines_come_first_in_their_groups():
    variants = [
        Variant({"loss": loss, "box": box}, {0: row(loss)}) for box in (5.0, 7.5) for loss in ("giou", "stock", "iou")
    ]
    labels = [c.variant.label for c in compare_variants(variants, Baseline({"loss": "stock"}))]
    assert labels == [f"{loss} box={box}" for box in ("5", "7.5") for loss in ("stock", "giou", "iou")]


def test_seeds_needed_are_those_for_half_a_percentage_point():
    """Differences 0, .02, .01: standard deviation .01, so an effect of .5, for which G*Power says 34."""
    _, comparison = against(variant("x", 0.40, 0.43, 0.43))
    assert comparison.difference.sd == pytest.approx(0.01)
    assert comparison.seeds_needed == 34


def test_sequential_p_values_are_adjusted_with_all_others():
    """Of the report's own statistics: `most` of the rows, and Holm over what was fixed and what wasn't."""
    up = Variant({"loss": "up"}, {s: row("up", s, AP=v, max_seeds=9.0) for s, v in enumerate((0.41, 0.421, 0.432))})
    comparisons = against(up, variant("down", 0.390, 0.399, 0.408))
    expected = paired_difference([0.41, 0.421, 0.432], [0.40, 0.41, 0.42], 9)
    assert comparisons[1].difference == expected and comparisons[1].difference.p > comparisons[2].difference.p
    assert [c.p_holm for c in comparisons] == holm([None, expected.p, comparisons[2].difference.p])
    assert [c.is_sequential for c in comparisons] == [False, True, False]
    assert list_sequential(comparisons) == [comparisons[1]] and not all_sequential(comparisons)
    assert all_sequential(comparisons[:2]), "a baseline is compared with nothing"
