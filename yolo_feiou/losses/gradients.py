"""How large a loss and its gradient are beside CIoU's, by the IoU of the boxes: measured, and read where it's kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from yolo_feiou.losses.build import build_loss
from yolo_feiou.storage.tables import read_csv

#: IoU from and to of each column.
BINS = ((0.05, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.95))
#: What `scripts/loss_gradients.py` writes.
PATH = Path(__file__).with_name("gradients.csv")
#: Height and width in pixels of the image that the boxes are in.
IMAGE = (640, 640)


def draw_pairs(count: int) -> tuple[Tensor, Tensor]:
    """Return random predictions and targets in pixels, shape (count, 4) each, in float64; always the same.

    The target's sides are 16 to 256, log-uniform. The prediction's centre is off by a normal error in sides of the
    target, and each of its sides by a log-normal factor, of a spread that goes evenly from 0 to 0.5 over the pairs.
    """
    random = torch.Generator().manual_seed(0)
    spread = torch.linspace(0, 0.5, count, dtype=torch.float64)[:, None]
    sides = 16 * 16 ** torch.rand(count, 2, generator=random, dtype=torch.float64)
    offset, growth = (spread * torch.randn(count, 2, generator=random, dtype=torch.float64) for _ in "og")
    centre, predicted = 320 + offset * sides, sides * growth.exp()
    return torch.cat((centre - predicted / 2, centre + predicted / 2), 1), torch.cat(
        (320 - sides / 2, 320 + sides / 2), 1
    )


def compare_with_ciou(spec: str, count: int = 200_000) -> list[tuple[float, float]]:
    """Return, for each of `BINS`, the mean of a loss and of the norm of its gradient, over those of CIoU.

    The gradient is that with respect to coordinates in sides of the target. What has a state is at its start, and what
    has a schedule at its.
    """
    pred, target = draw_pairs(count)
    sides = (target[:, 2:] - target[:, :2]).repeat(1, 2)
    sizes = []
    for name in (spec, "ciou"):
        moved = pred.clone().requires_grad_()
        loss = build_loss(name)(moved, target, image=IMAGE)
        (grad,) = torch.autograd.grad(loss.sum(), moved)
        sizes.append((loss.detach(), (grad * sides).norm(dim=1)))
    overlap = 1 - build_loss("iou")(pred, target)
    ratios = []
    for low, high in BINS:
        inside = (overlap >= low) & (overlap < high)
        value, norm = ((ours[inside].mean() / ciou[inside].mean()).item() for ours, ciou in zip(*sizes, strict=True))
        ratios.append((value, norm))
    return ratios


def format_gradients(ratios: Sequence[tuple[float, float]]) -> list[str]:
    """Return what `compare_with_ciou` measures as cells 'loss / gradient'."""
    return [f"{loss:.2f} / {gradient:.2f}" for loss, gradient in ratios]


def read_gradients() -> dict[str, list[str]]:
    """Return what was measured of each loss, by name: a cell 'loss / gradient' for each of `BINS`."""
    rows = read_csv(PATH)
    return {
        row["loss"]: format_gradients([(row[f"loss_{low:g}"], row[f"gradient_{low:g}"]) for low, _ in BINS])
        for row in rows
    }
