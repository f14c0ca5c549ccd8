"""What is read of a checkpoint without running its code."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from ultralytics.nn.tasks import DetectionModel

from yolo_feiou.storage import checkpoint_reader
from yolo_feiou.storage.checkpoint_reader import Inert, has_key, is_torn, read_numbers

ARGUMENTS = {"epochs": 5, "lr0": 0.01, "loss": "eiou", "data": "x.yaml", "cache": None, "box_stats": True}


class Runs:
    """What runs a command when it is unpickled."""

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.fixture
def saved(tmp_path):
    """A function that saves a checkpoint as Ultralytics does, with changes, and returns its path."""

    def save(**changes):
        model = DetectionModel("yolov8n.yaml", verbose=False)
        content = {
            **{"epoch": 3, "best_fitness": np.float64(0.25), "ema": model, "updates": 7, "date": "today"},
            **{"optimizer": torch.optim.SGD(model.parameters(), lr=0.1).state_dict(), "train_args": ARGUMENTS},
            **changes,
        }
        torch.save(content, tmp_path / "last.pt")
        return tmp_path / "last.pt"

    return save


def test_numbers_and_text_are_there_and_objects_are_inert(saved):
    path = saved(train_args={**ARGUMENTS, "project": Path("runs")})
    found, loaded = read_numbers(path), torch.load(path, weights_only=False)
    for key in ("epoch", "best_fitness", "updates", "date"):
        assert found[key] == loaded[key]
    assert found["train_args"].pop("project").as_posix() == "runs"
    assert found["train_args"] == ARGUMENTS
    assert found["optimizer"] and type(found["ema"]) is Inert


@pytest.mark.parametrize("module", ["pathlib", "pathlib._local"])
@pytest.mark.parametrize("name", ["PosixPath", "WindowsPath"])
def test_paths_of_every_python_are_read(module, name):
    """Python 3.13 pickles them by pathlib._local. By hand: a global, its arguments, and the call."""
    pickled = f"c{module}\n{name}\n(Vruns\ntR.".encode()
    assert checkpoint_reader._Reader(io.BytesIO(pickled)).load().as_posix() == "runs"


def test_no_code_of_it_runs(saved, tmp_path):
    """Wherever it stands; torch.load, for the weights, would run it."""
    evil = Runs()
    evil.path = tmp_path / "ran"
    for change in ({"date": evil}, {"ema": [evil]}, {"train_args": {**ARGUMENTS, "x": evil}}):
        path = saved(**change)
        assert read_numbers(path)["epoch"] == 3
        assert not evil.path.exists()
    torch.load(path, weights_only=False)
    assert evil.path.exists()


def test_a_torn_one_is_none(saved, tmp_path):
    """Cut off at any place, with a part that was overwritten, empty, missing, or anything else."""
    path = saved()
    content = path.read_bytes()
    for end in (0, 10, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:end])
        assert read_numbers(path) is None
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes(4096) + content[middle + 4096 :])
    assert read_numbers(path) is None
    assert read_numbers(tmp_path / "none.pt") is None
    torch.save([1, 2], path)
    assert read_numbers(path) is None
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02garbage")
    assert read_numbers(path) is None


def test_a_key_is_found_without_reading_more(tmp_path):
    path = tmp_path / "x.pt"
    torch.save({"detector_config": {"detector": "atss"}, "a": torch.zeros(3)}, path)
    assert has_key(path, "detector_config") and not has_key(path, "another_key")
    assert not has_key(tmp_path / "nix.pt", "detector_config") and not has_key(tmp_path, "detector_config")
    torch.save({"detector_config": 1}, path, _use_new_zipfile_serialization=False)
    assert not has_key(path, "detector_config")
    path.write_bytes(b"detector_config")
    assert not has_key(path, "detector_config")


def test_a_checkpoint_without_its_end_is_torn(tmp_path):
    """A whole one isn't, whatever wrote it, nor is what isn't there."""
    path = tmp_path / "x.pt"
    torch.save({"a": torch.zeros(3)}, path)
    whole = path.read_bytes()
    assert not is_torn(path) and not is_torn(tmp_path / "nix.pt") and not is_torn(tmp_path)
    for end in (0, 4, 100, len(whole) - 30):
        path.write_bytes(whole[:end])
        assert is_torn(path)
    torch.save({"a": 1}, path, _use_new_zipfile_serialization=False)
    assert not is_torn(path)
