"""The checkpoints of a detector: what is in them beside what Lightning keeps, and how far a training got.

`weights/last.pt` is Lightning's, with all that a resume needs; `weights/best.pt` is a copy of the one with the highest
AP. What this package adds are plain numbers and words, so that none of it runs code when it is read.
"""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import torch

from yolo_feiou.detectors.config import CHECKPOINT_KEY as CONFIG
from yolo_feiou.errors import DataError
from yolo_feiou.framework import HALF, NEW, TRAINED, Progress
from yolo_feiou.storage.checkpoint_reader import has_key, read_numbers
from yolo_feiou.storage.tables import atomic_file

#: What Lightning needs to resume, and nobody else.
STATES = ("optimizer_states", "lr_schedulers", "loops", "callbacks", "MixedPrecision")


def is_detector_checkpoint(path: str | Path) -> bool:
    """Return whether a file is a checkpoint of a detector's; its tensors aren't read."""
    return has_key(Path(path), CONFIG)


def load_checkpoint(path: str | Path) -> dict[str, Any]:
    """Return what a checkpoint of a detector's holds, on the CPU.

    Raises:
        DataError: If it is none, or torn.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True) if is_detector_checkpoint(path) else None
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
        content = None
    if not isinstance(content, dict) or CONFIG not in content:
        raise DataError(f"{path} is torn, or no checkpoint of a detector's: copy it again, or train it again.")
    return content


def find_progress(folder: Path) -> Progress:
    """Return how far the training in a folder got; `best.pt` takes the place of a torn `last.pt`, and the reverse."""
    last_path, best_path = folder / "weights" / "last.pt", folder / "weights" / "best.pt"
    last, best = (read_numbers(path) if is_detector_checkpoint(path) else None for path in (last_path, best_path))
    note = ""
    if last is None:
        if not best or STATES[0] not in best:
            return Progress(NEW, 0, f"{last_path} is torn: the training starts over." if last_path.exists() else "")
        last, note = best, _replace(last_path, best_path)
    elif best is None or (last["part"] == last["best_part"] != best["part"]):  # it was killed between the two
        note = _replace(best_path, last_path)
    done, parts = last["part"], last["parts"]
    return Progress(TRAINED if done >= parts else HALF, done, note)


def copy_checkpoint(path: Path, other: Path) -> None:
    """Copy a checkpoint, as a whole or not at all."""
    with atomic_file(other) as part:
        shutil.copyfile(path, part)


def strip_checkpoints(folder: Path) -> None:
    """Take out of the checkpoints of a finished training what a resume alone needs."""
    for name in ("last.pt", "best.pt"):
        path = folder / "weights" / name
        content = load_checkpoint(path) if path.exists() else {}
        if any(key in content for key in STATES):
            with atomic_file(path) as part:
                torch.save({key: value for key, value in content.items() if key not in STATES}, part)


def _replace(path: Path, other: Path) -> str:
    copy_checkpoint(other, path)
    return f"{path} was missing, torn or left behind: replaced by {other.name}."
