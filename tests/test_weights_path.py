"""Folders from which Ultralytics can't load weights."""

import pytest
import torch
from ultralytics import YOLO
from ultralytics.nn.autobackend import AutoBackend

from yolo_feiou.errors import ArgumentError
from yolo_feiou.weights_path import check_weights_folder

#: What older releases take.
QUERIES = ["a?b", "50%3Foff"]
REFUSED = ["Bob's", "yolov5nu.yaml", "yolov5n.pt", "deep/Bob's/runs/x"]
TAKEN = [
    *(" lead", "trail ", "a[x]b", "a*b", "50%20x", "x%27y", "a#b", 'qu"ote', "do$llar", "back\\slash", "new\nline"),
    *("tab\tx", "ünï", "com,ma", "a=b", "yolov5nu", "u-yolov5n.pt", "http:", "a;b", "-dash", "~x", "x.yaml", "x<y>|"),
]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "best.pt"
    YOLO("yolov8n.yaml").save(path)
    return path.read_bytes()


@pytest.fixture
def place(tmp_path_factory):
    """A folder without an u in its path, which would keep Ultralytics from renaming a YOLOv5 model."""
    return tmp_path_factory.mktemp("w")


def loads(folder, weights):
    """Whether Ultralytics finds weights in a folder, as its validation after a training and `YOLO(path)` do."""
    folder.mkdir(parents=True)
    path = folder / "best.pt"
    path.write_bytes(weights)
    try:
        AutoBackend(str(path), torch.device("cpu"), fuse=False)
        return YOLO(str(path)).model is not None
    except (OSError, AssertionError, SystemExit):
        return False


@pytest.mark.parametrize("name", REFUSED)
def test_what_ultralytics_cannot_load_from_is_refused(place, name, weights):
    with pytest.raises(ArgumentError, match=r"^out=x: Ultralytics can't load weights from .*Name another folder\.$"):
        check_weights_folder(place / name, "out=x")
    assert not loads(place / name, weights)


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_mark_is_refused_by_releases_that_cannot_load_from_there(place, name, weights):
    if loads(place / name, weights):
        check_weights_folder(place / name, "out=x")
        return
    with pytest.raises(ArgumentError, match="has a question mark in it"):
        check_weights_folder(place / name, "out=x")


@pytest.mark.parametrize("name", TAKEN)
def test_what_it_can_load_from_is_taken(place, name, weights):
    check_weights_folder(place / name, "out=x")
    assert loads(place / name, weights)


def test_a_path_of_bytes_that_no_record_could_hold_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"out=x: the path .*odd.xff.* has bytes that are no UTF-8"):
        check_weights_folder(f"{tmp_path}/odd\udcff", "out=x")


def test_a_relative_path_that_begins_with_a_space_is_refused(tmp_path, monkeypatch, weights):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match="a space at its start"):
        check_weights_folder(" lead", "project= lead")
