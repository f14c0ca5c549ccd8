"""Check the image files that a JSON names: valid names, and existing files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from yolo_feiou.datasets.coco.convert import make_label_name
from yolo_feiou.datasets.coco.similar_names import suggest_name
from yolo_feiou.errors import DataError, first_three

#: Suffixes of image files that Ultralytics reads; older releases lack avif, heif and jp2.
IMAGE_SUFFIXES = frozenset(
    ("avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "png", "tif", "tiff", "webp")
)


def make_usable_names(names: Sequence[str], source: object, images: Path | None = None) -> tuple[str, list[str]]:
    """Return names of image files that Ultralytics finds the labels of, and the folder that they are in.

    Args:
        names: As the JSON has them.
        source: The JSON, for messages.
        images: The folder that they are relative to; there a name with backslashes is a path if that file exists.

    Returns:
        A folder and the names within it. It is '' but for names like 'images/7.jpg': Ultralytics replaces the last
        'images' of a path by 'labels', so no name may have that part, and the folder is then 'images'.

    Raises:
        DataError: If a name leaves its folder, is not an image format of Ultralytics', or two would share a label file.
    """
    names = [_with_slashes(name, images) if "\\" in name else name for name in names]
    if wrong := [name for name in names if _leaves_folder(name)]:
        raise DataError(
            f"{source}: file_name {first_three(wrong, repr)} of {len(names):,} leads out of the folder of the "
            "images, or is not a path of a file in it: expected a relative path without '..'."
        )
    paths = [os.path.normpath(name) for name in names]
    if wrong := [path for path in paths if os.path.splitext(path)[1][1:].lower() not in IMAGE_SUFFIXES]:
        raise DataError(
            f"{source}: file_name {first_three(wrong, repr)} of {len(names):,} is not an image format that "
            f"Ultralytics reads: expected one of {', '.join(sorted(IMAGE_SUFFIXES))}. Convert them, or remove them "
            "from the JSON."
        )
    folders = set(map(_images_folder, paths))
    if len(folders) > 1:
        one, other = sorted(folders)[:2]
        raise DataError(
            f"{source}: file_name have '{other}' before them and {repr(one) if one else 'none such'} too. Ultralytics "
            "replaces the last 'images' of a path by 'labels': move the images, so that all have the same or none."
        )
    (folder,) = folders
    paths = [path[len(folder) :] for path in paths]
    labels = Counter(map(make_label_name, paths))
    if shared := [label for label, count in labels.items() if count > 1]:
        both = [path for path in paths if make_label_name(path) == shared[0]]
        if len(set(both)) == 1:
            raise DataError(
                f"{source}: the image {both[0]} is listed {len(both)} times, with an id each: list it once."
            )
        raise DataError(
            f"{source}: images {' and '.join(both[:2])} would share the label file {shared[0]}, as {len(shared):,} "
            "label files would be shared: rename the files, so that they differ before the suffix too."
        )
    return folder.rstrip("/"), paths


def check_names(names: Sequence[str], source: object) -> None:
    """Refuse the names that `make_usable_names` refuses, where the folder of the images isn't known.

    Backslashes count as slashes, since only a look at the files could tell.

    Raises:
        DataError: As `make_usable_names`.
    """
    make_usable_names([name.replace("\\", "/") for name in names], source)


def find_existing(names: Sequence[str], folder: Path) -> np.ndarray:
    """Return which of the images are files in a folder, shape (I,) of bool; each folder is listed once."""
    parts = [os.path.split(name) for name in names]
    there = {parent: _files(folder / parent) for parent in {parent for parent, _ in parts}}
    return np.array([name in there[parent] for parent, name in parts], bool)


def check_missing(names: Sequence[str], there: np.ndarray, folder: Path, source: object, skip: bool) -> list[str]:
    """Return the names of the images that are not there.

    Args:
        names: As in the JSON.
        there: Which of them are there.
        folder: Where they should be, for messages.
        source: The JSON, for messages.
        skip: Whether images may be missing.

    Raises:
        DataError: If images are missing that may not, or all are.
    """
    missing = [names[i] for i in np.flatnonzero(~there).tolist()]
    first = f"{first_three(missing)}{_hint(missing, folder)}"
    if len(missing) == len(names):
        raise DataError(
            f"none of the {len(names):,} images in {source} is in {folder}: {first}. Name the folder to which each "
            "file_name is relative."
        )
    if missing and not skip:
        raise DataError(
            f"{len(missing):,} of the {len(names):,} images in {source} are not in {folder}: {first}. Get them, or go "
            "on without them by missing=skip."
        )
    return missing


def _leaves_folder(name: str) -> bool:
    """Whether a file name is absolute, leaves its folder, or can't stand in a line of a list."""
    return (
        not name.strip()
        or "\\" in name
        or "\0" in name
        or len(name.splitlines()) != 1
        or os.path.isabs(name)
        or os.path.normpath(name).split("/")[0] in ("..", ".")
    )


def _with_slashes(name: str, images: Path | None) -> str:
    """Return a name with slashes in place of backslashes if that is a file, else as it is."""
    path = name.replace("\\", "/")
    return path if images and not _leaves_folder(path) and (images / path).is_file() else name


def _images_folder(path: str) -> str:
    """Return the folders of a path up to the last one called 'images', each with a / behind it; '' if none is."""
    at = f"/{path}".rfind("/images/")
    return path[: at + len("images/")] if at >= 0 else ""


def _hint(missing: Sequence[str], folder: Path) -> str:
    """Return which file one of the first missing images might be, if it is spelled otherwise."""
    for name in missing[:3]:
        parent = os.path.dirname(name)
        if near := suggest_name(name, sorted(_files(Path(folder) / parent))):
            return f" ({name}{near})"
    return ""


def _files(folder: Path) -> set[str]:
    """Return the names of the files in a folder; none if there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.is_file()}
    except (FileNotFoundError, NotADirectoryError):
        return set()
