"""Trainings on several GPUs: the command and the environment of their processes, and that they do as they are told."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.lightning.conftest import SHORT
from yolo_feiou.errors import ArgumentError
from yolo_feiou.lightning import rank
from yolo_feiou.lightning.arguments import complete_arguments
from yolo_feiou.lightning.rank import MODULE, train_on_gpus
from yolo_feiou.processes import WORKER
from yolo_feiou.results.epochs import read_curve
from yolo_feiou.storage.tables import read_json


@pytest.fixture
def started(monkeypatch):
    """What the processes are started with, in the place of a start; `status` is what they end with."""
    seen = SimpleNamespace(status=0)

    def run(command, env, check):
        seen.command, seen.environment, seen.request = command, env, read_json(Path(command[-1]))
        return subprocess.CompletedProcess(command, seen.status)

    monkeypatch.setattr(subprocess, "run", run)
    return seen


def test_a_process_is_started_for_each_gpu(started, tmp_path):
    request = {"arguments": {"lr0": 0.5, "classes": [1]}, "asked": {"lr0": 0.5}, "resume": True}
    train_on_gpus(["0", "1", "2"], tmp_path, **request)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=3", "-m", MODULE]
    assert started.command[:-1] == launcher and not Path(started.command[-1]).exists()
    assert started.request == {**request, "folder": str(tmp_path)}
    assert started.environment[WORKER] == str(os.getpid())


@pytest.mark.parametrize(
    ("shown", "gpus", "expected"),
    [
        (None, ["0", "1"], "0,1"),
        (None, ["2", "3"], "2,3"),
        ("", ["0", "1"], "0,1"),
        ("4,5,6,7", ["1", "3"], "5,7"),
        ("GPU-a,GPU-b", ["1", "0"], "GPU-b,GPU-a"),
        ("6,7", ["6", "7"], "6,7"),
    ],
)
def test_gpus_are_those_among_the_ones_that_are_shown(started, monkeypatch, tmp_path, shown, gpus, expected):
    """As they are counted where only some are shown, or as the machine counts them."""
    if shown is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    train_on_gpus(gpus, tmp_path)
    assert started.environment["CUDA_VISIBLE_DEVICES"] == expected


def test_a_failed_process_is_told(started, tmp_path):
    started.status = 3
    with pytest.raises(ArgumentError, match="training on GPUs 0, 1 ended with status 3, see above"):
        train_on_gpus(["0", "1"], tmp_path)


@pytest.mark.slow
def test_two_processes_train(data, tmp_path, capfd):
    """On the CPU, which they take where no GPU is to be seen."""
    given = {"model": "retinanet_r18.yaml", "data": data, "loss": "eiou", **SHORT, "device": "0,1", "iterations": 2}
    train_on_gpus(["0", "1"], tmp_path / "run", arguments=complete_arguments(given), asked=given, resume=False)
    assert [row["iteration"] for row in read_curve(tmp_path / "run" / "results.csv")] == [1, 2]
    assert capfd.readouterr().out.count("Box loss: eiou, in 1 head of RetinaNet, box=2.5, rank ") == 2
    record = read_json(tmp_path / "run" / "provenance.json")
    assert (record["processes"], record["arguments"]["lr0"]) == (2, 0.01)


@pytest.mark.slow
def test_a_mistake_of_theirs_is_one_line(data, tmp_path, capfd):
    given = {"model": "retinanet_r18.yaml", "data": "nix.yaml", **SHORT}
    with pytest.raises(ArgumentError, match="ended with status"):
        train_on_gpus(["0", "1"], tmp_path / "run", arguments=complete_arguments(given), asked=given)
    said = capfd.readouterr().err
    assert "error: data=nix.yaml: there is no such file" in said and "yolo_feiou/" not in said


def test_the_module_is_its_own_name():
    assert rank.__name__ == MODULE
