"""The rules by which seeds are added until each comparison is answered.

All of them are functions of the finished runs, and of those that failed: an ablation that was killed goes on as if it
had not been, and runs side by side may finish in any order. The statistics are those of `report/sequential.py`.

A comparison is judged at the seeds of its variant, in their order, as far as it is known of each what came of it in the
variant and in its baseline. A pair of which one has failed is left out. Nothing is judged before all variants have
their first seeds.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from yolo_feiou.ablation.design import Cell, Study
from yolo_feiou.ablation.race import replay_races
from yolo_feiou.report.comparison import Comparison, compare_variants
from yolo_feiou.report.sequential import get_critical_value
from yolo_feiou.report.statistics import Difference
from yolo_feiou.report.variants import Variant
from yolo_feiou.storage.tables import Row

#: Why a variant gets no more seeds: it is shown to differ, its interval is narrow, it has lost a race, it or its
#: baseline learns nothing, its differences don't spread, its runs fail, or there are no more seeds. OPEN: it gets more.
OPEN, DIFFERS, NARROW, BEATEN = "open", "differs", "narrow", "beaten"
UNTRAINED, IDENTICAL, FAILING, ALL_SEEDS = "untrained", "identical", "failing", "all seeds"


@dataclass
class Runs:
    """What is known of the runs of a study.

    Attributes:
        rows: The rows of those that are done.
        failed: Those that failed, and are not repeated.
        given: Those that are under way.
    """

    rows: dict[Cell, Row] = field(default_factory=dict)
    failed: set[Cell] = field(default_factory=set)
    given: set[Cell] = field(default_factory=set)


@dataclass(frozen=True)
class Standing:
    """Where a comparison is.

    Attributes:
        place: The place of the variant in the grid.
        baseline: That of its baseline.
        taken: Of how many of the seeds it is known what came of the pair.
        comparison: What the report would say of the pairs; None before there are any.
        reason: Why it gets no more seeds, `OPEN` if it does.
        leader: The place of the variant that it was beaten by.
    """

    place: int
    baseline: int
    taken: int
    comparison: Comparison | None = None
    reason: str = OPEN
    leader: int | None = None

    @property
    def difference(self) -> Difference | None:
        """The difference to the baseline; None before there is a pair."""
        return self.comparison.difference if self.comparison else None

    @property
    def pairs(self) -> int:
        """The number of pairs of which both have the metric."""
        return self.difference.n if self.difference else 0

    @property
    def half_width(self) -> float | None:
        """Half of the width of the interval; None where there is none."""
        interval = self.difference.interval if self.difference else None
        return (interval[1] - interval[0]) / 2 if interval else None


def judge(study: Study, runs: Runs) -> list[Standing]:
    """Return where each comparison is, in the order of the grid."""
    taken = [count_taken(study, place, runs) for place in range(len(study.variants))]
    compared = _compare(study, runs.rows, taken)
    standings = [Standing(place, study.baselines[place], taken[place], compared.get(place)) for place in study.compared]
    if any(one.taken < study.design.first for one in standings):
        return standings
    own = {one.place: find_own_reason(study, one) for one in standings}
    beaten = {}
    if study.design.race:
        beaten = replay_races(study, runs.rows, taken, lambda place: own.get(place, OPEN) != OPEN)
    return [_judge(study, one, own, beaten) for one in standings]


def _judge(study: Study, one: Standing, own: Mapping[int, str], beaten: Mapping[int, int]) -> Standing:
    """Return where a comparison is, with why it gets no more seeds.

    In a race a difference that is shown ends nothing as long as there is another that may be better.
    """
    rivals = []
    if study.design.race:
        group = next(group for group in study.groups if one.place in group)
        rivals = [
            place for place in group if place in own and place not in beaten and own[place] not in (FAILING, UNTRAINED)
        ]
    leader = beaten.get(one.place)
    if leader is not None:
        return replace(one, reason=BEATEN, leader=leader)
    if one.comparison and one.comparison.distinguishable and len(rivals) < 2:
        return replace(one, reason=DIFFERS)
    return replace(one, reason=own[one.place])


def find_own_reason(study: Study, one: Standing) -> str:
    """Return why a variant gets no more seeds, as far as that follows from its own pairs and not from its p value.

    Without a spread, or where nothing is learnt, more seeds would show the same again. Where more pairs are left out
    than there are, more would be.
    """
    design, left_out = study.design, one.taken - one.pairs
    if one.half_width is not None and one.half_width <= design.half_width:
        return NARROW
    if one.pairs >= design.first and one.comparison and one.comparison.untrained:
        return UNTRAINED
    if one.pairs >= design.first and one.difference and not one.difference.spreads:
        return IDENTICAL
    if left_out >= design.first and left_out > one.pairs:
        return FAILING
    return ALL_SEEDS if one.taken >= design.most else OPEN


def count_taken(study: Study, place: int, runs: Runs) -> int:
    """Return of how many of the first seeds it is known what came of a variant and of its baseline, without a gap."""
    pair = {place, study.baselines[place]}
    for number, seed in enumerate(study.design.seeds):
        cells = [(member, seed) for member in pair]
        if not (any(cell in runs.failed for cell in cells) or all(cell in runs.rows for cell in cells)):
            return number
    return study.design.most


def find_next(study: Study, standings: Sequence[Standing], runs: Runs) -> Cell | None:
    """Return the run that is to begin next, None if none is needed before another one ends.

    The most doubtful comparison comes first: that with the fewest of the first seeds, then the one whose interval is
    widest beside what it may still become, then the order of the grid. Of a pair the baseline's run begins first.
    """
    needed = (pair for pair in _list_needed(study, standings) if not any(cell in runs.failed for cell in pair))
    return next((cell for pair in needed for cell in pair if cell not in runs.rows and cell not in runs.given), None)


def _list_needed(study: Study, standings: Sequence[Standing]) -> Iterator[tuple[Cell, Cell]]:
    """Yield the pairs that are needed whatever comes out of others: the first seeds, then one more for each variant."""
    waiting = [one for one in standings if one.reason == OPEN]
    waiting.sort(key=lambda one: (min(one.taken, study.design.first), -find_excess(study, one), one.place))
    for ahead in range(study.design.most):
        for one in waiting:
            number = one.taken + ahead
            if number < (study.design.first if ahead else study.design.most):
                seed = study.design.seeds[number]
                yield (one.baseline, seed), (one.place, seed)


def find_excess(study: Study, one: Standing) -> float:
    """Return how wide an interval is beside what it may still become: narrow enough, or as with all seeds."""
    if one.half_width is None or one.difference is None or one.difference.sd is None:
        return math.inf
    most = study.design.most
    last = get_critical_value(most, most) * one.difference.sd / math.sqrt(most)
    return one.half_width / max(study.design.half_width, last)


def count_most(study: Study, standings: Sequence[Standing], runs: Runs) -> int:
    """Return how many runs there will be at most, those that are over included."""
    cells = {*runs.rows, *runs.failed, *runs.given}
    for one in standings:
        if one.reason == OPEN:
            cells |= {(member, s) for s in study.design.seeds[one.taken :] for member in (one.baseline, one.place)}
    return len(cells)


def exceeds_budget(rows: Collection[Row], hours: float, jobs: int) -> bool:
    """Return whether a further run would take an ablation beyond its budget.

    That is where Σ minutes of the finished runs / `jobs` + their mean > 60 · `hours`. Runs under way count once they
    are finished; one whose minutes nothing recorded doesn't count.

    Args:
        rows: Those of the finished runs.
        hours: The budget, 0 for none.
        jobs: How many runs are made at a time.
    """
    minutes = [float(row["minutes"]) for row in rows if row.get("minutes") is not None]
    if not hours or not minutes:
        return False
    return sum(minutes) / jobs + sum(minutes) / len(minutes) > 60 * hours


def _compare(study: Study, rows: Mapping[Cell, Row], taken: Sequence[int]) -> dict[int, Comparison]:
    """Return the comparison of each variant that has a run, by its place, as the report makes it."""
    seeds, found = study.design.seeds, {}
    for place, variant in enumerate(study.variants):
        known = seeds[: taken[place]] if place in study.compared else seeds
        own = {s: {**rows[place, s], "max_seeds": study.design.most} for s in known if (place, s) in rows}
        if own:
            found[place] = Variant(variant.values, own)
    compared = {id(one.variant): one for one in compare_variants([*found.values()], study.baseline)}
    return {place: compared[id(variant)] for place, variant in found.items()}
