"""Runs of detectors beside YOLO: the same words, rows, cards and submissions."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest

from tests.export.factories import errors
from yolo_feiou import __version__
from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.saved import evaluate_again
from yolo_feiou.export import detector_runs
from yolo_feiou.export.command import export
from yolo_feiou.export.detector_runs import DETECTORS, describe_gain
from yolo_feiou.export.kept_evaluation import MeasuredRun
from yolo_feiou.export.options import read_export_request
from yolo_feiou.export.results import add_runs, gather_run
from yolo_feiou.export.runs import read_run
from yolo_feiou.paper.coco_runs import CocoRuns
from yolo_feiou.storage.tables import read_csv

slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("loss", "box", "gain"),
    [
        ("focal_eiou", "auto", "2.5 (box=auto)"),
        ("focal_l1", "auto", "1 (box=auto)"),
        ("focal_eiou", 1.3, "1.3"),
        ("stock", "auto", "the detector's own (box=auto)"),
        ("stock", 2, "2"),
        ("mine.py:loss", "auto", "auto"),
    ],
)
def test_the_gain_is_what_the_box_loss_is_multiplied_by(loss, box, gain):
    """By the paper's rule: 1 for losses of errors, 2.5 for those of overlap; a user's function is not loaded."""
    assert describe_gain(loss, box) == gain


@pytest.mark.parametrize(("given", "used"), [({"device": "0,1"}, "0"), ({"device": "cpu"}, "cpu"), ({}, "")])
def test_it_is_evaluated_on_one_device_with_what_an_evaluation_takes(monkeypatch, tmp_path, given, used):
    """Of several GPUs the first; image size and thresholds are the checkpoint's own."""
    told = {"classes": [0], "single_cls": None, "workers": 2, "imgsz": 64, "conf": 0.5, "lr0": 0.01}
    arguments = DETECTORS.evaluation_arguments(told, 64, 4)
    assert arguments == {"batch": 4, "classes": [0], "workers": 2}
    monkeypatch.setattr(detector_runs, "evaluate", lambda *place, **others: (place, others))
    place, others = DETECTORS.evaluate(tmp_path / "best.pt", "d.yaml", "val", tmp_path, **arguments, **given)
    assert place == (tmp_path / "best.pt", "d.yaml", "val", tmp_path)
    assert others == {**arguments, "device": used}


@slow
def test_yolo_and_a_detector_are_exported_by_one_command(copy, detector, tmp_path, capsys):
    """The row has what an ablation's has; the second time nothing is evaluated."""
    folders = [copy("yolo"), detector()]
    words = [*map(str, folders), "device=cpu"]
    assert export(words) == 0
    rows = {row["run"]: row for row in read_csv(tmp_path / "runs" / "results.csv", ("run", "seed", "eval_iou"))}
    row = rows["detector"]
    assert row["AP"] == pytest.approx(evaluate_again(folders[1] / "evaluation", "pycocotools")["AP"], abs=1e-6)
    assert row["detections"] > 0 and row["images"] == 8
    told = {"detector": "retinanet", "backbone": "resnet18", "backbone_weights": "none", "iterations": 2, "box": "auto"}
    told |= {"box_used": 2.5, "epochs": 0.17}  # two batches of two, of 24 images
    assert rows["yolo"]["box_used"] == 7.5
    told |= {"loss": "focal_eiou:gamma=1", "seed": "0", "imgsz": 64, "batch": 2, "status": "done", "epochs_done": 0.17}
    told |= {"eval_imgsz": 64, "eval_batch": 2, "eval_conf": 0.001, "eval_iou": "0.5", "model": "retinanet_r18.yaml"}
    assert {name: row[name] for name in told} == told
    assert [rows["yolo"][name] for name in ("detector", "backbone", "iterations", "eval_iou")] == ["", "", "", "0.7"]
    assert sum(line["run"] == "detector" for line in read_csv(tmp_path / "runs" / "curves.csv")) == 2
    capsys.readouterr()
    assert export(words) == 0
    assert "detector: best.pt was evaluated before" in capsys.readouterr().out


@slow
def test_its_card_says_what_it_is_and_how_it_is_loaded(detector, squares, tmp_path):
    folder = detector()
    assert export([str(folder), "device=cpu"]) == 0
    text = (folder / "weights" / "model_card.md").read_text()
    command = "yolo train loss=focal_eiou:gamma=1 model=retinanet_r18.yaml data=squares.yaml val=False "
    for told in (
        *("library_name: torchvision\n", "# retinanet_r18 on squares, loss focal_eiou:gamma=1\n"),
        "times the gain below; all other terms are those of RetinaNet.",
        *("| detector | RetinaNet |", "| backbone | resnet18 |", "| backbone weights | none |"),
        *("| gain of the box loss | 2.5 (box=auto) |", "| iterations | 2, the checkpoint is of number 2 |"),
        *("| starting weights | none, from scratch |", "| intervals done | 2 of 2 |", "| total batch | 2 |"),
        f"| code | yolo_feiou {__version__}",
        *("Settings that differ from the detectors' defaults:", "`imgsz=64`", "AGPL-3.0", "BSD-3-Clause"),
        "`yolo val model=best.pt data=…`",
    ):
        assert told in text, told
    (again,) = re.findall("^yolo train .*", text, re.MULTILINE)
    assert set(command.split()) <= set(again.split()) and "iterations=2" in again.split()
    assert str(tmp_path) not in text and "Ultralytics' own" not in text

    shutil.copy(next((squares.parent / "images" / "val").glob("*.jpg")), folder / "weights" / "image.jpg")
    (code,) = re.findall("```python\n(.*?)```", text, re.DOTALL)
    run = [sys.executable, "-c", f"{code}print(len(names), {{*names}} <= {{'white', 'red'}})"]
    done = subprocess.run(run, cwd=folder / "weights", capture_output=True, text=True, check=False)
    assert re.fullmatch(r"[1-9]\d* True\n", done.stdout), done.stderr


