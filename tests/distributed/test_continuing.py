"""The run with which a command goes on."""

import os
from dataclasses import replace

import pytest
import torch

from tests.distributed.test_launch import LAUNCH
from yolo_feiou.distributed.continuing import sign, trained, unfinished
from yolo_feiou.errors import ArgumentError

ASKED = {"model": "yolov8n.yaml", "loss": "eiou", "batch": 16, "device": "0,1", "project": None}


def made(project, name, *, epoch=3, optimizer=True, launch=LAUNCH, age=0, **changed):
    """A run that `launch` began."""
    folder = project / name
    (folder / "weights").mkdir(parents=True)
    content = {"epoch": epoch, "optimizer": {"state": 1} if optimizer else None, "train_args": {"epochs": 10}}
    torch.save(content, folder / "weights" / "last.pt")
    sign(folder, launch, {**ASKED, **changed})
    os.utime(folder / "torchrun.json", (1e9 - age, 1e9 - age))
    return folder / "weights" / "last.pt"


def test_the_same_command_and_id(tmp_path):
    last = made(tmp_path, "run")
    assert unfinished(tmp_path, LAUNCH, ASKED) == last
    assert unfinished(tmp_path, LAUNCH, {**ASKED, "device": "cpu", "workers": 4}) == last, "harmless changes"
    assert unfinished(tmp_path, LAUNCH, {**ASKED, "batch": 32}) is None
    assert unfinished(tmp_path, LAUNCH, {**ASKED, "lr0": 0.1}) is None
    assert unfinished(tmp_path, replace(LAUNCH, run_id="other"), ASKED) is None
    assert unfinished(tmp_path / "nowhere", LAUNCH, ASKED) is None


def test_the_newest_of_several(tmp_path):
    made(tmp_path, "run", age=100)
    newest = made(tmp_path, "run-2", age=10)
    made(tmp_path, "run-3", loss="iou")
    assert unfinished(tmp_path, LAUNCH, ASKED) == newest


def test_an_id_that_says_nothing_counts_after_a_restart_alone(tmp_path):
    nameless = replace(LAUNCH, run_id="none")
    last = made(tmp_path, "run", launch=nameless)
    assert unfinished(tmp_path, nameless, ASKED) is None
    assert unfinished(tmp_path, replace(nameless, restarts=1), ASKED) == last


def test_a_finished_run(tmp_path):
    made(tmp_path, "run", epoch=-1, optimizer=False)
    assert unfinished(tmp_path, LAUNCH, ASKED) is None, "the same command again is another run"
    with pytest.raises(ArgumentError, match="run is finished, and torchrun started it anew: nothing is left to do"):
        unfinished(tmp_path, replace(LAUNCH, restarts=1), ASKED)


def test_a_torn_checkpoint_is_none(tmp_path):
    last = made(tmp_path, "run")
    last.write_bytes(last.read_bytes()[:1000])
    assert unfinished(tmp_path, LAUNCH, ASKED) is None


def test_the_last_epoch(tmp_path):
    assert not trained(made(tmp_path, "half", epoch=8))
    assert trained(made(tmp_path, "whole", epoch=9))
