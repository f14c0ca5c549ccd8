"""The random state of a process, in types that torch loads without running code."""

from __future__ import annotations

import random
from typing import Any, cast

import numpy as np
import torch


def get_random_state(device: torch.device) -> dict[str, Any]:
    """Return the state of all generators of this process: Python's, numpy's, torch's, and that of a GPU."""
    name, keys, *rest = cast("tuple[Any, ...]", np.random.get_state())  # a dict for `legacy=False` alone
    return {
        "python": random.getstate(),
        "numpy": (str(name), torch.from_numpy(keys.astype(np.int64)), *map(to_plain_number, rest)),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
    }


def set_random_state(saved: dict[str, Any], device: torch.device) -> None:
    """Set all generators of this process to a state."""
    version, internal, gauss = saved["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, *rest = saved["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(saved["torch"])
    if device.type == "cuda" and saved["cuda"] is not None:
        torch.cuda.set_rng_state(saved["cuda"], device)


def to_plain_number(value: Any) -> Any:
    """Return a number of Python's for one of numpy's."""
    return value.item() if isinstance(value, np.generic) else value
