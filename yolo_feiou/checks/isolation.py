"""Run the checks of each loss in a process of its own: if it exits, hangs or exhausts memory, that is a finding."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from yolo_feiou import errors
from yolo_feiou.checks import child
from yolo_feiou.checks.catalogue import Check, CheckResults, list_checks, run_checks
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.child_messages import (
    ISOLATION_REMEDY,
    CheckStopped,
    ProcessEnding,
    clean_text,
    read_family,
    read_message,
    read_result,
    stopped_by_changes,
)
from yolo_feiou.checks.finding import Finding
from yolo_feiou.losses.build import load_loss
from yolo_feiou.losses.families import TASK_FAMILIES
from yolo_feiou.losses.table import Family

#: Largest size of the results of a loss in bytes; usual ones have a few thousand.
MAX_RESULT_BYTES = 4 << 20
#: Bytes of a loss's output that are kept, for its last line.
OUTPUT_TAIL_BYTES = 4096
#: Seconds between two polls of a process.
POLL_SECONDS = 0.1


def run_checks_isolated(names: Sequence[str], seconds: float, task: str | None = None) -> Iterator[CheckResults]:
    """Yield the results of each loss, after all are loaded; each has a process of its own, where fork exists.

    Args:
        names: Specs of the table, or 'file.py:function'.
        seconds: Timeout of loading and of checking one loss, each.
        task: As for `load_loss`.

    Raises:
        ArgumentError: If a function can't be loaded.
        LossSpecError: If a spec is wrong, or of other boxes than those of the task.
    """
    if not hasattr(os, "fork"):  # Windows
        family = TASK_FAMILIES[task or "detect"]
        subjects = [CheckedLoss(name, load_loss(name, task), family=family) for name in names]
        yield from [run_checks(subject) for subject in subjects]
        return
    processes: list[_Process] = []
    try:
        for name in names:
            processes.append(_Process(name, task, seconds, processes))
        for process in processes:
            process.load()
        for process in processes:
            yield process.judge()
            process.end()
    finally:
        for process in processes:
            process.end()


class _Process:
    """A process that loads and checks a loss.

    Args:
        name: Of the loss.
        task: As for `load_loss`.
        seconds: Timeout of loading and of checking, each.
        others: Processes started before; their channels are closed in this one.
    """

    def __init__(self, name: str, task: str | None, seconds: float, others: Sequence[_Process]) -> None:
        self.name, self.seconds = name, seconds
        self.family: Family = TASK_FAMILIES[task or "detect"]  # until the loss is loaded
        self.channel, theirs = socket.socketpair()
        self.output, written = os.pipe()
        alive, self.alive = os.pipe()
        self.stopped: CheckStopped | None = None
        self.ending: ProcessEnding | None = None
        self._received, self._count, self._printed = b"", 0, b""
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, none of which is used there
            self.pid = os.fork()
        if not self.pid:
            for other in (*others, self):
                other.close()
            child.run_child(name, task, theirs, written, alive, seconds)
        theirs.close()
        os.close(written)
        os.close(alive)
        self.channel.setblocking(False)
        os.set_blocking(self.output, False)

    def load(self) -> None:
        """Wait until the loss is loaded, or fails to load.

        Raises:
            ArgumentError: If it can't be loaded.
            LossSpecError: If the spec is wrong.
        """
        try:
            message = self._receive(time.monotonic() + self.seconds, "while it is imported")
            if not message.keys() & {"error", "broke"}:
                self.family = read_family(message)
        except CheckStopped as stopped:
            self.stopped = stopped
            return
        if "error" in message:
            kind = getattr(errors, str(message["error"]), None)
            if not (isinstance(kind, type) and issubclass(kind, errors.YoloFeiouError)):
                kind = errors.ArgumentError
            raise kind(str(message.get("message")))
        if "broke" in message:
            self.stopped = stopped_by_changes(message)

    def judge(self) -> CheckResults:
        """Return the results of all checks."""
        found: list[tuple[Check, Finding | None]] = []
        formula = None
        try:
            if self.stopped:
                raise self.stopped
            self._say_go()
            until = time.monotonic() + self.seconds
            while formula is None:
                message = self._receive(until, "while it is called")
                if "broke" in message:
                    raise stopped_by_changes(message)
                if "formula" in message:
                    formula = message
                else:
                    found.append(read_result(message, self.family, len(found)))
        except CheckStopped as stopped:
            checks = list_checks(self.family)
            check = checks[min(len(found), len(checks) - 1)]
            found.append((replace(check, severity="fault", by_formula=False), stopped.finding))
        text = clean_text(formula["formula"]) if formula and isinstance(formula["formula"], str) else None
        return CheckResults(self.name, self.family, text, tuple(found))

    def end(self) -> None:
        """Kill the process and its session."""
        if not self.pid:
            return
        for _ in range(5):  # some may fork while they are killed
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        if not self.ending:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
        self.pid = 0
        self.close()

    def close(self) -> None:
        """Close the parent's ends of the channels."""
        self.channel.close()
        os.close(self.output)
        os.close(self.alive)

    def _say_go(self) -> None:
        with suppress(OSError):  # it has ended, which the next read shows
            self.channel.send(b"!")

    def _receive(self, until: float, when: str) -> dict[str, Any]:
        """Return the next message; Stopped if none comes."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.channel, selectors.EVENT_READ)
            selector.register(self.output, selectors.EVENT_READ)
            while b"\n" not in self._received:
                ending = self._ending()  # polled before the channel, so that no message is missed
                selector.select(0 if ending else POLL_SECONDS)
                closed = not self._read()
                if b"\n" in self._received:
                    break
                if ending or closed:
                    raise self._ended(ending, when)
                if self._count > MAX_RESULT_BYTES:
                    raise CheckStopped(
                        "it interferes with the check",
                        f"more than {MAX_RESULT_BYTES:,} bytes of results",
                        ISOLATION_REMEDY,
                    )
                if time.monotonic() > until:
                    came = f"nothing within {self.seconds:g} s {when}"
                    remedy = "look where it waits or never ends; for a slow loss give timeout=SECONDS"
                    raise CheckStopped("it gives no answer", came, remedy)
        line, _, self._received = self._received.partition(b"\n")
        return read_message(line)

    def _read(self) -> bool:
        """Read what is available; return whether more results may come."""
        with suppress(BlockingIOError):
            self._printed = (self._printed + os.read(self.output, 1 << 16))[-OUTPUT_TAIL_BYTES:]
        try:
            data = self.channel.recv(1 << 16)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._received += data
        self._count += len(data)
        return bool(data)

    def _ending(self) -> ProcessEnding | None:
        """Return how the process ended, None while it lives."""
        if not self.ending:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # where SIGCHLD is ignored, its status is unknown
                self.ending = ProcessEnding(None)
            else:
                self.ending = ProcessEnding(os.waitstatus_to_exitcode(status)) if pid else None
        return self.ending

    def _ended(self, ending: ProcessEnding | None, when: str) -> CheckStopped:
        """Return the finding on a process that ended, or closed its channel."""
        until = time.monotonic() + 1
        while ending is None and time.monotonic() < until:
            time.sleep(POLL_SECONDS / 10)
            ending = self._ending()
        self._read()
        printed = [line for line in self._printed.decode(errors="replace").splitlines() if line.strip()]
        last = f"; the last it printed: {clean_text(printed[-1])}" if printed else ""
        if ending is None or ending.code == child.EXIT_CUT_OFF:
            return CheckStopped(
                "it closes file descriptors that it didn't open", f"no more results {when}{last}", ISOLATION_REMEDY
            )
        return CheckStopped("it ends the process", f"{ending.told} {when}{last}", ISOLATION_REMEDY)
