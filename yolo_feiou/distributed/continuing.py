"""A run that the same command began before: after a lost process, a requeued job, or a power cut."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from yolo_feiou.distributed.launch import Launch
from yolo_feiou.errors import ArgumentError
from yolo_feiou.locks import held, is_held
from yolo_feiou.tables import Row, read_json, write_json
from yolo_feiou.training_arguments import HARMLESS

FILE, LOCK = "torchrun.json", "torchrun.lock"

#: Arguments in which the command that goes on with a run may differ from the one that began it.
FREE = (*HARMLESS, "resume", "save_dir", "mode", "cfg", "session", "exist_ok")


#: Seconds that the processes which replace others wait for the last of these to end.
PATIENCE = 60


@dataclass(frozen=True)
class Begun:
    """A run that was begun.

    Attributes:
        folder: Its folder.
        last: The checkpoint from which it goes on, or None if it has none yet.
        epochs: How many epochs are done by then.
        finished: Whether it has ended.
    """

    folder: Path
    last: Path | None = None
    epochs: int = 0
    finished: bool = False


def sign(folder: Path, launch: Launch, asked: Mapping[str, Any], session: Row) -> None:
    """Note in a run's folder who trains it, in how many processes, with what arguments, and by what code.

    Args:
        folder: The run's.
        launch: Of rank 0.
        asked: The arguments as the command has them.
        session: The entry of this start, see `provenance.session`; those of earlier ones stay.
    """
    before = read_json(folder / FILE).get("sessions", []) if session["first_epoch"] > 1 else []
    content = {"run_id": launch.run_id, "processes": launch.size, "machines": launch.machines, "asked": _asked(asked)}
    write_json(folder / FILE, {**content, "sessions": [*before, session]})


@contextmanager
def training(folder: Path) -> Iterator[None]:
    """Let others see that a run is being trained, while the block lasts; not on file systems without locks."""
    with ExitStack() as lock:
        with suppress(OSError):
            lock.enter_context(held(folder / LOCK, PATIENCE))
        yield


def begun(project: Path, launch: Launch, asked: Mapping[str, Any]) -> Begun | None:
    """Return the run in a folder of runs that this very command began before.

    It has the same `--rdzv-id` and the same arguments. torchrun's default id, 'none', says nothing by itself, but
    after a restart of the processes it does: then the newest such run is meant. One whose checkpoint is torn, which is
    of other origin since ours are written whole, is no such run.

    Raises:
        ArgumentError: If another process is training it.
    """
    if launch.run_id == "none" and not launch.restarts:
        return None
    signed = [path for path in project.glob(f"*/{FILE}") if _is(path, launch, asked)]
    if not signed:
        return None
    folder = max(signed, key=lambda path: path.stat().st_mtime).parent
    if _is_trained_elsewhere(folder, PATIENCE if launch.restarts else 0):
        raise ArgumentError(
            f"{folder} is being trained by another process with the same id, '{launch.run_id}', and arguments: wait "
            "for its end, or give this training an id of its own."
        )
    last = folder / "weights" / "last.pt"
    if not last.exists():
        return Begun(folder)
    checkpoint = _read(last)
    if checkpoint is None:
        return None
    if not checkpoint.get("optimizer"):
        return Begun(folder, finished=True)
    return Begun(folder, last, checkpoint["epoch"] + 1)


def trained(last: Path) -> bool:
    """Whether the checkpoint of a run that was begun is that of its last epoch."""
    checkpoint = torch.load(last, map_location="cpu", weights_only=False)
    return checkpoint["epoch"] + 1 >= checkpoint["train_args"]["epochs"]


def _is_trained_elsewhere(folder: Path, patience: float) -> bool:
    """Whether another process trains a run, and doesn't end within some seconds."""
    until = time.monotonic() + patience
    with suppress(OSError):
        while is_held(folder / LOCK):
            if time.monotonic() >= until:
                return True
            time.sleep(0.5)
    return False


def _is(path: Path, launch: Launch, asked: Mapping[str, Any]) -> bool:
    signed = read_json(path)
    return signed.get("run_id") == launch.run_id and signed.get("asked") == _asked(asked)


def _asked(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in sorted(arguments.items()) if key not in FREE and value is not None}


def _read(path: Path) -> dict[str, Any] | None:
    """Return a checkpoint, or None if it is torn."""
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
        return None
