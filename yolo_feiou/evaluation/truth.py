"""Ground truth in COCO form, from any source."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from yolo_feiou.datasets.coco.annotations import Columns, read_coco_columns
from yolo_feiou.datasets.coco.ids import make_ordinary_ids
from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.areas import choose_areas

CocoRecord = dict[str, Any]  # an image, annotation, category or detection as COCO writes it


@dataclass(frozen=True)
class GroundTruth:
    """The ground truth of a split in COCO form, complete and consistent.

    Attributes:
        images: Each with `id` and `file_name`, those without objects too.
        annotations: Each with `id`, counted from 1, `image_id`, `category_id`, `bbox` (x, y, w, h in pixels of the
            original image), `area` and `iscrowd`.
        categories: Each with `id` and `name`.
        area_source: Where the areas come from, which decide on S, M and L: 'json', 'box', or 'mixed' where the JSON has
            some of them, or some that can be.
        unread: How many image files of the split Ultralytics could not read, or not their labels, and left out.
        areas_replaced: How many areas of the JSON are implausible, and replaced by the box's.
        unlisted: How many images of the split the JSON doesn't list, which count as images without objects.
        scale: By what the boxes of the JSON were multiplied, since its images have another size than the files.
        ignored: Names of categories with objects that the model doesn't have, and that don't count.
    """

    images: list[CocoRecord]
    annotations: list[CocoRecord]
    categories: list[CocoRecord]
    area_source: str
    unread: int = 0
    areas_replaced: int = 0
    unlisted: int = 0
    scale: float = 1
    ignored: Sequence[str] = ()

    @property
    def objects(self) -> int:
        """The number of objects: all annotations but the crowds."""
        return sum(not annotation["iscrowd"] for annotation in self.annotations)

    def of_images(self, ids: Collection[int]) -> GroundTruth:
        """Return what these images hold."""
        ids = set(ids)
        return replace(
            self,
            images=[image for image in self.images if image["id"] in ids],
            annotations=[annotation for annotation in self.annotations if annotation["image_id"] in ids],
        )

    def of_categories(self, ids: Collection[int]) -> GroundTruth:
        """Return what is of these categories."""
        return replace(
            self,
            annotations=[annotation for annotation in self.annotations if annotation["category_id"] in ids],
            categories=[category for category in self.categories if category["id"] in ids],
        )

    def scaled(self, factor: float) -> GroundTruth:
        """Return the same in images that are larger by a factor."""
        sizes = [{key: image[key] * factor for key in ("width", "height") if key in image} for image in self.images]
        return replace(
            self,
            images=[{**image, **size} for image, size in zip(self.images, sizes, strict=True)],
            annotations=[
                {**one, "bbox": [value * factor for value in one["bbox"]], "area": one["area"] * factor**2}
                for one in self.annotations
            ],
            scale=factor,
        )

    def one_class(self, name: str) -> GroundTruth:
        """Return the same with a single category, for a model trained with `single_cls`."""
        return replace(
            self,
            annotations=[{**annotation, "category_id": 1} for annotation in self.annotations],
            categories=[{"id": 1, "name": name}],
        )


def read_ground_truth(path: str | Path) -> GroundTruth:
    """Return the ground truth in a COCO JSON, crowds kept.

    Raises:
        DataError: If the file can't be read or used, or has no list of annotations.
    """
    return make_ground_truth(read_coco_columns(Path(path)), path)


def make_ground_truth(columns: Columns, source: object) -> GroundTruth:
    """Return the ground truth in what was read of a COCO JSON, crowds kept.

    Ids of images and categories are the JSON's where they are whole numbers below 2^53, which all COCO tools read, and
    are counted from 1 otherwise. Annotations are renumbered: an `id` of 0, which many exporters write, means
    "unmatched" to COCO's own evaluator, which then counts that object as missed. Areas are the JSON's where they can
    be, see `choose_areas`, and else the box's.

    Args:
        columns: What was read.
        source: The JSON, for messages.

    Raises:
        DataError: If there is no list of annotations.
    """
    if not columns.labelled:
        raise DataError(f"{source} is not a COCO ground truth: expected a list named annotations, and there is none.")
    areas, area_source, replaced = choose_areas(columns.areas, columns.boxes)
    images = _images(columns)
    image_ids = np.repeat(np.array([image["id"] for image in images]), np.diff(columns.starts))
    categories = _categories(columns)
    category_ids = np.array([category["id"] for category in categories])[columns.classes]
    rows = zip(
        *(column.tolist() for column in (image_ids, category_ids, columns.boxes, areas, columns.crowds.astype(int))),
        strict=True,
    )
    keys = ("id", "image_id", "category_id", "bbox", "area", "iscrowd")
    annotations: list[CocoRecord] = [dict(zip(keys, (number, *row), strict=True)) for number, row in enumerate(rows, 1)]
    return GroundTruth(images, annotations, categories, area_source, areas_replaced=replaced)


def _images(columns: Columns) -> list[CocoRecord]:
    """Return the images of a COCO JSON, with their sizes where it has both."""
    images: list[CocoRecord] = []
    ids = make_ordinary_ids(columns.image_ids)
    for number, name, size in zip(ids, columns.names, columns.sizes.tolist(), strict=True):
        image: CocoRecord = {"id": number, "file_name": name}
        if all(map(math.isfinite, size)):
            image["width"], image["height"] = (int(side) if side.is_integer() else side for side in size)
        images.append(image)
    return images


def _categories(columns: Columns) -> list[CocoRecord]:
    ids = make_ordinary_ids([category.id for category in columns.categories])
    return [{"id": n, "name": category.name} for n, category in zip(ids, columns.categories, strict=True)]


def require_objects(truth: GroundTruth) -> None:
    """Raise DataError if there are no objects."""
    if not truth.objects:
        raise DataError(f"the ground truth has no objects in its {len(truth.images)} images: no metric is defined.")


def make_record_truth(
    images: Sequence[CocoRecord], annotations: Sequence[CocoRecord], categories: Sequence[CocoRecord]
) -> GroundTruth:
    """Return a ground truth of records that are known to fit each other, with areas of boxes where they have none.

    Args:
        images: As COCO has them.
        annotations: With `image_id`, `category_id`, `bbox`, and perhaps `iscrowd` and `area`.
        categories: As COCO has them.
    """
    kept = []
    for number, annotation in enumerate(annotations, 1):
        box = [float(value) for value in annotation["bbox"]]
        of = {key: annotation[key] for key in ("image_id", "category_id")}
        crowd = int(annotation.get("iscrowd", 0))
        kept.append(
            {"id": number, **of, "bbox": box, "area": annotation.get("area", box[2] * box[3]), "iscrowd": crowd}
        )
    return GroundTruth([*images], kept, [*categories], "box")


def is_box(value: object, signed: bool = False) -> bool:
    """Return whether this is x, y, w, h: four finite numbers, with sides that are not negative, unless `signed`.

    Some heads predict inverted boxes, which match nothing and are not a mistake in the file.
    """
    return (
        isinstance(value, (list, tuple))
        and len(value) == 4
        and all(isinstance(number, (int, float)) and math.isfinite(number) for number in value)
        and (signed or min(value[2:]) >= 0)
    )
