"""Which box losses train which of Ultralytics' models, and why others have none."""

from __future__ import annotations

from pathlib import Path

from ultralytics.models import yolo
from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES

from yolo_feiou.errors import UnsupportedModelError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.families import TASK_FAMILIES, check_family
from yolo_feiou.losses.table import Family

#: Of a name that is no file's, those of Ultralytics' own models without weights.
YAML_SUFFIXES = (".yaml", ".yml")


def check_trainer(trainer: type | None, task: str, box_loss: BoxLoss | None) -> None:
    """Raise unless a trainer can train with a loss.

    Args:
        trainer: The class; None for one that Ultralytics hasn't got.
        task: What it trains for.
        box_loss: The loss; None is stock's, with which all do.

    Raises:
        LossSpecError: If the loss is of other boxes than the task.
        UnsupportedModelError: If it trains without a box term.
    """
    if box_loss is None:
        return
    if task not in TASK_FAMILIES:
        raise UnsupportedModelError(describe_unsupported(f"task '{task}'"))
    check_family(box_loss, TASK_FAMILIES[task])
    if trainer and issubclass(trainer, yolo.yoloe.YOLOEVPTrainer):
        raise UnsupportedModelError(
            f"loss= does nothing with {trainer.__name__}: with visual prompts Ultralytics trains the class term alone, "
            "and only logs the box term. Train with text prompts, or leave loss= out."
        )


def guess_family(model: str | None, task: str | None) -> Family | None:
    """Return what kind of boxes a model has, before it is loaded, or fetched; None where that isn't known yet.

    Args:
        model: As a command names it, None for Ultralytics' own for the task. The name of a file that is a user's says
            nothing.
        task: The task that a command names.
    """
    asked = TASK_FAMILIES.get(task) if task else None
    if not model:
        return asked or TASK_FAMILIES["detect"]
    path = Path(model)
    if path.exists() or (path.suffix not in YAML_SUFFIXES and path.name not in GITHUB_ASSETS_NAMES):
        return None
    named: Family = "rotated" if "-obb" in path.stem else "aligned"
    return named if asked in (None, named) else None


def describe_unsupported(what: str) -> str:
    """Return the message for a task or model whose training has no box term that could be swapped."""
    return (
        f"loss= does not work with {what}: it trains without a box term of Ultralytics' that could be swapped. Use a "
        f"model for {', '.join(TASK_FAMILIES)}, or leave loss= out."
    )
