"""When a comparison is answered, and which run is next: from numbers alone, without a run."""

import math

import numpy as np
import pytest

from tests.ablation.studies import finish, make, make_row, runs
from yolo_feiou.ablation.design import make_design, make_study
from yolo_feiou.ablation.sequential import (
    ALL_SEEDS,
    BEATEN,
    DIFFERS,
    FAILING,
    IDENTICAL,
    NARROW,
    OPEN,
    UNTRAINED,
    Runs,
    count_most,
    exceeds_budget,
    find_next,
    judge,
)
from yolo_feiou.report.sequential import compute_sequential_p, get_critical_value

#: Differences in points with a mean of 2 and a standard deviation of .1: the t statistic of six is 49.
CLEAR = [1.9, 2.1, 1.9, 2.1, 1.9, 2.1]
#: The same with a mean of .1 and a standard deviation of 3: they show nothing.
VAGUE = [-2.9, 3.1, -2.9, 3.1, -2.9, 3.1]


def on(base, differences):
    return [base + one for one in differences]


def judged(study, **points):
    """Why each loss gets no more seeds."""
    return {study.variants[one.place].loss: one.reason for one in judge(study, finish(study, **points))}


def play(study, value, jobs=1, order=lambda under_way: 0, failing=()):
    """Do a study by its rules, `jobs` runs at a time, and return the runs in the order in which they began.

    Args:
        study: What is done.
        value: Returns the AP in points of a run.
        jobs: How many runs are under way at a time.
        order: Returns the place of the run that ends next among those under way.
        failing: The runs that fail.
    """
    known, under_way, begun = Runs(), [], []
    while True:
        while len(under_way) < jobs and (cell := find_next(study, judge(study, known), known)) is not None:
            begun.append(cell)
            under_way.append(cell)
            known.given.add(cell)
        if not under_way:
            return begun, known
        cell = under_way.pop(order(under_way))
        known.given.discard(cell)
        if cell in failing:
            known.failed.add(cell)
        else:
            known.rows[cell] = make_row(study, cell, value(cell))


def noise(study, spread, effects):
    """A function of a run: its loss's effect and noise of its own, in points."""
    drawn = np.random.default_rng(1).normal(40, spread, (len(study.variants), study.design.most))
    return lambda cell: effects[cell[0]] + drawn[cell[0], study.design.seeds.index(cell[1])]


def test_a_difference_that_is_shown_ends_a_comparison():
    study = make("ciou,eiou", until=0.01)
    assert judged(study, ciou=[40] * 2, eiou=on(40, CLEAR[:2])) == {"eiou": OPEN}
    assert judged(study, ciou=[40] * 6, eiou=on(40, CLEAR)) == {"eiou": DIFFERS}


def test_p_values_are_those_of_paths_adjusted_for_all_comparisons():
    """Of two comparisons, Holm doubles the smaller p value, and leaves the larger as it is if it is above that."""
    study = make(most=12)
    one, two = judge(study, finish(study, ciou=[40] * 6, eiou=on(40, CLEAR), giou=on(40, VAGUE)))
    p = [compute_sequential_p([d / 100 for d in path], 12) for path in (CLEAR, VAGUE)]
    assert 2 * p[0] < p[1]
    assert [one.comparison.p_holm, two.comparison.p_holm] == pytest.approx([2 * p[0], p[1]])


def test_a_narrow_interval_ends_a_comparison_and_its_width_is_that_of_any_look():
    """Differences of ∓.1 about .1 in three pairs: sd is .1155, and half of the interval t · sd / √3."""
    differences = [0.0, 0.2, 0.0]
    half = get_critical_value(3, 20) * math.sqrt(4 / 3) * 0.1 / math.sqrt(3)
    for until, expected in ((1.001 * half, NARROW), (0.999 * half, OPEN)):
        study = make("ciou,eiou", until=until)
        (one,) = judge(study, finish(study, ciou=[40] * 3, eiou=on(40, differences)))
        assert one.reason == expected and one.half_width == pytest.approx(half / 100)


