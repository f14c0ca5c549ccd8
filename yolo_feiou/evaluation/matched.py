"""The IoU of matched detections, which box losses optimise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

import numpy as np
from pycocotools import mask

from yolo_feiou.evaluation.truth import CocoRecord, GroundTruth
from yolo_feiou.storage.tables import Row

MATCH_IOU = 0.5  # IoU from which a detection can match an object
MAX_DETECTIONS = 100  # detections of an image and class that COCO looks at, the best ones
RECALL_LEVELS = (50, 75, 90)  # IoU from which a match counts, in per cent
IOU_BINS = tuple(range(50, 100, 5))  # lower ends of the histogram's bins, in per cent


def match_ious(truth: GroundTruth, predictions: Sequence[CocoRecord]) -> np.ndarray:
    """Return the IoU of each matched prediction.

    A prediction is matched as COCO does it at an IoU of .5: in each image and class on its own, predictions, the 100
    best at most, choose in the order of their scores, and each takes, of the objects that none has taken yet, the one
    with which its IoU is highest, if that is .5 or more. The others match nothing. Crowds are no objects. Scores don't
    matter otherwise: all predictions above `conf` take part.

    Args:
        truth: The ground truth.
        predictions: In COCO's result format.
    """
    objects, found = defaultdict(list), defaultdict(list)
    for annotation in truth.annotations:
        if not annotation["iscrowd"]:
            objects[annotation["image_id"], annotation["category_id"]].append(annotation["bbox"])
    for record in predictions:
        if (key := (record["image_id"], record["category_id"])) in objects:
            found[key].append((record["score"], record["bbox"]))
    matched: list[float] = []
    for key, scored in found.items():
        best = sorted(scored, key=lambda item: -item[0])[:MAX_DETECTIONS]
        matched += _match_image(np.asarray(mask.iou([box for _, box in best], objects[key], [0] * len(objects[key]))))
    return np.minimum(np.array(matched, dtype=np.float64), 1)


def make_matched_row(iou: np.ndarray, objects: int) -> Row:
    """Return what the table says about the IoU of matched predictions.

    `matched` is their number and `matched_iou` the mean. `matched_75` is the share of matched predictions with an IoU
    of .75 or more, `found_75` the share of all objects with such a match, a recall; `matched_50` is 1 by definition.
    `iou_50` … `iou_95` count the matched predictions in bins that begin there and are .05 wide. Where nothing is
    matched, `matched_iou` and the shares of matched predictions are missing.

    Args:
        iou: IoU of each matched prediction.
        objects: Number of objects, crowds left out.
    """
    counts = {share: int((iou >= share / 100).sum()) for share in RECALL_LEVELS}
    histogram, _ = np.histogram(iou, np.array([*IOU_BINS, 100]) / 100)
    return {
        "matched": len(iou),
        "matched_iou": fmean(np.sort(iou)) if len(iou) else None,  # sorted: whatever the order of the predictions
        **{f"matched_{share}": count / len(iou) if len(iou) else None for share, count in counts.items()},
        **{f"found_{share}": count / objects for share, count in counts.items()},
        **{f"iou_{bin_}": int(count) for bin_, count in zip(IOU_BINS, histogram, strict=True)},
    }


def _match_image(iou: np.ndarray) -> list[float]:
    """Return the IoU of the matches between predictions (rows, best score first) and objects (columns)."""
    free = np.ones(iou.shape[1], bool)
    matched = []
    for row in iou[(iou >= MATCH_IOU).any(1)]:
        row = np.where(free, row, 0)
        best = len(row) - 1 - row[::-1].argmax()  # the last one of equals, as COCO
        if row[best] >= MATCH_IOU:
            free[best] = False
            matched.append(float(row[best]))
    return matched
