"""Processes that others start: they must know our arguments, and end with those whose work they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.training_arguments import OURS

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
        while os.getppid() == pid if parent else _exists(pid):
            time.sleep(0.5)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def our_arguments() -> Iterator[None]:
    """Within the block, Ultralytics' argument checks know ours, and the commands that it starts are ours."""
    if OURS.keys() <= DEFAULT_CFG_DICT.keys():  # a block within the block
        yield
        return
    stock_run = subprocess.run

    def run(command: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(command, list) and command[1:3] == ["-m", STOCK_MODULE]:
            command = [sys.executable, "-m", "yolo_feiou", *command[3:]]
        return stock_run(command, *args, **kwargs)

    DEFAULT_CFG_DICT.update(OURS)
    subprocess.run = run
    try:
        yield
    finally:
        for key in OURS:
            del DEFAULT_CFG_DICT[key]
        subprocess.run = stock_run
