"""The run of a command that torchrun started, for all ranks: the one that it began before, or a new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from yolo_feiou.distributed import group
from yolo_feiou.distributed.launch import FORGETS, Launch
from yolo_feiou.distributed.resume import UnfinishedRun, find_unfinished_run, lock_run, write_launch_record
from yolo_feiou.errors import ArgumentError
from yolo_feiou.framework import TRAINED
from yolo_feiou.lightning import checkpoints
from yolo_feiou.lightning.folders import begin_run_folder
from yolo_feiou.terminal import say

Value = TypeVar("Value")


def join_launch(launch: Launch, device: str) -> Launch:
    """Join the group of all processes, and return the launch with the restarts that any node knows of.

    Args:
        launch: Of this process.
        device: As `choose_device` has it.
    """
    group.join_group(launch, device)
    if launch.forgets and launch.rank == 0:
        say(FORGETS)
    return replace(launch, restarts=max(group.gather_from_all(launch.restarts)))


@contextmanager
def enter_on_first(context: AbstractContextManager[Value], launch: Launch) -> Iterator[Value]:
    """Enter a context on rank 0 alone, and yield its value on all ranks, which have joined their group.

    Raises:
        ArgumentError: On all ranks, if rank 0 can't enter it: else the others would wait for it.
    """
    with ExitStack() as entered:
        told: tuple[Any, ArgumentError | None] = None, None
        if launch.rank == 0:
            try:
                told = entered.enter_context(context), None
            except ArgumentError as error:
                told = None, error
        value: Any
        value, refused = group.broadcast_from_first(told)
        if refused:
            raise refused
        yield value


@contextmanager
def open_run(
    arguments: Mapping[str, Any], asked: Mapping[str, Any], runs: Path, launch: Launch
) -> Iterator[UnfinishedRun]:
    """Find the run that this command began before, or begin a new one; hold its lock while the block lasts.

    Args:
        arguments: `project`, `name` and `exist_ok`, as far as they are given.
        asked: The arguments as the command has them, by which the run is found again.
        runs: Where the run's folder goes without a `project`.
        launch: Of rank 0.

    Raises:
        ArgumentError: If another process trains it, or its folder can't be made.
    """
    project = Path(arguments.get("project") or runs, arguments.get("name") or "train").parent
    found = find_unfinished_run(project, launch, asked, checkpoints.STATES[0])
    if found and found.finished:
        yield found
    elif found:
        with lock_run(found.folder, launch):
            yield _take_up(found) if found.last else found
    else:
        with begin_run_folder(arguments, "train", runs) as folder, lock_run(folder, launch):
            write_launch_record(folder, launch, asked)
            yield UnfinishedRun(folder)


def _take_up(run: UnfinishedRun) -> UnfinishedRun:
    """Return a locked run as it is to go on; of one that was killed after its last step, finish the checkpoints."""
    progress = checkpoints.find_progress(run.folder)
    if progress.note:
        say(progress.note)
    if progress.stage == TRAINED:
        checkpoints.strip_checkpoints(run.folder)
        return replace(run, finished=True)
    say(f"Resuming {run.folder}, which this command began and didn't finish.")
    return run
