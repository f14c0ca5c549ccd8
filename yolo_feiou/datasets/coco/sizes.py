"""Compare the sizes of images in a JSON with those of the files, as Ultralytics reads them."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from yolo_feiou.datasets.coco.annotations import Columns
from yolo_feiou.errors import DataError, first_three
from yolo_feiou.escape import make_visible

#: Formats in which a turned image has its sides swapped; of others decoders disagree, so the pixels tell.
SWAPPED_FORMATS = ("JPEG", "MPO", "PNG", "AVIF")
#: The tag of the EXIF orientation, of which 5 to 8 swap width and height.
ORIENTATION = 274
#: How many images of a large set are opened; all of a smaller one.
MAX_OPENED_IMAGES = 500
#: A resized image has whole pixels, so that a side may be this much longer or shorter than its share.
SIDE_ROUNDING = 1
#: Factors n/d are tried up to this d before an odd one.
_DENOMINATORS = range(1, 65)


def read_size(path: Path) -> tuple[int, int] | None:
    """Return width and height of an image, turned as its EXIF orientation says, from its header; None if it has none.

    This is how Ultralytics finds it; releases before 8.4 turn JPEG alone.
    """
    try:
        with _open(path) as image:
            turned = _orientation(image) in (5, 6, 7, 8)
            if turned and image.format not in SWAPPED_FORMATS:
                return _decoded_size(path) or image.size
            return (image.height, image.width) if turned else image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _open(path: Path) -> Image.Image:
    """Open an image by Pillow's own function, since Ultralytics' installs a package for a file that is no image."""
    return getattr(sys.modules.get("ultralytics.utils.patches"), "_image_open", Image.open)(path)


def _orientation(image: Image.Image) -> object:
    """Return the EXIF orientation of an image, None if it has none that can be read."""
    try:
        return (image.tag_v2 if isinstance(image, TiffImageFile) else image.getexif()).get(ORIENTATION)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, struct.error):
        return None


def _decoded_size(path: Path) -> tuple[int, int] | None:
    """Return width and height of an image's pixels; None if OpenCV can't decode it."""
    content = np.fromfile(path, np.uint8)
    if path.suffix.lower() in (".tif", ".tiff"):
        known, pages = cv2.imdecodemulti(content, cv2.IMREAD_UNCHANGED)
        if known and pages[0].ndim == 3:
            return pages[0].shape[1], pages[0].shape[0]
    pixels = cv2.imdecode(content, cv2.IMREAD_COLOR)
    return None if pixels is None else (pixels.shape[1], pixels.shape[0])


def check_sizes(
    columns: Columns,
    folder: Path,
    source: object,
    *,
    most: int = MAX_OPENED_IMAGES,
    read: Callable[[Path], tuple[int, int] | None] = read_size,
) -> tuple[Columns, tuple[str, ...]]:
    """Compare the sizes in a JSON with those of the files: of all, or of some hundred, evenly spread.

    Args:
        columns: What was read of the JSON, its images all there.
        folder: That the names of the images are relative to.
        source: The JSON, for messages.
        most: How many images of a large set are opened.
        read: Returns the size of an image file, None if it can't be read.

    Returns:
        The same with sizes of files where the JSON has none, and notes for the user, one line each.

    Raises:
        DataError: If sizes differ by no common factor, or there is none in the JSON nor in the file.
    """
    count = len(columns.names)
    unknown = np.asarray(np.isnan(columns.sizes).any(1))
    chosen = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)) if count else []
    looked = np.union1d(chosen, np.flatnonzero(unknown)).astype(int)
    opened = [read(folder / columns.names[i]) for i in looked.tolist()]
    blind = [make_visible(columns.names[i]) for i, size in zip(looked.tolist(), opened, strict=True) if size is None]
    found = np.array([size or (np.nan, np.nan) for size in opened], float).reshape(-1, 2)
    if lacking := [make_visible(columns.names[i]) for i in looked[np.isnan(found).any(1)].tolist() if unknown[i]]:
        raise DataError(
            f"{source}: {len(lacking):,} of {count:,} images have no width and height, and their files can't be "
            f"read: {first_three(lacking)}. Download them again, or remove them from the JSON."
        )
    notes = []
    if blind:
        notes.append(
            f"{len(blind):,} of {len(looked):,} image files that were opened can't be read, and what Ultralytics can't "
            f"read it leaves out: {first_three(blind)}."
        )
    seen = looked[~np.isnan(found).any(1)]
    found = found[~np.isnan(found).any(1)]
    factor, note = compare_sizes([columns.names[i] for i in seen.tolist()], columns.sizes[seen], found, source)
    sizes = columns.sizes.copy()
    sizes[unknown] = found[np.isin(seen, np.flatnonzero(unknown))] / factor  # in the pixels of the boxes
    if note:
        end = ": labels are shares of the image and stay right; the evaluation scales the boxes" if factor != 1 else ""
        notes.append(f"{note}{end}.")
    return replace(columns, sizes=sizes), tuple(notes)


def compare_sizes(names: Sequence[str], told: np.ndarray, found: np.ndarray, source: object) -> tuple[float, str]:
    """Return by which factor the files are larger than a JSON says, the same for all, and a clause on it.

    A pixel more or less is taken for rounding. Where sizes are equal the factor is 1 and the clause empty.

    Args:
        names: Of the images, for messages.
        told: Width and height in the JSON in pixels, shape (N, 2); NaN where it has none.
        found: Width and height of the files in pixels, shape (N, 2).
        source: The JSON, for messages.

    Raises:
        DataError: If the sizes differ otherwise: three are named, with the likely cause.
    """
    count, known = len(told), np.flatnonzero(np.isfinite(told).all(1))
    told, found, names = told[known], found[known], [names[i] for i in known.tolist()]
    odd = np.flatnonzero((told != found).any(1))
    if not odd.size:
        return 1, ""
    far = np.flatnonzero((np.abs(told - found) > SIDE_ROUNDING).any(1))
    if not far.size:
        return 1, (
            f"the files of {odd.size:,} of {len(names):,} images are a pixel larger or smaller than {source} says: "
            f"{_name_sizes(names, told, found, odd)}"
        )
    low, high = ((found - SIDE_ROUNDING) / told).max(), ((found + SIDE_ROUNDING) / told).min()
    if low <= high:
        factor = _simplest_fraction(low, high, found.sum() / told.sum())
        whose = " that have a size there" if len(names) < count else ""
        return factor, (
            f"the files of all {len(names):,} images{whose} are {factor:.6g} times as large as {source} says "
            f"({_name_sizes(names, told, found, far)}), so they were resized after annotation"
        )
    raise DataError(
        f"{source}: the sizes of {far.size:,} of {len(names):,} images are not those of their files: "
        f"{_name_sizes(names, told, found, far)}. {_explain_difference(told[far], found[far], len(names))}"
    )


def _simplest_fraction(low: float, high: float, middle: float) -> float:
    """Return the fraction with the smallest denominator from `low` to `high`, or else the middle."""
    for denominator in _DENOMINATORS:
        factor = round(middle * denominator) / denominator
        if factor and low <= factor <= high:
            return factor
    return float(min(max(middle, low), high))


def _explain_difference(told: np.ndarray, found: np.ndarray, images: int) -> str:
    """Return why sizes are likely to differ, and what to do, as a sentence."""
    if (np.abs(told[:, ::-1] - found) <= SIDE_ROUNDING).all():
        return (
            "Width and height are swapped: likely the JSON was made without the EXIF orientation, by which Ultralytics "
            "turns images. Annotate the turned images, or remove the EXIF orientation from the files."
        )
    if (found == found[0]).all() and (told != told[0]).any():
        width, height = found[0].tolist()
        return (
            f"These files are all {width:.0f} × {height:.0f}: likely they were stretched or letterboxed to that after "
            "annotation. Use the original images, or a JSON made for these."
        )
    if len(told) < images:
        return (
            "The others fit: likely these were resized, turned or replaced after annotation. Use the originals, or "
            "correct width, height and bbox in the JSON."
        )
    return (
        "They differ by no common factor: likely the files were resized or cropped one by one after annotation, or are "
        "others. Use the original images, or a JSON made for these."
    )


def _name_sizes(names: Sequence[str], told: np.ndarray, found: np.ndarray, places: np.ndarray) -> str:
    """Return the first three of the images with both sizes."""

    def name(i: int) -> str:
        (width, height), (x, y) = told[i], found[i]
        return f"{make_visible(names[i])} (JSON {width:.6g} × {height:.6g}, file {x:.0f} × {y:.0f})"

    return first_three(places, name)
