"""The anchors and targets of the paper's simulations, and the options that its text leaves unspecified."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_convert

CENTRE = 10.0  # of the targets, along both axes

Factor = Literal["1", "2-iou"]


@dataclass(frozen=True)
class Reading:
    """An interpretation ("reading") of the paper's section 5.3; the defaults are the literal one.

    Attributes:
        area: The targets' area, in squares of the unit in which the points are spread.
        region: Where setup 1's points lie: in the paper's square, or in the disc of radius 3 of Zheng et al. (2020).
            Setup 2 keeps its square.
        factor: The factor of each step: 1, or Zheng et al.'s 2 − IoU.
        update: The coordinates that are updated: the box's centre and sides, or its corners.
        batch: The pairs that make a batch of Eq. 11: all, those of one point, of one anchor with its targets, or of
            one point with one target.
        reduce: Whether a batch's loss is its mean, or its mean times its number of pairs, so that a loss without a
            focal weight moves every pair by its own gradient, as Algorithm 1 has it.
        empty: What a focal loss does with a batch in which no pair overlaps, where Eq. 11 is 0/0: it moves by the
            plain mean, the equation's limit and what our loss trains with, or it stands still.
    """

    area: float = 100
    region: Literal["square", "disc"] = "square"
    factor: Factor = "1"
    update: Literal["xywh", "xyxy"] = "xywh"
    batch: Literal["all", "point", "anchor", "target"] = "all"
    reduce: Literal["sum", "mean"] = "sum"
    empty: Literal["mean", "still"] = "mean"

    def __str__(self) -> str:
        return " ".join(
            f"{key}={value:g}" if key == "area" else f"{key}={value}" for key, value in asdict(self).items()
        )


#: `best` is the one tried interpretation under which all statements on figures 6 and 7 hold. It is not evidence of what
#: the authors did.
READINGS = {
    "literal": Reading(),
    "best": Reading(area=1, region="disc", batch="point", reduce="mean", empty="still"),
}


@dataclass(frozen=True)
class Setup:
    """Points, each with a set of anchors, which are all regressed to each of the targets in the centre.

    Attributes:
        points: The paper's number of points.
        side: Side of the square, about the centre, in which they lie.
        scales: Areas of the anchors, in per cent of the targets'.
        ratios: Width to height, of anchors and targets alike.
        radius: Of the disc that `region=disc` takes in place of the square; None keeps the square.
    """

    points: int
    side: float
    scales: tuple[float, ...]
    ratios: tuple[float, ...]
    radius: float | None = None

    def spread(self, points: int, region: str, seed: int) -> np.ndarray:
        """Return random points, uniform in the region, shape (points, 2)."""
        random = np.random.default_rng(seed)
        if region == "square" or self.radius is None:
            return random.uniform(CENTRE - self.side / 2, CENTRE + self.side / 2, (points, 2))
        radius, angle = self.radius * np.sqrt(random.uniform(size=points)), random.uniform(0, 2 * np.pi, points)
        return CENTRE + np.stack((radius * np.cos(angle), radius * np.sin(angle)), 1)

    def pairs(self, points: int, reading: Reading, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Return anchors and targets, xyxy, each of shape (batches, pairs in a batch, 4), float64."""
        centres = torch.from_numpy(self.spread(points, reading.region, seed))
        anchors, targets = self.sides([s * reading.area / 100 for s in self.scales]), self.sides([reading.area])
        shape = (points, len(anchors), len(targets), 2)
        anchor = torch.cat((centres[:, None, None].expand(shape), anchors[:, None].expand(shape)), -1)
        target = torch.cat((torch.full(shape, CENTRE, dtype=torch.float64), targets.expand(shape)), -1)
        anchor, target = (box_convert(boxes, "cxcywh", "xyxy") for boxes in (anchor, target))
        return make_batches(anchor, reading.batch), make_batches(target, reading.batch)

    def sides(self, areas: list[float]) -> Tensor:
        """Return width and height of a box of each area and ratio, shape (N, 2)."""
        boxes = [(math.sqrt(area * ratio), math.sqrt(area / ratio)) for area in areas for ratio in self.ratios]
        return torch.tensor(boxes, dtype=torch.float64)


def make_batches(boxes: Tensor, batch: str) -> Tensor:
    """Return boxes of shape (points, anchors, targets, 4) as (batches, pairs in a batch, 4)."""
    if batch == "target":
        boxes = boxes.transpose(1, 2)
    keep = {"all": 0, "point": 1, "anchor": 2, "target": 2}[batch]  # leading axes that count the batches
    return boxes.reshape(math.prod(boxes.shape[:keep]), -1, 4)


SETUPS = {
    1: Setup(1000, 20, (50, 67, 75, 100, 133, 150, 200), (1 / 4, 1 / 3, 1 / 2, 1, 2, 3, 4), radius=3),
    2: Setup(100, 2.5, (50, 100, 150), (1 / 3, 1, 3)),
}
