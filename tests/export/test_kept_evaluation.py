"""An evaluation that is kept."""

import json
from types import SimpleNamespace

import pytest

from tests.yolo.test_evaluate import data_set
from yolo_feiou.errors import DataError
from yolo_feiou.export.kept_evaluation import Evaluator, read_kept_evaluation, write_kept_evaluation
from yolo_feiou.export.ultralytics_runs import ULTRALYTICS

ASKED = {"weights_sha256": "0" * 64, "split": "val", "classes": [0, 1], "conf": 0.001}
ROW = {"AP": 0.25, "AP_S": None, "images": 8}


@pytest.fixture
def path(tmp_path):
    write_kept_evaluation(tmp_path / "measured.json", ASKED, ROW, command="export")
    return tmp_path / "measured.json"


def test_what_was_asked_for_in_the_same_way_is_known(path):
    assert read_kept_evaluation(path, ASKED)["measured"] == ROW
    assert read_kept_evaluation(path, {**ASKED, "split": "test"}) is None


def test_labels_of_more_classes_than_are_named_are_read_as_a_training_with_single_cls_read_them(tmp_path):
    """A run's own arguments decide: without single_cls Ultralytics would leave out every image."""
    data = data_set(tmp_path, ["1.jpg"])
    (tmp_path / "labels" / "1.txt").write_text("5 0.5 0.5 0.2 0.4\n")

    def run(**arguments):
        told = {"data": str(data), "imgsz": 64, **arguments}
        given = {"arguments": told, "trained_with": told, "is_oriented": False, "batch": 4, "processes": 1}
        return SimpleNamespace(framework=ULTRALYTICS, **given)

    assert Evaluator().asked(run(single_cls=True), "0" * 64)["ground_truth"] == "labels"
    with pytest.raises(DataError, match="can't be read"):
        Evaluator().asked(run(), "0" * 64)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: {},
        lambda content: [content],
        lambda content: {**content, "measured": 0.25},
        lambda content: {key: value for key, value in content.items() if key != "sha256"},
        lambda content: {**content, "measured": {**ROW, "AP": 0.95}},
    ],
)
def test_a_record_that_was_damaged_or_edited_is_named_and_not_known(path, change, capsys):
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    assert read_kept_evaluation(path, ASKED) is None
    said = capsys.readouterr().out
    assert str(path) in said and "repeated" in said
