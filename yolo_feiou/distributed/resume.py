"""A run that the same command began before: after a failed worker, a requeued job, or a power cut."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from yolo_feiou.distributed.launch import Launch
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.escape import make_visible
from yolo_feiou.results.arguments import NEUTRAL_ARGUMENTS
from yolo_feiou.results.run_record import SessionRecord
from yolo_feiou.storage.checkpoint_reader import read_numbers
from yolo_feiou.storage.locks import LockBusy, hold_lock
from yolo_feiou.storage.tables import read_record, write_json

LOGGER = logging.getLogger(__name__)

LAUNCH_FILE, LOCK_FILE = "torchrun.json", "torchrun.lock"

#: Arguments in which the command that resumes a run may differ from the one that began it.
FREE_ON_RESUME = (*NEUTRAL_ARGUMENTS, "resume", "save_dir", "mode", "cfg", "session", "exist_ok")

#: What records of version 0.1.0 said of the run, and `run_record.py` says now.
OLD_KEYS = ("processes", "machines", "sessions")

#: Seconds that the processes which replace others wait for the last of these to end.
TRAINING_LOCK_SECONDS = 60


class LaunchRecord(msgspec.Struct):
    """`torchrun.json`; those of earlier versions lack some."""

    run_id: str | None = None
    processes: Annotated[int, msgspec.Meta(ge=1)] = 1
    nodes: Annotated[int, msgspec.Meta(ge=1)] = msgspec.field(default=1, name="machines")
    asked: dict[str, str] = {}
    sessions: list[SessionRecord] = []


@dataclass(frozen=True)
class UnfinishedRun:
    """A run that this command began before.

    Attributes:
        folder: Its folder.
        last: The checkpoint from which it is resumed, or None if it has none yet.
        finished: Whether it has ended.
    """

    folder: Path
    last: Path | None = None
    finished: bool = False


def write_launch_record(folder: Path, launch: Launch, asked: Mapping[str, Any], resumes: bool = False) -> None:
    """Write in a run's folder by what it is found again: the name of its launch, and the arguments.

    Args:
        folder: The run's.
        launch: Of rank 0.
        asked: The arguments as the command has them.
        resumes: Whether the run was begun before.
    """
    earlier = {key: value for key, value in _read_record(folder / LAUNCH_FILE).items() if key in OLD_KEYS and resumes}
    write_json(folder / LAUNCH_FILE, {"run_id": launch.run_id, "asked": _as_text(asked), **earlier})


@contextmanager
def lock_run(folder: Path, launch: Launch) -> Iterator[None]:
    """Keep other processes from training a run while the block lasts; not on file systems without locks.

    Raises:
        ArgumentError: If another one trains it, and doesn't end soon if it is one that these processes replace.
    """
    with ExitStack() as lock:
        try:
            with suppress(OSError):
                lock.enter_context(hold_lock(folder / LOCK_FILE, TRAINING_LOCK_SECONDS if launch.restarts else 0))
        except LockBusy:
            raise ArgumentError(
                f"{folder} is being trained by another process: wait for its end, or give this training another name "
                "and an id of its own."
            ) from None
        yield


def find_unfinished_run(
    project: Path, launch: Launch, asked: Mapping[str, Any], state: str = "optimizer"
) -> UnfinishedRun | None:
    """Return the run in a folder of runs that this very command began before.

    It has the same `--rdzv-id` and the same arguments; of several the newest is meant. One whose checkpoint is torn,
    which is of other origin since ours are written whole, is no such run.

    Args:
        project: The folder of runs.
        launch: Of rank 0.
        asked: The arguments as the command has them.
        state: The key of a checkpoint under which it has what a resume needs, and nothing once the run is finished.
    """
    recorded = [path for path in project.glob(f"*/{LAUNCH_FILE}") if _is_of(path, launch, asked)]
    if not recorded:
        return None
    folder = max(recorded, key=lambda path: path.stat().st_mtime).parent
    last, best = (folder / "weights" / name for name in ("last.pt", "best.pt"))
    if not last.exists() and not best.exists():
        return UnfinishedRun(folder)
    checkpoint = read_numbers(last if last.exists() else best)
    if checkpoint is None:
        return None
    if not checkpoint.get(state):
        return UnfinishedRun(folder, finished=True)
    return UnfinishedRun(folder, last) if last.exists() else None


def is_trained(last: Path) -> bool:
    """Whether the checkpoint of a run that was begun is that of its last epoch."""
    checkpoint = _numbers(last)
    return checkpoint["epoch"] + 1 >= checkpoint["train_args"]["epochs"]


def _is_of(path: Path, launch: Launch, asked: Mapping[str, Any]) -> bool:
    recorded = _read_record(path)
    return recorded.get("run_id") == launch.run_id and recorded.get("asked") == _as_text(asked)


def _read_record(path: Path) -> dict[str, Any]:
    """Return the record of a launch, empty if there is none or it is damaged, which is said."""
    try:
        return read_record(path, LaunchRecord) if path.exists() else {}
    except DataError as error:
        LOGGER.warning(make_visible(f"{error} It is passed over, and its run is not resumed."))
        return {}


def _as_text(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: str(value) for key, value in sorted(arguments.items()) if key not in FREE_ON_RESUME and value is not None
    }


def _numbers(path: Path) -> dict[str, Any]:
    """Return what a checkpoint says of itself.

    Raises:
        DataError: If it is torn or isn't there.
    """
    content = read_numbers(path)
    if content is None:
        raise DataError(f"{path} is torn or not a checkpoint of Ultralytics': copy it again, or remove it.")
    return content