@slow
def test_its_submission_has_the_ids_of_the_json(detector):
    folder = detector()
    assert export([str(folder), "device=cpu", "submission=mine"]) == 0
    with zipfile.ZipFile(folder / "weights" / "submission.zip") as archive:
        assert archive.namelist() == ["detections_test-dev2017_mine_results.json"]
        records = json.loads(archive.read(archive.namelist()[0]))
    assert {record["image_id"] for record in records} == {1000, 2000, 3000, 4000}
    assert {record["category_id"] for record in records} <= {3, 90}
    assert all(0 <= record["bbox"][0] <= 96 and 0 <= record["bbox"][1] <= 64 for record in records)


@slow
def test_onnx_is_refused_before_anything_is_evaluated(detector, capsys, monkeypatch):
    monkeypatch.setattr("yolo_feiou.export.onnx.NEEDED", ())
    folder = detector()
    assert export([str(folder), "device=cpu", "onnx=True"]) == 1
    told = capsys.readouterr()
    assert told.out.index("has no ONNX: onnx=True is for YOLO alone.") < told.out.index("evaluated on 8 images")
    (line,) = errors(told.err)
    assert "torch.onnx.export" in line
    assert {path.name for path in (folder / "weights").iterdir()} == {"best.pt", "last.pt", "model_card.md"}


@slow
def test_one_that_was_cut_off_says_so_and_one_that_is_torn_is_refused(detector):
    """Two of five intervals are done, and the optimizer is there yet."""
    run = read_run(detector(parts=5, optimizer_states=[]), "best")
    assert (run.finished, run.unfinished) == (False, "not finished: 2 of 5 intervals")
    assert read_run(detector("killed_at_the_end", optimizer_states=[]), "best").finished
    torn = detector("torn")
    best = torn / "weights" / "best.pt"
    best.write_bytes(best.read_bytes()[:-1000])
    assert DETECTORS.read_checkpoint(best) is None
    with pytest.raises(DataError, match=r"best\.pt is torn or not a checkpoint .* of a detector of ours"):
        read_run(torn, "best")


@slow
def test_weights_of_the_backbone_are_on_the_card(detector):
    run = read_run(detector(backbone_weights="IMAGENET1K_V1 sha256:0676ba61"), "best")
    assert run.about["starting weights"] == "IMAGENET1K_V1 sha256:0676ba61, of the backbone"
    assert run.about["backbone weights"] == "IMAGENET1K_V1 sha256:0676ba61"


@slow
def test_nothing_of_lightning_is_needed(detector, copy):
    """Neither for a detector's run nor for YOLO's, for which no detector is imported either."""
    code = """
import sys
sys.modules["pytorch_lightning"] = sys.modules["lightning_fabric"] = None
from yolo_feiou.export.command import export
status = export([sys.argv[1], "device=cpu"])
print("DETECTORS" if "yolo_feiou.lightning.detect" in sys.modules else "NONE", status)
"""
    for folder, words in ((copy("yolo"), "NONE 0"), (detector(), "DETECTORS 0")):
        done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)
        assert done.stdout.splitlines()[-1] == words, done.stderr


@slow
def test_the_paper_takes_an_exported_row_of_its_own_set_up(detector, tmp_path):
    """A row as of RetinaNet R-50, 90,000 steps of 16 images at 800 px on COCO; another image size doesn't count."""
    folder = detector()
    assert export([str(folder), "device=cpu"]) == 0
    measured = json.loads((folder / "evaluation" / "measured.json").read_text())
    row = {**measured["measured"], "backbone": "resnet50", "iterations": 90000, "backbone_weights": "IMAGENET1K_V1"}
    run, out = read_run(folder, "best"), tmp_path / "results" / "coco"
    out.mkdir(parents=True)
    for name, seed, imgsz in (("theirs", 3, 800), ("smaller", 4, 640)):
        setup = {"data": "/data/coco/coco.yaml", "imgsz": imgsz, "batch": 16, "iterations": 90000, "seed": seed}
        arguments = {**run.arguments, **setup}
        record = replace(run.record, arguments=arguments, set_to={"epochs": 12.28})
        other = replace(run, record=record, arguments=arguments, batch=16)
        options = read_export_request([str(folder)]).options
        add_runs(out, [gather_run(other, name, MeasuredRun(row, measured["made"], before=False), options)])
    runs = CocoRuns(tmp_path / "results")
    assert {seed: row["run"] for seed, row in runs.find("retinanet", "focal_eiou:gamma=1").items()} == {3: "theirs"}
    assert runs.list_weights("retinanet", "focal_eiou:gamma=1") == [2.5]
