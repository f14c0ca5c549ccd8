"""File locks that the system releases when their holder dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import isinf
from pathlib import Path

from filelock import FileLock, Timeout


class LockBusy(Exception):
    """Another process holds the lock."""


@contextmanager
def hold_lock(path: Path, patience: float = float("inf")) -> Iterator[None]:
    """Hold the lock of a file within the block; children don't inherit it, most network file systems support it.

    Args:
        path: The file, created if needed and left there.
        patience: Seconds to wait for another holder.

    Raises:
        Busy: If another process still holds it then.
    """
    lock = FileLock(path, timeout=-1 if isinf(patience) else patience)
    try:
        lock.acquire(poll_interval=0.2)
    except Timeout:
        raise LockBusy(f"{path} is held by another process") from None
    try:
        yield
    finally:
        lock.release()


def is_locked(path: Path) -> bool:
    """Return whether another process holds the lock of a file, or this one does."""
    if not path.exists():
        return False
    try:
        with hold_lock(path, 0):
            return False
    except LockBusy:
        return True
