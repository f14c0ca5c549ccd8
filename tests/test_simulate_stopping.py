"""The simulation of ablations that end by themselves: its rules beside a plain loop, and what it recorded."""

import math
import statistics
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.scripts import load_script
from yolo_feiou.report.sequential import find_beaten
from yolo_feiou.report.statistics import holm, paired_difference
from yolo_feiou.results.levels import ALPHA
from yolo_feiou.storage.tables import read_csv

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "stopping.csv"

simulation = load_script("simulate_stopping")


def race(study, seeds, most):
    """Who isn't beaten, seed by seed: of those that are still in the race and have that many seeds."""
    left = list(range(len(study)))
    for n in range(2, most + 1):
        present = [place for place in left if not place or seeds[place] >= n]
        if len(present) < 2:
            break
        beaten = find_beaten([study[place][:n] for place in present], most, len(study))
        left = [place for place in left if place not in present or not beaten[present.index(place)]]
    return left


def stop(study, design):
    """The rules for one study, in lists: seeds, differences, adjusted p and who is in the race when all is answered."""
    most, variants = design.max_seeds, range(1, len(study))
    seeds = dict.fromkeys(variants, 2)
    while True:
        of = {i: paired_difference(study[i][: seeds[i]], study[0][: seeds[i]], most) for i in variants}
        adjusted = dict(zip(variants, holm([of[i].p for i in variants]), strict=True))
        racing = race(study, seeds, most) if design.race else [0, *variants]
        contested = design.race and len([i for i in racing if i]) > 1
        left = []
        for i in variants:
            narrow = (of[i].interval[1] - of[i].interval[0]) / 2 <= design.until
            shown = adjusted[i] < ALPHA and not contested
            if not (narrow or shown or seeds[i] == most or i not in racing):
                left.append(i)
        if not left:
            return seeds, of, adjusted, racing
        for i in left:
            seeds[i] += 1


@pytest.mark.parametrize(("race", "until"), [(False, 0.6), (True, 0.6), (True, 1.3)])
def test_many_studies_end_as_each_would_by_the_rules(race, until):
    scenario = simulation.Scenario("", (1.5, 2.0, 0.0, -1.0), 0.7)
    design = simulation.Design(until, 9, race)
    values = scenario.draw(50, 9, np.random.default_rng(7))
    outcome = simulation.stop_studies(values, design)
    for number, study in enumerate(values.tolist()):
        seeds, of, adjusted, racing = stop(study, design)
        assert outcome.pairs[number].tolist() == [*seeds.values()]
        assert outcome.means[number] == pytest.approx([one.mean for one in of.values()])
        assert outcome.half_widths[number] == pytest.approx([one.interval[1] - one.mean for one in of.values()])
        assert outcome.p_holm[number] == pytest.approx([*adjusted.values()])
        assert np.flatnonzero(outcome.racing[number]).tolist() == racing
        assert outcome.runs[number] == sum(seeds.values()) + max(seeds.values())
    assert len({tuple(row) for row in outcome.pairs.tolist()}) > 20, "studies that all end alike compare nothing"
    assert outcome.racing.all() is not race


def test_many_p_values_are_adjusted_as_each_row_is():
    p_values = np.random.default_rng(1).uniform(0, 0.4, (200, 6))
    expected = [holm(row) for row in p_values.tolist()]
    assert simulation.adjust(p_values) == pytest.approx(np.array(expected))
    assert np.max(expected) == 1


def test_power_by_hand():
    """Of four studies the first and the last find the best and show it; in the second another leads.

    Large differences are the first and the last variant's, of which 1 + 1 + 0 + 1 and 1 + 0 + 0 + 0 are shown, with the
    right sign: in the last study the third variant has the wrong one. Where a race has beaten the leader of the second,
    the best leads there too.
    """
    true = np.array([2.0, 0.0, -0.5])
    means = np.array([[2.0, 1, -1], [1, 2, -1], [2, 1, -1], [2, -1, 1]])
    shown = np.array([[True, False, True], [True, False, False], [False, True, False], [True, False, True]])
    assert simulation.measure_power(means, shown, true) == {"power_best": 0.5, "power_all": 0.5}
    left = np.array([[True, True, True], [True, False, True], [True, True, True], [True, True, True]])
    assert simulation.measure_power(means, shown, true, left) == {"power_best": 0.75, "power_all": 0.5}
    nothing = simulation.measure_power(means, shown, np.zeros(3))
    assert nothing == {"power_best": None, "power_all": None}


def test_the_cells_of_studies_that_have_ended():
    """Two variants, none of which differs: the second is shown to in one of two studies, and not covered there."""
    outcome = simulation.Outcome(
        pairs=np.array([[2, 3], [4, 4]]),
        means=np.array([[0.1, 1.0], [-0.1, 0.2]]),
        half_widths=np.array([[0.5, 0.6], [0.4, 0.3]]),
        p_holm=np.array([[0.4, 0.04], [0.3, 0.05]]),
        racing=np.array([[False, True, True], [True, True, False]]),
    )
    cells = simulation.summarise(outcome, simulation.Scenario("", (0.0, 0.0), 1), True)
    assert cells == {
        **{"runs": (5 + 3 + 8 + 4) / 2, "half_width": pytest.approx(0.45), "family_error": 0.5, "coverage": 0.5},
        **{"best_lost": 0.5, "power_best": None, "power_all": None},
    }


