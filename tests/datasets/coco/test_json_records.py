"""Records are read as what their values plainly mean, and named by their ids."""

import json

import msgspec
import pytest

from yolo_feiou.datasets.coco.coercion import to_area
from yolo_feiou.datasets.coco.json_records import (
    EXPECTED_FIELDS,
    EXPECTED_VALUES,
    FIELD_READERS,
    RECORD_NOUNS,
    REQUIRED_FIELDS,
    CocoAnnotation,
    CocoCategory,
    CocoImage,
    coerce_record,
    name_record,
)

KINDS = (CocoImage, CocoAnnotation, CocoCategory)


def raw(content):
    return msgspec.Raw(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("kind", "content", "record"),
    [
        (CocoImage, {"id": 1.0, "file_name": "1.jpg", "width": "200"}, CocoImage(1, "1.jpg", 200, None)),
        (CocoCategory, {"id": "a", "name": 5, "more": [1]}, CocoCategory("a", "5")),
        (
            CocoAnnotation,
            {"image_id": "1", "category_id": 2, "bbox": ["1", 2, 3, 4], "area": "large", "iscrowd": "true"},
            CocoAnnotation("1", 2, (1, 2, 3, 4), None, 1),
        ),
    ],
)
def test_values_of_other_types_are_what_they_plainly_mean(kind, content, record):
    assert coerce_record(raw(content), kind) == record


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (CocoImage, {"id": 1}),
        (CocoImage, {"id": 1, "file_name": 1}),
        (CocoAnnotation, {"image_id": 1, "category_id": 2, "bbox": [1, 2, 3]}),
        (CocoCategory, [1, "cat"]),
    ],
)
def test_a_record_that_means_nothing_is_none(kind, content):
    assert coerce_record(raw(content), kind) is None


def test_bytes_that_are_no_json_are_no_record():
    assert coerce_record(msgspec.Raw(b'{"id": 1, "name": "caf\xe9"}'), CocoCategory) is None


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({"id": 7}, "with id 7"),
        ({"id": "0007", "x": 1}, "with id '0007'"),
        ({"id": None}, "number 3"),
        ([], "number 3"),
    ],
)
def test_a_record_is_named_by_its_id_or_else_its_place(content, name):
    assert name_record(raw(content), 3) == name


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_record_has_its_words_and_each_field_a_reader(kind):
    """All but an area, which may be anything, says what is expected of it."""
    assert set(FIELD_READERS[kind]) == set(kind.__struct_fields__)
    required = {field.name for field in msgspec.structs.fields(kind) if field.required}
    assert set(REQUIRED_FIELDS[kind]) == required
    assert all(field in EXPECTED_FIELDS[kind] for field in required)
    assert set(FIELD_READERS[kind].values()) - {to_area} <= set(EXPECTED_VALUES)
    assert len(RECORD_NOUNS[kind]) == 2
