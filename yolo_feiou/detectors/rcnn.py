"""Faster and Mask R-CNN with a box loss: torchvision's models, with another box loss in the head of regions."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.faster_rcnn import FasterRCNN
from torchvision.models.detection.roi_heads import RoIHeads

from yolo_feiou.detectors.seam import BoxTerm, Positives, decode_positives, note_sizes, repeat_sizes

#: What `RoIHeads` is made from, and where an object of it has that.
_ARGUMENTS = {
    "box_roi_pool": "box_roi_pool",
    "box_head": "box_head",
    "box_predictor": "box_predictor",
    "fg_iou_thresh": "proposal_matcher.high_threshold",
    "bg_iou_thresh": "proposal_matcher.low_threshold",
    "batch_size_per_image": "fg_bg_sampler.batch_size_per_image",
    "positive_fraction": "fg_bg_sampler.positive_fraction",
    "bbox_reg_weights": "box_coder.weights",
    "score_thresh": "score_thresh",
    "nms_thresh": "nms_thresh",
    "detections_per_img": "detections_per_img",
    "mask_roi_pool": "mask_roi_pool",
    "mask_head": "mask_head",
    "mask_predictor": "mask_predictor",
}


class BoxRoIHeads(RoIHeads):
    """torchvision's heads; the box loss is over the sampled regions that have an object, all images together.

    Stock's smooth ℓ1 is computed inside `forward` by a function that can't be replaced without a patch, and dropped.

    Args:
        box_term: The box term.
        **arguments: Those of `RoIHeads`.
    """

    def __init__(self, box_term: BoxTerm, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.box_term = box_term
        self._sampled: tuple[list[Tensor], list[Tensor], list[Tensor], list[dict[str, Any]]] | None = None

    def select_training_samples(
        self, proposals: list[Tensor], targets: list[dict[str, Tensor]] | None
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]:
        """Sample as torchvision does, and remember regions, labels and objects."""
        sampled, matched, labels, regression_targets = super().select_training_samples(proposals, targets)
        assert targets is not None  # or super() would have raised
        boxes = [
            target["boxes"][index] if len(target["boxes"]) else index.new_zeros((len(index), 4)).float()
            for target, index in zip(targets, matched, strict=True)
        ]
        self._sampled = (sampled, labels, boxes, targets)
        return sampled, matched, labels, regression_targets

    def forward(
        self,
        features: dict[str, Tensor],
        proposals: list[Tensor],
        image_shapes: list[tuple[int, int]],
        targets: list[dict[str, Tensor]] | None = None,
    ) -> tuple[list[dict[str, Tensor]], dict[str, Tensor]]:
        """Return detections and losses as torchvision does, with the box term in place of its own."""
        regressed: list[Tensor] = []
        hook = self.box_predictor.register_forward_hook(lambda _, __, output: regressed.append(output[1]))
        try:
            result, losses = super().forward(features, proposals, image_shapes, targets)
        finally:
            hook.remove()
        if self.training:
            losses["loss_box_reg"] = self.box_term(self._collect(regressed[0]))
        return result, losses

    def _collect(self, deltas: Tensor) -> Positives:
        assert self._sampled is not None
        sampled, self._sampled = self._sampled, None
        regions, labels, boxes = map(torch.cat, sampled[:3])
        image = repeat_sizes(sampled[3], [len(one) for one in sampled[0]])
        positive = (labels > 0).nonzero().squeeze(1)
        own = deltas.reshape(len(labels), -1, 4)[positive, labels[positive]]  # those of the object's class
        return decode_positives(
            self.box_coder,
            [own],
            [regions[positive]],
            [boxes[positive]],
            total=float(len(labels)),
            image=None if image is None else image[:, positive],
        )


def read_arguments(module: nn.Module, paths: Mapping[str, str]) -> dict[str, Any]:
    """Return what a module was made from: the names of arguments, and where it keeps each."""
    return {name: attrgetter(path)(module) for name, path in paths.items()}


def replace_box_loss(model: FasterRCNN, box_term: BoxTerm) -> None:
    """Give a Faster or Mask R-CNN of torchvision's heads with a box term, all else as its own heads have it."""
    model.roi_heads = BoxRoIHeads(box_term, **read_arguments(model.roi_heads, _ARGUMENTS))
    model.transform.register_forward_hook(note_sizes)
