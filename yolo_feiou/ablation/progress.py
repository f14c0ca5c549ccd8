"""What the user sees of a running ablation: a view that changes in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.errors import DataError
from yolo_feiou.escape import make_visible
from yolo_feiou.results.epochs import read_epochs
from yolo_feiou.results.main_metric import find_main_metric, name_metrics
from yolo_feiou.storage.tables import Row
from yolo_feiou.terminal import say

VALIDATION_METRIC = "metrics/mAP50-95(B)"
#: Seconds between two looks into the files of running runs.
REFRESH_SECONDS = 1.0


class AblationProgress:
    """How far the runs of an ablation are, as their files tell.

    Args:
        folders: All of them, as far as they are known.
        done: Those that were done before.
        count_rows: Returns how many rows of results.csv a training writes, see `framework.Framework`.
        clock: Returns the time in seconds.
        count_most: Returns how many runs there will be at most; None if there are as many as `folders`.
    """

    def __init__(
        self,
        folders: Sequence[RunFolder],
        done: Sequence[RunFolder],
        count_rows: Callable[[Mapping[str, Any]], int],
        clock: Callable[[], float] = time.monotonic,
        count_most: Callable[[], int] | None = None,
    ) -> None:
        self.clock, self.count_rows, self.count_most = clock, count_rows, count_most
        self.number, self.already = len(folders), len(done)
        self.epochs = {folder.path.name: count_rows(folder.run().arguments) for folder in folders}
        self.done = {folder.path.name: 1.0 for folder in done}
        self.best: dict[str, tuple[float, str]] = {}  # by metric, for no two are compared
        for folder in done:
            self._better(folder, folder.row() or {})
        self.failed: dict[str, str] = {}
        self.began = clock()
        self.shares: dict[str, float] = {}
        self.at_start: dict[str, float] = {}

    @property
    def total(self) -> int:
        """How many runs there are, or may be at most."""
        return self.count_most() if self.count_most else self.number

    def begin(self, folder: RunFolder) -> None:
        """Learn how long a run is that wasn't known before."""
        if folder.path.name not in self.epochs:
            self.epochs[folder.path.name] = self.count_rows(folder.run().arguments)

    def finished(self, folder: RunFolder, row: Row) -> None:
        """Count a run that is done."""
        self.done[folder.path.name] = 1.0
        self._better(folder, row)

    def look(self, running: Sequence[RunFolder]) -> list[tuple[str, int, int, float | None]]:
        """Return name, finished epochs, all epochs and the last mAP50-95 of each run that is under way."""
        seen = []
        for folder in running:
            name = folder.path.name
            rows: list[Row] = []
            with suppress(DataError):  # it is told when the run is done
                rows = read_epochs(folder.results)
            epoch = int(rows[-1]["epoch"]) if rows else 0
            self.shares[name] = epoch / self.epochs[name]
            self.at_start.setdefault(name, self.shares[name])
            seen.append((name, epoch, self.epochs[name], rows[-1].get(VALIDATION_METRIC) if rows else None))
        return seen

    @property
    def share(self) -> float:
        """How much of all runs is done, from 0 to 1."""
        over = {**self.done, **dict.fromkeys(self.failed, 1.0)}
        return (len(over) + sum(share for name, share in self.shares.items() if name not in over)) / self.total

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the pace so far, or None as long as that can't be told."""
        before = self.already + sum(self.at_start.values())
        gained = self.share * self.total - before
        if gained <= 0.02:
            return None
        return (self.clock() - self.began) * (1 - self.share) * self.total / gained

    def summary(self) -> str:
        """Return one line on all runs."""
        done, most = len(self.done), self.count_most is not None
        words = [f"{done} done, {self.total} at most" if most else f"{done} of {self.total} done"]
        if self.failed:
            words.append(f"{len(self.failed)} failed")
        if self.seconds_left is not None and self.share < 1:
            words.append(f"{'at most ' if most else ''}about {format_duration(self.seconds_left)} left")
        for metric, (value, name) in self.best.items():
            if round(100 * value, 1) > 0:  # of runs that detected nothing none is the best
                words.append(f"best so far {name_metrics([metric])} {100 * value:.1f} ({name})")
        return ", ".join(words)

    def _better(self, folder: RunFolder, row: Row) -> None:
        metric = find_main_metric(row)
        value = row.get(metric)
        if value is not None and (metric not in self.best or value > self.best[metric][0]):
            self.best[metric] = value, folder.path.name


