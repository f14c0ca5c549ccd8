"""Joining a group, and who does what first in it; GPUs are stand-ins, since what matters is what is handed on."""

from dataclasses import replace

import pytest
import torch
from torch import distributed as dist

from tests.distributed.test_launch import LAUNCH
from yolo_feiou.distributed import group
from yolo_feiou.distributed.group import (
    TIMEOUT,
    cpu_data_parallel,
    group_first_of_each_node,
    join_group,
    let_one_node_begin,
)


@pytest.fixture
def said(monkeypatch):
    """What torch is told."""
    told = []
    monkeypatch.setattr(dist, "init_process_group", lambda backend, **_: told.append(backend))
    monkeypatch.setattr(dist, "barrier", lambda group: told.append(f"barrier of {group}"))
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: told.append(device.index))
    monkeypatch.setenv("TORCH_NCCL_BLOCKING_WAIT", "0")
    return told


def test_processes_on_cpu_join_over_gloo(said):
    assert join_group(LAUNCH, "cpu") == torch.device("cpu")
    assert said == ["gloo"]


def test_a_process_takes_its_own_gpu_before_it_joins(said, monkeypatch):
    monkeypatch.setattr(dist, "is_nccl_available", lambda: True)
    assert join_group(LAUNCH, "8,9,10,11,12,13,14,15") == torch.device("cuda", 9)  # local rank 1
    assert said == [9, "nccl"]


def test_a_group_is_joined_once(said, monkeypatch):
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    join_group(LAUNCH, "cpu")
    assert said == []


def test_the_first_of_each_node_wait_as_long_as_all_do(monkeypatch):
    """Two nodes with 2 ranks and 1: ranks 0 and 2 are first, and how many nodes there are is counted."""
    made = []
    monkeypatch.setattr(group, "gather_from_all", lambda local_rank: [0, 1, 0])
    monkeypatch.setattr(dist, "new_group", lambda ranks, timeout: made.append((ranks, timeout)) or "leaders")
    assert group_first_of_each_node(replace(LAUNCH, rank=2, local_rank=0, size=3, local_size=1)) == ("leaders", 2)
    assert made == [([0, 2], TIMEOUT)]


@pytest.mark.parametrize(
    ("launch", "order"),
    [
        (replace(LAUNCH, rank=0, local_rank=0), ["works", "barrier of leaders"]),
        (replace(LAUNCH, rank=8, local_rank=0), ["barrier of leaders", "works"]),
        (LAUNCH, ["works"]),  # rank 9 is the second of its node, and Ultralytics has it wait for the first
        (replace(LAUNCH, rank=0, local_rank=0, size=8, nodes=1), ["works"]),  # a node alone
    ],
)
def test_the_first_node_works_first(said, launch, order):
    with let_one_node_begin(launch, "leaders"):
        said.append("works")
    assert said == order


def test_the_others_are_let_go_if_the_first_fails(said):
    with pytest.raises(ZeroDivisionError), let_one_node_begin(replace(LAUNCH, rank=0, local_rank=0), "leaders"):
        _ = 1 / 0
    assert said == ["barrier of leaders"]


def test_stocks_wrapper_is_back_after_the_block():
    stock = torch.nn.parallel.DistributedDataParallel
    with cpu_data_parallel():
        assert torch.nn.parallel.DistributedDataParallel is not stock
    assert torch.nn.parallel.DistributedDataParallel is stock
