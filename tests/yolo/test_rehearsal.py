"""What would end a training is known before it begins."""

import os

import pytest
import yaml

from yolo_feiou.errors import ArgumentError, DataError, LossSpecError, MissingFileError, UnsupportedModelError
from yolo_feiou.yolo.rehearsal import (
    check_labels,
    check_last_batch_of,
    check_model,
    check_training_arguments,
    find_split_folders,
)
from yolo_feiou.yolo.splits import read_split


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"conf": 1.5}, ArgumentError, "conf"),
        ({"epochs": "many"}, ArgumentError, "epochs"),
        ({"single_cls": "maybe"}, ArgumentError, "single_cls"),
        ({"max_det": 3.5}, ArgumentError, "max_det"),
        ({"max_det": 0}, ArgumentError, "max_det=0"),
        ({"epocs": 3}, ArgumentError, "'epocs' is not a valid YOLO argument"),
        ({"optimizer": "AdaW"}, ArgumentError, "unknown optimizer 'AdaW': did you mean 'AdamW'?"),
        ({"loss": "eoiu"}, LossSpecError, "unknown loss 'eoiu'"),
        ({"loss": "stock", "box_stats": True}, ArgumentError, "box_stats=True looks into a loss of ours"),
        ({"pretrained": "runs/x/best.pt"}, MissingFileError, "pretrained=runs/x/best.pt: there is no such file"),
    ],
)
def test_arguments_that_a_training_or_an_evaluation_refuses(given, error, message):
    with pytest.raises(error) as refused:
        check_training_arguments({"loss": "eiou", **given})
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_arguments_that_train_have_no_line_and_what_is_passed_over_has_one():
    assert check_training_arguments({"loss": "eiou", "epochs": 3, "max_det": 1, "pretrained": False}) == []
    assert check_training_arguments({"cache": "rum"}) == [
        "cache=rum: nothing is cached. Expected True, False, 'ram' or 'disk'."
    ]


@pytest.mark.parametrize("batch", [-1, 0.7])
def test_a_batch_that_ultralytics_would_choose_is_none_on_several_gpus(batch):
    """Where each of several devices trains a run of its own, it can."""
    assert check_training_arguments({"batch": batch}, ["0", "1"]) == []
    assert check_training_arguments({"batch": 4}, ["0", "0,1"]) == []
    with pytest.raises(ArgumentError, match=rf"^batch={batch} on several GPUs \(device=0,1\): .* Give a number\.$"):
        check_training_arguments({"batch": batch}, ["0", "0,1"])


@pytest.mark.parametrize(
    ("given", "images", "processes", "last"),
    [
        ({"batch": 4}, 5, 1, True),
        ({"batch": 4}, 6, 1, False),
        ({}, 17, 1, True),  # 16 by default
        ({"batch": 8}, 10, 2, True),  # 5 images in batches of 4
        ({"batch": 8}, 12, 2, False),
        ({"batch": 4, "fraction": 0.5}, 10, 1, True),
        ({"batch": 4, "fraction": 5}, 10, 1, True),  # of newer releases, a number of images
        ({"batch": 4, "imgsz": 64}, 5, 1, False),
        ({"batch": 4, "imgsz": None}, 5, 1, False),  # 640
        ({"batch": -1}, 5, 1, False),  # chosen by Ultralytics
    ],
    ids=str,
)
def test_the_last_batch_is_that_of_a_process(given, images, processes, last):
    """At imgsz=32 BatchNorm can't train on one image alone."""
    arguments = {"model": "yolov8n.yaml", "imgsz": 32, **given}
    if not last:
        check_last_batch_of(arguments, images, processes)
        return
    with pytest.raises(ArgumentError, match="leave one for the last batch, and at imgsz=32"):
        check_last_batch_of(arguments, images, processes)


def test_folders_of_images_are_those_of_all_splits_as_far_as_they_are_folders(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    (tmp_path / "list.txt").write_text("a/1.jpg\n")
    content = {"path": str(tmp_path), "train": ["a", "list.txt"], "val": "b", "test": "c", "names": ["cat"]}
    (tmp_path / "data.yaml").write_text(yaml.safe_dump(content))
    assert find_split_folders(tmp_path / "data.yaml") == [tmp_path / name for name in "abc"]


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        ("none.yaml", DataError, "model=none.yaml"),
        ("runs/x/best.pt", DataError, "model=runs/x/best.pt: there is no such file"),
        ("torn.pt", DataError, "model=torn.pt can't be read: "),
        ("torn.yaml", DataError, "model=torn.yaml can't be read: "),
        ("pipe.pt", DataError, "model=pipe.pt is a FIFO"),
        ("yolov8n-cls.yaml", UnsupportedModelError, "'classify' can't be evaluated"),
    ],
)
def test_a_model_that_can_not_be_trained(tmp_path, monkeypatch, model, error, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torn.pt").write_bytes(b"PK\x03\x04 torn")
    (tmp_path / "torn.yaml").write_text("nc: 80\nbackbone: 7\n")
    os.mkfifo("pipe.pt")
    with pytest.raises(error) as refused:
        check_model(model)
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_a_model_that_can_be_trained_is_loaded_without_a_word(capsys):
    check_model("yolov8n.yaml")
    assert capsys.readouterr() == ("", "")


def test_an_obb_model_needs_oriented_labels_and_others_take_any(data):
    images = read_split(data, "val")
    check_labels("yolov8n.yaml", images, "any.json")
    with pytest.raises(DataError, match="8 of 8 images have labels that are no oriented boxes"):
        check_labels("yolov8n-obb.yaml", images)
    check_model("yolov8n-obb.yaml")
