"""The numbers that pictures show of the epochs of a training: means over seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from statistics import fmean

from yolo_feiou.plots.ablation import Line, LinePanel
from yolo_feiou.plots.style import LineLook
from yolo_feiou.report.series import ShownVariants
from yolo_feiou.report.variants import Variant
from yolo_feiou.storage.tables import Row

VALIDATION_COLUMN = "metrics/mAP50-95(B)"  # Ultralytics' column
BIN_STARTS = tuple(range(0, 100, 10))  # lower ends of the bins of IoU in box_stats.csv, in per cent
AT_THE_END = 0.1  # the last share of the epochs that counts as the end of a training
#: Columns of box_stats.csv over the epochs: title, y axis, factor.
OVER_EPOCHS = {
    "iou_mean": ("Mean IoU of positives", "IoU", 1),
    "share_75": ("Positives with IoU ≥ .75", "share, %", 100),
    "share_90": ("Positives with IoU ≥ .9", "share, %", 100),
}
FEW_POSITIVES = 0.001  # a smaller share of positives is too few to say how large the gradient of one is
Part = Callable[[float, float], float]
#: Of the share of a bin in the positives and in the gradient: title, y axis, what is shown.
BY_BIN: dict[str, tuple[str, Part]] = {
    "Positives by IoU": ("share, %", lambda pos, grad: 100 * pos),
    "Gradient by IoU of its positive": ("share of the norm, %", lambda pos, grad: 100 * grad),
    "Gradient of a positive": (
        "share of gradient / of positives",
        lambda pos, grad: grad / pos if pos >= FEW_POSITIVES else math.nan,
    ),
}

ByRun = Mapping[str, Mapping[float, Row]]


def make_training_panels(shown: ShownVariants, curves: Iterable[Row]) -> list[LinePanel]:
    """Return the validation over the epochs or intervals, in per cent: all of it, and its last third."""
    of, unit = group_by_run(curves), name_unit(shown)

    def panel(title: str, first: float) -> LinePanel:
        lines = shown.lines(lambda variant, look: make_epoch_line(variant, look, of, VALIDATION_COLUMN, 100, first))
        return LinePanel(title, unit, "val mAP50-95, %", lines)

    whole = panel(f"All {unit}s", 0)
    if not whole.lines:
        return []
    last = max(line.x[-1] for line in whole.lines.values())
    return [whole, panel("The last third", last * 2 / 3)]


def make_positives_panels(shown: ShownVariants, rows: Iterable[Row]) -> list[LinePanel]:
    """Return how the positives of a training fit over the epochs, and where its gradient comes from at the end."""
    of = group_by_run(rows)

    def over(column: str, title: str, y: str, scale: float) -> LinePanel:
        lines = shown.lines(lambda variant, look: make_epoch_line(variant, look, of, column, scale))
        return LinePanel(title, "epoch", y, lines)

    def bins(title: str, y: str, part: Part) -> LinePanel:
        return LinePanel(title, "IoU", y, shown.lines(lambda variant, look: make_bin_line(variant, look, of, part)))

    panels = [over(column, *words) for column, words in OVER_EPOCHS.items()]
    panels += [bins(title, *words) for title, words in BY_BIN.items()]
    return [panel for panel in panels if panel.lines]


def name_unit(shown: ShownVariants) -> str:
    """Return what a row of the curves stands for: an epoch, or an interval of detectors beside YOLO, or either."""
    units = {"interval" if variant.detector else "epoch" for variant in shown.variants}
    return " or ".join(sorted(units))


def group_by_run(rows: Iterable[Row]) -> ByRun:
    """Return rows by run and epoch; of an epoch that is there twice, as after a resume, the last."""
    found: dict[str, dict[float, Row]] = {}
    for row in rows:
        if isinstance(row.get("epoch"), float):
            found.setdefault(row["run"], {})[row["epoch"]] = row
    return found


def make_epoch_line(
    variant: Variant, look: LineLook, of: ByRun, column: str, scale: float, first: float = 0
) -> Line | None:
    """Return mean, least and largest value over the seeds at each epoch, from `first`, that all of them have."""
    seeds = [
        {epoch: scale * row[column] for epoch, row in of[run["run"]].items() if isinstance(row.get(column), float)}
        for run in variant.runs.values()
        if run["run"] in of
    ]
    epochs = sorted(epoch for epoch in set.intersection(*map(set, seeds)) if epoch >= first) if seeds else []
    if not epochs:
        return None
    at = [[seed[epoch] for seed in seeds] for epoch in epochs]
    band = ([min(values) for values in at], [max(values) for values in at]) if len(seeds) > 1 else ((), ())
    return Line(look, epochs, [fmean(values) for values in at], *band)


def make_bin_line(variant: Variant, look: LineLook, of: ByRun, part: Part) -> Line | None:
    """Return something of a bin's share in positives and in the gradient, means over the last epochs and the seeds."""
    seeds = [_last(of[run["run"]]) for run in variant.runs.values() if run["run"] in of]
    whole = [seed for seed in seeds if seed]
    if not whole:
        return None
    means = [[fmean(seed[i][kind] for seed in whole) for kind in (0, 1)] for i in range(len(BIN_STARTS))]
    return Line(look, [low / 100 + 0.05 for low in BIN_STARTS], [part(*shares) for shares in means])


def _last(epochs: Mapping[float, Row]) -> list[tuple[float, float]]:
    """Return the shares of each bin in positives and gradient, means over a run's last epochs; nothing without them."""
    rows = [row for epoch, row in epochs.items() if epoch > max(epochs) * (1 - AT_THE_END)]
    whole = [row for row in rows if all(isinstance(row.get(name), float) for b in BIN_STARTS for name in _names(b))]
    means = {name: fmean(row[name] for row in whole) for b in BIN_STARTS for name in _names(b)} if whole else {}
    return (
        [(means[make_positives_panels], means[gradient]) for make_positives_panels, gradient in map(_names, BIN_STARTS)]
        if whole
        else []
    )


def _names(low: int) -> tuple[str, str]:
    return f"pos_{low:02}", f"grad_{low:02}"
