"""Folders from which Ultralytics can't load weights."""

from pathlib import Path

import pytest
import torch
from ultralytics import YOLO
from ultralytics.nn.autobackend import AutoBackend
from ultralytics.utils import downloads

from yolo_feiou import YOLO as YOLO_OURS
from yolo_feiou.errors import ArgumentError, DataError, MissingFileError
from yolo_feiou.yolo import weights_path
from yolo_feiou.yolo.command import check_command_arguments
from yolo_feiou.yolo.detect import load_model
from yolo_feiou.yolo.weights_path import check_resumed_file, check_weights_file, check_weights_folder

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
    with pytest.raises(ArgumentError, match=r"out=x: the path .*odd.xff.* has bytes that are not UTF-8"):
        check_weights_folder(f"{tmp_path}/odd\udcff", "out=x")


def test_a_relative_path_that_begins_with_a_space_is_refused(tmp_path, monkeypatch, weights):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match="a space at its start"):
        check_weights_folder(" lead", "project= lead")


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """An empty folder, in which asking the network is a failure."""
    for name in ("get_github_assets", "safe_download"):
        monkeypatch.setattr(downloads, name, lambda *_, **__: pytest.fail("asked the network"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "runs/x/weights/last.pt",
        "./last.pt",
        "/nowhere/best.pt",
        "runs/yolov5n.pt/own.PT",
        "mine.pt",
        "runs/yolov99n.pt",
    ],
)
def test_weights_that_are_nowhere_are_refused_without_the_network(no_network, name):
    expected = rf"^model={name}: there is no such file. There are no weights in /"
    with pytest.raises(MissingFileError, match=expected) as error:
        YOLO_OURS(name)
    assert isinstance(error.value, FileNotFoundError), "as in stock"
    with pytest.raises(MissingFileError, match=expected):
        check_weights_file(Path(name) if name != "./last.pt" else name, "model", resumed=True)


@pytest.mark.parametrize("mode", ["train", "val", "predict", "export", "track"])
def test_each_mode_refuses_weights_that_are_nowhere(no_network, mode):
    """`mine.pt` is no name that Ultralytics publishes weights under."""
    with pytest.raises(MissingFileError, match=r"^model=mine.pt: there is no such file\. There are no weights in /"):
        check_command_arguments([mode, "model=mine.pt"])


def test_what_a_command_resumes_is_there(no_network):
    """Without model= too, and where a recipe names it: Ultralytics would fetch its default model first."""
    Path("again.yaml").write_text("resume: nowhere.pt\n")
    for word, name in (("resume=BAD", "BAD"), ("resume=yolov99n.pt", "yolov99n.pt"), ("cfg=again.yaml", "nowhere.pt")):
        with pytest.raises(MissingFileError, match=f"^resume={name}: there is no such file"):
            check_command_arguments(["train", word, "data=shapes.yaml"])
    with pytest.raises(MissingFileError, match=r"^model=yolov99n.pt: there is no such file"):
        check_command_arguments(["train", "resume", "model=yolov99n.pt"])


@pytest.mark.parametrize(
    "name",
    [
        *(
            "yolov8n.pt",
            "weights/yolov8n.pt",
            "yolov5n.pt",
            "yolov99n.pt",
            "SAM9_b.pt",
            "https://a.b/runs/x.pt",
            "ul://a/b/c.pt",
        ),
        *(Path("https://a.b/runs/x.pt"), "yolov8n", "yolov8n.yaml", "runs/x/best.onnx", None, True, 3),
    ],
)
def test_what_ultralytics_may_fetch_or_is_no_weights_is_left_to_it(no_network, name):
    check_weights_file(name, "model")


def test_weights_that_are_there_are_taken_where_ultralytics_takes_them(no_network, tmp_path, monkeypatch):
    """It takes apostrophes out, and looks into its own folder of weights too."""
    monkeypatch.setattr(weights_path, "SETTINGS", {"weights_dir": str(tmp_path / "own")})
    for path in (tmp_path / "runs" / "Bobs.pt", tmp_path / "own" / "deep" / "mine.pt"):
        path.parent.mkdir(parents=True)
        path.touch()
    for name in ("runs/Bobs.pt", "runs/Bob's.pt", " runs/Bobs.pt", "deep/mine.pt"):
        check_weights_file(name, "model")
    with pytest.raises(MissingFileError, match=r"pretrained=runs/Bob.pt: .* Its folder has Bobs.pt\.$"):
        check_weights_file("runs/Bob.pt", "pretrained")


def test_a_resume_names_a_file_that_is_there(no_network, tmp_path):
    for resume in (True, False, None, "True", "", __file__):
        check_resumed_file(resume)
    with pytest.raises(
        MissingFileError, match=r"^resume=runs/last.pt: there is no such file\. There are no weights in /"
    ):
        check_resumed_file("runs/last.pt")


def test_evaluation_says_so_too(no_network):
    with pytest.raises(DataError, match=r"^model=runs/x.pt: there is no such file"):
        load_model("runs/x.pt")
