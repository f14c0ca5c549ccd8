"""The two evaluators of COCO metrics: faster-coco-eval, which is fast, and pycocotools, the reference."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.evaluation.truth import CocoRecord, GroundTruth

FASTER, REFERENCE = "faster-coco-eval", "pycocotools"


#: The two differ by 2⁻⁵² in some precisions, 1 in the one and 1/(1 + 2⁻⁵²), a guard against 0/0, in the other.
DECIMALS = 12


@dataclass(frozen=True)
class EvaluatorOutput:
    """The output of an evaluator, to 12 decimals; None where COCO's −1 means that the metric is undefined.

    Attributes:
        stats: The numbers of COCO's summary, in its order.
        curve: AP at each IoU threshold from .5 to .95, over all areas, 100 detections a class and image.
    """

    stats: list[float | None]
    curve: list[float | None]


def run_evaluator(truth: GroundTruth, predictions: Sequence[CocoRecord], evaluator: str = FASTER) -> EvaluatorOutput:
    """Run an evaluator; nothing is printed, and the inputs are not changed.

    Images and categories are numbered for it from 1 in the order of their ids, by which COCO ranks equal scores.

    Args:
        truth: The ground truth.
        predictions: In COCO's result format, of images and categories of the ground truth.
        evaluator: Name of its package.

    Raises:
        ArgumentError: If there is no such evaluator, or it isn't installed.
    """
    images = {of: number for number, of in enumerate(sorted(image["id"] for image in truth.images), 1)}
    categories = {of: number for number, of in enumerate(sorted(one["id"] for one in truth.categories), 1)}

    def place(record: CocoRecord) -> CocoRecord:
        return {"image_id": images[record["image_id"]], "category_id": categories[record["category_id"]]}

    content = {
        "images": [{"id": number} for number in images.values()],
        "categories": [{"id": number} for number in categories.values()],
    }
    objects = {**content, "annotations": [annotation | place(annotation) for annotation in truth.annotations]}
    found = {**content, "annotations": [_as_annotation(n, one) | place(one) for n, one in enumerate(predictions, 1)]}
    done = _get_evaluator(evaluator)(objects, found)
    precision = done.eval["precision"]  # IoU × recall × category × area × detections; the first area is all of them
    return EvaluatorOutput(
        [_round_or_none(value) for value in done.stats],
        [_round_or_none(_mean(level[:, :, 0, -1])) for level in precision],
    )


def find_evaluator_version(evaluator: str) -> str:
    """Return the version of an evaluator.

    Raises:
        ArgumentError: If there is no such evaluator, or it isn't installed.
    """
    _get_evaluator(evaluator)
    return version(evaluator)


def _faster(truth: dict[str, Any], found: dict[str, Any]) -> Any:
    from faster_coco_eval import COCO, COCOeval_faster

    evaluation = COCOeval_faster(
        _fill_index(COCO(), truth), _fill_index(COCO(), found), iouType="bbox", print_function=lambda *_: None
    )
    return _run_coco_eval(evaluation)


def _reference(truth: dict[str, Any], found: dict[str, Any]) -> Any:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with redirect_stdout(io.StringIO()):  # it always prints
        return _run_coco_eval(COCOeval(_fill_index(COCO(), truth), _fill_index(COCO(), found), "bbox"))


_EVALUATORS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {FASTER: _faster, REFERENCE: _reference}


def _get_evaluator(evaluator: str) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
    """Return the function that runs an evaluator."""
    if evaluator not in _EVALUATORS:
        raise ArgumentError(
            f"evaluator={evaluator} is unknown{did_you_mean(evaluator, _EVALUATORS)} "
            f"There are {' and '.join(_EVALUATORS)}."
        )
    try:
        __import__(evaluator.replace("-", "_"))
    except ImportError:
        raise ArgumentError(f"evaluator={evaluator} is not installed: pip install {evaluator}") from None
    return _EVALUATORS[evaluator]


def _fill_index(coco: Any, content: dict[str, Any]) -> Any:
    """Fill a COCO object; its own `loadRes` fails on a model without detections."""
    coco.dataset = content
    coco.createIndex()
    return coco


def _run_coco_eval(evaluation: Any) -> Any:
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation


def _as_annotation(number: int, record: CocoRecord) -> CocoRecord:
    """Return a detection as `loadRes` would, but for its image and category."""
    box = record["bbox"]
    return {
        "id": number,
        "bbox": box,
        "score": record["score"],
        "area": box[2] * box[3],
        "iscrowd": 0,
    }


def _mean(values: np.ndarray) -> float:
    """Return the mean of the defined values, or −1, as COCO's summary does."""
    values = values[values > -1]
    return float(np.mean(values)) if len(values) else -1


def _round_or_none(value: float) -> float | None:
    return round(float(value), DECIMALS) if value > -1 else None
