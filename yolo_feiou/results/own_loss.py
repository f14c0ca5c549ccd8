"""The box loss that a run's model has of its own, and what gradients were measured beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from yolo_feiou.losses.build import STOCK
from yolo_feiou.losses.spec import scale_spec
from yolo_feiou.results.main_metric import MAP_OBB, find_main_metric

#: What the losses are called that the gradients of others are measured beside.
REFERENCE_NAMES: Mapping[str, str] = {"ciou": "CIoU", "probiou": "ProbIoU", "giou": "GIoU"}


def find_own_loss(row: Mapping[str, Any]) -> str:
    """Return the loss that the model of a run has of its own: ciou, giou of RT-DETR, probiou of oriented boxes.

    Args:
        row: The row of a finished run. For detectors beside YOLO it is 'stock': each has its own.
    """
    if row.get("detector"):
        return STOCK
    if find_main_metric(row) == MAP_OBB:
        return "probiou"
    return "giou" if is_rtdetr_run(row) else "ciou"


def is_rtdetr_run(row: Mapping[str, Any]) -> bool:
    """Return whether a run of Ultralytics' trained RT-DETR, in which `box` is not the gain of the box loss.

    `box_used` says so, empty for RT-DETR alone; without that column it is the model's name, as Ultralytics tells them.
    """
    if row.get("detector") or row.get("box_used") is not None:
        return False
    return "box_used" in row or "rtdetr" in Path(str(row.get("model") or "")).stem.lower()


def find_gradient_reference(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the loss that those of a preflight were measured beside, as its rows say.

    Rows of an earlier version don't: there it was ProbIoU, which is of rotated boxes alone, or CIoU.
    """
    named = next((str(row["reference"]) for row in rows if row.get("reference")), "")
    return named or ("probiou" if any(row["loss"] == "probiou" for row in rows) else "ciou")


def name_gradient_reference(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the name for people of the loss that those of a preflight were measured beside: CIoU."""
    reference = find_gradient_reference(rows)
    return REFERENCE_NAMES.get(reference, reference)


def spell_factor(loss: str, ratio: float) -> str:
    """Return the argument that gives a loss a gradient of the reference's size where `box` does nothing.

    Args:
        loss: Its spec. 'stock' is giou there: in RT-DETR.
        ratio: Its gradient norm as a multiple of the reference's.
    """
    return f"losses={scale_spec('giou' if loss == STOCK else loss, 1 / ratio)}"