def test_fixed_grids_are_tested_by_t_tests():
    scenario = simulation.Scenario("", (1.0, 0.0), 0.8)
    walk = simulation.walk_fixed_grids(scenario, 300, np.random.default_rng(5))
    grids = [next(walk) for _ in range(4)]
    generator = np.random.default_rng(5)
    values = np.concatenate([scenario.draw(300, 1, generator) for _ in range(5)], 2)
    differences = values[:, 1:] - values[:, :1]
    test = stats.ttest_1samp(differences, 0, axis=2)
    shown = np.array([holm(p) for p in test.pvalue.tolist()]) < ALPHA
    best = (differences.mean(2).argmax(1) == 0) & shown[:, 0] & (differences[:, 0].mean(1) > 0)
    low, high = test.confidence_interval(0.95)
    assert [grid["seeds"] for grid in grids] == [2, 3, 4, 5]
    assert grids[-1]["power_best"] == pytest.approx(best.mean()) and 0.1 < best.mean() < 0.9
    assert grids[-1]["half_width"] == pytest.approx(np.median((high - low) / 2))


def test_the_smallest_fixed_grid_is_found():
    """To three digits: .8996 is .900. Three variants and their baseline, so four runs a seed."""
    grids = [{"seeds": n, "power_best": power, "half_width": 3 / n} for n, power in ((2, 0.5), (3, 0.89))]
    further = iter([{"seeds": 4, "power_best": 0.8996, "half_width": 0.75}])
    row = {"variants": 3, "runs": 12.0, "half_width": 1.2, "power_best": 0.9, "power_all": None}
    assert simulation.compare_with_fixed({**row, "power_all": 0.9}, "best", grids, further) == {
        "fixed_best": 16,
        "ratio_best": 0.75,
    }
    assert len(grids) == 3
    empty = {"fixed_best": None, "ratio_best": None}
    assert simulation.compare_with_fixed({**row, "power_best": 0.95, "power_all": 1}, "best", grids, further) == empty
    assert simulation.compare_with_fixed(row, "all", grids, further) == {"fixed_all": None, "ratio_all": None}
    assert simulation.compare_with_fixed(row, "width", grids, further) == {"fixed_width": 12, "ratio_width": 1.0}


def test_noise_has_its_standard_deviation():
    """That of 200,000 draws is known to .2 % of it for normal noise, and to about .5 % for t with 5 degrees."""
    for noise, share in (("normal", 0.01), ("t5", 0.02)):
        values = simulation.Scenario("", (1.0,), 0.7, noise).draw(100_000, 2, np.random.default_rng(0))
        assert values.std((0, 2)) == pytest.approx([0.7, 0.7], rel=share)
        assert values.mean((0, 2)) == pytest.approx([0, 1], abs=0.01)


def test_the_spread_of_runs_on_bccd_is_that_of_their_file():
    runs = defaultdict(list)
    for row in read_csv(ROOT / "results" / "bccd" / "results.csv"):
        runs[row["loss"], row["box"]].append(100 * row["AP"])
    squares = sum(statistics.variance(values) * (len(values) - 1) for values in runs.values())
    assert simulation.measure_run_sd() == round(math.sqrt(squares / sum(len(v) - 1 for v in runs.values())), 2)


def test_every_scenario_is_recorded():
    recorded = [(r["differences"], r["sd"], r["noise"], r["max_seeds"], r["race"]) for r in read_csv(TABLE)]
    assert recorded == [
        (of.name, of.sd, of.noise, most, str(race))
        for of in simulation.list_scenarios()
        for race in (False, True)
        for most in simulation.MAX_SEEDS
    ]


def bound(share, row):
    """A share, and three standard errors of it among the studies of a row."""
    return share + 3 * math.sqrt(share * (1 - share) / row["studies"])


def test_no_more_errors_are_recorded_than_are_allowed():
    for row in read_csv(TABLE):
        assert row["studies"] == 10_000
        if row["noise"] == "normal":
            assert row["family_error"] == "" or row["family_error"] <= bound(ALPHA, row), row
            assert 1 - row["coverage"] <= bound(ALPHA, row), row
            assert row["best_lost"] == "" or row["best_lost"] <= bound(ALPHA, row), row


def test_half_a_point_is_out_of_reach_where_runs_spread_by_a_point():
    """Where nothing differs nearly all variants get all seeds, and their intervals stay wider; below they get there."""
    for row in read_csv(TABLE):
        if row["differences"].startswith("none"):
            full = row["max_seeds"] * (row["variants"] + 1)
            wide = row["sd"] >= 1
            assert (row["runs"] > 0.98 * full) is (row["half_width"] > row["until"]) is wide, row


@pytest.mark.slow
def test_what_is_recorded_is_what_the_script_finds():
    """The last scenario anew, of which each cell comes out."""
    number, scenario = [*enumerate(simulation.list_scenarios())][-1]
    made = simulation.simulate(scenario, 10_000, number)
    for row, recorded in zip(made, read_csv(TABLE)[-len(made) :], strict=True):
        for key, value in row.items():
            expected = "" if value is None else str(value) if isinstance(value, bool | str) else value
            assert recorded[key] == (pytest.approx(expected) if isinstance(expected, float) else expected), key
