"""Box-regression losses for Ultralytics YOLO, chosen by name: EIoU, Focal-EIoU, FocalL1 and others.

Importing this imports torch and no Ultralytics; what needs more is imported when first used.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from yolo_feiou.errors import YoloFeiouError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import LOSSES
from yolo_feiou.losses.user.registry import register_loss

if TYPE_CHECKING:  # for editors and type checkers, which don't call `__getattr__`
    from yolo_feiou.report.result import compare
    from yolo_feiou.yolo.model import YOLO
    from yolo_feiou.yolo.trainers import DetectionTrainer, OBBTrainer, PoseTrainer, RTDETRTrainer, SegmentationTrainer

try:
    __version__ = version("yolo-feiou")
except PackageNotFoundError:  # a checkout that is not installed
    __version__ = "0+unknown"

#: What is imported when it is first used: all of these but `compare` need Ultralytics.
_LAZY = {
    "YOLO": "yolo_feiou.yolo.model",
    **dict.fromkeys(("DetectionTrainer", "SegmentationTrainer", "PoseTrainer"), "yolo_feiou.yolo.trainers"),
    **dict.fromkeys(("OBBTrainer", "RTDETRTrainer"), "yolo_feiou.yolo.trainers"),
    "compare": "yolo_feiou.report.result",
}

__all__ = [
    "LOSSES",
    "YOLO",
    "BoxLoss",
    "DetectionTrainer",
    "OBBTrainer",
    "Pair",
    "PoseTrainer",
    "RTDETRTrainer",
    "SegmentationTrainer",
    "YoloFeiouError",
    "__version__",
    "build_loss",
    "compare",
    "register_loss",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'yolo_feiou' has no attribute '{name}'")
