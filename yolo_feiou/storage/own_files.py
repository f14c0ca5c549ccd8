"""Files that a user may have made or edited are not overwritten: an error names them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from yolo_feiou.errors import ArgumentError, first_three
from yolo_feiou.storage.tables import write_text

#: Around the checksum of the text above it, in the last line of a Markdown file; it is not rendered.
SEAL = ("<!-- Written by yolo-feiou, which replaces this file while the text above has SHA-256 ", " -->")


def check_not_overwritten(folder: Path, names: Iterable[str], how: str = "with out=") -> None:
    """Check that none of the files exists, so that nothing is overwritten.

    Args:
        folder: The folder to be written to.
        names: Of the files.
        how: How to name another folder, for the message.

    Raises:
        ArgumentError: If one of the files exists.
    """
    if there := [name for name in names if os.path.lexists(folder / name)]:
        raise ArgumentError(
            f"{folder} holds {first_three(there)}, which would be overwritten: move them elsewhere, or name "
            f"another folder {how}."
        )


def write_sealed(path: Path, text: str) -> None:
    """Write a Markdown file with a checksum of itself, atomically, unless another file is in its place.

    Raises:
        ArgumentError: If the existing file was edited since, or was written by someone else.
    """
    check_sealed(path)
    write_text(path, text + _seal(text))


def check_sealed(path: Path) -> None:
    """Raise ArgumentError if the existing file is not one that `write_sealed` wrote."""
    if os.path.lexists(path) and not is_sealed(path):
        raise ArgumentError(
            f"{path} was edited, or is not from yolo-feiou, and would be overwritten: rename it to have it written "
            "again."
        )


def is_sealed(path: Path) -> bool:
    """Return whether a file is as `write_sealed` wrote it."""
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return False
    start = text.rfind(SEAL[0])
    return start >= 0 and text[start:] == _seal(text[:start])


def _seal(text: str) -> str:
    return f"{SEAL[0]}{hashlib.sha256(text.encode()).hexdigest()}{SEAL[1]}\n"
