"""What is particular about RT-DETR's models, beside their criterion: `detr_loss.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor
from ultralytics.nn.tasks import RTDETRDetectionModel


def is_rtdetr(model: object) -> bool:
    """Return whether a network, as a checkpoint holds it, is one of RT-DETR's."""
    return isinstance(model, RTDETRDetectionModel)


def is_rtdetr_yaml(model: object) -> bool:
    """Return whether a model's name is that of a YAML of RT-DETR's, as Ultralytics' command tells them.

    Its `YOLO` knows them by their weights alone, and can't read their YAML, which names no task.
    """
    if not isinstance(model, (str, Path)):
        return False
    path = Path(model)
    return path.suffix.lower() in (".yaml", ".yml") and "rtdetr" in path.stem.lower()


def scale_to_file(boxes: Tensor, seen: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Return boxes in pixels of an image's file, clipped to it; RT-DETR stretches images, it doesn't pad them.

    Args:
        boxes: xyxy boxes in pixels of the image as the network sees it, shape (N, 4).
        seen: Its height and width.
        shape: Height and width of the file's image.
    """
    sides = boxes.new_tensor((shape[1], shape[0], shape[1], shape[0]))
    scaled = boxes * sides / boxes.new_tensor((seen[1], seen[0], seen[1], seen[0]))
    return scaled.minimum(sides).clamp(min=0)
