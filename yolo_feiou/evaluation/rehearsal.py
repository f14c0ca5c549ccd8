"""An evaluation without a model: all of its checks, on the objects of a split without detections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yolo_feiou.evaluation.evaluators import FASTER, find_evaluator_version
from yolo_feiou.evaluation.objects import ExpectedObjects, find_expected_objects
from yolo_feiou.evaluation.saved import Evaluation
from yolo_feiou.evaluation.source import Source, find_source
from yolo_feiou.framework import Split


@dataclass(frozen=True)
class EvaluationInput:
    """The data that a model is evaluated on.

    Attributes:
        images: The split.
        source: Where its objects come from.
        expected: The objects that the model is evaluated on in it.
        evaluator: 'faster-coco-eval' or 'pycocotools', which is installed.
    """

    images: Split
    source: Source
    expected: ExpectedObjects
    evaluator: str = FASTER

    def rehearse(self) -> EvaluationInput:
        """Evaluate an empty list of detections, in seconds, so that errors show before a training; return self."""
        Evaluation(self.expected.truth, [], self.source.row).row(self.evaluator)
        return self


def find_evaluation_input(
    images: Split,
    annotations: str | Path | None = None,
    evaluator: str = FASTER,
    names: Sequence[str] | None = None,
) -> EvaluationInput:
    """Return the data that a model is evaluated on, checked as far as that needs no detections.

    `evaluate` begins with it, and so does a rehearsal, so both refuse the same.

    Args:
        images: A split, read with the classes that count.
        annotations: A COCO JSON with the ground truth, in place of what the YAML names and of the labels.
        evaluator: 'faster-coco-eval' or 'pycocotools'.
        names: The model's classes, in order; by default those of the data, which a training on it gives the model.

    Raises:
        ArgumentError: If there is no such evaluator, or it isn't installed.
        DataError: If objects are missing, or don't fit the images.
    """
    find_evaluator_version(evaluator)  # a wrong name shows before the work
    source = find_source(images, annotations)
    return EvaluationInput(images, source, find_expected_objects(images, source, names), evaluator)
