"""Which box losses train which models."""

import pytest
import torch
import ultralytics
from ultralytics.models import yolo

from tests.detr import write_rtdetr
from tests.runs import SHORT
from yolo_feiou import YOLO
from yolo_feiou.errors import ArgumentError, LossSpecError, UnsupportedModelError
from yolo_feiou.losses.build import build_loss, loss_to_train
from yolo_feiou.losses.families import TASK_FAMILIES
from yolo_feiou.yolo import trainers
from yolo_feiou.yolo.families import check_architecture, check_trainer, guess_family
from yolo_feiou.yolo.model import RTDETR, YOLOE, YOLOWorld
from yolo_feiou.yolo.trainers import TRAINERS, DetectionTrainer, OBBTrainer


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


#: By model, the trainers of Ultralytics' that train it; it fails with all others, most often in its first batch.
FITTING = {
    "yolov8n.yaml": ["DetectionTrainer", "WorldTrainer", "WorldTrainerFromScratch"],
    "yolov8n-seg.yaml": ["SegmentationTrainer"],
    "yolov8n-pose.yaml": ["DetectionTrainer", "PoseTrainer", "WorldTrainer", "WorldTrainerFromScratch"],
    "yolov8n-obb.yaml": ["OBBTrainer"],
    "rtdetr": ["RTDETRTrainer"],
    "yolov8n-worldv2.yaml": ["WorldTrainer", "WorldTrainerFromScratch"],
    "yoloe-v8n.yaml": ["YOLOETrainer", "YOLOETrainerFromScratch", "YOLOEPETrainer", "YOLOEPEFreeTrainer"],
    "yoloe-v8n-seg.yaml": [name for name in dir(trainers) if name.startswith("YOLOE")],
}


@pytest.fixture(params=FITTING)
def network(request, tmp_path):
    """A network, and the names of the trainers for it."""
    name = request.param
    kind = {"rtdet": RTDETR, "yoloe": YOLOE}.get(name[:5], YOLOWorld if "world" in name else YOLO)
    return kind(write_rtdetr(tmp_path) if name == "rtdetr" else name).model, FITTING[name]


def test_a_trainer_of_another_architecture_is_refused_with_those_that_fit(network):
    network, fitting = network
    for stock, ours in TRAINERS.items():
        for trainer in (stock, ours):
            if stock.__name__ in fitting:
                check_architecture(trainer, network, TRAINERS)
                continue
            with pytest.raises(ArgumentError, match=f"trainer={stock.__name__} can't train this model") as refused:
                check_architecture(trainer, network, TRAINERS)
            said = str(refused.value).partition("or give ")[2].partition(", or one")[0].split(" or ")
            assert sorted(said) == sorted(fitting)


def test_a_trainer_of_ones_own_may_make_any_network_itself():
    network = YOLO("yolov8n-obb.yaml").model
    derived = type("Derived", (DetectionTrainer,), {"__module__": "mine"})
    with pytest.raises(ArgumentError, match="trainer=Derived can't train this model, whose network is OBBModel"):
        check_architecture(derived, network, TRAINERS)
    own = type("Own", (derived,), {"__module__": "mine", "get_model": lambda self, **_: None})
    check_architecture(own, network, TRAINERS)
    check_architecture(derived, "exported.onnx", TRAINERS)


@pytest.mark.parametrize("given", [{"loss": "kld"}, {"loss": "stock"}, {}, {"resume": True}], ids=str)
def test_a_training_with_a_trainer_that_does_not_fit_is_refused_before_anything_is_written(given, tmp_path):
    told = {**SHORT, "data": "dota8.yaml", "project": str(tmp_path / "runs"), **given}
    with pytest.raises(ArgumentError, match=r"network is OBBModel: leave trainer= out, or give OBBTrainer, or one"):
        YOLO("yolov8n-obb.yaml").train(trainer=ultralytics.models.yolo.detect.DetectionTrainer, **told)
    assert not list(tmp_path.iterdir())


def test_the_network_of_the_run_to_resume_is_what_the_trainer_must_fit(tmp_path):
    """Not that of the model, in whose place Ultralytics takes the checkpoint."""
    last, told = tmp_path / "last.pt", {**SHORT, "data": "dota8.yaml", "project": str(tmp_path / "runs")}
    torch.save({"model": None, "ema": YOLO("yolov8n-obb.yaml").model, "train_args": {}}, last)
    for resume in (last, str(last)):
        with pytest.raises(ArgumentError, match="trainer=DetectionTrainer can.t train .* network is OBBModel"):
            YOLO("yolov8n.yaml").train(trainer=DetectionTrainer, resume=resume, **told)
    assert list(tmp_path.iterdir()) == [last]
