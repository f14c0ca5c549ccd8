"""What checkpoints say of a training, whatever ended it: all that a process can be killed between."""

import shutil

import pytest
import torch
from torch import nn

from yolo_feiou.errors import DataError
from yolo_feiou.framework import HALF, NEW, TRAINED, Progress
from yolo_feiou.lightning.checkpoints import (
    CONFIG,
    copy_checkpoint,
    find_progress,
    is_detector_checkpoint,
    load_checkpoint,
    strip_checkpoints,
)


def write(folder, name, part, best_part=None, parts=3, **more):
    """Write a checkpoint, of a training that isn't finished: it has the optimizer's state."""
    content = {
        CONFIG: {"detector": "retinanet"},
        "state_dict": {"model.weight": torch.full((1000,), float(part))},
        **{"part": part, "best_part": best_part or part, "parts": parts, "optimizer_states": [{"m": torch.ones(3)}]},
        **{"lr_schedulers": [{}], "loops": {}, "callbacks": {}, **more},
    }
    path = folder / "weights" / f"{name}.pt"
    path.parent.mkdir(exist_ok=True)
    torch.save(content, path)
    return path


def tear(path):
    path.write_bytes(path.read_bytes()[:-200])
    return path


def parts_of(folder):
    """Of which part each checkpoint is."""
    return {path.name: load_checkpoint(path)["part"] for path in sorted((folder / "weights").iterdir())}


def test_nothing_to_resume(tmp_path):
    assert find_progress(tmp_path) == Progress(NEW, 0, "")


def test_a_training_between_its_parts(tmp_path):
    write(tmp_path, "last", 2, 1)
    write(tmp_path, "best", 1)
    assert find_progress(tmp_path) == Progress(HALF, 2, "")
    assert parts_of(tmp_path) == {"best.pt": 1, "last.pt": 2}


def test_a_finished_training(tmp_path):
    write(tmp_path, "last", 3, 1)
    write(tmp_path, "best", 1)
    assert find_progress(tmp_path) == Progress(TRAINED, 3, "")
    strip_checkpoints(tmp_path)
    assert find_progress(tmp_path) == Progress(TRAINED, 3, "")


def test_best_takes_the_place_of_a_torn_last(tmp_path):
    tear(write(tmp_path, "last", 2, 1))
    write(tmp_path, "best", 1)
    stage, part, note = find_progress(tmp_path)
    assert (stage, part) == (HALF, 1) and "last.pt was missing, torn or left behind: replaced by best.pt" in note
    assert parts_of(tmp_path) == {"best.pt": 1, "last.pt": 1}
    assert find_progress(tmp_path) == Progress(HALF, 1, "")


def test_best_takes_the_place_of_a_last_that_was_lost(tmp_path):
    write(tmp_path, "best", 1)
    assert find_progress(tmp_path)[:2] == (HALF, 1) and parts_of(tmp_path) == {"best.pt": 1, "last.pt": 1}


@pytest.mark.parametrize("best_part", [1, 2])
def test_last_takes_the_place_of_a_torn_best(tmp_path, best_part):
    """Whether it was the best itself or not: what is left is better than nothing."""
    write(tmp_path, "last", 2, best_part)
    tear(write(tmp_path, "best", best_part))
    stage, part, note = find_progress(tmp_path)
    assert (stage, part) == (HALF, 2) and "best.pt was missing, torn or left behind: replaced by last.pt" in note
    assert parts_of(tmp_path) == {"best.pt": 2, "last.pt": 2}
    assert find_progress(tmp_path).note == ""


def test_killed_between_last_and_best(tmp_path):
    """The second part was the best one, and best.pt is still the first's; or there was none before."""
    write(tmp_path, "last", 2, 2)
    write(tmp_path, "best", 1)
    assert find_progress(tmp_path)[:2] == (HALF, 2) and parts_of(tmp_path) == {"best.pt": 2, "last.pt": 2}
    (tmp_path / "weights" / "best.pt").unlink()
    assert find_progress(tmp_path)[:2] == (HALF, 2) and parts_of(tmp_path) == {"best.pt": 2, "last.pt": 2}


