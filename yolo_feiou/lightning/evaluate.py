"""The evaluation of a trained detector: one row, with the columns of YOLO's."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from yolo_feiou.evaluation.detections import make_evaluation
from yolo_feiou.evaluation.evaluators import FASTER, find_evaluator_version
from yolo_feiou.evaluation.rehearsal import find_evaluation_input
from yolo_feiou.evaluation.saved import check_evaluation_folder
from yolo_feiou.lightning.detect import TrainedDetector
from yolo_feiou.lightning.images import Images
from yolo_feiou.storage.tables import Row
from yolo_feiou.terminal import say
from yolo_feiou.yolo.splits import read_split


def evaluate(
    weights: str | Path,
    data: str | Path,
    split: str,
    folder: str | Path,
    *,
    annotations: str | Path | None = None,
    evaluator: str = FASTER,
    conf: float | None = None,
    iou: float | None = None,
    max_det: int | None = None,
    batch: int | None = None,
    workers: int = 0,
    device: str = "",
    classes: Iterable[int] | None = None,
    single_cls: bool | None = None,
) -> Row:
    """Evaluate a detector on a split, leave ground truth and predictions in a folder, and return the row of metrics.

    Objects come from where `yolo.evaluate.evaluate` takes them, and the metrics are computed in the same way.

    Args:
        weights: The checkpoint.
        data: A data YAML, or the name of a data set.
        split: 'train', 'val' or 'test', as far as the YAML has it.
        folder: Where `ground_truth.json`, `predictions.json` and `settings.json` go.
        annotations: A COCO JSON with the ground truth of the split, in place of what the YAML names and of its labels.
        evaluator: 'faster-coco-eval' or 'pycocotools'.
        conf: Class score below which there is no detection; None for the detector's own, which all three are of.
        iou: IoU above which NMS drops detections of the same class.
        max_det: Number of detections an image that are kept.
        batch: Images at a time; None for as many as it trained with.
        workers: Processes that read images.
        device: 'cpu' or a GPU; '' for a GPU if there is one.
        classes: Indices of the classes that count; None for those that it trained on.
        single_cls: Whether all objects count as one class; None for as it trained.

    Raises:
        ArgumentError: If there is no such evaluator, or the folder holds files that no evaluation wrote.
        DataError: If weights, data, split or objects are missing, or don't fit each other.
    """
    find_evaluator_version(evaluator)  # a wrong name shows before the work
    check_evaluation_folder(folder)
    detector = TrainedDetector(weights, device, score_threshold=conf, nms=iou, detections=max_det)
    trained = detector.arguments
    as_one = trained["single_cls"] if single_cls is None else single_cls
    images = read_split(data, split, trained["classes"] if classes is None else classes, as_one)
    subject = find_evaluation_input(images, annotations, evaluator, detector.names)
    for note in subject.expected.notes:
        say(f"note: {note}", sys.stderr)
    items = Images(images, first_label=detector.config.first_label, fliplr=0)
    found = detector.detect(items, batch or trained["batch"], workers, single_cls=bool(as_one))
    evaluation = make_evaluation(found, subject, {"model": str(weights), "data": str(data), "split": split})
    row = evaluation.row(evaluator)
    evaluation.save(Path(folder))
    return {**row, **detector.about, "box": trained["box"]}
