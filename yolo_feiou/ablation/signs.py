"""When runs last showed a sign of life, and which of them have been silent for long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yolo_feiou.ablation.run_folder import RunFolder

#: Seconds without a sign that are worth a line, unless the run itself was silent for half as long before.
SILENCE_SECONDS = 1800.0
#: Seconds between two looks at the files.
LOOK_SECONDS = 10.0

State = tuple[tuple[int, int] | None, ...]


@dataclass
class WatchedRun:
    """What is known of a run.

    Attributes:
        state: Size and time of its files when they were last looked at.
        since: The time of the last sign, or of the start.
        begun: Whether there was a sign since the start: on a cluster, a run may wait for room.
        longest: Its longest silence that a sign has ended, in seconds.
        told: Whether its present silence was told.
    """

    state: State
    since: float
    begun: bool = False
    longest: float = 0.0
    told: bool = False


class Signs:
    """Watches the files of runs: a log that grows, a new line of results.csv or a new checkpoint is a sign of life.

    Args:
        clock: Returns the time in seconds.
        long: Seconds without a sign after which a run counts as silent.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, long: float = SILENCE_SECONDS) -> None:
        self.clock, self.long = clock, long
        self.watched: dict[RunFolder, WatchedRun] = {}
        self.looked = -LOOK_SECONDS

    def begin(self, folder: RunFolder) -> None:
        """Watch a run from now on, before its process has begun."""
        self.watched[folder] = WatchedRun(read_state(folder), self.clock())

    def silent(self, running: Sequence[RunFolder]) -> list[tuple[RunFolder, float]]:
        """Return the runs that turned silent since the last look, with the seconds since their last sign."""
        now = self.clock()
        if now - self.looked < LOOK_SECONDS:
            return []
        self.looked = now
        return [(folder, seconds) for folder in running if (seconds := self._look(folder, now))]

    def _look(self, folder: RunFolder, now: float) -> float:
        """Return the seconds of a silence that is to be told, 0 otherwise."""
        one = self.watched.setdefault(folder, WatchedRun(read_state(folder), now))
        if (seen := read_state(folder)) != one.state:
            if one.begun:
                one.longest = max(one.longest, now - one.since)
            one.state, one.since, one.begun, one.told = seen, now, True, False
        silence = now - one.since
        if not one.begun or one.told or silence < max(self.long, 2 * one.longest):
            return 0.0
        one.told = True
        return silence


def read_state(folder: RunFolder) -> State:
    """Return what changes with each sign of a run's life: size and time of its log, results.csv and checkpoints."""
    return tuple(map(_state, (folder.log, folder.results, folder.last, folder.best)))


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
