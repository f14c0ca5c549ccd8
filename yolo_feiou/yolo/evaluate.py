"""The evaluation of a trained model: one row."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ultralytics
from ultralytics.engine.model import Model

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.detections import make_evaluation
from yolo_feiou.evaluation.evaluators import FASTER, find_evaluator_version
from yolo_feiou.evaluation.objects import find_expected_objects
from yolo_feiou.evaluation.rehearsal import find_evaluation_input
from yolo_feiou.evaluation.saved import check_evaluation_folder
from yolo_feiou.evaluation.source import Source, find_source
from yolo_feiou.framework import Split
from yolo_feiou.results.main_metric import MAP_OBB
from yolo_feiou.storage.tables import Row
from yolo_feiou.terminal import say
from yolo_feiou.yolo.detect import (
    ORIENTED,
    Counting,
    WeightsOrModel,
    detect,
    get_class_names,
    load_model,
    validate,
)
from yolo_feiou.yolo.splits import read_split

#: The least score of a detection that counts, of upright boxes, if no other is given.
CONF = 0.001
#: Training arguments that Ultralytics' validation at the end of a training goes by. `rect` is not one of them: a
#: training validates on rectangles whatever it is. Nor is `fraction`: all images of a split count.
SHARED_ARGUMENTS = (
    *("conf", "iou", "max_det", "nms", "end2end", "agnostic_nms", "single_cls", "classes", "augment"),
    *("half", "quantize", "overlap_mask", "mask_ratio", "workers"),
)
#: The name of the evaluator of oriented boxes.
OWN_EVALUATOR = "ultralytics"


def evaluate(
    model: WeightsOrModel,
    data: str | Path,
    split: str,
    folder: str | Path,
    *,
    annotations: str | Path | None = None,
    evaluator: str = FASTER,
    conf: float | None = None,
    iou: float = 0.7,
    max_det: int = 300,
    **arguments: Any,
) -> Row:
    """Evaluate a model on a split, leave ground truth and predictions in a folder, and return the row of metrics.

    Objects come from a COCO JSON, whose crowds and areas count then, and of which the images that are in the split are
    used: `annotations`, or the one that the data YAML names for the split (`annotations: {val: FILE.json}`, relative to
    its `path`); without one, from the labels beside the images. Ultralytics' own validator gives the detections in the
    same images. Its own metrics of masks and key points are in the row too.

    Oriented boxes, which COCO's metrics don't have, are evaluated by Ultralytics' own alone, on labels; the folder
    stays as it is.

    Args:
        model: Weights, or a model of Ultralytics'.
        data: A data YAML, or the name of one of Ultralytics' data sets or ours.
        split: 'train', 'val' or 'test', as far as the YAML has it.
        folder: Where `ground_truth.json`, `predictions.json` and `settings.json` go, for `saved.evaluate_again`.
        annotations: A COCO JSON with the ground truth of the split, in place of what the YAML names and of its labels.
        evaluator: 'faster-coco-eval' or 'pycocotools'.
        conf: Score below which detections are dropped; None for Ultralytics' own, .001, or .01 of oriented boxes in new
            releases. `iou` and `max_det` are its own for `val`, too.
        iou: IoU above which the NMS drops detections of the same class.
        max_det: Number of detections an image that are kept; COCO looks at the 100 best of each class.
        **arguments: Further arguments of Ultralytics' `val`, such as `imgsz`, `batch` and `device`.

    Raises:
        ArgumentError: If there is no such evaluator, it isn't installed, or the folder holds files of those names that
            no evaluation wrote.
        DataError: If model, data, split or objects are missing, or don't fit each other.
        UnsupportedModelError: If the model has no boxes.
    """
    find_evaluator_version(evaluator)  # a wrong name shows before the work
    check_evaluation_folder(folder)
    name, model = _name(model), load_model(model)
    told = {**model.overrides, **arguments}  # a model remembers some of its training's, single_cls among them
    names = get_class_names(model)
    images = read_split(data, split, told.get("classes"), told.get("single_cls"))
    if model.task == ORIENTED:
        source = check_oriented_labels(images, annotations)
        find_expected_objects(images, source, names)  # whose classes must be the model's
        used = validate(model, Counting, data, split, conf, iou, max_det, **arguments)
        about = {"model": name, "data": str(data), "split": split}
        return {**about, **source.row, **_measure_oriented(used, images)}
    subject = find_evaluation_input(images, annotations, evaluator, names)
    for note in subject.expected.notes:
        say(f"note: {note}", sys.stderr)
    found = detect(model, data, split, CONF if conf is None else conf, iou, max_det, **arguments)
    if names is None:
        subject = replace(subject, expected=find_expected_objects(images, subject.source, found.names))
    evaluation = make_evaluation(found, subject, {"model": name, "data": str(data), "split": split})
    row = evaluation.row(evaluator)
    evaluation.save(Path(folder))
    return row


def make_evaluation_arguments(arguments: Mapping[str, Any], trained: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a run's arguments that its evaluation takes too, image size and batch as they were trained."""
    given = {key: arguments[key] for key in SHARED_ARGUMENTS if arguments.get(key) is not None}
    return {**given, **{key: trained[key] for key in ("imgsz", "batch") if key in trained}}


def check_oriented_labels(images: Split, annotations: str | Path | None = None) -> Source:
    """Return the source of the objects that an OBB model is evaluated on: the labels.

    Args:
        images: The split.
        annotations: The COCO JSON that a command names.

    Raises:
        DataError: If a COCO JSON is named, whose boxes are upright, or labels are no polygons.
    """
    source = find_source(images, annotations)
    if source.path is not None:
        named = "leave annotations= out" if annotations else "take it out of annotations: in the data YAML"
        raise DataError(
            f"{images.source}: {source.path} has upright boxes, and an OBB model is evaluated on oriented ones, those "
            f"of the labels: {named}."
        )
    upright = [label["im_file"] for label in images.labels if len(label.get("segments", ())) != len(label["cls"])]
    if upright:
        raise DataError(
            f"{images.source}: {len(upright)} of {len(images.labels)} images have labels that are no oriented boxes, "
            f"such as that of {upright[0]}: an OBB model needs lines of a class and four corners, class x1 y1 x2 y2 x3 "
            "y3 x4 y4, in all label files."
        )
    return source


def _measure_oriented(used: Counting, images: Split) -> Row:
    """Return the settings and metrics of an OBB model, as columns of a row, by what validated it."""
    return {
        **used.read_settings(),
        "images": len(images.labels),
        "unread": images.unread,
        "objects": used.objects,
        "detections": used.detections,
        "evaluator": OWN_EVALUATOR,
        "evaluator_version": ultralytics.__version__,
        "metric": MAP_OBB,
        "AP": None,
        **used.read_task_metrics(ORIENTED),
    }


def _name(model: WeightsOrModel) -> str:
    return str(model.ckpt_path or model.model_name) if isinstance(model, Model) else str(model)
