"""Forward and backward of every loss against Ultralytics' CIoU and torchvision's, eager and compiled.

    python benchmarks/box_loss.py [threads] [spec ...]      prints a table; of all losses, benchmarks/box_loss.csv too

Beside the losses of the table there are a modified one of each kind, and sums of two. A ratio is the median over rounds
in which both were timed, so that what slows a round down cancels. One compiled function serves all three N: it must
neither break its graph nor be recompiled from one to another.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from timing import ratio, save, side_by_side
from torch import Tensor
from torchvision.ops import complete_box_iou_loss
from ultralytics.utils.metrics import bbox_iou

from yolo_feiou import build_loss
from yolo_feiou.losses.table import ALIGNED_LOSSES

ROUNDS = {500: 40, 4_000: 30, 100_000: 10}
REPEATS = 10
STOCK = "stock CIoU"
#: A loss with each modifier, and sums of two.
MODIFIED = (
    "ciou:inner=0.75",
    "ciou:focaler=0.95",
    "ciou:power=3",
    "ciou:focal=0.5",
    "ciou:wise=true",
    "ciou:weight=0.5+smooth_l1:weight=0.5",
    "eiou:weight=0.5+nwd:weight=0.5",
)
#: Height and width of the image that the boxes are in, in pixels.
IMAGE = (640, 640)


def stock(pred: Tensor, target: Tensor) -> Tensor:
    """The box term of Ultralytics, for each pair."""
    return 1 - bbox_iou(pred, target, xywh=False, CIoU=True).squeeze(-1)


def pairs(count: int) -> tuple[Tensor, Tensor]:
    """Boxes in strides as in a batch: targets of 1 to 21, predictions some strides off."""
    random = torch.Generator().manual_seed(0)
    centre, side = torch.rand(count, 2, generator=random) * 80, torch.rand(count, 2, generator=random) * 20 + 1
    target = torch.cat((centre - side / 2, centre + side / 2), 1)
    return (target + torch.randn(count, 4, generator=random) * 2).requires_grad_(), target


def step(loss: Callable[[Tensor, Tensor], Tensor], pred: Tensor, target: Tensor) -> Callable[[], None]:
    """A forward and a backward pass, from the gradient that a mean would send back."""
    gradient = torch.full((len(pred),), 1 / len(pred))

    def call() -> None:
        pred.grad = None
        loss(pred, target).backward(gradient)

    return call


def in_strides(loss: Callable[..., Tensor], count: int, needs_units: bool) -> Callable[[Tensor, Tensor], Tensor]:
    """A loss that gets, as in a training where it needs them, the image's size and the stride of each of its pairs."""
    if not needs_units:
        return loss
    return partial(loss, image=IMAGE, pixels=torch.tensor([8.0, 16, 32]).repeat(count // 3 + 1)[:count])


def report(rows: list[dict[str, object]], count: int, times: dict[str, list[float]], names: list[str]) -> None:
    """Print some of the medians with their ratios to stock's, and keep them."""
    for name in names:
        seconds, to_stock = median(times[name]), ratio(times[name], times[STOCK])
        rows.append({"loss": name, "N": count, "microseconds": f"{seconds * 1e6:.0f}", "ratio": f"{to_stock:.2f}"})
        print(f"N = {count:7,}  {name:40} {seconds * 1e6:9.0f} µs  {to_stock:5.2f} of {STOCK}", flush=True)


def main() -> None:
    """Time all losses, or those that are given, print the medians and their ratios to stock, and save them."""
    threads, *specs = sys.argv[1:] or ["1"]
    torch.set_num_threads(int(threads))
    data = {count: pairs(count) for count in ROUNDS}
    rows: list[dict[str, object]] = []
    every = specs or [*ALIGNED_LOSSES, *MODIFIED]
    for count, rounds in ROUNDS.items():
        losses = {STOCK: stock, "torchvision CIoU": complete_box_iou_loss}
        losses |= {spec: in_strides(one := build_loss(spec), count, one.needs_units) for spec in every}
        times = side_by_side({name: step(loss, *data[count]) for name, loss in losses.items()}, rounds, repeats=REPEATS)
        report(rows, count, times, list(losses))
    # What a compiled function costs that does next to nothing is the floor for the others.
    floor = {"floor, pred·target": lambda pred, target, **units: (pred * target)[:, 0]}
    for name, loss in {**floor, **{spec: build_loss(spec) for spec in every}}.items():
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        compiled = torch.compile(loss, dynamic=True, fullgraph=True)
        for count, rounds in ROUNDS.items():
            ours = step(in_strides(compiled, count, getattr(loss, "needs_units", False)), *data[count])
            calls = {STOCK: step(stock, *data[count]), f"{name} compiled": ours}
            report(rows, count, side_by_side(calls, rounds, repeats=REPEATS), [f"{name} compiled"])
        counters = torch._dynamo.utils.counters
        print(f"{name}: graphs {counters['stats']['unique_graphs']}, breaks {sum(counters['graph_break'].values())}")
    if not specs:
        save(rows, "box_loss")


if __name__ == "__main__":
    main()
