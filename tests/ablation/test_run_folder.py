"""The folder of a run: what its files say, and what a training that starts over leaves of them."""

from dataclasses import replace

import pytest

from tests.ablation.factories import row
from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.errors import DataError

RUN = Run({"loss": "eiou", "seed": 0, "data": "d.yaml", "epochs": 3}, ("loss",))


@pytest.fixture
def folder(tmp_path):
    """The folder of a run that is not begun."""
    folder = RunFolder(tmp_path / "out" / RUN.name)
    folder.write_run(RUN)
    return folder


def test_weights_lie_beside_the_folders_of_runs(folder, tmp_path):
    assert folder.best == tmp_path / "out" / "train" / RUN.name / "weights" / "best.pt"


def test_a_row_ends_a_failure(folder):
    folder.write_failure({"reason": "why", "time": "now"})
    assert folder.failure() == {"reason": "why", "time": "now"}
    folder.write_row(row(folder))
    assert folder.row() == row(folder) and folder.failure() is None


BEGUN = ("args.yaml", "labels.jpg", "train_batch0.jpg", "results.csv", "weights/.last.pt.part")


def begun(folder, *more):
    """What a training left that was killed in its first epoch, and more."""
    for name in (*BEGUN, *more):
        (folder.train / name).parent.mkdir(parents=True, exist_ok=True)
        (folder.train / name).write_text(name)


def test_what_a_training_left_before_its_first_epoch_goes(folder):
    assert folder.clear_training() == ""
    begun(folder)
    assert folder.clear_training() == ""
    assert not folder.train.exists() and not (folder.path.parent / "set_aside").exists()


@pytest.mark.parametrize("name", ["weights/last.pt", "notes.txt", "weights/mine.onnx", "deep/args.yaml"])
def test_whatever_else_is_there_is_kept(folder, name):
    begun(folder, name)
    note = folder.clear_training()
    kept = folder.path.parent / "set_aside" / f"{folder.train.name}-1"
    assert note == f"{folder.train} held more than a training leaves that was just begun: it is kept as {kept}."
    assert (kept / name).read_text() == name and not folder.train.exists()


def test_a_run_keeps_its_key_whatever_the_defaults_become(folder):
    """Ultralytics' next release has 3 epochs as its default: the run is still what it was."""
    assert replace(RUN, defaults={"epochs": 3}).key != folder.key and folder.run() == RUN


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"run.json can't be read"):
        RunFolder(tmp_path).run()
