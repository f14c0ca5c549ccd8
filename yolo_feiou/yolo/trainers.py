"""Our trainers: one for each of Ultralytics' whose criterion has a box term of its own."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from torch import nn
from ultralytics.models import yolo
from ultralytics.models.rtdetr.train import RTDETRTrainer as StockRTDETRTrainer
from ultralytics.models.yolo.world.train_world import WorldTrainerFromScratch as StockWorldTrainerFromScratch
from ultralytics.models.yolo.yoloe.train import YOLOETrainerFromScratch as StockYOLOETrainerFromScratch

from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.yolo.bbox_loss import STOCK_FLOOR
from yolo_feiou.yolo.gains import RTDETR_IGNORED
from yolo_feiou.yolo.trainer import LossTrainer


class DetectionTrainer(LossTrainer, yolo.detect.DetectionTrainer):
    """Ultralytics' `DetectionTrainer` with the argument `loss`."""


class SegmentationTrainer(LossTrainer, yolo.segment.SegmentationTrainer):
    """Ultralytics' `SegmentationTrainer` with the argument `loss`."""


class PoseTrainer(LossTrainer, yolo.pose.PoseTrainer):
    """Ultralytics' `PoseTrainer` with the argument `loss`."""


class OBBTrainer(LossTrainer, yolo.obb.OBBTrainer):
    """Ultralytics' `OBBTrainer` with the argument `loss`, which is of rotated boxes there."""

    stock_loss = "ProbIoU"
    stock_spec = f"probiou:floor={STOCK_FLOOR:g}"


class RTDETRTrainer(LossTrainer, StockRTDETRTrainer):
    """Ultralytics' `RTDETRTrainer` with the argument `loss`, in the place of its GIoU."""

    stock_loss = "GIoU"
    stock_spec = "giou"
    ignored_gains: ClassVar = RTDETR_IGNORED
    logged_as = "giou_loss"


class WorldTrainer(LossTrainer, yolo.world.WorldTrainer):
    """Ultralytics' `WorldTrainer` with the argument `loss`."""


class WorldTrainerFromScratch(LossTrainer, StockWorldTrainerFromScratch):
    """Ultralytics' `WorldTrainerFromScratch` with the argument `loss`."""


class TextPromptTrainer(LossTrainer):
    """What the trainers of YOLOE's text prompts add to `LossTrainer`."""

    def swap_losses(self, name: str, model: nn.Module, box_loss: BoxLoss) -> int:
        """Put a loss into the criterion of a model, which is made for as many classes as the model will have.

        It trains on the texts of a batch; YOLOE's validator gives the EMA the classes of the data, and stock makes the
        criterion of the EMA after that.
        """
        head = cast(Any, model).model[-1]
        texts = head.nc
        if name == "EMA":
            head.nc = self.data["nc"]
        try:
            return super().swap_losses(name, model, box_loss)
        finally:
            head.nc = texts


class YOLOETrainer(TextPromptTrainer, yolo.yoloe.YOLOETrainer):
    """Ultralytics' `YOLOETrainer`, of text prompts, with the argument `loss`."""


class YOLOETrainerFromScratch(TextPromptTrainer, StockYOLOETrainerFromScratch):
    """Ultralytics' `YOLOETrainerFromScratch` with the argument `loss`."""


class YOLOEPETrainer(LossTrainer, yolo.yoloe.YOLOEPETrainer):
    """Ultralytics' `YOLOEPETrainer`, a linear probe, with the argument `loss`."""


class YOLOEPEFreeTrainer(LossTrainer, yolo.yoloe.YOLOEPEFreeTrainer):
    """Ultralytics' `YOLOEPEFreeTrainer`, without prompts, with the argument `loss`."""


class YOLOESegTrainer(TextPromptTrainer, yolo.yoloe.YOLOESegTrainer):
    """Ultralytics' `YOLOESegTrainer`, of text prompts, with the argument `loss`."""


class YOLOESegTrainerFromScratch(TextPromptTrainer, yolo.yoloe.YOLOESegTrainerFromScratch):
    """Ultralytics' `YOLOESegTrainerFromScratch` with the argument `loss`."""


class YOLOEPESegTrainer(LossTrainer, yolo.yoloe.YOLOEPESegTrainer):
    """Ultralytics' `YOLOEPESegTrainer`, a linear probe, with the argument `loss`."""


#: Our trainers, by the class of Ultralytics' that each extends.
TRAINERS: dict[type, type[LossTrainer]] = {
    ours.__bases__[1]: ours
    for ours in (
        *(DetectionTrainer, SegmentationTrainer, PoseTrainer, OBBTrainer, RTDETRTrainer),
        *(WorldTrainer, WorldTrainerFromScratch),
        *(YOLOETrainer, YOLOETrainerFromScratch, YOLOEPETrainer, YOLOEPEFreeTrainer),
        *(YOLOESegTrainer, YOLOESegTrainerFromScratch, YOLOEPESegTrainer),
    )
}


def get_base(trainer: type) -> type[LossTrainer] | None:
    """Return the one of our trainers from which one can be derived that does what `trainer` does, None if none can."""
    return next((TRAINERS[stock] for stock in trainer.__mro__ if stock in TRAINERS), None)
