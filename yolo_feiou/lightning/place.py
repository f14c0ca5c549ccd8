"""Where a process trains: on which device, and as which of several processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from yolo_feiou.distributed.launch import Launch, choose_device
from yolo_feiou.yolo.devices import check_device


@dataclass(frozen=True)
class Place:
    """Where a process trains.

    Attributes:
        launch: What torchrun says of it, None for a single process.
        device: 'cpu', or the GPUs of its node, '0,1'.
    """

    launch: Launch | None = None
    device: str = "cpu"

    @property
    def rank(self) -> int:
        """Its number among all processes."""
        return self.launch.rank if self.launch else 0

    @property
    def world(self) -> int:
        """How many processes there are."""
        return self.launch.size if self.launch else 1


def find_place(device: Any, launch: Launch | None) -> Place:
    """Return where a process trains, given the argument `device`.

    Raises:
        ArgumentError: If there is no such device, or other ones than torchrun has processes for.
    """
    text = "" if device is None else ",".join(map(str, device)) if isinstance(device, list | tuple) else str(device)
    text = text.strip("[]() ").replace("cuda:", "")
    check_device(text)
    if launch is not None:
        return Place(launch, choose_device(launch, text))
    if text in ("", "None", "none"):
        text = "0" if torch.cuda.is_available() else "cpu"
    return Place(None, text)
