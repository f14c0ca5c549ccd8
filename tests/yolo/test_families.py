"""Which box losses train which models."""

import pytest
from ultralytics.models import yolo

from yolo_feiou.errors import LossSpecError, UnsupportedModelError
from yolo_feiou.losses.build import build_loss
from yolo_feiou.yolo.families import check_trainer
from yolo_feiou.yolo.trainers import DetectionTrainer, OBBTrainer


@pytest.mark.parametrize("task", ["classify", "semantic", "depth"])
def test_tasks_without_a_box_term_are_named(task):
    with pytest.raises(UnsupportedModelError, match=f"task '{task}': it trains without a box term"):
        check_trainer(DetectionTrainer, task, build_loss("eiou"))
    check_trainer(DetectionTrainer, task, None)


@pytest.mark.parametrize("name", ["YOLOEVPTrainer", "YOLOESegVPTrainer"])
def test_visual_prompts_train_no_box_term(name):
    trainer = getattr(yolo.yoloe, name)
    task = "segment" if "Seg" in name else "detect"
    with pytest.raises(UnsupportedModelError, match=f"loss= does nothing with {name}: with visual prompts Ultralytics"):
        check_trainer(trainer, task, build_loss("eiou"))
    check_trainer(trainer, task, None)


def test_a_function_of_ones_own_is_of_axis_aligned_boxes():
    loss = build_loss(lambda pred, target: (pred - target).abs().sum(-1))
    check_trainer(DetectionTrainer, "detect", loss)
    with pytest.raises(LossSpecError, match="is of axis-aligned boxes, and this model has rotated boxes"):
        check_trainer(OBBTrainer, "obb", loss)
