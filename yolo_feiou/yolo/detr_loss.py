"""What takes the place of RT-DETR's criterion: the same with another loss in the place of GIoU."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from ultralytics.models.utils.loss import RTDETRDetectionLoss
from ultralytics.utils.ops import xywh2xyxy

from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.yolo.bbox_loss import Swapped


class SwappedDETRLoss(Swapped, RTDETRDetectionLoss):
    """Ultralytics' `RTDETRDetectionLoss` with another loss in the place of GIoU.

    Its gain is `loss_gain["giou"]`, 2, and not the argument `box`. What else is computed from boxes stays stock's own:
    the ℓ1 term, the costs by which predictions are matched, and the IoU that the class scores are to have.

    Args:
        stock: The criterion whose place this one takes.
        box_loss: The loss.
    """

    def __init__(self, stock: RTDETRDetectionLoss, box_loss: BoxLoss) -> None:
        super().__init__(box_loss)
        attributes = {name: value for name, value in vars(stock).items() if name not in vars(Swapped(box_loss))}
        for name, value in {**attributes, **dict(stock.named_children())}.items():
            if name != "box_loss":
                setattr(self, name, value)

    def _get_loss_bbox(self, pred_bboxes: Tensor, gt_bboxes: Tensor, postfix: str = "") -> dict[str, Any]:
        """Return both box terms of the pairs of a decoder layer; boxes are cxcywh in shares of an image."""
        terms = super()._get_loss_bbox(pred_bboxes, gt_bboxes, postfix)
        if len(gt_bboxes):
            self.calls += 1
            value = self.box_loss.mean(xywh2xyxy(pred_bboxes), xywh2xyxy(gt_bboxes))
            terms[f"loss_giou{postfix}"] = self.loss_gain["giou"] * value
        return terms
