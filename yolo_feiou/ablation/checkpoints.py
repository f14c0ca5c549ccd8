"""How far a training got, read from the checkpoints that it left, whatever it died of."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import torch
from ultralytics.utils.torch_utils import strip_optimizer

from yolo_feiou.ablation.store import RunFolder
from yolo_feiou.tables import whole

NEW, HALF, TRAINED = "new", "half", "trained"


def progress(folder: RunFolder) -> tuple[str, int, str]:
    """Return how far a training got, the number of finished epochs, and a line for the log if something was mended.

    Ultralytics writes `last.pt`, then `best.pt`, neither as a whole, so a process that is killed may leave a torn one,
    or a `best.pt` from before the epoch that `last.pt` calls the best. A torn checkpoint means that the training begins
    anew; a `best.pt` left behind is mended.
    """
    if not folder.last.exists():
        return NEW, 0, ""
    last, best = _read(folder.last), _read(folder.best)
    if last is None or (best is None and folder.best.exists()):
        torn = folder.last if last is None else folder.best
        return NEW, 0, f"{torn} is torn: the training begins anew."
    note = ""
    if last.get("optimizer") and (best is None or best.get("best_fitness") != last.get("best_fitness")):
        with whole(folder.best) as part:
            shutil.copyfile(folder.last, part)
        note = f"{folder.best} was left behind by the epoch that is the best: mended."
    epoch = last.get("epoch", -1)
    epochs = (last.get("train_args") or {}).get("epochs", 0)
    if epoch == -1 or last.get("optimizer") is None or epoch + 1 >= epochs:
        return TRAINED, epochs, note
    return HALF, epoch + 1, note


def strip(folder: RunFolder) -> None:
    """Make plain weights of the checkpoints of a finished training, as Ultralytics does when it ends by itself."""
    for path in (folder.last, folder.best):
        content = _read(path) if path.exists() else None
        if content and content.get("optimizer"):
            with whole(path) as part:
                strip_optimizer(path, str(part))


def clear(folder: RunFolder) -> None:
    """Remove what a training left, so that it can begin anew; what the ablation wrote stays."""
    ours = {"run.json", "lock", "log.txt"}
    for path in folder.path.iterdir():
        if path.name not in ours:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def trained_arguments(path: Path) -> dict[str, Any]:
    """Return the arguments that a checkpoint was trained with, as it records them."""
    return (_read(path) or {}).get("train_args") or {}


def _read(path: Path) -> dict[str, Any] | None:
    """Return a checkpoint, or None if it is torn or isn't there."""
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
        return None
