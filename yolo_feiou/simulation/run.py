"""A simulation of the paper: every anchor regressed to every target, with each loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch

from yolo_feiou.simulation.conditions import Conditions
from yolo_feiou.simulation.descent import descend, list_step_sizes
from yolo_feiou.simulation.measures import measure_boxes
from yolo_feiou.simulation.setups import SETUPS, Reading
from yolo_feiou.storage.tables import Row

FIGURE_LOSSES = ("iou", "giou", "ciou", "eiou", "focal_eiou")  # the paper's figures 6 and 7


@dataclass(frozen=True)
class Simulation:
    """A simulation; the defaults are the paper's.

    Attributes:
        setup: 1 or 2, see `SETUPS`.
        losses: Specs of losses.
        reading: The interpretation of the paper.
        points: Number of points; 0 is the paper's.
        steps: Number of steps T.
        seed: Of the points.
        device: Any torch device.
        dtype: 'float32', in which training computes too, or 'float64'.
        conditions: What losses in pixels, and scheduled numbers, depend on.
    """

    setup: int
    losses: tuple[str, ...] = FIGURE_LOSSES
    reading: Reading = field(default_factory=Reading)
    points: int = 0
    steps: int = 200
    seed: int = 0
    device: str = "cpu"
    dtype: str = "float32"
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def pairs(self) -> int:
        """The number of pairs of an anchor and a target."""
        setup = SETUPS[self.setup]
        return (self.points or setup.points) * len(setup.scales) * len(setup.ratios) ** 2

    def run(self, tick: Callable[[], object] = lambda: None) -> Iterator[list[Row]]:
        """Yield the rows of each loss, a row a step, step 0 the start; `tick` is called after each."""
        setup = SETUPS[self.setup]
        pairs = setup.pairs(self.points or setup.points, self.reading, self.seed)
        start, target = (boxes.to(self.device, getattr(torch, self.dtype)) for boxes in pairs)
        schedule = list_step_sizes(self.steps)
        units = self.conditions.units(self.reading.area)
        built = [
            (spec, self.conditions.build(spec)) for spec in self.losses
        ]  # a wrong spec fails before the first step
        for spec, loss in built:
            rows = [{"loss": spec, "step": 0, "rate": 0.0, **measure_boxes(start, target)}]
            trajectory = descend(loss, start, target, schedule, self.reading, **units)
            for step, (rate, boxes) in enumerate(zip(schedule, trajectory, strict=True), 1):
                rows.append({"loss": spec, "step": step, "rate": rate, **measure_boxes(boxes, target)})
                tick()
            yield rows
