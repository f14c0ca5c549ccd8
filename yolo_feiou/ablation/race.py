"""Which variants are shown not to be the best of those that race: the looks of an ablation, replayed seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from yolo_feiou.ablation.design import Cell, Study
from yolo_feiou.report.sequential import find_beaten
from yolo_feiou.results.main_metric import find_main_metric
from yolo_feiou.storage.tables import Row


def replay_races(
    study: Study, rows: Mapping[Cell, Row], taken: Sequence[int], settled: Callable[[int], bool]
) -> dict[int, int]:
    """Return the variants that are beaten, each with the one that led when it was.

    A look at n seeds is made once all that still race have them; who is beaten at it takes no further part. So the
    outcome follows from the finished runs, and not from the order in which they finished.

    Args:
        study: The variants.
        rows: The finished runs.
        taken: For each variant, of how many of the first seeds it is known what came of them.
        settled: Returns whether a variant gets no more seeds for a reason of its own. It races as far as it has seeds.
    """
    beaten: dict[int, int] = {}
    for group in study.groups:
        beaten |= _replay(study, group, rows, taken, _Leaving(study, beaten, settled))
    return beaten


class _Leaving:
    """Who leaves a race without being beaten: a settled variant, and a baseline that nobody needs any more."""

    def __init__(self, study: Study, beaten: Mapping[int, int], settled: Callable[[int], bool]) -> None:
        self.study, self.beaten, self.settled = study, dict(beaten), settled

    def leaves(self, place: int) -> bool:
        """Return whether a variant gets no more seeds."""
        baselines = self.study.baselines
        if baselines[place] != place:
            return self.settled(place)
        own = [other for other in self.study.compared if baselines[other] == place]
        return all(other in self.beaten or self.settled(other) for other in own)


def _replay(
    study: Study, group: Sequence[int], rows: Mapping[Cell, Row], taken: Sequence[int], leaving: _Leaving
) -> dict[int, int]:
    """Return who of a group is beaten, each with the one that led."""
    racing, beaten = list(group), {}
    for n in range(study.design.first, study.design.most + 1):
        racing = [place for place in racing if taken[place] >= n or not leaving.leaves(place)]
        if len(racing) < 2 or any(taken[place] < n for place in racing):
            break
        values = get_common_values(racing, study.design.seeds[:n], rows)
        means = [sum(own) for own in values]
        leader = racing[means.index(max(means))]
        lost = find_beaten(values, study.design.most, len(group))
        new = {place: leader for place, is_beaten in zip(racing, lost, strict=True) if is_beaten}
        beaten |= new
        leaving.beaten |= new
        racing = [place for place in racing if place not in new]
    return beaten


def get_common_values(places: Sequence[int], seeds: Sequence[int], rows: Mapping[Cell, Row]) -> list[list[float]]:
    """Return the main metric of each of several variants, of the seeds for which all have it."""
    found = [[_get_value(rows.get((place, seed))) for place in places] for seed in seeds]
    whole = [values for values in found if None not in values]
    return [[float(values[k] or 0) for values in whole] for k in range(len(places))]


def _get_value(row: Row | None) -> float | None:
    return None if row is None else row.get(find_main_metric(row))
