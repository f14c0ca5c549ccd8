"""An evaluation without a model: all of its checks, on the objects of a split and no detections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yolo_feiou.evaluation.evaluators import FASTER, evaluator_version
from yolo_feiou.evaluation.objects import Expected, expected_objects
from yolo_feiou.evaluation.saved import Evaluation
from yolo_feiou.evaluation.source import Source, source_of
from yolo_feiou.yolo.splits import Split, read_split


@dataclass(frozen=True)
class Subject:
    """What a model is evaluated on.

    Attributes:
        images: The split.
        source: Where its objects come from.
        expected: What the model has to find in it.
        evaluator: 'faster-coco-eval' or 'pycocotools', which is there.
    """

    images: Split
    source: Source
    expected: Expected
    evaluator: str = FASTER

    def rehearse(self) -> Subject:
        """Evaluate no detections, in seconds, and return this: what would fail after a training fails before it."""
        Evaluation(self.expected.truth, [], self.source.row).row(self.evaluator)
        return self


def find_subject(
    data: str | Path,
    split: str,
    annotations: str | Path | None = None,
    evaluator: str = FASTER,
    names: Sequence[str] | None = None,
    classes: int | Iterable[int] | None = None,
    single_cls: bool | None = False,
) -> Subject:
    """Return what a model is evaluated on, with everything checked that needs no detections.

    `evaluate` begins with it, and so does a rehearsal, so what the one refuses the other does.

    Args:
        data: A data YAML, or the name of one of Ultralytics' data sets or ours.
        split: Of the data.
        annotations: A COCO JSON with the ground truth, in place of what the YAML names and of the labels.
        evaluator: 'faster-coco-eval' or 'pycocotools'.
        names: The model's classes, in order; by default those of the data, which a training on it gives the model.
        classes: Ultralytics' argument: the indices of the classes that count.
        single_cls: Ultralytics' argument: whether all objects count as one class.

    Raises:
        ArgumentError: If there is no such evaluator, or it isn't installed.
        DataError: If data, split or objects are missing, or don't fit each other.
    """
    evaluator_version(evaluator)  # a wrong name shows before the work
    images = read_split(data, split, classes, single_cls)
    source = source_of(images, annotations)
    return Subject(images, source, expected_objects(images, source, names), evaluator)
