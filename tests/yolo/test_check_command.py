"""The words of a training are looked at before any process starts."""

import pytest

from tests.runs import short
from yolo_feiou.errors import ArgumentError, YoloFeiouError
from yolo_feiou.yolo.check_command import check_training_command

GOOD = ["model=yolov8n.yaml", "loss=focal_eiou:gamma=0.25", "cfg=coco/1x.yaml", "box_stats=True"]


def test_words_that_train_are_taken(data):
    check_training_command([*GOOD, *short(data=data), "close_mosaic=0"])


def test_spaces_about_an_equals_sign_are_no_mistake(data):
    """As Ultralytics reads its own words."""
    check_training_command(["loss", "=", "eiou", "data=", data, "epochs", "=3"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data=shapes.yaml", "loss=eoiu"], "did you mean 'eiou'"),
        (["data=nowhere.yaml"], "data=nowhere.yaml: there is no such file"),
        (["data=shapes.yaml", "epocs=3"], "'epocs' is not a valid YOLO argument"),
        (["data=shapes.yaml", "--epocs=3"], "'epocs' is not a valid YOLO argument"),
        (["data=shapes.yaml", "cfg=coco/yolov9.yaml"], "did you mean 'coco/yolov8.yaml'"),
        (["data=shapes.yaml", "project=Bob's"], "project= and name=: Ultralytics can't load weights from"),
        (["data=shapes.yaml", "project=runs", "name=Bob's"], "project= and name=: Ultralytics can't load weights from"),
        (["data=shapes.yaml", "box_stats=perhaps"], "box_stats"),
    ],
)
def test_a_mistake_is_one_line(words, message):
    with pytest.raises(YoloFeiouError) as error:
        check_training_command(words)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_an_unknown_argument_is_a_mistake_of_the_user():
    with pytest.raises(ArgumentError):
        check_training_command(["data=shapes.yaml", "epocs=3"])
