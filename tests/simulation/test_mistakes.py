"""A mistake in the words or the place is one line, and leaves nothing."""

import pytest

from tests.simulation.quick import QUICK, names
from yolo_feiou.errors import ArgumentError
from yolo_feiou.simulation import field
from yolo_feiou.simulation.command import EXPERIMENTS, simulate

EXPECTED = "expected one of setup=1, setup=2, figure=1,"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["points=3"], f"got no experiment: {EXPECTED}"),
        (["setup=1", "figure=2"], f"got setup=1 figure=2: {EXPECTED}"),
        (["setup=2", "setup=2"], f"got setup=2 setup=2: {EXPECTED}"),
        (["setup=3"], f"unknown experiment setup=3: {EXPECTED}"),
        (["setup"], f"unknown experiment setup: {EXPECTED}"),
        (["figure=8"], f"unknown experiment figure=8: {EXPECTED}"),
        (["field=eoiu"], "unknown loss 'eoiu': did you mean 'eiou'?"),
        (["field="], "can't read loss ''"),
        (["field=eiou", "task=obb"], "task=obb: field= goes by the loss, and takes functions of your own for axis-"),
        (["setup=1", "reading=worst"], "reading=worst is not one of literal, best."),
        (["setup=1", "batch=alll"], "batch=alll is not one of all, point, anchor, target."),
        (["setup=1", "losses=iou,eoiu"], "unknown loss 'eoiu': did you mean 'eiou'?"),
        (["setup=1", "losses=stock"], "'stock' is the model's own box loss"),
        (["setup=1", "losses=focal_eiou:gamma=x"], "loss 'focal_eiou': gamma=x is not a number from 0 to 10."),
        (["setup=1", "losses=,"], "got no loss: expected some"),
        (["setup=1", "losses=iou,iou"], "the list of losses has 'iou' twice"),
        (["setup=1", "losses="], "losses= is not a list of losses"),
        (["setup=1", "device=gpu"], "device=gpu can't compute in float32 here"),
        (["setup=1", "device=999"], "device=cuda:999 can't compute in float32 here"),
        (["setup=1", "points=0"], "points=0 is not a whole number from 1 to 50000."),
        (["setup=1", "points=2.5"], "points=2.5 is not a whole number"),
        (["setup=1", "area=0"], "area=0 is not a number from 0.0001 to 1e8."),
        (["setup=1", "points"], "'yolo simulate setup=1' takes arguments like losses=…, got 'points'."),
        (["setup=1", "seed=1", "seed=2"], "'yolo simulate setup=1' got seed= twice: give it once."),
        (["setup=1", "sed=1"], "'yolo simulate setup=1' has no argument 'sed': did you mean 'seed'?"),
        (["figure=2", "losses=iou"], "'yolo simulate figure=2' has no argument 'losses'. It has beta, out."),
        (["figure=2", "beta=0.5,2"], "beta=0.5,2 is not a list of numbers from 0.3679 to 1"),
        (["figure=1", "factor=2"], "factor=2 is not one of 1, 2-iou."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_leaves_nothing(yolo, tmp_path, capsys, words, message):
    assert yolo("simulate", *words, "out=deep/down/results") == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith(f"error: {message}") and error.count("\n") == 1
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("file", "(File exists)"),
        ("file/below", "(Not a directory)"),
        ("/proc/x", "(No such file or directory)"),
        ("/proc/x/deep", "(No such file or directory)"),
        ("new/" + 300 * "x", "(File name too long)"),
        (300 * "x", "(File name too long)"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_one_line(yolo, tmp_path, capsys, out, reason):
    (tmp_path / "file").write_text("here first")
    assert yolo("simulate", "setup=1", *QUICK, f"out={out}") == 2
    printed, error = capsys.readouterr()
    assert printed == ""
    assert error == f"error: can't write results to {out} {reason}: name another folder with out=.\n"
    assert names(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "here first"


def test_out_given_twice_is_refused(yolo, tmp_path, capsys):
    assert yolo("simulate", "setup=1", "out=a", "out=b") == 2
    assert "got out= twice" in capsys.readouterr().err
    assert names(tmp_path) == []


@pytest.mark.parametrize("word", [*EXPERIMENTS, "field=eiou"])
def test_no_file_of_the_users_is_overwritten(word, tmp_path):
    """A folder with settings.json and figure5.png of a project's own: each is named, and all stay."""
    subject = EXPERIMENTS.get(word) or field.make_field_experiment("eiou")
    before = {name: f"mine {name}" for name in (*subject.files, "mine.txt")}
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ArgumentError, match=rf"{subject.files[0]}.*, which would be overwritten: move them elsewhere"):
        simulate([word, f"out={tmp_path}"])
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before
