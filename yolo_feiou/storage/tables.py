"""CSV and JSON on disk, each file written atomically."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.escape import escape_formula, unescape_formula
from yolo_feiou.storage.spreadsheets import read_rows

Row = dict[str, Any]


@contextmanager
def results_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder to write results to, created if needed; it is removed at the end if it is empty.

    Raises:
        ArgumentError: If it can't be created or written to.
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
            with suppress(OSError):  # it is not empty, or was never created
                path.rmdir()


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it replaces `path` if the block succeeds, and is removed otherwise."""
    part = path.with_name(f".{path.name}.part{path.suffix}")
    try:
        yield part
        with part.open("rb+") as written:  # on the disk before it counts; Windows flushes no file opened to read
            os.fsync(written.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def atomic_file_set(folder: Path) -> Iterator[Path]:
    """Yield an empty folder within `folder`, whose files move to `folder` together if the block succeeds.

    Files of other names in `folder` stay as they are. If the block fails nothing has changed there.

    Raises:
        ArgumentError: If a folder has the name of one of the files.
    """
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
    try:
        yield part
        made = sorted(part.iterdir())
        if taken := [path.name for path in made if (folder / path.name).is_dir()]:
            raise ArgumentError(f"{folder / taken[0]} is a folder, and a file of that name is to be written: move it.")
        for path in made:
            os.replace(path, folder / path.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    r"""Write a text file atomically; undecodable bytes of a file name become \udc.., as in JSON."""
    with atomic_file(path) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write an indented JSON file atomically."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """Write rows, which all have the first one's columns, atomically; floats with 7 significant digits.

    A text that a spreadsheet would evaluate as a formula is escaped by `escape_formula`.
    """
    rows = [{key: _format_cell(value) for key, value in row.items()} for row in rows]
    lines = _Lines()
    table = csv.DictWriter(lines, list(rows[0]), lineterminator="\r\n")  # so that cells with either are quoted
    table.writeheader()
    table.writerows(rows)
    write_text(path, "".join(lines))


def _format_cell(value: Any) -> Any:
    """Return a value as a CSV cell."""
    if isinstance(value, float):
        return f"{value:.7g}"
    return escape_formula(value) if isinstance(value, str) and isinstance(parse_number(value), str) else value


class _Lines(list[str]):
    """Collects what csv writes, one line a row, with a newline at its end."""

    def write(self, line: str) -> None:
        self.append(f"{line[:-2]}\n")


def read_json(path: Path) -> Any:
    """Return the contents of a JSON file.

    Raises:
        DataError: If it doesn't exist, or isn't complete.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or nested too deeply
        raise DataError(f"{path} is not a complete JSON file: {error}.") from None


def read_record(path: Path, form: Any) -> Any:
    """Return the contents of a JSON file of ours, unconverted, if they have the type that we wrote.

    Args:
        path: The file.
        form: A type that msgspec converts to, such as a Struct; of a Struct other fields than its own may be there too.

    Raises:
        DataError: If it doesn't exist, isn't complete, or has another form.
    """
    content = read_json(path)
    try:
        msgspec.convert(content, form)
    except msgspec.ValidationError as error:
        raise DataError(f"{path} is not as it was written: {str(error)[0].lower()}{str(error)[1:]}.") from None
    return content


def read_csv(path: Path, text: Collection[str] = ()) -> list[Row]:
    """Return the rows of a CSV; cells that parse as numbers become numbers, except in the columns `text`.

    A file that a spreadsheet saved is read too, if it is unambiguous: see `spreadsheets.read_rows`.

    Raises:
        DataError: If the file is not a CSV, a line has more or fewer cells than the header, or its numbers are
            ambiguous.
    """
    header, rows = read_rows(path, text)
    return [
        {
            key: unescape_formula(cell) if key in text else _parse_cell(cell)
            for key, cell in zip(header, row, strict=True)
        }
        for row in rows
    ]


def _parse_cell(cell: str) -> float | str:
    """Return the value of a cell."""
    value = parse_number(cell)
    return unescape_formula(value) if isinstance(value, str) else value


def parse_number(text: str) -> float | str:
    """Return the number that `text` spells, or the text itself."""
    try:
        return float(text)
    except ValueError:
        return text
