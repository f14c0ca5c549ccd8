"""Whether the tables in the folder of an ablation tell of all its runs: they are made when a command ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from yolo_feiou.errors import DataError
from yolo_feiou.escape import quote_command
from yolo_feiou.report.format import format_count, format_list
from yolo_feiou.results.file_names import RESULTS
from yolo_feiou.storage.locks import is_locked
from yolo_feiou.storage.tables import Row, read_json

#: The files that a run leaves as it begins and ends, see `ablation/store.py`, and what in them is the time of its end.
ENDS = {"run.json": "", "row.json": "finished", "failed.json": "time"}


def describe_state(folder: Path, rows: Sequence[Row]) -> list[str]:
    """Return what a reader of the tables must know: that the folder is in use, or that runs are newer than the tables.

    Args:
        folder: That of results, of an ablation or not.
        rows: Those of its `results.csv`.
    """
    lines = []
    if busy := list(_find_busy(folder)):
        lines.append(
            f"{folder} is in use ({format_list(busy, 3)}): what ends there from now on is not in these numbers."
        )
    if newer := list(_find_newer(folder, {str(row["run"]): row.get("finished") for row in rows})):
        lines.append(
            f"The tables in {folder} are older than {format_count(len(newer), 'run')} there ({format_list(newer, 3)}): "
            f"'{quote_command(['yolo', 'report', str(folder)])}' makes them anew."
        )
    return lines


def _find_busy(folder: Path) -> Iterator[str]:
    """Yield what a process works on: runs, by name, or the preflight."""
    for lock in sorted(folder.glob("*/lock")):
        with suppress(OSError):  # a folder that may not be written to
            if is_locked(lock):
                yield lock.parent.name


def _find_newer(folder: Path, ended: dict[str, object]) -> Iterator[str]:
    """Yield the names of runs that began, or ended in another way, after the tables were made.

    A copy of a folder may have any times; it is the same as long as the times of its ends are.
    """
    made = (folder / RESULTS).stat().st_mtime_ns
    for run in sorted(path.parent for path in folder.glob("*/run.json")):
        there = [path for name in ENDS if (path := run / name).is_file() and path.stat().st_mtime_ns > made]
        if there and (run.name not in ended or {*map(_read_end, there)} - {None, ended[run.name]}):
            yield run.name


def _read_end(path: Path) -> object:
    """Return when a run ended, as one of its files says; None if it doesn't, or is damaged, which a report tells."""
    with suppress(DataError, AttributeError):
        return read_json(path).get(ENDS[path.name])
    return None
