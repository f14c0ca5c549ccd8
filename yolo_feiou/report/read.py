"""The CSV files that an ablation leaves in its folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.escape import quote_command
from yolo_feiou.report.state import describe_state
from yolo_feiou.results import schema
from yolo_feiou.results.file_names import ARGUMENTS, BOX_STATS, CURVES, PREFLIGHT, RESULTS
from yolo_feiou.results.main_metric import MAIN_METRICS, find_main_metric
from yolo_feiou.results.read import read_table
from yolo_feiou.results.schema import METRICS, REQUIRED, TASK_METRICS
from yolo_feiou.storage.tables import Row

PATHS = ("model", "data")
SWITCH_OR_LIST = re.compile(r"True|False|\[.*]|\(.*\)")


@dataclass(frozen=True)
class Results:
    """What was read; a cell without a value is None.

    Attributes:
        folders: Where from.
        rows: A row a run, failed ones too.
        arguments: The columns of `rows` that are arguments of the training; for a run that was not given one it is
            what its record says, None without a record.
        curves: A row an epoch and run, with the columns of Ultralytics' results.csv.
        box_stats: A row an epoch and run, with the positives and their gradients by IoU.
        preflight: A row a loss, with its size against that of its reference.
        recorded: By run, all arguments that its record has.
        notes: What to know of the files themselves, see `describe_state`.
    """

    folders: tuple[Path, ...]
    rows: list[Row]
    arguments: tuple[str, ...] = ()
    curves: Sequence[Row] = ()
    box_stats: Sequence[Row] = ()
    preflight: Sequence[Row] = ()
    recorded: Mapping[str, Row] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def done(self) -> list[Row]:
        """The rows of finished runs."""
        return [row for row in self.rows if row["status"] == "done"]


def read_results(folders: Sequence[Path]) -> Results:
    """Return the results of one or several ablations; of several, runs are named after their folder too.

    Raises:
        ArgumentError: If a folder is missing, or has no results.
        DataError: If a file is damaged, or no run is done.
    """
    parts = [_read(folder, f"{folder}/" if len(folders) > 1 else "") for folder in folders]
    arguments = tuple(dict.fromkeys(name for part in parts for name in part.arguments))
    results = Results(
        tuple(folders),
        [_with_recorded(row, part.recorded, arguments) for part in parts for row in part.rows],
        arguments,
        curves=[row for part in parts for row in part.curves],
        box_stats=[row for part in parts for row in part.box_stats],
        preflight=[row for part in parts for row in part.preflight],
        notes=[note for part in parts for note in part.notes],
    )
    if not results.done:
        reasons = [row["reason"] for row in results.rows if row["status"] == "failed" and row.get("reason")]
        why = f"; the first one failed with: {reasons[0]}" if reasons else ""
        where = ", ".join(str(folder / RESULTS) for folder in folders)
        raise DataError(f"{where}: no run is done of {len(results.rows)}{why}.")
    shorten_paths(results.rows)
    return results


def shorten_paths(rows: Sequence[Row]) -> None:
    """Leave the last part alone of the paths of models and data, if that tells them apart."""
    for name in PATHS:
        short = {row[name]: Path(row[name]).name for row in rows if row.get(name)}
        if len(set(short.values())) == len(short):
            for row in rows:
                if row.get(name):
                    row[name] = short[row[name]]


def _read(folder: Path, prefix: str) -> Results:
    if not folder.is_dir():
        raise ArgumentError(f"{folder} is not a folder: expected one that 'yolo ablate' or 'yolo evaluate' wrote to.")
    path = folder / RESULTS
    if not path.is_file() and any(folder.glob("*/row.json")):
        command = quote_command(["yolo", "report", str(folder)])
        raise DataError(f"{folder} has runs that are done, and no tables of them yet: '{command}' makes them.")
    if not path.is_file() and (folder / "ablation.json").is_file():
        raise DataError(f"{folder}: no run is done or has failed yet, so there is nothing to report.")
    if not path.is_file():
        raise ArgumentError(f"{folder} has no {RESULTS}: give a folder that 'yolo ablate' or 'yolo evaluate' wrote to.")
    table = read_table(path)
    rows = _named(table, prefix)
    if not rows:
        raise DataError(f"{path} has no rows: it is not what 'yolo ablate' or 'yolo evaluate' writes.")
    if missing := [name for name in REQUIRED if name not in rows[0]]:
        raise DataError(f"{path} has no column {missing[0]}: it is not what 'yolo ablate' or 'yolo evaluate' writes.")
    for row in rows:
        _check(row, path)
        _check_numbers(row, [name for name in row if name in schema.NUMERIC], f"{path}: run {row['run']}")
    optional = {
        name: read_table(folder / file) if (folder / file).is_file() else []
        for name, file in (("curves", CURVES), ("box_stats", BOX_STATS), ("preflight", PREFLIGHT))
    }
    for name, file in (("curves", CURVES), ("box_stats", BOX_STATS)):
        for count, row in enumerate(optional[name], 1):
            _check_numbers(row, [column for column in row if column != "run"], f"{folder / file}: row {count}")
        optional[name] = _named(optional[name], prefix)
    if prefix:
        optional["preflight"] = [{"folder": str(folder), **row} for row in optional["preflight"]]
    recorded = _named(read_table(folder / ARGUMENTS), prefix) if (folder / ARGUMENTS).is_file() else []
    names = {*schema.ARGUMENT_COLUMNS, *(name for row in recorded for name in row)} - {*schema.RESERVED}
    arguments = tuple(column for column in rows[0] if column in names)
    known = {row["run"]: row for row in recorded}
    return Results((folder,), rows, arguments, **optional, recorded=known, notes=describe_state(folder, table))


def _named(rows: list[Row], prefix: str) -> list[Row]:
    return [{**row, "run": f"{prefix}{row.get('run')}"} for row in rows]


def _with_recorded(row: Row, recorded: Mapping[str, Row], arguments: Sequence[str]) -> Row:
    known = recorded.get(row["run"], {})
    return {**row, **{name: known.get(name) for name in arguments if row.get(name) is None}}


def _check(row: Row, path: Path) -> None:
    """Raise DataError if a finished run lacks its loss, has a seed or a metric that is none, or an unknown main one."""
    if row["status"] != "done":
        return
    where, seed = f"{path}: run {row['run']} has", row["seed"]
    if row["loss"] is None:
        raise DataError(f"{where} no loss.")
    if not isinstance(seed, float) or not seed.is_integer():
        raise DataError(f"{where} seed={_shown(seed)}, expected a whole number.")
    if (metric := find_main_metric(row)) not in MAIN_METRICS:
        raise DataError(f"{where} metric={metric}, expected {' or '.join(MAIN_METRICS)}: it is of a later version.")
    for name in (*METRICS, *TASK_METRICS):
        value = row.get(name)
        if value is not None and not (isinstance(value, float) and 0 <= value <= 1):
            raise DataError(f"{where} {name}={_shown(value)}, expected a fraction from 0 to 1.")


def _check_numbers(row: Row, names: Sequence[str], where: str) -> None:
    """Raise DataError if a cell that should have a number has words, as where a spreadsheet took it for a date."""
    for name in names:
        words = schema.COLUMNS[name].words if name in schema.COLUMNS else ()
        if isinstance(row[name], str) and row[name] not in words and not SWITCH_OR_LIST.fullmatch(row[name]):
            raise DataError(
                f"{where} has {name}={row[name]!r}, expected a number. If a spreadsheet saved the file, make it again."
            )


def _shown(value: object) -> str:
    return "" if value is None else str(value)
