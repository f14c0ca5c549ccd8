"""`yolo simulate field=LOSS`: the gradient step of a box under a loss, over positions and sizes around its target."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from yolo_feiou.checks.checked_loss import CheckedLoss as Judged
from yolo_feiou.checks.checked_loss import LossFailed
from yolo_feiou.errors import ArgumentError
from yolo_feiou.escape import make_file_name
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import load_loss
from yolo_feiou.losses.user.load import LossFunction
from yolo_feiou.parameters import Float, Int
from yolo_feiou.plots.field import draw_field
from yolo_feiou.plots.style import save_figure
from yolo_feiou.simulation.conditions import conditions_arguments, get_conditions
from yolo_feiou.simulation.experiment import ArgumentValues, Experiment
from yolo_feiou.storage.tables import Row, write_csv

PLANES = ("offset", "size", "both")
FIELD_KINDS = ("towards", "away", "dead", "broken")
#: What the terminal says of the kinds in the CSV.
KIND_LABELS = {"dead": "zero gradient", "broken": "non-finite gradient"}


def compute_field(loss: LossFunction, points: int = 41, offset: float = 2.0, octaves: float = 2.0) -> list[Row]:
    """Return the gradient step of a box under a loss, over three planes around a unit square as its target.

    The planes, with u and v from −`offset` to `offset` box widths, or −`octaves` to `octaves`:

    | plane  | u                      | v                      |
    |--------|------------------------|------------------------|
    | offset | Δx, sizes equal        | Δy                     |
    | size   | log₂(w/w_t), centred   | log₂(h/h_t)            |
    | both   | Δx                     | log₂ of w/w_t = h/h_t  |

    A row has the plane, u, v, the downhill direction in that plane (`du`, `dv`: minus the gradient by u and v), its
    length `size`, the pair's IoU, and `kind`: 'broken' where the gradient is non-finite, 'dead' where it is zero,
    'away' where it leads away from the target (u = v = 0), else 'towards'.

    Args:
        loss: (pred, target) → (N,), with its focal weight and without normalisation over a batch: Eq. 10, not Eq. 11.
        points: Grid points along an axis; an odd number includes the target.
        offset: Largest offset, in box widths of the target.
        octaves: Largest size, in doublings.

    Raises:
        LossFailed: If the loss raises, or doesn't return one value a pair.
    """
    rows = []
    for plane in PLANES:
        reach = {"offset": (offset, offset), "size": (octaves, octaves), "both": (offset, octaves)}[plane]
        even = 2 * torch.arange(points, dtype=torch.float64) / (points - 1) - 1  # exactly 0 in the middle
        axes = [r * even for r in reach]
        place = torch.cartesian_prod(*axes).requires_grad_()
        boxes = place_boxes(plane, place)
        target = torch.tensor([-0.5, -0.5, 0.5, 0.5], dtype=boxes.dtype).expand_as(boxes)
        (slope,) = torch.autograd.grad(boxes, place, Judged("", loss).gradient(boxes.detach(), target))
        rows += [
            make_field_row(plane, *values)
            for values in zip(place.tolist(), (-slope).tolist(), Pair(boxes, target).iou.tolist(), strict=True)
        ]
    return rows


def place_boxes(plane: str, place: Tensor) -> Tensor:
    """Return xyxy boxes at places (u, v) of a plane, shape (N, 4)."""
    u, v = place.unbind(1)
    zero, one = torch.zeros_like(u), torch.ones_like(u)
    x, y, w, h = {
        "offset": (u, v, one, one),
        "size": (zero, zero, u.exp2(), v.exp2()),
        "both": (u, zero, v.exp2(), v.exp2()),
    }[plane]
    return torch.stack((x - w / 2, y - h / 2, x + w / 2, y + h / 2), 1)


def make_field_row(plane: str, place: tuple[float, float], step: tuple[float, float], iou: float) -> Row:
    """Return the row of one place."""
    (u, v), (du, dv) = place, step
    size = (du * du + dv * dv) ** 0.5
    kind = "dead" if size < 1e-12 else "away" if du * u + dv * v > 1e-12 else "towards"
    kind = kind if math.isfinite(size) else "broken"
    return {"plane": plane, "u": u, "v": v, "du": du, "dv": dv, "size": size, "iou": iou, "kind": kind}


def make_field_experiment(spec: str) -> Experiment:
    """Return the experiment for the gradient field of a loss: a spec, or a user's function as 'file.py:function'.

    Raises:
        ArgumentError: If a function can't be loaded.
        LossSpecError: If the spec names no loss.
    """
    loss = load_loss(spec)
    ours = isinstance(loss, BoxLoss)

    def make(folder: Path, values: ArgumentValues) -> Iterator[str]:
        conditions = get_conditions(values)
        told = {key: value for key, value in values.items() if key not in asdict(conditions)}
        subject = partial(conditions.build(spec), **conditions.units()) if ours else loss
        try:
            rows = compute_field(subject, **told)
        except LossFailed as failed:
            raise ArgumentError(
                f"{spec}: {failed.finding.message}: {failed.finding.came}. 'yolo check {spec}' tells more."
            ) from None
        write_csv(folder / "field.csv", rows)
        save_figure(draw_field(rows, spec), folder / "field.png")
        yield from conditions.tell([spec]) if ours else ()
        for plane in PLANES:
            kinds = Counter(row["kind"] for row in rows if row["plane"] == plane)
            shares = (f"{KIND_LABELS.get(kind, kind)} {kinds[kind] / kinds.total():.1%}" for kind in FIELD_KINDS)
            yield f"{spec}, plane {plane}: {', '.join(shares)}"

    arguments = (Int("points", 41, 2, 1001), Float("offset", 2, 0.01, 100), Float("octaves", 2, 0.01, 20))
    arguments += conditions_arguments()
    return Experiment(f"field-{make_file_name(spec)[:80]}", arguments, make, ("field.csv", "field.png"))
