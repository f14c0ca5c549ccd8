"""Probabilistic anchor assignment: an object's anchors are those that the model itself already finds easy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_iou

from yolo_feiou.detectors.levels import count_candidates, join_levels, require_boxes
from yolo_feiou.detectors.mixture import fit_two_gaussians

#: From which IoU on an anchor belongs to an object.
MATCH = 0.1
#: Of score voting: σ² of the weight, and the IoU above which a candidate has a vote.
VARIANCE, OVERLAP = 0.025, 0.01


@torch.no_grad()
def assign(anchors: Sequence[Tensor], boxes: Tensor, losses: Tensor, anchors_per_location: int = 1) -> Tensor:
    """Return the index of the object that each anchor learns, −1 for a negative one; PAA ignores none.

    1. Each anchor is matched with the object of its highest IoU if that is 0.1 or more, or if the anchor is the best
       of some object, that is, none has a higher IoU with it; all that tie are the best.
    2. Candidates of an object are, on each level, the K = 9 × anchors a location with the lowest losses of those that
       are matched with it.
    3. Two Gaussians are fitted to the candidates' losses (`mixture.fit_two_gaussians`). Of those in the component of
       low losses take the one with the highest likelihood p(l) = w₀·N(l; μ₀, v₀) + w₁·N(l; μ₁, v₁): positive are the
       candidates up to its loss.

    If no candidate is in that component, all are positive; a single candidate is positive without a fit. A candidate's
    loss is finite: an anchor with another, as under fp16 autocast, is negative.

    Kim & Lee, Probabilistic Anchor Assignment with IoU Prediction for Object Detection, ECCV 2020, arXiv:2007.08103,
    Section 3, Algorithm 1. Where papers and code differ, this does as the authors' code (kkhoot/PAA,
    `paa_core/modeling/rpn/paa/loss.py`):

    - The boundary is that of Figure 3 (c), which the authors found the most stable; the paper's first version has (a)
      and (b).
    - A best anchor goes to the object of its own highest IoU, so that an object whose best anchors overlap another
      more gets none by this rule. Matching is as torchvision's `Matcher(0.1, 0.1, allow_low_quality_matches=True)`.
      Hence, too, all anchors are the best of an object that touches none, which a grid over the image rules out.
    - mmdetection drops an object with a single candidate.

    Their K is 9, with one anchor a location; that it counts the anchors a location is as in ATSS. Their IoU adds a
    pixel to each width and height; this one doesn't. Of equal losses the first are candidates, and come first; of
    objects with the same IoU the first gets the anchor.

    Args:
        anchors: A tensor a level, xyxy in pixels, shape (A, 4); A may be 0.
        boxes: The objects of one image, xyxy in pixels, shape (G, 4); G may be 0.
        losses: Of each anchor against the object that it is matched with, shape (ΣA,), any unit: in the paper the
            classification's focal loss plus 1 − GIoU. Those of other anchors aren't read.
        anchors_per_location: Number of anchors that share a centre.

    Returns:
        int64, shape (ΣA,), in the order of the levels, on the device of the boxes.

    Raises:
        TypeError: If the anchors are no list of tensors, or the boxes no tensor.
        ValueError: If a shape, a device, or the number of anchors a location doesn't fit.
    """
    most = count_candidates(anchors_per_location)
    joined, boxes = join_levels(anchors, boxes)
    if losses.shape != joined.shape[:1]:
        raise ValueError(
            f"got losses of shape {tuple(losses.shape)} for {len(joined)} anchors: expected one each, ({len(joined)},)"
        )
    matched = match(joined, boxes)
    if not len(boxes) or not len(joined):
        return matched
    # One transfer, of both as numbers of one dtype: float32 holds the index of any object exactly.
    dtype = torch.promote_types(losses.dtype, torch.float32)
    objects, costs = torch.stack((matched.to(dtype), losses.to(dtype))).cpu().numpy()
    assigned = np.full(len(joined), -1)
    for candidates in find_candidates(objects, costs, [len(level) for level in anchors], most):
        positive = candidates[: count_positives(costs[candidates])]
        assigned[positive] = objects[positive]
    return torch.from_numpy(assigned).to(boxes.device)


@torch.no_grad()
def match(anchors: Tensor, boxes: Tensor) -> Tensor:
    """Return the object with which each anchor is matched (step 1 of `assign`), −1 for none.

    It is the object that the loss of an anchor is measured against.

    Args:
        anchors: xyxy, shape (A, 4), of all levels.
        boxes: The objects of one image, xyxy, shape (G, 4).

    Returns:
        int64, shape (A,).
    """
    if not len(boxes) or not len(anchors):
        return boxes.new_full((len(anchors),), -1, dtype=torch.long)
    ious = box_iou(boxes, anchors)  # (G, A)
    highest, matched = ious.max(0)
    best = (ious == ious.amax(1, keepdim=True)).any(0)
    return torch.where((highest >= MATCH) | best, matched, -1)


def find_candidates(objects: np.ndarray, costs: np.ndarray, sizes: Sequence[int], most: int) -> list[np.ndarray]:
    """Return for each object that has any the places of its candidates, at most so many a level, by rising loss."""
    places = np.flatnonzero((objects >= 0) & np.isfinite(costs))
    if not len(places):
        return []
    levels = np.repeat(np.arange(len(sizes)), sizes)
    places = places[np.lexsort((costs[places], levels[places], objects[places]))]  # stable: of equal ones the first
    group = objects[places] * len(sizes) + levels[places]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    ranks = np.arange(len(places)) - np.repeat(starts, np.diff(starts, append=len(places)))
    places = places[ranks < most]
    of_object = np.split(places, np.flatnonzero(np.diff(objects[places])) + 1)
    return [some[np.argsort(costs[some], kind="stable")] for some in of_object]


def count_positives(losses: np.ndarray) -> int:
    """Return how many of an object's candidates are positive (step 3 of `assign`), from their losses, lowest first."""
    if len(losses) == 1:
        return 1
    component, likelihood = fit_two_gaussians(losses)
    low = component == 0
    return int(np.where(low, likelihood, -np.inf).argmax()) + 1 if low.any() else len(losses)


