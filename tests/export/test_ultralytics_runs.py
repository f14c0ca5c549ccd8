"""What is read of Ultralytics' checkpoints."""

from pathlib import Path

import pytest
import torch
import ultralytics
from ultralytics.nn.tasks import RTDETRDetectionModel

from tests.export.test_runs import Net, folder_of
from yolo_feiou.errors import UnsupportedModelError
from yolo_feiou.export.framework import Checkpoint
from yolo_feiou.export.ultralytics_runs import ULTRALYTICS
from yolo_feiou.results.run_record import MODEL_MARK


def test_a_checkpoint_tells_its_mark_and_how_it_was_written(tmp_path):
    model = Net()
    setattr(model, MODEL_MARK, {"loss": "eiou", "run": "a"})
    path = folder_of(tmp_path / "r", model=None, ema=model, date="2026-11-26", optimizer={}) / "weights" / "best.pt"
    told = Checkpoint({"loss": "eiou", "run": "a"}, False, "8.4.3", "2026-11-26", 64)
    assert ULTRALYTICS.read_checkpoint(path) == told


def test_the_gain_is_the_box_that_trained_but_not_rt_detrs(tmp_path):
    """`box` does nothing there."""
    told = {"model": None, "train_args": {"box": 5.0}}
    path = folder_of(tmp_path / "r", ema=Net(), **told) / "weights" / "best.pt"
    assert (ULTRALYTICS.read_checkpoint(path).box_used, ULTRALYTICS.read_checkpoint(path).idle) == (5.0, ())
    detr = RTDETRDetectionModel.__new__(RTDETRDetectionModel)
    torch.nn.Module.__init__(detr)
    path = folder_of(tmp_path / "s", ema=detr, **told) / "weights" / "best.pt"
    found = ULTRALYTICS.read_checkpoint(path)
    assert (found.box_used, found.idle) == (None, ("box",))


def test_what_is_no_checkpoint_of_its_is_none(tmp_path):
    path = tmp_path / "best.pt"
    for content in ({}, {"model": None}, [Net()]):
        torch.save(content, path)
        assert ULTRALYTICS.read_checkpoint(path) is None
    path.write_bytes(path.read_bytes()[:100])
    assert ULTRALYTICS.read_checkpoint(path) is None


def test_defaults_are_known_of_the_installed_release_alone():
    assert ULTRALYTICS.defaults_of(ultralytics.__version__) == ULTRALYTICS.defaults()
    assert ULTRALYTICS.defaults_of("8.3.1") == {}


def test_the_command_names_the_task():
    assert ULTRALYTICS.training_words({"task": "segment"}) == ["segment", "train"]
    assert ULTRALYTICS.training_words({}) == []


@pytest.mark.parametrize(("model", "expected"), [("yolov8n-seg.yaml", 80), ("yolov8n-obb.yaml", 80)])
def test_classes_are_those_of_the_model(model, expected):
    assert len(ULTRALYTICS.get_class_names(Path(model))) == expected


def test_a_model_that_is_not_evaluated_is_refused_before_anything_is():
    with pytest.raises(UnsupportedModelError, match="task 'classify' can't be evaluated"):
        ULTRALYTICS.get_class_names(Path("yolov8n-cls.yaml"))
