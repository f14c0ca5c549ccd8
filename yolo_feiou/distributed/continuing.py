"""A run that was cut off and is started again by the same command: after a lost process, or a requeued job."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from yolo_feiou.distributed.launch import Launch
from yolo_feiou.errors import ArgumentError
from yolo_feiou.tables import read_json, write_json
from yolo_feiou.training_arguments import HARMLESS

FILE = "torchrun.json"

#: Arguments in which the command that goes on with a run may differ from the one that began it.
FREE = (*HARMLESS, "resume", "save_dir", "mode", "cfg", "session", "exist_ok")


def sign(folder: Path, launch: Launch, asked: Mapping[str, Any]) -> None:
    """Note in a run's folder who trains it, in how many processes, and with what arguments."""
    write_json(folder / FILE, {"run_id": launch.run_id, "processes": launch.size, "asked": _asked(asked)})


def unfinished(project: Path, launch: Launch, asked: Mapping[str, Any]) -> Path | None:
    """Return the `last.pt` of the run in a folder of runs that this very command began and that isn't finished.

    It has the same `--rdzv-id` and the same arguments. torchrun's default id, 'none', says nothing by itself, but
    after a restart of the processes it does: then the newest such run is meant.

    Raises:
        ArgumentError: If the processes were started anew, and the run is finished.
    """
    if launch.run_id == "none" and not launch.restarts:
        return None
    signed = [path for path in project.glob(f"*/{FILE}") if _is(path, launch, asked)]
    if not signed:
        return None
    folder = max(signed, key=lambda path: path.stat().st_mtime).parent
    last = folder / "weights" / "last.pt"
    if _can_go_on(last):
        return last
    if launch.restarts:
        raise ArgumentError(f"{folder} is finished, and torchrun started it anew: nothing is left to do.")
    return None


def _is(path: Path, launch: Launch, asked: Mapping[str, Any]) -> bool:
    signed = read_json(path)
    return signed.get("run_id") == launch.run_id and signed.get("asked") == _asked(asked)


def _asked(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in sorted(arguments.items()) if key not in FREE and value is not None}


def _can_go_on(last: Path) -> bool:
    """Whether this is a whole checkpoint with what a training needs to go on."""
    try:
        return bool(torch.load(last, map_location="cpu", weights_only=False).get("optimizer"))
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
        return False


def trained(last: Path) -> bool:
    """Whether a checkpoint that `unfinished` returned is that of the last epoch."""
    checkpoint = torch.load(last, map_location="cpu", weights_only=False)
    return checkpoint["epoch"] + 1 >= checkpoint["train_args"]["epochs"]
