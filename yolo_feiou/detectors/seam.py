"""Where a box loss enters a detector: positives as decoded boxes, their targets and anchors, one scalar a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn import functional as collectives
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.image_list import ImageList

from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.boxes import Pair
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
        image: Height and width in pixels of the image that each is in, shape (2, N), for losses that depend on it;
            None if they aren't known.
    """

    pred: Tensor
    target: Tensor
    anchors: Tensor
    error_weights: Sequence[float] = (1, 1, 1, 1)
    scores: Tensor | None = None
    total: Tensor | float | None = None
    image: Tensor | None = None


class BoxTerm(nn.Module):
    """The box term of a detector: a gain times the mean of a box loss over the positives of all processes.

    Args:
        spec: The loss, whose form decides on the gain and the divisor.
        box_loss: What it was built into.
        box: The gain; None is 1.0 for a loss of regression errors and 2.5 for one of the overlap, as in Zhang et al.
            (2021), section 5.2.
        error_weights: What regression errors in x, y, width and height are multiplied by; None for the weights of the
            detector's box coder. What the detector predicts stays the same.

    Attributes:
        calls: How many batches it was computed for.
    """

    def __init__(
        self,
        spec: str | Callable[..., Tensor],
        box_loss: BoxLoss,
        box: float | None = None,
        error_weights: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.spec, self.error_weights = spec, error_weights
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
            image=positives.image,
            reference=positives.anchors,
            error_weights=self.error_weights or positives.error_weights,
            share=average_over_processes,
        )

    def measure(self, positives: Positives) -> Tensor:
        """Return the loss of each pair without its weights and the gain, shape (N,); no call, and no state changes."""
        weights = self.error_weights or positives.error_weights
        pair = Pair(positives.pred, positives.target, positives.image, 1.0, positives.anchors, weights)
        return torch.stack([term._factor * term.loss(pair) for term in self.box_loss]).sum(0)


def decode_positives(
    coder: BoxCoder,
    deltas: Sequence[Tensor],
    anchors: Sequence[Tensor],
    targets: Sequence[Tensor],
    scores: Tensor | None = None,
    total: Tensor | float | None = None,
    image: Tensor | None = None,
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
        image: As in `Positives`.
    """
    bases = torch.cat([one.float() for one in anchors])
    pred = coder.decode_single(torch.cat([one.float() for one in deltas]), bases)
    return Positives(pred, torch.cat([one.float() for one in targets]), bases, coder.weights, scores, total, image)


def note_sizes(_: nn.Module, __: object, output: tuple[ImageList, list[dict[str, Any]] | None]) -> None:
    """Write into each target the `size` of its image after resizing, (height, width): a hook on a model's `transform`.

    It has made copies of the targets by then.
    """
    images, targets = output
    for target, size in zip(targets or (), images.image_sizes, strict=False):
        target["size"] = size


def repeat_sizes(targets: Sequence[Mapping[str, Any]], counts: Sequence[int]) -> Tensor | None:
    """Return the heights and widths of images, each repeated for its positives, shape (2, N).

    Args:
        targets: Of each image, with the `size` that `note_sizes` has written; without one there is nothing to return.
        counts: The number of positives of each image.
    """
    if not all("size" in target for target in targets):
        return None
    sides = [
        [target["boxes"].new_full((count,), float(target["size"][side]), dtype=torch.float32) for side in (0, 1)]
        for target, count in zip(targets, counts, strict=True)
    ]
    return torch.stack([torch.cat(side) for side in zip(*sides, strict=True)])


def find_box_terms(model: nn.Module) -> list[BoxTerm]:
    """Return the box terms of a detector, none where torchvision's own loss trains."""
    return [module for module in model.modules() if isinstance(module, BoxTerm)]


def average_over_processes(value: Tensor) -> Tensor:
    """Return the mean of a tensor over the processes of a group, itself without one, with the gradient of the mean."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return value
    if value.requires_grad:
        return collectives.all_reduce(value) / distributed.get_world_size()
    value = value.clone()
    distributed.all_reduce(value)
    return value / distributed.get_world_size()