@torch.no_grad()
def vote(kept: Tensor, boxes: Tensor, scores: Tensor) -> Tensor:
    """Return the boxes that NMS kept, each moved to a weighted mean of the candidates around it: score voting.

    With IoUᵢ of candidate i and the kept box, over those with IoUᵢ > 0.01,

        box = Σ pᵢ·boxᵢ / Σ pᵢ,  pᵢ = scoreᵢ · exp(−(1 − IoUᵢ)²/σ²),  σ² = 0.025.

    Scores stay as they are. A kept box without such a candidate, or with scores of 0 alone, stays where it is.

    Kim & Lee, ECCV 2020, arXiv:2007.08103, Section 3, "Score Voting", with the constants of the authors' code
    (kkhoot/PAA, `paa_core/modeling/rpn/paa/inference.py`). There candidates are what has a class score above 0.05, and
    `scores` the root of class score × predicted IoU; mmdetection takes those whose root is above 0.05.

    Args:
        kept: What NMS kept of one class, xyxy in pixels, shape (K, 4); K may be 0.
        boxes: All candidates of that class before NMS, xyxy in pixels, shape (M, 4); M may be 0.
        scores: Their scores, 0 or more, shape (M,).

    Returns:
        Shape (K, 4), in float32 or float64.

    Raises:
        TypeError: If the boxes are no tensors.
        ValueError: If a shape doesn't fit.
    """
    require_boxes("kept", kept)
    require_boxes("boxes", boxes)
    if scores.shape != boxes.shape[:1]:
        raise ValueError(
            f"got scores of shape {tuple(scores.shape)} for {len(boxes)} boxes: expected one each, ({len(boxes)},)"
        )
    dtype = torch.promote_types(torch.promote_types(kept.dtype, boxes.dtype), torch.float32)
    kept, boxes = kept.to(dtype), boxes.to(dtype)
    ious = box_iou(kept, boxes)  # (K, M)
    weights = torch.where(ious > OVERLAP, scores.to(dtype) * torch.exp(-((1 - ious) ** 2) / VARIANCE), 0)
    total = weights.sum(1, keepdim=True)
    # Not a matrix product: on a GPU it may round boxes to TF32, or under autocast to fp16, which costs pixels.
    voted = (weights[..., None] * boxes).sum(1) / total
    return torch.where(total > 0, voted, kept)
