"""`yolo simulate readings=all`: the statements on figures 6 and 7 under many interpretations of the paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import cache
from itertools import product
from pathlib import Path

from yolo_feiou.parameters import Int
from yolo_feiou.progress_bar import show_progress
from yolo_feiou.simulation.claims import ALL_BUT_FOCAL, CLAIMS
from yolo_feiou.simulation.experiment import ArgumentValues, Experiment
from yolo_feiou.simulation.run import Simulation
from yolo_feiou.simulation.setups import Reading
from yolo_feiou.storage.tables import Row, write_csv

BASE_READINGS = [
    Reading(area=area, region=region, factor=factor, update=update)
    for area, region, factor, update in product((100, 1), ("square", "disc"), ("1", "2-iou"), ("xywh", "xyxy"))
]
#: What Focal-EIoU and a batch are: Eq. 11 over all pairs, with the weight attached too; Eq. 10; Eq. 11 over the
#: pairs of a point, of an anchor, or of a point and a target, with the other losses averaged over them too.
BATCH_READINGS = [
    ({}, "focal_eiou"),
    ({}, "focal_eiou:detach=false"),
    ({}, "focal_eiou:norm=mean"),
    *(
        ({"batch": batch, "reduce": "mean", "empty": empty}, "focal_eiou")
        for batch, empty in product(("point", "anchor", "target"), ("mean", "still"))
    ),
]


def judge_readings(
    points: int,
    seed: int = 0,
    bases: Sequence[Reading] = BASE_READINGS,
    simulate: Callable[..., Simulation] = Simulation,
) -> Iterator[Row]:
    """Yield a row for each interpretation: its options, whether each statement holds (0 or 1), and how many do.

    Args:
        points: Number of points of a simulation.
        seed: Of the points.
        bases: The interpretations without what a batch is.
        simulate: Makes a simulation of its arguments.
    """

    @cache
    def course(setup: int, reading: Reading, loss: str) -> list[Row]:
        (rows,) = simulate(setup, (loss,), reading, points, seed=seed).run()
        return rows

    for base, (options, focal) in product(bases, BATCH_READINGS):
        reading = replace(base, **options)
        plain = replace(reading, empty="mean")  # which matters to focal losses alone
        rows = {
            setup: [
                row
                for loss in (*ALL_BUT_FOCAL, focal)
                for row in course(
                    setup,
                    replace(reading if loss == focal else plain, region=reading.region if setup == 1 else "square"),
                    loss,
                )
            ]
            for setup in (1, 2)
        }
        holds = {f"claim_{i}": int(c.judge(rows[c.figure - 5], focal)[0]) for i, c in enumerate(CLAIMS, 1)}
        yield {**asdict(reading), "focal": focal, **holds, "holds": sum(holds.values())}


def write_readings(folder: Path, values: ArgumentValues) -> Iterator[str]:
    """Write the table of readings."""
    total = len(BASE_READINGS) * len(BATCH_READINGS)
    rows: list[Row] = []
    given: ArgumentValues = {"points": 20, **values}
    judging = judge_readings(**given)
    try:
        with show_progress("readings", total) as advance:
            for row in judging:
                rows.append(row)
                advance(1)
    finally:  # finished rows are kept
        if rows:
            write_csv(folder / "readings.csv", rows)
    for i, claim in enumerate(CLAIMS, 1):
        held = sum(row[f"claim_{i}"] for row in rows)
        yield f"{held:3} of {len(rows)} readings: {claim.says} (figure {claim.figure})"
    most = max(row["holds"] for row in rows)
    for row in rows:
        if row["holds"] == most:
            yield f"{most} of {len(CLAIMS)} statements hold with " + " ".join(f"{k}={row[k]}" for k in list(row)[:8])


ALL_READINGS = Experiment(
    "readings",
    "the paper's statements on its figures 6 and 7, under all interpretations of what it leaves open",
    (
        Int("points", 20, 1, 50_000, "positions of anchors"),
        Int("seed", 0, 0, 2**63 - 1, "of the positions of anchors"),
    ),
    write_readings,
    ("readings.csv",),
)
