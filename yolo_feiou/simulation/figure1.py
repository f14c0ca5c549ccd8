"""`yolo simulate figure=1`: one anchor under three losses.

The text gives the sides of both boxes and the number of steps, not the offset of their centres. This anchor ends at the
sides that the text reports for CIoU; many others do too, so it illustrates the text and proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torchvision.ops import box_convert

from yolo_feiou.parameters import Choice, Float, Int
from yolo_feiou.plots.figures_1_to_5 import draw_regressions
from yolo_feiou.plots.style import save_figure
from yolo_feiou.simulation.conditions import Conditions, conditions_arguments, get_conditions
from yolo_feiou.simulation.descent import descend
from yolo_feiou.simulation.experiment import ArgumentValues, Experiment, get_losses, make_losses_argument
from yolo_feiou.simulation.setups import Factor, Reading
from yolo_feiou.storage.tables import Row, write_csv

FIGURE1_LOSSES = ("giou", "ciou", "eiou")  # the figure's rows
BOX_KEYS = ("x", "y", "w", "h")  # centre and sides
TARGET = (0.0, 0.0, 1.0, 1.0)
ANCHOR = (3.7, 1.55, 1.0, 2.4)


def compute_trajectories(
    losses: Sequence[str],
    anchor: Sequence[float] = ANCHOR,
    steps: int = 50,
    rate: float = 0.1,
    factor: Factor = "2-iou",
    conditions: Conditions | None = None,
) -> list[Row]:
    """Return a row for each loss and step: the anchor's centre x, y and sides w, h, step 0 the start.

    Args:
        losses: Specs of losses.
        anchor: Centre and sides at the start; the target is a unit square about (0, 0).
        steps: Number of steps.
        rate: Size μ of each step.
        factor: '1' or '2-iou', see `Reading`.
        conditions: What losses in pixels, and scheduled numbers, depend on.
    """
    conditions = conditions or Conditions()
    boxes = torch.tensor([anchor, TARGET], dtype=torch.float64)
    start, target = box_convert(boxes, "cxcywh", "xyxy").view(2, 1, 1, 4)  # a batch of one pair
    rows = []
    for spec in losses:
        loss, reading = conditions.build(spec), Reading(factor=factor)
        path = descend(loss, start, target, [rate] * steps, reading, **conditions.units())
        for step, box in enumerate([start, *path]):
            x, y, w, h = box_convert(box[0, 0], "xyxy", "cxcywh").tolist()
            rows.append({"loss": spec, "step": step, "x": x, "y": y, "w": w, "h": h})
    return rows


def write_figure1(folder: Path, values: ArgumentValues) -> Iterator[str]:
    """Write the trajectories and their plot."""
    anchor = [values.get(key, default) for key, default in zip(BOX_KEYS, ANCHOR, strict=True)]
    options = {key: values[key] for key in ("steps", "rate", "factor") if key in values}
    losses, conditions = get_losses(values, *FIGURE1_LOSSES), get_conditions(values)
    rows = compute_trajectories(losses, anchor, **options, conditions=conditions)
    yield from conditions.tell(losses)
    write_csv(folder / "figure1.csv", rows)
    save_figure(draw_regressions(rows), folder / "figure1.png")
    last = rows[-1]["step"]
    for row in rows:
        if row["step"] == last:
            yield "{loss}: after {step} steps centre ({x:.3f}, {y:.3f}), w {w:.3f}, h {h:.3f}".format(**row)
    yield (
        "The paper gives no offset of the centres. This one (x, y) ends at the sides that it reports for CIoU, "
        "1.64 and 2.84; many others do too, so it is not identifiable."
    )


FIGURE1 = Experiment(
    "figure1",
    "one box on its way to its target under each loss",
    (
        make_losses_argument(*FIGURE1_LOSSES),
        *(
            Float(key, default, -100 if key in "xy" else 1e-3, 100, f"{key} of the box that moves, centre and sides")
            for key, default in zip(BOX_KEYS, ANCHOR, strict=True)
        ),
        Int("steps", 50, 1, 10**6, "steps of gradient descent"),
        Float("rate", 0.1, 1e-9, 100, "the learning rate"),
        Choice("factor", "2-iou", ("1", "2-iou"), "what each step is multiplied by"),
        *conditions_arguments(),
    ),
    write_figure1,
    ("figure1.csv", "figure1.png"),
)
