"""The sizes of losses on the first batches: those that training has there, and the gains that make them equal."""

import json
import re
import tempfile
from inspect import signature
from statistics import median

import pytest
import torch
from ultralytics.engine.trainer import BaseTrainer

from tests.runs import SHORT
from yolo_feiou import YOLO, DetectionTrainer
from yolo_feiou.ablation.gains import match_box
from yolo_feiou.errors import ArgumentError, DataError, LossSpecError
from yolo_feiou.yolo import gradient_norms
from yolo_feiou.yolo.gradient_norms import (
    Batch,
    GradientNorm,
    Measuring,
    get_first_device,
    main,
    make_rows,
    measure_gradient_norms,
    plan_batches,
)


@pytest.fixture
def arguments(data):
    """The arguments of a training, as an ablation has them."""
    return {**SHORT, "model": "yolov8n.yaml", "data": data}


def sizes(table):
    """Loss and gradient of each row."""
    return {row["loss"]: (row["loss_value"], row["gradient_norm"]) for row in table}


def first_gradient(arguments, folder, **changed):
    """The norm of the gradient that a training's whole loss has on its first batch, for an image.

    Without gains on the other terms, that loss is the box term times the gain and the number of images.
    """
    given = {**arguments, "cls": 0.0, "dfl": 0.0, "project": str(folder), "name": "run", "exist_ok": True, **changed}
    trainer = DetectionTrainer(overrides=given)
    trainer._setup_train(*[1] * ("world_size" in signature(BaseTrainer._setup_train).parameters))  # in older releases
    trainer._model_train()
    batch = trainer.preprocess_batch(next(iter(trainer.train_loader)))
    loss, _ = trainer.model(batch)
    loss.sum().backward()
    gradients = [weight.grad.flatten() for weight in trainer.model.parameters() if weight.grad is not None]
    return torch.cat(gradients).double().norm().item() / len(batch["img"])


@pytest.mark.slow
@pytest.mark.parametrize("model", ["yolov8n.yaml", "yolo26n.yaml"])
def test_a_gradient_is_the_one_that_training_has(arguments, tmp_path, release, model):
    """Of both heads where there are two, as the criterion weighs them."""
    release("8.4.0" if model == "yolo26n.yaml" else "8.3.0")
    arguments["model"] = model
    table = measure_gradient_norms(arguments, ["eiou", "l1"], batches=1)
    assert [row["loss"] for row in table] == ["ciou", "eiou", "l1"]
    for row in table:
        own = first_gradient(arguments, tmp_path, loss=row["loss"], box=1.0)
        assert row["gradient_norm"] == pytest.approx(own, rel=1e-4)
        assert row["gradient_ratio"] == pytest.approx(row["gradient_norm"] / table[0]["gradient_norm"])


@pytest.mark.slow
def test_matched_gains_make_gradients_equal(arguments, tmp_path):
    boxes = match_box(measure_gradient_norms(arguments, ["l1", "focal_eiou"], batches=1), 7.5)
    expected = first_gradient(arguments, tmp_path, loss="ciou", box=7.5)
    assert boxes["ciou"] == 7.5
    for loss in ("l1", "focal_eiou"):
        assert first_gradient(arguments, tmp_path, loss=loss, box=7.5) != pytest.approx(expected, rel=0.2)
        assert first_gradient(arguments, tmp_path, loss=loss, box=boxes[loss]) == pytest.approx(expected, rel=1e-3)


@pytest.mark.slow
def test_the_batches_are_those_of_a_training_that_steps(arguments, tmp_path):
    """Batch by batch, the reference is what a real training without warm-up logs, over the gain."""
    values = []
    arguments |= {"warmup_epochs": 0, "close_mosaic": 0}
    model = YOLO("yolov8n.yaml")
    model.add_callback("on_train_batch_end", lambda trainer: values.append(box_loss(trainer) / trainer.args.box))
    model.train(**{**arguments, "loss": "ciou", "project": str(tmp_path)})
    assert len(values) == 3 and len(set(values)) == 3
    for batches in (1, 2, 3):
        (row,) = measure_gradient_norms(arguments, ["ciou"], batches)
        assert row["batches"] == batches
        assert row["loss_value"] == pytest.approx(median(values[:batches]), rel=1e-5)


