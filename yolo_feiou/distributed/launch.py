"""What torchrun says of this process, in its environment."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

import torch

from yolo_feiou.errors import ArgumentError

#: What is said of a launch that forgets, see `Launch.forgets`.
FORGETS = (
    "torchrun can't restart a failed worker of several nodes as it is: start it with "
    "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 in its environment."
)


@dataclass(frozen=True)
class Launch:
    """One of the processes that torchrun started.

    Attributes:
        rank: Its number among all.
        local_rank: Its number among those of its node.
        size: How many there are.
        local_size: How many there are on its node.
        nodes: The number of nodes. torchrun doesn't say it; this is right if all nodes are alike.
        restarts: How often torchrun restarted all processes after one of its node's ended.
        run_id: What `--rdzv-id` calls them together. torchrun makes one up with `--standalone`, and without either has
            none: then it is made of the torchrun that started this process.
    """

    rank: int
    local_rank: int
    size: int
    local_size: int
    nodes: int
    restarts: int
    run_id: str

    @property
    def forgets(self) -> bool:
        """Whether torchrun can't bring processes together again after one failed on one of several nodes.

        They would meet in a store that still has the addresses of those before them (pytorch/pytorch#135712).
        """
        shared = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
        return self.nodes > 1 and shared and int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", 0)) > 0


def read_launch() -> Launch | None:
    """Return what torchrun says, or None in a process that it didn't start."""
    if not {"RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"} <= os.environ.keys():
        return None
    run_id = os.environ.get("TORCHELASTIC_RUN_ID", "none")
    return Launch(
        int(os.environ["RANK"]),
        int(os.environ["LOCAL_RANK"]),
        int(os.environ["WORLD_SIZE"]),
        int(os.environ["LOCAL_WORLD_SIZE"]),
        max(int(os.environ["WORLD_SIZE"]) // int(os.environ["LOCAL_WORLD_SIZE"]), 1),
        int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)),
        run_id if run_id != "none" else f"of {socket.gethostname()}, process {os.getppid()}",
    )


def choose_device(launch: Launch, device: str) -> str:
    """Return `device` as the trainer of a rank takes it: 'cpu', or the GPUs of its node, '0,1,2,3'.

    Args:
        launch: Of this process.
        device: As the user gave it, '' for a choice of our own: all GPUs that torchrun has processes for, else the CPU.

    Raises:
        ArgumentError: If there are more processes than GPUs, or other GPUs are named than there are processes for.
    """
    if device in ("", "none"):
        gpus = torch.cuda.device_count()
        if not gpus:
            return "cpu"
        if gpus < launch.local_size:
            raise ArgumentError(
                f"torchrun started {launch.local_size} processes on a node with {gpus} GPUs: give it "
                f"--nproc-per-node={gpus}, or device=cpu."
            )
        return ",".join(map(str, range(launch.local_size)))
    named = device.replace("cuda:", "").split(",")
    if device != "cpu" and len(named) != launch.local_size:
        raise ArgumentError(
            f"device={device} names {len(named)} GPUs, and torchrun started {launch.local_size} processes on this "
            "node: leave device= out, or name one GPU for each of them."
        )
    return device
