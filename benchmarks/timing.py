"""Interleaved timing in one process: on a noisy machine only ratios taken side by side mean anything."""

from __future__ import annotations

import csv
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch


def interleave(
    calls: dict[str, Callable[[], object]], rounds: int, *, repeats: int = 1, warmup: int = 3
) -> dict[str, float]:
    """Return the median seconds of each call, every round running each of them `repeats` times, in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(warmup + rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            if turn >= warmup:
                seconds[name].append((time.perf_counter() - start) / repeats)
    return {name: statistics.median(values) for name, values in seconds.items()}


def save(rows: list[dict[str, object]], name: str) -> None:
    """Write rows as benchmarks/<name>.csv, each with the machine and versions that made it."""
    machine = {
        "threads": torch.get_num_threads(),
        "machine": platform.machine(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    with open(Path(__file__).with_name(f"{name}.csv"), "w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], *machine])
        writer.writeheader()
        writer.writerows({**row, **machine} for row in rows)
