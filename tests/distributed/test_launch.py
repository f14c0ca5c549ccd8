"""What torchrun says of a process, and the devices that follow from it."""

import os
from dataclasses import replace

import pytest
import torch

from yolo_feiou.distributed.launch import Launch, choose_device, read_launch
from yolo_feiou.errors import ArgumentError

LAUNCH = Launch(rank=9, local_rank=1, size=16, local_size=8, nodes=2, restarts=0, run_id="coco")
ENVIRONMENT = {
    "RANK": "9",
    "LOCAL_RANK": "1",
    "WORLD_SIZE": "16",
    "LOCAL_WORLD_SIZE": "8",
    "TORCHELASTIC_RESTART_COUNT": "2",
    "TORCHELASTIC_RUN_ID": "coco",
}


def test_a_launch_is_read_from_what_torchrun_says(monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    assert read_launch() is None
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert read_launch() == replace(LAUNCH, restarts=2)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    assert read_launch().run_id.endswith(f", process {os.getppid()}"), "that of the torchrun which started it"
    monkeypatch.delenv("LOCAL_WORLD_SIZE")
    assert read_launch() is None, "an environment that another tool left"


def test_processes_that_could_not_meet_again_are_known(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", "True")
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "3")
    assert LAUNCH.forgets and not replace(LAUNCH, nodes=1).forgets
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "0")
    assert not LAUNCH.forgets
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "3")
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", "False")
    assert not LAUNCH.forgets


@pytest.mark.parametrize(
    ("gpus", "asked", "device"),
    [
        (0, "", "cpu"),
        (0, "cpu", "cpu"),
        (8, "", "0,1,2,3,4,5,6,7"),
        (8, "none", "0,1,2,3,4,5,6,7"),
        (8, "cpu", "cpu"),
        (16, "8,9,10,11,12,13,14,15", "8,9,10,11,12,13,14,15"),
    ],
)
def test_a_process_has_the_devices_of_its_node(monkeypatch, gpus, asked, device):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    assert choose_device(LAUNCH, asked) == device


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    with pytest.raises(ArgumentError, match="8 processes on a node with 4 GPUs: give it --nproc-per-node=4"):
        choose_device(LAUNCH, "")
    with pytest.raises(ArgumentError, match="device=0,1 names 2 GPUs, and torchrun started 8 processes"):
        choose_device(LAUNCH, "0,1")
