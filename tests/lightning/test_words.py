"""The words of a detector's training are looked at before any process starts; their order is in test_command.py."""

import pytest

from tests.lightning.conftest import words
from yolo_feiou.errors import YoloFeiouError
from yolo_feiou.lightning.words import check_training_command, read_settings


def test_words_that_train_are_taken(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_training_command(words(data=data, loss="focal_eiou:gamma=0.25"))
    check_training_command([f"data={data}", "model=atss_r18.yaml", "amp", "exist_ok"])
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
def test_a_training_that_goes_on_is_taken_and_a_finished_one_is_not(stopping, trained):
    check_training_command(["train", f"resume={stopping[1] / 'weights' / 'last.pt'}"])
    with pytest.raises(YoloFeiouError, match="is not the last.pt of an unfinished training"):
        check_training_command(["train", f"resume={trained / 'weights' / 'last.pt'}"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"loss": "eoiu"}, "did you mean 'eiou'"),
        ({"data": "nowhere.yaml"}, "data=nowhere.yaml: there is no such file"),
        ({"data": None}, "no data= is given"),
        ({"mosaic": 0}, "'mosaic' is no argument of a detector's training"),
        ({"cfg": "coco/yolov9.yaml"}, "did you mean 'coco/yolov8.yaml'"),
        ({"device": 7}, "there is no GPU 7 here"),
        ({"rpn": True}, "rpn=true is for Faster and Mask R-CNN"),
        ({"resume": "nix.pt"}, "'nix.pt' is no checkpoint of one"),
    ],
)
def test_a_mistake_is_told(data, changed, message):
    with pytest.raises(YoloFeiouError) as error:
        check_training_command(words(**{"data": data, "loss": "eiou", **changed}))
    assert message in str(error.value) and "\n" not in str(error.value)


def test_what_is_no_training_is_refused(data):
    with pytest.raises(YoloFeiouError, match="'yolo val' is no training"):
        check_training_command(["val", *words(data=data)[1:]])


def test_the_command_goes_before_its_recipe(tmp_path):
    (tmp_path / "recipe.yaml").write_text("model: atss.yaml\nloss: giou\n")
    settings = read_settings([f"cfg={tmp_path / 'recipe.yaml'}", "loss = eiou", "data=None"])
    assert settings == {"model": "atss.yaml", "loss": "eiou", "data": None}
