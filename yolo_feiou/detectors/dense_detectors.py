"""ATSS and PAA as models: FCOS of torchvision's with other anchors, heads, positives and losses."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torchvision.models.detection.fcos import FCOS
from torchvision.ops import batched_nms, clip_boxes_to_image, sigmoid_focal_loss

from yolo_feiou.detectors import atss, paa
from yolo_feiou.detectors.dense_heads import ANCHOR_SCALE, DenseHead, LevelCoder, SquareAnchors
from yolo_feiou.detectors.seam import BoxTerm, Positives, average_over_processes, note_sizes, repeat_sizes
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.ops import giou_loss


class ATSS(FCOS):
    """ATSS: positives by the statistics of their IoU; the quality is the centerness of the anchor in its object.

    Losses, with means over processes: the focal loss over max(N, 1) for N positives; the box term, each positive
    weighted by its centerness; the binary cross-entropy of the centerness over max(N, 1).

    Zhang et al., CVPR 2020, arXiv:1912.02424, with the constants of the authors' code (sfzhang15/ATSS).

    Args:
        backbone: Gives the feature maps of the five strides, as `resnet_fpn_backbone` with `LastLevelP6P7`.
        num_classes: Number of classes, without a background; labels are from 0.
        box_term: The box term.
        anchor_scale: Side of the anchors, in strides.
        score_thresh: Class score above which an anchor may be a detection, before it is multiplied by the quality.
        nms_thresh: The IoU above which NMS drops a detection of the same class.
        **arguments: Further arguments of `FCOS`, such as `min_size`.
    """

    #: The gain of GIoU, the box loss of the authors, and of the quality's loss.
    STOCK_GAIN, QUALITY_GAIN = 2.0, 1.0

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        box_term: BoxTerm,
        *,
        anchor_scale: float = ANCHOR_SCALE,
        score_thresh: float = 0.05,
        nms_thresh: float = 0.6,
        **arguments: Any,
    ) -> None:
        anchors = SquareAnchors(anchor_scale)
        head = DenseHead(backbone.out_channels, num_classes, len(anchors.strides))  # pyright: ignore[reportArgumentType]
        thresholds = {"score_thresh": score_thresh, "nms_thresh": nms_thresh}
        super().__init__(backbone, num_classes, anchor_generator=anchors, head=head, **thresholds, **arguments)
        self.box_coder, self.box_term = LevelCoder(), box_term
        self.transform.register_forward_hook(note_sizes)

    def compute_loss(
        self,
        targets: list[dict[str, Tensor]],
        head_outputs: dict[str, Tensor],
        anchors: list[Tensor],
        num_anchors_per_level: list[int],
    ) -> dict[str, Tensor]:
        """Return the losses of a batch; all are 0 but the class's, attached, where there are no objects."""
        logits, deltas = head_outputs["cls_logits"].float(), head_outputs["bbox_regression"].float()
        assigned = torch.stack(
            [
                self.assign_image(*image, num_anchors_per_level)
                for image in zip(targets, logits.detach(), deltas.detach(), anchors, strict=True)
            ]
        )
        positive = assigned >= 0
        objects = [target["boxes"].float()[index[index >= 0]] for target, index in zip(targets, assigned, strict=True)]
        labels = [target["labels"][index[index >= 0]] for target, index in zip(targets, assigned, strict=True)]
        boxes, bases = torch.cat(objects), torch.stack(anchors)[positive]
        pred = self.box_coder.decode(deltas[positive], bases)
        quality = self.measure_quality(pred, boxes, bases)
        classes = torch.zeros_like(logits)
        classes[(*positive.nonzero(as_tuple=True), torch.cat(labels))] = 1
        count = average_over_processes(positive.sum().to(logits.dtype)).clamp(min=1)
        predicted = head_outputs["bbox_ctrness"].float()[..., 0][positive]
        return {
            "classification": sigmoid_focal_loss(logits, classes, reduction="sum") / count,
            "bbox_regression": self.box_term(
                Positives(
                    pred,
                    boxes,
                    bases,
                    self.box_coder.weights,
                    quality,
                    image=repeat_sizes(targets, [len(one) for one in objects]),
                )
            ),
            "bbox_ctrness": self.QUALITY_GAIN
            * binary_cross_entropy_with_logits(predicted, quality, reduction="sum")
            / count,
        }

    def assign_image(
        self, target: dict[str, Tensor], logits: Tensor, deltas: Tensor, anchors: Tensor, sizes: list[int]
    ) -> Tensor:
        """Return the object that each anchor of an image learns, −1 for none."""
        return atss.assign(anchors.split(sizes), target["boxes"])

    def measure_quality(self, pred: Tensor, boxes: Tensor, anchors: Tensor) -> Tensor:
        """Return the centerness √(min(l, r)/max(l, r) · min(t, b)/max(t, b)) of each anchor in its object."""
        centres = (anchors[:, :2] + anchors[:, 2:]) / 2
        before, after = centres - boxes[:, :2], boxes[:, 2:] - centres
        return (torch.minimum(before, after) / torch.maximum(before, after)).prod(1).sqrt()

    def postprocess_detections(
        self, head_outputs: dict[str, list[Tensor]], anchors: list[list[Tensor]], image_shapes: list[tuple[int, int]]
    ) -> list[dict[str, Tensor]]:
        """Return the detections of each image: the best of all classes, after NMS by √(class score · quality)."""
        detections = []
        for number, shape in enumerate(image_shapes):
            levels = [
                self.find_candidates(logits[number], deltas[number], quality[number], anchor)
                for logits, deltas, quality, anchor in zip(
                    head_outputs["cls_logits"],
                    head_outputs["bbox_regression"],
                    head_outputs["bbox_ctrness"],
                    anchors[number],
                    strict=True,
                )
            ]
            boxes, scores, labels = (torch.cat(parts) for parts in zip(*levels, strict=True))
            boxes = clip_boxes_to_image(boxes, shape)
            keep = batched_nms(boxes, scores, labels, self.nms_thresh)[: self.detections_per_img]
            kept = self.refine(boxes[keep], labels[keep], boxes, scores, labels)
            detections.append({"boxes": kept, "scores": scores[keep], "labels": labels[keep]})
        return detections

    def find_candidates(
        self, logits: Tensor, deltas: Tensor, quality: Tensor, anchors: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes, scores and labels of what may be a detection on a level, the best `topk_candidates` at most."""
        of_class = logits.float().sigmoid()
        scores = (of_class * quality.float().sigmoid()).sqrt().masked_fill(of_class <= self.score_thresh, 0).flatten()
        best, places = scores.topk(min(self.topk_candidates, len(scores)))
        best, places = best[best > 0], places[best > 0]
        index, labels = places // logits.shape[-1], places % logits.shape[-1]
        return self.box_coder.decode(deltas[index], anchors[index]), best, labels

    def refine(self, kept: Tensor, of: Tensor, boxes: Tensor, scores: Tensor, labels: Tensor) -> Tensor:
        """Return the boxes that NMS kept, of these classes, after a look at all candidates: here as they are."""
        return kept


class PAA(ATSS):
    """PAA: positives by how well the model already does at them; the quality is the IoU of the predicted box.

    An anchor's score is the focal loss of its object's class plus 1 − GIoU, whatever the box loss is: with another one
    the assigner would change too. Each positive is weighted by its IoU. Detections are voted on, see `paa.vote`.

    Kim & Lee, ECCV 2020, arXiv:2007.08103, with the constants of the authors' code (kkhoot/PAA).

    Args:
        *arguments: As for ATSS.
        scores_by_loss: Whether anchors are scored by the box loss in place of GIoU, as the authors' code does: without
            its weights, since a weight IoU^γ would make bad anchors cheap.
        **options: As for ATSS.
    """

    STOCK_GAIN, QUALITY_GAIN = 1.3, 0.5

    def __init__(self, *arguments: Any, scores_by_loss: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.scores_by_loss = scores_by_loss

    def assign_image(
        self, target: dict[str, Tensor], logits: Tensor, deltas: Tensor, anchors: Tensor, sizes: list[int]
    ) -> Tensor:
        """Return the object that each anchor of an image learns, −1 for none."""
        boxes = target["boxes"].float()
        matched = paa.match(anchors, boxes)
        index = (matched >= 0).nonzero().squeeze(1)
        losses = anchors.new_zeros(len(anchors))
        classes = torch.zeros_like(logits[index])
        classes[torch.arange(len(index), device=index.device), target["labels"][matched[index]]] = 1
        bases, own = anchors[index], boxes[matched[index]]
        pred = self.box_coder.decode(deltas[index], bases)
        if self.scores_by_loss:
            image = repeat_sizes([target], [len(index)])
            of_box = self.box_term.measure(Positives(pred, own, bases, self.box_coder.weights, image=image))
        else:
            of_box = giou_loss(pred, own)
        losses[index] = sigmoid_focal_loss(logits[index], classes).sum(1) + of_box
        return paa.assign(anchors.split(sizes), boxes, losses)

    def measure_quality(self, pred: Tensor, boxes: Tensor, anchors: Tensor) -> Tensor:
        """Return the IoU of each predicted box with its object."""
        return Pair(pred.detach(), boxes).iou

    def refine(self, kept: Tensor, of: Tensor, boxes: Tensor, scores: Tensor, labels: Tensor) -> Tensor:
        """Return the boxes that NMS kept, moved by the votes of all candidates of their classes."""
        voted = kept.clone()
        for label in of.unique():
            voted[of == label] = paa.vote(kept[of == label], boxes[labels == label], scores[labels == label])
        return voted
