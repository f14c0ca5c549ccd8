"""Processes that others start: they must know our arguments, and end with those whose work they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import psutil

STOCK_MODULE = "ultralytics.cfg.__init__"  # what `python -m` runs for the tuner and for several data sets

#: Names, in the environment, the process whose training the ranks of several GPUs do.
WORKER = "YOLO_FEIOU_WORKER"


def die_with(pid: int, *, parent: bool = False) -> None:
    """Kill this process, and its group if it leads one, once another has ended, however that ended.

    Args:
        pid: The other one.
        parent: Whether it is the parent of this one, which shows its end at once.
    """

    def watch() -> None:
        while psutil.pid_exists(pid) and not (parent and os.getppid() != pid):
            time.sleep(0.5)
        if not hasattr(os, "killpg"):  # Windows, which has no groups of this kind
            os._exit(1)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def our_commands(arguments: Mapping[str, Any]) -> Iterator[None]:
    """Within the block, the trainings that Ultralytics starts in this thread as commands are commands of ours.

    Args:
        arguments: What these commands are told besides.
    """
    with _lock:
        if not _stock.blocks:
            _stock.run, subprocess.run = subprocess.run, _run
        _stock.blocks += 1
    before, _told.arguments = getattr(_told, "arguments", None), arguments
    try:
        yield
    finally:
        _told.arguments = before
        with _lock:
            _stock.blocks -= 1
            if not _stock.blocks and subprocess.run is _run:  # nobody has wrapped it since
                subprocess.run = _stock.run


def _run(command: Any, *args: Any, **kwargs: Any) -> Any:
    """Run a command as `subprocess.run` does; in a block of `our_commands` of this thread, Ultralytics' own as ours."""
    arguments = getattr(_told, "arguments", None)
    if arguments is not None and isinstance(command, list) and command[1:3] == ["-m", STOCK_MODULE]:
        told = (f"{key}={value}" for key, value in arguments.items())
        command = [sys.executable, "-m", "yolo_feiou", *command[3:], *told]
    return _stock.run(command, *args, **kwargs)


_lock = threading.Lock()
_stock = SimpleNamespace(run=subprocess.run, blocks=0)  # blocks of `our_commands`, of all threads
_told = threading.local()
