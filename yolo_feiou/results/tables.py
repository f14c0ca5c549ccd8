"""The tables in a folder of results, each derived from runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yolo_feiou.results.arguments import LOCATION_ARGUMENTS, NEUTRAL_ARGUMENTS
from yolo_feiou.results.file_names import ARGUMENTS, BOX_STATS, CURVES, RESULTS
from yolo_feiou.results.row import ADJUSTED_ARGUMENTS
from yolo_feiou.results.schema import FIRST, PROVENANCE
from yolo_feiou.results.settings import TrainingSettings
from yolo_feiou.storage.tables import Row, read_csv, write_csv


@dataclass(frozen=True)
class RunResults:
    """What the tables say of a run.

    Attributes:
        run: Its settings.
        row: Its row of `results.csv`.
        curve: A row an epoch, with Ultralytics' columns.
        box_stats: A row an epoch, see `box_stats.BoxStats`.
        recorded: All arguments that its files name, whether they were asked for or not.
    """

    run: TrainingSettings
    row: Row
    curve: Sequence[Row]
    box_stats: Sequence[Row]
    recorded: Mapping[str, Any] = field(default_factory=dict)


def write_tables(folder: Path, runs: Iterable[RunResults]) -> None:
    """Write `results.csv`, `arguments.csv`, `curves.csv` and `box_stats.csv` of runs, in the order of what is swept."""
    runs = list(runs)
    swept = find_differing_arguments(runs)
    runs.sort(key=lambda one: [make_value_key(_value(one, key)) for key in swept])
    arguments = sorted({key for one in runs for key in one.run.arguments} | {*swept, *ADJUSTED_ARGUMENTS, "box"})
    rows = [_with_recorded(one, arguments, swept) for one in runs]
    write_rows(folder / RESULTS, rows, (*FIRST, *arguments, PROVENANCE[0]))
    recorded = [{"run": one.row["run"], **_without_place(one.recorded)} for one in runs if one.recorded]
    write_rows(folder / ARGUMENTS, recorded)
    for name, part in ((CURVES, "curve"), (BOX_STATS, "box_stats")):
        write_rows(folder / name, [{"run": one.row["run"], **row} for one in runs for row in getattr(one, part)])


def find_differing_arguments(runs: Iterable[RunResults]) -> list[str]:
    """Return the arguments in which runs differ: the loss first, the seed last.

    One that a run wasn't given is what its record says; without a record it is unknown, which differs from all else.
    """
    values: dict[str, set[str]] = {}
    runs = list(runs)
    keys = {key for one in runs for key in one.run.arguments} - set(NEUTRAL_ARGUMENTS)
    for one in runs:
        for key in keys:
            if not (key == "box" and one.run.gain == "matched"):  # where it follows from the loss
                values.setdefault(key, set()).add(str(_value(one, key)))
        values.setdefault("gain", set()).add(one.run.gain)
    several = [key for key, different in values.items() if len(different) > 1]
    return sorted(several, key=lambda key: (key != "loss", key == "seed", key))


def read_box_stats(folder: Path) -> list[Row]:
    """Return the rows of the box_stats.csv in the folder of a training, none if it has none."""
    path = folder / BOX_STATS
    return read_csv(path) if path.exists() else []


def write_rows(path: Path, rows: Sequence[Row], first: Iterable[str] = ()) -> None:
    """Write rows that need not have the same columns, some columns first; without rows, no file is left."""
    if not rows:
        path.unlink(missing_ok=True)
        return
    there = dict.fromkeys(key for row in rows for key in row)
    columns = dict.fromkeys([*(key for key in first if key in there), *there])
    write_csv(path, [{key: row.get(key) for key in columns} for row in rows])


def _value(one: RunResults, key: str) -> Any:
    if key == "gain":
        return one.run.gain
    value = one.run.arguments.get(key, one.recorded.get(key))
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def make_value_key(value: Any) -> tuple[bool, Any]:
    """Return what to sort a value by: numbers by size, before text."""
    number = isinstance(value, float) and not isinstance(value, bool)
    return not number, value if number else str(value)


def _with_recorded(one: RunResults, arguments: Iterable[str], swept: list[str]) -> Row:
    """Return a row with the arguments that the run's record has and the row lacks, and the names of those swept."""
    recorded = {key: one.recorded[key] for key in arguments if key in one.recorded}
    return {**recorded, **one.row, "axes": " ".join(swept)}


def _without_place(arguments: Mapping[str, Any]) -> Row:
    """Return arguments without those that say where a run lies, lists as text."""
    kept = {key: value for key, value in arguments.items() if key not in LOCATION_ARGUMENTS}
    return {key: json.dumps(value) if isinstance(value, list | dict) else value for key, value in kept.items()}
