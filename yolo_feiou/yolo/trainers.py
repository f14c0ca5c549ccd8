"""Our trainers: one for each of Ultralytics' whose criterion has a box term of its own."""

from __future__ import annotations

from ultralytics.models import yolo
from ultralytics.models.rtdetr.train import RTDETRTrainer as StockRTDETRTrainer
from ultralytics.models.yolo.world.train_world import WorldTrainerFromScratch as StockWorldTrainerFromScratch

from yolo_feiou.yolo.trainer import LossTrainer


class DetectionTrainer(LossTrainer, yolo.detect.DetectionTrainer):
    """Ultralytics' `DetectionTrainer` with the argument `loss`."""


class SegmentationTrainer(LossTrainer, yolo.segment.SegmentationTrainer):
    """Ultralytics' `SegmentationTrainer` with the argument `loss`."""


class PoseTrainer(LossTrainer, yolo.pose.PoseTrainer):
    """Ultralytics' `PoseTrainer` with the argument `loss`."""


class OBBTrainer(LossTrainer, yolo.obb.OBBTrainer):
    """Ultralytics' `OBBTrainer` with the argument `loss`, which is of rotated boxes there."""


class RTDETRTrainer(LossTrainer, StockRTDETRTrainer):
    """Ultralytics' `RTDETRTrainer` with the argument `loss`, in the place of its GIoU."""


class WorldTrainer(LossTrainer, yolo.world.WorldTrainer):
    """Ultralytics' `WorldTrainer` with the argument `loss`."""


class WorldTrainerFromScratch(LossTrainer, StockWorldTrainerFromScratch):
    """Ultralytics' `WorldTrainerFromScratch` with the argument `loss`."""


class YOLOETrainer(LossTrainer, yolo.yoloe.YOLOETrainer):
    """Ultralytics' `YOLOETrainer`, of text prompts, with the argument `loss`."""


class YOLOETrainerFromScratch(LossTrainer, yolo.yoloe.YOLOETrainerFromScratch):
    """Ultralytics' `YOLOETrainerFromScratch` with the argument `loss`."""


class YOLOEPETrainer(LossTrainer, yolo.yoloe.YOLOEPETrainer):
    """Ultralytics' `YOLOEPETrainer`, a linear probe, with the argument `loss`."""


class YOLOEPEFreeTrainer(LossTrainer, yolo.yoloe.YOLOEPEFreeTrainer):
    """Ultralytics' `YOLOEPEFreeTrainer`, without prompts, with the argument `loss`."""


class YOLOESegTrainer(LossTrainer, yolo.yoloe.YOLOESegTrainer):
    """Ultralytics' `YOLOESegTrainer`, of text prompts, with the argument `loss`."""


class YOLOESegTrainerFromScratch(LossTrainer, yolo.yoloe.YOLOESegTrainerFromScratch):
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
