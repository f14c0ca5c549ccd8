"""Forward and backward of every loss against Ultralytics' CIoU and torchvision's, eager and compiled.

    python benchmarks/box_loss.py [threads]      prints a table, writes benchmarks/box_loss.csv

One compiled function serves all three N: it must neither break its graph nor be recompiled from one to another.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from timing import interleave, save
from torch import Tensor
from torchvision.ops import complete_box_iou_loss
from ultralytics.utils.metrics import bbox_iou

from yolo_feiou import LOSSES, build_loss

ROUNDS = {500: 40, 4_000: 30, 100_000: 10}
REPEATS = 10
STOCK = "stock CIoU"


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


def report(rows: list[dict[str, object]], count: int, medians: dict[str, float], names: list[str]) -> None:
    """Print some of the medians with their ratios to stock's, and keep them."""
    for name in names:
        seconds, ratio = medians[name], medians[name] / medians[STOCK]
        rows.append({"loss": name, "N": count, "microseconds": f"{seconds * 1e6:.0f}", "ratio": f"{ratio:.2f}"})
        print(f"N = {count:7,}  {name:26} {seconds * 1e6:9.0f} µs  {ratio:5.2f} of {STOCK}", flush=True)


def main() -> None:
    """Time all losses, print the medians and their ratios to stock, and save them."""
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    data = {count: pairs(count) for count in ROUNDS}
    rows: list[dict[str, object]] = []
    losses = {STOCK: stock, "torchvision CIoU": complete_box_iou_loss, **{name: build_loss(name) for name in LOSSES}}
    for count, rounds in ROUNDS.items():
        medians = interleave({name: step(loss, *data[count]) for name, loss in losses.items()}, rounds, repeats=REPEATS)
        report(rows, count, medians, list(losses))
    # What a compiled function costs that does next to nothing is the floor for the others.
    for name, loss in {"floor, pred·target": lambda p, t: (p * t)[:, 0], **{n: build_loss(n) for n in LOSSES}}.items():
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        compiled = torch.compile(loss, dynamic=True, fullgraph=True)
        for count, rounds in ROUNDS.items():
            calls = {STOCK: step(stock, *data[count]), f"{name} compiled": step(compiled, *data[count])}
            report(rows, count, interleave(calls, rounds, repeats=REPEATS), [f"{name} compiled"])
        counters = torch._dynamo.utils.counters
        print(f"{name}: graphs {counters['stats']['unique_graphs']}, breaks {sum(counters['graph_break'].values())}")
    save(rows, "box_loss")


if __name__ == "__main__":
    main()