def test_nothing_is_judged_before_all_have_their_first_seeds():
    study = make(until=50)
    assert judged(study, ciou=[40] * 3, eiou=on(40, CLEAR[:3]), giou=[39]) == {"eiou": OPEN, "giou": OPEN}
    assert judged(study, ciou=[40] * 3, eiou=on(40, CLEAR[:3]), giou=[39, 38]) == {"eiou": NARROW, "giou": OPEN}
    study = make("ciou,eiou", until=50, seeds=(0, 1, 2, 3))
    assert judged(study, ciou=[40] * 3, eiou=on(40, CLEAR[:3])) == {"eiou": OPEN}


def test_seeds_count_in_their_order_and_up_to_the_first_gap():
    """Seed 2 of CIoU is not there yet: of EIoU's five seeds two count, whatever the others are."""
    study = make("ciou,eiou")
    known = finish(study, ciou=[40] * 6, eiou=on(40, CLEAR))
    del known.rows[0, 2]
    (one,) = judge(study, known)
    assert (one.taken, one.pairs, one.reason) == (2, 2, OPEN)


def test_all_seeds_end_a_comparison():
    study = make("ciou,eiou", most=6)
    assert judged(study, ciou=[40] * 6, eiou=on(40, VAGUE)) == {"eiou": ALL_SEEDS}


def test_more_seeds_would_not_tell_more_of_differences_without_a_spread():
    study = make()
    assert judged(study, ciou=[40, 41], eiou=[40, 41], giou=[41, 42]) == {"eiou": IDENTICAL, "giou": IDENTICAL}


@pytest.mark.parametrize(("base", "other"), [([0, 0], [0, 0.1]), ([40, 41], [0, 0.4]), ([0.1, 0.3], [40, 41])])
def test_trainings_that_learn_nothing_get_no_more_seeds(base, other):
    """In points. The interval of 0 and 0.1 is narrow, and ends nothing as an answer; one seed alone ends nothing."""
    study = make("ciou,eiou", until=5)
    assert judged(study, ciou=base, eiou=other) == {"eiou": UNTRAINED}
    assert judged(study, ciou=base[:1], eiou=other[:1]) == {"eiou": OPEN}


@pytest.mark.parametrize("metric", [None, "failed"])
def test_a_pair_without_two_values_is_left_out(metric):
    """A run that failed, or has no AP: the seeds that come later count, without it."""
    study = make("ciou,eiou", until=0.01)
    known = finish(study, ciou=[40] * 6, eiou=on(40, CLEAR))
    if metric == "failed":
        del known.rows[0, 1]
        known.failed.add((0, 1))
    else:
        known.rows[1, 1]["AP"] = None
    (one,) = judge(study, known)
    assert (one.taken, one.pairs, one.reason) == (6, 5, DIFFERS)


def test_a_variant_whose_runs_fail_gets_no_more_seeds():
    study = make()
    points = {"ciou": [40] * 3, "eiou": [None, None], "giou": on(40, VAGUE[:2])}
    assert judged(study, **points) == {"eiou": FAILING, "giou": OPEN}
    points["eiou"] = [None, 41, None]
    assert judged(study, **points) == {"eiou": FAILING, "giou": OPEN}
    points["eiou"] = [None, 41]
    assert judged(study, **points) == {"eiou": OPEN, "giou": OPEN}
    points |= {"ciou": [40] * 6, "eiou": [None, None, *on(40, VAGUE[:3])]}
    assert judged(study, **points) == {"eiou": OPEN, "giou": OPEN}, "fewer failed than not"


def test_a_pair_of_which_one_has_failed_is_not_begun():
    """CIoU's seed 1 has failed while its seed 0 is under way; EIoU's seed 1 would be paired with nothing."""
    study, known = make("ciou,eiou"), Runs(failed={(0, 1)}, given={(0, 0), (1, 0)})
    assert find_next(study, judge(study, known), known) is None
    known = Runs(failed={(1, 1)}, given={(0, 0), (1, 0)})
    assert find_next(study, judge(study, known), known) is None


