"""The evaluation of a trained model: one row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ultralytics.engine.model import Model

from yolo_feiou.evaluation.detections import detect
from yolo_feiou.evaluation.evaluators import FASTER, evaluator_version
from yolo_feiou.evaluation.ids import category_ids, image_ids
from yolo_feiou.evaluation.labels import read_split
from yolo_feiou.evaluation.saved import Evaluation
from yolo_feiou.evaluation.source import objects_of, source_of
from yolo_feiou.tables import Row


def evaluate(
    model: str | Path | Model,
    data: str | Path,
    split: str,
    folder: str | Path,
    *,
    annotations: str | Path | None = None,
    evaluator: str = FASTER,
    conf: float = 0.001,
    iou: float = 0.7,
    max_det: int = 300,
    **arguments: Any,
) -> Row:
    """Evaluate a model on a split, leave ground truth and predictions in a folder, and return the row of metrics.

    Objects come from a COCO JSON, whose crowds and areas count then, and of which the images that are in the split are
    used: `annotations`, or the one that the data YAML names for the split (`annotations: {val: FILE.json}`, relative to
    its `path`); without one, from the labels beside the images. Ultralytics' own validator gives the detections in the
    same images.

    Args:
        model: Weights, or a model of Ultralytics'.
        data: A data YAML, or the name of one of Ultralytics' data sets or ours.
        split: 'train', 'val' or 'test', as far as the YAML has it.
        folder: Where `ground_truth.json`, `predictions.json` and `settings.json` go, for `saved.evaluate_again`.
        annotations: A COCO JSON with the ground truth of the split, in place of what the YAML names and of its labels.
        evaluator: 'faster-coco-eval' or 'pycocotools'.
        conf: Score below which detections are dropped. This, `iou` and `max_det` are Ultralytics' own for `val`.
        iou: IoU above which the NMS drops detections of the same class.
        max_det: Number of detections an image that are kept; COCO looks at the 100 best of each class.
        **arguments: Further arguments of Ultralytics' `val`, such as `imgsz`, `batch` and `device`.

    Raises:
        ArgumentError: If there is no such evaluator, or it isn't installed.
        DataError: If model, data, split or objects are missing, or don't fit each other.
        UnsupportedModelError: If the model has no axis-aligned boxes.
    """
    evaluator_version(evaluator)  # a wrong name shows before the work
    images = read_split(data, split)
    source = source_of(images, annotations)
    truth = objects_of(images, source)
    ids = image_ids(images.files, truth.images)
    found = detect(model, data, split, conf, iou, max_det, **arguments)
    names = found.names
    if found.settings["single_cls"]:
        names = names[:1]
        truth = truth.one_class(names[0])
    categories = category_ids(names, truth.categories)
    predictions = found.in_coco_form(ids, categories)
    if found.classes is not None:  # what the model was told to leave out is not missed
        kept = {categories[index] for index in found.classes}
        truth = truth.of_categories(kept)
        predictions = [record for record in predictions if record["category_id"] in kept]
    settings = {"model": _name(model), "data": str(data), "split": split, **source.row, **found.settings}
    truth = replace(truth.of_images(ids.values()), unread=images.unread)
    evaluation = Evaluation(truth, predictions, settings)
    row = evaluation.row(evaluator)
    evaluation.save(Path(folder))
    return row


def _name(model: str | Path | Model) -> str:
    return str(model.ckpt_path or model.model_name) if isinstance(model, Model) else str(model)
