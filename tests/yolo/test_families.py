"""Which box losses train which models."""

import pytest
from ultralytics.models import yolo

from yolo_feiou.errors import LossSpecError, UnsupportedModelError
from yolo_feiou.losses.build import build_loss, loss_to_train
from yolo_feiou.losses.families import TASK_FAMILIES
from yolo_feiou.yolo.families import check_trainer, guess_family
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


def test_a_function_of_ones_own_is_of_the_boxes_of_the_model():
    def l1(pred, target):
        return (pred - target).abs().sum(-1)

    for trainer, task in ((DetectionTrainer, "detect"), (OBBTrainer, "obb")):
        check_trainer(trainer, task, loss_to_train(l1, TASK_FAMILIES[task]))
    with pytest.raises(LossSpecError, match="is of axis-aligned boxes, and this model has rotated boxes"):
        check_trainer(OBBTrainer, "obb", build_loss(l1))


@pytest.mark.parametrize(
    ("model", "task", "family"),
    [
        ("yolo11n-obb.pt", None, "rotated"),
        ("yolov8s-obb.yaml", None, "rotated"),
        ("yolo11n-seg.pt", None, "aligned"),
        ("rtdetr-l.pt", None, "aligned"),
        (None, "obb", "rotated"),
        ("yolo11n-obb.pt", "obb", "rotated"),
        ("yolo11n-obb.pt", "detect", None),  # of weights the model decides, of a YAML the task
        ("yolov8n.yaml", "obb", None),
        (None, None, "aligned"),
        ("mine-obb.pt", None, None),
        ("theirs-obb.pt", None, None),  # which may lie in Ultralytics' folder of weights
        ("mine.yaml", None, None),
    ],
)
def test_the_boxes_of_a_model_are_told_by_its_name_unless_it_is_a_file(model, task, family, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mine-obb.pt", "mine.yaml"):
        (tmp_path / name).touch()
    assert guess_family(model, task) == family