def test_seeds_are_given_in_pairs_the_baseline_first():
    """Each first gets its first seeds, one after another; the baseline has each seed once."""
    study = make(most=3, until=0.001)
    begun, _ = play(study, noise(study, 1, [0, 0, 0]))
    assert begun == [(place, seed) for seed in (0, 1) for place in (0, 1, 2)] + sorted(begun[6:], key=begun.index)
    assert sorted(begun) == sorted(study.cells) and begun[6] == (0, 2)


def test_the_widest_interval_is_next():
    """GIoU's differences spread more than EIoU's; both have two seeds, and neither is answered."""
    study = make(until=0.1)
    known = finish(study, ciou=[40] * 3, eiou=on(40, [0.1, 0.2]), giou=on(40, [0.1, 0.3]))
    assert find_next(study, judge(study, known), known) == (2, 2)
    known = finish(study, ciou=[40] * 3, eiou=on(40, [0.1, 0.3]), giou=on(40, [0.1, 0.2]))
    assert find_next(study, judge(study, known), known) == (1, 2)
    # Far from narrow enough all are as wide beside what they may become as their seeds are few: the order of the grid.
    known = finish(study, ciou=[40] * 3, eiou=on(40, [10, 20]), giou=on(40, [10, 30]))
    assert find_next(study, judge(study, known), known) == (1, 2)


def test_room_is_filled_with_what_is_needed_anyway():
    """All first seeds at once; then one more of each that is open, and none of two seeds ahead."""
    study = make(until=0.01, most=9)
    begun, _ = play(study, noise(study, 1, [0, 0, 0]), jobs=99)
    assert begun[:6] == [(place, seed) for seed in (0, 1) for place in (0, 1, 2)]
    known = finish(study, ciou=[40] * 2, eiou=on(40, VAGUE[:2]), giou=on(40, [1.1, 3]))
    found = []
    while (cell := find_next(study, judge(study, known), known)) is not None:
        found.append(cell)
        known.given.add(cell)
    assert sorted(found) == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize("race", [False, True])
def test_what_comes_out_does_not_depend_on_the_order_in_which_runs_end(race):
    """With one run at a time, and with four of which a random one ends first; some fail."""
    study = make("ciou,eiou,giou,diou", until=1.5, most=12, race=race)
    value, failing = noise(study, 1, [0, 0, 2.5, -6]), {(0, 3), (2, 4)}
    _, one = play(study, value, failing=failing)
    for draw in range(5):
        rng = np.random.default_rng(draw)
        _, four = play(study, value, 4, lambda under_way, rng=rng: int(rng.integers(len(under_way))), failing)
        pairs = [[(s.place, s.reason, s.leader) for s in judge(study, known)] for known in (one, four)]
        assert [reason for _, reason, _ in pairs[0]] and OPEN not in {reason for _, reason, _ in pairs[1]}
        if not race:  # a run that is under way when its variant is answered is one more
            assert [p[0] for p in pairs[0]] == [p[0] for p in pairs[1]]
    assert not any(place != 0 and seed == 3 for place, seed in one.rows), "the baseline's failed"


def test_a_study_that_is_killed_goes_on_as_if_it_had_not_been():
    """Whatever is done after each of its runs, the next one is the same."""
    study = make("ciou,eiou,giou,diou", until=1.5, most=12, race=True)
    begun, known = play(study, noise(study, 1, [0, 0, 2.5, -6]))
    assert 12 < len(begun) < 48
    for count, cell in enumerate(begun):
        again = Runs({done: known.rows[done] for done in sorted(begun[:count])})
        assert find_next(study, judge(study, again), again) == cell


