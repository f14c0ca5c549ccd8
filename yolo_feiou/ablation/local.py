"""Runs side by side on this machine, each in a process of its own on a device of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.ablation.worker import TIMED_OUT, Task


@dataclass
class Job:
    """A process at work on a run.

    Attributes:
        folder: That of the run.
        slot: The place that it takes.
        process: Itself.
        begun: When it began, by the engine's clock.
    """

    folder: RunFolder
    slot: int
    process: subprocess.Popen
    begun: float = 0.0


class Local:
    """Processes on this machine.

    Args:
        devices: One entry for each process that may run at a time: its device, as Ultralytics takes it.
        task: What each is told, but for the device.
        clock: Returns the time in seconds.
    """

    def __init__(self, devices: Sequence[str], task: Task, clock: Callable[[], float] = time.monotonic) -> None:
        self.devices, self.task, self.clock = devices, task, clock
        self.jobs: list[Job] = []

    @property
    def has_room(self) -> bool:
        """Whether another run can begin."""
        return len(self.jobs) < len(self.devices)

    def start(self, folder: RunFolder) -> None:
        """Begin a run on the first free device."""
        taken = {job.slot for job in self.jobs}
        slot = next(slot for slot in range(len(self.devices)) if slot not in taken)
        task = replace(self.task, device=self.devices[slot])
        with folder.log.open("ab") as log:
            os.utime(folder.log)  # the first sign of life: it has begun
            process = subprocess.Popen(
                task.command_line(folder.path),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=task.environment,
                start_new_session=True,  # Ctrl-C is the runner's to handle
            )
        self.jobs.append(Job(folder, slot, process, self.clock()))

    def finished(self) -> list[tuple[RunFolder, int]]:
        """Return the runs whose processes have ended since, with their exit status; −N if signal N killed one.

        One that has taken longer than the task allows is ended, with `TIMED_OUT` for its status.
        """
        over = {job.folder: job.process.returncode for job in self.jobs if job.process.poll() is not None}
        for job in self.jobs:
            late = self.task.seconds is not None and self.clock() - job.begun > self.task.seconds
            if late and job.folder not in over:
                end_group(job.process)
                over[job.folder] = TIMED_OUT
        self.jobs = [job for job in self.jobs if job.folder not in over]
        return list(over.items())

    def stop(self) -> None:
        """End all processes, and those that they started."""
        for name, patience in (("SIGTERM", 5.0), ("SIGKILL", 5.0)):
            until = time.monotonic() + patience
            for job in self.jobs:
                if job.process.poll() is None:
                    _signal_group(job.process, name)
            while any(job.process.poll() is None for job in self.jobs) and time.monotonic() < until:
                time.sleep(0.05)


def end_group(process: subprocess.Popen, patience: float = 10.0) -> None:
    """Kill a process that leads a group, and its group, and wait a while for its end.

    Args:
        process: The process.
        patience: Seconds to wait; one that hangs in the kernel, as on a lost network drive, can't be killed.
    """
    with suppress(ProcessLookupError):
        _signal_group(process, "SIGKILL")
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)


def _signal_group(process: subprocess.Popen, name: str) -> None:
    """Send a signal to a process and its group; on Windows, which has no such groups, end the process alone."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, getattr(signal, name))
    else:
        process.kill()
