"""What takes the place of RT-DETR's criterion: the same with another loss in the place of GIoU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.models.utils.loss import RTDETRDetectionLoss
from ultralytics.nn.modules.head import RTDETRDecoder
from ultralytics.utils.ops import xywh2xyxy

from yolo_feiou.errors import LossNotAppliedError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.boxes import upcast
from yolo_feiou.losses.user.registry import find_user_functions
from yolo_feiou.yolo.bbox_loss import Positives, Swapped


class SwappedDETRLoss(Swapped, RTDETRDetectionLoss):
    """Ultralytics' `RTDETRDetectionLoss` with another loss in the place of GIoU.

    Its gain is `loss_gain["giou"]`, 2, and not the argument `box`. What else is computed from boxes stays stock's own:
    the ℓ1 term, the costs by which predictions are matched, and the IoU that the class scores are to have.

    In a batch the loss is computed for the boxes that the encoder selects, for those of each decoder layer, and in
    training once more for each decoder layer's denoised boxes. Each of these calls has pairs, and a mean, of its own:
    with `norm=tal` and `norm=mean` Σ WL / N, since the matcher gives no scores, and with `norm=paper` Σ WL / Σ W of the
    N pairs of the call. (The last layer's pairs are the main output. With `box_stats` it alone is looked into, and it
    alone moves a running mean, once a batch.)

    Stock's boxes are in shares of the image. A loss gets them in pixels of the image as the network sees it, with the
    height and width that its batch has, so that what trains is what `on_positives` sees. RT-DETR stretches each image
    to that square, so one size holds for all pairs, and how large an object was in the file does not matter, as in
    YOLO, whose mosaics have no such size at all.

    Args:
        stock: The criterion whose place this one takes.
        box_loss: The loss.
    """

    def __init__(self, stock: RTDETRDetectionLoss, box_loss: BoxLoss) -> None:
        super().__init__(box_loss)
        not_stocks = vars(Swapped(box_loss))
        for name, value in {**vars(stock), **dict(stock.named_children())}.items():
            if name not in not_stocks:
                setattr(self, name, value)
        self.counts_positives = True  # by itself: it is given the objects of each batch
        self._is_main = False  # whether the pairs that come next are the main output's

    @property
    def batches(self) -> int:
        """How many batches have come to it since `reset`; it computes its loss several times for each."""
        return self.assignments

    def forward(
        self,
        preds: tuple[Tensor, Tensor],
        batch: dict[str, Any],
        dn_bboxes: Tensor | None = None,
        dn_scores: Tensor | None = None,
        dn_meta: dict[str, Any] | None = None,
    ) -> dict[str, Tensor]:
        """Return all loss terms of a batch by name, and count how often the box loss must be computed for them.

        Args:
            preds: Boxes, cxcywh in shares of the image, shape (L, B, queries, 4) for L layers, the encoder first; and
                class scores.
            batch: Its objects: `cls`, `bboxes`, and their number for each image, `gt_groups`.
            dn_bboxes: Denoised boxes, one layer fewer, None if there are none.
            dn_scores: Their class scores.
            dn_meta: What belongs to which object.
        """
        self.assignments += 1
        if any(batch["gt_groups"]):
            outputs = [preds[0]] if dn_meta is None or dn_bboxes is None else [preds[0], dn_bboxes]
            self.owed += sum(len(boxes) if self.aux_loss else 1 for boxes in outputs)
        self._is_main = True  # stock begins with it
        return super().forward(preds, batch, dn_bboxes, dn_scores, dn_meta)

    def _get_loss_bbox(self, pred_bboxes: Tensor, gt_bboxes: Tensor, postfix: str = "") -> dict[str, Any]:
        """Return both box terms of N matched pairs, cxcywh in shares of an image, shape (N, 4).

        Without pairs both are stock's 0, which newer releases attach to the graph; a loss with a state is told
        nevertheless, since all processes must take part in each update.
        """
        terms = super()._get_loss_bbox(pred_bboxes, gt_bboxes, postfix)
        is_main, self._is_main = self._is_main, False
        pred, target = to_corners(pred_bboxes), to_corners(gt_bboxes)
        if is_main and self.box_loss.has_state and torch.is_grad_enabled():
            self.box_loss.observe(pred, target)
        if not len(gt_bboxes):
            return terms
        self._count(pred_bboxes)
        positives = Positives(pred, target, torch.ones_like(pred[:, 0]), float(len(pred)))
        positives = self._in_pixels(positives)
        terms[f"loss_giou{postfix}"] = self.loss_gain["giou"] * positives.mean(self.box_loss)
        if is_main and self.on_positives:
            self.on_positives(positives)
        return terms

    def _in_pixels(self, positives: Positives) -> Positives:
        """Return pairs in pixels; as they are if nobody has told the size of the images, and no loss hangs on units."""
        if self.image is None:
            if not (self.box_loss.needs_units or find_user_functions(self.box_loss)):
                return positives
            raise LossNotAppliedError(
                f"{self.box_loss.description} is in pixels, and nothing has told {type(self).__name__} the size of the "
                "images: train with RTDETRTrainer, or set `image` to their height and width."
            )
        height, width = self.image
        sides = positives.pred.new_tensor((width, height, width, height))
        return positives._replace(pred=positives.pred * sides, target=positives.target * sides, image=self.image)


def to_corners(boxes: Tensor) -> Tensor:
    """Return cxcywh boxes, shape (N, 4), as xyxy in float32 or better: half precision would round the corners."""
    return xywh2xyxy(upcast(boxes, torch.promote_types(boxes.dtype, torch.float32)))


def describe_layers(model: nn.Module, compiled: object = False) -> str:
    """Return in how many outputs RT-DETR computes its box loss, in brackets; '' for another model.

    Args:
        model: The model.
        compiled: The training's argument `compile`; with it Ultralytics gives the model no objects to denoise.
    """
    heads = [module for module in model.modules() if isinstance(module, RTDETRDecoder)]
    if not heads:
        return ""
    count = heads[0].num_decoder_layers
    denoising = f", {count} of denoising" if heads[0].num_denoising and not compiled else ""
    return f" (the encoder, {count} decoder layers{denoising})"
