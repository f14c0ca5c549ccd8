"""A warning to whoever leaves a recipe, with the learning rate that goes with the batch."""

import pytest

from yolo_feiou.yolo.command import check_command_arguments
from yolo_feiou.yolo.recipe_warning import find_departure

RECIPE = "coco/yolov8.yaml"  # batch=128 lr0=0.01 nbs=64


@pytest.mark.parametrize(
    "asked",
    [
        *({}, {"batch": 128, "lr0": 0.01}, {"epochs": 3}, {"batch": "many"}, {"batch": -1}),
        *({"batch": 512, "nbs": "x"}, {"batch": 512, "nbs": 0}),
    ],
)
def test_settings_of_the_recipe_give_no_warning(asked):
    assert find_departure(RECIPE, asked) == ""


@pytest.mark.parametrize("recipe", ["eiou.yaml", None, "nowhere.yaml"])
def test_other_recipes_have_no_batch_to_leave(recipe):
    assert find_departure(recipe, {"batch": 512}) == ""


@pytest.mark.parametrize(
    ("asked", "left", "suggested"),
    [
        ({"batch": 512}, "batch=512 leaves the recipe coco/yolov8.yaml (batch=128)", "lr0=0.04"),
        ({"batch": 96}, "batch=96 leaves", "lr0=0.0075"),
        (
            {"batch": 16},
            "batch=16 leaves",
            "For batch=16 in steps of 64 images (nbs=64) linear scaling suggests lr0=0.005",
        ),  # nbs=64: four batches a step, half of the recipe's 128 images
        ({"lr0": 0.1}, "lr0=0.1 leaves the recipe coco/yolov8.yaml (lr0=0.01)", "For batch=128 linear scaling"),
        ({"batch": 512, "lr0": 0.04}, "batch=512 lr0=0.04 leaves", None),  # scaled as it should be
        (
            {"optimizer": "AdamW", "lr0": 0.002},
            "lr0=0.002 optimizer=AdamW leaves",
            None,
        ),  # the rule is for one optimizer
        ({"optimizer": "auto"}, "optimizer=auto leaves the recipe coco/yolov8.yaml (optimizer=SGD)", None),
    ],
)
def test_a_warning_says_what_is_left_and_what_would_go_with_it(asked, left, suggested):
    warning = find_departure(RECIPE, asked)
    assert warning.startswith(left)
    assert suggested in warning if suggested else "linear scaling" not in warning
    assert ("longer warmup" in warning) == (asked.get("batch", 0) > 128)


def test_the_command_warns_and_trains(caplog):
    assert check_command_arguments(["train", f"cfg={RECIPE}", "batch=512", "data=coco.yaml"])
    assert "batch=512 leaves the recipe" in caplog.text and "lr0=0.04" in caplog.text


def test_a_training_from_python_warns_too(caplog, data):
    from yolo_feiou import YOLO

    YOLO("yolov8n.yaml")._prepare({"cfg": RECIPE, "data": data, "lr0": 0.02})
    assert "lr0=0.02 leaves the recipe" in caplog.text
