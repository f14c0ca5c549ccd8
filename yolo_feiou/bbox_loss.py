"""The seam: the one file that knows Ultralytics' `BboxLoss` and the criteria that hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor, nn
from ultralytics.utils import loss as ultralytics_loss
from ultralytics.utils.loss import BboxLoss

from yolo_feiou.box_loss import BoxLoss
from yolo_feiou.errors import LossNotAppliedError

#: Called with the positives of a batch as `BoxLoss.mean` takes them: pred, target, scores and total, with their graph.
Watch = Callable[[Tensor, Tensor, Tensor, Tensor | float], None]


class SwappedBboxLoss(BboxLoss):
    """Ultralytics' `BboxLoss` with another box term. The DFL term (ℓ1 where reg_max = 1) stays stock's own code.

    Args:
        stock: The loss whose place this one takes.
        box_loss: The box term.

    Attributes:
        watch: Sees the positives of each batch, if it is not None.
    """

    def __init__(self, stock: BboxLoss, box_loss: BoxLoss) -> None:
        super().__init__(stock.dfl_loss.reg_max if stock.dfl_loss else 1)
        self.box_loss = box_loss
        self.watch: Watch | None = None

    def forward(
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
        positives = fg_mask.nonzero(as_tuple=True)
        pred, target, scores = pred_bboxes[positives], target_bboxes[positives], target_scores[positives].sum(-1)
        box_term = self.box_loss.mean(pred, target, scores, total=target_scores_sum)
        if self.watch:
            self.watch(pred, target, scores, target_scores_sum)
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


def holders(criterion: object) -> Iterator[object]:
    """Yield each object within a criterion that holds a box loss: itself, and those of both heads or of a prompt."""
    if hasattr(criterion, "bbox_loss"):
        yield criterion
    for part in vars(criterion).values():
        if not isinstance(part, nn.Module) and type(part).__module__ == ultralytics_loss.__name__:
            yield from holders(part)


def heads(criterion: object) -> list[tuple[float, BboxLoss]]:
    """Return the box loss of each head, and what the criterion multiplies it with; the head that predicts is last.

    Of two heads (YOLOv10, YOLO26) that is the one-to-one. Their shares in the loss change from epoch to epoch.
    """
    if not hasattr(criterion, "one2one"):
        return [(1.0, next(holders(criterion)).bbox_loss)]
    parts = {"o2m": criterion.one2many, "o2o": criterion.one2one}
    return [(getattr(criterion, share, 1.0), next(holders(part)).bbox_loss) for share, part in parts.items()]


def criterion_of(model: nn.Module) -> object:
    """Return the model's criterion, made now if it is not there: Ultralytics makes it at the first batch."""
    if getattr(model, "criterion", None) is None:
        model.criterion = model.init_criterion()
    return model.criterion


def swap(model: nn.Module, box_loss: BoxLoss) -> int:
    """Put `box_loss` into every criterion of a model, and return into how many.

    Raises:
        LossNotAppliedError: If a criterion has no `BboxLoss`, or another one than stock's.
    """
    for holder in holders(criterion_of(model)):
        if type(holder.bbox_loss) not in (BboxLoss, SwappedBboxLoss):
            raise LossNotAppliedError(
                f"{type(holder).__name__} has a {type(holder.bbox_loss).__name__} where an axis-aligned BboxLoss is "
                "expected: this model can't train with loss=."
            )
        device = next(model.parameters()).device
        holder.bbox_loss = SwappedBboxLoss(holder.bbox_loss, box_loss).to(device)
    return count_swapped(model, box_loss)


def count_swapped(model: nn.Module, box_loss: BoxLoss) -> int:
    """Return how many criteria of a model have `box_loss`.

    Raises:
        LossNotAppliedError: If there is none, or any has another box loss.
    """
    criterion = criterion_of(model)
    found = list(holders(criterion))
    others = [holder for holder in found if getattr(holder.bbox_loss, "box_loss", None) is not box_loss]
    if others or not found:
        which = type(others[0]).__name__ if others else f"{type(criterion).__name__}, which has no BboxLoss,"
        raise LossNotAppliedError(f"{which} would not train with {box_loss.description}; training stops here.")
    return len(found)
