"""Locks that the system lets go of when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Busy(Exception):
    """Another process holds the lock."""


@contextmanager
def held(path: Path, patience: float = float("inf")) -> Iterator[None]:
    """Hold the lock of a file inside the block; children don't inherit it, and it works on most network file systems.

    Args:
        path: The file, made if need be and left there.
        patience: Seconds to wait for another holder.

    Raises:
        Busy: If another process still holds it then.
    """
    until = time.monotonic() + patience
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not _take(file):
            if time.monotonic() > until:
                raise Busy(f"{path} is held by another process")
            time.sleep(0.2)
        yield
    finally:
        os.close(file)  # lets go of the lock


def is_held(path: Path) -> bool:
    """Whether another process holds the lock of a file."""
    if not path.exists():
        return False
    file = os.open(path, os.O_RDWR)
    try:
        return not _take(file)
    finally:
        os.close(file)


def _take(file: int) -> bool:
    """Take the lock if it is free; locks of fcntl belong to a process, not to the file as it is inherited."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
