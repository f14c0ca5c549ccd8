"""Ultralytics' results.csv: a row an epoch, whatever became of the file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from yolo_feiou.errors import DataError
from yolo_feiou.storage.spreadsheets import decode_csv, find_delimiter, normalise_numbers, split_cells
from yolo_feiou.storage.tables import Row


def read_curve(path: Path) -> list[Row]:
    """Return the rows of Ultralytics' results.csv, one an epoch, in their order.

    An epoch that was done twice, since the process died before its checkpoint was written, is there as it went last.
    """
    rows: dict[int, Row] = {}
    for row in read_epochs(path):
        rows[int(row["epoch"])] = row
    return [rows[epoch] for epoch in sorted(rows)]


def read_epochs(path: Path) -> list[Row]:
    """Return the rows of Ultralytics' results.csv as they were written, without those that were cut off or damaged.

    Raises:
        DataError: If it has no column `epoch`, or a spreadsheet saved it and its numbers can't be told.
    """
    if not path.exists():
        return []
    content = decode_csv(path, errors="replace").replace("\0", "")  # of a line that was allotted and never written
    header, *lines = split_cells(content, find_delimiter(content), path) or [[]]
    names = [name.strip() for name in header]
    if names and "epoch" not in names:
        raise DataError(f"{path} has no column epoch, so it is not what Ultralytics writes: put that file back.")
    lines = [line for line in lines if len(line) == len(names)]
    normalise_numbers(path, names, lines, range(len(names)), find_delimiter(content) != ",")
    rows = []
    for line in lines:
        with suppress(ValueError):  # some cells are not numbers
            rows.append({name: float(cell) for name, cell in zip(names, line, strict=True)})
    return rows


def count_epochs(rows: Sequence[Row], iterations: float | None = None, epochs: float | None = None) -> float:
    """Return how many epochs were trained, of which the last may be a part.

    Args:
        rows: Those of `read_curve`, one an epoch; of a detector beside YOLO one an interval, with its last `iteration`.
        iterations: Training steps of the whole training of such a detector, None for YOLO.
        epochs: The epochs that those make.
    """
    if not (rows and iterations and epochs and "iteration" in rows[-1]):
        return len(rows)
    return round(rows[-1]["iteration"] / iterations * epochs, 2)


def drop_partial_line(path: Path) -> None:
    """Remove the last line of a results.csv if it has no end: what is appended would be lost with it."""
    if path.exists() and not (content := path.read_bytes()).endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])


def count_minutes(rows: Sequence[Row], sessions: Sequence[Row]) -> float:
    """Return how many minutes the epochs took that count, over all sessions; each counts time from its own start.

    Args:
        rows: A row an epoch, see `read_curve`.
        sessions: An entry for each time that the training was started or resumed, with its `first_epoch`.
    """
    total = 0.0
    for number, session in enumerate(sessions):
        end = sessions[number + 1]["first_epoch"] if number + 1 < len(sessions) else float("inf")
        total += max((row["time"] for row in rows if session["first_epoch"] <= row["epoch"] < end), default=0.0)
    return total / 60
