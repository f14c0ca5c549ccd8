"""Match Ultralytics' image files and classes to the ids of the ground truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath

from yolo_feiou.datasets.coco.similar_names import fold_name, suggest_name
from yolo_feiou.errors import DataError, did_you_mean
from yolo_feiou.escape import make_visible
from yolo_feiou.evaluation.truth import CocoRecord


def match_images(files: Sequence[str], images: Sequence[CocoRecord], unlisted: Collection[str] = ()) -> dict[str, int]:
    """Return the image id of each image file.

    A file is the image whose `file_name` has the same last part and, among those, the most folders before it in common.
    So 'val2017/7.jpg', '7.jpg' and 'images/val2017/7.jpg' all match their file, and 'a/7.jpg' doesn't match 'b/7.jpg'.

    Args:
        files: Paths of image files.
        images: As COCO has them.
        unlisted: Files that may be missing among the images; they are skipped then.

    Raises:
        DataError: If a file matches no image, several images, or the same one as another file.
    """
    known: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)  # by their last part, their last two, and so on
    for image in images:
        for end in _path_suffixes(image["file_name"]):
            known[end].append(image["id"])
    ids: dict[str, int] = {}
    owners: dict[int, str] = {}
    missing: list[str] = []
    for file in files:
        best: list[int] = []
        for end in _path_suffixes(file):
            if end not in known:
                break
            best = known[end]
        if not best:
            missing.append(file)
            continue
        if len(best) > 1:
            raise DataError(f"{file} matches {len(best)} images of the ground truth: give their file_name a folder.")
        if best[0] in owners:
            raise DataError(
                f"{owners[best[0]]} and {file} both match the image with id {best[0]} of the ground truth: give its "
                "file_name a folder."
            )
        ids[file], owners[best[0]] = best[0], file
    _check_missing(missing, unlisted, images, len(files))
    return ids


def match_categories(names: Sequence[str], categories: Sequence[CocoRecord]) -> list[int]:
    """Return the category id of each class of a model: by position where all names agree, else by name.

    Args:
        names: The model's classes, in order.
        categories: As COCO has them.

    Raises:
        DataError: If a class is not among the categories, or its name is ambiguous.
    """
    known = [category["name"] for category in categories]
    if list(names) == known:
        return [category["id"] for category in categories]
    counts, wanted = Counter(known), Counter(names)
    if unknown := [name for name in names if name not in counts]:
        raise DataError(
            f"unknown class '{make_visible(unknown[0])}' of the model ({len(known)} known in the ground "
            f"truth){did_you_mean(unknown[0], known)} Evaluate it on data with the class names that it was trained "
            "with."
        )
    if twice := [name for name in names if counts[name] > 1 or wanted[name] > 1]:
        raise DataError(
            f"the class name '{make_visible(twice[0])}' is there twice, so it is ambiguous: rename one of the two."
        )
    by_name = {category["name"]: category["id"] for category in categories}
    return [by_name[name] for name in names]


def _check_missing(missing: Sequence[str], unlisted: Collection[str], images: Sequence[CocoRecord], count: int) -> None:
    """Raise DataError for files that must be among the images, or whose names differ in spelling only."""
    if not missing:
        return
    known = {fold_name(image["file_name"]): image["file_name"] for image in images}
    near = [file for file in missing if fold_name(file) in known]
    refused = near or [file for file in missing if file not in unlisted or len(missing) == count]
    if not refused:
        return
    first, others = make_visible(refused[0]), len(missing) - 1
    told = f"{first} is" if not others else f"{first} and {others:,} more of {count:,} images are"
    end = (
        suggest_name(refused[0], known.values())
        or ": add them to the JSON, without annotations where there are no objects"
    )
    raise DataError(f"{told} in the split but not among the {len(images)} images of the ground truth{end}.")


def _path_suffixes(path: str) -> Iterator[tuple[str, ...]]:
    """Yield the last part of a path, the last two, and so on up to all."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return (parts[-count:] for count in range(1, len(parts) + 1))
