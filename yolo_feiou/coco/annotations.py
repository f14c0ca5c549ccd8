"""The images, objects and classes of a COCO JSON as columns, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from yolo_feiou.coco.reading import Annotation, Category, Image, open_lists, read_records
from yolo_feiou.errors import DataError

_NO_ID = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Columns:
    """What a COCO JSON says of I images and N annotations, which are sorted by image and else as in the file.

    Attributes:
        names: `file_name` of each image, in the file's order.
        sizes: Width and height of each image, in pixels, shape (I, 2).
        starts: Where the annotations of each image begin, and where the last one's end, shape (I + 1,).
        classes: Position of the category among those sorted by id, shape (N,).
        boxes: x, y, width and height, in pixels of the image, shape (N, 4); finite, no side negative.
        crowds: Whether it stands for a crowd of objects, shape (N,).
        categories: Sorted by id.
        labelled: Whether the file has a list of annotations at all.
    """

    names: list[str]
    sizes: np.ndarray
    starts: np.ndarray
    classes: np.ndarray
    boxes: np.ndarray
    crowds: np.ndarray
    categories: tuple[Category, ...]
    labelled: bool

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, in Ultralytics' order: the 91 ids of COCO's 80 categories become 0 to 79."""
        return [category.name for category in self.categories]

    def of_images(self, chosen: np.ndarray) -> Columns:
        """Return the images where `chosen`, shape (I,) of bool, is true, with their annotations."""
        counts = np.diff(self.starts)
        rows = np.repeat(chosen, counts)
        return Columns(
            [name for name, keep in zip(self.names, chosen.tolist(), strict=True) if keep],
            self.sizes[chosen],
            np.concatenate(([0], np.cumsum(counts[chosen]))),
            self.classes[rows],
            self.boxes[rows],
            self.crowds[rows],
            self.categories,
            self.labelled,
        )


def read_columns(path: Path) -> Columns:
    """Read a COCO JSON; what labels don't need, as segmentations, is passed over.

    Raises:
        DataError: If it can't be read, an id is there twice, or an image or annotation can't be used.
    """
    with open_lists(path) as lists:
        if not lists.categories:
            raise DataError(f"{path} has no categories: expected a list of id and name of each class.")
        if not lists.images:
            raise DataError(f"{path} has no images: expected a list of id, file_name, width and height of each.")
        categories = tuple(sorted(lists.categories, key=lambda category: category.id))
        category_ids = np.array([category.id for category in categories])
        _once(category_ids, "category", "categories", path)
        labelled = lists.annotations is not None
        image_ids, names, sizes = _images(lists.images, path)
        lists.images = []
        ids, images, kinds, boxes, crowds = _annotations(lists.annotations or [], path)
    del lists  # and with it the mapping
    _once(ids[ids != _NO_ID], "annotation", "annotations", path)
    images = _positions(images, image_ids, ids, "image_id", "image", path)
    kinds = _positions(kinds, category_ids, ids, "category_id", "category", path)
    if (wrong := np.flatnonzero(~(np.isfinite(boxes).all(1) & (boxes[:, 2:] >= 0).all(1)))).size:
        raise DataError(
            f"{path}: {wrong.size:,} of {len(ids):,} annotations have a bbox with a negative side or a number that is "
            f"not finite: {_named(ids, wrong, lambda i: f'bbox {boxes[i].tolist()}')}. Expected [x, y, width, height] "
            "in pixels: correct or remove them."
        )
    del ids
    starts = np.concatenate(([0], np.cumsum(np.bincount(images, minlength=len(names)))))
    order = np.argsort(images, kind="stable")
    del images
    return Columns(names, sizes, starts, kinds[order], boxes[order], crowds[order], categories, labelled)


def _images(raws: Sequence[msgspec.Raw], path: Path) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return ids, names and sizes."""
    ids, sizes = np.empty(len(raws), np.int64), np.empty((len(raws), 2))
    names: list[str] = []
    for chunk in read_records(raws, Image, path):
        rows = slice(len(names), len(names) + len(chunk))
        ids[rows] = [image.id for image in chunk]
        sizes[rows] = [(image.width or 0, image.height or 0) for image in chunk]
        names += [image.file_name for image in chunk]
    _once(ids, "image", "images", path)
    if (wrong := np.flatnonzero(~(np.isfinite(sizes) & (sizes > 0)).all(1))).size:
        raise DataError(
            f"{path}: {wrong.size:,} of {len(names):,} images have no positive width and height: "
            f"{_named(ids, wrong, lambda i: names[i])}. Write their size in pixels into the JSON."
        )
    return ids, names, sizes


def _annotations(raws: Sequence[msgspec.Raw], path: Path) -> tuple[np.ndarray, ...]:
    """Return ids, image ids, category ids, boxes and crowds."""
    ids, images, kinds = (np.empty(len(raws), np.int64) for _ in range(3))
    boxes, crowds = np.empty((len(raws), 4)), np.empty(len(raws), bool)
    end = 0
    for chunk in read_records(raws, Annotation, path):
        rows = slice(end, end + len(chunk))
        end = rows.stop
        ids[rows] = [_NO_ID if annotation.id is None else annotation.id for annotation in chunk]
        images[rows] = [annotation.image_id for annotation in chunk]
        kinds[rows] = [annotation.category_id for annotation in chunk]
        boxes[rows] = np.array([annotation.bbox for annotation in chunk], float).reshape(-1, 4)
        crowds[rows] = [bool(annotation.iscrowd) for annotation in chunk]
    return ids, images, kinds, boxes, crowds


def _once(ids: np.ndarray, word: str, words: str, path: Path) -> None:
    """Raise DataError if an id is there twice."""
    ordered = np.sort(ids)
    if (twice := ordered[1:][ordered[1:] == ordered[:-1]]).size:
        raise DataError(
            f"{path}: the {word} id {twice[0]} is there more than once, and {twice.size:,} of {len(ids):,} {words} "
            "repeat an id: number them anew."
        )


def _positions(values: np.ndarray, known: np.ndarray, ids: np.ndarray, key: str, word: str, path: Path) -> np.ndarray:
    """Return where each of the values is in `known`, as int32; DataError if some are nowhere."""
    order = np.argsort(known)
    places = order[np.searchsorted(known, values, sorter=order).clip(max=len(known) - 1)]
    if (wrong := np.flatnonzero(known[places] != values)).size:
        raise DataError(
            f"{path}: {wrong.size:,} of {len(values):,} annotations have {'an' if word == 'image' else 'a'} {key} that "
            f"no {word} has: {_named(ids, wrong, lambda i: f'{key} {values[i]}')}. Correct or remove them."
        )
    return places.astype(np.int32)


def _named(ids: np.ndarray, places: np.ndarray, detail: object) -> str:
    """Return the first three of the records at these places, with what is wrong with each."""
    first = [
        f"{f'number {i + 1}' if ids[i] == _NO_ID else f'id {ids[i]}'} ({detail(i)})"  # type: ignore[operator]
        for i in places[:3].tolist()
    ]
    return ", ".join(first) + (", …" if places.size > 3 else "")
