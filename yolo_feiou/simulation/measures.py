"""The measures that are recorded after each step: error and IoU to the targets."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from yolo_feiou.losses.boxes import Pair

QUANTILES = (5, 25, 50, 75, 95)  # per cent
SHARE_LEVELS = (50, 75, 90)  # IoU above which a box counts, in per cent


def measure_boxes(boxes: Tensor, target: Tensor) -> dict[str, float]:
    """Return the error and the distribution of IoU over all pairs.

    `error_sum` is E(t) of Algorithm 1, the sum of |Δx| + |Δy| + |Δw| + |Δh| in the boxes' own unit, `error` the same
    for each pair. `iou_05` … `iou_95` are quantiles (values of the sample, the nearest), `iou_best` the mean of the
    best 5 %, and `share_90` the share of pairs with an IoU above 0.9.

    Args:
        boxes: xyxy boxes, shape (…, 4).
        target: Their targets, likewise.
    """
    pair = Pair(boxes.reshape(-1, 4), target.reshape(-1, 4))
    error = torch.stack([d.abs().sum(dtype=torch.float64) for d in (pair.dx, pair.dy, pair.dw, pair.dh)]).sum().item()
    iou = np.sort(pair.iou.cpu().numpy())
    last = len(iou) - 1
    return {
        "error_sum": error,
        "error": error / len(iou),
        "iou_mean": float(iou.mean(dtype=np.float64)),
        **{f"iou_{q:02}": float(iou[round(q / 100 * last)]) for q in QUANTILES},
        "iou_best": float(iou[round(0.95 * last) :].mean(dtype=np.float64)),
        **{
            f"share_{s}": float(len(iou) - np.searchsorted(iou, s / 100, side="right")) / len(iou) for s in SHARE_LEVELS
        },
    }
