"""Which gains do something in which models."""

from types import SimpleNamespace

import pytest
import torch
from ultralytics import YOLO
from ultralytics.cfg import get_cfg
from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.yolo.framework import FRAMEWORK
from yolo_feiou.yolo.gains import GAINS, list_ignored_gains
from yolo_feiou.yolo.trainers import PoseTrainer, RTDETRTrainer

ALL = [name for name in ("box", "cls", "dfl", *GAINS) if name in DEFAULT_CFG_DICT]


class Watched(SimpleNamespace):
    """Arguments that note which gains are read."""

    def __getattribute__(self, name):
        if name in ALL:
            super().__getattribute__("read").add(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize(
    "name", ["yolov8n", "yolov8n-seg", "yolov8n-pose", "yolov8n-obb", "yolo26n", "yolo26n-pose", "yolo26n-obb"]
)
def test_the_gains_that_do_something_are_those_that_ultralytics_loss_reads(name, release):
    """On a batch of one object, with its mask, its key points and its angle."""
    release("8.4.0" if name.startswith("yolo26") else "8.3.0")
    model = YOLO(f"{name}.yaml")
    network, read = model.model, set()
    network.args = Watched(**{**vars(get_cfg()), "read": read})
    batch = {
        **{"img": torch.rand(1, 3, 64, 64), "batch_idx": torch.zeros(1), "cls": torch.zeros(1, 1)},
        "bboxes": torch.tensor([[0.5, 0.5, 0.6, 0.4, 0.3] if model.task == "obb" else [0.5, 0.5, 0.6, 0.4]]),
        "masks": torch.ones(1, 16, 16),
        "keypoints": torch.ones(1, 17, 3) / 2,
    }
    read.clear()
    network.train().loss(batch)
    assert read == {*ALL} - list_ignored_gains(model.task, network).keys()
    assert FRAMEWORK.find_ignored_gains(f"{name}.yaml") == list_ignored_gains(model.task, network)


def test_what_hangs_on_the_head_counts_as_there_until_it_is_known():
    assert "rle" not in PoseTrainer.find_ignored_gains("pose")
    assert PoseTrainer.find_ignored_gains("pose", YOLO("yolov8n-pose.yaml").model)["rle"] == GAINS["rle"].reason


def test_rt_detr_ignores_those_of_other_tasks_beside_its_own():
    assert RTDETRTrainer.find_ignored_gains("detect").keys() == {"box", "cls", "dfl", *GAINS}
