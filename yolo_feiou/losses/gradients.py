"""How large a loss and its gradient are beside CIoU's, by the IoU of the boxes: measured, and read where it's kept.

Those of rotated boxes are beside ProbIoU's, by the ProbIoU.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import Family
from yolo_feiou.storage.tables import read_csv

#: IoU, or ProbIoU, from and to of each column.
BINS = ((0.05, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.95))
#: What `scripts/loss_gradients.py` writes, of each family.
PATHS: dict[Family, Path] = {
    "aligned": Path(__file__).with_name("gradients.csv"),
    "rotated": Path(__file__).with_name("rotated_gradients.csv"),
}
#: What the losses of each family are compared with.
COMPARED_WITH: dict[Family, str] = {"aligned": "ciou", "rotated": "probiou"}
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


def draw_rotated_pairs(count: int) -> tuple[Tensor, Tensor]:
    """Return random rotated predictions and targets in pixels, shape (count, 5) each, in float64; always the same.

    As `draw_pairs` in the target's frame; the targets have any angle, and the prediction's is off by a normal error in
    radians of the same spread.
    """
    pred, target = draw_pairs(count)
    random = torch.Generator().manual_seed(1)
    spread = torch.linspace(0, 0.5, count, dtype=torch.float64)
    angle = math.pi * torch.rand(count, generator=random, dtype=torch.float64)
    turn = spread * torch.randn(count, generator=random, dtype=torch.float64)
    offset = (pred[:, :2] + pred[:, 2:]) / 2 - 320
    centre = 320 + turn_vectors(offset, angle)
    at_centre = torch.full((count, 2), 320, dtype=torch.float64)
    return torch.cat((centre, pred[:, 2:] - pred[:, :2], (angle + turn)[:, None]), 1), torch.cat(
        (at_centre, target[:, 2:] - target[:, :2], angle[:, None]), 1
    )


def turn_vectors(vectors: Tensor, angle: Tensor) -> Tensor:
    """Return vectors, shape (N, 2), turned by an angle each, shape (N,), from x towards y."""
    x, y = vectors.unbind(1)
    return torch.stack((x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos()), 1)


def compare_with_baseline(spec: str, count: int = 200_000) -> list[tuple[float, float]]:
    """Return, for each of `BINS`, the mean of a loss and of the norm of its gradient, over those of CIoU.

    The gradient is that with respect to coordinates in sides of the target. What has a state is at its start, and what
    has a schedule at its. A loss of rotated boxes is compared with ProbIoU; its gradient is that with respect to the
    centre along the target's axes and to the sides, in sides of the target, and to the angle in radians.
    """
    loss = build_loss(spec)
    baseline = build_loss(COMPARED_WITH[loss.family])
    rotated = loss.family == "rotated"
    pred, target = draw_rotated_pairs(count) if rotated else draw_pairs(count)
    sizes = []
    for one in (loss, baseline):
        moved = pred.clone().requires_grad_()
        values = one(moved, target, image=IMAGE)
        (grad,) = torch.autograd.grad(values.sum(), moved)
        sizes.append((values.detach(), (scale_rotated if rotated else scale_aligned)(grad, target).norm(dim=1)))
    overlap = 1 - (sizes[1][0] if rotated else build_loss("iou")(pred, target))
    ratios = []
    for low, high in BINS:
        inside = (overlap >= low) & (overlap < high)
        value, norm = ((ours[inside].mean() / base[inside].mean()).item() for ours, base in zip(*sizes, strict=True))
        ratios.append((value, norm))
    return ratios


def scale_aligned(grad: Tensor, target: Tensor) -> Tensor:
    """Return a gradient with respect to coordinates in sides of the target."""
    return grad * (target[:, 2:] - target[:, :2]).repeat(1, 2)


def scale_rotated(grad: Tensor, target: Tensor) -> Tensor:
    """Return a gradient with respect to the centre in the target's frame, both in its sides, and to the angle."""
    sides, centre = target[:, 2:4], turn_vectors(grad[:, :2], -target[:, 4])
    return torch.cat((centre * sides, grad[:, 2:4] * sides, grad[:, 4:]), 1)


def format_gradients(ratios: Sequence[tuple[float, float]]) -> list[str]:
    """Return what `compare_with_baseline` measures as cells 'loss / gradient'."""
    return [f"{loss:.2f} / {gradient:.2f}" for loss, gradient in ratios]


def read_gradients(family: Family = "aligned") -> dict[str, list[str]]:
    """Return what was measured of each loss of a family, by name: a cell 'loss / gradient' for each of `BINS`."""
    rows = read_csv(PATHS[family])
    return {
        row["loss"]: format_gradients([(row[f"loss_{low:g}"], row[f"gradient_{low:g}"]) for low, _ in BINS])
        for row in rows
    }
