"""The folder of a run: its name, and that nothing is left of a run that doesn't begin."""

import pytest

from yolo_feiou.errors import ArgumentError
from yolo_feiou.lightning.folders import begin_run_folder, make_run_folder


def test_a_folder_has_a_name_and_a_number(tmp_path):
    for name in ("train", "train2", "train3"):
        assert make_run_folder({}, "train", tmp_path / "runs")[0] == tmp_path / "runs" / name
    mine = {"project": str(tmp_path / "mine"), "name": "a/b"}
    assert make_run_folder(mine, "train", tmp_path)[0] == tmp_path / "mine" / "a" / "b"
    assert make_run_folder(mine, "train", tmp_path)[0] == tmp_path / "mine" / "a" / "b2"
    assert make_run_folder({**mine, "exist_ok": True}, "train", tmp_path) == (tmp_path / "mine" / "a" / "b", [])


def test_what_is_new_is_told(tmp_path):
    folder, new = make_run_folder({"name": "x"}, "train", tmp_path / "a" / "b")
    assert new == [folder, tmp_path / "a" / "b", tmp_path / "a"]


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "train").touch()
    assert make_run_folder({}, "train", tmp_path)[0].name == "train2"
    with pytest.raises(ArgumentError, match="train is a file"):
        make_run_folder({"exist_ok": True}, "train", tmp_path)
    with pytest.raises(ArgumentError, match="can't be made: Not a directory. Name another one by project="):
        make_run_folder({"project": str(tmp_path / "train")}, "train", tmp_path)


def begin(file, runs, **arguments):
    """A run that writes a file, and then is interrupted."""
    with begin_run_folder(arguments, "train", runs) as folder:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).touch()
        raise KeyboardInterrupt


def fail(tmp_path, **arguments):
    with pytest.raises(KeyboardInterrupt):
        begin("loss/own.py", tmp_path / "a" / "runs", **arguments)


def test_a_run_that_does_not_begin_leaves_nothing(tmp_path):
    fail(tmp_path)
    assert not [*tmp_path.iterdir()]


def test_what_was_there_before_stays(tmp_path):
    other = tmp_path / "a" / "runs" / "train"
    other.mkdir(parents=True)
    (other / "notes.txt").touch()
    fail(tmp_path)
    assert [*other.parent.iterdir()] == [other] and (other / "notes.txt").exists()
    fail(tmp_path, exist_ok=True)
    assert (other / "notes.txt").exists()


def test_a_run_that_has_begun_stays(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        begin("args.yaml", tmp_path)
    assert (tmp_path / "train" / "args.yaml").exists()
