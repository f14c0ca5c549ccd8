"""Training: the loss asked for trains and validates, is recorded, and changes nothing else."""

import os

import pytest
import torch
import yaml
from ultralytics import YOLO as StockYOLO
from ultralytics.utils.loss import BboxLoss

from tests.runs import SHORT, overrides, results
from tests.yolo.test_bbox_loss import stocks_ciou
from yolo_feiou import YOLO, DetectionTrainer
from yolo_feiou.errors import (
    ArgumentError,
    DataError,
    LossNotAppliedError,
    LossSpecError,
    MissingFileError,
)
from yolo_feiou.losses.table import LOSSES, LossInfo
from yolo_feiou.yolo.trainer import telling_missing_encoder

LOSS_COLUMNS = [f"{part}/{name}_loss" for part in ("train", "val") for name in ("box", "cls", "dfl")]


@pytest.fixture
def stock_rows(tmp_path, data):
    """The results of two epochs of Ultralytics' own trainer."""
    StockYOLO("yolov8n.yaml").train(**{**SHORT, "epochs": 2, "data": data, "project": str(tmp_path), "name": "stock"})
    return results(tmp_path / "stock")


@pytest.fixture
def stocks_function(monkeypatch):
    """The spec of a loss that computes what Ultralytics does, in our way."""
    info = LossInfo("stocks_function", "loss", stocks_ciou, "", "", "")
    monkeypatch.setitem(LOSSES, info.name, info)
    return info.name


@pytest.mark.slow
def test_the_seam_changes_nothing_but_the_loss(train, stock_rows, stocks_function):
    assert stock_rows[0]["val/box_loss"] != stock_rows[1]["val/box_loss"]
    for arguments in ({}, {"loss": "stock"}, {"loss": stocks_function}):
        assert results(train(epochs=2, **arguments).save_dir) == stock_rows
    for ours, stock in zip(results(train(epochs=2, loss="ciou").save_dir), stock_rows, strict=True):
        for column in LOSS_COLUMNS:
            assert float(ours[column]) == pytest.approx(float(stock[column]), rel=0.01)
    assert results(train(epochs=2, loss="eiou").save_dir) != stock_rows


@pytest.mark.slow
def test_losses_follow_arguments_that_are_changed_in_training_as_stocks_do(data, tmp_path, stocks_function):
    """Those of the validation too: stock makes the EMA's criterion late, with the live arguments."""
    rows = {}
    for name, kind, own in (("stock", StockYOLO, {}), ("ours", YOLO, {"loss": stocks_function})):
        model = kind("yolov8n.yaml")
        model.add_callback("on_train_epoch_end", lambda trainer: setattr(trainer.args, "box", 20.0 * trainer.epoch))
        model.train(**{**SHORT, "epochs": 2, "data": data, "project": str(tmp_path), "name": name, **own})
        rows[name] = results(tmp_path / name)
    assert rows["ours"] == rows["stock"]
    assert float(rows["stock"][0]["val/box_loss"]) == 0 < float(rows["stock"][1]["val/box_loss"])


@pytest.mark.slow
def test_loss_trains_validates_and_is_recorded(train, capsys):
    trainer = train(loss="focal_eiou:gamma=1,norm=tal", epochs=2)
    printed = capsys.readouterr().out
    assert printed.count("Box loss:") == 1
    assert "focal_eiou (gamma=1, norm=tal, detach=true), criteria swapped: 1 of the model, 1 of the EMA" in printed
    assert yaml.safe_load((trainer.save_dir / "args.yaml").read_text())["loss"] == "focal_eiou:gamma=1,norm=tal"
    rows = results(trainer.save_dir)
    # With norm=tal an untrained model's IoU shrinks both box losses to well under CIoU's, about 7 here: train and val.
    assert all(float(row[column]) < 4 for row in rows for column in ("train/box_loss", "val/box_loss"))


@pytest.mark.slow
def test_both_heads_of_yolo26_train(train, capsys, release):
    release("8.4.0")
    train("yolo26n.yaml", loss="eiou")
    assert "2 of the model, 2 of the EMA" in capsys.readouterr().out


@pytest.mark.slow
def test_class_weights_survive_the_swap(train, release):
    release("8.4.37")
    trainer = train(loss="eiou", cls_pw=1.0)
    assert trainer.model.criterion.class_weights is not None


@pytest.mark.slow
def test_unfinished_checkpoint_records_the_loss(data, tmp_path):
    def stop(trainer):
        raise KeyboardInterrupt

    model = YOLO("yolov8n.yaml")
    model.add_callback("on_model_save", stop)
    with pytest.raises(KeyboardInterrupt):
        model.train(**{**SHORT, "data": data, "project": str(tmp_path), "loss": "eiou"})
    checkpoint = torch.load(next(tmp_path.glob("**/last.pt")), weights_only=False)
    assert checkpoint["train_args"]["loss"] == "eiou"
    assert getattr(checkpoint["ema"], "criterion", None) is None


@pytest.mark.slow
def test_training_stops_if_a_criterion_is_replaced(data, tmp_path):
    def replace(trainer):
        trainer.model.criterion.bbox_loss = BboxLoss(16)

    model = StockYOLO("yolov8n.yaml")
    model.add_callback("on_train_start", replace)
    with pytest.raises(LossNotAppliedError, match="would not train with eiou"):
        model.train(trainer=DetectionTrainer, **{**SHORT, "data": data, "project": str(tmp_path), "loss": "eiou"})


