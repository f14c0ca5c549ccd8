"""The seam: what takes the place of Ultralytics' box losses; `criterion.py` puts it there."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from ultralytics.utils.loss import BboxLoss, RotatedBboxLoss

from yolo_feiou.errors import LossNotAppliedError
from yolo_feiou.losses.box_loss import BoxLoss, ImageSize

#: What Ultralytics' own ProbIoU adds to each variance, in squared strides; nothing in older releases.
STOCK_FLOOR = float(getattr(RotatedBboxLoss, "floor", 0))


class Positives(NamedTuple):
    """The positives of a batch, as `BoxLoss.mean` takes them.

    Attributes:
        pred: Predicted xyxy boxes in strides, with their graph, shape (N, 4); rotated ones are xywhr, (N, 5). RT-DETR's
            are in pixels.
        target: Their targets, likewise.
        scores: The assigner's weights, shape (N,).
        total: What the sum over the batch is divided by.
        image: Height and width of the batch's images in pixels; None where nobody tells them.
        pixels: Pixels per unit of each pair, a number or shape (N,); 1 likewise.
    """

    pred: Tensor
    target: Tensor
    scores: Tensor
    total: Tensor | float
    image: ImageSize | None = None
    pixels: Tensor | float = 1.0

    def mean(self, box_loss: BoxLoss) -> Tensor:
        """Return the scalar that a loss is on them."""
        pred, target, scores, total, image, pixels = self
        return box_loss.mean(pred, target, scores, total=total, image=image, pixels=pixels)


#: Called with the positives of a batch.
PositivesHook = Callable[[Positives], None]


class Swapped(nn.Module):
    """Mixed into a loss of Ultralytics': another box term, and counts of how often it was computed.

    Args:
        box_loss: The box term. One that has a state is copied: each head has its own.
        *stock: What Ultralytics' own class is made of.

    Attributes:
        box_loss: The box term.
        on_positives: Sees the positives of each batch, if it is not None.
        counts_positives: Whether it is told what its assigner picks.
        image: Height and width in pixels of the images of the batch, as far as a `Proof` has told them.
        calls: How often the loss was computed since `reset`.
        trains: Whether a weight that trains had a part in the boxes of any of these, as far as their graph tells:
            before Ultralytics 8.4 it is also that of the scores.
        assignments: How often its assigner picked positives since then.
        owed: How often the loss must be computed for these; a tensor on the device of training where it is known there
            alone, so that nothing waits for it.
    """

    box_loss: BoxLoss

    def __init__(self, box_loss: BoxLoss, *stock: Any) -> None:
        super().__init__(*stock)
        # Its state is updated in training steps alone, and no part of a model of which the criterion is a module: not
        # of its weights, their average or their checkpoints. So it is not registered, which __setattr__ would do.
        vars(self)["box_loss"] = deepcopy(box_loss).eval()
        self.image: tuple[int, int] | None = None
        self.on_positives: PositivesHook | None = None
        self.counts_positives = False
        self.reset()

    def reset(self) -> None:
        """Restart the counts."""
        self.calls = self.assignments = 0
        self.trains = False
        self.owed: Tensor | int = 0

    def _count(self, pred: Tensor) -> None:
        """Count that the loss is computed for predicted boxes."""
        self.calls += 1
        self.trains = self.trains or pred.requires_grad

    @property
    def batches(self) -> int:
        """How many batches have come to it since then, as far as it can tell."""
        return max(self.calls, self.assignments)


_Base = BboxLoss if TYPE_CHECKING else object


class _OfAnchors(Swapped, _Base):
    """A box loss whose positives an assigner picks among the anchors of feature maps.

    Args:
        stock: The loss whose place this one takes.
        box_loss: The box term.
    """

    def __init__(self, stock: BboxLoss, box_loss: BoxLoss) -> None:
        super().__init__(box_loss, stock.dfl_loss.reg_max if stock.dfl_loss else 1)
        self._anchors: Tensor | None = None  # of the last batch, in pixels

    def note_assignment(self, assigner: nn.Module, inputs: tuple, output: object) -> None:
        """Count what an assigner picked, as its hook, and let a loss with a state see it if it trains.

        That is done here, and not where the loss is computed, since stock doesn't compute it for a batch without
        positives, and all processes must take part in each update. Boxes and anchors are in pixels; the second value
        that it returns are the targets of all anchors, the fourth one is the mask of positives.
        """
        self.assignments += 1
        if not (isinstance(output, tuple) and len(output) > 3 and isinstance(output[3], Tensor)):
            return
        mask = output[3].bool()
        self.owed = self.owed + mask.any().int()
        if len(inputs) > 2:
            self._anchors = inputs[2]
            if self.box_loss.has_state and torch.is_grad_enabled():
                self.box_loss.observe(inputs[1][mask], output[1][mask])

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]  # older releases lack the last arguments
        self,
        pred_dist: Tensor,
        pred_bboxes: Tensor,
        anchor_points: Tensor,
        target_bboxes: Tensor,
        target_scores: Tensor,
        target_scores_sum: Tensor,
        fg_mask: Tensor,
        *image: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Return the box term and the DFL term (ℓ1 where reg_max = 1), which is stock's own code.

        Boxes are in strides, shape (B, A, 4) for B images with A anchors, or (B, A, 5) of rotated ones; scores
        (B, A, classes). `image` is what newer versions add (imgsz, stride).
        """
        self._count(pred_bboxes)
        where = fg_mask.nonzero(as_tuple=True)
        scores = target_scores[where].sum(-1)
        positives = Positives(pred_bboxes[where], target_bboxes[where], scores, target_scores_sum)
        if self.box_loss.needs_units or self.on_positives:
            positives = positives._replace(**self._units(anchor_points, where[1]))
        box_term = positives.mean(self.box_loss)
        if self.on_positives:
            self.on_positives(positives)
        # Stock's forward is the DFL term's only source; its box term, without a graph here, is dropped.
        _, dfl_term = super().forward(
            pred_dist,
            pred_bboxes.detach(),
            anchor_points,
            target_bboxes,
            target_scores,
            target_scores_sum,
            fg_mask,
            *image,
        )
        return box_term, dfl_term

    def _units(self, anchor_points: Tensor, anchors: Tensor) -> dict[str, Tensor]:
        """Return the size of the images and the stride of each positive, by the anchors of its batch.

        The anchors of a level are the centres of its cells, so that the last one of the finest level is half a stride
        from the lower right corner. (Of Ultralytics' own arguments, older releases lack these.)

        Args:
            anchor_points: The anchors in strides, shape (A, 2).
            anchors: The index of each positive's anchor, shape (N,).
        """
        if self._anchors is None:
            if not self.box_loss.needs_units:
                return {}
            raise LossNotAppliedError(
                f"{self.box_loss.description} is in pixels, and this criterion has no assigner that tells them."
            )
        centres = self._anchors.float()
        strides = centres[:, 0] / anchor_points[:, 0].float()
        return {"image": (centres + strides[:, None] / 2).amax(0).flip(0), "pixels": strides[anchors]}


class SwappedBboxLoss(_OfAnchors, BboxLoss):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Ultralytics' `BboxLoss` with another box term."""


class SwappedRotatedBboxLoss(_OfAnchors, RotatedBboxLoss):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Ultralytics' `RotatedBboxLoss`, of oriented boxes, with another box term. The angle loss is not in it."""
