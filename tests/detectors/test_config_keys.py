"""Values of a detector's keys, and what is said of wrong ones."""

import pytest

from yolo_feiou.detectors.config_keys import BACKBONES, PARAMETERS, find_defaults, read_list, read_value
from yolo_feiou.errors import ArgumentError

BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("nms", 0.5, 0.5),
        ("nms", 1, 1.0),
        ("nms", "0.6", 0.6),
        ("detections", 20, 20),
        ("weights", None, "none"),
        ("weights", "None", "none"),
        ("weights", "ImageNet", "imagenet"),
        ("weights", "Runs/None.pth", "Runs/None.pth"),
        ("norm", "group", "group"),
    ],
)
def test_a_value_is_read(key, value, expected):
    assert read_value(BY_NAME[key], value, "x") == expected


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("nms", 1.5, r"x: nms=1.5 is not a number from 0 to 1\."),
        ("nms", True, "x: nms=True is not a number"),
        ("nms", [0.5], r"x: nms=\[0.5\] is not a number"),
        ("detections", 2.5, r"x: detections=2.5 is not a whole number from 1 to 10000\."),
        ("trainable_stages", 6, r"x: trainable_stages=6 is not a whole number from 0 to 5\."),
        ("weights", "", "x: weights= is not imagenet, none, or the path"),
        ("weights", False, "x: weights=False is not imagenet"),
        ("norm", "frosen", "x: norm=frosen is not one of auto, frozen, batch, group: did you mean 'frozen'?"),
        ("backbone", "resnet5", "did you mean 'resnet50'?"),
        ("detector", "retina", "x: detector=retina is not one of retinanet, .*: did you mean 'retinanet'?"),
    ],
)
def test_a_wrong_value_says_what_is_expected(key, value, message):
    with pytest.raises(ArgumentError, match=message):
        read_value(BY_NAME[key], value, "x")


def test_anchor_sizes_are_those_of_each_level():
    assert read_list("anchor_sizes", [16, 32, 64, 128, 256], "x") == ((16,), (32,), (64,), (128,), (256,))
    assert read_list("anchor_sizes", [[1, 2]] * 5, "x") == ((1, 2),) * 5
    assert read_list("aspect_ratios", [0.5, 1], "x") == (0.5, 1)


@pytest.mark.parametrize(
    "value",
    [32, [32] * 4, [[1, 2]] * 4 + [[1]], [[]] * 5, [-1, 2, 3, 4, 5], ["a"] * 5, [True] * 5, [float("inf")] * 5, None],
)
def test_wrong_anchor_sizes_say_what_is_expected(value):
    with pytest.raises(ArgumentError, match=r"x: anchor_sizes=.* is not 5 numbers above 0, or 5 lists of as many"):
        read_list("anchor_sizes", value, "x")


@pytest.mark.parametrize("value", [1, [], [0], "1", None])
def test_wrong_ratios_say_what_is_expected(value):
    with pytest.raises(ArgumentError, match=r"x: aspect_ratios=.* is not a list of numbers above 0"):
        read_list("aspect_ratios", value, "x")


def test_nms_is_wider_for_atss_and_paa():
    assert [find_defaults(name)["nms"] for name in ("retinanet", "faster_rcnn", "atss", "paa")] == [0.5, 0.5, 0.6, 0.6]


def test_backbones_are_those_of_torchvision_with_first_weights():
    models = pytest.importorskip("torchvision.models")
    assert all("IMAGENET1K_V1" in models.get_model_weights(name).__members__ for name in BACKBONES)
