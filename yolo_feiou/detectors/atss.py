"""Adaptive training sample selection: an object's anchors are those whose IoU stands out among the nearest."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.ops import box_iou

from yolo_feiou.detectors.levels import count_candidates, join_levels

#: By how many pixels the centre of a positive anchor lies inside its object at least.
MARGIN = 0.01


@torch.no_grad()
def assign(anchors: Sequence[Tensor], boxes: Tensor, anchors_per_location: int = 1) -> Tensor:
    """Return the index of the object that each anchor learns, −1 for a negative one; ATSS ignores none.

    Candidates of an object are, on each level, the K = 9 × anchors a location whose centres are nearest to its centre
    (L2), or all if there are fewer. With the mean m and the standard deviation s of the candidates' IoU with the
    object, positive are those with

        IoU ≥ m + s  and a centre inside the object.

    An anchor that several objects want goes to the one with the highest IoU.

    Zhang et al., Bridging the Gap Between Anchor-based and Anchor-free Detection via Adaptive Training Sample
    Selection, CVPR 2020, arXiv:1912.02424, Algorithm 1. Where the paper is silent, this does as the authors' code
    (sfzhang15/ATSS, `atss_core/modeling/rpn/atss/loss.py`):

    - K counts the anchors a location; the paper, with one, has K = 9, and so has mmdetection with any number.
    - s divides by n − 1. So a single candidate, whose s is undefined, isn't positive.
    - "Inside" means more than 0.01 px from each side.

    Their IoU adds a pixel to each width and height; this one, as the paper and mmdetection, does not. Of equally near
    anchors the first are candidates, and of objects with the same IoU the first gets the anchor. An object may end
    without an anchor: its threshold can lie above the IoU of all candidates, or other objects take what it wants.

    Args:
        anchors: A tensor a level, xyxy in pixels, shape (A, 4); A may be 0.
        boxes: The objects of one image, xyxy in pixels, shape (G, 4); G may be 0.
        anchors_per_location: Number of anchors that share a centre.

    Returns:
        int64, shape (ΣA,), in the order of the levels, on the device of the boxes.

    Raises:
        TypeError: If the anchors are no list of tensors, or the boxes no tensor.
        ValueError: If a shape, a device, or the number of anchors a location doesn't fit.
    """
    most = count_candidates(anchors_per_location)
    joined, boxes = join_levels(anchors, boxes)
    if not len(boxes) or not len(joined):
        return boxes.new_full((len(joined),), -1, dtype=torch.long)
    candidates = find_nearest(joined, [len(level) for level in anchors], boxes, most)  # (G, C)
    near = joined[candidates]  # (G, C, 4)
    # The IoU of every candidate with every object, of which an object's own are taken: far fewer than of all anchors.
    ious = box_iou(near.flatten(0, 1), boxes).unflatten(0, candidates.shape)  # (G, C, G)
    ious = ious.diagonal(dim1=0, dim2=2).T  # (G, C)
    positive = (ious >= find_thresholds(ious)) & is_inside(near, boxes[:, None])
    wanted = boxes.new_full((len(boxes), len(joined)), -1)
    highest, index = wanted.scatter_(1, candidates, torch.where(positive, ious, -1)).max(0)
    return torch.where(highest >= 0, index, -1)


def find_nearest(anchors: Tensor, sizes: Sequence[int], boxes: Tensor, most: int) -> Tensor:
    """Return the places of the anchors nearest to each box, at most so many of each level, shape (G, C)."""
    found = []
    x, y = ((boxes[:, :2] + boxes[:, 2:]) / 2)[..., None].unbind(1)  # each (G, 1)
    start = 0
    for size in sizes:
        level = anchors[start : start + size]
        level_x, level_y = ((level[:, :2] + level[:, 2:]) / 2).unbind(1)
        dy = level_y - y
        squares = (level_x - x).square_().addcmul_(dy, dy)
        found.append(start + find_lowest(squares, min(most, size)))
        start += size
    return torch.cat(found, 1)


def find_lowest(values: Tensor, count: int) -> Tensor:
    """Return the places of the lowest values of each row, shape (rows, count); of equal ones the first ones."""
    lowest, places = values.topk(count, largest=False)
    last = lowest[:, -1:]
    lower = lowest < last
    # topk takes any of those that equal the last: they are looked for again, by their places.
    width = values.shape[1]
    everywhere = torch.arange(width, dtype=torch.int32, device=values.device)
    first = torch.where(values == last, everywhere, width).topk(count, largest=False).values.long()
    turn = torch.arange(count, device=values.device) - lower.sum(1, keepdim=True)
    return torch.where(lower, places, first.gather(1, turn.clamp(min=0)))


def find_thresholds(ious: Tensor) -> Tensor:
    """Return mean + standard deviation (n − 1) of each row, shape (rows, 1); NaN, above which nothing is, if n = 1.

    Measured from the row's first value, so that equal ones have exactly themselves as their mean.
    """
    first = ious[:, :1]
    offsets = ious - first
    mean = offsets.mean(1, keepdim=True)
    variance = (offsets - mean).square().sum(1, keepdim=True) / (ious.shape[1] - 1)
    return first + mean + variance.sqrt()


def is_inside(anchors: Tensor, boxes: Tensor) -> Tensor:
    """Return whether the centre of an anchor is inside a box by more than the margin on each side."""
    centres = (anchors[..., :2] + anchors[..., 2:]) / 2
    sides = torch.cat((centres - boxes[..., :2], boxes[..., 2:] - centres), -1)
    return sides.amin(-1) > MARGIN