@pytest.mark.slow
def test_recovery_from_nan_continues_with_the_loss(data, tmp_path, caplog, release):
    """Ultralytics then makes a new EMA copy, of the model and its criterion."""
    release("8.4.105")

    def spoil(trainer):
        if trainer.epoch == 1 and not trainer.nan_recovery_attempts:
            trainer.loss = torch.tensor(float("nan"))

    model = StockYOLO("yolov8n.yaml")
    model.add_callback("on_train_epoch_end", spoil)
    model.train(
        trainer=DetectionTrainer,
        **{**SHORT, "epochs": 3, "data": data, "project": str(tmp_path), "name": "run", "loss": "eiou"},
    )
    assert "recovering from last.pt" in caplog.text
    assert len(results(tmp_path / "run")) == 3


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [{"pretrained": "nope.pt"}, {"freeze": 100}])
def test_a_failed_set_up_leaves_no_run_folder(data, tmp_path, arguments, release):
    release("8.4.105")  # older ones take them
    with pytest.raises((FileNotFoundError, RuntimeError)):
        DetectionTrainer(overrides=overrides(data, tmp_path, **arguments)).train()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"loss": "focal_eoiu"}, LossSpecError, "did you mean 'focal_eiou'"),
        ({"loss": ""}, LossSpecError, "can't read loss ''"),
        ({"loss": "focal_l1:beta=2"}, LossSpecError, "from 0.3679 to 1"),
        ({"loss": "eiou", "data": "nope.yaml"}, DataError, "data=nope.yaml: there is no such file"),
        ({"loss": "eiou", "task": "obb"}, LossSpecError, "this model has rotated boxes"),
    ],
)
def test_bad_input_leaves_no_run_folder(data, tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        DetectionTrainer(
            overrides={**SHORT, "model": "yolov8n.yaml", "data": data, "project": str(tmp_path / "runs"), **arguments}
        )
    assert not (tmp_path / "runs").exists()


def test_data_without_images_leaves_no_run_folder(tmp_path):
    (tmp_path / "empty.yaml").write_text(f"path: {tmp_path}\ntrain: none\nval: none\nnames: [a]\n")
    with pytest.raises(DataError, match="has .train: none., and there is no "):
        DetectionTrainer(overrides=overrides(str(tmp_path / "empty.yaml"), tmp_path / "runs"))
    assert not (tmp_path / "runs" / "run").exists()


def test_data_without_images_leaves_an_older_run_alone(tmp_path):
    (tmp_path / "empty.yaml").write_text(f"path: {tmp_path}\ntrain: none\nval: none\nnames: [a]\n")
    older = tmp_path / "runs" / "run" / "weights" / "best.pt"
    older.parent.mkdir(parents=True)
    older.touch()
    with pytest.raises(DataError):
        DetectionTrainer(overrides=overrides(str(tmp_path / "empty.yaml"), tmp_path / "runs", exist_ok=True))
    assert older.exists()


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_fifo_among_the_images_is_named_before_it_is_read(tmp_path, split):
    """Ultralytics opens it, and hangs."""
    for folder in ("images/train", "images/val"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.jpg").write_bytes(b"")
    os.mkfifo(tmp_path / "images" / split / "pipe.jpg")
    (tmp_path / "d.yaml").write_text(
        yaml.safe_dump({"path": str(tmp_path), "train": "images/train", "val": "images/val", "names": ["a"]})
    )
    with pytest.raises(DataError, match=rf"split '{split}': .*pipe.jpg \(a FIFO\)"):
        DetectionTrainer(overrides=overrides(str(tmp_path / "d.yaml"), tmp_path / "runs"))
    assert not list((tmp_path / "runs").glob("*"))


@pytest.mark.parametrize(("project", "name"), [("Bob's", "run"), ("runs", "Bob's")])
def test_a_folder_from_which_ultralytics_cannot_load_is_refused_before_the_training(data, tmp_path, project, name):
    """It would fail after the last epoch, when it validates best.pt."""
    given = {**overrides(data, tmp_path / project), "name": name}
    with pytest.raises(ArgumentError, match=r"project= and name=: Ultralytics can't load weights from .*Name another"):
        DetectionTrainer(overrides=given)
    assert not (tmp_path / project / name).exists()


def test_a_folder_that_is_given_whole_is_the_one_that_is_trained_in(data, tmp_path):
    """`yolo ablate` gives each run's; older releases dropped it, and trained elsewhere."""
    given = {**overrides(data, tmp_path / "runs"), "save_dir": str(tmp_path / "whole")}
    assert DetectionTrainer(overrides=given).save_dir == tmp_path / "whole"


def test_a_checkpoint_that_is_not_there_is_not_resumed_from_the_latest_run_in_its_place(data, tmp_path):
    """As Ultralytics does, without a word."""
    given = {**overrides(data, tmp_path / "runs"), "resume": str(tmp_path / "runs" / "x" / "last.pt")}
    with pytest.raises(MissingFileError, match=r"resume=.*last.pt: there is no such file"):
        DetectionTrainer(overrides=given)
    with pytest.raises(MissingFileError, match=r"resume=.*last.pt: there is no such file"):
        YOLO("yolov8n.yaml").train(**given)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("package", ["clip", "mobileclip"])
def test_a_text_encoder_that_is_not_installed_is_one_line(package):
    """Ultralytics fetches it where it is online; any other missing module is no business of ours."""
    message = f"needs the package {package}, which isn't installed: pip install git"
    with pytest.raises(ArgumentError, match=message), telling_missing_encoder():
        raise ModuleNotFoundError(f"No module named '{package}'", name=package)
    with pytest.raises(ModuleNotFoundError, match="another"), telling_missing_encoder():
        raise ModuleNotFoundError("No module named 'another'", name="another")
