"""Simulate ablations that end by themselves: how often they err, and how many runs they take beside a fixed grid.

python scripts/simulate_stopping.py                         writes docs/stopping.csv, in some five minutes on one core
python scripts/simulate_stopping.py out=FILE studies=1000   the same with fewer studies, into another file

A study is an ablation of some variants and their baseline, whose runs are drawn: a variant's true difference to the
baseline, and noise. It is stopped by the rules of `yolo ablate until=0.5`, all unanswered variants taking their next
seed together. Differences and standard deviations are in percentage points of AP. The columns, over all studies of a
row:

    runs          mean number of runs, those of the baseline too
    half_width    median half-width of the interval of a variant when it ended
    family_error  share of studies in which a variant without a true difference is shown to differ
    coverage      share of studies in which the interval at which a variant ended covers its true difference; of the
                  variant with the lowest share
    best_lost     share in which the race beat the best competitor: of equal ones the first, which is the baseline
    power_best    share in which the best variant has the largest difference, and is shown to be better
    power_all     share of the true differences of `until` or more that are shown; mean over them
    fixed_best    runs of the smallest fixed grid (n seeds for all, paired t tests, Holm) with the same power_best
    fixed_all     the same for power_all
    fixed_width   where nothing differs: runs of the smallest such grid with the same half_width, by t intervals
    ratio_…       runs / fixed_…

A fixed grid is empty where it has no meaning, and where 100 seeds are not enough.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special, stats

from yolo_feiou.errors import exit_on_error
from yolo_feiou.parameters import Int, Text, read_arguments
from yolo_feiou.report.read import read_results
from yolo_feiou.report.sequential import compute_look_ratio, find_beaten_in_races, find_path_p, get_critical_value
from yolo_feiou.report.variants import find_swept_arguments, make_variants
from yolo_feiou.results.levels import ALPHA
from yolo_feiou.storage.tables import Row, write_csv

ROOT = Path(__file__).resolve().parents[1]
OUT, BCCD = ROOT / "docs" / "stopping.csv", ROOT / "results" / "bccd"
UNTIL = 0.5
FIRST_SEEDS = 2
MAX_SEEDS = (20, 30)
MOST_FIXED = 100
#: The true differences of the variants to their baseline.
DIFFERENCES = {
    "none, 8 variants": (0.0,) * 8,
    "none": (0.0,) * 10,
    "one of +2, 8 variants": (2.0, *(0.0,) * 7),
    "one of +2": (2.0, *(0.0,) * 9),
    "as at first looks": (2.0, 2.4, 0.6, 0.0, 0.0, -0.6, 0.8, 0.3, -1.0, -0.3),
    "wide": (3.0, 1.0, -0.5, -1.0, -3.0, -4.0, 0.0, 0.7, -6.0, 1.5),
}
#: Standard deviations of a run that are simulated, beside that which runs on BCCD have.
SDS = (0.6, 1.0)
#: Noise that isn't normal: Student's t with so many degrees of freedom, of these differences and standard deviation.
FREEDOM, HEAVY = 5, (("none", 1.0), ("as at first looks", 1.0))


@dataclass(frozen=True)
class Scenario:
    """What is true.

    Attributes:
        name: What it is called.
        differences: The true difference of each variant to the baseline.
        sd: Standard deviation of a run.
        noise: 'normal' or 't5'.
    """

    name: str
    differences: Sequence[float]
    sd: float
    noise: str = "normal"

    def draw(self, studies: int, seeds: int, generator: np.random.Generator) -> np.ndarray:
        """Return the metric of each run, shape (studies, baseline and variants, seeds)."""
        shape = (studies, len(self.differences) + 1, seeds)
        if self.noise == "normal":
            noise = generator.standard_normal(shape)
        else:
            noise = generator.standard_t(FREEDOM, shape) / math.sqrt(FREEDOM / (FREEDOM - 2))
        return np.array([0.0, *self.differences])[:, None] + self.sd * noise


@dataclass(frozen=True)
class Design:
    """How an ablation ends: `until=`, `max_seeds=` and `race=`."""

    until: float
    max_seeds: int
    race: bool


@dataclass(frozen=True)
class Outcome:
    """Studies that have ended, arrays of a row a study.

    Attributes:
        pairs: Seeds of each variant.
        means: Its mean difference.
        half_widths: Half-width of its interval.
        p_holm: Its sequential p value, adjusted.
        racing: Whether a competitor was not beaten; the first column is the baseline.
    """

    pairs: np.ndarray
    means: np.ndarray
    half_widths: np.ndarray
    p_holm: np.ndarray
    racing: np.ndarray

    @property
    def runs(self) -> np.ndarray:
        """The number of runs: the baseline has as many seeds as the variant with the most."""
        return self.pairs.sum(1) + self.pairs.max(1)


def main(args: Sequence[str]) -> None:
    """Simulate all rows, and write the table."""
    parameters = (Text("out", str(OUT), "a file for the table"), Int("studies", 10_000, 10, 1_000_000))
    given: dict[str, Any] = {one.name: one.default for one in parameters}
    given |= read_arguments(Path(__file__).name, args, parameters)
    rows: list[Row] = []
    for number, scenario in enumerate(list_scenarios()):
        print(f"{scenario.name}, standard deviation {scenario.sd:g}, {scenario.noise}", flush=True)
        rows += simulate(scenario, given["studies"], number)
    write_csv(Path(given["out"]), rows)


def list_scenarios() -> list[Scenario]:
    """Return all scenarios that are simulated."""
    sds = (*SDS, measure_run_sd())
    normal = [Scenario(name, differences, sd) for name, differences in DIFFERENCES.items() for sd in sds]
    return [*normal, *(Scenario(name, DIFFERENCES[name], sd, f"t{FREEDOM}") for name, sd in HEAVY)]


def measure_run_sd(folder: Path = BCCD) -> float:
    """Return the standard deviation of the AP of a run over seeds, pooled over variants, in percentage points."""
    results = read_results([folder])
    spreads = [variant.spread(variant.metric) for variant in make_variants(results, find_swept_arguments(results))]
    known = [(of.n - 1, of.sd) for of in spreads if of.sd is not None]
    return round(100 * math.sqrt(sum(n * sd**2 for n, sd in known) / sum(n for n, _ in known)), 2)


def simulate(scenario: Scenario, studies: int, seed: int) -> list[Row]:
    """Return the rows of a scenario, one for each design."""
    values = scenario.draw(studies, max(MAX_SEEDS), np.random.default_rng([0, seed]))
    rows = []
    for race in (False, True):
        for most in MAX_SEEDS:
            design = Design(UNTIL, most, race)
            ended = summarise(stop_studies(values, design), scenario, race)
            rows.append({**describe(scenario, design, studies), **ended})
    grids: list[Row] = []
    walk = walk_fixed_grids(scenario, studies, np.random.default_rng([1, seed]))
    for row in rows:
        for what in ("best", "all", "width"):
            row |= compare_with_fixed(row, what, grids, walk)
    return [{key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()} for row in rows]


def describe(scenario: Scenario, design: Design, studies: int) -> Row:
    """Return the cells that say what a row simulates."""
    return {
        "differences": scenario.name,
        "variants": len(scenario.differences),
        "noise": scenario.noise,
        "sd": scenario.sd,
        "until": design.until,
        "max_seeds": design.max_seeds,
        "race": design.race,
        "studies": studies,
    }


def stop_studies(values: np.ndarray, design: Design) -> Outcome:
    """Return how studies end by the rules.

    A variant is answered when its adjusted p value is below .05, its interval is narrow enough, or it has all seeds. In
    a race also when it is beaten; and one that is shown to differ goes on, until its interval is narrow, while another
    variant may be the best. Who has no more seeds leaves the race without being beaten.

    Args:
        values: As `Scenario.draw` makes them.
        design: When to end.
    """
    differences = values[:, 1:] - values[:, :1]
    shape = differences.shape[:2]
    pairs, means, half_widths, least = np.zeros(shape, int), np.zeros(shape), np.zeros(shape), np.full(shape, np.inf)
    p_holm, racing, active = np.ones(shape), np.ones(values.shape[:2], bool), np.ones(shape, bool)
    for n in range(FIRST_SEEDS, design.max_seeds + 1):
        at = np.flatnonzero(active.any(1))
        if not len(at):
            break
        looked, seen = active[at], differences[at, :, :n]
        mean, error = seen.mean(2), seen.std(2, ddof=1) / math.sqrt(n)
        ratio = compute_look_ratio(mean / error, n, design.max_seeds)
        pairs[at] = np.where(looked, n, pairs[at])
        means[at] = np.where(looked, mean, means[at])
        half_widths[at] = np.where(looked, get_critical_value(n, design.max_seeds) * error, half_widths[at])
        least[at] = np.where(looked, np.minimum(ratio, least[at]), least[at])
        p_holm[at] = adjust(find_path_p(least[at], design.max_seeds))
        narrow, answered = half_widths[at] <= design.until, p_holm[at] < ALPHA
        if design.race:
            present = racing[at] & np.concatenate([np.ones((len(at), 1), bool), looked], 1)
            racing[at] &= ~beat(values[at, :, :n], present, design.max_seeds)
            answered &= (racing[at, 1:].sum(1) < 2)[:, None]
            answered |= ~racing[at, 1:]
        active[at] = looked & ~(answered | narrow)
    return Outcome(pairs, means, half_widths, p_holm, racing)


def beat(values: np.ndarray, racing: np.ndarray, most: int) -> np.ndarray:
    """Return who is beaten of the competitors that are still in each race.

    Args:
        values: Shape (races, competitors, seeds).
        racing: Who is in the race, shape (races, competitors).
        most: The largest number of seeds.
    """
    beaten, counts = np.zeros_like(racing), racing.sum(1)
    for count in np.unique(counts):
        races = np.flatnonzero(counts == count)
        places = np.nonzero(racing[races])[1].reshape(len(races), count)
        tables = np.take_along_axis(values[races], places[:, :, None], 1)
        beaten[races[:, None], places] = find_beaten_in_races(tables, most, racing.shape[1])
    return beaten


def adjust(p_values: np.ndarray) -> np.ndarray:
    """Return the p values of each row adjusted after Holm, as `statistics.holm` does for one."""
    order = np.argsort(p_values, 1)
    ranks = p_values.shape[1] - np.arange(p_values.shape[1])
    highest = np.maximum.accumulate(np.take_along_axis(p_values, order, 1) * ranks, 1)
    adjusted = np.empty_like(p_values)
    np.put_along_axis(adjusted, order, np.minimum(1, highest), 1)
    return adjusted


def summarise(outcome: Outcome, scenario: Scenario, race: bool) -> Row:
    """Return the cells that say how studies ended."""
    true = np.array(scenario.differences)
    covered = np.abs(outcome.means - true) <= outcome.half_widths
    shown, best = outcome.p_holm < ALPHA, int(np.argmax([0.0, *true]))
    return {
        "runs": float(outcome.runs.mean()),
        "half_width": float(np.median(outcome.half_widths)),
        "family_error": float(shown[:, true == 0].any(1).mean()) if (true == 0).any() else None,
        "coverage": float(covered.mean(0).min()),
        "best_lost": float(1 - outcome.racing[:, best].mean()) if race else None,
        **measure_power(outcome.means, shown, true, outcome.racing[:, 1:]),
    }


def measure_power(means: np.ndarray, shown: np.ndarray, true: np.ndarray, left: np.ndarray | None = None) -> Row:
    """Return the two kinds of power, None for one that asks for a difference where there is none.

    Args:
        means: The mean difference of each variant in each study.
        shown: Whether it is shown to differ.
        true: The true differences.
        left: Whether a variant may be the best, all if not given: those that a race didn't beat.
    """
    best, large = int(true.argmax()), np.abs(true) >= UNTIL
    leader = (means if left is None else np.where(left, means, -np.inf)).argmax(1)
    right = shown & ((means > 0) == (true > 0))
    return {
        "power_best": float(((leader == best) & right[:, best]).mean()) if true[best] > 0 else None,
        "power_all": float(right[:, large].mean()) if large.any() else None,
    }


def walk_fixed_grids(scenario: Scenario, studies: int, generator: np.random.Generator) -> Iterator[Row]:
    """Yield what fixed grids of 2, 3, … seeds find: both kinds of power, and the median half-width of an interval."""
    true = np.array(scenario.differences)
    sums, squares = np.zeros((studies, len(true))), np.zeros((studies, len(true)))
    for n in range(1, MOST_FIXED + 1):
        values = scenario.draw(studies, 1, generator)[:, :, 0]
        differences = values[:, 1:] - values[:, :1]
        sums, squares = sums + differences, squares + differences**2
        if n > 1:
            means = sums / n
            error = np.sqrt((squares - n * means**2) / (n - 1) / n)
            shown = adjust(2 * special.stdtr(n - 1, -np.abs(means / error))) < ALPHA
            width = float(stats.t.isf(ALPHA / 2, n - 1) * np.median(error))
            yield {"seeds": n, "half_width": width, **measure_power(means, shown, true)}


def compare_with_fixed(row: Row, what: str, grids: list[Row], walk: Iterator[Row]) -> Row:
    """Return the runs of the smallest fixed grid that finds as much, and the ratio of the row's runs to them.

    Args:
        row: A row of the table.
        what: 'best' or 'all' for a power, 'width' for the half-width.
        grids: The fixed grids that were looked at.
        walk: Where further ones come from.
    """
    wanted = row["half_width" if what == "width" else f"power_{what}"]
    if wanted is None or (what == "width") != (row["power_all"] is None):
        return {f"fixed_{what}": None, f"ratio_{what}": None}
    for grid in _chain(grids, walk):
        if what == "width":
            enough = grid["half_width"] <= wanted
        else:  # to the digits that the table has
            enough = round(grid[f"power_{what}"], 3) >= round(wanted, 3)
        if enough:
            runs = grid["seeds"] * (row["variants"] + 1)
            return {f"fixed_{what}": runs, f"ratio_{what}": row["runs"] / runs}
    return {f"fixed_{what}": None, f"ratio_{what}": None}


def _chain(grids: list[Row], walk: Iterator[Row]) -> Iterator[Row]:
    """Yield the grids that are known, then further ones, which are kept."""
    yield from list(grids)
    for grid in walk:
        grids.append(grid)
        yield grid


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])
