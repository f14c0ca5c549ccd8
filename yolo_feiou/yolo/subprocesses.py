"""Commands that Ultralytics starts for trainings: they must know our arguments."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

STOCK_MODULE = "ultralytics.cfg.__init__"  # what `python -m` runs for the tuner and for several data sets


@contextmanager
def replace_commands(arguments: Mapping[str, Any]) -> Iterator[None]:
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
    """Run a command as `subprocess.run` does; in a block of `replace_commands` of this thread, stock's as ours."""
    arguments = getattr(_told, "arguments", None)
    if arguments is not None and isinstance(command, list) and command[1:3] == ["-m", STOCK_MODULE]:
        told = (f"{key}={value}" for key, value in arguments.items())
        command = [sys.executable, "-m", "yolo_feiou", *command[3:], *told]
    return _stock.run(command, *args, **kwargs)


_lock = threading.Lock()
_stock = SimpleNamespace(run=subprocess.run, blocks=0)  # blocks of `replace_commands`, of all threads
_told = threading.local()
