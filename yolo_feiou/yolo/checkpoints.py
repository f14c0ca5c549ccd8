"""How far a training of Ultralytics' got, read from the checkpoints that it left, whatever ended it."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import torch
from ultralytics.utils.torch_utils import strip_optimizer

from yolo_feiou.framework import HALF, NEW, TRAINED, Progress
from yolo_feiou.storage.checkpoint_reader import read_numbers
from yolo_feiou.storage.tables import atomic_file


def find_progress(folder: Path) -> Progress:
    """Return how far the training in a folder got.

    Our trainers write each checkpoint as a whole, `last.pt` and then `best.pt`. A process that is killed between the
    two leaves a `best.pt` from before the epoch that `last.pt` calls the best. A torn one, of other origin, is replaced
    by the other if the training can be resumed from that, otherwise the training starts over.
    """
    last_path, best_path = _paths(folder)
    last, best = read_numbers(last_path), read_numbers(best_path)
    if not any(checkpoint and checkpoint.get("optimizer") for checkpoint in (last, best)) and None in (last, best):
        torn = [path for path, read in ((last_path, last), (best_path, best)) if path.exists() and read is None]
        return Progress(NEW, 0, f"{torn[0]} is torn: the training starts over." if torn else "")
    note = ""
    if last is None:
        last, note = best or {}, _replace(last_path, best_path)
    elif last.get("optimizer") and (best is None or best.get("best_fitness") != last.get("best_fitness")):
        note = _replace(best_path, last_path)
    epoch = last.get("epoch", -1)
    epochs = (last.get("train_args") or {}).get("epochs", 0)
    if epoch == -1 or last.get("optimizer") is None or epoch + 1 >= epochs:
        return Progress(TRAINED, epochs, note)
    return Progress(HALF, epoch + 1, note)


def strip_checkpoints(folder: Path) -> None:
    """Make plain weights of the checkpoints of a finished training, as Ultralytics does when it ends by itself."""
    for path in _paths(folder):
        content = read_numbers(path) if path.exists() else None
        if content and content.get("optimizer"):
            with atomic_file(path) as part:
                strip_optimizer(path, str(part))


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """Return a checkpoint with its model, so with the code that it names run; None if it is torn or isn't there."""
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
        return None


def _paths(folder: Path) -> tuple[Path, Path]:
    """Return the paths of the checkpoints of the last and of the best epoch."""
    return folder / "weights" / "last.pt", folder / "weights" / "best.pt"


def _replace(path: Path, other: Path) -> str:
    """Put a copy of another checkpoint in the place of one, and return a line on it."""
    with atomic_file(path) as part:
        shutil.copyfile(other, part)
    return f"{path} was missing, torn or left behind: replaced by {other.name}."
