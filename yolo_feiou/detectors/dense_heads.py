"""What ATSS and PAA share: one square anchor a location, and heads for the class, the box and the quality of a box."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.fcos import FCOSClassificationHead, FCOSRegressionHead
from torchvision.models.detection.image_list import ImageList

#: Pixels between two locations of each level, and the side of an anchor in them, if none is given.
STRIDES, ANCHOR_SCALE = (8, 16, 32, 64, 128), 8.0


class SquareAnchors(AnchorGenerator):
    """One square anchor a location, centred on the location's cell, in float32.

    torchvision's generator divides the image's size by the grid's, so that the strides of the coarse levels of an image
    of 800 × 1344 are 61 and 64 in place of 64, and takes the dtype of the features, in which bfloat16 moves anchors by
    up to 4 pixels.

    Args:
        scale: Side of an anchor, in strides.
        strides: Of the levels, in pixels.
    """

    def __init__(self, scale: float = ANCHOR_SCALE, strides: Sequence[int] = STRIDES) -> None:
        super().__init__(tuple((scale * stride,) for stride in strides), ((1.0,),) * len(strides))
        self.scale, self.strides = scale, tuple(strides)

    def forward(self, image_list: ImageList, feature_maps: list[Tensor]) -> list[Tensor]:
        """Return the anchors of each image, all levels together, xyxy, shape (A, 4)."""
        levels = []
        for stride, features in zip(self.strides, feature_maps, strict=True):
            height, width = features.shape[-2:]
            y, x = torch.meshgrid(
                *(torch.arange(count, device=features.device) for count in (height, width)), indexing="ij"
            )
            centres = (torch.stack((x, y), -1).reshape(-1, 2).float() + 0.5) * stride
            half = self.scale * stride / 2
            levels.append(torch.cat((centres - half, centres + half), 1))
        return [torch.cat(levels)] * len(image_list.image_sizes)


class LevelCoder(BoxCoder):
    """A box coder that decodes the boxes of a single level, as `FCOS` calls its own."""

    def __init__(self) -> None:
        super().__init__((10.0, 10.0, 5.0, 5.0))

    def decode(self, rel_codes: Tensor, boxes: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return boxes from deltas (N, 4) and anchors (N, 4), in float32."""
        return self.decode_single(rel_codes.float(), boxes.float())


class QualityHead(FCOSRegressionHead):
    """FCOS's tower with its two branches; deltas are scaled by a number that each level learns, and may be negative.

    Args:
        in_channels: Of the feature maps.
        levels: Their number.
    """

    def __init__(self, in_channels: int, levels: int) -> None:
        super().__init__(in_channels, 1)
        self.scales = nn.Parameter(torch.ones(levels))

    def forward(self, x: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return deltas, shape (B, ΣA, 4), and logits of the quality, shape (B, ΣA, 1)."""
        deltas, qualities = [], []
        for scale, features in zip(self.scales, x, strict=True):
            tower = self.conv(features)
            deltas.append((scale * self.bbox_reg(tower)).flatten(2).transpose(1, 2))
            qualities.append(self.bbox_ctrness(tower).flatten(2).transpose(1, 2))
        return torch.cat(deltas, 1), torch.cat(qualities, 1)


class DenseHead(nn.Module):
    """The heads of a detector with one anchor a location.

    Args:
        in_channels: Of the feature maps.
        num_classes: Number of classes, without a background.
        levels: Number of feature maps.
    """

    def __init__(self, in_channels: int, num_classes: int, levels: int) -> None:
        super().__init__()
        self.classification_head = FCOSClassificationHead(in_channels, 1, num_classes)
        self.regression_head = QualityHead(in_channels, levels)

    def forward(self, x: list[Tensor]) -> dict[str, Tensor]:
        """Return logits of classes, deltas, and logits of the quality, all levels together."""
        deltas, quality = self.regression_head(x)
        return {"cls_logits": self.classification_head(x), "bbox_regression": deltas, "bbox_ctrness": quality}
