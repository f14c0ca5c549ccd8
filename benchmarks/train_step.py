"""A whole training step with other losses against stock, interleaved in one process.

    python benchmarks/train_step.py [imgsz]      prints the ratio, writes benchmarks/train_step.csv

Both use one and the same model and batch; only the criterion changes, so all else is equal. Stock runs twice: how far
its ratio to itself is from 1 is the noise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from statistics import median

import torch
from timing import ratio, save, side_by_side
from torch import nn
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import DetectionModel

from yolo_feiou import build_loss
from yolo_feiou.yolo.criterion import swap_losses

IMAGES, OBJECTS, ROUNDS = 16, 8, 80
#: One with state, those in pixels, the slowest ones, a modified one and a sum among them.
SPECS = (
    "focal_eiou",
    "siou",
    "wiou:momentum=0.1",
    "mpdiou",
    "shapeiou",
    "piou2",
    "uiou",
    "nwd",
    "gcd",
    "extended_iou",
    "focal_l1",
    "ciou:inner=0.75",
    "ciou:weight=0.5+smooth_l1:weight=0.5",
)


def batch(imgsz: int) -> dict[str, torch.Tensor]:
    """Noise with boxes of all sizes: what a step costs does not depend on what is in the images."""
    random = torch.Generator().manual_seed(0)
    side = torch.rand(IMAGES * OBJECTS, 2, generator=random) * 0.4 + 0.05
    centre = side / 2 + torch.rand(IMAGES * OBJECTS, 2, generator=random) * (1 - side)
    return {
        "img": torch.rand(IMAGES, 3, imgsz, imgsz, generator=random),
        "cls": torch.randint(0, 80, (IMAGES * OBJECTS, 1), generator=random).float(),
        "bboxes": torch.cat((centre, side), 1),
        "batch_idx": torch.arange(IMAGES).repeat_interleave(OBJECTS).float(),
    }


def make_step(model: nn.Module, data: dict[str, torch.Tensor], criterion: object) -> Callable[[], None]:
    """Return a step with a criterion; the weights stay, so that each step is the same."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)

    def call() -> None:
        model.criterion = criterion
        loss, _ = model.loss(data)
        loss.sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    return call


def main() -> None:
    """Time the step with each criterion, print the ratios and save them."""
    imgsz = int(sys.argv[1]) if len(sys.argv) > 1 else 160
    torch.manual_seed(0)
    model, data = DetectionModel("yolov8n.yaml", verbose=False).train(), batch(imgsz)
    model.args = get_cfg(overrides={})
    criteria = {"stock": model.init_criterion()}
    for spec in SPECS:
        model.criterion = None
        swap_losses(model, build_loss(spec))
        criteria[spec] = model.criterion
    criteria["stock again"] = model.init_criterion()
    times = side_by_side({name: make_step(model, data, criteria[name]) for name in criteria}, ROUNDS, warmup=3)
    rows = [
        {
            "loss": name,
            "imgsz": imgsz,
            "milliseconds": f"{median(seconds) * 1e3:.1f}",
            "ratio": f"{ratio(seconds, times['stock']):.4f}",
        }
        for name, seconds in times.items()
    ]
    for row in rows:
        print(f"{row['loss']:40} {row['milliseconds']:>8} ms a step, {row['ratio']} of stock")
    save(rows, "train_step")


if __name__ == "__main__":
    main()
