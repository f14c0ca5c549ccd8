"""An evaluation on disk: the same row again, or a clear refusal."""

import errno
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.evaluation.factories import noisy, predicted, truth
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.evaluation import saved
from yolo_feiou.evaluation.saved import Evaluation, evaluate_again, load_evaluation
from yolo_feiou.evaluation.truth import read_ground_truth
from yolo_feiou.storage.tables import read_csv, write_csv

A = (0, 0, 10, 10)


@pytest.fixture
def evaluation():
    return Evaluation(truth(A, crowds=[(50, 50, 9, 9)]), predicted((*A, 1 / 3)), {"conf": 0.001, "iou": None})


def test_the_row_comes_back(evaluation, tmp_path):
    evaluation.save(tmp_path / "new" / "folder")
    assert load_evaluation(tmp_path / "new" / "folder") == evaluation
    row = evaluate_again(tmp_path / "new" / "folder")
    assert row == evaluation.row()
    assert (row["conf"], row["iou"], row["AP"], row["area_source"]) == (0.001, None, 1, "box")
    assert evaluate_again(tmp_path / "new" / "folder", "pycocotools")["evaluator"] == "pycocotools"


def test_the_metrics_of_masks_come_back_behind_those_of_boxes(evaluation, tmp_path):
    """They can't be computed again, and an edited one is noticed."""
    whole = replace(evaluation, task_metrics={"mAP_mask": 0.25, "mAP50_mask": None})
    whole.save(tmp_path)
    assert load_evaluation(tmp_path) == whole
    row = evaluate_again(tmp_path)
    assert row == whole.row() == {**evaluation.row(), "mAP_mask": 0.25, "mAP50_mask": None}
    assert list(row)[-2:] == ["mAP_mask", "mAP50_mask"]
    settings = (tmp_path / "settings.json").read_text()
    (tmp_path / "settings.json").write_text(settings.replace("0.25", "0.75"))
    with pytest.raises(DataError, match="was edited since it was written"):
        load_evaluation(tmp_path)


def test_without_such_metrics_the_files_are_as_they_were(evaluation, tmp_path):
    evaluation.save(tmp_path)
    assert json.loads((tmp_path / "settings.json").read_text()).keys() == {"conf", "iou", "sha256"}


@pytest.mark.parametrize("name", ["predictions.json", "ground_truth.json", "settings.json"])
def test_files_that_no_evaluation_wrote_stay(evaluation, tmp_path, name):
    (tmp_path / name).write_text("{}")
    with pytest.raises(ArgumentError, match=f"holds {name}, which would be overwritten: .* for the evaluation"):
        evaluation.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name] and (tmp_path / name).read_text() == "{}"


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_an_evaluation_that_was_cut_off_is_done_anew(evaluation, tmp_path, monkeypatch, cut):
    calls = []  # of write_text and write_json: a mark, the ground truth, the predictions, the settings

    def stop(path, text):
        if len(calls) == cut:
            raise KeyboardInterrupt
        calls.append(path.name)
        path.write_text(text)

    monkeypatch.setattr(saved, "write_text", stop)
    monkeypatch.setattr(saved, "write_json", lambda path, content: stop(path, json.dumps(content)))
    with pytest.raises(KeyboardInterrupt):
        evaluation.save(tmp_path)
    monkeypatch.undo()
    assert len(calls) == cut
    with pytest.raises(DataError, match="evaluate the model again"):
        load_evaluation(tmp_path)
    evaluation.save(tmp_path)
    assert load_evaluation(tmp_path) == evaluation


def test_real_objects_and_synthetic_predictions_come_back(coco_tiny, tmp_path):
    of = read_ground_truth(coco_tiny / "annotations" / "instances_val2017.json")
    before = Evaluation(of, noisy(of, 0), {"split": "val"})
    before.save(tmp_path)
    assert load_evaluation(tmp_path) == before
    assert evaluate_again(tmp_path) == before.row()


