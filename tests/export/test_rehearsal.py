"""What is told of all runs before the first is evaluated."""

import json
import shutil
from types import SimpleNamespace

import pytest
import torch

from tests.export.factories import errors
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.export import command
from yolo_feiou.export.command import export
from yolo_feiou.export.rehearsal import Rehearsal, check_writable
from yolo_feiou.export.ultralytics_runs import ULTRALYTICS


@pytest.fixture
def evaluated(monkeypatch):
    """The runs that were evaluated, in the place of which nothing is done."""
    runs = []

    def evaluate_once(run, *_):
        runs.append(run.folder.name)
        raise DataError("stopped here")

    monkeypatch.setattr(command, "evaluate_once", evaluate_once)
    return runs


def renamed(run, names):
    """Give the classes of a run's weights other names."""
    path = run / "weights" / "best.pt"
    content = torch.load(path, weights_only=False)
    content["model"].names = names
    torch.save(content, path)


@pytest.mark.slow
def test_what_is_wrong_with_the_last_run_is_told_before_the_first_is_evaluated(copy, evaluated, capsys):
    good, bad = copy("good"), copy("bad")
    renamed(bad, {0: "white", 1: "crimson"})
    assert export([str(good), str(bad), "device=cpu"]) == 1
    told = capsys.readouterr()
    assert evaluated == ["good"]
    lines = [line for line in told.out.splitlines() if "left out" in line]
    assert str(bad) in lines[0] and "crimson" in lines[0], "of the names that the checkpoint has"
    assert any("crimson" in line for line in errors(told.err)), "and once more at the end"


@pytest.mark.slow
def test_a_folder_that_ultralytics_cannot_load_from_is_named_as_such(copy, evaluated, tmp_path, capsys):
    run = copy("run")
    odd = tmp_path / "runs" / "Bob's"
    shutil.move(run, odd)
    assert export([str(odd), "device=cpu"]) == 1
    assert evaluated == [] and "Ultralytics can't load weights from" in capsys.readouterr().err


@pytest.mark.slow
def test_a_ground_truth_that_does_not_fit_stops_all_before_any(copy, squares, evaluated, tmp_path, capsys):
    """The JSON lacks an image: each run is named, and read the ground truth was once."""
    content = json.loads((squares.parent / "annotations" / "instances_val2017.json").read_text())
    gone = content["images"].pop()["id"]
    content["annotations"] = [one for one in content["annotations"] if one["image_id"] != gone]
    (tmp_path / "less.json").write_text(json.dumps(content))
    runs = [copy("one"), copy("two", seed=1)]
    assert export([*map(str, runs), "device=cpu", f"annotations={tmp_path / 'less.json'}"]) == 1
    assert evaluated == [] and len(errors(capsys.readouterr().err)) == 2


@pytest.mark.slow
def test_a_device_that_is_not_there_is_told_first(copy, evaluated, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(ArgumentError, match="device=7: there is no GPU 7"):
        export([str(copy("run")), "device=7"])
    assert evaluated == []


@pytest.mark.slow
def test_a_submission_that_cannot_be_made_is_told_first(copy, squares, evaluated, tmp_path, capsys):
    run = copy("run")
    (tmp_path / "d.yaml").write_text(squares.read_text().replace("test: annotations", "unknown: annotations"))
    assert export([str(run), "device=cpu", f"data={tmp_path / 'd.yaml'}", "submission=mine"]) == 1
    out = capsys.readouterr().out
    assert out.index("has no submission: data=") < out.index("stopped here")


@pytest.mark.slow
def test_files_of_the_users_own_that_would_be_in_the_way_are_told_first(copy, evaluated, capsys):
    run = copy("run")
    for name in ("submission.zip", "best.onnx"):
        (run / "weights" / name).write_text("mine")
    assert export([str(run), "device=cpu", "submission=mine", "onnx=True"]) == 1
    out = capsys.readouterr().out
    for name in ("submission.zip", "best.onnx"):
        assert out.index(f"{name} is there") < out.index("stopped here")
        assert (run / "weights" / name).read_text() == "mine"


@pytest.mark.slow
def test_a_card_that_was_edited_is_told_first(copy, evaluated, capsys):
    run = copy("run")
    (run / "weights" / "model_card.md").write_text("mine")
    assert export([str(run), "device=cpu"]) == 1
    out = capsys.readouterr().out
    assert evaluated == ["run"] and out.index("has no new model card") < out.index("stopped here")


@pytest.mark.slow
def test_tables_that_are_damaged_are_told_first(copy, evaluated, tmp_path):
    run = copy("run")
    (tmp_path / "runs" / "curves.csv").write_text("run,epoch\na\n")
    with pytest.raises(DataError, match=r"curves.csv: row 1 has 1 cells"):
        export([str(run), "device=cpu"])
    assert evaluated == []


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    check_writable(tmp_path)
    with pytest.raises(DataError, match=r"gone can't be written to \(No such file or directory\)"):
        check_writable(tmp_path / "gone")


def test_a_submission_of_oriented_boxes_is_refused():
    with pytest.raises(ArgumentError, match="a submission to COCO's server has upright boxes, and this model oriented"):
        Rehearsal(None).check_submission(SimpleNamespace(is_oriented=True))


def test_where_weights_lie_that_ultralytics_cannot_load_is_told_before_anything_is_read(tmp_path):
    """`weights` in the run's folder, or the run's folder itself if they were moved."""
    for weights in (tmp_path / "Bob's" / "weights" / "best.pt", tmp_path / "Bob's" / "best.pt"):
        run = SimpleNamespace(framework=ULTRALYTICS, folder=tmp_path / "Bob's", weights=weights)
        with pytest.raises(ArgumentError, match="Bob's: Ultralytics can't load weights from .* an apostrophe in it"):
            Rehearsal(None).check(run)
