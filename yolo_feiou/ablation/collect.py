"""From the folders of runs to the CSV files of an ablation, each derived from them."""

from __future__ import annotations

from pathlib import Path

from yolo_feiou.ablation.outcome import FAILED, RequestedEvaluation, find_outcome
from yolo_feiou.ablation.records import Mark, Preflight
from yolo_feiou.ablation.rows import read_run_curve
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.ablation.store import ABLATION, run_folders
from yolo_feiou.errors import DataError
from yolo_feiou.results.derived import keep_edited, note_tables
from yolo_feiou.results.file_names import ARGUMENTS, BOX_STATS, CURVES, PREFLIGHT, RESULTS
from yolo_feiou.results.run_record import read_recorded_arguments
from yolo_feiou.results.schema import SIZES
from yolo_feiou.results.tables import RunResults, read_box_stats, write_rows, write_tables
from yolo_feiou.storage.locks import hold_lock
from yolo_feiou.storage.tables import Row, read_record

#: What a row says of the way in which seeds were added, see `records.Sequential`.
DESIGN_COLUMNS = ("until", "max_seeds", "race")
#: The status of a run that is neither done nor failed.
UNFINISHED = "unfinished"
#: What each row on a loss tells.
ALWAYS_TOLD = ("data", "imgsz", "model", *SIZES)
TABLES = (RESULTS, ARGUMENTS, CURVES, BOX_STATS, PREFLIGHT)


def collect_results(folder: str | Path) -> list[str]:
    """Write `results.csv`, `curves.csv`, `box_stats.csv` and `preflight.csv` of an ablation, as far as there is any.

    `results.csv` has a row for each run: done, failed the last time, by the rule that the latest command went by, see
    `find_outcome`, or unfinished, begun or not; `axes` names the arguments in which the runs differ, whatever commands
    they were made by. Where seeds were added until comparisons were answered, each row says so.

    Args:
        folder: That of the ablation.

    Returns:
        A line for each run or file that was left out, since it can't be read, and for each table that was edited by
        hand, of which a copy is kept.
    """
    folder = Path(folder)
    notes: list[str] = []
    gathered: list[RunResults] = []
    mark = _read_mark(folder / ABLATION, notes)
    requested = RequestedEvaluation(mark.get("evaluation", {}), mark.get("ground_truths", {}))
    design = {key: value for key, value in (mark.get("sequential") or {}).items() if key in DESIGN_COLUMNS}
    for run_folder in run_folders(folder):
        try:
            run_folder.check_files()
            run, row = run_folder.run(), {**_row(run_folder, requested), **design}
            if row["status"] == UNFINISHED:  # what there is of its epochs is no result yet
                gathered.append(RunResults(run, row, (), ()))
                continue
            recorded = read_recorded_arguments(run_folder.train)[0]
            of_epochs = (read_run_curve(run_folder), read_box_stats(run_folder.train))
            gathered.append(RunResults(run, row, *of_epochs, recorded))
        except DataError as error:
            notes.append(f"{error} The run is left out.")
    measured = [_sizes(path, notes) for path in sorted(folder.glob("preflight/*.json"))]
    with hold_lock(folder / "lock"):  # of two runners, one writes at a time
        notes += keep_edited(folder, TABLES)
        write_tables(folder, gathered)
        write_rows(folder / PREFLIGHT, _tell_apart([row for rows in measured for row in rows]))
        note_tables(folder, TABLES)
    return notes


def _read_mark(mark: Path, notes: list[str]) -> Row:
    """Return what the folder says of itself; of a damaged mark nothing is known."""
    try:
        return read_record(mark, Mark) if mark.is_file() else {}
    except DataError as error:
        notes.append(f"{error} It is passed over.")
        return {}


def _row(folder: RunFolder, requested: RequestedEvaluation) -> Row:
    """Return the row of a run: that of its failure if it counts as failed, one that says so if it isn't finished."""
    failure = folder.failure() if find_outcome(folder, requested) == FAILED else None
    if failure is None and (row := folder.row()) is not None:
        return row
    run = folder.run()
    about = {"run": folder.path.name, "key": folder.key}
    came_of_it = {"status": "failed", "reason": failure["reason"]} if failure else {"status": UNFINISHED}
    return {**about, **came_of_it, "gain": run.gain, **run.arguments, "finished": failure and failure["time"]}


def _sizes(path: Path, notes: list[str]) -> list[Row]:
    try:
        return read_record(path, Preflight)["rows"]
    except DataError as error:
        notes.append(f"{error} Its sizes of losses are left out.")
        return []


def _tell_apart(rows: list[Row]) -> list[Row]:
    """Return rows on losses without the settings that all their trainings share, but for data, model and image size."""
    texts = [{key: str(value) if isinstance(value, list) else value for key, value in row.items()} for row in rows]
    names = dict.fromkeys(key for row in texts for key in row)
    kept = [key for key in names if key in ALWAYS_TOLD or len({row.get(key) for row in texts}) > 1]
    return [{key: row[key] for key in kept if key in row} for row in texts]
