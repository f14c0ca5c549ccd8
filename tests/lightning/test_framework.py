"""Detectors as the framework of an ablation: the protocol, what is checked before its runs, and one from end to end."""

import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.ablation.process_helpers import until
from tests.lightning.conftest import SHORT
from yolo_feiou.ablation.grid import expand_grid
from yolo_feiou.ablation.options import read_ablation_request
from yolo_feiou.ablation.store import run_folders
from yolo_feiou.dispatch import choose_framework
from yolo_feiou.errors import ArgumentError, DataError, LossSpecError, MissingFileError
from yolo_feiou.framework import HALF, NEW, TRAINED, Framework, Progress, load_framework
from yolo_feiou.lightning import framework
from yolo_feiou.lightning.arguments import DEFAULTS
from yolo_feiou.lightning.checkpoints import load_checkpoint
from yolo_feiou.lightning.evaluate import evaluate
from yolo_feiou.lightning.framework import FRAMEWORK
from yolo_feiou.lightning.place import Place
from yolo_feiou.results.arguments import (
    DETECTOR_ARGUMENTS,
    DETECTOR_USUAL_VALUES,
    LOCATION_ARGUMENTS,
    NEUTRAL_ARGUMENTS,
    NUMERIC_ARGUMENTS,
    OTHER_ARGUMENTS,
)
from yolo_feiou.yolo.configs import CFG_DIR

METHODS = [name for name, value in vars(Framework).items() if inspect.isfunction(value) and name[0] != "_"]


def given(data="x.yaml", **changed):
    """The arguments of a training, as a grid has them."""
    whole = {"model": "retinanet_r18.yaml", "data": str(data), "loss": "eiou", "seed": 0, **SHORT, **changed}
    return {key: value for key, value in whole.items() if value is not None}


def test_a_module_names_it():
    assert load_framework(FRAMEWORK.module) is FRAMEWORK


@pytest.mark.parametrize("name", METHODS)
def test_each_method_takes_what_the_protocol_says(name):
    told, has = (
        {p.name: (p.kind, p.default) for p in inspect.signature(getattr(one, name)).parameters.values()}
        for one in (Framework, type(FRAMEWORK))
    )
    assert told == has


def test_gradient_norms_are_measured_by_a_module_that_is_there(tmp_path):
    command = FRAMEWORK.gradient_norms_command(tmp_path / "a.json", tmp_path / "b.json")
    assert command[0] == sys.executable and command[2].startswith("yolo_feiou.lightning.") and find_spec(command[2])


def test_the_defaults_of_rows_and_reports_are_those_of_trainings():
    """What Ultralytics has not is in DETECTOR_ARGUMENTS, each number in DETECTOR_USUAL_VALUES unless it varies."""
    assert FRAMEWORK.defaults() == DEFAULTS
    shared = {*NUMERIC_ARGUMENTS, *OTHER_ARGUMENTS, "seed", "device", "loss"}
    own = {key: value for key, value in DEFAULTS.items() if key not in shared}
    assert own == DETECTOR_ARGUMENTS
    numbers = {key: value for key, value in DEFAULTS.items() if type(value) in (int, float) or value == "auto"}
    varying = {"seed", "epochs", *NEUTRAL_ARGUMENTS, *LOCATION_ARGUMENTS}  # epochs follow from the iterations
    expected = {key: value for key, value in {**own, **numbers}.items() if key not in varying}
    evaluated = {"conf": 0.05, "max_det": 100}
    assert {**expected, **evaluated} == DETECTOR_USUAL_VALUES


@pytest.mark.parametrize(
    ("changed", "rows"),
    [
        ({"iterations": "100"}, 12),
        ({"iterations": 100, "intervals": 3}, 3),
        ({"iterations": 5}, 5),
        ({"epochs": 7}, 7),
        ({}, 12),
    ],
)
def test_rows_of_results_are_counted(changed, rows):
    assert FRAMEWORK.count_rows({"model": "atss.yaml", "data": "x", **changed}) == rows


def test_arguments_that_fit_have_no_notes(data):
    assert FRAMEWORK.check_arguments(given(data), ["cpu"]) == []
    assert FRAMEWORK.check_arguments(given(model="faster_rcnn.yaml", rpn=True, encode=[10, 10, 5, 5], loss="l1")) == []


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"mosaic": 0}, ArgumentError, "'mosaic' is no argument of a detector's training"),
        ({"loss": "eiuo"}, LossSpecError, "did you mean 'eiou'"),
        ({"loss": "nix.py:f"}, ArgumentError, "there is no file nix.py"),
        ({"rpn": True}, ArgumentError, "RetinaNet has no region proposal network"),
        ({"scoring": "loss"}, ArgumentError, "scoring=loss is for PAA"),
        ({"encode": [1, 2]}, ArgumentError, "is not four numbers above 0"),
        ({"box": "large"}, ArgumentError, "box=large is not a number"),
        ({"imgsz": 8}, ArgumentError, "imgsz=8 is not a whole number from 32"),
        ({"batch": 3}, ArgumentError, "batch=3 can't be shared by 2 processes"),
        ({"model": "retinanet_r19.yaml"}, MissingFileError, "did you mean 'retinanet_r"),
    ],
)
def test_arguments_are_checked_before_a_training(changed, error, message):
    with pytest.raises(error, match=message):
        FRAMEWORK.check_arguments(given(**changed), ["cpu", "0,1"])


