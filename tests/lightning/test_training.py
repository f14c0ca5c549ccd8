"""Trainings of all five detectors: resumed ones, those of two processes, half precision, losses of a user's own."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml

from tests.lightning import rank_worker
from tests.lightning.trainings import (
    DETECTORS,
    Killed,
    arguments,
    curve,
    run,
    weights_of,
    write_checkpoint,
    write_model,
)
from yolo_feiou.detectors.build import build_detector
from yolo_feiou.detectors.config import read_detector_config
from yolo_feiou.detectors.seam import BoxTerm, find_box_terms
from yolo_feiou.distributed.launch import Launch
from yolo_feiou.errors import ArgumentError, DataError, FinishedError, LossNotAppliedError, MissingFileError
from yolo_feiou.framework import HALF, TRAINED
from yolo_feiou.lightning import checkpoints, training
from yolo_feiou.lightning.checkpoints import find_progress, load_checkpoint
from yolo_feiou.lightning.place import Place
from yolo_feiou.lightning.training import find_config, train, transfer_weights
from yolo_feiou.losses.build import build_loss
from yolo_feiou.results.run_record import read_run_record

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
LAUNCH = Launch(rank=1, local_rank=1, size=2, local_size=2, nodes=1, restarts=0, run_id="7")


@pytest.fixture
def keep_optimizer(monkeypatch):
    """Checkpoints of finished trainings keep the optimizer's state."""
    monkeypatch.setattr(checkpoints, "strip_checkpoints", lambda folder: None)


def assert_same(one, other):
    """Two states to the last digit: dicts, lists and tensors."""
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert one.dtype == other.dtype and torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_same(*pair)
    else:
        assert one == other


def assert_ended_alike(one, other):
    """Two trainings: weights and the state of losses, optimizers, schedulers, and all rows but their times."""
    for name in ("last.pt", "best.pt"):
        contents = [load_checkpoint(folder / "weights" / name) for folder in (one, other)]
        for key in ("state_dict", "optimizer_states", "lr_schedulers", "part", "best_part", "best", "global_step"):
            assert_same(*(content[key] for content in contents))
    assert curve(one) == curve(other)


RESUMED = {
    "retinanet": {"loss": "focal_eiou", "val": True, "fliplr": 1, "clip": 5},
    "faster_rcnn": {"loss": "focal_eiou:gamma=0.5..0.1", "rpn": True, "epochs": 2, "batch": 12, "iterations": None},
    "mask_rcnn": {"loss": "stock"},
    "atss": {"loss": "wiou", "val": True},
    "paa": {"loss": "focal_eiou"},
}


@pytest.mark.slow
@pytest.mark.parametrize("detector", DETECTORS)
def test_killed_and_resumed_is_unbroken(detector, tmp_path, data, kill, keep_optimizer):
    """Killed in the middle of the second of two parts: its steps are computed again, from the end of the first."""
    given, model = RESUMED[detector], write_model(tmp_path, detector)
    unbroken, resumed = tmp_path / "unbroken", tmp_path / "resumed"
    run(unbroken, model, data, **given)
    revive = kill(3)
    with pytest.raises(Killed):
        run(resumed, model, data, **given)
    assert find_progress(resumed) == (HALF, 1, "") and len(curve(resumed)) == 1
    revive()
    Path(model).unlink()  # which isn't needed any more
    train(arguments(model, data), resumed, Place(), resume=True)
    assert find_progress(resumed) == (TRAINED, 2, "") and len(curve(resumed)) == 2
    assert_ended_alike(unbroken, resumed)
    if given["loss"] == "wiou":
        (mean,) = (value for name, value in weights_of(resumed).items() if name.endswith("running_mean.value"))
        assert 0 < mean < 1
    first, second = read_run_record(resumed).sessions
    assert (first["first_epoch"], second["first_epoch"]) == (1, 2)
    shutil.rmtree(unbroken), shutil.rmtree(resumed)  # some hundred megabytes


