"""Checks of the training arguments that Ultralytics doesn't have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.build import STOCK, loss_to_train
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS


def check_extra_arguments(arguments: Mapping[str, Any]) -> BoxLoss | None:
    """Return the loss that training arguments swap in, None for 'stock', with all of ours checked.

    Args:
        arguments: Training arguments by name. Those of ours that are not there have their default.

    Raises:
        LossSpecError: If `loss` is wrong.
        ArgumentError: If `box_stats` is not a bool, or there is no loss of ours that it could look into.
    """
    ours = {**EXTRA_ARGUMENTS, **arguments}
    box_loss, box_stats = loss_to_train(ours["loss"]), ours["box_stats"]
    if not isinstance(box_stats, bool):
        raise ArgumentError(f"got box_stats={box_stats!r}: expected True or False.")
    if box_stats and box_loss is None and not ours.get("resume"):  # a resumed run's loss is in its checkpoint
        raise ArgumentError(
            f"box_stats=True looks into a loss of ours, got loss={STOCK}: add loss=ciou, which is that very loss."
        )
    return box_loss


def find_changed_arguments(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Return the names of our arguments that are asked for with another meaning than the one recorded.

    Raises:
        LossSpecError: If a `loss` is wrong.
    """
    both = [key for key in EXTRA_ARGUMENTS if key in asked and key in recorded]
    return [key for key in both if normalise_argument(key, asked[key]) != normalise_argument(key, recorded[key])]


def normalise_argument(key: str, value: Any) -> Any:
    """Return what is the same for two values that train alike: one loss has several spellings."""
    return str(loss_to_train(value)) if key == "loss" else value
