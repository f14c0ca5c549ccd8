"""Files that people may have made or edited are not overwritten: what is in the way is named."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from yolo_feiou.errors import ArgumentError, first_three
from yolo_feiou.storage.tables import write_text

#: Around the checksum of the text above it, in the last line of a Markdown file; no page shows it.
SEAL = ("<!-- Written by yolo-feiou, which replaces this file while the text above has SHA-256 ", " -->")


def check_not_overwritten(folder: Path, names: Iterable[str], how: str = "with out=") -> None:
    """Check that nothing is overwritten.

    Args:
        folder: The folder that is going to be written to.
        names: Of the files.
        how: How another folder is named, for the message.

    Raises:
        ArgumentError: If one of the files is there.
    """
    if there := [name for name in names if os.path.lexists(folder / name)]:
        raise ArgumentError(
            f"{folder} holds {first_three(there)}, which would be overwritten: move them elsewhere, or name "
            f"another folder {how}."
        )


def write_sealed(path: Path, text: str) -> None:
    """Write a Markdown file with a checksum of itself, as a whole, unless another one is there.

    Raises:
        ArgumentError: If the file that is there was edited since, or was written by someone else.
    """
    check_sealed(path)
    write_text(path, text + _seal(text))


def check_sealed(path: Path) -> None:
    """Raise ArgumentError if another file is there than one that `write_sealed` wrote."""
    if os.path.lexists(path) and not is_sealed(path):
        raise ArgumentError(
            f"{path} was edited, or is not of yolo-feiou, and would be overwritten: rename it to have it made anew."
        )


def is_sealed(path: Path) -> bool:
    """Whether a file is as `write_sealed` wrote it."""
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return False
    start = text.rfind(SEAL[0])
    return start >= 0 and text[start:] == _seal(text[:start])


def _seal(text: str) -> str:
    return f"{SEAL[0]}{hashlib.sha256(text.encode()).hexdigest()}{SEAL[1]}\n"
