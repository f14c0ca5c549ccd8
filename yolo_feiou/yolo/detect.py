"""What a model detects in a split, and what Ultralytics measures of it, by Ultralytics' own validator."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
import ultralytics
from torch import Tensor
from ultralytics.engine.model import Model
from ultralytics.engine.validator import BaseValidator
from ultralytics.models import yolo
from ultralytics.models.rtdetr import RTDETRValidator
from ultralytics.utils.ops import scale_boxes

from yolo_feiou.errors import DataError, MissingFileError, UnsupportedModelError
from yolo_feiou.evaluation.detections import Detections
from yolo_feiou.yolo.configs import find_data
from yolo_feiou.yolo.quiet import quiet
from yolo_feiou.yolo.rtdetr import is_rtdetr_yaml, scale_to_file
from yolo_feiou.yolo.weights_path import check_weights_file

try:
    from ultralytics.utils import nms
except ImportError:  # its place in older releases
    from ultralytics.utils import ops as nms

_Base = BaseValidator if TYPE_CHECKING else object

#: Weights, or a model of Ultralytics'.
WeightsOrModel = str | Path | Model

#: By task, those whose detections are kept; World's and YOLOE's give a model the classes of the data first.
VALIDATORS: Mapping[str, tuple[type[BaseValidator], ...]] = {
    "detect": (
        *(yolo.detect.DetectionValidator, yolo.yoloe.YOLOEDetectValidator, RTDETRValidator),
        *([yolo.world.WorldValidator] if hasattr(yolo.world, "WorldValidator") else []),  # older releases lack it
    ),
    "segment": (yolo.segment.SegmentationValidator, yolo.yoloe.YOLOESegValidator),
    "pose": (yolo.pose.PoseValidator,),
    "obb": (yolo.obb.OBBValidator,),
}
#: The task whose boxes are oriented, which COCO's form and metrics don't have.
ORIENTED = "obb"
#: Columns of a row, by task, with the names that Ultralytics' own metrics of that task have.
TASK_METRICS: Mapping[str, Mapping[str, str]] = {
    "segment": {"mAP_mask": "metrics/mAP50-95(M)", "mAP50_mask": "metrics/mAP50(M)"},
    "pose": {"mAP_pose": "metrics/mAP50-95(P)", "mAP50_pose": "metrics/mAP50(P)"},
    ORIENTED: {"mAP_obb": "metrics/mAP50-95(B)", "mAP50_obb": "metrics/mAP50(B)"},
}


class Counting(_Base):
    """Mixed into a validator: counts detections and labelled objects, and lets it write nothing."""

    names: dict[int, str]  # once it validates
    metrics: Any  # of Ultralytics', by its task
    detections = objects = 0

    def update_metrics(self, preds: Any, batch: dict[str, Any]) -> None:
        """Count those of a batch, detections of the classes that count alone."""
        self.objects += len(batch["cls"])
        self.detections += sum(self._count(_classes(found)) for found in _per_image(preds))
        super().update_metrics(preds, batch)

    def _count(self, found: Tensor) -> int:
        """Return how many detections there are, given their classes; stock drops none for the argument `classes`."""
        counted = self.args.classes
        if counted is None or self.args.single_cls:
            return len(found)
        return int(torch.isin(found.long(), torch.tensor(counted, device=found.device)).sum())

    def pred_to_json(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # they vary
        """Collect nothing for a JSON of its own, which Ultralytics writes and evaluates unasked for val2017.txt."""

    def read_settings(self) -> dict[str, Any]:
        """Return conf, iou (None for a model without NMS), max_det, imgsz, batch and single_cls, as they were used."""
        used = self.args
        without_nms = isinstance(self, RTDETRValidator) or getattr(self, "end2end", False)
        return {
            "conf": used.conf,
            "iou": None if without_nms else used.iou,
            "max_det": used.max_det,  # Ultralytics raises it where images hold more objects
            "imgsz": used.imgsz,
            "batch": used.batch,
            "single_cls": bool(used.single_cls),
        }

    def read_task_metrics(self, task: str) -> dict[str, float | None]:
        """Return what Ultralytics measured beside upright boxes, columns of the row; None where nothing is labelled."""
        measured = self.metrics.results_dict if self.objects else {}
        return {column: measured.get(name) for column, name in TASK_METRICS.get(task, {}).items()}


class Recording(Counting):
    """Mixed into a validator: keeps the detections on which its metrics are computed.

    Ultralytics' own `predictions.json` is not what we need: it names an image by the last part of its path alone, and
    rounds scores to 1e-5, which ties detections that the metrics then rank by chance.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_file: dict[str, np.ndarray] = {}
        self.shapes: dict[str, tuple[int, int]] = {}

    def update_metrics(self, preds: Any, batch: dict[str, Any]) -> None:
        """Keep the detections of a batch, scaled to the original images as Ultralytics does."""
        for index, (file, found) in enumerate(zip(batch["im_file"], _per_image(preds), strict=True)):
            columns = _columns(found).clone()
            shape, seen, boxes = batch["ori_shape"][index], batch["img"].shape[2:], columns[:, :4].clone()
            if isinstance(self, RTDETRValidator):  # which older releases scale by one ratio for both sides
                boxes = scale_to_file(boxes, seen, shape)
            else:
                boxes = scale_boxes(seen, boxes, shape, ratio_pad=batch["ratio_pad"][index])
            columns[:, :4] = boxes  # pyright: ignore[reportArgumentType]  # a tensor, for it was one
            if self.args.single_cls:
                columns[:, 5] = 0
            self.shapes[file] = tuple(shape)
            self.by_file[file] = columns.cpu().numpy().astype(np.float64)
        super().update_metrics(preds, batch)


_Mixin = TypeVar("_Mixin", bound=Counting)


