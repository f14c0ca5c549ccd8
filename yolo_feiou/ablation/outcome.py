"""What came of a run: the one rule by which the runner and the tables tell finished runs from failed ones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.errors import DataError
from yolo_feiou.results.row import matches_request
from yolo_feiou.storage.tables import Row

DONE, FAILED, UNDONE = "done", "failed", "undone"


@dataclass(frozen=True)
class RequestedEvaluation:
    """How runs are to be evaluated.

    Attributes:
        settings: Columns that the row of a run must agree with.
        ground_truths: By `data`, the columns on its ground truth, which must agree too.
    """

    settings: Row = field(default_factory=dict)
    ground_truths: Mapping[str, Row] = field(default_factory=dict)

    @property
    def record(self) -> Row:
        """What the folder of the ablation keeps of it, see `records.Mark`."""
        return {"evaluation": dict(self.settings), "ground_truths": dict(self.ground_truths)}

    def fits(self, row: Row, data: object) -> bool:
        """Return whether the row of a run that trained on `data` was measured in this way."""
        return matches_request(row, {**self.settings, **self.ground_truths.get(str(data), {})})


def find_outcome(folder: RunFolder, requested: RequestedEvaluation) -> str:
    """Return what came of a run: `DONE`, `FAILED` or `UNDONE`.

    A row that was measured as requested wins over any failure: the run is done. A failure wins over a row of another
    evaluation, since what is asked for now was tried and failed.

    Args:
        folder: The run's.
        requested: How it is to be evaluated.

    Raises:
        DataError: If one of its files is damaged.
    """
    row = folder.row()
    if row is not None and requested.fits(row, folder.run().arguments.get("data")):
        return DONE
    return UNDONE if folder.failure() is None else FAILED


def is_done(folder: RunFolder, requested: RequestedEvaluation) -> bool:
    """Return whether a run has its row, of an evaluation as it is requested; not if one of its files is damaged."""
    with suppress(DataError):
        return find_outcome(folder, requested) == DONE
    return False
