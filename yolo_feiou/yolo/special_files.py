"""FIFOs, sockets and devices among images and labels, on which reading would hang without end."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ultralytics.data.utils import IMG_FORMATS, img2label_paths

from yolo_feiou.errors import DataError, first_three

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def check_special_files(places: str | Path | Iterable[str | Path], source: str) -> None:
    """Refuse images and labels that are not ordinary files; none is opened, and few are inspected one by one.

    Args:
        places: The folders of images, and lists of images, of a split, as Ultralytics' `check_det_dataset` gives them.
        source: What they are of, for the message.

    Raises:
        DataError: If there are some: three are named.
    """
    images = [file for place in ([places] if isinstance(places, (str, Path)) else places) for file in _images(place)]
    labels = img2label_paths(images)  # pyright: ignore[reportArgumentType]  # a list of names will do
    files = sorted([*images, *labels])
    odd = {path: kind for folder in {os.path.dirname(file) for file in files} for path, kind in _special(folder)}
    if found := [f"{file} ({odd[file]})" for file in files if file in odd]:
        raise DataError(
            f"{source}: {first_three(found)}: reading would wait there for ever. "
            "Expected ordinary files: remove what is none."
        )


def iter_places(places: Any) -> Iterator[str | Path]:
    """Yield the folders and lists of images of a split, however Ultralytics nests them.

    Args:
        places: A path, none, a list, or what a training from scratch has for images with texts: a dict with `img_path`.
    """
    if isinstance(places, Mapping):
        yield from iter_places(places.get("img_path"))
    elif isinstance(places, (list, tuple)):
        for place in places:
            yield from iter_places(place)
    elif places:
        yield places


def check_ordinary(path: str | Path, told: str) -> None:
    """Raise DataError if a path leads to a FIFO, a socket or a device, on which reading would hang.

    Args:
        path: The path, to something or nothing.
        told: By what argument it is given, for the message.
    """
    with suppress(OSError):
        if kind := _KINDS.get(stat.S_IFMT(os.stat(path).st_mode)):
            raise DataError(f"{told} is {kind}: reading would wait there for ever. Expected an ordinary file.")


def _images(place: str | Path) -> list[str]:
    """Return the image files in a folder and those below it, or in a list; none if there is no such place."""
    if os.path.isdir(place):
        walked = os.walk(place, followlinks=True)
        files = [os.path.join(parent, name) for parent, _, names in walked for name in names]
    elif os.path.isfile(place):
        parent = os.path.dirname(place)
        lines = Path(place).read_text(encoding="utf-8-sig", errors="replace").split("\n")
        files = [os.path.join(parent, line[2:]) if line.startswith("./") else line for line in map(str.strip, lines)]
    else:
        return []
    return [file for file in files if file.rpartition(".")[-1].lower() in IMG_FORMATS]


def _special(folder: str) -> list[tuple[str, str]]:
    """Return what is neither file nor folder in a folder, with what it is; a link counts as what it leads to."""
    try:
        with os.scandir(folder or ".") as entries:
            odd = [entry for entry in entries if not entry.is_file() and not entry.is_dir()]
    except OSError:
        return []
    return [(os.path.join(folder, entry.name), kind) for entry in odd if (kind := _kind(entry))]


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        return _KINDS.get(stat.S_IFMT(entry.stat().st_mode), "")
    except OSError:  # a link that leads nowhere, which Ultralytics leaves out
        return ""
