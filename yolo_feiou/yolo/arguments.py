"""Checks of the training arguments that Ultralytics doesn't have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.build import STOCK, identify_loss, loss_to_train
from yolo_feiou.losses.table import Family
from yolo_feiou.losses.user.sources import using_copies
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS, NEUTRAL_ARGUMENTS

#: What is the same as stock's, for messages that don't know the model.
OWN_LOSSES = "loss=ciou, which is that very loss (loss=giou with RT-DETR, loss=probiou with oriented boxes)"


def check_extra_arguments(
    arguments: Mapping[str, Any], family: Family | None = None, near: Family | None = None
) -> BoxLoss | None:
    """Return the loss that training arguments swap in, None for 'stock', with all of ours checked.

    Whether the model has a box term is another check, `families.check_trainer`.

    Args:
        arguments: Training arguments by name. Those of ours that are not there have their default.
        family: What kind of boxes the model has; None where that isn't known yet, or it has none.
        near: What kind it seems to have, by which a misspelled name is put right where `family` is None.

    Raises:
        LossSpecError: If `loss` is wrong, or of other boxes.
        ArgumentError: If a user's loss can't be loaded, `box_stats` or `check` is not a bool, or there is no loss of
            ours that `box_stats` could look into.
    """
    ours = {**EXTRA_ARGUMENTS, **arguments}
    box_loss, box_stats = loss_to_train(ours["loss"], family, near), ours["box_stats"]
    for key in ("box_stats", "check"):
        if not isinstance(ours[key], bool):
            raise ArgumentError(f"got {key}={ours[key]!r}: expected True or False.")
    if box_stats and box_loss is None and not ours.get("resume"):  # a resumed run's loss is in its checkpoint
        own = "loss=probiou, which is that very loss" if (family or near) == "rotated" else OWN_LOSSES
        raise ArgumentError(f"box_stats=True looks into a loss of ours, got loss={STOCK}: add {own}.")
    return box_loss


def find_changed_arguments(
    recorded: Mapping[str, Any], asked: Mapping[str, Any], copies: Path | None = None
) -> list[str]:
    """Return the names of our arguments that are asked for with another meaning than the one recorded.

    Args:
        recorded: Those of a run that was begun.
        asked: Those that are given now.
        copies: The folder of the copies of the run's losses, see `using_copies`.

    Raises:
        LossSpecError: If a `loss` is wrong.
        ArgumentError: If a user's loss can't be loaded.
    """
    changed = []
    for key in EXTRA_ARGUMENTS:
        if key not in asked or key not in recorded or (key in NEUTRAL_ARGUMENTS and key != "box_stats"):
            continue
        with using_copies(copies):
            begun_with = normalise_argument(key, recorded[key])
        if normalise_argument(key, asked[key]) != begun_with:
            changed.append(key)
    return changed


def normalise_argument(key: str, value: Any) -> Any:
    """Return what is the same for two values that train alike: one loss has several spellings."""
    return identify_loss(value) if key == "loss" else value
