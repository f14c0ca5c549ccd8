"""Read images, objects and classes of a COCO JSON as checked columns, for preparation and evaluation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from yolo_feiou.datasets.coco.coercion import Id
from yolo_feiou.datasets.coco.duplicate_categories import drop_duplicate_categories
from yolo_feiou.datasets.coco.ids import MAX_DIGITS, Index
from yolo_feiou.datasets.coco.json_reader import open_lists, read_records
from yolo_feiou.datasets.coco.json_records import CocoAnnotation, CocoCategory, CocoImage, name_record
from yolo_feiou.errors import DataError, first_three
from yolo_feiou.escape import make_visible

#: Share of crowds above which they are suspicious; in COCO itself it is 1 %.
MAX_CROWD_SHARE = 0.2


@dataclass(frozen=True)
class Columns:
    """The I images and N annotations of a COCO JSON, sorted by image and otherwise in the file's order.

    Attributes:
        names: `file_name` of each image, in the file's order.
        sizes: Width and height of each image, in pixels, shape (I, 2); NaN where the file has none.
        starts: Where the annotations of each image begin, and where the last one's end, shape (I + 1,).
        classes: Position of the category among those sorted by id, shape (N,).
        boxes: x, y, width and height, in pixels of the image, shape (N, 4); finite, no side negative.
        crowds: Whether it is a crowd of objects, shape (N,).
        categories: Sorted by id.
        labelled: Whether the file has a list of annotations at all.
        image_ids: The id of each image, as the file has it.
        areas: Of each annotation, in pixels, shape (N,); NaN where the file has none, else whatever it has.
        notes: Warnings of likely mistakes, and of what was left out, one line each.
    """

    names: list[str]
    sizes: np.ndarray
    starts: np.ndarray
    classes: np.ndarray
    boxes: np.ndarray
    crowds: np.ndarray
    categories: tuple[CocoCategory, ...]
    labelled: bool
    image_ids: list[Id]
    areas: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def class_names(self) -> list[str]:
        """The names of the classes, in Ultralytics' order: the 91 ids of COCO's 80 categories become 0 to 79."""
        return [category.name for category in self.categories]

    def without_repeats(self) -> tuple[Columns, int]:
        """Return the columns without repeated annotations, and how many were repeated.

        Of several with the same class and box in one image the first stays, as in Ultralytics' labels; crowds all stay.
        """
        images = np.repeat(np.arange(len(self.names)), np.diff(self.starts))
        objects = np.flatnonzero(~self.crowds)
        rows = np.column_stack([images[objects], self.classes[objects], self.boxes[objects]])
        kept = self.crowds.copy()
        kept[objects[np.unique(rows, axis=0, return_index=True)[1]]] = True
        if kept.all():
            return self, 0
        starts = np.concatenate(([0], np.cumsum(kept)))[self.starts]
        columns = {key: getattr(self, key)[kept] for key in ("classes", "boxes", "crowds", "areas")}
        return replace(self, starts=starts, **columns), int((~kept).sum())

    def of_images(self, chosen: np.ndarray) -> Columns:
        """Return the images where `chosen`, shape (I,) of bool, is true, with their annotations."""
        counts = np.diff(self.starts)
        rows = np.repeat(chosen, counts)
        kept = np.flatnonzero(chosen).tolist()
        return Columns(
            [self.names[i] for i in kept],
            self.sizes[chosen],
            np.concatenate(([0], np.cumsum(counts[chosen]))),
            self.classes[rows],
            self.boxes[rows],
            self.crowds[rows],
            self.categories,
            self.labelled,
            [self.image_ids[i] for i in kept],
            self.areas[rows],
            self.notes,
        )


def read_coco_columns(path: Path) -> Columns:
    """Read a COCO JSON; what boxes don't need, such as segmentations and ids of annotations, is ignored.

    Raises:
        DataError: If it can't be read, the id of an image or category is there twice, an image, category or annotation
            can't be used, or two categories that have annotations share a name.
    """
    with open_lists(path) as lists:
        if not lists.categories:
            raise DataError(f"{path} has no categories: expected a list of id and name of each class.")
        if not lists.images:
            raise DataError(f"{path} has no images: expected a list of id, file_name, width and height of each.")
        categories = _categories(lists.categories, path)
        labelled = lists.annotations is not None
        image_ids, names, sizes = _images(lists.images, path)
        lists.images = []
        images, kinds, boxes, areas, crowds = _annotations(
            lists.annotations or [],
            Index(image_ids, "image", path),
            Index([category.id for category in categories], "category", path),
            path,
        )
    del lists  # and with it the mapping
    categories, kinds, notes = drop_duplicate_categories(categories, kinds, path)
    starts = np.concatenate(([0], np.cumsum(np.bincount(images, minlength=len(names)))))
    order = np.argsort(images, kind="stable")
    del images
    return Columns(
        names,
        sizes,
        starts,
        kinds[order],
        boxes[order],
        crowds[order],
        categories,
        labelled,
        image_ids,
        areas[order],
        (*notes, *_crowd_notes(crowds)),
    )


def _categories(raws: Sequence[msgspec.Raw], path: Path) -> tuple[CocoCategory, ...]:
    """Return the categories, sorted by id: numerically where all are numbers or numeric strings, else as text."""
    found = [category for chunk in read_records(raws, CocoCategory, path) for category in chunk]
    if nameless := [category for category in found if not category.name.strip()]:
        raise DataError(f"{path}: the category with id {nameless[0].id!r} has no name: give it one.")
    numeric = all(
        not isinstance(category.id, str) or (category.id.isdecimal() and len(category.id) <= MAX_DIGITS)
        for category in found
    )

    def order(category: CocoCategory) -> Id:
        return str(category.id) if not numeric else int(category.id) if isinstance(category.id, str) else category.id

    return tuple(sorted(found, key=order))


def _images(raws: Sequence[msgspec.Raw], path: Path) -> tuple[list[Id], list[str], np.ndarray]:
    """Return ids, names and sizes."""
    ids: list[Id] = []
    names: list[str] = []
    sizes = np.empty((len(raws), 2))
    for chunk in read_records(raws, CocoImage, path):
        rows = slice(len(names), len(names) + len(chunk))
        sizes[rows] = np.array([(image.width, image.height) for image in chunk], float).reshape(-1, 2)  # None: NaN
        ids += [image.id for image in chunk]
        names += [image.file_name for image in chunk]
    sizes = sizes[: len(names)]
    if (wrong := np.flatnonzero(~(np.isnan(sizes) | (sizes > 0)).all(1))).size:
        raise DataError(
            f"{path}: {wrong.size:,} of {len(names):,} images have no positive width and height: "
            f"{first_three(wrong, lambda i: _describe_size(ids[i], names[i], sizes[i]))}. Write their size in pixels "
            "into the JSON, or leave width and height out: then those of the files count."
        )
    if bare := [name for name in names if not os.path.splitext(name.replace("\\", "/"))[1]]:
        raise DataError(
            f"{path}: file_name {first_three(bare, repr)} of {len(names):,} images has no suffix such as .jpg, so "
            "Ultralytics doesn't read it as an image: write the names of the files."
        )
    return ids, names, sizes


def _describe_size(of: Id, name: str, size: np.ndarray) -> str:
    """Return an image's id and name with its size in the JSON."""
    width, height = ("none" if np.isnan(side) else f"{side:.6g}" for side in size)
    return f"id {of!r} ({make_visible(name)}: width {width}, height {height})"


