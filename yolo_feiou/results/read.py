"""The one reader of the tables in a folder of results."""

from __future__ import annotations

import math
from pathlib import Path

from yolo_feiou.results.schema import TEXT
from yolo_feiou.storage.spreadsheets import read_rows
from yolo_feiou.storage.tables import Row, read_csv


def read_table(path: Path) -> list[Row]:
    """Return the rows of a table, with numbers as numbers but in columns of text, and None for cells without a value.

    Raises:
        DataError: If the file is no CSV, or damaged, see `read_csv`.
    """
    return [{key: _value(value) for key, value in row.items()} for row in read_csv(path, TEXT)]


def read_cells(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table as text, each cell as it is written; none if the file isn't there.

    Raises:
        DataError: If the file is no CSV, or damaged, see `read_rows`.
    """
    header, rows = read_rows(path, TEXT) if path.is_file() else ([], [])
    return [dict(zip(header, row, strict=True)) for row in rows]


def _value(value: float | str) -> float | str | None:
    return None if value == "" or (isinstance(value, float) and not math.isfinite(value)) else value
