"""Results on disk: CSV and JSON, each file there as a whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from yolo_feiou.errors import ArgumentError, DataError

Row = dict[str, Any]


@contextmanager
def results_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write results to, made if need be; if nothing is in it at the end it goes again.

    Raises:
        ArgumentError: If it can't be made or written to.
    """
    made: list[Path] = []
    try:
        try:
            made += [path for path in (folder, *folder.parents) if not path.exists()]
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            raise ArgumentError(
                f"can't write results to {folder} ({error.strerror}): name another folder with out=."
            ) from None
        yield folder
    finally:
        for path in made:
            with suppress(OSError):  # it is not empty, or was never made
                path.rmdir()


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, which takes its place when the block ends well, and goes otherwise."""
    part = path.with_name(f".{path.name}.part{path.suffix}")
    try:
        yield part
        with part.open("rb") as written:  # on the disk before it counts, whatever happens to the machine
            os.fsync(written.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file as a whole."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file as a whole, for people too."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """Write rows, which all have the first one's columns, as a whole; floats with 7 significant digits."""
    rows = [{key: f"{value:.7g}" if isinstance(value, float) else value for key, value in row.items()} for row in rows]
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_text(path, text.getvalue())


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        DataError: If it isn't there, or isn't whole.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or nested too deeply
        raise DataError(f"{path} is no whole JSON file: {error}.") from None


def read_csv(path: Path, text: Collection[str] = ()) -> list[Row]:
    """Return the rows of a CSV; what reads as a number is one, but for the columns `text`.

    Raises:
        DataError: If the file is no CSV in UTF-8, or one of its lines has more or fewer cells than the header.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no CSV in UTF-8 ({error}): make it anew.") from None
    if not rows:
        return []
    header, *rows = rows
    for count, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise DataError(
                f"{path}: row {count} has {len(row)} cells and the header {len(header)}: it was cut or edited."
            )
    return [
        {key: value if key in text else number(value) for key, value in zip(header, row, strict=True)} for row in rows
    ]


def number(text: str) -> float | str:
    """Return the number that `text` spells, or the text itself."""
    try:
        return float(text)
    except ValueError:
        return text
