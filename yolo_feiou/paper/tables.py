"""The paper's tables on COCO val2017 as Markdown: its figures, ours below, and what trains a row that isn't there."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean, stdev

from yolo_feiou.paper.coco_runs import CocoRuns, subtract
from yolo_feiou.paper.cost import GPU, estimate_hours
from yolo_feiou.results.published import PublishedRow, PublishedTable
from yolo_feiou.results.schema import PAPER_METRICS
from yolo_feiou.storage.tables import Row

#: What this package trains with YOLO in the place of the paper's detectors: names, and recipes of `cfg/`.
YOLO_RECIPES = {
    "Table 1": ("smooth_l1.yaml", "balanced_l1.yaml", "focal_l1.yaml"),
    "Table 2": (
        *("smooth_l1.yaml", "iou.yaml", "giou.yaml", "ciou.yaml", "focal_l1.yaml", "eiou.yaml"),
        *("focal_eiou_v1.yaml", "focal_eiou.yaml"),
    ),
    "Table 3": ("ciou.yaml", "focal_eiou.yaml"),
}
MISSING = "–"


def format_table(table: PublishedTable, runs: CocoRuns) -> list[str]:
    """Return a table as Markdown lines: below each row of the paper ours, or what trains it and at which cost."""
    lines = [f"**{table.name}** ({table.title}), COCO val2017, the paper's figures:", ""]
    titles = ("row", *PAPER_METRICS, "ours, with", f"{GPU}-hours")
    lines += [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    lines += [f"| {' | '.join(cells)} |" for row in table.rows for cells in _list_lines(table, row, runs)]
    recipes = ", ".join(f"[`{name}`](../cfg/{name})" for name in YOLO_RECIPES[table.name])
    return [*lines, "", f"The same losses in YOLO: `yolo train cfg=…` with {recipes}. {table.note}".rstrip(), ""]


def _list_lines(table: PublishedTable, row: PublishedRow, runs: CocoRuns) -> Iterator[list[str]]:
    """Yield the line of a row of the paper, and one for each of our losses beside it that was trained."""
    found = {loss: by_seed for loss in row.losses if (by_seed := runs.find(row.detector, loss))}
    command = f"`yolo ablate cfg={table.grid} model={row.detector}.yaml losses={row.losses[0]}`"
    ours = "below" if found else f"not run: {command}"
    yield [row.name, *(f"{figure:.1f}" for figure in row.figures), ours, f"{estimate_hours([row.detector]):.0f}"]
    for loss, by_seed in found.items():
        gain = None if row.is_baseline else subtract(by_seed, runs.find_baseline(row.detector))
        told = f"`{loss}`, {len(by_seed)} seed{'' if len(by_seed) == 1 else 's'}"
        metrics = [_format_metric([*by_seed.values()], metric) for metric in PAPER_METRICS]
        yield [f"ours: {row.name}", *metrics, f"{told}; ΔAP {gain}" if gain else told, ""]


def _format_metric(rows: list[Row], metric: str) -> str:
    """Return the mean ± standard deviation (n − 1) of a metric in per cent, as far as runs have it."""
    values = [100 * row[metric] for row in rows if isinstance(row.get(metric), float)]
    if not values:
        return MISSING
    return f"{fmean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")
