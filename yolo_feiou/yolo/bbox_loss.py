"""The seam: what takes the place of Ultralytics' `BboxLoss`; `criterion.py` puts it there."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from ultralytics.utils.loss import BboxLoss

from yolo_feiou.losses.box_loss import BoxLoss

#: Called with the positives of a batch as `BoxLoss.mean` takes them: pred, target, scores and total, with their graph.
PositivesHook = Callable[[Tensor, Tensor, Tensor, Tensor | float], None]


class SwappedBboxLoss(BboxLoss):
    """Ultralytics' `BboxLoss` with another box term. The DFL term (ℓ1 where reg_max = 1) stays stock's own code.

    Args:
        stock: The loss whose place this one takes.
        box_loss: The box term.

    Attributes:
        on_positives: Sees the positives of each batch, if it is not None.
        counts_positives: Whether it is told what its assigner picks, see `note_assignment`.
        calls: How often the loss was computed since `reset`.
        assignments: How often its assigner picked positives since then.
        owed: Of these, how often there were any, so that the loss must be computed; a tensor on the device of training,
            so that nothing waits for it.
    """

    def __init__(self, stock: BboxLoss, box_loss: BoxLoss) -> None:
        super().__init__(stock.dfl_loss.reg_max if stock.dfl_loss else 1)
        self.box_loss = box_loss
        self.on_positives: PositivesHook | None = None
        self.counts_positives = False
        self.reset()

    def reset(self) -> None:
        """Restart the counts."""
        self.calls = self.assignments = 0
        self.owed: Tensor | int = 0

    def note_assignment(self, assigner: nn.Module, inputs: tuple, output: object) -> None:
        """Count what an assigner picked, as its hook; the mask of positives is the fourth value that it returns."""
        self.assignments += 1
        if isinstance(output, tuple) and len(output) > 3 and isinstance(output[3], Tensor):
            self.owed = self.owed + output[3].any().int()

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
        """Return the box term and the DFL term, as stock does; `image` is what newer versions add (imgsz, stride).

        Boxes are xyxy in strides, shape (B, A, 4) for B images with A anchors; scores (B, A, classes).
        """
        self.calls += 1
        positives = fg_mask.nonzero(as_tuple=True)
        pred, target, scores = pred_bboxes[positives], target_bboxes[positives], target_scores[positives].sum(-1)
        box_term = self.box_loss.mean(pred, target, scores, total=target_scores_sum)
        if self.on_positives:
            self.on_positives(pred, target, scores, target_scores_sum)
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
