"""The progress of a long step: a bar in a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from yolo_feiou.escape import make_visible


@contextmanager
def show_progress(
    step: str, total: float | None, done: int = 0, *, in_bytes: bool = False
) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr within the block, and give a function that is told how much more is done.

    Args:
        step: What the bar is of.
        total: How much there is to do, if that is known.
        done: Of it, what was done before.
        in_bytes: Whether it is counted in bytes.
    """
    console = Console(stderr=True)
    count = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), count, TimeRemainingColumn())
    progress = Progress(*columns, console=console, disable=not console.is_terminal)
    task = progress.add_task(make_visible(step), total=total, completed=done)

    def advance(more: int) -> None:
        progress.start()  # the first time, and with it a thread: worker processes are there by then
        progress.advance(task, more)

    try:
        yield advance
    finally:
        progress.stop()