def test_models_are_read_once():
    FRAMEWORK.check_model("paa.yaml")
    with pytest.raises(MissingFileError, match="model=pa.yaml is no YAML of a detector, with a key 'detector'"):
        FRAMEWORK.check_model("pa.yaml")


def test_any_folder_and_any_number_of_images_will_do(tmp_path, data):
    FRAMEWORK.check_folder(tmp_path / "it's", "out=")
    FRAMEWORK.check_last_batch(given(data), 17, 1)


def test_masks_are_looked_for_before_the_runs_of_a_mask_rcnn(data, tmp_path):
    FRAMEWORK.check_last_batch(given(data, model="mask_rcnn_r18.yaml"), 24, 1)
    shutil.copytree(Path(data).parent, tmp_path / "copy", ignore=shutil.ignore_patterns("annotations", "*.cache"))
    content = {**yaml.safe_load(Path(data).read_text()), "path": str(tmp_path / "copy")}
    content = {key: value for key, value in content.items() if key not in ("masks", "download")}
    (tmp_path / "boxes.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(DataError, match="split 'train' has no masks"):
        FRAMEWORK.check_last_batch(given(tmp_path / "boxes.yaml", model="mask_rcnn_r18.yaml"), 24, 1)
    FRAMEWORK.check_last_batch(given(tmp_path / "boxes.yaml"), 24, 1)


def test_the_gain_that_is_matched_must_be_known():
    with pytest.raises(ArgumentError, match=r"gain=matched needs the gain of CIoU: give box=2\.5"):
        expand_grid({"losses": "ciou,eiou"}, FRAMEWORK, "matched")
    with pytest.raises(ArgumentError, match=r"gain=matched needs the gain of CIoU: give box=2\.5"):
        expand_grid({"losses": "ciou,eiou", "box": "auto"}, FRAMEWORK, "matched")
    assert len(expand_grid({"losses": "ciou,eiou", "box": "2.5"}, FRAMEWORK, "matched")) == 2
    assert len(expand_grid({"losses": "ciou,eiou", "box": "auto,2.5"}, FRAMEWORK)) == 4


@pytest.mark.parametrize(("device", "processes"), [("0,1", ["0", "1"]), ("3", None), ("cpu", None)])
def test_a_training_on_several_gpus_has_a_process_for_each(monkeypatch, tmp_path, device, processes):
    seen = []
    monkeypatch.setattr(framework, "find_place", lambda device, launch: Place(launch, device))
    monkeypatch.setattr(framework, "train_on_gpus", lambda gpus, folder, **told: seen.append((gpus, told)))
    monkeypatch.setattr(framework, "train", lambda whole, folder, place, **told: seen.append((None, told)))
    asked = given(device=device)
    FRAMEWORK.train(asked, tmp_path, resume=True, threads=3)
    ((gpus, told),) = seen
    assert gpus == processes and told["resume"] and told["asked"] == asked
    assert processes or told["threads"] == 3


@pytest.mark.slow
def test_progress_is_read_and_checkpoints_stripped(trained, stopping, tmp_path):
    assert FRAMEWORK.progress(tmp_path) == Progress(NEW, 0, "")
    assert FRAMEWORK.progress(trained) == Progress(TRAINED, 2, "")
    shutil.copytree(stopping[1], tmp_path / "half")
    assert FRAMEWORK.progress(tmp_path / "half") == Progress(HALF, 1, "")
    FRAMEWORK.strip_checkpoints(tmp_path / "half")
    assert "optimizer_states" not in load_checkpoint(tmp_path / "half" / "weights" / "last.pt")


@pytest.mark.slow
def test_an_evaluation_is_that_of_val(trained, data, tmp_path):
    """With what the run was trained with."""
    weights = trained / "weights" / "best.pt"
    row = FRAMEWORK.evaluate(weights, given(data), "test", tmp_path / "a", device="cpu")
    again = evaluate(weights, data, "test", tmp_path / "b", device="cpu")
    assert row == again and (row["images"], row["batch"], row["imgsz"]) == (8, 2, 64)


@pytest.fixture
def grid(data, tmp_path):
    """The words of an ablation of two losses with two seeds."""
    words = {
        **SHORT,
        "losses": "stock,focal_eiou",
        "seeds": "0,1",
        "box": 2,
        "data": data,
        "model": "retinanet_r18.yaml",
    }
    return ["ablate", *(f"{key}={value}" for key, value in {**words, "preflight": False, "out": "out"}.items())]


@pytest.mark.slow
def test_an_ablation_is_killed_resumed_and_reported(command, grid, tmp_path):
    """Its rows say what trained, and its metrics are those of `yolo val` for the same weights."""
    line = [sys.executable, "-m", "yolo_feiou", *grid]
    with subprocess.Popen(line, cwd=tmp_path, start_new_session=True) as process:
        until(lambda: [*tmp_path.glob("out/train/*/weights/last.pt")])
        os.killpg(process.pid, signal.SIGKILL)
    done = command(*grid)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 runs are done. Next: yolo report out" in done.stdout
    rows = [folder.row() for folder in run_folders(tmp_path / "out")]
    assert {(row["loss"], row["seed"]) for row in rows} == {(a, b) for a in ("stock", "focal_eiou") for b in (0, 1)}
    for row in rows:
        about = ("retinanet", "resnet18", "none", 4, 2)
        assert tuple(row[k] for k in ("detector", "backbone", "backbone_weights", "iterations", "box")) == about
        assert row["status"] == "done" and row["epochs_done"] == 0.33 and row["AP"] is not None
        assert row["epochs"] == 0.33  # four batches of two, of 24 images
    folder = next(one for one in run_folders(tmp_path / "out") if one.row() == rows[0])
    said = command("val", f"model={folder.best}", "name=val", f"project={tmp_path}", "device=cpu")
    assert said.returncode == 0, said.stderr
    kept, new = (json.loads((path / "predictions.json").read_text()) for path in (folder.evaluation, tmp_path / "val"))
    assert kept == new
    assert f"AP    {100 * rows[0]['AP']:.1f} %" in said.stdout.splitlines()
    again = command(*grid)
    assert again.returncode == 0 and "4 of 4 runs were done before." in again.stdout
    report = command("report", "out")
    assert report.returncode == 0, report.stderr
    assert "focal_eiou" in report.stdout and "Traceback" not in report.stderr


@pytest.mark.slow
def test_losses_are_measured_before_the_runs(command, grid, tmp_path):
    """RetinaNet's own ℓ1 has a gain of 1 with box=auto, EIoU one of 2.5: rows, lines and report say so."""
    kept = [word for word in grid if not word.startswith(("preflight", "seeds", "losses", "box"))]
    done = command(*kept, "losses=stock,eiou")
    assert done.returncode == 0, done.stderr
    assert "Gradient norm against CIoU at the same gain (4 of the first 4 batches, which is all" in done.stdout
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("The gains differ, as box=auto sets them."))
    assert "ciou 1.00 (box=2.5)" in line and "(box=1)" in line
    rows = [folder.row() for folder in run_folders(tmp_path / "out")]
    assert {row["loss"]: (row.get("box", "auto"), row["box_used"]) for row in rows} == {
        "stock": ("auto", 1),
        "eiou": ("auto", 2.5),
    }
    report = command("report", "out")
    assert "The gain of the box loss is not the same, since box=auto sets it in retinanet_r18.yaml: " in report.stdout


