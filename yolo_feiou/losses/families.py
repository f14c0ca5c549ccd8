"""The two families of losses: of axis-aligned boxes, and of rotated ones. A model has boxes of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from yolo_feiou.errors import LossSpecError, did_you_mean
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.table import ALIGNED_LOSSES, LOSSES, ROTATED_LOSSES, STOCK, Family, LossInfo

#: What kind of boxes the models of a task have, by Ultralytics' name of the task.
TASK_FAMILIES: Mapping[str, Family] = {
    "detect": "aligned",
    "segment": "aligned",
    "pose": "aligned",
    "obb": "rotated",
}
#: The losses of a family, by name.
FAMILY_LOSSES: Mapping[Family, Mapping[str, LossInfo]] = {"aligned": ALIGNED_LOSSES, "rotated": ROTATED_LOSSES}
#: What each family is called in messages.
FAMILY_BOXES: Mapping[Family, str] = {"aligned": "axis-aligned boxes", "rotated": "rotated boxes"}


def check_family(loss: BoxLoss, wanted: Family, what: str = "this model has") -> None:
    """Raise LossSpecError if a loss is of other boxes than those that there are, see `describe_other_family`."""
    if loss.family != wanted:
        raise LossSpecError(describe_other_family(loss, wanted, what))


def describe_other_family(loss: BoxLoss, wanted: Family, what: str = "this model has") -> str:
    """Return the message on a loss that is of other boxes than those that there are, with the losses that fit.

    Args:
        loss: The loss.
        wanted: The family of the boxes that there are.
        what: Whose boxes they are, as the start of 'this model has axis-aligned boxes'.
    """
    names = "+".join(term.partition(" (")[0] for term in loss.description.split(" + "))
    return (
        f"loss '{names}' is of {FAMILY_BOXES[loss.family]}, and {what} {FAMILY_BOXES[wanted]}: choose one of "
        f"{', '.join(FAMILY_LOSSES[wanted])}."
    )


def suggest_family(model: str, task: str = "") -> Family | None:
    """Return what kind of boxes a model has, by its task or its name; None where these don't tell.

    Args:
        model: A YAML or weights, as 'yolo11n-obb.pt'; any other name than Ultralytics' tells nothing.
        task: Ultralytics' name of its task, '' if it isn't given.
    """
    if task in TASK_FAMILIES:
        return TASK_FAMILIES[task]
    stem = Path(model).stem.lower()
    if "-obb" in stem:
        return "rotated"
    return "aligned" if stem.startswith(("yolo", "rtdetr")) else None


def describe_unknown_loss(name: str, family: Family | None = None) -> str:
    """Return the message on a name that no loss has, with the nearest one of those that fit.

    Args:
        name: The name.
        family: What kind of boxes there are; None for any, unless the name says that it is of rotated ones.
    """
    if family is None and any(mark in name.lower() for mark in ("rotate", "rotation", "obb")):
        family = "rotated"
    near = did_you_mean(name, [*(LOSSES if family is None else FAMILY_LOSSES[family]), STOCK])
    listed = " task=obb" if family == "rotated" else ""
    return f"unknown loss '{name}'{near} 'yolo losses{listed}' lists all."


def find_family(infos: Iterable[LossInfo], spec: str) -> Family | None:
    """Return the family of the losses in a sum; None if all are functions of a user's, which get what boxes there are.

    Args:
        infos: The losses.
        spec: The sum, for the message.

    Raises:
        LossSpecError: If they are not of one family.
    """
    names: dict[Family, list[str]] = {}
    for info in (info for info in infos if info.form != "user"):
        names.setdefault(info.family, []).append(info.name)
    if len(names) > 1:
        raise LossSpecError(
            f"loss '{spec}' adds losses of rotated boxes, {', '.join(names['rotated'])}, and of axis-aligned ones, "
            f"{', '.join(names['aligned'])}: a model has boxes of one kind, so name losses of one."
        )
    return next(iter(names), None)
