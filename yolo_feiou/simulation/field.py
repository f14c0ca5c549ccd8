"""`yolo simulate field=LOSS`: the gradient step of a box under a loss, over positions, sizes and angles."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from yolo_feiou.checks.box_kinds import measure_iou, measure_probiou
from yolo_feiou.checks.catalogue import iter_results
from yolo_feiou.checks.checked_loss import CheckedLoss as Judged
from yolo_feiou.checks.checked_loss import LossFailed
from yolo_feiou.checks.gradients import ZERO_SLOPE
from yolo_feiou.errors import ArgumentError
from yolo_feiou.escape import make_file_name
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.build import build_loss, load_loss
from yolo_feiou.losses.user.load import LossFunction
from yolo_feiou.parameters import Float, Int
from yolo_feiou.plots.field import draw_field
from yolo_feiou.plots.style import save_figure
from yolo_feiou.simulation.conditions import conditions_arguments, get_conditions
from yolo_feiou.simulation.experiment import ArgumentValues, Experiment
from yolo_feiou.storage.tables import Row, write_csv

PLANES = ("offset", "size", "both")
ROTATED_PLANES = ("along", "across", "scaled")
#: Aspect ratio of the target of rotated boxes, and pixels per unit of these, which are strides in training.
RATIO = Float("ratio", 4, 1, 1000, "the aspect ratio of the target")
STRIDE = 8
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
    reaches = {"offset": (offset, offset), "size": (octaves, octaves), "both": (offset, octaves)}
    target = torch.tensor([-0.5, -0.5, 0.5, 0.5], dtype=torch.float64)
    rows = []
    for plane, reach in reaches.items():
        rows += compute_plane(loss, plane, partial(place_boxes, plane), target, reach, points)
    return rows


def compute_rotated_field(
    loss: LossFunction, points: int = 41, offset: float = 2.0, octaves: float = 2.0, ratio: float = 4.0, side: float = 4
) -> list[Row]:
    """Return the gradient step of a rotated box under a loss, over three planes around its target.

    The target is `ratio` times as wide as high, and not turned. In each plane v is Δr, the prediction's angle from −π/2
    to π/2; u is

    | plane  | u                                          |
    |--------|--------------------------------------------|
    | along  | offset along the width, in widths          |
    | across | offset across it, in heights               |
    | scaled | log₂ of w/w_t = h/h_t, with one centre     |

    A row is as `compute_field` has it, with `probiou` in the place of the IoU: `du` is the pull on the centre, or on
    the sides, and `dv` that on the angle.

    Args:
        loss: (pred, target) → (N,), as for `compute_field`, of rotated boxes.
        points: Grid points along an axis; an odd number includes the target.
        offset: Largest offset, in widths and in heights.
        octaves: Largest size, in doublings.
        ratio: Aspect ratio of the target, width to height.
        side: √(wh) of the target in the unit of the boxes, in which losses have their floor.

    Raises:
        LossFailed: If the loss raises, or doesn't return one value a pair.
    """
    width, height = side * ratio**0.5, side / ratio**0.5
    target = torch.tensor([0, 0, width, height, 0], dtype=torch.float64)
    rows = []
    for plane in ROTATED_PLANES:
        reach = octaves if plane == "scaled" else offset, math.pi / 2
        rows += compute_plane(loss, plane, partial(place_rotated_boxes, plane, width, height), target, reach, points)
    return rows


def compute_plane(
    loss: LossFunction,
    plane: str,
    place_at: Callable[[Tensor], Tensor],
    target: Tensor,
    reach: tuple[float, float],
    points: int,
) -> list[Row]:
    """Return the rows of a plane.

    Args:
        loss: As for `compute_field`.
        plane: Its name.
        place_at: Returns the boxes at places (u, v), shape (N, 2), differentiably.
        target: Their target, one box.
        reach: Largest u and v.
        points: Grid points along an axis.
    """
    even = 2 * torch.arange(points, dtype=torch.float64) / (points - 1) - 1  # exactly 0 in the middle
    place = torch.cartesian_prod(*(r * even for r in reach)).requires_grad_()
    boxes = place_at(place)
    targets = target.expand_as(boxes)
    (slope,) = torch.autograd.grad(boxes, place, Judged("", loss).gradient(boxes.detach(), targets))
    if boxes.shape[1] == 4:
        name, overlap = "iou", measure_iou(boxes, targets)
    else:
        name, overlap = "probiou", measure_probiou(boxes, targets)
    return [
        make_field_row(plane, *values, name)
        for values in zip(place.tolist(), (-slope).tolist(), overlap.tolist(), strict=True)
    ]


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


def place_rotated_boxes(plane: str, width: float, height: float, place: Tensor) -> Tensor:
    """Return xywhr boxes at places (u, v) of a plane around a target of this width and height, shape (N, 5)."""
    u, v = place.unbind(1)
    zero, one = torch.zeros_like(u), torch.ones_like(u)
    x, y, scale = {
        "along": (u * width, zero, one),
        "across": (zero, u * height, one),
        "scaled": (zero, zero, u.exp2()),
    }[plane]
    return torch.stack((x, y, scale * width, scale * height, v), 1)


def make_field_row(
    plane: str, place: tuple[float, float], step: tuple[float, float], overlap: float, name: str = "iou"
) -> Row:
    """Return the row of one place; `name` is what the overlap is."""
    (u, v), (du, dv) = place, step
    size = (du * du + dv * dv) ** 0.5
    kind = "dead" if size < ZERO_SLOPE else "away" if du * u + dv * v > 1e-12 else "towards"
    kind = kind if math.isfinite(size) else "broken"
    return {"plane": plane, "u": u, "v": v, "du": du, "dv": dv, "size": size, name: overlap, "kind": kind}


def make_field_experiment(spec: str) -> Experiment:
    """Return the experiment for the gradient field of a loss: a spec, or a user's function as 'file.py:function'.

    Raises:
        ArgumentError: If a function can't be loaded.
        LossSpecError: If the spec names no loss.
    """
    loss = load_loss(spec)
    rotated = isinstance(loss, BoxLoss) and loss.family == "rotated"

    def make(folder: Path, values: ArgumentValues) -> Iterator[str]:
        conditions = get_conditions(values)
        given = {key: value for key, value in values.items() if key not in asdict(conditions)}
        subject, title = loss, spec
        if isinstance(loss, BoxLoss):
            area = (conditions.side / STRIDE) ** 2 if rotated else 1
            subject = partial(conditions.prepare(build_loss(spec), spec), **conditions.units(area))
        try:
            if rotated:
                ratio = given.get("ratio", RATIO.default)
                title = f"{spec}, a target of {ratio:g} : 1"
                rows = compute_rotated_field(subject, side=conditions.side / STRIDE, **given)
            else:
                rows = compute_field(subject, **given)
        except LossFailed as failed:
            raise ArgumentError(
                f"{spec}: {failed.finding.message}: {failed.finding.came}. 'yolo check {spec}' tells more."
            ) from None
        write_csv(folder / "field.csv", rows)
        save_figure(draw_field(rows, title), folder / "field.png")
        if isinstance(loss, BoxLoss):
            yield from conditions.tell([spec])
        if rotated:
            yield f"{spec}: boxes in strides of {STRIDE} pixels, targets of √(wh) = {conditions.side:g} pixels (side=)"
        for plane in ROTATED_PLANES if rotated else PLANES:
            inside = [row for row in rows if row["plane"] == plane and (row["u"] or row["v"])]  # not the target itself
            kinds = Counter(row["kind"] for row in inside)
            shares = [f"{KIND_LABELS.get(kind, kind)} {kinds[kind] / kinds.total():.1%}" for kind in FIELD_KINDS]
            if rotated:
                turned = sum(row["dv"] * row["v"] > 1e-12 for row in inside)
                shares.append(f"angle pulled away {turned / kinds.total():.1%}")
            yield f"{spec}, plane {plane}: {', '.join(shares)}"
        judged = Judged(spec, subject, family="rotated" if rotated else "aligned")
        for check, finding in iter_results(judged, ("zero-gradient",)):  # in the words of `yolo check`
            yield f"{spec}, {check.name}: {finding.message if finding else check.checked}"

    arguments = (
        Int("points", 41, 2, 1001, "points along each axis of a plane"),
        Float("offset", 2, 0.01, 100, "how far boxes are off the target at most, in its sides"),
        Float("octaves", 2, 0.01, 20, "how much larger or smaller boxes are at most, in powers of two"),
    )
    arguments += (RATIO, *conditions_arguments()[1:]) if rotated else conditions_arguments()
    by = "angle, position and size" if rotated else "position and size"
    return Experiment(
        f"field-{make_file_name(spec)[:80]}",
        f"the step that a loss gives to a box, by the box's {by}",
        arguments,
        make,
        ("field.csv", "field.png"),
    )
