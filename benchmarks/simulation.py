"""A step of the simulation, for several numbers of pairs, against the plain eager way to write it.

    python benchmarks/simulation.py [threads]      prints a table, writes benchmarks/simulation.csv

Our step is a step of Algorithm 1 and the row that is recorded after it. The plain way does the same with what one would
take off the shelf: boxes as a parameter (x, y, w, h), box_convert, SGD, and the quantiles by torch.quantile.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import repeat

import torch
from timing import interleave, save
from torch import Tensor
from torchvision.ops import box_convert

from yolo_feiou import build_loss
from yolo_feiou.simulation.descent import descend
from yolo_feiou.simulation.measures import QUANTILES, measure_boxes
from yolo_feiou.simulation.run import FIGURE_LOSSES
from yolo_feiou.simulation.setups import SETUPS, Reading

POINTS = {10: 30, 100: 20, 1000: 5}  # points of setup 1, and rounds


def ours(spec: str, boxes: Tensor, target: Tensor) -> Callable[[], object]:
    """A step of our simulation."""
    path = descend(build_loss(spec), boxes, target, repeat(0.1))
    return lambda: measure_boxes(next(path), target)


def plain(spec: str, boxes: Tensor, target: Tensor) -> Callable[[], object]:
    """The same step, off the shelf."""
    loss, target = build_loss(spec), target[0]
    parameter = box_convert(boxes[0], "xyxy", "cxcywh").requires_grad_()
    centre = box_convert(target, "xyxy", "cxcywh")
    optimizer = torch.optim.SGD([parameter], lr=0.1 * len(target))

    def call() -> None:
        optimizer.zero_grad()
        loss.mean(box_convert(parameter, "cxcywh", "xyxy"), target).backward()
        optimizer.step()
        with torch.no_grad():
            error = (parameter - centre).abs().sum()
            iou = 1 - build_loss("iou")(box_convert(parameter, "cxcywh", "xyxy"), target)
            quantiles = torch.quantile(iou, torch.tensor(QUANTILES) / 100)
            shares = [(iou > share).float().mean() for share in (0.5, 0.75, 0.9)]
            best = iou.topk(len(iou) // 20).values.mean()
            [value.tolist() for value in (error, iou.mean(), quantiles, *shares, best)]

    return call


def calls() -> Iterator[tuple[int, int, dict[str, Callable[[], object]]]]:
    """Yield the number of pairs, of rounds, and what is timed side by side."""
    for points, rounds in POINTS.items():
        boxes, target = (b.float() for b in SETUPS[1].pairs(points, Reading()))
        steps = {spec: ours(spec, boxes, target) for spec in FIGURE_LOSSES}
        steps |= {f"{spec}, plain": plain(spec, boxes, target) for spec in FIGURE_LOSSES}
        yield boxes.shape[1], rounds, steps


def main() -> None:
    """Time all, print the medians and ratios, and save them."""
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
    rows: list[dict[str, object]] = []
    for pairs, rounds, steps in calls():
        medians = interleave(steps, rounds, warmup=2)
        for spec in FIGURE_LOSSES:
            seconds, ratio = medians[spec], medians[spec] / medians[f"{spec}, plain"]
            rows.append(
                {
                    "loss": spec,
                    "pairs": pairs,
                    "milliseconds": f"{seconds * 1e3:.3g}",
                    "nanoseconds_a_pair": f"{seconds / pairs * 1e9:.0f}",
                    "ratio_to_plain": f"{ratio:.2f}",
                }
            )
            print(*rows[-1].values(), sep="  ", flush=True)
    save(rows, "simulation")


if __name__ == "__main__":
    main()
