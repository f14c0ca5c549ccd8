"""The records of a COCO JSON: their fields, and how values of other types are coerced to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec

from yolo_feiou.datasets.coco.coercion import Id, to_area, to_box, to_file_name, to_flag, to_id, to_size, to_text


class CocoImage(msgspec.Struct, gc=False):
    """An image; sizes in pixels."""

    id: Id
    file_name: str
    width: float | None = None
    height: float | None = None


class CocoAnnotation(msgspec.Struct, gc=False):
    """An object, or a crowd of them; bbox is x, y, width and height in pixels."""

    image_id: Id
    category_id: Id
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: Annotated[int, msgspec.Meta(ge=0, le=1)] | bool | None = 0


class CocoCategory(msgspec.Struct, gc=False, frozen=True):
    """A class of objects."""

    id: Id
    name: str


RecordType = TypeVar("RecordType", CocoImage, CocoAnnotation, CocoCategory)
REQUIRED_FIELDS = {
    CocoAnnotation: ("image_id", "category_id", "bbox"),
    CocoImage: ("id", "file_name"),
    CocoCategory: ("id", "name"),
}
RECORD_NOUNS = {
    CocoAnnotation: ("annotation", "annotations"),
    CocoImage: ("image", "images"),
    CocoCategory: ("category", "categories"),
}
EXPECTED_FIELDS = {
    CocoAnnotation: "image_id, category_id and bbox: [x, y, width, height] in pixels, and iscrowd 0 or 1",
    CocoImage: "id, file_name, width and height",
    CocoCategory: "id and name",
}
#: How values of other types are coerced.
FIELD_READERS: dict[type, dict[str, Callable[[Any], Any]]] = {
    CocoAnnotation: {"image_id": to_id, "category_id": to_id, "bbox": to_box, "area": to_area, "iscrowd": to_flag},
    CocoImage: {"id": to_id, "file_name": to_file_name, "width": to_size, "height": to_size},
    CocoCategory: {"id": to_id, "name": to_text},
}
#: The expected kind of a value, for messages.
EXPECTED_VALUES: dict[Callable[[Any], Any], str] = {
    to_id: "a number or text",
    to_box: "a list of four numbers",
    to_flag: "0 or 1",
    to_file_name: "text, the name of a file",
    to_text: "text",
    to_size: "a number",
}


def coerce_record(raw: msgspec.Raw, kind: type[RecordType]) -> RecordType | None:
    """Return a record with values of other types read as what they plainly mean; None if one means nothing."""
    try:
        values = msgspec.json.decode(raw)
        if not isinstance(values, dict):
            return None
        return kind(**{key: read(values[key]) for key, read in FIELD_READERS[kind].items() if key in values})
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, TypeError):  # TypeError: a field is missing
        return None


class _Named(msgspec.Struct):
    id: Id


def name_record(raw: msgspec.Raw, number: int) -> str:
    """Return how to find a record: by its id, or its place in the list, from 1."""
    try:
        return f"with id {msgspec.json.decode(raw, type=_Named).id!r}"
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return f"number {number}"
