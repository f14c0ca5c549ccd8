"""A training step of an OBB model and of RT-DETR with other losses against stock, interleaved in one process.

    python benchmarks/family_step.py             prints the ratios, writes benchmarks/family_step.csv

As `train_step.py`: one model and batch for all, and stock twice.
"""

from __future__ import annotations

from statistics import median

import torch
from timing import ratio, save, side_by_side
from torch import nn
from train_step import batch, make_step
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import OBBModel, RTDETRDetectionModel

from yolo_feiou import build_loss
from yolo_feiou.yolo.criterion import find_losses, swap_losses

#: Class and YAML of a model, images in a batch, rounds, and the losses.
FAMILIES = (
    (OBBModel, "yolov8n-obb.yaml", 16, 200, ("probiou", "probiou:focal=0.5", "kld", "gwd", "bd", "kfiou")),
    (RTDETRDetectionModel, "rtdetr-l.yaml", 4, 20, ("giou", "focal_eiou", "mpdiou")),
)
IMGSZ = 160


def rotated(data: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return a batch whose boxes are turned by any angle."""
    angles = torch.rand(len(data["bboxes"]), 1, generator=torch.Generator().manual_seed(1)) * 3
    return {**data, "bboxes": torch.cat((data["bboxes"], angles), 1)}


def main() -> None:
    """Time the step of each model with each criterion, print the ratios and save them."""
    rows = []
    for kind, name, images, rounds, specs in FAMILIES:
        torch.manual_seed(0)
        model: nn.Module = kind(name, verbose=False).train()
        data = {key: value[:images] if key == "img" else value for key, value in batch(IMGSZ).items()}
        data = {key: value if key == "img" else value[data["batch_idx"] < images] for key, value in data.items()}
        data = rotated(data) if kind is OBBModel else data
        model.args, model.nc = get_cfg(overrides={}), 80
        criteria = {"stock": model.init_criterion()}
        for spec in specs:
            model.criterion = None
            swap_losses(model, build_loss(spec))
            criteria[spec] = model.criterion
            for loss in find_losses(model.criterion):
                loss.image = (IMGSZ, IMGSZ)  # which a training tells it
        criteria["stock again"] = model.init_criterion()
        times = side_by_side({spec: make_step(model, data, criteria[spec]) for spec in criteria}, rounds, warmup=2)
        rows += [
            {
                "model": name,
                "loss": spec,
                "milliseconds": f"{median(seconds) * 1e3:.1f}",
                "ratio": f"{ratio(seconds, times['stock']):.4f}",
            }
            for spec, seconds in times.items()
        ]
    for row in rows:
        print(f"{row['model']:22} {row['loss']:20} {row['milliseconds']:>8} ms a step, {row['ratio']} of stock")
    save(rows, "family_step")


if __name__ == "__main__":
    main()
