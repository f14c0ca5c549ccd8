"""The region proposal network of Faster and Mask R-CNN with a box loss: an option."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler
from torchvision.models.detection.faster_rcnn import FasterRCNN
from torchvision.models.detection.rpn import RegionProposalNetwork

from yolo_feiou.detectors.rcnn import read_arguments
from yolo_feiou.detectors.seam import BoxTerm, decode_positives, note_sizes, repeat_sizes

#: What `RegionProposalNetwork` is made from, and where an object of it has that.
_ARGUMENTS = {
    "anchor_generator": "anchor_generator",
    "head": "head",
    "fg_iou_thresh": "proposal_matcher.high_threshold",
    "bg_iou_thresh": "proposal_matcher.low_threshold",
    "batch_size_per_image": "fg_bg_sampler.batch_size_per_image",
    "positive_fraction": "fg_bg_sampler.positive_fraction",
    "pre_nms_top_n": "_pre_nms_top_n",
    "post_nms_top_n": "_post_nms_top_n",
    "nms_thresh": "nms_thresh",
    "score_thresh": "score_thresh",
}


class RememberingSampler(BalancedPositiveNegativeSampler):
    """torchvision's sampler, which keeps its last sample: it is drawn within the loss, and must be drawn once."""

    _sample: tuple[list[Tensor], list[Tensor]] | None = None

    def __call__(self, matched_idxs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Return masks of the sampled positives and negatives of each image."""
        self._sample = super().__call__(matched_idxs)
        return self._sample

    def take(self) -> tuple[list[Tensor], list[Tensor]]:
        """Return the last sample, and forget it."""
        assert self._sample is not None
        sample, self._sample = self._sample, None
        return sample


class BoxRPN(RegionProposalNetwork):
    """torchvision's network; the box loss is over the sampled positive anchors, all images together.

    Stock's smooth ℓ1 is computed inside `compute_loss`, and dropped.

    Args:
        box_term: The box term.
        **arguments: Those of `RegionProposalNetwork`.
    """

    def __init__(self, box_term: BoxTerm, **arguments: Any) -> None:
        super().__init__(**arguments)
        old = self.fg_bg_sampler
        self.fg_bg_sampler = RememberingSampler(old.batch_size_per_image, old.positive_fraction)
        self.box_term = box_term
        self._matched: tuple[list[Tensor], list[Tensor], list[dict[str, Any]]] | None = None

    def assign_targets_to_anchors(
        self, anchors: list[Tensor], targets: list[dict[str, Tensor]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Match as torchvision does, and remember anchors, objects and targets."""
        labels, boxes = super().assign_targets_to_anchors(anchors, targets)
        self._matched = anchors, boxes, targets
        return labels, boxes

    def compute_loss(
        self, objectness: Tensor, pred_bbox_deltas: Tensor, labels: list[Tensor], regression_targets: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return the loss of the objectness as torchvision does, and the box term."""
        loss, _ = super().compute_loss(objectness, pred_bbox_deltas, labels, regression_targets)
        assert self._matched is not None
        (anchors, boxes, targets), self._matched = self._matched, None
        sampled = self.fg_bg_sampler.take()
        places = [mask.nonzero().squeeze(1) for mask in sampled[0]]
        deltas = pred_bbox_deltas.split([len(one) for one in anchors])
        positives = decode_positives(
            self.box_coder,
            [one[place] for one, place in zip(deltas, places, strict=True)],
            [one[place] for one, place in zip(anchors, places, strict=True)],
            [one[place] for one, place in zip(boxes, places, strict=True)],
            total=torch.cat(sampled[0] + sampled[1]).sum().float(),
            image=repeat_sizes(targets, [len(place) for place in places]),
        )
        return loss, self.box_term(positives)


def replace_rpn_loss(model: FasterRCNN, box_term: BoxTerm) -> None:
    """Give a Faster or Mask R-CNN of torchvision's a proposal network with a box term, all else as its own has it."""
    model.rpn = BoxRPN(box_term, **read_arguments(model.rpn, _ARGUMENTS))
    model.transform.register_forward_hook(note_sizes)
