"""`yolo_feiou.YOLO`, and what Ultralytics does with several data sets and in tuning."""

import inspect
import pickle
import re
import subprocess
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import ultralytics
import yaml
from ultralytics import YOLO as StockYOLO
from ultralytics.cfg import get_cfg
from ultralytics.models.yolo.detect import DetectionTrainer as StockTrainer
from ultralytics.utils import DEFAULT_CFG_DICT

from tests.detr import write_rtdetr
from tests.runs import SHORT, results, short
from yolo_feiou import YOLO, DetectionTrainer, PoseTrainer, SegmentationTrainer
from yolo_feiou.errors import ArgumentError, DataError, LossSpecError, MissingFileError, UnsupportedModelError
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS
from yolo_feiou.results.run_record import RunRecord, put_mark
from yolo_feiou.yolo.model import MODELS, RTDETR


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
        ("YOLO", "yolo26n-sem.yaml"),
        ("YOLO", "yolo26n-depth.yaml"),
    ],
)
def test_models_without_a_box_term_refuse(kind, model, tmp_path):
    file = re.sub(r"(26|v8)[ns]", r"\1", model)
    known = {path.name for path in (Path(ultralytics.__file__).parent / "cfg" / "models").rglob("*.yaml")}
    if kind not in MODELS or not {file, model} & known:
        pytest.skip(f"this release of Ultralytics has no {model}")
    with pytest.raises(UnsupportedModelError, match="without a box term"):
        MODELS[kind](model).train(data="coco8.yaml", loss="eiou", project=str(tmp_path))
    assert not any(tmp_path.iterdir())


def test_a_recipe_with_a_loss_is_refused_likewise(tmp_path):
    with pytest.raises(LossSpecError, match="'focal_eiou' is of axis-aligned boxes"):
        YOLO("yolov8n-obb.yaml").train(data="dota8.yaml", cfg="focal_eiou.yaml", project=str(tmp_path))


def test_a_task_without_box_loss_trains_as_stock_with_loss_stock():
    model = YOLO("yolov8n-cls.yaml")
    assert model._prepare({"loss": "stock", "epochs": 1}) == {"epochs": 1}


def test_a_wrong_loss_stops_before_several_data_sets_are_tried(data, tmp_path):
    with pytest.raises(LossSpecError, match="unknown loss"):
        YOLO("yolov8n.yaml").train(data=[data, data], loss="nope", project=str(tmp_path))
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_a_recipe_is_found_by_name(data, tmp_path):
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
def test_several_data_sets_give_the_metrics_of_those_that_work_and_name_the_others(data, tmp_path, release, caplog):
    release("8.4.76")
    empty = tmp_path / "empty.yaml"
    empty.write_text(f"path: {tmp_path}\ntrain: none\nval: none\nnames: [a]\n")
    arguments = {**SHORT, "loss": "eiou", "project": str(tmp_path / "runs")}
    metrics = YOLO("yolov8n.yaml").train(data=[data, str(empty)], **arguments)
    assert metrics["empty"] is None and metrics["shapes-small"]["fitness"] >= 0
    assert "Training failed on empty, 1 of 2 data sets" in caplog.text
    with pytest.raises(DataError, match="training failed on all 1 data sets: empty"):
        YOLO("yolov8n.yaml").train(data=[str(empty)], **arguments)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("method", ["__init__", "train", "tune", "val"])
def test_methods_have_stocks_signatures(name, method):
    ours, stock = getattr(MODELS[name], method), getattr(getattr(ultralytics, name), method)
    assert inspect.signature(ours) == inspect.signature(stock)


@pytest.mark.parametrize(
    ("name", "yaml"),
    [
        ("YOLO", "yolov8n.yaml"),
        ("YOLOWorld", "yolov8s-worldv2.yaml"),
        ("YOLOE", "yoloe-v8s.yaml"),
        ("RTDETR", "rtdetr-l.yaml"),
    ],
)
def test_models_pickle_and_copy(name, yaml):
    if name not in MODELS:
        pytest.skip(f"this release of Ultralytics has no {name}")
    model = MODELS[name](yaml)
    for copied in (pickle.loads(pickle.dumps(model)), deepcopy(model)):
        assert type(copied) is MODELS[name]
        assert copied.model.state_dict().keys() == model.model.state_dict().keys()


def test_a_model_of_stocks_becomes_ours():
    model = StockYOLO("yolov8n.yaml")
    try:
        StockYOLO(model)
    except TypeError:
        pytest.skip("this release of Ultralytics makes no model of another")
    assert YOLO(model)._smart_load("trainer") is DetectionTrainer


