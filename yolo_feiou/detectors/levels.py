"""What an assigner takes: anchors by level, and the objects of an image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

#: How many anchors a location has of an object's candidates on a level: K of ATSS, and of PAA.
CANDIDATES = 9


def count_candidates(anchors_per_location: int) -> int:
    """Return how many candidates an object has on a level at most, 9 × anchors a location.

    Raises:
        ValueError: If a location has less than one anchor.
    """
    if anchors_per_location < 1:
        raise ValueError(f"got anchors_per_location={anchors_per_location!r}: expected an integer from 1 on")
    return CANDIDATES * anchors_per_location


def join_levels(anchors: Sequence[Tensor], boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the anchors of all levels, shape (ΣA, 4), and the boxes, both in one dtype, float32 or float64.

    In bfloat16 the edges of an anchor are off by up to 4 pixels, so that neither centres nor IoUs mean anything.

    Args:
        anchors: A tensor a level, xyxy in pixels, shape (A, 4); A may be 0.
        boxes: The objects, xyxy in pixels, shape (G, 4); G may be 0.

    Raises:
        TypeError: If the anchors are no sequence of tensors, or the boxes no tensor.
        ValueError: If one of them has another shape, or lies on another device.
    """
    if isinstance(anchors, Tensor) or not all(isinstance(level, Tensor) for level in anchors):
        kind = "a tensor" if isinstance(anchors, Tensor) else f"a {type(anchors).__name__} with other things"
        raise TypeError(f"got {kind} as anchors: expected a list with one tensor a level, each of shape (A, 4)")
    require_boxes("boxes", boxes)
    dtype = torch.promote_types(boxes.dtype, torch.float32)
    for number, level in enumerate(anchors):
        require_boxes(f"anchors[{number}]", level)
        dtype = torch.promote_types(dtype, level.dtype)
        if level.device != boxes.device:
            raise ValueError(
                f"got anchors[{number}] on {level.device} and boxes on {boxes.device}: expected one device"
            )
    joined = torch.cat([level.to(dtype) for level in anchors]) if anchors else boxes.new_empty((0, 4), dtype=dtype)
    return joined, boxes.to(dtype)


def require_boxes(name: str, boxes: Tensor) -> None:
    """Raise TypeError if boxes are no tensor, ValueError if their shape isn't (N, 4)."""
    if not isinstance(boxes, Tensor):
        raise TypeError(f"got {name} as {type(boxes).__name__}: expected a torch tensor of shape (N, 4)")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"got {name} of shape {tuple(boxes.shape)}: expected xyxy boxes of shape (N, 4)")