class Lines:
    """Plain lines, one when a run begins and one when it ends.

    Args:
        progress: What there is to tell.
        out: Where to.
    """

    def __init__(self, progress: AblationProgress, out: TextIO | None = None) -> None:
        self.progress, self.out = progress, out or sys.stdout
        self.looked = 0.0

    def started(self, folder: RunFolder) -> None:
        """Say that a run has begun."""
        self.progress.begin(folder)
        self.say(f"{folder.path.name}: started")

    def elsewhere(self, folder: RunFolder) -> None:
        """Say that a run is waited for."""
        self.say(f"{folder.path.name}: another runner is executing it: waiting for that")

    def done(self, folder: RunFolder, row: Row) -> None:
        """Say what came out of a run."""
        self.progress.finished(folder, row)
        self.say(f"{folder.path.name}: {describe_outcome(row)}; {self.progress.summary()}")

    def failed(self, folder: RunFolder, reason: str) -> None:
        """Say why a run failed."""
        self.progress.failed[folder.path.name] = reason
        self.say(f"{folder.path.name}: FAILED: {reason}")

    def silent(self, folder: RunFolder, seconds: float) -> None:
        """Say that a run may hang."""
        self.say(
            f"{folder.path.name}: no sign of life for {format_duration(seconds)}: log.txt, results.csv and checkpoints "
            "are as they were. It may hang, or its epochs or intervals are long; timeout=HOURS ends a run that takes "
            f"longer. {folder.log}"
        )

    def tick(self, running: Sequence[RunFolder]) -> None:
        """Look into the files from time to time."""
        if self.progress.clock() - self.looked >= REFRESH_SECONDS:
            self.looked = self.progress.clock()
            self.show(self.progress.look(running))

    def show(self, seen: list[tuple[str, int, int, float | None]]) -> None:
        """Show nothing between two events."""

    def say(self, line: str) -> None:
        """Print a line."""
        say(line, self.out)

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Panel(Lines):
    """A view in a terminal: bars of the runs under way, and one line on all."""

    def __init__(self, progress: AblationProgress) -> None:
        super().__init__(progress)
        self.console = Console()
        self.live = Live(console=self.console, refresh_per_second=2, transient=True)

    def show(self, seen: list[tuple[str, int, int, float | None]]) -> None:
        """Redraw the bars."""
        table = Table.grid(padding=(0, 2))
        for name, epoch, epochs, value in seen:
            metric = "" if value is None else f"mAP50-95 {100 * value:.1f}"
            table.add_row(Text(make_visible(name)), ProgressBar(epochs, epoch, width=24), f"{epoch}/{epochs}", metric)
        self.live.update(Group(table, Text(make_visible(self.progress.summary()), style="bold")))

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self.console.print(make_visible(line), markup=False, highlight=False, emoji=False)

    def __enter__(self) -> Panel:
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()


def choose_view(progress: AblationProgress) -> Lines:
    """Return the view that fits where the output goes."""
    return Panel(progress) if sys.stdout.isatty() else Lines(progress)


def describe_outcome(row: Row) -> str:
    """Return what came out of a run, in a few words."""
    metric = find_main_metric(row)
    value, name = row.get(metric), name_metrics([metric])
    measured = f"no {name}" if value is None else f"{name} {100 * value:.1f}"
    minutes = row.get("minutes", 0)  # None where nothing recorded it
    return f"done, {measured}" + ("" if minutes is None else f", {format_duration(60 * minutes)}")


def format_duration(seconds: float) -> str:
    """Return a duration for people: 45 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
