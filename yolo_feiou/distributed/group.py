"""The group of processes: joining it, and what Ultralytics does in it that doesn't fit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import distributed as dist
from torch import nn

from yolo_feiou.distributed.launch import Launch

#: How long a process waits for another, as in Ultralytics: the first one may have a large data set to read.
TIMEOUT = timedelta(hours=3)

Value = TypeVar("Value")


def join_group(launch: Launch, device: str) -> torch.device:
    """Join the group, once in the life of a process: over NCCL on GPUs, over gloo on CPUs.

    Args:
        launch: Of this process.
        device: As `device_for` has it.

    Returns:
        The device of this process.
    """
    own = torch.device("cpu")
    if device != "cpu":
        own = torch.device("cuda", int(device.replace("cuda:", "").split(",")[launch.local_rank]))
    if dist.is_initialized():
        return own
    if device == "cpu":
        dist.init_process_group("gloo", timeout=TIMEOUT)
        return own
    torch.cuda.set_device(own)
    os.environ["TORCH_NCCL_BLOCKING_WAIT"] = "1"  # as Ultralytics does: so that the time limit holds
    dist.init_process_group("nccl" if dist.is_nccl_available() else "gloo", timeout=TIMEOUT)
    return own


def broadcast_from_first(value: Value) -> Value:
    """Return rank 0's value on all ranks."""
    values = [value]
    dist.broadcast_object_list(values, src=0)
    return values[0]


def gather_from_all(value: Value) -> list[Value]:
    """Return the values of all ranks, in order."""
    values = [value] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def group_first_of_each_node(launch: Launch) -> tuple[Any, int]:
    """Return the group of the ranks that are the first of their node, and how many there are.

    All ranks must call this together.
    """
    leaders = [rank for rank, local in enumerate(gather_from_all(launch.local_rank)) if local == 0]
    return dist.new_group(leaders, timeout=TIMEOUT), len(leaders)


@contextmanager
def let_one_node_begin(launch: Launch, leaders: Any) -> Iterator[None]:
    """Let rank 0 execute the block before the first ranks of other nodes do.

    Where nodes share a folder, these then find what it has written, such as a label cache; where they don't, each
    writes its own. The other ranks of a node follow later, since Ultralytics has them wait for their first.
    """
    waits = launch.local_rank == 0 and launch.nodes > 1
    if waits and launch.rank:
        dist.barrier(leaders)
    try:
        yield
    finally:  # an error of rank 0 ends all, but not by having the others wait for hours
        if waits and not launch.rank:
            dist.barrier(leaders)


class CPUDistributedDataParallel(nn.parallel.DistributedDataParallel):
    """DistributedDataParallel that drops the device ids, which it refuses for a model on CPU."""

    def __init__(self, module: nn.Module, device_ids: object = None, **kwargs: Any) -> None:
        super().__init__(module, **kwargs)


@contextmanager
def cpu_data_parallel() -> Iterator[None]:
    """Let Ultralytics' trainer wrap its model for CPU, within the block."""
    stock = nn.parallel.DistributedDataParallel
    nn.parallel.DistributedDataParallel = CPUDistributedDataParallel
    try:
        yield
    finally:
        nn.parallel.DistributedDataParallel = stock
