"""Whether a device is there, before hours are spent on the way to it."""

from __future__ import annotations

import os
import re

import torch
from ultralytics.utils.torch_utils import select_device

from yolo_feiou.errors import ArgumentError


def check_device(device: str) -> None:
    """Raise ArgumentError if a device, as Ultralytics takes it, isn't on this machine.

    GPUs are counted without a context on one. `mps` where there is none is refused: Ultralytics would train on the CPU.

    Args:
        device: One device or several, as `0`, `cuda:1`, `0,1`, `cpu` or `mps`; '' is Ultralytics' own choice.
    """
    words = re.sub(r"cuda:|[()\[\]' ]", "", device.lower())
    if words in ("", "cpu", "none"):
        return
    if words in ("mps", "mps:0"):
        if not torch.backends.mps.is_available():
            raise ArgumentError(f"device={device}: there is no Metal GPU that torch can use here. {_instead()}")
        return
    named = ["0" if word == "cuda" else word for word in words.split(",") if word]
    if all(re.fullmatch(r"-?\d+", word) for word in named):
        there = torch.cuda.device_count()
        if missing := [word for word in named if not _is_there(int(word), there)]:
            raise ArgumentError(f"device={device}: there is no GPU {missing[0]} here. {_instead()}")
        return
    before = os.environ.get("CUDA_VISIBLE_DEVICES")  # which older releases set
    try:
        select_device(device, verbose=False)
    except (ValueError, RuntimeError, ImportError) as error:
        said = str(error).strip().partition("\n")[0]
        raise ArgumentError(f"device={device} can't be used here: {said} {_instead()}") from None
    finally:
        if before is None:
            os.environ.pop("CUDA_VISIBLE_DEVICES", None)
        else:
            os.environ["CUDA_VISIBLE_DEVICES"] = before


def _is_there(number: int, there: int) -> bool:
    """Whether there is a GPU of this number, by torch's count, or by that of the machine where only some are shown."""
    if number < 0:  # -1 is an idle one, of Ultralytics' choice
        return there > 0
    return number < there or str(number) in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")


def _instead() -> str:
    count = torch.cuda.device_count()
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    seen = (
        "torch sees no GPU" if not count else f"torch sees GPUs 0 to {count - 1}" if count > 1 else "torch sees GPU 0"
    )
    by = f" (CUDA_VISIBLE_DEVICES={shown})" if shown is not None else ""
    return f"{seen}{by}; device=cpu is always there."
