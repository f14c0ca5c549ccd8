"""A folder with labels, lists, links to the images and a data YAML, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from yolo_feiou.datasets.coco.ledger import LEDGER_FILE, Ledger
from yolo_feiou.datasets.voc.convert import VocCounts, write_split_labels
from yolo_feiou.datasets.voc.splits import Splits
from yolo_feiou.errors import ArgumentError, DataError

#: The record of the folder: what it was made of, and what was counted.
RECORD_FILE = "prepared.json"
MADE_BY = "yolo prepare voc"
LEDGER_HEAD = f"# Made by {MADE_BY} of yolo-feiou: what it wrote here, and may replace while it is unchanged.\n"


def is_prepared(out: Path, options: Mapping[str, Any]) -> bool:
    """Return whether a folder is what these options made before, unchanged since.

    Args:
        out: The folder.
        options: All that decides on the result.

    Raises:
        ArgumentError: If it isn't, and holds anything that this command didn't write, or that changed since.
    """
    if not out.is_dir():
        if os.path.lexists(out):
            raise ArgumentError(f"out={out} is not a folder: name another one.")
        return False
    own = Ledger(out, LEDGER_HEAD)
    found = own.survey(path for path in sorted(out.iterdir()) if path.name != LEDGER_FILE)
    is_whole = own.known and found.own == {*own.files, *own.links}
    if is_whole and not found.changed and not found.foreign and _read_options(out) == dict(options):
        return True
    own.refuse(found)
    return False


def write_voc(
    out: Path,
    splits: Splits,
    classes: Sequence[str],
    images: Path,
    options: Mapping[str, Any],
) -> dict[str, VocCounts]:
    """Write the folder, in the place of one that `is_prepared` looked at, and return what was counted by split.

    Args:
        out: The folder.
        splits: The images of each split, their sizes known.
        classes: The classes in the order of their indices.
        images: The folder of the images.
        options: All that decides on the result, for the record.

    Raises:
        ArgumentError: If another process wrote the folder meanwhile.
        DataError: If links can't be made here.
        OSError: If a file can't be written; nothing has changed then.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    made, old = part / "made", part / "old"
    try:
        counts = _write_parts(made, f"{out.name}.yaml", splits, classes, images, options)
        if out.is_dir():
            is_prepared(out, {})  # compared once more: writing took a while
            out.rename(old)
        try:
            made.rename(out)
        except OSError:
            raise ArgumentError(f"another process has just written to out={out}: repeat the command.") from None
    finally:
        if old.is_dir() and not os.path.lexists(out):
            old.rename(out)
        shutil.rmtree(part, ignore_errors=True)
    return counts


def _write_parts(
    made: Path, yaml_name: str, splits: Splits, classes: Sequence[str], images: Path, options: Mapping[str, Any]
) -> dict[str, VocCounts]:
    counts, files, links = {}, {}, {}

    def write(name: str, text: str) -> None:
        (made / name).write_text(text, encoding="utf-8", newline="\n")
        files[name] = hashlib.sha256(text.encode()).hexdigest()

    (made / "images").mkdir(parents=True)
    for split, part in splits.items():
        folder = made / "labels" / split
        folder.mkdir(parents=True)
        counts[split], digests = write_split_labels(part, classes, folder, options["difficult"])
        files |= {f"labels/{split}/{name}": digest for name, digest in digests.items()}
        write(f"{split}.txt", "".join(f"./images/{split}/{image.file}\n" for image in part))
        try:
            (made / "images" / split).symlink_to(images, target_is_directory=True)
        except OSError as error:
            raise DataError(
                f"no link to {images} can be made ({error.strerror}): on Windows switch its developer mode on, else "
                "name another folder with out=."
            ) from None
        links[f"images/{split}"] = str(images)
    write(yaml_name, format_data_yaml(list(splits), classes))
    told = {split: {**asdict(one.labels), "classes": one.by_class} for split, one in counts.items()}
    write(RECORD_FILE, json.dumps({"made_by": MADE_BY, "options": options, "splits": told}, indent=1) + "\n")
    Ledger(made, LEDGER_HEAD).settle(files, links)
    return counts


def format_data_yaml(splits: Sequence[str], classes: Sequence[str]) -> str:
    """Return the data YAML, whose root is the folder that it lies in."""
    content = {**{split: f"{split}.txt" for split in splits}, "names": dict(enumerate(classes))}
    return f"# Made by {MADE_BY} of yolo-feiou.\n" + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _read_options(out: Path) -> object:
    with suppress(OSError, ValueError):
        content = json.loads((out / RECORD_FILE).read_text(encoding="utf-8"))
        return content.get("options") if isinstance(content, dict) else None
    return None
