"""torchvision's detectors with their own box losses times a gain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from torchvision.models.detection.faster_rcnn import FasterRCNN
from torchvision.models.detection.mask_rcnn import MaskRCNN
from torchvision.models.detection.retinanet import RetinaNet


class ScaledLosses(nn.Module):
    """A mixin for a detector: what it returns in training is multiplied, each loss by its gain.

    Attributes:
        gains: Of losses by their keys; 1 for any other.
    """

    gains: Mapping[str, float] = {}

    def forward(self, *arguments: Any, **options: Any) -> Any:
        """Return losses in training, else detections, as torchvision does."""
        result = super().forward(*arguments, **options)
        if not self.training:
            return result
        return {key: self.gains[key] * loss if key in self.gains else loss for key, loss in result.items()}


class ScaledRetinaNet(ScaledLosses, RetinaNet):
    """RetinaNet with gains."""


class ScaledFasterRCNN(ScaledLosses, FasterRCNN):
    """Faster R-CNN with gains."""


class ScaledMaskRCNN(ScaledLosses, MaskRCNN):
    """Mask R-CNN with gains."""
