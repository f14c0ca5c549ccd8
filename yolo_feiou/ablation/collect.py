"""From the folders of runs to the CSV files of an ablation, each derived, each made anew."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yolo_feiou.ablation.derived import keep_edited, note_tables
from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.outcome import FAILED, Wanted, outcome
from yolo_feiou.ablation.records import Mark, Preflight
from yolo_feiou.ablation.results import ARGUMENTS, BOX_STATS, CURVES, PREFLIGHT, RESULTS
from yolo_feiou.ablation.rows import SET, curve, recorded_arguments
from yolo_feiou.ablation.store import ABLATION, RunFolder, run_folders
from yolo_feiou.errors import DataError
from yolo_feiou.storage.locks import held
from yolo_feiou.storage.tables import Row, read_csv, read_record, write_csv
from yolo_feiou.yolo.arguments import HARMLESS, PLACE
from yolo_feiou.yolo.box_stats import FILE

#: The first columns of `results.csv`; the arguments of the training follow, then `device` and the rest.
FIRST = ("run", "key", "status", "reason", "axes", "loss", "seed", "gain")

TABLES = (RESULTS, ARGUMENTS, CURVES, BOX_STATS, PREFLIGHT)


@dataclass(frozen=True)
class Gathered:
    """What the tables say of a run.

    Attributes:
        run: Its settings.
        row: Its row of `results.csv`.
        curve: A row an epoch, with Ultralytics' columns.
        box_stats: A row an epoch, see `box_stats.BoxStats`.
        recorded: All arguments that its files name, whether they were asked for or not.
    """

    run: Run
    row: Row
    curve: list[Row]
    box_stats: list[Row]
    recorded: Mapping[str, Any] = field(default_factory=dict)


def collect(folder: str | Path) -> list[str]:
    """Write `results.csv`, `curves.csv`, `box_stats.csv` and `preflight.csv` of an ablation, as far as there is any.

    `results.csv` has a row for each run that is done, or failed the last time, by the rule that the latest command went
    by, see `outcome`; `axes` names the arguments in which the runs differ, whatever commands they were made by.

    Args:
        folder: That of the ablation.

    Returns:
        A line for each run or file that was left out, since it can't be read, and for each table that was edited by
        hand, of which a copy is kept.
    """
    folder = Path(folder)
    notes: list[str] = []
    gathered: list[Gathered] = []
    wanted = _wanted(folder / ABLATION, notes)
    for run_folder in run_folders(folder):
        try:
            run_folder.check_files()
            run, row = run_folder.run(), _row(run_folder, wanted)
            if row:
                recorded = recorded_arguments(run_folder)[0]
                gathered.append(Gathered(run, row, curve(run_folder), read_box_stats(run_folder.train), recorded))
        except DataError as error:
            notes.append(f"{error} The run is left out.")
    measured = [_sizes(path, notes) for path in sorted(folder.glob("preflight/*.json"))]
    with held(folder / "lock"):  # of two runners, one writes at a time
        notes += keep_edited(folder, TABLES)
        write_tables(folder, gathered)
        _write(folder / PREFLIGHT, [row for rows in measured for row in rows])
        note_tables(folder, TABLES)
    return notes


def write_tables(folder: Path, runs: Iterable[Gathered]) -> None:
    """Write `results.csv`, `arguments.csv`, `curves.csv` and `box_stats.csv` of runs, in the order of their axes."""
    runs = list(runs)
    axes = differing(runs)
    runs.sort(key=lambda one: [_place(_value(one, axis)) for axis in axes])
    arguments = sorted({key for one in runs for key in one.run.arguments} | {*axes, *SET, "box"})
    rows = [_with_recorded(one, arguments, axes) for one in runs]
    _write(folder / RESULTS, rows, (*FIRST, *arguments, "device"))
    recorded = [{"run": one.row["run"], **_without_place(one.recorded)} for one in runs if one.recorded]
    _write(folder / ARGUMENTS, recorded)
    for name, part in ((CURVES, "curve"), (BOX_STATS, "box_stats")):
        _write(folder / name, [{"run": one.row["run"], **row} for one in runs for row in getattr(one, part)])


def differing(runs: Iterable[Gathered]) -> list[str]:
    """Return the arguments in which runs differ: the loss first, the seed last.

    One that a run wasn't given is what its record says; without a record it is unknown, which differs from all else.
    """
    values: dict[str, set[str]] = {}
    runs = list(runs)
    keys = {key for one in runs for key in one.run.arguments} - set(HARMLESS)
    for one in runs:
        for key in keys:
            if not (key == "box" and one.run.gain == "matched"):  # where it follows from the loss
                values.setdefault(key, set()).add(str(_value(one, key)))
        values.setdefault("gain", set()).add(one.run.gain)
    several = [key for key, different in values.items() if len(different) > 1]
    return sorted(several, key=lambda key: (key != "loss", key == "seed", key))


def _value(one: Gathered, key: str) -> Any:
    if key == "gain":
        return one.run.gain
    value = one.run.arguments.get(key, one.recorded.get(key))
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _place(value: Any) -> tuple[bool, Any]:
    """Return what to sort a value by: numbers by size, before words."""
    number = isinstance(value, float) and not isinstance(value, bool)
    return not number, value if number else str(value)


def _with_recorded(one: Gathered, arguments: Iterable[str], axes: list[str]) -> Row:
    """Return a row with the arguments that the run's record has and the row lacks, and the names of the axes."""
    recorded = {key: one.recorded[key] for key in arguments if key in one.recorded}
    return {**recorded, **one.row, "axes": " ".join(axes)}


def _without_place(arguments: Mapping[str, Any]) -> Row:
    """Return arguments without those that say where a run lies, lists as words."""
    kept = {key: value for key, value in arguments.items() if key not in PLACE}
    return {key: json.dumps(value) if isinstance(value, list | dict) else value for key, value in kept.items()}


def _wanted(mark: Path, notes: list[str]) -> Wanted:
    """Return how the latest command wanted its runs evaluated; of a damaged mark nothing is known."""
    try:
        content = read_record(mark, Mark) if mark.is_file() else {}
    except DataError as error:
        notes.append(f"{error} It is passed over.")
        content = {}
    return Wanted(content.get("evaluation", {}), content.get("ground_truths", {}))


def _row(folder: RunFolder, wanted: Wanted) -> Row | None:
    """Return the row of a run, that of its failure if it counts as failed, None if nothing came of it yet."""
    failure = folder.failure() if outcome(folder, wanted) == FAILED else None
    if failure is None:
        return folder.row()
    run = folder.run()
    about = {"run": folder.path.name, "key": run.key, "status": "failed", "reason": failure["reason"], "gain": run.gain}
    return {**about, **run.arguments, "finished": failure["time"]}


def read_box_stats(train: Path) -> list[Row]:
    """Return the rows of the box_stats.csv in the folder of a training, none if it has none."""
    path = train / FILE
    return read_csv(path) if path.exists() else []


def _sizes(path: Path, notes: list[str]) -> list[Row]:
    try:
        return read_record(path, Preflight)["rows"]
    except DataError as error:
        notes.append(f"{error} Its sizes of losses are left out.")
        return []


def _write(path: Path, rows: list[Row], first: Iterable[str] = ()) -> None:
    """Write rows that need not have the same columns, some columns first; without rows, no file is left."""
    if not rows:
        path.unlink(missing_ok=True)
        return
    there = dict.fromkeys(key for row in rows for key in row)
    columns = dict.fromkeys([*(key for key in first if key in there), *there])
    write_csv(path, [{key: row.get(key) for key in columns} for row in rows])
