"""What happens to the boxes in training: how well the positives fit, and which of them the gradient comes from."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import distributed as dist

from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.rotated import probiou
from yolo_feiou.losses.rotated_boxes import RotatedPair
from yolo_feiou.storage.tables import Row, read_csv, write_csv
from yolo_feiou.yolo.bbox_loss import STOCK_FLOOR, Positives

BOX_STATS_FILE = "box_stats.csv"
BINS = 10  # of IoU, each .1 wide; the last one includes 1
BIN_NAMES = [f"{bin * 10:02d}" for bin in range(BINS)]  # by the IoU at which a bin begins


class BoxStats:
    """The statistics of each epoch, as a table in the run's folder.

    | column          | value                                                                                  |
    |-----------------|----------------------------------------------------------------------------------------|
    | epoch           | as in Ultralytics' results.csv, from 1                                                 |
    | positives       | number of pairs of a prediction and its target, over all batches and processes         |
    | iou_mean        | mean IoU of the pairs                                                                  |
    | share_75, _90   | share of the pairs with an IoU of at least .75, .9                                     |
    | pos_00 … pos_90 | share of the pairs whose IoU lies in the bin that begins at .0, … .9                   |
    | grad_00 …       | share of the bin in the sum, over pairs, of ‖∂L/∂box‖₂                                 |

    L is the box term as trained, `BoxLoss.mean` of the batch (on each process its own), and a box is x1, y1, x2, y2 in
    strides, so a share says how much of the pull on predictions comes from pairs of that IoU. A rotated box is x, y,
    w, h, r, and its IoU is ProbIoU. Boxes of RT-DETR are in pixels, and those of its last decoder layer alone count.
    Of two heads that one counts which predicts. Shares of nothing are missing.

    Args:
        box_loss: The loss that trains.
        file: Where the table goes.
        device: Where the losses are computed.
        epochs_done: The number of epochs after which training resumes. Unless that is 0, what the file holds is kept,
            but for the epochs that are done again.
    """

    def __init__(self, box_loss: BoxLoss, file: Path, device: torch.device, epochs_done: int = 0) -> None:
        self.box_loss, self.file = box_loss, file
        earlier = read_csv(file) if epochs_done and file.exists() else []
        self.rows = [{**row, **{name: int(row[name]) for name in ("epoch", "positives")}} for row in earlier]
        # In double precision, which Apple's GPUs don't have: an epoch has many millions of pairs.
        dtype = torch.float32 if device.type == "mps" else torch.float64
        self.sums = torch.zeros(4, BINS, dtype=dtype, device=device)  # by bin: pairs, gradients, IoU, IoU ≥ .75

    def start(self) -> None:
        """Begin an epoch, or restart it."""
        self.sums.zero_()

    def add(self, positives: Positives) -> None:
        """Add the pairs of a batch; their graph, gradients and the random state stay as they are."""
        # Half precision would round small gradients to 0; the loss itself raises its boxes too.
        pred, target = positives.pred.detach().float().requires_grad_(), positives.target.detach().float()
        term = positives._replace(pred=pred, target=target).mean(self.box_loss)
        (gradient,) = torch.autograd.grad(term, pred)
        iou = measure_overlap(self.box_loss, pred.detach(), target)
        bins = (iou * BINS).long().clamp(0, BINS - 1)
        # Not bincount, which on GPUs adds in any order, and not one_hot, which waits for them.
        inside = (bins[:, None] == torch.arange(BINS, device=bins.device)).to(self.sums.dtype)
        each = torch.stack((torch.ones_like(iou), gradient.norm(dim=1), iou, (iou >= 0.75).float()))
        self.sums += (each.to(self.sums.dtype)[:, :, None] * inside).sum(1)

    def finish(self, epoch: int, *, write: bool = True) -> None:
        """End an epoch: all processes sum up together, and the one that writes puts the epoch's row in the table."""
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(self.sums)
        if write:
            self.rows = [*(row for row in self.rows if row["epoch"] < epoch), {"epoch": epoch, **self.row()}]
            write_csv(self.file, self.rows)

    def row(self) -> Row:
        """Return the statistics of the pairs so far."""
        pairs, gradients, ious, good = self.sums.tolist()
        count, pull = sum(pairs), sum(gradients)
        shares = {f"pos_{name}": divide(value, count) for name, value in zip(BIN_NAMES, pairs, strict=True)}
        return {
            "positives": round(count),
            "iou_mean": divide(sum(ious), count),
            "share_75": divide(sum(good), count),
            "share_90": shares["pos_90"],
            **shares,
            **{f"grad_{name}": divide(value, pull) for name, value in zip(BIN_NAMES, gradients, strict=True)},
        }


def measure_overlap(box_loss: BoxLoss, pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the IoU of each pair; of rotated boxes ProbIoU, as Ultralytics computes it in training."""
    if box_loss.family == "rotated":
        return 1 - probiou(RotatedPair(pred, target), STOCK_FLOOR)
    return Pair(pred, target).iou


def divide(part: float, whole: float) -> float | None:
    """Return the share of a part, None of nothing."""
    return part / whole if whole else None
