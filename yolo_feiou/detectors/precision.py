"""Anchors, deltas and the smallest maps in float32 under autocast, whatever the dtype of the features."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.ops.feature_pyramid_network import LastLevelP6P7


class FloatAnchors(AnchorGenerator):
    """torchvision's anchors in float32: it takes the features' dtype, and bfloat16 moves them by up to 4 pixels."""

    def forward(self, image_list: ImageList, feature_maps: list[Tensor]) -> list[Tensor]:
        """Return the anchors of each image, all levels together, xyxy, shape (A, 4)."""
        # It looks at shapes, device and dtype alone: these have one number each.
        shapes = [torch.empty((), device=features.device).expand(features.shape) for features in feature_maps]
        return super().forward(image_list, shapes)


class FloatP6P7(LastLevelP6P7):
    """torchvision's P6 and P7 in float32: on CPUs the bfloat16 gradient of a map of one cell holds what lay in memory.

    That is a fault of oneDNN's convolution with a stride of 2, and gives NaN by chance for images up to 64 pixels. The
    maps are so small that float32 costs nothing.
    """

    def forward(self, p: list[Tensor], c: list[Tensor], names: list[str]) -> tuple[list[Tensor], list[str]]:
        """Return the pyramid's maps with P6 and P7, and their names, as torchvision does."""
        with torch.autocast(p[-1].device.type, enabled=False):
            made, names = super().forward([p[-1].float()], [c[-1].float()], names)
        return [*p, *made[1:]], names


def raise_outputs(*heads: nn.Module) -> None:
    """Let heads give their outputs in float32, so that torchvision decodes boxes in it.

    It casts anchors and proposals to the deltas' dtype: at 1,200 pixels float16 has steps of a pixel, bfloat16 of 8. In
    float32 nothing changes.
    """
    for head in heads:
        head.register_forward_hook(_raise)


def _raise(_: nn.Module, __: object, output: Any) -> Any:
    if isinstance(output, Tensor):
        return output.float()
    if isinstance(output, dict):
        return {key: _raise(_, __, value) for key, value in output.items()}
    return type(output)(_raise(_, __, value) for value in output)
