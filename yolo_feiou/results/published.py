"""The paper's tables of detectors on COCO val2017, as data: what its rows are, and which of our runs stand beside them.

They are results, of others, so they lie here: `report/` and `paper/` both read them, and may not import each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolo_feiou.errors import YoloFeiouError
from yolo_feiou.losses.build import STOCK, shorten_spec
from yolo_feiou.losses.table import LOSSES
from yolo_feiou.storage.tables import Row

#: What stands for a detector's own box loss: the loss of its code here, and smooth ℓ1 as in ATSS's code for RetinaNet.
BASELINE_LOSSES = (STOCK, "smooth_l1:beta=0.11")
#: What the paper says of its set-up (section 5.2), by columns of `results.csv`; `data` without its folder and ending.
PAPER_SETUP: Mapping[str, Any] = {
    "backbone": "resnet50",
    "data": "coco",
    "iterations": 90000,
    "imgsz": 800,
    "batch": 16,
}

#: The file of COCO's annotations of val2017.
COCO_TRUTH = "instances_val2017.json"


@dataclass(frozen=True)
class PublishedRow:
    """A row of a table.

    Attributes:
        name: What the paper calls it.
        figures: AP, AP50, AP75, AP_S, AP_M and AP_L in per cent, as printed.
        detector: The detector of runs that stand beside it, as the column `detector` names it.
        losses: The specs of the losses of such runs, the one of our grids first.
    """

    name: str
    figures: tuple[float, float, float, float, float, float]
    detector: str
    losses: tuple[str, ...]

    @property
    def is_baseline(self) -> bool:
        """Whether its loss is the detector's own."""
        return self.losses == BASELINE_LOSSES

    def matches(self, row: Row) -> bool:
        """Return whether a run is of this detector with this loss."""
        return row.get("detector") == self.detector and spell_loss(str(row["loss"])) in self.losses


@dataclass(frozen=True)
class PublishedTable:
    """A table.

    Attributes:
        name: As 'Table 1'.
        title: What it compares.
        rows: Its rows, in the paper's order.
        grid: The YAML in `cfg/paper` that trains them.
        note: What to know of its figures.
    """

    name: str
    title: str
    rows: tuple[PublishedRow, ...]
    grid: str
    note: str = ""

    def is_laid_out_for(self, rows: Sequence[Row]) -> bool:
        """Return whether runs are to be set out in this table.

        They are if they fill it, if one of its own was on COCO, or if one came from its grid: on other data, two rows
        of ten would only look like a failure.
        """
        own = [row for row in rows if any(one.matches(row) for one in self.rows)]
        full = all(any(one.matches(row) for row in own) for one in self.rows)
        return bool(own) and (full or any(is_on_coco(row) or self._made(row) for row in own))

    def _made(self, row: Row) -> bool:
        """Return whether the command of a run named the grid of this table."""
        named = re.findall(r"(?<!\S)['\"]?cfg=([^\s'\"]+)", str(row.get("command") or ""))
        return self.grid in [Path(name).name for name in named]

    def find_baseline(self, row: PublishedRow) -> PublishedRow:
        """Return the row of the same detector with its own loss."""
        return next(other for other in self.rows if other.detector == row.detector and other.is_baseline)


def is_on_coco(row: Row) -> bool:
    """Return whether a run was on COCO, by its data YAML or by COCO's own annotations."""
    return _plain("data", row.get("data")) == PAPER_SETUP["data"] or row.get("ground_truth") == COCO_TRUTH


def _retinanet(name: str, figures: tuple[float, float, float, float, float, float], *losses: str) -> PublishedRow:
    return PublishedRow(name, figures, "retinanet", losses)


