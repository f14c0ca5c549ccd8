"""What a model detected in a split, and the row that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from yolo_feiou.datasets.coco.coercion import Id
from yolo_feiou.evaluation.objects import check_shapes
from yolo_feiou.evaluation.rehearsal import EvaluationInput
from yolo_feiou.evaluation.saved import Evaluation
from yolo_feiou.evaluation.truth import CocoRecord


@dataclass(frozen=True)
class Detections:
    """What was detected, and how.

    Attributes:
        names: The model's classes, in order.
        by_file: For each image file, an array (n, 6) of x1, y1, x2, y2 in pixels of the original image, score and class
            index, best score first.
        shapes: Height and width of each image file as it was read.
        settings: conf, iou (None for a model without NMS), max_det, imgsz, batch and single_cls, as they were used.
        task_metrics: What the framework itself measures of a model's masks or key points, columns of the row.
    """

    names: list[str]
    by_file: dict[str, np.ndarray]
    shapes: dict[str, tuple[int, int]]
    settings: dict[str, Any]
    task_metrics: Mapping[str, float | None] = field(default_factory=dict)

    def in_coco_form(self, image_ids: Mapping[str, Id], category_ids: Sequence[Id]) -> list[CocoRecord]:
        """Return them as COCO's result format has them.

        Args:
            image_ids: The id of each image file.
            category_ids: The id of each class.
        """
        return [
            {"image_id": image, "category_id": category_ids[int(index)], "bbox": [x, y, x2 - x, y2 - y], "score": score}
            for file, image in image_ids.items()
            for x, y, x2, y2, score, index in self.by_file[file].tolist()
        ]


def make_evaluation(found: Detections, subject: EvaluationInput, about: Mapping[str, Any]) -> Evaluation:
    """Return the evaluation of detections: its row, and what is saved of it.

    Args:
        found: The detections.
        subject: The data that they were made on. Its classes are those of the model.
        about: What was evaluated, columns of the row that go before those of `found.settings`.

    Raises:
        DataError: If images were read with another size than their headers have.
    """
    check_shapes(subject.images, found.shapes)
    expected = subject.expected
    predictions = [
        record
        for record in found.in_coco_form(expected.image_ids, expected.category_ids)
        if record["category_id"] in expected.counted
    ]
    settings = {**about, **subject.source.row, **found.settings}
    return Evaluation(expected.truth, predictions, settings, found.task_metrics)