class Mine(StockTrainer):
    """A user's own trainer, which doesn't know our arguments."""


def test_a_trainer_that_does_not_know_the_loss_is_named_before_anything_is_written(data, tmp_path):
    with pytest.raises(ArgumentError, match="trainer=Mine doesn't know loss=: derive it from yolo_feiou.yolo.trai"):
        YOLO("yolov8n.yaml").train(Mine, data=data, loss="eiou", project=str(tmp_path))
    assert not any(tmp_path.iterdir())
    assert YOLO("yolov8n.yaml")._prepare({"epochs": 1, "loss": None, "box_stats": False}, Mine) == {"epochs": 1}


@pytest.mark.slow
@pytest.mark.parametrize("loss", [{}, {"loss": None}, {"loss": "stock"}])
def test_a_training_as_stocks_leaves_nothing_of_ours_in_its_files(loss, train):
    trainer = train(**loss)
    checkpoint = torch.load(trainer.last, weights_only=False)
    recorded = yaml.safe_load((trainer.save_dir / "args.yaml").read_text())
    for arguments in (recorded, checkpoint["train_args"], checkpoint["model"].args):
        assert not arguments.keys() & EXTRA_ARGUMENTS.keys()


@pytest.mark.slow
def test_the_commands_finished_checkpoints_record_arguments_of_stocks_alone(data, tmp_path, command):
    done = command("train", "model=yolov8n.yaml", "loss=eiou", *short(data=data, project=tmp_path))
    assert done.returncode == 0, done.stderr
    checkpoint = torch.load(tmp_path / "train" / "weights" / "last.pt", weights_only=False)
    assert not checkpoint["train_args"].keys() & EXTRA_ARGUMENTS.keys()


@pytest.mark.slow
def test_resume_of_what_is_no_run_of_ours_is_as_in_stock(train, data, tmp_path, caplog, release):
    release("8.4.105")  # older ones end with an error of their own
    weights = train().best
    YOLO(weights).train(resume=True, **{**SHORT, "data": data, "project": str(tmp_path), "name": "again"})
    assert "is not a resumable training checkpoint" in caplog.text
    assert len(results(tmp_path / "again")) == 1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"space": {"loss": ("ciou", "eiou")}}, ArgumentError, "only Ray tunes what is not a number: add use_ray=True"),
        (
            {"use_ray": True, "space": {"loss": SimpleNamespace(categories=["ciou", "eoiu"])}},
            LossSpecError,
            "did you mean 'eiou'",
        ),
        ({"use_ray": True, "space": {"loss": {"grid_search": ["eoiu"]}}}, LossSpecError, "did you mean 'eiou'"),
        ({"use_ray": True, "loss": "eiou", "space": {"loss": ["ciou"]}}, ArgumentError, "give one of them"),
    ],
)
def test_a_space_that_does_not_fit_is_told_before_tuning(arguments, error, message, monkeypatch):
    monkeypatch.setattr(ultralytics.YOLO, "tune", lambda *_, **__: pytest.fail("tuned"))
    with pytest.raises(error, match=message):
        YOLO("yolov8n.yaml").tune(**arguments)


def test_a_gain_that_does_nothing_is_not_tuned(tmp_path, monkeypatch):
    """Those of RT-DETR's losses are its criterion's own."""
    monkeypatch.setattr(ultralytics.RTDETR, "tune", lambda self, *_, **kwargs: kwargs["space"])
    model = RTDETR(write_rtdetr(tmp_path))
    for more in ({}, {"loss": "eiou"}, {"use_ray": True}):
        with pytest.raises(
            ArgumentError, match="space has box, which does nothing here: the gain of RT-DETR's box loss"
        ):
            model.tune(data="coco8.yaml", space={"lr0": (1e-5, 1e-1), "box": (0.02, 0.2)}, **more)
    with pytest.raises(ArgumentError, match="space has dfl, which does nothing here: RT-DETR has no DFL. Leave it"):
        model.tune(data="coco8.yaml", space={"dfl": (0.4, 6.0)})
    assert model.tune(data="coco8.yaml", space={"lr0": (1e-5, 1e-1)}) == {"lr0": (1e-5, 1e-1)}


