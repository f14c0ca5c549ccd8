"""Runs of oriented boxes: exported as others are, with Ultralytics' own mAP, which is named as such."""

import shutil
from pathlib import Path

import pytest
import torch
import yaml
from ultralytics import YOLO as StockYOLO
from ultralytics import __version__

from tests.runs import SHORT
from yolo_feiou.export import onnx
from yolo_feiou.export.command import export
from yolo_feiou.report.command import report
from yolo_feiou.storage.tables import read_csv
from yolo_feiou.yolo import evaluate as evaluation

pytestmark = pytest.mark.slow


@pytest.fixture
def run(trained_oriented, tmp_path):
    """A copy of the run."""
    return shutil.copytree(trained_oriented, tmp_path / "runs" / "run")


def test_a_run_has_a_row_a_card_and_an_onnx_with_ultralytics_own_map(run, oriented, tmp_path, capsys, monkeypatch):
    pytest.importorskip("onnxruntime")
    assert export([str(run), "device=cpu", "onnx=True"]) == 0
    said = capsys.readouterr().out
    (row,) = read_csv(tmp_path / "runs" / "results.csv")
    told = {**{name: SHORT[name] for name in ("device", "workers", "plots", "verbose")}, "imgsz": 96, "batch": 4}
    own = StockYOLO(run / "weights" / "best.pt").val(data=oriented, **told, project=str(tmp_path), name="val")
    assert (row["mAP_obb"], row["mAP50_obb"]) == pytest.approx((own.box.map, own.box.map50), rel=1e-6)
    assert row["mAP_obb"] > 0.005 and row["AP"] == ""
    assert (row["metric"], row["evaluator"], row["evaluator_version"], row["ground_truth"], row["loss"]) == (
        *("mAP_obb", "ultralytics", __version__, "labels", "kld"),
    )
    score = f"{100 * row['mAP_obb']:.2f}"
    assert f"run: best.pt evaluated on 8 images, mAP {score}" in said and "It is not COCO’s AP" in said
    (line,) = (line for line in said.splitlines() if line.startswith(f"{run / 'weights' / 'best.onnx'}: mAP "))
    assert line.endswith(f", best.pt {score}") and float(line.split()[2].strip(",")) == pytest.approx(
        float(score), abs=0.1
    )
    card = (run / "weights" / "model_card.md").read_text()
    assert "# yolov8n-obb on shapes-obb-small, loss kld" in card and "| run | loss | mAP | mAP50 |" in card
    assert "It is not COCO’s AP" in card and " AR " not in card and "the seed alone moves mAP by" in card
    assert f"evaluated in the same way: mAP {line.split()[2].strip(',')}; best.pt: {score}." in card

    monkeypatch.setattr(evaluation, "validate", None)  # nothing is evaluated again, nor exported
    monkeypatch.setattr(onnx, "export_onnx", None)
    assert export([str(run), "device=cpu", "onnx=True", "evaluator=pycocotools"]) == 0, "which has no part in it"
    assert "best.pt was evaluated before, mAP" in capsys.readouterr().out
    report([str(tmp_path / "runs")])
    assert (tmp_path / "runs" / "report" / "index.html").is_file()


def test_what_does_not_fit_is_told_before_anything_is_evaluated(run, oriented, tmp_path, capsys, monkeypatch):
    """A COCO JSON as ground truth, other classes than the model's, and a submission."""
    monkeypatch.setattr(evaluation, "validate", None)
    (tmp_path / "some.json").write_text("{}")
    assert export([str(run), "device=cpu", f"annotations={tmp_path / 'some.json'}"]) == 1
    assert "has upright boxes, and an OBB model is evaluated on oriented ones" in capsys.readouterr().err
    content = yaml.safe_load(Path(oriented).read_text())
    (tmp_path / "other.yaml").write_text(yaml.safe_dump({**content, "names": [*"abcdef"]}))
    assert export([str(run), "device=cpu", f"data={tmp_path / 'other.yaml'}"]) == 1
    assert "error: " in (said := capsys.readouterr().err) and "left out" in said
    assert not (tmp_path / "runs" / "results.csv").exists()


def test_stock_is_probiou_on_its_card_and_there_is_no_submission(run, tmp_path, capsys):
    args = yaml.safe_load((run / "args.yaml").read_text())
    (run / "args.yaml").write_text(yaml.safe_dump({key: value for key, value in args.items() if key != "loss"}))
    (run / "provenance.json").unlink()
    for path in (run / "weights").glob("*.pt"):  # and as nobody's of ours
        content = torch.load(path, weights_only=False)
        vars(content["model"]).pop("yolo_feiou", None)
        torch.save(content, path)
    assert export([str(run), "device=cpu", "submission=mine"]) == 1
    assert "has no submission: a submission to COCO's server has upright boxes" in capsys.readouterr().err
    assert "`stock`: Ultralytics' own box loss (ProbIoU)" in (run / "weights" / "model_card.md").read_text()
    assert not (run / "weights" / "submission.zip").exists()
