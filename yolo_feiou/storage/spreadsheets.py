"""Read a CSV as a spreadsheet may have saved it: its encoding, delimiter and number format.

Equivalent forms are read; ambiguous or truncated ones are refused in one line.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from yolo_feiou.errors import DataError

#: Excel's "Unicode text" is UTF-16 with tabs, its "CSV UTF-8" begins with a mark.
BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
DELIMITERS = ",;\t"
SPREADSHEET_REMEDY = (
    "A spreadsheet wrote it: save it from there as 'CSV UTF-8' with unformatted numbers, or make it again."
)

_SPACE = "\u00a0\u202f"
#: 1.234.567, 1,234.5, 1 234, 1'234: none of these is a plain number, nor one with only a decimal comma.
THOUSANDS = re.compile(rf"[+-]?\d{{1,3}}(?:(?P<by>[.,'’{_SPACE} ])\d{{3}})(?:(?P=by)\d{{3}})*(?:[.,]\d+)?")
PERCENT_CELL = re.compile(rf"[+-]?\d+(?:[.,]\d+)?[{_SPACE} ]?%")
PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
#: Both 1.234 and 1234.
AMBIGUOUS_COMMA = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def read_rows(path: Path, text: Collection[str] = ()) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a CSV as text, with decimal points in numbers, except in the columns `text`.

    Empty rows are skipped, and columns that have neither a name nor a value.

    Raises:
        DataError: If the file is not a CSV in UTF-8 or in UTF-16 with a mark, a line has more or fewer cells than the
            header, a column is repeated, or numbers are ambiguous.
    """
    content = decode_csv(path)
    rows = split_cells(content, find_delimiter(content), path)
    if not rows:
        return [], []
    header, *rows = rows
    for count, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise DataError(
                f"{path}: row {count} has {len(row)} cells and the header {len(header)}: it was cut or edited."
            )
    kept = [i for i, name in enumerate(header) if name or any(row[i] for row in rows)]
    header, rows = [header[i] for i in kept], [[row[i] for i in kept] for row in rows]
    if twice := [name for i, name in enumerate(header) if name in header[:i]]:
        raise DataError(f"{path} has the column {twice[0]!r} twice: take one of them out, or make it again.")
    if len(header) == 1 and any(mark in header[0] for mark in DELIMITERS):
        raise DataError(f"{path} has all its columns in one, {header[0][:40]!r}. {SPREADSHEET_REMEDY}")
    columns = [i for i, name in enumerate(header) if name not in text]
    normalise_numbers(path, header, rows, columns, find_delimiter(content) != ",")
    return header, rows


def decode_csv(path: Path, errors: str = "strict") -> str:
    """Return the text of a file.

    Args:
        path: The file.
        errors: How undecodable bytes are handled, as for `bytes.decode`.

    Raises:
        DataError: If it is a workbook, or neither UTF-8 nor UTF-16 with a mark.
    """
    content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        raise DataError(f"{path} is a workbook, expected a CSV: save it from the spreadsheet as 'CSV UTF-8'.")
    encoding = next((name for mark, name in BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding, errors)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a CSV in UTF-8 ({error}): save it as 'CSV UTF-8', or make it again.") from None


def find_delimiter(content: str) -> str:
    """Return the delimiter of the first line: a comma, or whichever occurs more often outside quotes."""
    first = re.sub(r'"[^"]*"', "", content.lstrip().partition("\n")[0])
    if named := re.fullmatch(r"sep=(.)\r?", first):  # as Excel has it
        return named[1]
    return max(DELIMITERS, key=first.count)


def split_cells(content: str, parted_by: str, path: Path) -> list[list[str]]:
    """Return the rows that are not empty, as cells.

    Raises:
        DataError: If a cell is too large.
    """
    content = re.sub(r"\Asep=.\r?\n", "", content)
    try:
        rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=parted_by))
    except csv.Error as error:
        raise DataError(f"{path} is not a CSV in UTF-8 ({error}): make it again.") from None
    return [row for row in rows if len(row) == 1 or any(row)]


def normalise_numbers(
    path: Path, header: Sequence[str], rows: list[list[str]], columns: Sequence[int], is_foreign: bool
) -> None:
    """Normalise the numbers in some columns: decimal points, no surrounding spaces, an ASCII minus.

    Args:
        path: The file, for messages.
        header: The names of the columns.
        rows: The rows, which are changed.
        columns: Positions of the columns that may hold numbers.
        is_foreign: Whether the file is surely not as we wrote it, so that commas in numbers are not lists of ours.

    Raises:
        DataError: If a number is ambiguous, or formatted for display.
    """
    commas: list[tuple[int, int]] = []
    points: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        for column in columns:
            cell = row[column].strip(f" \t{_SPACE}").replace("−", "-")
            if PLAIN_NUMBER.fullmatch(cell):
                row[column] = cell
                if "." in cell:
                    points.append((number, column))
            elif DECIMAL_COMMA.fullmatch(cell):
                commas.append((number, column))
            elif PERCENT_CELL.fullmatch(cell) or THOUSANDS.fullmatch(cell):
                raise DataError(
                    f"{path}: row {number + 1} has {header[column]}={row[column]!r}, expected a plain number like "
                    f"0.463. {SPREADSHEET_REMEDY}"
                )
    if not commas or (points and not is_foreign):
        return
    number, column = commas[0]
    found = f"{path}: row {number + 1} has {header[column]}={rows[number][column]!r}"
    if points:
        other, place = points[0]
        raise DataError(
            f"{found} with a decimal comma, and row {other + 1} {header[place]}={rows[other][place]!r} with a point. "
            f"{SPREADSHEET_REMEDY}"
        )
    if all(AMBIGUOUS_COMMA.fullmatch(rows[number][column].strip()) for number, column in commas):
        raise DataError(f"{found}, which may be a fraction or thousands. {SPREADSHEET_REMEDY}")
    for number, column in commas:
        rows[number][column] = rows[number][column].strip(f" \t{_SPACE}").replace("−", "-").replace(",", ".")