def test_a_race_ends_for_who_is_beaten_and_a_shown_difference_ends_it_for_the_last():
    """DIoU is 8 points behind; EIoU and GIoU are both shown to be better than CIoU, and race on until one is ahead."""
    base = [40, 40.2, 39.9, 40.1, 40, 39.8, 40.1]
    eiou = [b + d for b, d in zip(base, [2, 2.3, 1.9, 2.2, 2.1, 2, 2.2], strict=True)]
    diou = [b + d for b, d in zip(base, [-8, -8.2, -7.9, -8, -8.1, -8, -8], strict=True)]
    near = [b + d for b, d in zip(base, [2.1, 2.1, 2, 2.1, 2.2, 1.9, 2.3], strict=True)]
    behind = [b + d for b, d in zip(base, [1, 1.3, 0.9, 1.2, 1.1, 1, 1.2], strict=True)]
    study = make("ciou,eiou,giou,diou", until=0.01, race=True)
    points = {"ciou": base, "eiou": eiou, "diou": diou[:3]}
    assert judged(study, giou=near, **points) == {"eiou": OPEN, "giou": OPEN, "diou": BEATEN}
    assert judged(study, giou=behind, **points) == {"eiou": DIFFERS, "giou": BEATEN, "diou": BEATEN}
    without = make("ciou,eiou,giou,diou", until=0.01)
    assert judged(without, giou=near, **points) == dict.fromkeys(("eiou", "giou", "diou"), DIFFERS)


def test_with_a_narrow_interval_a_variant_that_races_has_enough():
    study = make("ciou,eiou,giou", until=1, race=True)
    base = [40, 40.2, 39.9, 40.1, 40, 39.8]
    points = {"ciou": base, "eiou": [b + 2 + d for b, d in zip(base, [0, 0.1, 0, 0.1, 0, 0.1], strict=True)]}
    points["giou"] = [b + 2 + d for b, d in zip(base, [0.1, 0, 0.1, 0, 0.1, 0], strict=True)]
    assert judged(study, **points) == {"eiou": NARROW, "giou": NARROW}


def test_the_most_runs_that_there_may_be():
    """Three of 9 seeds; with EIoU answered at 2, those of GIoU and of CIoU, beside it."""
    study = make(most=9, until=0.5)
    assert count_most(study, judge(study, Runs()), Runs()) == 27
    known = finish(study, ciou=[40] * 2, eiou=on(40, [0, 0.0001]), giou=on(40, VAGUE[:2]))
    assert count_most(study, judge(study, known), known) == 9 + 2 + 9
    known.given.add((1, 2))  # was under way when it was answered
    assert count_most(study, judge(study, known), known) == 9 + 3 + 9


@pytest.mark.parametrize(
    ("minutes", "jobs", "hours", "exceeds"),
    [
        ([], 1, 0.001, False),  # how long a run takes is not known yet
        ([60, 60], 1, 3, False),  # 120 + 60 are 3 hours
        ([60, 60], 1, 2.99, True),
        ([60, 60], 2, 2, False),  # 120 / 2 + 60
        ([60, 60], 2, 1.99, True),
        ([30, 90, None], 1, 3, False),
        ([60] * 99, 1, 0, False),  # no budget
    ],
)
def test_a_run_that_would_go_beyond_the_budget_is_none(minutes, jobs, hours, exceeds):
    assert exceeds_budget([{"minutes": one} for one in minutes], hours, jobs) is exceeds


def test_variants_of_two_metrics_are_compared_each_by_its_own():
    grid = [
        run
        for model in ("yolov8n.yaml", "yolov8n-obb.yaml")
        for run in runs("ciou,eiou", ("loss", "model", "seed"), model=model)
    ]
    study = make_study(grid, make_design((0, 1), 0.01, 20, True))
    known = Runs()
    for place, base in enumerate((40, 42, 70, 74)):
        metric = "AP" if place < 2 else "mAP_obb"
        for seed in range(6):
            about = {"loss": study.variants[place].loss, "AP": None, "metric": metric}
            known.rows[place, seed] = {**about, metric: (base + CLEAR[seed] * (place % 2)) / 100}
    assert [(one.place, one.baseline, one.reason) for one in judge(study, known)] == [(1, 0, DIFFERS), (3, 2, DIFFERS)]