def _annotations(raws: Sequence[msgspec.Raw], images: Index, categories: Index, path: Path) -> tuple[np.ndarray, ...]:
    """Return positions of images and categories, boxes, areas and crowds."""
    places, kinds = np.empty(len(raws), np.int32), np.empty(len(raws), np.int32)
    boxes, areas, crowds = np.empty((len(raws), 4)), np.empty(len(raws)), np.empty(len(raws), bool)
    end = 0
    for chunk in read_records(raws, CocoAnnotation, path):
        rows = slice(end, end + len(chunk))
        end = rows.stop
        places[rows] = images.places([annotation.image_id for annotation in chunk])
        kinds[rows] = categories.places([annotation.category_id for annotation in chunk])
        boxes[rows] = np.array([annotation.bbox for annotation in chunk], float).reshape(-1, 4)
        areas[rows] = [annotation.area for annotation in chunk]  # None becomes NaN
        crowds[rows] = [annotation.iscrowd for annotation in chunk]

    def cite(wrong: np.ndarray, detail: Callable[[int], str]) -> str:
        return first_three(wrong, lambda i: f"{name_record(raws[i], i + 1).removeprefix('with ')} ({detail(i)})")

    for at, key, word in ((places, "image_id", "image"), (kinds, "category_id", "category")):
        if (wrong := np.flatnonzero(at < 0)).size:
            raise DataError(
                f"{path}: {wrong.size:,} of {len(raws):,} annotations have {'an' if word == 'image' else 'a'} {key} "
                f"that no {word} has: {cite(wrong, lambda i, key=key: f'{key} {_value(raws[i], key)!r}')}. Correct or "
                "remove them."
            )
    with np.errstate(over="ignore"):  # sides of 1e308 have no finite area
        finite = np.isfinite(boxes).all(1) & np.isfinite(boxes[:, 2] * boxes[:, 3])
    if (wrong := np.flatnonzero(~(finite & (boxes[:, 2:] >= 0).all(1)))).size:
        raise DataError(
            f"{path}: {wrong.size:,} of {len(raws):,} annotations have a bbox with a negative side, or a number or "
            f"area that is not finite: {cite(wrong, lambda i: f'bbox {boxes[i].tolist()}')}. Expected [x, y, width, "
            "height] in pixels: correct or remove them."
        )
    return places, kinds, boxes, areas, crowds


def _crowd_notes(crowds: np.ndarray) -> Iterator[str]:
    """Give a line if many annotations are crowds."""
    if (count := int(crowds.sum())) > len(crowds) * MAX_CROWD_SHARE:
        yield (
            f"{count:,} of {len(crowds):,} annotations are crowds (iscrowd: 1): they are left out of training and "
            "not counted as objects. CVAT marks all objects with masks this way. If they are single ones, set "
            "iscrowd to 0."
        )


def _value(raw: msgspec.Raw, key: str) -> Id:
    """Return one value of a record."""
    return msgspec.json.decode(raw)[key]
