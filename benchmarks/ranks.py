"""A training step of several ranks on CPU over gloo: what our loss adds to stock DDP, and what communication costs.

    python benchmarks/ranks.py [ranks] [rounds]      prints the ratios, writes benchmarks/ranks.csv

Each rank has one thread, 8 images of 160 px and yolov8n. In one process group the same wrapped model takes steps with
stock's criterion, with focal_eiou's, and with stock's again, in turn: how far the last is from the first is the noise.
A step without communication (DDP's no_sync) is timed afterwards, against stock's beside it, since the step that follows
it is a little faster. Ranks wait for each other after each step.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from statistics import median

import torch
from timing import ratio, save, side_by_side
from torch import distributed as dist
from train_step import batch
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import DetectionModel

from yolo_feiou import build_loss
from yolo_feiou.distributed.group import CPUDistributedDataParallel
from yolo_feiou.yolo.criterion import swap_losses

IMGSZ, IMAGES = 160, 8


def launch(ranks: int, rounds: int) -> None:
    """Start this file in several processes."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*torchrun, __file__, str(ranks), str(rounds)], env=environment, check=True)


def main(ranks: int, rounds: int) -> None:
    """Time the steps on each rank; the first prints the ratios and saves them."""
    dist.init_process_group("gloo")
    torch.manual_seed(0)
    model = DetectionModel("yolov8n.yaml", verbose=False).train()
    model.args = get_cfg(overrides={})
    data = {name: value[: len(value) // 2] for name, value in batch(IMGSZ).items()}
    swap_losses(model, build_loss("focal_eiou"))
    criteria = {"stock": model.init_criterion(), "focal_eiou": model.criterion, "stock again": model.init_criterion()}
    silent_step = "stock, no communication"
    criteria[silent_step] = model.init_criterion()
    wrapped = CPUDistributedDataParallel(model, find_unused_parameters=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)  # the weights stay, so each step is the same

    def step(name: str) -> Callable[[], None]:
        def call() -> None:
            model.criterion = criteria[name]
            with wrapped.no_sync() if name == silent_step else nullcontext():
                loss, _ = wrapped(data)
                (loss.sum() * ranks).backward()
            optimizer.step()
            optimizer.zero_grad()
            dist.barrier()

        return call

    times = side_by_side({name: step(name) for name in criteria if name != silent_step}, rounds)
    ratios = {name: ratio(values, times["stock"]) for name, values in times.items()}
    apart = side_by_side({name: step(name) for name in ("stock", silent_step)}, rounds // 2)
    times[silent_step], ratios[silent_step] = apart[silent_step], ratio(apart[silent_step], apart["stock"])
    if dist.get_rank() == 0:
        megabytes = sum(p.numel() for p in model.parameters() if p.requires_grad) * 4 / 1e6
        rows = [
            {
                "ranks": ranks,
                "step": name,
                "imgsz": IMGSZ,
                "images": IMAGES,
                "gradient_mb": f"{megabytes:.1f}",
                "milliseconds": f"{median(values) * 1e3:.1f}",
                "ratio": f"{ratios[name]:.4f}",
            }
            for name, values in times.items()
        ]
        for row in rows:
            print(f"{row['step']:24} {row['milliseconds']:>8} ms a step, {row['ratio']} of stock")
        save(rows, "ranks")
    dist.destroy_process_group()


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    RANKS, ROUNDS = [*numbers, *(2, 100)[len(numbers) :]]
    main(RANKS, ROUNDS) if "RANK" in os.environ else launch(RANKS, ROUNDS)
