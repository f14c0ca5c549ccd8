"""Which run begins when there is room: the next one of a fixed grid, or the one that a sequential study needs most."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from yolo_feiou.ablation.design import Cell, Study
from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.ablation.sequential import OPEN, Runs, Standing, count_most, exceeds_budget, find_next, judge
from yolo_feiou.storage.tables import Row


class Schedule(Protocol):
    """What the runner asks for its next run."""

    def take(self) -> RunFolder | None:
        """Return the folder of the run that begins now, None if there is none as long as no other one ends."""
        ...

    def record_end(self, folder: RunFolder, row: Row | None) -> None:
        """Note that a run that was taken has ended: with its row, or as failed for good."""


class FixedGrid:
    """Runs that are known beforehand, in their order.

    Args:
        folders: Those of the runs.
    """

    def __init__(self, folders: Iterable[RunFolder]) -> None:
        self.waiting = deque(folders)

    def take(self) -> RunFolder | None:
        """Return the folder of the next run."""
        return self.waiting.popleft() if self.waiting else None

    def record_end(self, folder: RunFolder, row: Row | None) -> None:
        """Nothing follows from how a run ended."""


class SequentialSeeds:
    """Seeds that are added until each comparison is answered, see `sequential`.

    Args:
        study: What is compared.
        prepare: Returns the folder of a run, made if need be; it is called when the run begins.
        rows: The rows of the runs that are done already.
        hours: The budget, see `sequential.exceeds_budget`; 0 for none.
        jobs: How many runs are made at a time, for the budget.
    """

    def __init__(
        self, study: Study, prepare: Callable[[Run], RunFolder], rows: dict[Cell, Row], hours: float = 0, jobs: int = 1
    ) -> None:
        self.study, self.prepare, self.hours, self.jobs = study, prepare, hours, jobs
        self.runs = Runs(rows)
        self.taken: dict[RunFolder, Cell] = {}
        self._standings: list[Standing] | None = None

    @property
    def standings(self) -> list[Standing]:
        """Where each comparison is, by the runs that have ended."""
        if self._standings is None:
            self._standings = judge(self.study, self.runs)
        return self._standings

    @property
    def is_over_budget(self) -> bool:
        """Whether no further run begins, though comparisons are open."""
        is_open = any(one.reason == OPEN for one in self.standings)
        return is_open and exceeds_budget(self.runs.rows.values(), self.hours, self.jobs)

    def take(self) -> RunFolder | None:
        """Return the folder of the run that is needed most, None if none is or the budget is used up."""
        cell = find_next(self.study, self.standings, self.runs)
        if cell is None or self.is_over_budget:
            return None
        folder = self.prepare(self.study.make_run(cell))
        self.taken[folder] = cell
        self.runs.given.add(cell)
        return folder

    def record_end(self, folder: RunFolder, row: Row | None) -> None:
        """Take what came of a run into account."""
        cell = self.taken.pop(folder)
        self.runs.given.discard(cell)
        if row is None:
            self.runs.failed.add(cell)
        else:
            self.runs.rows[cell] = row
        self._standings = None

    def count_most(self) -> int:
        """Return how many runs there will be at most, those that are over included."""
        return count_most(self.study, self.standings, self.runs)