PUBLISHED_TABLES = (
    PublishedTable(
        "Table 1",
        "FocalL1 against other ℓn losses, RetinaNet",
        (
            _retinanet("Baseline (smooth ℓ1)", (35.9, 55.5, 38.4, 21.2, 39.5, 48.4), *BASELINE_LOSSES),
            _retinanet("BalancedL1", (36.3, 55.3, 38.8, 20.5, 39.3, 48.5), "balanced_l1"),
            _retinanet("FocalL1", (36.5, 55.8, 38.9, 21.2, 39.8, 48.8), "focal_l1"),
        ),
        "table1.yaml",
    ),
    PublishedTable(
        "Table 2",
        "All losses, RetinaNet",
        (
            _retinanet("Baseline (smooth ℓ1)", (35.9, 55.2, 38.4, 21.2, 39.5, 48.4), *BASELINE_LOSSES),
            _retinanet("IOU", (36.5, 55.6, 38.9, 20.9, 40.1, 48.0), "iou"),
            _retinanet("GIOU", (36.5, 55.6, 39.0, 20.7, 40.2, 48.2), "giou"),
            _retinanet("CIOU", (36.7, 55.7, 39.2, 20.6, 40.4, 49.0), "ciou"),
            _retinanet("FocalL1", (36.5, 55.8, 38.9, 21.2, 39.8, 48.8), "focal_l1"),
            _retinanet("EIOU", (37.0, 55.7, 39.5, 20.7, 40.5, 49.5), "eiou"),
            _retinanet("Focal-EIOU (v1)", (36.8, 55.4, 39.5, 20.9, 40.0, 49.1), "focal_eiou_v1"),
            _retinanet("Focal-EIOU", (37.5, 56.1, 40.0, 21.1, 40.9, 49.8), "focal_eiou"),
        ),
        "table2.yaml",
        "The baseline's AP50 is 55.5 in Table 1 and 55.2 here: one of them is a slip.",
    ),
    PublishedTable(
        "Table 3",
        "Focal-EIoU (*) in five detectors",
        (
            PublishedRow("Faster R-CNN", (37.3, 58.2, 40.3, 21.3, 40.9, 48.0), "faster_rcnn", BASELINE_LOSSES),
            PublishedRow("Faster R-CNN*", (38.9, 59.1, 42.4, 21.2, 41.1, 50.2), "faster_rcnn", ("focal_eiou",)),
            PublishedRow("Mask R-CNN", (38.2, 58.8, 41.4, 21.9, 40.9, 49.5), "mask_rcnn", BASELINE_LOSSES),
            PublishedRow("Mask R-CNN*", (39.6, 59.3, 41.7, 22.4, 41.5, 51.1), "mask_rcnn", ("focal_eiou",)),
            PublishedRow("RetinaNet", (35.9, 55.2, 38.4, 21.2, 39.5, 48.4), "retinanet", BASELINE_LOSSES),
            PublishedRow("RetinaNet*", (37.5, 56.1, 40.0, 21.3, 40.9, 49.8), "retinanet", ("focal_eiou",)),
            PublishedRow("ATSS", (39.1, 57.6, 42.1, 22.9, 42.8, 51.1), "atss", BASELINE_LOSSES),
            PublishedRow("ATSS*", (39.7, 57.9, 45.7, 22.6, 43.2, 51.8), "atss", ("focal_eiou",)),
            PublishedRow("PAA", (40.3, 57.6, 43.9, 23.0, 44.9, 54.0), "paa", BASELINE_LOSSES),
            PublishedRow("PAA*", (40.8, 57.9, 44.7, 22.9, 45.3, 54.9), "paa", ("focal_eiou",)),
        ),
        "table3.yaml",
        "RetinaNet* has an AP_S of 21.3 here and of 21.1 in Table 2. The AP75 of ATSS*, 45.7 at an AP of 39.7, can't "
        "be right.",
    ),
)


def spell_loss(spec: str) -> str:
    """Return the one spelling of a spec of our table; any other text as it is."""
    if spec.partition(":")[0] not in LOSSES:
        return spec
    try:
        return shorten_spec(spec)
    except YoloFeiouError:  # of another version, whose losses had other parameters
        return spec


def describe_setup_differences(rows: Iterable[Row]) -> list[str]:
    """Return how runs differ from the paper's set-up, in words like 'resnet18', 'shapes.yaml' and '40 iterations'.

    Nothing where they don't; what isn't recorded is unknown, and said to be.
    """
    words = {"iterations": "{} iterations", "imgsz": "imgsz={}", "batch": "batch={}"}
    rows = list(rows)
    told = []
    for name, expected in PAPER_SETUP.items():
        found = dict.fromkeys(row.get(name) for row in rows)
        differing = [value for value in found if _plain(name, value) != expected]
        told += [
            f"{name} unknown" if value in (None, "") else words.get(name, "{}").format(_shown(name, value))
            for value in differing
        ]
    if any(str(row.get("backbone_weights")) == "none" for row in rows):
        told.append("from scratch")
    coco = [row for row in rows if _plain("data", row.get("data")) == PAPER_SETUP["data"]]
    truths = dict.fromkeys(row.get("ground_truth") for row in coco)
    told += [f"COCO evaluated on {truth or 'unknown ground truth'}" for truth in truths if truth != COCO_TRUTH]
    return told


def _plain(name: str, value: object) -> object:
    """Return a value as `PAPER_SETUP` spells it."""
    return Path(str(value)).stem if name == "data" else value


def _shown(name: str, value: object) -> str:
    return Path(str(value)).name if name == "data" else f"{value:g}" if isinstance(value, float) else str(value)
