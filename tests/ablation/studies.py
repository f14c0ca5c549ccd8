"""Studies of a few variants, and what their runs might have come to."""

from yolo_feiou.ablation.design import make_design, make_study
from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.sequential import Runs


def runs(losses="ciou,eiou,giou", swept=("loss", "seed"), **arguments):
    """The runs of a grid with seed 0."""
    return [Run({"loss": loss, "seed": 0, "data": "d.yaml", **arguments}, swept) for loss in losses.split(",")]


def make(losses="ciou,eiou,giou", seeds=(0, 1), until=0.5, most=20, race=False):
    """A study of losses, whose baseline is CIoU."""
    return make_study(runs(losses), make_design(seeds, until, most, race))


def finish(study, **points):
    """The runs of a study that are over: by loss, the AP in points for each seed; None for a run that failed."""
    found = Runs()
    places = {variant.loss: place for place, variant in enumerate(study.variants)}
    for loss, values in points.items():
        for seed, value in zip(study.design.seeds, values, strict=False):
            cell = places[loss], seed
            if value is None:
                found.failed.add(cell)
            else:
                found.rows[cell] = make_row(study, cell, value)
    return found


def make_row(study, cell, points, minutes=60.0):
    """The row of a finished run."""
    return {"loss": study.variants[cell[0]].loss, "seed": cell[1], "AP": points / 100, "minutes": minutes}
