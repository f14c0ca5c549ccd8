"""What a prepared folder says of itself: made by this command, from what, and whether that is still so."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from yolo_feiou.coco.images import are_there
from yolo_feiou.errors import ArgumentError
from yolo_feiou.tables import write_json

#: The record of a folder that is whole, written last; and that of one that is being made.
PREPARED, PREPARING = "prepared.json", "preparing.json"
MADE_BY = "scripts/prepare_coco.py of yolo-feiou"
#: Goes up when the same input would give other files.
FORMAT = 1


def read_record(out: Path, name: str = PREPARED) -> dict[str, Any] | None:
    """Return the record in a folder, or None if there is none of this command's."""
    try:
        content = json.loads((out / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("made_by") == MADE_BY else None


def check_owner(out: Path, touched: Iterable[Path]) -> None:
    """Refuse to write to a folder that holds what this command did not make.

    Args:
        out: The folder.
        touched: The files and folders that would be written or replaced.

    Raises:
        ArgumentError: If it is no folder, or one of them is there and the folder was not made by this command.
    """
    if out.exists() and not out.is_dir():
        raise ArgumentError(f"out={out} is a file: expected a folder, or a name for a new one.")
    if read_record(out) or read_record(out, PREPARING):
        return
    if there := [path for path in touched if os.path.lexists(path)]:
        raise ArgumentError(
            f"out={out} holds {there[0].relative_to(out)}, which this command did not make and would overwrite: name "
            "another folder."
        )


def check_unchanged(out: Path, record: Mapping[str, Any]) -> None:
    """Refuse to overwrite labels that were changed since they were made.

    Raises:
        ArgumentError: If a folder of labels is there and holds other files than those made.
    """
    for split in record["splits"].values():
        folder = out / "labels" / split["folder"]
        if split["labels"] and folder.is_dir() and (found := label_files(folder)) != tuple(split["labels"]):
            count, size = split["labels"]
            raise ArgumentError(
                f"{folder} was changed since it was made: it holds {found[0]:,} label files of {found[1]:,} bytes, "
                f"expected {count:,} of {size:,}. Remove the folder to have it made anew, or name another with out=."
            )


def is_whole(out: Path, record: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """Whether a folder holds what the options ask for, made from files as they are now."""
    if (record["format"], record["options"]) != (FORMAT, options):
        return False
    if not (out / record["yaml"]).is_file():
        return False
    for path, old in record["inputs"].items():
        now = state(Path(path))
        if now != old and not (now is None and path.endswith(".zip")):  # of a zip all that is needed is here
            return False
    for split in record["splits"].values():
        listing, folder = out / split["listing"], out / "images" / split["folder"]
        if not listing.is_file() or (split["labels"] and not (out / "labels" / split["folder"]).is_dir()):
            return False
        start = len(f"./images/{split['folder']}/")
        names = [line[start:] for line in listing.read_text(encoding="utf-8").splitlines()]
        if not are_there(names, folder).all() or are_there(split["skipped"], folder).any():
            return False
    return True


def label_files(folder: Path) -> tuple[int, int]:
    """Return how many label files are in a folder and those below it, and their size in bytes."""
    count = size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".txt"):
                count += 1
                size += os.stat(os.path.join(parent, name)).st_size
    return count, size


def state(path: Path) -> dict[str, Any] | None:
    """Return size and SHA-256 of a file, or in place of the latter the time of a zip; None if it isn't there."""
    if not path.is_file():
        return None
    found = path.stat()
    if path.suffix == ".zip":  # up to 19 GB, and checked when it is extracted
        return {"size": found.st_size, "mtime_ns": found.st_mtime_ns}
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return {"size": found.st_size, "sha256": digest.hexdigest()}


def begin(out: Path, options: Mapping[str, Any], yaml: str, splits: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Mark a folder as being made: from now on nothing in it counts as whole.

    Args:
        out: The folder.
        options: What it is made with.
        yaml: Name of its data YAML.
        splits: Folder and list of images of each split.

    Returns:
        Folder and list of the splits that it had before and will have no more.
    """
    old = [record for name in (PREPARED, PREPARING) if (record := read_record(out, name))]
    made = {(s["folder"], s["listing"]) for record in old for s in record["splits"].values()}
    yamls = {yaml, *(record["yaml"] for record in old)}
    everything = {folder: {"folder": folder, "listing": listing} for folder, listing in sorted({*made, *splits})}
    write_json(out / PREPARING, {"made_by": MADE_BY, "options": options, "yaml": yaml, "splits": everything})
    (out / PREPARED).unlink(missing_ok=True)
    for name in yamls:
        (out / name).unlink(missing_ok=True)
    return sorted(made - set(splits))


def finish(out: Path, record: Mapping[str, Any]) -> None:
    """Mark a folder as whole."""
    write_json(out / PREPARED, {"made_by": MADE_BY, "format": FORMAT, **record})
    (out / PREPARING).unlink()
