"""Ground truth in COCO form, whatever it was read from."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from yolo_feiou.errors import DataError
from yolo_feiou.tables import read_json

Record = dict[str, Any]  # an image, annotation, category or detection as COCO writes it


@dataclass(frozen=True)
class GroundTruth:
    """What a split holds, in COCO form, complete and consistent.

    Attributes:
        images: Each with `id` and `file_name`, those without objects too.
        annotations: Each with `id`, counted from 1, `image_id`, `category_id`, `bbox` (x, y, w, h in pixels of the
            original image), `area` and `iscrowd`.
        categories: Each with `id` and `name`.
        area_source: Where the areas come from, which decide on S, M and L: 'json', 'box', or 'mixed' where the JSON has
            some of them.
        unread: How many image files of the split Ultralytics could not read, or not their labels, and left out.
    """

    images: list[Record]
    annotations: list[Record]
    categories: list[Record]
    area_source: str
    unread: int = 0

    @property
    def objects(self) -> int:
        """The number of objects that can be found: all but the crowds."""
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

    def one_class(self, name: str) -> GroundTruth:
        """Return the same with a single category, for a model trained with `single_cls`."""
        return replace(
            self,
            annotations=[{**annotation, "category_id": 1} for annotation in self.annotations],
            categories=[{"id": 1, "name": name}],
        )


def from_json(path: str | Path) -> GroundTruth:
    """Return the ground truth in a COCO JSON, crowds and areas kept.

    Annotations are numbered anew: an `id` of 0, which many exporters write, means "unmatched" to COCO's own evaluator,
    which then counts that object as missed. A missing `iscrowd` is 0, a missing `area` the box's.

    Raises:
        DataError: If the file can't be read or is no such JSON.
    """
    return in_coco_form(*_lists(path, ("images", "annotations", "categories")), source=path)


def images_from_json(path: str | Path) -> GroundTruth:
    """Return the images and categories of a COCO JSON, such as image_info_test-dev2017.json, which has no objects.

    Raises:
        DataError: If the file can't be read or is no such JSON.
    """
    images, categories = _lists(path, ("images", "categories"))
    return in_coco_form(images, [], categories, source=path)


def require_objects(truth: GroundTruth) -> None:
    """Raise DataError if there is no object to find."""
    if not truth.objects:
        raise DataError(
            f"the ground truth has no objects in its {len(truth.images)} images: there is nothing to measure."
        )


def in_coco_form(
    images: Sequence[Record], annotations: Sequence[Record], categories: Sequence[Record], source: object
) -> GroundTruth:
    """Return a ground truth of what was read, checked, completed, and without what box metrics don't need.

    Args:
        images: As COCO has them.
        annotations: Likewise; `id`, `area` and `iscrowd` may be missing.
        categories: Likewise.
        source: Where all that comes from, for messages.

    Raises:
        DataError: If something is missing, twice there, of the wrong kind, or refers to what isn't there.
    """
    image_ids, category_ids = _ids(images, "image", source), _ids(categories, "category", source)
    for kind, key, records in (("image", "file_name", images), ("category", "name", categories)):
        if nameless := [r["id"] for r in records if not isinstance(r.get(key), str) or not r[key]]:
            raise DataError(f"{source}: the {kind} with id {nameless[0]} has no {key}.")
    kept = []
    for number, annotation in enumerate(annotations, 1):
        _check(annotation, image_ids, category_ids, f"{source}: annotation {number}")
        box = [float(value) for value in annotation["bbox"]]
        kept.append(
            {
                "id": number,
                "image_id": annotation["image_id"],
                "category_id": annotation["category_id"],
                "bbox": box,
                "area": float(annotation["area"]) if _has_area(annotation) else box[2] * box[3],
                "iscrowd": int(bool(annotation.get("iscrowd"))),
            }
        )
    return GroundTruth(
        [{key: image[key] for key in ("id", "file_name", "width", "height") if key in image} for image in images],
        kept,
        [{"id": category["id"], "name": category["name"]} for category in categories],
        _area_source(map(_has_area, annotations)),
    )


def is_box(value: object, signed: bool = False) -> bool:
    """Whether this is x, y, w, h: four finite numbers, with sides that are not negative, or `signed`.

    Some heads give inverted boxes, which match nothing and are no mistake in the file.
    """
    return (
        isinstance(value, (list, tuple))
        and len(value) == 4
        and all(isinstance(number, (int, float)) and math.isfinite(number) for number in value)
        and (signed or min(value[2:]) >= 0)
    )


def _lists(path: str | Path, keys: Sequence[str]) -> list[list[Record]]:
    """Return the lists of these names in a JSON."""
    content = read_json(Path(path))
    parts = [content.get(key) if isinstance(content, dict) else None for key in keys]
    if not all(isinstance(part, list) for part in parts):
        named = f"{', '.join(keys[:-1])} and {keys[-1]}"
        kind = "ground truth" if "annotations" in keys else "list of images"
        raise DataError(f"{path} is no COCO {kind}: expected lists named {named}.")
    return parts


def _ids(records: Sequence[Record], kind: str, source: object) -> set[int]:
    """Return the ids of images or categories."""
    ids = [record.get("id") if isinstance(record, dict) else None for record in records]
    if wrong := [value for value in ids if type(value) is not int]:
        raise DataError(f"{source}: the id of one {kind} is {wrong[0]!r}: expected a whole number.")
    if len(set(ids)) < len(ids):
        twice = next(value for value in ids if ids.count(value) > 1)
        raise DataError(f"{source}: the {kind} id {twice} is there twice.")
    return set(ids)


def _check(annotation: Mapping[str, Any], images: set[int], categories: set[int], where: str) -> None:
    """Raise DataError for an annotation that can't be counted."""
    if not isinstance(annotation, dict):
        raise DataError(f"{where} is {annotation!r}: expected image_id, category_id and bbox.")
    for key, known in (("image_id", images), ("category_id", categories)):
        if not isinstance(annotation.get(key), int) or annotation[key] not in known:
            raise DataError(f"{where} has {key}={annotation.get(key)!r}, and there is no entry with that id.")
    if not is_box(annotation.get("bbox")):
        raise DataError(f"{where} has bbox={annotation.get('bbox')!r}: expected x, y, width and height in pixels.")


def _has_area(annotation: Mapping[str, Any]) -> bool:
    area = annotation.get("area")
    return isinstance(area, (int, float)) and math.isfinite(area)


def _area_source(has_area: Iterable[bool]) -> str:
    kinds = set(has_area)
    return "mixed" if len(kinds) == 2 else "json" if True in kinds else "box"
