"""Values of Ultralytics' own arguments that it looks at late, or never."""

from types import SimpleNamespace

import pytest
from torch import nn
from ultralytics import YOLO as StockYOLO
from ultralytics.engine.trainer import BaseTrainer

from tests.runs import overrides
from yolo_feiou import DetectionTrainer
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.yolo.argument_values import OPTIMIZERS, check_classes, check_values, find_unmatched_layers
from yolo_feiou.yolo.command import check_command_arguments

REFUSED = [
    ({"optimizer": "AdaW"}, r"^unknown optimizer 'AdaW': did you mean 'AdamW'\? Expected one of SGD, .*auto\.$"),
    ({"optimizer": ""}, r"^unknown optimizer ''\. Expected one of"),
    ({"optimizer": "Lion"}, r"^unknown optimizer 'Lion'"),
    (
        {"copy_paste_mode": "flop"},
        r"^unknown copy_paste_mode=flop: did you mean 'flip'\? Expected 'flip' or 'mixup'\.$",
    ),
    ({"batch": 2.5}, r"^batch=2.5: expected a whole number of images"),
    ({"imgsz": "large"}, r"^imgsz=large: expected a whole number, the side in pixels\.$"),
    ({"pretrained": "yolov8n.yaml"}, r"^pretrained=yolov8n.yaml: expected True, False or the path of weights"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_ultralytics_refuses_late_is_refused_at_once_in_one_line(data, tmp_path, given, message):
    """Stock reads the data set first, and ends with an error of another kind each time."""
    with pytest.raises(ArgumentError, match=message) as error:
        DetectionTrainer(overrides={**overrides(data, tmp_path / "runs"), **given})
    assert "\n" not in str(error.value) and not (tmp_path / "runs").exists()
    with pytest.raises(ArgumentError, match=message):  # before a model is fetched
        check_command_arguments(["train", *(f"{key}={value}" for key, value in given.items())])


@pytest.mark.slow
@pytest.mark.parametrize("given", [given for given, _ in REFUSED], ids=str)
def test_ultralytics_refuses_these(data, tmp_path, given, release):
    if "pretrained" in given:
        release("8.4.105")  # older ones pass it over
    stocks = {key: value for key, value in overrides(data, tmp_path).items() if key not in ("model", "loss")}
    with pytest.raises((NotImplementedError, ValueError, AssertionError, FileNotFoundError, NameError, TypeError)):
        StockYOLO("yolov8n.yaml").train(**{**stocks, **given})


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("spelled", [str, str.lower, str.upper])
def test_an_optimizer_is_taken_as_ultralytics_takes_it(name, spelled):
    """Which knows MuSGD since 8.4, and spells in any case."""
    if spelled(name).lower() != "auto":
        model = nn.Module()
        model.model = nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3))
        try:
            BaseTrainer.build_optimizer(SimpleNamespace(), model, spelled(name))
        except NotImplementedError:
            with pytest.raises(ArgumentError, match="unknown optimizer"):
                check_values({"optimizer": spelled(name)})
            return
    assert check_values({"optimizer": spelled(name)}) == []


def test_a_trainer_of_a_users_own_may_know_other_optimizers(data, tmp_path):
    class Mine(DetectionTrainer):
        def build_optimizer(self, *args, **kwargs):
            return super().build_optimizer(*args, **kwargs)

    given = {**overrides(data, tmp_path), "optimizer": "Lion"}
    assert Mine(overrides=given).args.optimizer == "Lion"


@pytest.mark.parametrize(
    "given",
    [
        *({"cache": "RAM"}, {"cache": True}, {"cache": "disk"}, {"freeze": 3}, {"freeze": [0, "1"]}, {"freeze": None}),
        *({"batch": -1}, {"batch": 0.7}, {"batch": 4}, {"imgsz": [64, 64]}, {"imgsz": "64"}, {"time": 0.5}),
        *({"pretrained": True}, {"pretrained": "a.PT"}, {"pretrained": "https://a.b/c.pt?d=e"}, {"time": None}),
    ],
    ids=str,
)
def test_what_means_something_is_taken(given):
    assert check_values(given) == []


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"cache": "rum"}, "cache=rum: nothing is cached."),
        ({"cache": 1}, "cache=1: nothing is cached."),
        ({"freeze": "model.0"}, "freeze=model.0: nothing is frozen."),
        ({"freeze": -3}, "freeze=-3: nothing is frozen."),
        ({"time": -1}, "time=-1: the training ends after its first epoch."),
    ],
)
def test_what_ultralytics_passes_over_is_said(data, tmp_path, caplog, given, line):
    DetectionTrainer(overrides={**overrides(data, tmp_path), **given})
    assert any(line in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("given", "said"), [({"box": 0}, True), ({"box": 0.1}, False), ({"box": 0, "loss": "stock"}, False)]
)
def test_a_gain_of_0_is_said(data, tmp_path, caplog, given, said):
    DetectionTrainer(overrides={**overrides(data, tmp_path), **given})
    line = "box=0 multiplies the box loss eiou by 0, so that it changes nothing."
    assert any(line in record.getMessage() for record in caplog.records) is said


@pytest.mark.parametrize(("pose", "said"), [(1.0, True), (12.0, False)])
def test_a_gain_of_a_loss_that_the_task_does_not_have_is_said(data, tmp_path, caplog, pose, said):
    """Not so its default, 12, which a recipe may have in it that is a dump of all arguments."""
    DetectionTrainer(overrides={**overrides(data, tmp_path), "pose": pose})
    line = "pose=1.0 does nothing: models for pose alone have a loss of key points."
    found = [record.getMessage() for record in caplog.records if "does nothing" in record.getMessage()]
    assert len(found) == said and all(line in text for text in found)


def test_classes_that_are_none_are_named():
    names = {0: "red", 1: "green"}
    assert (
        check_classes(None, names, "data=d") == check_classes([0, 1], names, "d") == check_classes(1, names, "d") == []
    )
    assert check_classes((0, 2), names, "data=d") == [
        "data=d, classes=(0, 2): 2 is not an index of its 2 classes and is passed over."
    ]
    for classes in (2, [-1], "red", ["0"]):
        with pytest.raises(DataError, match="no object would be left to train on: expected 0 to 1"):
            check_classes(classes, names, "data=d")


def test_a_training_without_a_single_object_is_refused(data, tmp_path):
    """As by `classes=99`, with which stock trains."""
    with pytest.raises(DataError, match=r"classes=\[99\]: 99 is not an index of its \d classes"):
        DetectionTrainer(overrides={**overrides(data, tmp_path / "runs"), "classes": [99]})
    assert not list((tmp_path / "runs").glob("*"))


def test_layers_to_freeze_that_the_model_does_not_have_are_named():
    model = nn.Module()
    model.model = nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3))
    assert (
        find_unmatched_layers([0, "1"], model)
        == find_unmatched_layers(None, model)
        == find_unmatched_layers(2, model)
        == []
    )
    assert find_unmatched_layers(["0", 7, "cv9"], model) == [
        "freeze=['0', 7, 'cv9']: the model has no layer with parameters 7, cv9."
    ]