@pytest.mark.slow
def test_a_length_that_isnt_whole_epochs_is_the_same_after_a_resume(tmp_path, data, kill):
    """7 steps of 5 of 24 images are 1.46 epochs, of which 7.01 steps would be made, and 1.46 parts."""
    model, given = write_model(tmp_path), {"iterations": 7, "intervals": 2, "batch": 5}
    revive = kill(5)
    with pytest.raises(Killed):
        run(tmp_path / "run", model, data, **given)
    revive()
    train(arguments(model, data), tmp_path / "run", Place(), resume=True)
    assert [(row["epoch"], row["iteration"]) for row in curve(tmp_path / "run")] == [("1", "3"), ("2", "7")]


@pytest.mark.slow
def test_a_process_killed_by_the_system_resumes_to_the_last_digit(tmp_path, data):
    """SIGKILL as soon as the first checkpoint is there, in whatever it is doing then; batches by workers."""
    given = arguments(write_model(tmp_path), data, loss="wiou", iterations=6, intervals=3, workers=1)
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    train(given, unbroken, Place())
    told = json.dumps({"arguments": {**given, "epochs": None}, "folder": str(broken)})
    with subprocess.Popen([sys.executable, rank_worker.__file__, told], stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 100
        while not (broken / "weights" / "last.pt").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
    stage, parts, _ = find_progress(broken)
    assert stage == HALF and 1 <= parts < 3
    train(given, broken, Place(), resume=True)
    assert_same(weights_of(unbroken), weights_of(broken))
    assert_same(weights_of(unbroken, "best.pt"), weights_of(broken, "best.pt"))
    assert curve(unbroken) == curve(broken)


@pytest.mark.slow
@pytest.mark.parametrize("detector", ["atss", "faster_rcnn"])
def test_half_precision_trains(detector, tmp_path, data):
    """In bfloat16 on a CPU: finite, and about what single precision gives; after one step other regions are sampled."""
    model = write_model(tmp_path, detector)
    losses = {}
    for amp in (False, True):
        run(tmp_path / str(amp), model, data, amp=amp, loss="focal_eiou", iterations=1, intervals=1, val=True)
        weights = weights_of(tmp_path / str(amp))
        assert all(value.isfinite().all() and value.dtype != torch.bfloat16 for value in weights.values())
        losses[amp] = float(curve(tmp_path / str(amp))[0]["train/box_loss"])
    assert losses[True] != losses[False] and losses[True] == pytest.approx(losses[False], rel=0.03)
    shutil.rmtree(tmp_path / "True"), shutil.rmtree(tmp_path / "False")


@pytest.mark.slow
def test_a_box_term_that_is_not_computed_leaves_no_checkpoint(tmp_path, data, monkeypatch):
    """A second one that the detector knows nothing of; the only step would have ended a part."""

    def build(*arguments, **options):
        model = build_detector(*arguments, **options)
        model.spare = BoxTerm("eiou", build_loss("eiou"))
        return model

    monkeypatch.setattr(training, "build_detector", build)
    with pytest.raises(LossNotAppliedError, match="RetinaNet computed eiou 0 times in step 1"):
        run(tmp_path / "run", write_model(tmp_path), data, loss="eiou", iterations=1)
    assert not any((tmp_path / "run" / "weights").iterdir())


@pytest.mark.slow
def test_a_training_that_diverges_stops_and_keeps_its_last_checkpoint(tmp_path, data):
    with pytest.raises(DataError, match=r"the loss is .* at step \d+ .*lower lr0, set clip=10"):
        run(tmp_path / "run", write_model(tmp_path), data, lr0=1000, loss="eiou", iterations=12, intervals=12)
    assert find_progress(tmp_path / "run")[0] == HALF


OWN = """
def mine(pred, target, scale={scale}):
    return scale * (pred - target).abs().sum(1) / (1 + target.abs().sum(1))
"""


@pytest.mark.slow
def test_a_loss_of_ones_own_is_kept_with_the_run(tmp_path, data, kill, monkeypatch):
    """And a resumed training goes on with that copy, although the file was changed meanwhile, and isn't there."""
    model = write_model(tmp_path)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "my_loss.py"
    file.write_text(OWN.format(scale=0.5))
    given = {"loss": "my_loss.py:mine", "iterations": 4, "intervals": 2}
    run(tmp_path / "unbroken", model, data, **given)
    revive = kill(3)
    with pytest.raises(Killed):
        run(tmp_path / "run", model, data, **given)
    revive()
    (copy,) = (tmp_path / "run" / "loss").glob("*/my_loss.py")
    assert copy.read_text() == file.read_text() and (tmp_path / "run" / "loss" / "sources.json").is_file()
    file.write_text(OWN.format(scale=100))
    train(arguments(model, data, loss="stock"), tmp_path / "run", Place(), resume=True)
    assert_same(weights_of(tmp_path / "unbroken"), weights_of(tmp_path / "run"))
    assert curve(tmp_path / "unbroken") == curve(tmp_path / "run")
    record = read_run_record(tmp_path / "run")
    assert record.loss == "my_loss.py:mine" and len(record.loss_file["sha256"]) == 64
    run(tmp_path / "changed", model, data, **given)
    assert curve(tmp_path / "changed")[0]["train/box_loss"] != curve(tmp_path / "run")[0]["train/box_loss"]


@pytest.mark.slow
def test_values_that_the_data_or_the_length_give(tmp_path, data, capsys):
    """c of nwd is the mean side of the objects at 64 px, the momentum of wiou follows from 6 steps; γ is scheduled."""
    loss = "nwd:c=auto+wiou:weight=0.5+focal_eiou:gamma=0..0.6"
    run(tmp_path / "run", write_model(tmp_path, "atss"), data, loss=loss, iterations=2, intervals=1)
    said = capsys.readouterr().out
    given = arguments("m", data)
    found = training.read_training_data(given, read_detector_config("retinanet_r18.yaml"))
    side = training.measure_mean_side(found.images, 64)
    assert f"c=auto is {side:.4g} pixels" in said and 10 < side < 40
    assert f"momentum=auto is {1 - 0.05 ** (3 / 2):.3g}" in said


@pytest.mark.slow
def test_what_a_training_leaves(tmp_path, data, capsys):
    given = {"model": write_model(tmp_path, "retinanet"), "data": data, "loss": "eiou", "iterations": 2, "intervals": 5}
    folder = tmp_path / "run"
    train(arguments(**given), folder, Place(), asked=given)
    said = capsys.readouterr().out
    assert "Box loss: eiou, in 1 head of RetinaNet, box=2.5, rank 0" in said
    assert "RetinaNet, resnet18, weights none: " in said and "\ninterval 1 of 2, step 1: box_loss " in said
    content = load_checkpoint(folder / "weights" / "best.pt")
    assert content["names"] == ["ellipse", "rectangle", "triangle", "star", "ring", "cross"]
    assert (content["global_step"], content["part"], content["parts"], content["backbone_weights"]) == (2, 2, 2, "none")
    assert "optimizer_states" not in content and content["train_args"]["iterations"] == 2
    assert yaml.safe_load((folder / "args.yaml").read_text()) == content["train_args"]
    record = read_run_record(folder)
    assert record.asked == given and record.loss == "eiou" and content["yolo_feiou"]["run"] == record.id
    assert {"iterations", "intervals", "batch", "imgsz", "loss"} <= {*record.differing}
    assert {path.name for path in folder.iterdir() if not path.name.startswith("events")} <= {
        *("weights", "args.yaml", "results.csv", "provenance.json", "hparams.yaml")
    }
    with pytest.raises(FinishedError, match="nothing to resume"):
        train(arguments(**given), folder, Place(), resume=True)
    again = {**given, "model": str(folder / "weights" / "last.pt"), "loss": "giou"}
    train(arguments(**again), tmp_path / "again", Place(), asked=again)
    assert "weights last.pt, " in capsys.readouterr().out
    tuned = load_checkpoint(tmp_path / "again" / "weights" / "last.pt")
    assert tuned["backbone_weights"].startswith("last.pt, ") and tuned["detector_config"] == content["detector_config"]
    assert read_run_record(tmp_path / "again").weights["file"] == again["model"]


@pytest.mark.slow
def test_the_seed_is_all_that_a_training_depends_on(tmp_path, data):
    """And not what was drawn in the process before."""
    model = write_model(tmp_path, "faster_rcnn")
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        torch.manual_seed(len(name))
        run(tmp_path / name, model, data, seed=seed, iterations=2, intervals=1)
    assert_same(weights_of(tmp_path / "one"), weights_of(tmp_path / "same"))
    assert curve(tmp_path / "one") == curve(tmp_path / "same") != curve(tmp_path / "other")


def build(model, classes=2, **options):
    return build_detector(read_detector_config(model), classes, imgsz=64, **options)


def test_weights_of_a_model_of_other_classes_are_taken_as_far_as_they_fit(tmp_path):
    """All but those of the classes: a convolution of RetinaNet's and its bias."""
    model = write_model(tmp_path)
    old = write_checkpoint(tmp_path / "old.pt", model)
    new = build(model, 5)
    before = {name: value.clone() for name, value in new.state_dict().items()}
    said = transfer_weights(new, load_checkpoint(tmp_path / "old.pt"), "runs/old.pt")
    count = len(before)
    assert said == f"old.pt, {count - 2} of {count} tensors"
    for name, value in new.state_dict().items():
        assert torch.equal(value, (before if "cls_logits" in name else old.state_dict())[name]), name


def test_the_state_of_a_loss_is_no_weight(tmp_path):
    """A running mean begins anew in another training."""
    model = write_model(tmp_path)
    build(model, loss="wiou")
    write_checkpoint(tmp_path / "old.pt", model, loss="wiou")
    content = load_checkpoint(tmp_path / "old.pt")
    (name,) = (name for name in content["state_dict"] if name.endswith("running_mean.value"))
    content["state_dict"][name].fill_(0.25)
    new = build(model, loss="wiou")
    transfer_weights(new, content, "old.pt")
    (term,) = find_box_terms(new)
    assert term.box_loss.running_means[0].value == 1


def test_weights_of_which_none_fits_are_refused(tmp_path):
    content = {"state_dict": {"model.backbone.body.conv1.weight": torch.ones(3, 3), "model.other": torch.ones(1)}}
    with pytest.raises(ArgumentError, match=r"model=x\.pt has no weights that fit this detector"):
        transfer_weights(build(write_model(tmp_path)), content, "x.pt")


def test_a_model_is_a_yaml_or_a_checkpoint(tmp_path):
    model = write_model(tmp_path, "atss")
    config, content = find_config(model)
    assert (config.detector, content) == ("atss", None)
    write_checkpoint(tmp_path / "old.pt", model)
    config, content = find_config(str(tmp_path / "old.pt"))
    assert config.detector == "atss" and content["names"] == ["ellipse", "rectangle"]
    with pytest.raises(MissingFileError, match="is no YAML of a detector"):
        find_config(str(tmp_path / "none.pt"))


def test_a_checkpoint_to_resume_must_be_there(tmp_path, data):
    with pytest.raises(DataError, match=r"last\.pt is torn, or no checkpoint"):
        train(arguments(write_model(tmp_path), data), tmp_path, Place(), resume=True)


def test_published_weights_are_fetched_once_and_no_others(monkeypatch, tmp_path):
    """By the process that makes the folder, before the others look for them."""
    asked = []
    monkeypatch.setattr(training, "find_weights", lambda config: asked.append(config.backbone))
    training.fetch_weights("retinanet_r18.yaml")
    write_checkpoint(tmp_path / "best.pt", "retinanet_r18.yaml")
    training.fetch_weights(str(tmp_path / "best.pt"))
    assert asked == []
    training.fetch_weights("retinanet.yaml")
    assert asked == ["resnet50"]
