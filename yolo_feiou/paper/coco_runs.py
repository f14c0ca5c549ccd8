"""Runs of the paper's detectors on COCO that lie in a folder of results, and what they gain over each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from scipy import stats

from yolo_feiou.results.file_names import RESULTS
from yolo_feiou.results.levels import ALPHA, ROUNDING
from yolo_feiou.results.published import BASELINE_LOSSES, describe_setup_differences, spell_loss
from yolo_feiou.results.read import read_table
from yolo_feiou.storage.tables import Row

#: The weight of the box loss in the paper: of ℓn losses, and of all others; a detector's own loss has its own.
LN_LOSSES, LN_WEIGHT, WEIGHT = ("smooth_l1", "balanced_l1", "focal_l1", "l1"), 1.0, 2.5

BySeed = Mapping[int, float]


@dataclass(frozen=True)
class Gain:
    """A difference in AP over seeds, as fractions.

    Attributes:
        differences: One for each seed that both sides have.
    """

    differences: Sequence[float]

    @property
    def mean(self) -> float:
        """Their mean."""
        return fmean(self.differences)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of their mean by Student's t; None for one seed, or without a spread."""
        if len(self.differences) < 2 or max(self.differences) - min(self.differences) <= ROUNDING:
            return None
        low, high = stats.ttest_1samp(self.differences, 0).confidence_interval(1 - ALPHA)
        return float(low), float(high)

    @property
    def sign(self) -> int:
        """1 or −1 if the interval leaves no doubt that it is a gain or a loss, else 0."""
        return 0 if self.interval is None else (self.interval[0] > 0) - (self.interval[1] < 0)

    def __str__(self) -> str:
        seeds = len(self.differences)
        told = f"{seeds} seeds" if seeds > 1 else "one seed, which can't tell"
        bounds = "" if self.interval is None else ", 95 % {:+.2f} to {:+.2f}".format(*(100 * b for b in self.interval))
        return f"{100 * self.mean:+.2f} ({told}{bounds})"


class CocoRuns:
    """Finished runs with the paper's backbone, data, iterations, image size and batch, evaluated on val2017.

    Args:
        folder: The folder whose folders have a results.csv each, as `results/` has; None for no runs.
    """

    def __init__(self, folder: Path | None = None) -> None:
        files = sorted(folder.glob(f"*/{RESULTS}")) if folder else []
        rows = [row for file in files for row in read_table(file)]
        self.rows = [row for row in rows if _counts(row)]

    def find(self, detector: str, loss: str, weight: float | None = None) -> dict[int, Row]:
        """Return the first run of each seed of a detector with a loss and a weight, without one the paper's weight."""
        found: dict[int, Row] = {}
        for row in self.rows:
            same = row["detector"] == detector and spell_loss(str(row["loss"])) == loss
            if same and _has_weight(row, loss, weight):
                found.setdefault(int(row["seed"]), row)
        return found

    def find_baseline(self, detector: str) -> dict[int, Row]:
        """Return the runs of a detector with its own loss."""
        return next((runs for loss in BASELINE_LOSSES if (runs := self.find(detector, loss))), {})

    def list_weights(self, detector: str, loss: str) -> list[float]:
        """Return the weights that were tried with a loss; that of `box=auto` is the paper's."""
        rows = [row for row in self.rows if row["detector"] == detector and spell_loss(str(row["loss"])) == loss]
        return sorted({_weight(row, loss) for row in rows})

    def list_losses(self, detector: str, name: str) -> list[str]:
        """Return the specs of a loss that were tried, with whatever parameters."""
        specs = dict.fromkeys(spell_loss(str(row["loss"])) for row in self.rows if row["detector"] == detector)
        return [spec for spec in specs if spec.partition(":")[0] == name]


def subtract(runs: Mapping[int, Row], baseline: Mapping[int, Row]) -> Gain | None:
    """Return the gain in AP of runs over others, by seed; None without a common seed."""
    seeds = sorted(runs.keys() & baseline.keys())
    return Gain([runs[seed]["AP"] - baseline[seed]["AP"] for seed in seeds]) if seeds else None


def _counts(row: Row) -> bool:
    return (
        row.get("status") == "done"
        and row.get("eval_split") == "val"
        and bool(row.get("detector"))
        and isinstance(row.get("AP"), float)
        and not describe_setup_differences([row])
    )


def _has_weight(row: Row, loss: str, weight: float | None) -> bool:
    return math.isclose(_weight(row, loss), _paper_weight(loss) if weight is None else weight)


def _weight(row: Row, loss: str) -> float:
    box = row.get("box")
    return box if isinstance(box, float) else _paper_weight(loss)


def _paper_weight(loss: str) -> float:
    """Return the weight that the paper trains a loss with; 0 stands for that of a detector's own loss."""
    if loss in BASELINE_LOSSES[:1]:
        return 0.0
    return LN_WEIGHT if loss.partition(":")[0] in LN_LOSSES else WEIGHT
