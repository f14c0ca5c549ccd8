"""A run that the same command began before: after a lost process, a requeued job, or a power cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from ultralytics.utils import LOGGER

from yolo_feiou.distributed.launch import Launch
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.escape import visible
from yolo_feiou.results.arguments import NEUTRAL_ARGUMENTS
from yolo_feiou.results.run_record import Start
from yolo_feiou.storage.checkpoints import read_numbers
from yolo_feiou.storage.locks import LockBusy, hold_lock
from yolo_feiou.storage.tables import read_record, write_json

FILE, LOCK = "torchrun.json", "torchrun.lock"

#: Arguments in which the command that goes on with a run may differ from the one that began it.
FREE = (*NEUTRAL_ARGUMENTS, "resume", "save_dir", "mode", "cfg", "session", "exist_ok")

#: What notes of version 0.1.0 told of the run, and `run_record.py` tells now.
OLD = ("processes", "machines", "sessions")

#: Seconds that the processes which replace others wait for the last of these to end.
PATIENCE = 60


class Note(msgspec.Struct):
    """`torchrun.json`; notes of earlier versions lack some."""

    run_id: str | None = None
    processes: Annotated[int, msgspec.Meta(ge=1)] = 1
    machines: Annotated[int, msgspec.Meta(ge=1)] = 1
    asked: dict[str, str] = {}
    sessions: list[Start] = []


@dataclass(frozen=True)
class Begun:
    """A run that was begun.

    Attributes:
        folder: Its folder.
        last: The checkpoint from which it goes on, or None if it has none yet.
        finished: Whether it has ended.
    """

    folder: Path
    last: Path | None = None
    finished: bool = False


def sign(folder: Path, launch: Launch, asked: Mapping[str, Any], resumes: bool = False) -> None:
    """Note in a run's folder by what it is found again: the name of its launch, and what was asked for.

    Args:
        folder: The run's.
        launch: Of rank 0.
        asked: The arguments as the command has them.
        resumes: Whether the run was begun before.
    """
    earlier = {key: value for key, value in _noted(folder / FILE).items() if key in OLD and resumes}
    write_json(folder / FILE, {"run_id": launch.run_id, "asked": _asked(asked), **earlier})


@contextmanager
def training(folder: Path, launch: Launch) -> Iterator[None]:
    """Keep other processes from training a run while the block lasts; not on file systems without locks.

    Raises:
        ArgumentError: If another one trains it, and doesn't end soon if it is one that these processes replace.
    """
    with ExitStack() as lock:
        try:
            with suppress(OSError):
                lock.enter_context(hold_lock(folder / LOCK, PATIENCE if launch.restarts else 0))
        except LockBusy:
            raise ArgumentError(
                f"{folder} is being trained by another process: wait for its end, or give this training another name "
                "and an id of its own."
            ) from None
        yield


def begun(project: Path, launch: Launch, asked: Mapping[str, Any]) -> Begun | None:
    """Return the run in a folder of runs that this very command began before.

    It has the same `--rdzv-id` and the same arguments; of several the newest is meant. One whose checkpoint is torn,
    which is of other origin since ours are written whole, is no such run.
    """
    signed = [path for path in project.glob(f"*/{FILE}") if _is(path, launch, asked)]
    if not signed:
        return None
    folder = max(signed, key=lambda path: path.stat().st_mtime).parent
    last, best = (folder / "weights" / name for name in ("last.pt", "best.pt"))
    if not last.exists() and not best.exists():
        return Begun(folder)
    checkpoint = read_numbers(last if last.exists() else best)
    if checkpoint is None:
        return None
    if not checkpoint.get("optimizer"):
        return Begun(folder, finished=True)
    return Begun(folder, last) if last.exists() else None


def trained(last: Path) -> bool:
    """Whether the checkpoint of a run that was begun is that of its last epoch."""
    checkpoint = _numbers(last)
    return checkpoint["epoch"] + 1 >= checkpoint["train_args"]["epochs"]


def _is(path: Path, launch: Launch, asked: Mapping[str, Any]) -> bool:
    signed = _noted(path)
    return signed.get("run_id") == launch.run_id and signed.get("asked") == _asked(asked)


def _noted(path: Path) -> dict[str, Any]:
    """Return a note, empty if there is none or it is damaged, which is said."""
    try:
        return read_record(path, Note) if path.exists() else {}
    except DataError as error:
        LOGGER.warning(visible(f"{error} It is passed over, and its run is not gone on with."))
        return {}


def _asked(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in sorted(arguments.items()) if key not in FREE and value is not None}


def _numbers(path: Path) -> dict[str, Any]:
    """Return what a checkpoint says of itself.

    Raises:
        DataError: If it is torn or isn't there.
    """
    content = read_numbers(path)
    if content is None:
        raise DataError(f"{path} is torn or no checkpoint of Ultralytics': copy it anew, or remove it.")
    return content
