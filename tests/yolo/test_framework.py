"""Ultralytics as the framework of an ablation."""

import inspect
import json
import sys
from importlib.util import find_spec

import pytest
from ultralytics.cfg import DEFAULT_CFG_DICT

from yolo_feiou.ablation.worker import Task
from yolo_feiou.framework import Framework, load_framework
from yolo_feiou.yolo.framework import FRAMEWORK

METHODS = [name for name, value in vars(Framework).items() if inspect.isfunction(value) and name[0] != "_"]


def test_a_module_names_it():
    assert load_framework(FRAMEWORK.module) is FRAMEWORK


@pytest.mark.parametrize("name", METHODS)
def test_each_method_takes_what_the_protocol_says(name):
    told, has = (
        {p.name: (p.kind, p.default) for p in inspect.signature(getattr(one, name)).parameters.values()}
        for one in (Framework, type(FRAMEWORK))
    )
    assert told == has


def test_the_defaults_are_those_of_ultralytics_and_ours():
    assert FRAMEWORK.defaults() == {**DEFAULT_CFG_DICT, "loss": "stock", "box_stats": False, "check": True}


def test_a_task_of_before_there_were_frameworks_is_one_of_ultralytics():
    old = json.loads('{"device": "cpu", "threads": 1, "split": "val", "weights": "best", "command": "yolo ablate"}')
    assert load_framework(Task(**old).framework) is FRAMEWORK


def test_the_gain_is_box_but_where_that_does_nothing():
    assert FRAMEWORK.find_gain({"model": "yolov8n.yaml", "loss": "eiou"}) == 7.5
    assert FRAMEWORK.find_gain({"model": "yolov8n.yaml", "loss": "eiou", "box": 2}) == 2.0
    assert FRAMEWORK.find_gain({"model": "rtdetr-resnet50.yaml", "loss": "eiou", "box": 2}) is None


def test_gradient_norms_are_measured_by_a_module_that_is_there(tmp_path):
    command = FRAMEWORK.gradient_norms_command(tmp_path / "a.json", tmp_path / "b.json")
    assert command[0] == sys.executable and find_spec(command[2])


def test_values_are_read_as_ultralytics_reads_them():
    assert [FRAMEWORK.parse_value(text) for text in ("1e-3", "True", "none", "[0, 2]", "a.yaml")] == [
        *(1e-3, True, None, [0, 2], "a.yaml")
    ]
