"""Which gains of losses do something in the trainings of which of Ultralytics' models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Gain(NamedTuple):
    """The gain of a loss that not all models have.

    Attributes:
        tasks: Ultralytics' names of the tasks whose models have that loss.
        reason: Why the gain does nothing in others.
        head: The attribute that the head of such a model has too, '' for none.
    """

    tasks: tuple[str, ...]
    reason: str
    head: str = ""


#: By argument; `box`, `cls` and `dfl` are gains in all models that have boxes, but for RT-DETR.
GAINS: Mapping[str, Gain] = {
    "pose": Gain(("pose",), "models for pose alone have a loss of key points"),
    "kobj": Gain(("pose",), "models for pose alone have a loss of the visibility of key points"),
    "rle": Gain(("pose",), "YOLO26's models for pose alone have an RLE loss of key points", "flow_model"),
    "angle": Gain(("obb",), "models of oriented boxes alone have a loss of angles"),
    **dict.fromkeys(("dlog", "dgrad", "dlam"), Gain(("depth",), "models for depth alone have a loss of depth")),
}
#: Those of RT-DETR that do nothing beside these, and why.
RTDETR_IGNORED = {
    "box": "the gain of RT-DETR's box loss is its criterion's own, 2",
    "cls": "the gain of RT-DETR's class loss is its criterion's own, 1",
    "dfl": "RT-DETR has no DFL",
}


def list_ignored_gains(task: str, network: Any = None) -> dict[str, str]:
    """Return the gains of losses that a task's models, or one of them, don't have, and why.

    Args:
        task: Ultralytics' name of the task.
        network: The model's network; without it, what hangs on the head counts as there.
    """
    layers = getattr(network, "model", None)

    def has(gain: Gain) -> bool:
        in_head = not gain.head or layers is None or getattr(layers[-1], gain.head, None) is not None
        return task in gain.tasks and in_head

    return {key: gain.reason for key, gain in GAINS.items() if not has(gain)}
