"""How far a training got, read from the checkpoints that it left, whatever it died of."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import torch
from ultralytics.utils.torch_utils import strip_optimizer

from yolo_feiou.ablation.store import RunFolder
from yolo_feiou.storage.tables import whole
from yolo_feiou.yolo.checkpoint_numbers import read_numbers

NEW, HALF, TRAINED = "new", "half", "trained"


def progress(folder: RunFolder) -> tuple[str, int, str]:
    """Return how far a training got, the number of finished epochs, and a line for the log if something was mended.

    Our trainers write each checkpoint as a whole, `last.pt` and then `best.pt`. A process that is killed between the
    two leaves a `best.pt` from before the epoch that `last.pt` calls the best. A torn one, of other origin, is replaced
    by the other if that can be gone on with, otherwise the training begins anew.
    """
    last, best = read_numbers(folder.last), read_numbers(folder.best)
    if not any(checkpoint and checkpoint.get("optimizer") for checkpoint in (last, best)) and None in (last, best):
        torn = [path for path, read in ((folder.last, last), (folder.best, best)) if path.exists() and read is None]
        return NEW, 0, f"{torn[0]} is torn: the training begins anew." if torn else ""
    note = ""
    if last is None:
        last, note = best, _replace(folder.last, folder.best)
    elif last.get("optimizer") and (best is None or best.get("best_fitness") != last.get("best_fitness")):
        note = _replace(folder.best, folder.last)
    epoch = last.get("epoch", -1)
    epochs = (last.get("train_args") or {}).get("epochs", 0)
    if epoch == -1 or last.get("optimizer") is None or epoch + 1 >= epochs:
        return TRAINED, epochs, note
    return HALF, epoch + 1, note


def strip(folder: RunFolder) -> None:
    """Make plain weights of the checkpoints of a finished training, as Ultralytics does when it ends by itself."""
    for path in (folder.last, folder.best):
        content = read_numbers(path) if path.exists() else None
        if content and content.get("optimizer"):
            with whole(path) as part:
                strip_optimizer(path, str(part))


def trained_arguments(path: Path) -> dict[str, Any]:
    """Return the arguments that a checkpoint was trained with, as it records them."""
    return (read_numbers(path) or {}).get("train_args") or {}


def _replace(path: Path, other: Path) -> str:
    """Put a copy of another checkpoint in the place of one, and return a line on it."""
    with whole(path) as part:
        shutil.copyfile(other, part)
    return f"{path} was missing, torn or left behind: replaced by {other.name}."


def read_checkpoint(path: Path) -> dict[str, Any] | None:
    """Return a checkpoint with its model, so with the code that it names run; None if it is torn or isn't there."""
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
        return None
