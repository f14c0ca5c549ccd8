"""Where a box loss enters a detector: positives as decoded boxes, their targets and anchors, one scalar a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn import functional as collectives
from torchvision.models.detection._utils import BoxCoder

from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.build import read_spec

#: Gains of the box loss where none is given, after Zhang et al. (2021), section 5.2.
OVERLAP_GAIN, ERROR_GAIN = 2.5, 1.0


@dataclass(frozen=True)
class Positives:
    """The positives of a batch, all images together.

    Attributes:
        pred: Decoded xyxy boxes in pixels, float32, attached to the deltas, shape (N, 4).
        target: Their objects' boxes, shape (N, 4).
        anchors: The boxes that they are regressed from, shape (N, 4).
        error_weights: The weights of the detector's box coder.
        scores: What the detector weighs each positive with (centerness, IoU), shape (N,); None for 1.
        total: What the detector divides the sum of regression errors by; None for the sum of the scores.
    """

    pred: Tensor
    target: Tensor
    anchors: Tensor
    error_weights: Sequence[float] = (1, 1, 1, 1)
    scores: Tensor | None = None
    total: Tensor | float | None = None


class BoxTerm(nn.Module):
    """The box term of a detector: a gain times the mean of a box loss over the positives of all processes.

    Args:
        spec: The loss, whose form decides on the gain and the divisor.
        box_loss: What it was built into.
        box: The gain; None is 1.0 for a loss of regression errors and 2.5 for one of the overlap, as in Zhang et al.
            (2021), section 5.2.

    Attributes:
        calls: How many batches it was computed for.
    """

    def __init__(self, spec: str, box_loss: BoxLoss, box: float | None = None) -> None:
        super().__init__()
        self.of_errors = all(term.info.form == "errors" for term in read_spec(spec))
        self.box_loss, self.calls = box_loss, 0
        self.box = (ERROR_GAIN if self.of_errors else OVERLAP_GAIN) if box is None else box

    def forward(self, positives: Positives) -> Tensor:
        """Return the scalar of a batch; 0, attached, without positives."""
        self.calls += 1
        return self.box * self.box_loss.mean(
            positives.pred,
            positives.target,
            positives.scores,
            total=positives.total if self.of_errors else None,
            reference=positives.anchors,
            error_weights=positives.error_weights,
            share=average_over_processes,
        )


def decode_positives(
    coder: BoxCoder,
    deltas: Sequence[Tensor],
    anchors: Sequence[Tensor],
    targets: Sequence[Tensor],
    scores: Tensor | None = None,
    total: Tensor | float | None = None,
) -> Positives:
    """Return the positives of a batch from their deltas, in float32.

    Half precision would decode boxes that are pixels off: bfloat16 has 8 bits for a coordinate of 1,200.

    Args:
        coder: The detector's.
        deltas: Of each image, shape (n, 4).
        anchors: Of each image, shape (n, 4).
        targets: Boxes of the objects, of each image, shape (n, 4).
        scores: As in `Positives`.
        total: As in `Positives`.
    """
    bases = torch.cat([one.float() for one in anchors])
    pred = coder.decode_single(torch.cat([one.float() for one in deltas]), bases)
    return Positives(pred, torch.cat([one.float() for one in targets]), bases, coder.weights, scores, total)


def average_over_processes(value: Tensor) -> Tensor:
    """Return the mean of a tensor over the processes of a group, itself without one, with the gradient of the mean."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return value
    if value.requires_grad:
        return collectives.all_reduce(value) / distributed.get_world_size()
    value = value.clone()
    distributed.all_reduce(value)
    return value / distributed.get_world_size()
