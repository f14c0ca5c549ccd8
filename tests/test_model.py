"""`yolo_feiou.YOLO`, and what Ultralytics does with several data sets and in tuning."""

import subprocess

import pytest
import torch
import yaml
from ultralytics import YOLO as StockYOLO
from ultralytics.utils import DEFAULT_CFG_DICT

from tests.runs import SHORT, results
from yolo_feiou import YOLO, DetectionTrainer, PoseTrainer, SegmentationTrainer
from yolo_feiou.errors import DataError, LossSpecError, UnsupportedModelError
from yolo_feiou.model import MODELS


@pytest.mark.parametrize(
    ("model", "trainer"),
    [
        ("yolov8n.yaml", DetectionTrainer),
        ("yolov8n-seg.yaml", SegmentationTrainer),
        ("yolov8n-pose.yaml", PoseTrainer),
    ],
)
def test_each_task_trains_with_our_trainer(model, trainer):
    assert YOLO(model)._smart_load("trainer") is trainer
    assert StockYOLO(model)._smart_load("trainer") in trainer.__mro__


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        ("YOLO", "yolov8n-cls.yaml"),
        ("YOLO", "yolov8n-obb.yaml"),
        ("YOLO", "yolov8s-worldv2.yaml"),
        ("YOLO", "yoloe-v8s.yaml"),
        ("RTDETR", "rtdetr-l.yaml"),
    ],
)
def test_models_without_an_axis_aligned_box_loss_refuse(kind, model, tmp_path):
    if kind not in MODELS or (model == "yoloe-v8s.yaml" and "YOLOE" not in MODELS):
        pytest.skip(f"this release of Ultralytics has no {model}")
    with pytest.raises(UnsupportedModelError, match="without an axis-aligned BboxLoss"):
        MODELS[kind](model).train(data="coco8.yaml", loss="eiou", project=str(tmp_path))
    assert not any(tmp_path.iterdir())


def test_a_recipe_with_a_loss_is_refused_likewise(tmp_path):
    with pytest.raises(UnsupportedModelError):
        YOLO("yolov8n-obb.yaml").train(data="dota8.yaml", cfg="focal_eiou.yaml", project=str(tmp_path))


def test_a_task_without_box_loss_trains_as_stock_with_loss_stock():
    model = YOLO("yolov8n-cls.yaml")
    assert model._prepare({"loss": "stock", "epochs": 1}) == {"epochs": 1}


def test_a_wrong_loss_stops_before_several_data_sets_are_tried(data, tmp_path):
    with pytest.raises(LossSpecError, match="unknown loss"):
        YOLO("yolov8n.yaml").train(data=[data, data], loss="nope", project=str(tmp_path))
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_a_recipe_by_name(data, tmp_path):
    model = YOLO("yolov8n.yaml")
    model.train(cfg="focal_l1.yaml", **{**SHORT, "data": data, "project": str(tmp_path), "name": "run"})
    assert yaml.safe_load((tmp_path / "run" / "args.yaml").read_text())["loss"] == "focal_l1"


@pytest.mark.slow
def test_several_data_sets_keep_the_loss(data, tmp_path, release):
    release("8.4.76")
    model = YOLO("yolov8n.yaml")
    model.train(**{**SHORT, "data": [data, data], "project": str(tmp_path), "loss": "eiou"})
    recorded = [yaml.safe_load(path.read_text())["loss"] for path in tmp_path.glob("**/args.yaml")]
    assert recorded == ["eiou", "eiou"]
    assert all(len(results(path.parent)) == 1 for path in tmp_path.glob("**/args.yaml"))


@pytest.mark.slow
def test_several_data_sets_train_as_stock_does_without_a_loss(data, tmp_path, release):
    release("8.4.76")
    arguments = {**SHORT, "data": [data, data]}
    for kind, folder in ((StockYOLO, "stock"), (YOLO, "ours")):
        torch.manual_seed(0)  # the weights that all data sets start from
        kind("yolov8n.yaml").train(**arguments, project=str(tmp_path / folder))
    stock, ours = (
        [results(path.parent) for path in sorted((tmp_path / folder).glob("**/args.yaml"))]
        for folder in ("stock", "ours")
    )
    assert len(stock) == 2
    assert ours == stock


def test_a_missing_data_set_among_several_stops_before_any_trains(data, tmp_path):
    with pytest.raises(DataError, match="data=nope.yaml: there is no such file"):
        YOLO("yolov8n.yaml").train(data=[data, "nope.yaml"], loss="eiou", project=str(tmp_path))
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_a_data_set_that_fails_among_several_is_an_error(data, tmp_path, release):
    release("8.4.76")
    (tmp_path / "empty.yaml").write_text(f"path: {tmp_path}\ntrain: none\nval: none\nnames: [a]\n")
    with pytest.raises(DataError, match="training failed on empty, 1 of 2 data sets"):
        YOLO("yolov8n.yaml").train(
            **{**SHORT, "data": [data, str(tmp_path / "empty.yaml")], "loss": "eiou", "project": str(tmp_path / "runs")}
        )


@pytest.mark.slow
def test_tuning_keeps_the_loss_in_the_processes_it_starts(data, tmp_path, capfd, release):
    release("8.4.3")
    run = subprocess.run
    YOLO("yolov8n.yaml").tune(**{**SHORT, "data": data, "project": str(tmp_path), "loss": "eiou", "iterations": 1})
    recorded = [yaml.safe_load(path.read_text()) for path in tmp_path.glob("**/args.yaml")]
    assert [arguments["loss"] for arguments in recorded if arguments["mode"] == "train"] == ["eiou"]
    assert "Box loss: eiou, criteria swapped: 1 of the model" in capfd.readouterr().out
    assert subprocess.run is run
    assert "loss" not in DEFAULT_CFG_DICT
