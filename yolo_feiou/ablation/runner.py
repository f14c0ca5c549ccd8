"""Seeing to it that all runs of a schedule are done, whoever does them and whatever happened before."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from yolo_feiou.ablation.outcome import DONE, FAILED, RequestedEvaluation, find_outcome, is_done
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.ablation.schedule import Schedule
from yolo_feiou.ablation.signs import Signs
from yolo_feiou.ablation.worker import BUSY, TIMED_OUT
from yolo_feiou.errors import DataError
from yolo_feiou.results.provenance import get_utc_time
from yolo_feiou.storage.tables import Row
from yolo_feiou.terminal import strip_control_characters

#: Seconds between two looks at the processes.
PAUSE = 0.25


class Engine(Protocol):
    """What does runs: `local.Local` or `on_ray.OnRay`."""

    @property
    def has_room(self) -> bool:
        """Whether another run can begin."""
        ...

    def start(self, folder: RunFolder) -> None:
        """Begin a run."""

    def finished(self) -> list[tuple[RunFolder, int]]:
        """Return the runs that have ended since, with their exit status."""
        ...

    def stop(self) -> None:
        """End all runs at once."""


class View(Protocol):
    """What shows the user how far it is."""

    def started(self, folder: RunFolder) -> None:
        """A run has begun."""

    def elsewhere(self, folder: RunFolder) -> None:
        """Another runner is executing this run."""

    def done(self, folder: RunFolder, row: Row) -> None:
        """A run is done."""

    def failed(self, folder: RunFolder, reason: str) -> None:
        """A run has failed."""

    def silent(self, folder: RunFolder, seconds: float) -> None:
        """A run has shown no sign of life for so long."""

    def tick(self, running: Sequence[RunFolder]) -> None:
        """Some time has passed."""


@dataclass
class Runner:
    """All runs of a schedule, on an engine.

    Attributes:
        schedule: What says which run is next.
        engine: What does them.
        requested: How a run must have been evaluated to count as done.
        retries: How often a run that a signal killed is taken up again at once.
        failures: Why runs failed, by the name of their folder.
        signs: What watches for signs of life.
        sleep: Waits so many seconds, between two looks at the processes.
    """

    schedule: Schedule
    engine: Engine
    requested: RequestedEvaluation = field(default_factory=RequestedEvaluation)
    retries: int = 1
    failures: dict[str, str] = field(default_factory=dict)
    signs: Signs = field(default_factory=Signs)
    sleep: Callable[[float], object] = time.sleep

    def __post_init__(self) -> None:
        self.begun = get_utc_time()
        self.running: list[RunFolder] = []
        self.elsewhere: list[RunFolder] = []
        self.again: deque[RunFolder] = deque()
        self.tries: dict[str, int] = {}

    def run(self, view: View) -> None:
        """Do what is not done, and return when nothing is left; runs that others work on are waited for.

        Args:
            view: What shows it.
        """
        self.view = view
        previous = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing is left behind
        try:
            self.fill()
            while self.running or self.elsewhere or self.again:
                for folder, status in self.engine.finished():
                    self.running.remove(folder)
                    if self.end(folder, status):
                        self.again.append(folder)
                self.again.extend(self.returned())
                for folder, seconds in self.signs.silent(self.running):
                    self.view.silent(folder, seconds)
                self.view.tick(self.running)
                self.sleep(PAUSE)
                self.fill()
        finally:
            self.engine.stop()
            signal.signal(signal.SIGTERM, previous)

    def fill(self) -> None:
        """Begin runs as long as there are any and room for them, those first that are to be taken up again."""
        while self.engine.has_room:
            folder = self.again.popleft() if self.again else self.schedule.take()
            if folder is None:
                return
            self.begin(folder)

    def is_done(self, folder: RunFolder) -> bool:
        """Whether a run has its row, of an evaluation as it is requested."""
        return is_done(folder, self.requested)

    def outcome(self, folder: RunFolder) -> str | None:
        """Return what came of a run, None if its files were damaged meanwhile, which its next process will name."""
        with suppress(DataError):
            return find_outcome(folder, self.requested)
        return None

    def begin(self, folder: RunFolder) -> None:
        """Begin a run, unless another runner is executing it, or has finished it."""
        if folder.busy:
            self.elsewhere.append(folder)
            self.view.elsewhere(folder)
            return
        if self.is_done(folder):
            self.succeed(folder)
            return
        self.signs.begin(folder)
        self.engine.start(folder)
        self.running.append(folder)
        self.view.started(folder)

    def end(self, folder: RunFolder, status: int) -> bool:
        """Record how a run ended; return whether it is to be taken up again."""
        if status == 0 and self.is_done(folder):
            self.succeed(folder)
            return False
        if status == BUSY:
            self.elsewhere.append(folder)
            return False
        tries = self.tries[folder.path.name] = self.tries.get(folder.path.name, 0) + 1
        if status < 0 and tries <= self.retries:
            return True
        self.fail(folder, describe_failure(folder, status))
        return False

    def succeed(self, folder: RunFolder) -> None:
        """Tell that a run is done."""
        row = folder.row() or {}
        self.schedule.record_end(folder, row)
        self.view.done(folder, row)

    def fail(self, folder: RunFolder, why: str) -> None:
        """Record a failure, in memory if the disk is full."""
        self.failures[folder.path.name] = why
        try:
            folder.write_failure({"time": get_utc_time(), "reason": why})
        except OSError as error:
            why = f"{why} (and it can't be recorded: {error.strerror})"
        self.schedule.record_end(folder, None)
        self.view.failed(folder, why)

    def returned(self) -> list[RunFolder]:
        """Return the runs that others had in their hands and left undone; what they did or saw fail is recorded."""
        free = [folder for folder in self.elsewhere if not folder.busy]
        self.elsewhere = [folder for folder in self.elsewhere if folder not in free]
        undone = []
        for folder in free:
            came_of_it = self.outcome(folder)
            if came_of_it == DONE:
                self.succeed(folder)
            elif came_of_it == FAILED and (failure := folder.failure()) and failure["time"] >= self.begun:
                self.failures[folder.path.name] = failure["reason"]
                self.schedule.record_end(folder, None)
                self.view.failed(folder, failure["reason"])
            else:
                undone.append(folder)
        return undone


def describe_failure(folder: RunFolder, status: int) -> str:
    """Return why a process failed: the last line that it printed, the signal that killed it, or that it took long."""
    if status < 0:
        hint = ", maybe out of memory" if status == -signal.SIGKILL else ""
        return f"killed by {signal.Signals(-status).name}{hint}"
    text = folder.log.read_text(encoding="utf-8", errors="replace") if folder.log.exists() else ""
    lines = text.splitlines()
    said = next((plain for line in reversed(lines) if (plain := strip_control_characters(line))), "nothing printed")
    if status == TIMED_OUT:
        return f"took longer than timeout= allows, and was ended; the last that it printed: {said} ({folder.log})"
    return f"{said} (exit status {status}; {folder.log})"
