"""Algorithm 1 of the paper: gradient descent of boxes on a loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.simulation.setups import Reading

# A step in (x, y, w, h), expressed in the corners: J Jᵀ, where J is the derivative of the corners (x1, y1, x2, y2).
CORNER_METRIC = torch.tensor(
    [[1.25, 0, 0.75, 0], [0, 1.25, 0, 0.75], [0.75, 0, 1.25, 0], [0, 0.75, 0, 1.25]], dtype=torch.float64
)


def list_step_sizes(steps: int) -> list[float]:
    """Return the step size of each of the steps: 0.1, from 0.8 of them on 0.01, from 0.9 on 0.001."""
    return [0.1 if t <= 0.8 * steps else 0.01 if t < 0.9 * steps else 0.001 for t in range(1, steps + 1)]


def compute_batch_gradient(loss: BoxLoss, boxes: Tensor, target: Tensor, reading: Reading, **units: Any) -> Tensor:
    """Return the gradient of each batch's loss by its boxes, shape (batches, pairs in a batch, 4)."""
    boxes = boxes.detach().requires_grad_()
    reduce = partial(loss.mean, **units)
    mean = reduce(boxes[0], target[0]) if len(boxes) == 1 else torch.vmap(reduce)(boxes, target).sum()
    (slope,) = torch.autograd.grad(mean, boxes)
    if reading.reduce == "sum":
        slope = slope * boxes.shape[1]
    weighted = [term for term in loss if term.weight is not None]
    if reading.empty == "still" and len(weighted) == len(loss.terms):
        pair = Pair(boxes.detach().reshape(-1, 4), target.reshape(-1, 4))
        weights = torch.stack([term.weigh(pair) for term in weighted]).sum(0)
        slope = slope * (weights.view(boxes.shape[:-1]).sum(1) > 1e-30)[:, None, None]  # else 0/0
    return slope


def descend(
    loss: BoxLoss, boxes: Tensor, target: Tensor, rates: Iterable[float], reading: Reading | None = None, **units: Any
) -> Iterator[Tensor]:
    """Yield the boxes after each step down the gradient.

    The paper adds the gradient where it must be subtracted, and compares with the target of the wrong index; Zhang et
    al. (2021), Algorithm 1, lines 10 and 11.

    Args:
        loss: The loss that trains YOLO, with its own normalisation over a batch; one with a state in evaluation mode.
        boxes: xyxy boxes, shape (batches, pairs in a batch, 4).
        target: Their targets, likewise.
        rates: The step size μ of each step.
        reading: The interpretation of the paper; the literal one if None.
        **units: `image` and `pixels` of a loss that depends on them, as for `BoxLoss.mean`.
    """
    reading = reading or Reading()
    metric = CORNER_METRIC.to(boxes)
    for rate in rates:
        step = compute_batch_gradient(loss, boxes, target, reading, **units) * rate
        if reading.update == "xywh":
            step = step @ metric
        if reading.factor == "2-iou":
            step = step * (2 - compute_iou(boxes, target))[..., None]
        boxes = boxes - step
        yield boxes


def compute_iou(boxes: Tensor, target: Tensor) -> Tensor:
    """Return the IoU of each pair, of the shape of the boxes without their last axis."""
    return Pair(boxes.reshape(-1, 4), target.reshape(-1, 4)).iou.view(boxes.shape[:-1])