def test_the_files_are_for_any_coco_tool(evaluation, tmp_path, capsys):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    evaluation.save(tmp_path)
    objects = COCO(str(tmp_path / "ground_truth.json"))
    found = COCOeval(objects, objects.loadRes(str(tmp_path / "predictions.json")), "bbox")
    found.evaluate()
    found.accumulate()
    found.summarize()
    capsys.readouterr()
    assert found.stats[0] == pytest.approx(1)


@pytest.mark.slow
def test_neither_model_nor_ultralytics_is_needed(evaluation, tmp_path):
    evaluation.save(tmp_path)
    code = f"""
import sys
sys.modules["ultralytics"] = None
from yolo_feiou.evaluation.saved import evaluate_again
print(evaluate_again({str(tmp_path)!r})["AP"])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "1.0\n"


def test_missing_metrics_are_empty_in_a_csv(evaluation, tmp_path):
    write_csv(tmp_path / "rows.csv", [evaluation.row()])
    (row,) = read_csv(tmp_path / "rows.csv")
    assert (row["AP_S"], row["AP_L"], row["iou"], row["AP"]) == (1, "", "", 1)


@pytest.mark.parametrize("name", ["predictions.json", "ground_truth.json"])
@pytest.mark.parametrize("harm", ["truncated", "gone", "other"])
def test_harmed_files_are_named(evaluation, tmp_path, name, harm):
    evaluation.save(tmp_path)
    path = tmp_path / name
    if harm == "truncated":
        path.write_bytes(path.read_bytes()[:-1])
    elif harm == "gone":
        path.unlink()
    else:
        Evaluation(truth((1, 1, 5, 5)), predicted((1, 1, 5, 5, 0.5)), {}).save(tmp_path / "other")
        path.write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(DataError, match=f"{name} is missing, truncated or of another evaluation") as refused:
        load_evaluation(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_folder_without_an_evaluation_is_refused(tmp_path, evaluation):
    with pytest.raises(DataError, match=r"holds no evaluation: there is no settings\.json"):
        load_evaluation(tmp_path)
    for text in ("[]", "{}", '{"conf": 1}'):
        (tmp_path / "settings.json").write_text(text)
        with pytest.raises(DataError, match=r"settings\.json is not as it was written"):
            load_evaluation(tmp_path)
    (tmp_path / "settings.json").write_text('{"conf"')
    with pytest.raises(DataError, match=r"settings\.json is not a complete JSON file"):
        load_evaluation(tmp_path)


@pytest.mark.parametrize("name", ["ground_truth.json", "predictions.json", "settings.json"])
def test_a_full_disk_leaves_no_half_file_and_no_mix(evaluation, tmp_path, monkeypatch, name):
    """An evaluation is there, and the next one fails at one of its files: what is there then is whole or refused."""
    evaluation.save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write = Path.write_text

    def full(self, text, *args, **kwargs):
        if name in self.name:
            write(self, text[: len(text) // 2], *args, **kwargs)
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, text, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        Evaluation(truth((1, 1, 5, 5)), predicted((1, 1, 5, 5, 0.5)), {}).save(tmp_path)
    monkeypatch.undo()
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(after) == set(before)
    assert after[name] == before[name]
    for path in tmp_path.iterdir():
        json.loads(path.read_text())
    if name == "ground_truth.json":
        assert load_evaluation(tmp_path) == evaluation
    else:
        with pytest.raises(DataError, match="of another evaluation"):
            load_evaluation(tmp_path)


def test_settings_that_were_edited_are_named(tmp_path, evaluation):
    """Another conf than the one that detected."""
    evaluation.save(tmp_path)
    path = tmp_path / "settings.json"
    path.write_text(path.read_text().replace('"conf": 0.001', '"conf": 0.25'))
    with pytest.raises(DataError, match=r"settings\.json was edited since it was written: evaluate the model again"):
        load_evaluation(tmp_path)


def test_an_evaluation_of_an_earlier_version_is_read(tmp_path, evaluation):
    """Its settings had no checksum of their own."""
    evaluation.save(tmp_path)
    content = json.loads((tmp_path / "settings.json").read_text())
    del content["sha256"]["settings.json"]
    (tmp_path / "settings.json").write_text(json.dumps(content))
    assert load_evaluation(tmp_path).settings == evaluation.settings