def test_both_torn_is_a_new_training(tmp_path):
    tear(write(tmp_path, "last", 2))
    tear(write(tmp_path, "best", 2))
    stage, part, note = find_progress(tmp_path)
    assert (stage, part) == (NEW, 0) and "last.pt is torn: the training starts over" in note


def test_a_stripped_best_resumes_nothing(tmp_path):
    """It was torn while a finished training was being copied, say: the best weights have no optimizer."""
    write(tmp_path, "best", 1, parts=3)
    strip_checkpoints(tmp_path)
    tear(write(tmp_path, "last", 3, 1))
    assert find_progress(tmp_path)[0] == NEW


def test_a_byte_that_changed_within_a_tensor_shows(tmp_path):
    """The directory of the file is whole, and torch reads the numbers without looking at their checksum."""
    path = write(tmp_path, "last", 2)
    content = path.read_bytes()
    numbers = torch.full((1000,), 2.0).numpy().tobytes()
    path.write_bytes(content.replace(numbers, numbers[:400] + b"\x01" + numbers[401:]))
    assert find_progress(tmp_path)[0] == NEW


def test_a_checkpoint_of_a_detector_is_told_from_others(tmp_path):
    ours = write(tmp_path, "last", 1)
    assert is_detector_checkpoint(ours) and is_detector_checkpoint(str(ours))
    others = {"text.pt": b"model: retinanet", "empty.pt": b"", CONFIG: CONFIG.encode()}
    for name, content in others.items():
        (tmp_path / name).write_bytes(content)
    torch.save({"model": nn.Linear(2, 2), "train_args": {"model": "yolov8n.yaml"}}, tmp_path / "yolo.pt")
    for other in (*others, "yolo.pt", "none.pt", "."):
        assert not is_detector_checkpoint(tmp_path / other)
        with pytest.raises(DataError, match="is torn, or no checkpoint of a detector's"):
            load_checkpoint(tmp_path / other)
    assert not is_detector_checkpoint(tear(ours))


def test_a_checkpoint_of_ultralytics_is_none(tmp_path):
    from ultralytics import YOLO

    YOLO("yolov8n.yaml").save(tmp_path / "yolo.pt")
    assert not is_detector_checkpoint(tmp_path / "yolo.pt")


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path):
    """Although it says that it is one of ours."""
    torch.save({CONFIG: {}, "state_dict": nn.Linear(2, 2)}, tmp_path / "trap.pt")
    assert is_detector_checkpoint(tmp_path / "trap.pt")
    with pytest.raises(DataError, match="torn, or no checkpoint"):
        load_checkpoint(tmp_path / "trap.pt")


def test_stripped_checkpoints_have_weights_and_what_is_said_of_them(tmp_path):
    last, best = write(tmp_path, "last", 3, 1, MixedPrecision={"scale": 1.0}, names=["cat"]), write(tmp_path, "best", 1)
    strip_checkpoints(tmp_path)
    assert load_checkpoint(last).keys() == {CONFIG, "state_dict", "part", "best_part", "parts", "names"}
    assert load_checkpoint(best)["state_dict"]["model.weight"].tolist() == [1.0] * 1000
    held = last.read_bytes()
    strip_checkpoints(tmp_path)
    assert last.read_bytes() == held, "there is nothing more to take out"
    assert {path.name for path in last.parent.iterdir()} == {"last.pt", "best.pt"}


def test_strip_without_checkpoints(tmp_path):
    strip_checkpoints(tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_copy_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    old, new = write(tmp_path, "best", 1), write(tmp_path, "last", 2)

    def fill_disk(source, target):
        target.write_bytes(new.read_bytes()[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fill_disk)
    with pytest.raises(OSError, match="No space"):
        copy_checkpoint(new, old)
    assert parts_of(tmp_path) == {"best.pt": 1, "last.pt": 2}