def load_model(model: WeightsOrModel) -> Model:
    """Return a model that can be evaluated.

    Args:
        model: Weights, or a model of Ultralytics'.

    Raises:
        DataError: If there are no such weights.
        UnsupportedModelError: If it has no boxes, or is validated in a way of its own.
    """
    try:
        check_weights_file(model, "model")
        with quiet():
            if not isinstance(model, Model):
                model = (ultralytics.RTDETR if is_rtdetr_yaml(model) else ultralytics.YOLO)(str(model))
    except MissingFileError as error:
        raise DataError(str(error)) from error
    except OSError as error:  # not here, nor to be had from Ultralytics
        raise DataError(f"model={model}: there are no such weights.") from error
    task = str(model.task)
    if model._smart_load("validator") not in VALIDATORS.get(task, ()):
        raise UnsupportedModelError(
            f"{type(model).__name__} for task '{task}' can't be evaluated: expected a YOLO model for detect, "
            "segment, pose or obb, or one of RT-DETR."
        )
    return model


def require_upright(model: Model) -> Model:
    """Return a model whose boxes are upright.

    Raises:
        UnsupportedModelError: If they are oriented.
    """
    if model.task == ORIENTED:
        raise UnsupportedModelError(
            f"{type(model).__name__} for task '{model.task}' has oriented boxes, which COCO's form and metrics don't "
            "have: 'yolo ablate' and 'yolo val' evaluate it by Ultralytics' own mAP."
        )
    return model


def get_class_names(model: Model) -> list[str] | None:
    """Return the classes of a model, in order; None for an exported one, which would have to be run for that."""
    if not isinstance(model.model, torch.nn.Module):
        return None
    return [str(name) for _, name in sorted(dict(model.names).items())]


def detect(
    model: WeightsOrModel, data: str | Path, split: str, conf: float, iou: float, max_det: int, **arguments: Any
) -> Detections:
    """Validate a model on a split and return what it detects; nothing stays on disk.

    Args:
        model: Weights, or a model of Ultralytics'.
        data: A data YAML, or the name of one of Ultralytics' data sets or ours.
        split: Of the data.
        conf: Score below which detections are dropped.
        iou: IoU above which the NMS drops detections of the same class.
        max_det: Number of detections an image that are kept.
        **arguments: Further arguments of Ultralytics' `val`, such as `imgsz`, `batch` and `device`.

    Raises:
        DataError: If there are no such weights.
        UnsupportedModelError: If the model has no axis-aligned boxes, or is validated in a way of its own.
    """
    model = require_upright(load_model(model))
    used = validate(model, Recording, data, split, conf, iou, max_det, **arguments)
    names = [str(name) for _, name in sorted(dict(used.names).items())]
    return Detections(names, used.by_file, used.shapes, used.read_settings(), used.read_task_metrics(str(model.task)))


def validate(
    model: Model,
    mixin: type[_Mixin],
    data: str | Path,
    split: str,
    conf: float | None,
    iou: float,
    max_det: int,
    **arguments: Any,
) -> _Mixin:
    """Validate a model on a split by Ultralytics' own validator, and return that; nothing stays on disk.

    Args:
        model: As `load_model` returns it.
        mixin: What is mixed into its validator.
        data: As in `detect`, and so are the others.
        split: Of the data.
        conf: Score below which detections are dropped, None for Ultralytics' own choice.
        iou: IoU above which the NMS drops detections of the same class.
        max_det: Number of detections an image that are kept.
        **arguments: Further arguments of Ultralytics' `val`.

    Raises:
        DataError: If Ultralytics drops detections all the same, since its time ran out.
    """
    validators: list[_Mixin] = []
    with quiet() as warnings, lift_time_limit(), tempfile.TemporaryDirectory() as scratch:
        stock = model._smart_load("validator")

        def make(**kwargs: Any) -> _Mixin:
            validators.append(type(f"{mixin.__name__}{stock.__name__}", (mixin, stock), {})(**kwargs))
            return validators[0]

        asked = {"data": str(find_data(str(data))), "split": split, "conf": conf, "iou": iou, "max_det": max_det}
        own = {"project": scratch, "name": "val", "plots": False, "save_json": False, "verbose": False}
        model.val(validator=make, **arguments, **asked, **own)
    if late := sum("NMS time limit" in line for line in warnings):
        raise DataError(
            f"data={data}, split '{split}': in {late} batches Ultralytics' NMS ran out of its time, and dropped the "
            "detections of the images that were left: the machine is too busy, or the device too slow. Evaluate again "
            "with fewer runs at a time, a smaller batch= or a higher conf=."
        )
    return validators[0]


@contextmanager
def lift_time_limit() -> Iterator[None]:
    """Let Ultralytics' NMS take the time that it needs inside the block.

    It stops after 2 s and 0.05 s an image and drops what is left, so that a busy machine would measure another AP.
    """
    module: Any = nms
    stock = module.non_max_suppression
    module.non_max_suppression = partial(stock, max_time_img=math.inf)
    try:
        yield
    finally:
        module.non_max_suppression = stock


def _per_image(preds: Any) -> Any:
    """Return the detections of a batch by image; older releases add the prototypes of masks."""
    return preds[0] if isinstance(preds, tuple) else preds


def _columns(found: Tensor | dict[str, Tensor]) -> Tensor:
    """Return the detections of an image as rows of box, score and class; older releases have them as rows."""
    if isinstance(found, dict):
        return torch.cat([found["bboxes"], found["conf"][:, None], found["cls"][:, None]], 1)
    return found[:, :6]


def _classes(found: Tensor | dict[str, Tensor]) -> Tensor:
    """Return the class of each detection of an image."""
    return found["cls"] if isinstance(found, dict) else found[:, 5]
