"""Tables as Markdown, for the pages that scripts/make_docs.py fills, from rows and from CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from yolo_feiou.escape import escape_markdown

MISSING = "–"

Row = dict[str, str]


def format_table(titles: Sequence[str], align: str, rows: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown.

    Args:
        titles: Titles of the columns.
        align: A letter for each column: l or r.
        rows: The cells, as Markdown.
    """
    sides = (":--" if side == "l" else "--:" for side in align)
    lines = [" | ".join(titles), "|".join(sides), *(" | ".join(row) for row in rows)]
    return "".join(f"|{line}|\n" if number == 1 else f"| {line} |\n" for number, line in enumerate(lines))


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a CSV, each cell as it is written."""
    with open(path, newline="", encoding="utf-8") as content:
        return list(csv.DictReader(content))


def format_csv(path: Path, align: str, **columns: str) -> str:
    """Return some columns of a CSV as a table.

    Args:
        path: The CSV.
        align: As in `format_table`.
        columns: The title of each column, by its name in the CSV.
    """
    rows = ([escape_markdown(row[column]) or MISSING for column in columns] for row in read_rows(path))
    return format_table([*columns.values()], align, rows)


def join_pair(cells: Sequence[str], scale: float = 100, digits: int = 1) -> str:
    """Return cells of a CSV as 'a / b', times a scale; – where they are empty."""
    return (
        " / ".join(f"{scale * float(cell):.{digits}f}" if cell else MISSING for cell in cells)
        if any(cells)
        else MISSING
    )
