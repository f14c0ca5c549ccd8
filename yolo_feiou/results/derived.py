"""Tables that are derived from runs and written again after each: one that was edited by hand is kept beside them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from yolo_feiou.errors import DataError
from yolo_feiou.storage.checksums import file_sha256
from yolo_feiou.storage.tables import atomic_file, read_json, write_json

#: The checksums of the tables as they were written last; empty while they are being written.
SUMS = ".tables.json"


def keep_edited(folder: Path, names: Iterable[str]) -> list[str]:
    """Copy each table that isn't as it was written, and mark them all as being written.

    Args:
        folder: That of the tables.
        names: Of the tables.

    Returns:
        A line for each copy.
    """
    there = [folder / name for name in names if (folder / name).is_file()]
    try:
        sums = read_json(folder / SUMS)
    except DataError:  # there is none yet, or it is damaged: then no table is known
        sums = None
    notes = []
    for path in there if sums != {} else ():  # else the last one to write them was killed
        if not isinstance(sums, dict) or file_sha256(path) != sums.get(path.name):
            copy = _free(path)
            with atomic_file(copy) as part:
                shutil.copyfile(path, part)
            notes.append(f"{path} was edited, or is of an earlier version: kept as {copy.name}, and written again.")
    if there:
        write_json(folder / SUMS, {})
    return notes


def note_tables(folder: Path, names: Iterable[str]) -> None:
    """Note what the tables are now."""
    if sums := {name: file_sha256(folder / name) for name in names if (folder / name).is_file()}:
        write_json(folder / SUMS, sums)
    else:
        (folder / SUMS).unlink(missing_ok=True)


def _free(path: Path) -> Path:
    """Return the first name like results-edited-1.csv that is free."""
    number = 1
    while (copy := path.with_name(f"{path.stem}-edited-{number}{path.suffix}")).exists():
        number += 1
    return copy
