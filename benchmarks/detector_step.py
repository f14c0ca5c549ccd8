"""A training step of the five detectors with a box loss of ours, beside the same step with the detector's own.

    python benchmarks/detector_step.py [threads]      prints a table, and writes benchmarks/detector_step.csv

ResNet-18, two images of 128 × 128 pixels with four objects each, forward, backward and SGD. Each round runs all steps
of a detector, one after another, so that what slows a round down cancels; a ratio is the median over rounds. `l1` and
`smooth_l1:beta=0.1111` are what RetinaNet's and the R-CNNs' own losses are: their ratio is the cost of the seam. ATSS
and PAA have their own loss, GIoU, in the seam already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from statistics import median

import torch
from timing import ratio, save, side_by_side
from torch import nn

from yolo_feiou.detectors.build import build_detector
from yolo_feiou.detectors.config import read_detector_config

SIDE, ROUNDS = 128, 15
#: By detector, the losses beside its own; the first is its own by another way, where there is one.
LOSSES = {
    "retinanet": ("l1", "focal_eiou"),
    "faster_rcnn": ("smooth_l1:beta=0.1111", "focal_eiou"),
    "mask_rcnn": ("smooth_l1:beta=0.1111", "focal_eiou"),
    "atss": ("giou", "focal_eiou"),
    "paa": ("giou", "focal_eiou"),
}
STOCK = "stock"


def batch(first_label: int, seed: int = 0) -> tuple[list[torch.Tensor], list[dict[str, torch.Tensor]]]:
    """Two images of noise with four objects each, sides from 20 to 60 pixels, and their masks."""
    random = torch.Generator().manual_seed(seed)
    images, targets = [], []
    for _ in range(2):
        corner = torch.rand(4, 2, generator=random) * (SIDE - 60)
        boxes = torch.cat((corner, corner + 20 + 40 * torch.rand(4, 2, generator=random)), 1)
        masks = torch.zeros(4, SIDE, SIDE, dtype=torch.uint8)
        for mask, (x1, y1, x2, y2) in zip(masks, boxes.int().tolist(), strict=True):
            mask[y1:y2, x1:x2] = 1
        labels = torch.randint(0, 6, (4,), generator=random) + first_label
        images.append(torch.rand(3, SIDE, SIDE, generator=random))
        targets.append({"boxes": boxes, "labels": labels, "masks": masks})
    return images, targets


def step(model: nn.Module, first_label: int) -> Callable[[], None]:
    """A training step, always on the same batch, with the same samples."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)
    images, targets = batch(first_label)
    model.train()

    def call() -> None:
        torch.manual_seed(0)
        optimizer.zero_grad()
        torch.stack([*model(images, targets).values()]).sum().backward()
        optimizer.step()

    return call


def main() -> None:
    """Time all steps, print the medians and their ratios to the detector's own, and save them."""
    torch.set_num_threads(int(sys.argv[1]) if sys.argv[1:] else 1)
    rows: list[dict[str, object]] = []
    for detector, losses in LOSSES.items():
        config = read_detector_config(f"{detector}_r18.yaml")
        calls = {}
        for loss in (STOCK, *losses):
            torch.manual_seed(0)
            model = build_detector(config, 6, loss=loss, box=2.0 if loss == "giou" else None, imgsz=SIDE)
            calls[loss] = step(model, config.first_label)
        times = side_by_side(calls, ROUNDS)
        for loss in calls:
            seconds, to_stock = median(times[loss]), ratio(times[loss], times[STOCK])
            rows.append({"detector": detector, "loss": loss, "seconds": f"{seconds:.3f}", "ratio": f"{to_stock:.3f}"})
            print(f"{detector:12} {loss:24} {seconds:6.3f} s  {to_stock:6.3f} of {STOCK}", flush=True)
    save(rows, "detector_step")


if __name__ == "__main__":
    main()
