"""What a sequential ablation tells: what it is likely to take, why each comparison ended, and what it saved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from yolo_feiou.ablation.design import Study
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
    Standing,
)
from yolo_feiou.report.comparison import Comparison
from yolo_feiou.report.sequential import count_expected_pairs, get_critical_value
from yolo_feiou.report.statistics import MAX_NEEDED_SEEDS, count_needed_seeds
from yolo_feiou.results.levels import ALPHA, ROUNDING

#: Standard deviations of differences, in points, of which a plan tells where nothing is known yet.
ASSUMED_POINTS = (0.5, 1.0, 2.0)


def tell_end(study: Study, standings: Sequence[Standing], runs: Runs, budget: float = 0.0) -> list[str]:
    """Return a line for each comparison, and one on the number of runs.

    Args:
        study: What is compared.
        standings: Where each comparison is.
        runs: What is known of the runs.
        budget: Hours after which no run began any more, 0 if that isn't why comparisons are open.
    """
    lines = [f"{tell_difference(study, one)} {tell_reason(study, one, budget)}" for one in standings]
    done, needed = len(runs.rows), count_fixed_seeds(standings)
    if any(one.reason == OPEN for one in standings) or needed is None:
        return [*lines, f"{done} runs are done."]
    variants = len(study.variants)
    if math.isinf(needed):
        grid = f"more than {MAX_NEEDED_SEEDS} seeds"
    else:
        grid = f"about {needed:.0f} seeds for each of {variants} variants, {needed * variants:.0f} runs,"
    return [
        *lines,
        f"{done} runs are done. A grid of fixed seeds would have needed {grid} to tell as much: an estimate from the "
        "differences and their spread as they were seen.",
    ]


def tell_difference(study: Study, one: Standing) -> str:
    """Return what is known of a difference: 'eiou: 1.20 ± 0.45 AP against ciou with 6 seeds, better (p 0.003):'."""
    names = [study.variants[place].label for place in (one.place, one.baseline)]
    compared, difference = one.comparison, one.difference
    if compared is None or difference is None or difference.mean is None:
        return f"{names[0]} against {names[1]}:"
    width = "" if one.half_width is None else f" ± {100 * one.half_width:.2f}"
    said = f"{names[0]}: {100 * difference.mean:+.2f}{width} {compared.metric} against {names[1]}"
    return f"{said} with {difference.n} seeds{_tell_result(compared)}:"


def _tell_result(compared: Comparison) -> str:
    return f", {compared.result} (p {compared.p_holm:.2g})" if compared.distinguishable else ""


def tell_reason(study: Study, one: Standing, budget: float = 0.0) -> str:
    """Return why a comparison got no more seeds."""
    design = study.design
    leader = "" if one.leader is None else study.variants[one.leader].label
    return {
        DIFFERS: "the difference is shown.",
        NARROW: f"the interval is narrow, at most ± {design.until:g} points.",
        BEATEN: f"beaten by {leader}.",
        UNTRAINED: f"not judged, since {one.comparison.untrained if one.comparison else ''}.",
        IDENTICAL: "the difference is the same with each seed.",
        FAILING: f"no more seeds, since {one.taken - one.pairs} of {one.taken} pairs have no result.",
        ALL_SEEDS: f"all {design.most} seeds are used (max_seeds=).",
        OPEN: f"open, since budget= ({budget:g} hours) is used up." if budget else "open.",
    }[one.reason]


def count_fixed_seeds(standings: Sequence[Standing]) -> float | None:
    """Return how many seeds a grid with the same number for all variants needs for answers like those of standings.

    It is the smallest number at which each comparison that is shown to differ has a power of .8 at its difference and
    spread, at the level α / m of Holm's first of m comparisons; and each other one an interval by Student's t that is
    no wider than it is now. Infinite where `MAX_NEEDED_SEEDS` aren't enough, None where there is nothing to go by.
    """
    needed: list[float] = []
    for one in standings:
        found = one.difference
        if found is None or found.mean is None or found.sd is None or found.sd <= ROUNDING:
            continue
        if one.comparison and one.comparison.distinguishable:
            needed.append(count_needed_seeds(found.sd, abs(found.mean), ALPHA / len(standings)) or 2)
        elif one.half_width is not None:
            needed.append(_count_for_width(found.sd, one.half_width))
    return max(needed, default=None)


def _count_for_width(sd: float, half_width: float) -> float:
    """Return from how many pairs on half of the interval of Student's t is at most so wide."""
    n = np.arange(2, MAX_NEEDED_SEEDS + 1)
    enough = n[stats.t.ppf(1 - ALPHA / 2, n - 1) * sd / np.sqrt(n) <= half_width]
    return int(enough[0]) if len(enough) else math.inf


def tell_plan(study: Study, standings: Sequence[Standing], runs: Runs) -> list[str]:
    """Return how many seeds and runs are to be expected, and how many there can be at most.

    It goes by the spread of the differences of the finished runs; a variant that has none yet is taken to spread as the
    others do. Without any, several spreads are assumed.
    """
    spreads = {
        one.place: one.difference.sd
        for one in standings
        if one.difference and one.difference.sd is not None and one.difference.sd > ROUNDING
    }
    most = f"{len(study.cells)} at most, with max_seeds={study.design.most}"
    if not spreads:
        lines = [f"To come to ± {study.design.until:g} points, by the standard deviation of differences by seed:"]
        for points in ASSUMED_POINTS:
            seeds = {place: _expect(study, points / 100) for place in study.compared}
            count = next(iter(seeds.values()))
            told = f"{count} seeds a variant{_tell_width(study, points / 100)}, {_count_runs(study, seeds)} runs in all"
            lines.append(f"    {points:g} points: {told}")
        return [*lines, f"Fewer where a difference shows earlier; {most}."]
    usual = math.sqrt(sum(sd**2 for sd in spreads.values()) / len(spreads))
    seeds, lines = {}, ["Expected seeds, by the spread of the differences that are there:"]
    for one in standings:
        sd = spreads.get(one.place, usual)
        seeds[one.place] = one.taken if one.reason != OPEN else _expect(study, sd)
        told = "answered" if one.reason != OPEN else f"sd {100 * sd:.2f} points{_tell_width(study, sd)}"
        name = study.variants[one.place].label
        lines.append(f"    {name}: {seeds[one.place]} seeds, of which {one.taken} are done ({told})")
    return [*lines, f"{_count_runs(study, seeds)} runs in all, {len(runs.rows)} of them done; {most}."]


def _tell_width(study: Study, sd: float) -> str:
    """Return how wide the interval is with all seeds, where that is too wide."""
    most = study.design.most
    half = get_critical_value(most, most) * sd / math.sqrt(most)
    return f", which give ± {100 * half:.2f}" if half > study.design.half_width else ""


def _expect(study: Study, sd: float) -> int:
    """Return how many seeds an interval needs to be narrow enough, the first ones at least."""
    return max(study.design.first, count_expected_pairs(sd, study.design.half_width, study.design.most))


def _count_runs(study: Study, seeds: Mapping[int, int]) -> int:
    """Return the number of runs of variants with so many seeds and of their baselines, which need as many as any."""
    of: dict[int, int] = dict(seeds)
    for place, count in seeds.items():
        baseline = study.baselines[place]
        of[baseline] = max(of.get(baseline, 0), count)
    return sum(of.values())
