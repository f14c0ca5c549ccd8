"""Compute the metrics of a row from ground truth and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.evaluators import FASTER, find_evaluator_version, run_evaluator
from yolo_feiou.evaluation.matched import make_matched_row, match_ious
from yolo_feiou.evaluation.truth import CocoRecord, GroundTruth, is_box, require_objects
from yolo_feiou.storage.tables import Row

#: Our names of COCO's twelve numbers, by their place in its summary. AR is with 100 detections.
COCO_STATS = {"AP": 0, "AP50": 1, "AP75": 2, "AP_S": 3, "AP_M": 4, "AP_L": 5, "AR": 8}
#: COCO's sizes of objects, by area in px.
SIZE_RANGES = {"S": (0, 32**2), "M": (32**2, 96**2), "L": (96**2, 1e10)}
CURVE_LEVELS = tuple(range(50, 100, 5))  # IoU thresholds of the curve, in per cent


def score(truth: GroundTruth, predictions: Sequence[CocoRecord], evaluator: str = FASTER) -> Row:
    """Return the metrics of predictions: counts, COCO's official ones, AP at each IoU, and the IoU of matches.

    An undefined metric, such as AP_S without small objects, is None.

    Args:
        truth: The ground truth.
        predictions: In COCO's result format: `image_id`, `category_id`, `bbox` (x, y, w, h in pixels) and `score`.
        evaluator: 'faster-coco-eval' or 'pycocotools'.

    Raises:
        ArgumentError: If there is no such evaluator, or it isn't installed.
        DataError: If there are no objects, or predictions are of other images or categories, or malformed.
    """
    require_objects(truth)
    check_predictions(truth, predictions)
    measured = run_evaluator(truth, predictions, evaluator)
    curve = {f"AP{level}": value for level, value in zip(CURVE_LEVELS, measured.curve, strict=True)}
    return {
        "images": len(truth.images),
        "unread": truth.unread,
        "unlisted": truth.unlisted,
        "objects": truth.objects,
        **{f"objects_{size}": count for size, count in count_by_size(truth).items()},
        "detections": len(predictions),
        "ignored_categories": ", ".join(truth.ignored) or None,
        "truth_scale": truth.scale,
        "area_source": truth.area_source,
        "areas_replaced": truth.areas_replaced,
        "evaluator": evaluator,
        "evaluator_version": find_evaluator_version(evaluator),
        **{name: measured.stats[place] for name, place in COCO_STATS.items()},
        **{name: value for name, value in curve.items() if name not in COCO_STATS},
        **make_matched_row(match_ious(truth, predictions), truth.objects),
    }


def count_by_size(truth: GroundTruth) -> dict[str, int]:
    """Return the number of objects, crowds left out, that COCO calls small, medium and large, over all classes.

    One whose area is a limit, 32² or 96² px, counts in both, as COCO has it.
    """
    areas = [annotation["area"] for annotation in truth.annotations if not annotation["iscrowd"]]
    return {size: sum(low <= area <= high for area in areas) for size, (low, high) in SIZE_RANGES.items()}


def check_predictions(truth: GroundTruth, predictions: Sequence[CocoRecord]) -> None:
    """Raise DataError if these aren't predictions for this ground truth."""
    got = "" if isinstance(predictions, list) else type(predictions).__name__
    if not got and (odd := [record for record in predictions if not isinstance(record, dict)]):
        got = f"a list with {type(odd[0]).__name__} in it"
    if got:
        raise DataError(
            f"expected predictions as a list of detections with image_id, category_id, bbox and score, got {got}."
        )
    for key, known in (("image_id", truth.images), ("category_id", truth.categories)):
        ids = {entry["id"] for entry in known}
        values = [record.get(key) for record in predictions]
        if foreign := [value for value in values if not isinstance(value, (int, np.integer)) or value not in ids]:
            raise DataError(
                f"{len(foreign)} of {len(predictions)} predictions have a {key} that the ground truth doesn't have, "
                f"such as {foreign[0]!r}: they are of other data."
            )
    for number, record in enumerate(predictions, 1):
        value = record.get("score")
        if not is_box(record.get("bbox"), signed=True) or not isinstance(value, (int, float)) or not isfinite(value):
            raise DataError(
                f"prediction {number} has bbox={record.get('bbox')!r} and score={value!r}: expected x, y, width and "
                "height in pixels, and a number."
            )
