"""RetinaNet with a box loss: torchvision's model, with another head for the boxes."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torchvision.models.detection.retinanet import RetinaNet, RetinaNetHead, RetinaNetRegressionHead

from yolo_feiou.detectors.seam import BoxTerm, decode_positives, note_sizes, repeat_sizes


class RetinaNetBoxHead(RetinaNetRegressionHead):
    """torchvision's regression head; its loss is over all anchors that have an object, all images together.

    Args:
        in_channels: Of the feature maps.
        num_anchors: A location.
        box_term: The box term.
    """

    def __init__(self, in_channels: int, num_anchors: int, box_term: BoxTerm) -> None:
        super().__init__(in_channels, num_anchors)
        self.box_term = box_term

    def compute_loss(
        self,
        targets: list[dict[str, Tensor]],
        head_outputs: dict[str, Tensor],
        anchors: list[Tensor],
        matched_idxs: list[Tensor],
    ) -> Tensor:
        """Return the box term of a batch, see torchvision's."""
        deltas, bases, boxes = [], [], []
        for target, delta, base, matched in zip(
            targets, head_outputs["bbox_regression"], anchors, matched_idxs, strict=True
        ):
            positive = (matched >= 0).nonzero().squeeze(1)
            deltas.append(delta[positive])
            bases.append(base[positive])
            boxes.append(target["boxes"][matched[positive]])
        image = repeat_sizes(targets, [len(one) for one in boxes])
        return self.box_term(decode_positives(self.box_coder, deltas, bases, boxes, image=image))


def replace_box_loss(model: RetinaNet, box_term: BoxTerm) -> None:
    """Give a RetinaNet of torchvision's a head with a box term, with the weights that its own head has."""
    head = cast(RetinaNetHead, model.head)
    old = cast(RetinaNetRegressionHead, head.regression_head)
    last = cast(nn.Conv2d, old.bbox_reg)
    new = RetinaNetBoxHead(last.in_channels, last.out_channels // 4, box_term)
    new.conv, new.bbox_reg = old.conv, last
    head.regression_head = new
    model.transform.register_forward_hook(note_sizes)
