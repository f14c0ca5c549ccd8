"""Ultralytics' table of arguments has ours where it must, and nothing of Ultralytics' own is lost."""

import threading

import pytest
from ultralytics.cfg import get_cfg
from ultralytics.utils import DEFAULT_CFG_DICT

from tests.runs import overrides
from yolo_feiou import YOLO, DetectionTrainer
from yolo_feiou.errors import ArgumentError
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS
from yolo_feiou.yolo.command import check_command_arguments
from yolo_feiou.yolo.default_cfg import (
    extended_default_cfg,
    find_taken_arguments,
    list_extra_arguments,
    refuse_taken_arguments,
    stock_default_cfg,
)


@pytest.fixture(autouse=True)
def table():
    """The table as it is, which is there again after the test, whatever that does."""
    before = dict(DEFAULT_CFG_DICT)
    yield
    assert before == DEFAULT_CFG_DICT


@pytest.fixture
def own_loss(monkeypatch):
    """An Ultralytics that has an argument `loss` of its own."""
    monkeypatch.setitem(DEFAULT_CFG_DICT, "loss", "siou")
    assert find_taken_arguments() == {"loss"} and list_extra_arguments() == {"box_stats": False, "check": True}


def test_the_table_has_ours_within_the_block():
    with extended_default_cfg():
        with extended_default_cfg():
            pass
        assert DEFAULT_CFG_DICT.keys() >= EXTRA_ARGUMENTS.keys() and not find_taken_arguments()
        get_cfg(overrides={"loss": "eiou"})
    assert not DEFAULT_CFG_DICT.keys() & EXTRA_ARGUMENTS.keys()


def test_within_it_a_training_has_the_table_of_stock():
    with extended_default_cfg():
        with stock_default_cfg():
            assert not DEFAULT_CFG_DICT.keys() & EXTRA_ARGUMENTS.keys()
        assert DEFAULT_CFG_DICT.keys() >= EXTRA_ARGUMENTS.keys()
    with stock_default_cfg():
        pass


def test_blocks_in_threads_do_not_end_each_other():
    begun, end = threading.Event(), threading.Event()

    def hold():
        with extended_default_cfg():
            begun.set()
            end.wait(5)

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait(5)
    with extended_default_cfg():
        end.set()
        thread.join()
        assert DEFAULT_CFG_DICT.keys() >= EXTRA_ARGUMENTS.keys()


def test_an_argument_of_ultralytics_own_is_not_deleted(own_loss):
    with extended_default_cfg():
        assert DEFAULT_CFG_DICT["loss"] == "siou" and DEFAULT_CFG_DICT["box_stats"] is False
        with stock_default_cfg():
            assert DEFAULT_CFG_DICT["loss"] == "siou"
    assert DEFAULT_CFG_DICT["loss"] == "siou"


def test_what_could_be_ultralytics_own_is_refused_wherever_it_is_given(own_loss, data, tmp_path):
    for act in (
        lambda: YOLO("yolov8n.yaml").train(data=data, loss="eiou", project=str(tmp_path / "runs")),
        lambda: DetectionTrainer(overrides=overrides(data, tmp_path / "runs")),
        lambda: check_command_arguments(["train", "loss=eiou"]),
        lambda: check_command_arguments(["train", "cfg=eiou.yaml"]),
    ):
        with pytest.raises(ArgumentError, match="has an argument 'loss' of its own, so it can't be told"):
            act()
    assert not (tmp_path / "runs").exists()


def test_without_it_all_is_ultralytics_own(own_loss, data, tmp_path):
    refuse_taken_arguments({"loss": "siou", "box_stats": True})
    given = overrides(data, tmp_path)
    del given["loss"]
    trainer = DetectionTrainer(cfg=dict(DEFAULT_CFG_DICT), overrides=given)
    assert trainer.args.loss == "siou" and trainer.box_loss is None
