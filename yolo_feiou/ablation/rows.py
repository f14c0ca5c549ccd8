"""The row of a run of an ablation, if it was trained as it should have been."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.errors import DataError
from yolo_feiou.results.epochs import read_curve
from yolo_feiou.results.row import ADJUSTED_ARGUMENTS, TrainingSummary, make_results_row
from yolo_feiou.results.run_record import read_recorded_arguments
from yolo_feiou.storage.checkpoint_reader import read_trained_arguments
from yolo_feiou.storage.tables import Row

#: Arguments that a comparison of losses stands on.
VERIFIED_ARGUMENTS = ("loss", "seed", "box", "cls", "dfl")


def make_finished_row(
    folder: RunFolder, run: Run, task: Mapping[str, Any], measured: Row, box_used: float | None = None
) -> Row:
    """Return the row of a run that is trained and evaluated.

    Args:
        folder: Its folder.
        run: What it should be.
        task: What its last process was told.
        measured: What `evaluate` returned.
        box_used: What the box loss was multiplied by, see `Framework.find_gain`.

    Raises:
        DataError: If what was trained is not what was asked for.
    """
    recorded = check_trained(folder, run)
    set_to = {key: recorded[key] for key in ADJUSTED_ARGUMENTS}
    curve, sessions = read_run_curve(folder), folder.sessions()
    trained = TrainingSummary(folder.path.name, folder.key, run, set_to, curve, sessions, box_used)
    return make_results_row(trained, task, measured)


def check_trained(folder: RunFolder, run: Run) -> dict[str, Any]:
    """Return the arguments that a run was trained with, as its own record has them.

    Raises:
        DataError: If they are not those that it should have been trained with.
    """
    recorded, set_to, where = read_recorded_arguments(folder.train)
    for key in VERIFIED_ARGUMENTS:
        asked, found = run.arguments.get(key), recorded.get(key)
        if asked not in (None, found) and str(asked) != str(found):  # 2 is 2.0
            raise DataError(f"{folder.path.name} was to train with {key}={asked}, its {where} says {found}.")
    asked = run.arguments.get("batch", recorded.get("batch"))
    batch = read_trained_arguments(folder.last).get("batch")
    if asked is not None and asked >= 1 and batch != asked:  # Ultralytics halves it when the GPU's memory is full
        raise DataError(
            f"{folder.path.name} was to train with batch={asked}, Ultralytics went down to {batch}, out of memory: "
            "give all runs a smaller batch."
        )
    return {**recorded, **set_to, "batch": batch}


def read_run_curve(folder: RunFolder) -> list[Row]:
    """Return the rows of a run's results.csv, see `read_curve`."""
    return read_curve(folder.results)