@pytest.mark.parametrize(
    ("model", "loss", "expected"),
    [("yolov8n-obb.yaml", "eiou", "this model has rotated boxes"), ("yolov8n.yaml", "kld", "has axis-aligned boxes")],
)
def test_a_loss_of_other_boxes_is_told_before_tuning(model, loss, expected, monkeypatch):
    """Given for all trials, or to choose from."""
    monkeypatch.setattr(ultralytics.YOLO, "tune", lambda *_, **__: pytest.fail("tuned"))
    both = ["probiou", "ciou", loss]
    for arguments in (
        {"loss": loss},
        {"use_ray": True, "space": {"loss": SimpleNamespace(categories=both)}},
        {"use_ray": True, "space": {"loss": {"grid_search": both}}},
    ):
        with pytest.raises(LossSpecError, match=expected):
            YOLO(model).tune(**arguments)


def test_trials_of_ray_have_the_loss_wherever_they_run(monkeypatch):
    """Ray gets what stock knows; the loss goes with the pickled model, and leaves it when the tuning ends."""
    seen = []

    def stocks_tune(self, use_ray=False, iterations=300, *args, **kwargs):
        space = kwargs.pop("space", {})
        get_cfg(overrides=kwargs)  # as stock checks them, and knows none of ours
        worker = pickle.loads(pickle.dumps(self))
        worker.reset_callbacks()
        worker.train(**{**space, "lr0": 0.1})

    monkeypatch.setattr(ultralytics.YOLO, "tune", stocks_tune)
    monkeypatch.setattr(ultralytics.YOLO, "train", lambda self, **kwargs: seen.append(kwargs))
    model = YOLO("yolov8n.yaml")
    model.tune(use_ray=True, data="coco8.yaml", loss="eiou")
    model.tune(True, 3, data="coco8.yaml", space={"loss": "giou"})
    model.train(lr0=0.2)
    assert seen == [{"loss": "eiou", "lr0": 0.1}, {"loss": "giou", "lr0": 0.1}, {"lr0": 0.2}]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"loss": "eiou"}, {"loss": "eiou"}),
        ({"cfg": "focal_l1"}, {"loss": "focal_l1"}),
        ({"cfg": "focal_l1", "loss": None}, {"loss": None}),
        ({}, {}),
    ],
)
def test_tuning_tells_its_commands_the_loss_of_a_recipe_too(monkeypatch, arguments, told):
    """Stock's tuner drops `cfg` before it starts a training."""
    started = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: started.append(command[4:]))
    stocks = ["python", "-m", "ultralytics.cfg.__init__", "train"]
    monkeypatch.setattr(ultralytics.YOLO, "tune", lambda self, **kwargs: subprocess.run(stocks) or kwargs)
    YOLO("yolov8n.yaml").tune(**arguments)
    assert started == [[f"{key}={value}" for key, value in told.items()]]


@pytest.mark.slow
def test_ray_tunes_with_the_loss_and_the_loss_itself(data, tmp_path):
    tune = pytest.importorskip("ray.tune", exc_type=ImportError, reason="needs ray[tune]")
    arguments = {**SHORT, "data": data, "project": str(tmp_path), "use_ray": True, "search_alg": "random"}
    space = {"lr0": tune.uniform(1e-4, 1e-3)}
    for name, kwargs in (
        ("fixed", {"loss": "eiou", "space": space}),
        ("tuned", {"space": {"loss": tune.grid_search(["giou", "iou"])}}),
    ):
        YOLO("yolov8n.yaml").tune(iterations=1, name=name, **kwargs, **arguments)
    recorded = [yaml.safe_load(path.read_text()) for path in tmp_path.glob("**/args.yaml")]
    assert sorted(arguments["loss"] for arguments in recorded) == ["eiou", "giou", "iou"]


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


def test_what_a_finished_run_trained_with_is_read_from_its_mark_without_a_second_load(monkeypatch):
    """A checkpoint can run code, so it is loaded once, by Ultralytics."""
    model = YOLO("yolov8n.yaml")
    model.ckpt, model.ckpt_path = {"optimizer": None}, "runs/x/weights/best.pt"
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("loaded again"))
    model._check_unfinished()  # none of ours: stock's to say
    put_mark(model.model, RunRecord("x"), "eiou:norm=tal")
    with pytest.raises(ArgumentError, match=r"best.pt is not the checkpoint of an unfinished run.*with eiou:norm=tal"):
        model._check_unfinished()


def test_weights_that_cannot_be_fetched_are_told_with_what_trains_without_them(monkeypatch, tmp_path):
    def fail(*_, **__):
        raise ConnectionError("no\nnetwork")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(StockYOLO, "_load", fail)
    with pytest.raises(
        MissingFileError, match=r"^model=yolov8n\.pt: .* can't be fetched: no network .*yolov8n\.yaml\.$"
    ):
        YOLO("yolov8n.pt")
