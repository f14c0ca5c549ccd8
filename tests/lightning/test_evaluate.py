"""The evaluation of a detector's checkpoint: a row with YOLO's columns, from what is left in a folder."""

import json
from pathlib import Path

import pytest
import torch

from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.lightning.evaluate import evaluate

pytestmark = pytest.mark.slow  # a detector is trained first


@pytest.fixture(scope="module")
def weights(trained):
    return trained / "weights" / "best.pt"


def test_a_row_has_the_metrics_and_says_what_was_evaluated(weights, data, tmp_path):
    row = evaluate(weights, data, "val", tmp_path / "out", device="cpu")
    assert row["AP"] is not None and row["images"] == 8 and row["evaluator"] == "faster-coco-eval"
    about = {"detector": "retinanet", "backbone": "resnet18", "backbone_weights": "none"}
    settings = {"conf": 0.05, "iou": 0.5, "max_det": 100, "imgsz": 64, "batch": 2, "single_cls": False}
    assert row.items() >= {**about, **settings, "iterations": 4, "box": "auto"}.items()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("ground_truth.json", "predictions.json", "settings.json")
    }
    truth = json.loads((tmp_path / "out" / "ground_truth.json").read_text())
    assert len(truth["images"]) == 8 and len(truth["categories"]) == 6
    settings = json.loads((tmp_path / "out" / "settings.json").read_text())
    assert settings["model"] == str(weights) and settings["split"] == "val"


def test_both_evaluators_agree(weights, data, tmp_path):
    ours, theirs = (
        evaluate(weights, data, "val", tmp_path / name, evaluator=name, conf=0, device="cpu")
        for name in ("faster-coco-eval", "pycocotools")
    )
    assert ours["AP50"] == pytest.approx(theirs["AP50"], abs=1e-6) and ours["AR"] == pytest.approx(theirs["AR"])


def test_neither_batch_nor_workers_change_what_is_found(weights, data, tmp_path):
    """Images of a batch are padded to one size: all are of the same here."""
    found = []
    for number, options in enumerate(({}, {"batch": 1}, {"batch": 8, "workers": 2})):
        row = evaluate(weights, data, "val", tmp_path / str(number), conf=0, max_det=5, device="cpu", **options)
        assert row["batch"] == options.get("batch", 2)
        predictions = json.loads((tmp_path / str(number) / "predictions.json").read_text())
        found.append(torch.tensor([[*one["bbox"], one["score"]] for one in predictions]))
    torch.testing.assert_close(found[1], found[0], rtol=1e-3, atol=1e-2)
    torch.testing.assert_close(found[2], found[0], rtol=1e-3, atol=1e-2)


def test_chosen_classes_and_one_class_count(weights, data, tmp_path):
    whole, some, one = (
        evaluate(weights, data, "val", tmp_path / name, device="cpu", **options)
        for name, options in {"whole": {}, "some": {"classes": [0, 2]}, "one": {"single_cls": True}}.items()
    )
    truths = [json.loads((tmp_path / name / "ground_truth.json").read_text()) for name in ("whole", "some", "one")]
    counts = [len(truth["annotations"]) for truth in truths]
    assert 0 < counts[1] < counts[0] == counts[2]
    assert {annotation["category_id"] for annotation in truths[1]["annotations"]} <= {
        category["id"] for category in truths[0]["categories"] if category["name"] in ("ellipse", "triangle")
    }
    assert (whole["single_cls"], some["single_cls"], one["single_cls"]) == (False, False, True)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"evaluator": "coco"}, ArgumentError, "evaluator=coco is unknown"),
        ({"split": "tset"}, DataError, "has no split 'tset'"),
        ({"data": "nix.yaml"}, DataError, "data=nix.yaml: there is no such file"),
        ({"annotations": "nix.json"}, DataError, "nix.json"),
        ({"weights": "nix.pt"}, DataError, "nix.pt is torn, or no checkpoint of a detector's"),
    ],
)
def test_mistakes_are_told(weights, data, tmp_path, changed, error, message):
    whole = {"weights": weights, "data": data, "split": "val", "folder": tmp_path / "out", "device": "cpu", **changed}
    with pytest.raises(error, match=message):
        evaluate(**whole)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_not_written_to(weights, data, tmp_path):
    (tmp_path / "predictions.json").write_text("mine")
    with pytest.raises(ArgumentError):
        evaluate(weights, data, "val", tmp_path, device="cpu")
    assert (tmp_path / "predictions.json").read_text() == "mine"


def test_classes_of_other_data_are_refused(weights, data, tmp_path):
    text = Path(data).read_text().replace("0: ellipse", "0: cow").replace("5: cross", "5: sheep")
    (tmp_path / "other.yaml").write_text(text)
    with pytest.raises(DataError, match="unknown class 'ellipse' of the model"):
        evaluate(weights, tmp_path / "other.yaml", "val", tmp_path / "out", device="cpu")