@pytest.mark.parametrize(
    ("model", "loss", "box", "gain"),
    [("atss_r18.yaml", "stock", "auto", 2.0), ("paa.yaml", "eiou", None, 2.5), ("retinanet.yaml", "stock", "3", 3.0)],
)
def test_the_gain_is_that_of_loss_and_detector(model, loss, box, gain):
    assert FRAMEWORK.find_gain(given(model=model, loss=loss, box=box)) == gain


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("model=yolov8n.yaml,retinanet_r18.yaml", "are trained by different frameworks"),
        ("mosaic=0", "'mosaic' is not a training argument"),
        ("box=auto gain=matched", "gain=matched needs the gain of CIoU: give box=2.5"),
        ("imgsz=1", "imgsz=1 is not a whole number from 32"),
        ("losses=eiuo", "did you mean 'eiou'"),
    ],
)
def test_a_mistake_in_an_ablation_is_one_line(yolo, grid, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    given = {word.partition("=")[0]: word for word in (*grid, *words.split())}
    status, _, err = yolo(*given.values())
    assert status == 2 and len(err) == 1 and err[0].startswith("error: ") and message in err[0]
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("path", sorted((CFG_DIR / "paper").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_papers_grids_are_grids_of_detectors(path):
    """Found by their name alone; each run has arguments that a training takes."""
    assert choose_framework([f"cfg={path.name}"]) is FRAMEWORK
    runs = read_ablation_request([f"cfg={path.name}"], FRAMEWORK).runs
    assert runs and not [note for run in runs for note in FRAMEWORK.check_arguments(run.arguments)]