def box_loss(trainer):
    """The box term of a batch as Ultralytics logs it; older releases have a tensor of all terms."""
    return float(trainer.loss_items["box_loss" if isinstance(trainer.loss_items, dict) else 0])


@pytest.mark.slow
def test_rows_are_repeatable_and_leave_nothing(arguments, tmp_path, monkeypatch):
    """Nor do they depend on the losses beside them, on where results were to go, or on the training's own loss."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    arguments["epochs"] = 2  # of three batches each
    folders, setup = [], Measuring._do_train
    monkeypatch.setattr(Measuring, "_do_train", lambda self, *size: (folders.append(self.save_dir), setup(self, *size)))
    losses = ["eiou", "focal_eiou:gamma=0", "stock", "ciou", "eiou"]
    table = measure_gradient_norms(
        {**arguments, "loss": "l1", "project": "mine", "box_stats": True, "device": "cpu"}, losses, 4
    )
    assert not any(tmp_path.iterdir()) and not folders[0].exists()
    assert [row["loss"] for row in table] == ["eiou", "focal_eiou:gamma=0", "stock", "ciou"]
    eiou, same, stock, ciou = ({key: value for key, value in row.items() if key != "loss"} for row in table)
    assert eiou == same and stock == ciou
    assert (ciou["loss_ratio"], ciou["gradient_ratio"], ciou["batches"]) == (1, 1, 4)
    assert (ciou["training_share"], ciou["first_batches"], ciou["reference"]) == (4 / 6, 4, "ciou")
    assert ciou["pairs"] == eiou["pairs"] > 100
    assert measure_gradient_norms(arguments, ["eiou"], 4) == [table[3], table[0]]
    assert measure_gradient_norms({**arguments, "seed": 1}, ["eiou"], 4) != [table[3], table[0]]


@pytest.mark.slow
def test_ratios_are_to_the_reference(arguments):
    row, other = measure_gradient_norms(arguments, ["ciou"], 1, reference="eiou")
    assert (row["loss"], row["gradient_ratio"], other["loss"]) == ("eiou", 1, "ciou")
    ciou, eiou = measure_gradient_norms(arguments, ["eiou"], 1)
    assert other["gradient_ratio"] == pytest.approx(1 / eiou["gradient_ratio"])
    assert sizes([ciou, eiou]) == sizes([other, row])  # of a first batch: from then on, they train differently


@pytest.mark.parametrize(
    ("training", "planned"),
    # As asked for from 8 · 5 on; below that closer together; below 8 each batch that there is.
    [(1000, (8, 5)), (40, (8, 5)), (39, (8, 4)), (16, (8, 2)), (9, (8, 1)), (2, (2, 1)), (1, (1, 1))],
)
def test_no_more_batches_are_taken_than_a_training_has(training, planned):
    assert plan_batches(8, 5, training) == planned


def test_rows_are_medians_over_the_batches():
    # Values 1, 2, 3 and gradients 4, 4, 8 of a; of b 2, 2, 12 and 2, 8, 8: in ratio 2, 1, 4 and ½, 2, 1.
    batches = [
        Batch(5, {"a": GradientNorm(1, 4), "b": GradientNorm(2, 2)}),
        Batch(6, {"a": GradientNorm(2, 4), "b": GradientNorm(2, 8)}),
        Batch(7, {"a": GradientNorm(3, 8), "b": GradientNorm(12, 8)}),
        Batch(0, {"a": GradientNorm(0, 0), "b": GradientNorm(0, 0)}),  # without positives
        Batch(9, {"a": GradientNorm(1, float("inf")), "b": GradientNorm(1, 1)}),  # beyond half precision
    ]
    assert make_rows(batches, "a") == [
        dict(zip(ROW, ("a", 3, 18, 2, 4, 1, 1), strict=True)),
        dict(zip(ROW, ("b", 3, 18, 2, 8, 2, 1), strict=True)),
    ]


ROW = ("loss", "batches", "pairs", "loss_value", "gradient_norm", "loss_ratio", "gradient_ratio")


@pytest.mark.parametrize(
    "batches", [[], [Batch(0, {"a": GradientNorm(0, 0)})], [Batch(1, {"a": GradientNorm(1, float("nan"))})]]
)
def test_without_anything_to_measure_there_are_no_rows(batches):
    with pytest.raises(DataError, match=rf"in {len(batches)} batches of training, a had nothing to measure"):
        make_rows(batches, "a")


def ratios(**given):
    return [{"loss": loss, "gradient_ratio": ratio} for loss, ratio in given.items()]


@pytest.mark.parametrize(
    ("device", "first"),
    [(None, None), ("", None), (0, "0"), ("cpu", "cpu"), ("1,2", "1"), ([1, 2], 1), ("cuda:1", "cuda:1")],
)
def test_of_several_devices_the_first_measures(device, first):
    assert get_first_device(device) == first


@pytest.mark.parametrize(
    ("changed", "losses", "error", "message"),
    [
        ({}, ["eoiu"], LossSpecError, "did you mean 'eiou'"),
        ({"data": ["a.yaml", "b.yaml"]}, ["eiou"], ArgumentError, "one data set at a time"),
        ({"model": "yolov8n-obb.yaml"}, ["eiou"], LossSpecError, "of axis-aligned boxes, and this model has rotated"),
        ({"data": "nope.yaml"}, ["eiou"], DataError, "there is no such file"),
    ],
)
def test_mistakes_are_named_and_leave_nothing(arguments, tmp_path, monkeypatch, changed, losses, error, message):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(error, match=message):
        measure_gradient_norms({**arguments, **changed}, losses)
    assert not any(tmp_path.iterdir())


def test_the_process_writes_rows_or_one_line(tmp_path, capsys, monkeypatch, arguments):
    request, result = tmp_path / "request.json", tmp_path / "result.json"

    def run():
        """Run it; return its exit status."""
        try:
            main([str(request), str(result)])
        except SystemExit as ended:
            return ended.code
        return 0

    request.write_text(json.dumps({"arguments": {**arguments, "epoch": 3}, "losses": ["eiou"], "batches": 1}))
    assert run() == 2
    assert re.fullmatch(r"error: '\S*epoch\S*' is not a valid YOLO argument.*\n", capsys.readouterr().err)
    request.write_text(json.dumps({"arguments": arguments, "losses": ["eoiu"]}))
    assert run() == 2
    assert capsys.readouterr().err == ("error: unknown loss 'eoiu': did you mean 'eiou'? 'yolo losses' lists all.\n")
    assert not result.exists()
    asked = []
    monkeypatch.setattr(
        gradient_norms, "measure_gradient_norms", lambda **given: (asked.append(given), ratios(eiou=1.5))[1]
    )
    request.write_text(json.dumps({"arguments": {"model": "m"}, "losses": ["eiou"], "batches": 2}))
    assert run() == 0
    assert asked == [{"arguments": {"model": "m"}, "losses": ["eiou"], "batches": 2}]
    assert json.loads(result.read_text()) == {"rows": ratios(eiou=1.5)}
    progress = tmp_path / "progress"
    monkeypatch.setattr(
        gradient_norms, "measure_gradient_norms", lambda tick, **_: (tick(), tick(), ratios(eiou=1.5))[2]
    )
    request.write_text(json.dumps({"arguments": {"model": "m"}, "losses": ["eiou"], "progress": str(progress)}))
    assert run() == 0 and progress.stat().st_size == 2, "a byte for each batch"


def test_each_batch_is_counted(arguments):
    """Those too that are not measured: the last of two."""
    ticks = []
    measure_gradient_norms(arguments, ["eiou"], 1, every=2, tick=lambda: ticks.append(1))
    assert len(ticks) == 2
