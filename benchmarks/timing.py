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
    times = side_by_side(calls, rounds, repeats=repeats, warmup=warmup)
    return {name: statistics.median(values) for name, values in times.items()}


def side_by_side(
    calls: dict[str, Callable[[], object]], rounds: int, *, repeats: int = 1, warmup: int = 3
) -> dict[str, list[float]]:
    """Return the seconds of each call in each round, as `interleave` takes them."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(warmup + rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            if turn >= warmup:
                seconds[name].append((time.perf_counter() - start) / repeats)
    return seconds


def ratio(times: list[float], others: list[float]) -> float:
    """Return the median over the rounds of one time over another, in which what slows a round down cancels."""
    return statistics.median(one / other for one, other in zip(times, others, strict=True))


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
