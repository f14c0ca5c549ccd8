"""The record of a prepared folder: that this command made it, its inputs, and whether both are unchanged."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec

from yolo_feiou.datasets.coco import ledger
from yolo_feiou.datasets.coco.images import find_existing
from yolo_feiou.datasets.coco.ledger import Ledger
from yolo_feiou.errors import ArgumentError, first_three
from yolo_feiou.storage.checksums import file_sha256
from yolo_feiou.storage.tables import write_json

#: The record of a complete folder, written last; and that of an unfinished one.
PREPARED_FILE, PREPARING_FILE = "prepared.json", "preparing.json"
#: The file whose lock a process holds while it makes the folder.
LOCK_FILE = ".preparing.lock"
MADE_BY = "yolo prepare coco"
#: Goes up when the same input would give other files, or other records of them: from 2 on there are checksums.
RECORD_FORMAT = 2


class PreparedSplit(msgspec.Struct):
    """An entry of `splits` of a record, as far as it is relied on."""

    folder: str
    listing: str
    skipped: list[str]


class Prepared(msgspec.Struct):
    """The record of a folder that is whole: what "nothing to do" is said of."""

    yaml: str
    files: Annotated[int, msgspec.Meta(ge=1)]
    inputs: Annotated[dict[str, dict[str, int | str]], msgspec.Meta(min_length=1)]
    splits: Annotated[dict[str, PreparedSplit], msgspec.Meta(min_length=1)]


def read_folder_record(out: Path, name: str = PREPARED_FILE) -> dict[str, Any] | None:
    """Return the record in a folder, or None if there is none of this command's, or it is damaged."""
    try:
        content = json.loads((out / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if _is_record(content) else None


def _is_record(content: object) -> bool:
    """Whether what was read is a record of this command's, with all that every version of it writes."""
    if not isinstance(content, dict) or content.get("made_by") != MADE_BY:
        return False
    splits = content.get("splits")
    if not isinstance(splits, dict) or not all(isinstance(split, dict) for split in splits.values()):
        return False
    names = [content.get("yaml"), *(split.get(key) for split in splits.values() for key in ("folder", "listing"))]
    return all(isinstance(name, str) and PurePosixPath(name).name == name for name in names)


def check_output_folder(own: Ledger, fresh: Sequence[Path], scratch: Sequence[Path]) -> None:
    """Refuse a folder that holds a user's files where this command would write its own.

    Args:
        own: What this command wrote in the folder.
        fresh: What must not be there in a folder that this command never wrote to.
        scratch: What must not be there unless it is unfinished work of this command.

    Raises:
        ArgumentError: If it is no folder, or one of them is there.
    """
    out = own.out
    if out.exists() and not out.is_dir():
        raise ArgumentError(f"out={out} is a file: expected a folder, or a name for a new one.")
    records = {name: read_folder_record(out, name) for name in (PREPARED_FILE, PREPARING_FILE)}
    wrong = [out / name for name, record in records.items() if record is None]
    if os.path.lexists(lock := out / LOCK_FILE) and (lock.is_symlink() or not lock.is_file() or lock.stat().st_size):
        wrong.append(lock)  # ours is an empty file
    if not own.known:
        wrong.append(out / ledger.LEDGER_FILE)
    if not any(records.values()):
        wrong += fresh
    wrong += [path for path in scratch if own.name(path) not in own.claimed]
    if there := [str(path.relative_to(out)) for path in wrong if os.path.lexists(path)]:
        raise ArgumentError(
            f"out={out} holds {first_three(there)}, which this command did not write and would overwrite: move them "
            "elsewhere, or name another folder."
        )


def list_made_paths(out: Path, splits: Sequence[tuple[str, str]], yaml: str) -> list[Path]:
    """Return what is replaced or removed in a folder: of a request, and of all that was made there before."""
    made, yamls = _read_made(out)
    paths = [path for folder, listing in sorted(made | set(splits)) for path in list_split_paths(out, folder, listing)]
    return paths + [out / name for name in sorted(yamls | {yaml})]


def list_split_paths(out: Path, folder: str, listing: str) -> list[Path]:
    """Return what is written for a split, and what Ultralytics writes beside it."""
    labels = out / "labels" / folder
    return [labels, labels.with_suffix(".cache"), out / listing]


def _read_made(out: Path) -> tuple[set[tuple[str, str]], set[str]]:
    """Return folder and list of all splits that were made in a folder, and the names of its data YAMLs."""
    records = [record for name in (PREPARED_FILE, PREPARING_FILE) if (record := read_folder_record(out, name))]
    splits = {(split["folder"], split["listing"]) for record in records for split in record["splits"].values()}
    return splits, {record["yaml"] for record in records}


def is_whole(out: Path, record: Mapping[str, Any], options: Mapping[str, Any], own: Collection[str]) -> bool:
    """Whether a folder holds what the options ask for, made from files as they are now.

    Args:
        out: The folder.
        record: Its record.
        options: What it is to be made with.
        own: Names of the files in it that were read, and are as they were written.
    """
    if (record.get("format"), record.get("options")) != (RECORD_FORMAT, options):
        return False
    try:
        prepared = msgspec.convert(record, Prepared)
    except msgspec.ValidationError:  # edited: what it says proves nothing
        return False
    return _matches_files(out, prepared, own)


def _matches_files(out: Path, record: Prepared, own: Collection[str]) -> bool:
    """Whether the files that a record tells of are there, and the inputs are what they were."""
    if len(own) < record.files or record.yaml not in own:
        return False
    for path, old in record.inputs.items():
        now = read_file_state(Path(path))
        if now != old and not (now is None and path.endswith(".zip")):  # of a zip all that is needed is here
            return False
    for split in record.splits.values():
        folder, start = out / "images" / split.folder, len(f"./images/{split.folder}/")
        if split.listing not in own:
            return False
        text = (out / split.listing).read_text(encoding="utf-8")
        names = [line[start:] for line in text.splitlines()]
        if not find_existing(names, folder).all() or find_existing(split.skipped, folder).any():
            return False
    return True


def read_file_state(path: Path) -> dict[str, Any] | None:
    """Return size and SHA-256 of a file, or in place of the latter the time of a zip; None if it isn't there."""
    if not path.is_file():
        return None
    found = path.stat()
    if path.suffix == ".zip":  # up to 19 GB, and checked when it is extracted
        return {"size": found.st_size, "mtime_ns": found.st_mtime_ns}
    return {"size": found.st_size, "sha256": file_sha256(path)}


def begin_record(own: Ledger, options: Mapping[str, Any], yaml: str, splits: Sequence[tuple[str, str]]) -> None:
    """Mark a folder as being made: from now on nothing in it counts as whole, and no data YAML is there.

    Args:
        own: What was written to the folder before.
        options: What it is made with.
        yaml: Name of its data YAML.
        splits: Folder and list of images of each split.

    Raises:
        ArgumentError: If a data YAML is not as it was written.
    """
    out = own.out
    made, yamls = _read_made(out)
    unwanted = [out / name for name in sorted(yamls | {yaml})]
    own.check(unwanted)
    everything = {folder: {"folder": folder, "listing": listing} for folder, listing in sorted(made | set(splits))}
    content = {"made_by": MADE_BY, "format": RECORD_FORMAT, "options": options, "yaml": yaml, "splits": everything}
    write_json(out / PREPARING_FILE, content)
    (out / PREPARED_FILE).unlink(missing_ok=True)
    for path in unwanted:
        own.remove(path)


def find_unwanted_splits(out: Path, splits: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return folder and list of the splits that a folder had before, and that are not among those named."""
    return sorted(_read_made(out)[0] - set(splits))


def finish_record(out: Path, record: Mapping[str, Any]) -> None:
    """Mark a folder as whole."""
    write_json(out / PREPARED_FILE, {"made_by": MADE_BY, "format": RECORD_FORMAT, **record})
    (out / PREPARING_FILE).unlink()
