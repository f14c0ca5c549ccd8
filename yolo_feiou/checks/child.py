"""The child process in which a loss is loaded and checked, isolated from the command.

It is forked, so that torch isn't imported again. Its findings go to the parent as lines of JSON, which are data, not
code. It leads a session of its own, has limits of memory and of processor time, and ends with its parent.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import torch

from yolo_feiou.checks.catalogue import iter_results, preserve_torch_state
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.torch_state import Snapshot
from yolo_feiou.errors import YoloFeiouError
from yolo_feiou.losses.build import load_loss
from yolo_feiou.losses.families import TASK_FAMILIES

try:
    import resource
except ImportError:  # Windows
    resource = None

#: Bytes of memory that a loss may take beyond what the process has; half of the machine's if that is less.
MEMORY_LIMIT = 4 << 30
#: Bytes of the largest file that it may write.
FILE_SIZE_LIMIT = 1 << 30
#: Exit status of a process whose channel to its parent was closed.
EXIT_CUT_OFF = 70
#: Largest number of characters of a text that is sent.
MAX_TEXT_LENGTH = 1000


def run_child(name: str, task: str | None, channel: socket.socket, output: int, alive: int, seconds: float) -> NoReturn:
    """Load a loss, wait for the parent's signal, and check it. Never returns.

    Args:
        name: A spec of the table, or 'file.py:function'.
        task: As for `load_loss`.
        channel: To the parent: first `{"loaded": FAMILY}` or `{"error": …}`, then a `{"check": …}` each, then
            `{"formula": …}`; or `{"broke": …}` where the code of the checks itself failed.
        output: The file descriptor for the output of the loss.
        alive: A file descriptor that becomes readable when the parent has ended.
        seconds: Timeout of loading and of checking, each.
    """
    try:
        send = _Sender(channel)
        _redirect_output(output)
        _limit_resources(seconds)
        threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
        before = Snapshot()
        try:
            _load_and_judge(name, task, channel, send, before)
        except (
            BaseException
        ) as error:  # of any kind: KeyboardInterrupt, or an error of our own code under a changed torch
            changes = before.changes()
            send({"broke": f"{type(error).__name__}: {error}", "changes": ", ".join(changes)})
    finally:
        os._exit(
            EXIT_CUT_OFF
        )  # the parent has the results, or sees that they are missing; no exit handler of the loss runs


def _load_and_judge(name: str, task: str | None, channel: socket.socket, send: _Sender, before: Snapshot) -> None:
    try:
        loss = load_loss(name, task)
    except YoloFeiouError as error:
        send({"error": type(error).__name__, "message": str(error)})
        return
    subject = CheckedLoss(name, loss, before, family=TASK_FAMILIES[task or "detect"])
    send({"loaded": subject.family})
    channel.recv(1)
    for check, finding in iter_results(subject):
        send({"check": check.name, "finding": finding and asdict(finding)})
    with preserve_torch_state():
        send({"formula": subject.recognised})


class _Sender:
    """Sends messages from this process only: a copy of it that the loss forks is terminated."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel, self.pid = channel, os.getpid()
        self.encode = json.JSONEncoder(default=lambda value: str(value)[:MAX_TEXT_LENGTH]).encode

    def __call__(self, message: Mapping[str, Any]) -> None:
        if os.getpid() != self.pid:
            os._exit(0)
        self.channel.sendall(self.encode(_truncate_texts(message)).encode() + b"\n")


def _truncate_texts(value: Any) -> Any:
    """Return a message with its texts truncated."""
    if isinstance(value, Mapping):
        return {key: _truncate_texts(one) for key, one in value.items()}
    return value[:MAX_TEXT_LENGTH] if isinstance(value, str) else value


def _redirect_output(output: int) -> None:
    """Detach from the parent's terminal: output goes to `output`, and standard input is empty."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = sys.stderr = io.TextIOWrapper(
        io.FileIO(1, "w", closefd=False), encoding="utf-8", errors="replace", line_buffering=True
    )
    sys.stdin = io.TextIOWrapper(io.FileIO(0, "r", closefd=False))


def _limit_resources(seconds: float) -> None:
    """Limit the resources of the process, and which processes it may signal."""
    torch.set_num_threads(1)  # threads of OpenMP don't survive a fork
    faulthandler.disable()  # which would print its trace on the parent's terminal
    sys.addaudithook(_refuse_kill)
    if resource is None:
        return
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: FILE_SIZE_LIMIT,
        resource.RLIMIT_CPU: int(2 * seconds) + 60,  # even if the parent is killed and the loss never returns
    }
    if (used := _data_size()) is not None:
        limits[resource.RLIMIT_DATA] = used + min(
            MEMORY_LIMIT, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
        )
    for kind, limit in limits.items():
        with contextlib.suppress(ValueError, OSError):  # a lower one is set already
            resource.setrlimit(kind, (limit, limit))


def _data_size() -> int | None:
    """Return the private memory of the process in bytes, as RLIMIT_DATA counts it; None if unknown."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmData:")) * 1024
    except (OSError, StopIteration):
        return None


def _refuse_kill(event: str, arguments: tuple) -> None:
    """Refuse signals to processes that the loss didn't start, such as its parent."""
    if event in ("os.kill", "os.killpg"):
        pid = arguments[0]
        if pid < 0 or os.getsid(pid) != os.getsid(0):  # 0 is this very group
            raise PermissionError(f"a loss under check may not send a signal to process {pid}")


def _end_with_parent(alive: int) -> None:
    """End this process as soon as the parent does, even if that is killed."""
    os.read(alive, 1)
    os._exit(EXIT_CUT_OFF)
