"""A JSON that can't be read says so in a line, and names the place."""

import json

import pytest

from tests.coco.made_up import CATEGORIES, annotation, image, write_json
from yolo_feiou.coco import reading
from yolo_feiou.coco.annotations import read_columns
from yolo_feiou.coco.reading import Annotation, open_lists, read_records
from yolo_feiou.errors import DataError


def refusal(path):
    with pytest.raises(DataError) as error:
        read_columns(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off(tmp_path, share):
    path = write_json(tmp_path / "a.json", [image(1)], [annotation(1)])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "is cut off" in refusal(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"[]", "Expected object, got array"),
        (b'{"annotations": []}', "missing required field images"),
        (b'\xef\xbb\xbf{"images": []}', "byte-order mark"),
        (b'{"images": [} ', "no whole JSON"),
        (b'{"images": [], "categories": [], "annotations": {}}', "got object at annotations"),
        (b'{"images": [{"id": 1}], "categories": [{"id": 1}]}', "missing required field name at categories[0]"),
        (b'{"images": [{"id": 1}], "categories": []}', "no categories"),
        (b'{"images": [], "categories": [{"id": 1, "name": "a"}]}', "no images"),
    ],
)
def test_what_is_no_coco_json(tmp_path, content, words):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert words in refusal(path)


def test_a_file_that_is_not_there(tmp_path):
    assert "No such file" in refusal(tmp_path / "a.json")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_know(tmp_path, value):
    number = float(value)  # json.dumps writes such a number as a word
    objects = [
        annotation(11, segmentation=[[1.5, 2, 3]]),
        annotation(12, (1), (1, number, 3, 4), segmentation={"counts": [1], "size": [1, 1]}),
        annotation(13, area=number),
    ]
    path = write_json(tmp_path / "a.json", [image(1, "NaN, really.jpg")], objects)
    said = refusal(path)
    assert f"has {value} in 2 places, first in annotation with id 12, bbox." in said


def test_such_a_number_outside_any_record(tmp_path):
    path = write_json(tmp_path / "a.json", [image(1)], [], more=[1, float("nan")])
    assert "has NaN in 1 place, first at byte" in refusal(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bbox": None}, "Expected array, got null at bbox"),
        ({"bbox": [1, 2, None, 4]}, "Expected float, got null at bbox[2]"),
        ({"bbox": [1, 2, 3]}, "of length 4 at bbox"),
        ({"image_id": "1"}, "Expected int, got str at image_id"),
        ({"category_id": 10**30}, "at category_id"),
    ],
)
def test_a_record_that_does_not_fit_is_named_and_all_are_counted(tmp_path, change, words):
    objects = [annotation(n) if n % 2 else {**annotation(n), **change} for n in range(90)]
    said = refusal(write_json(tmp_path / "a.json", [image(1)], objects))
    assert "45 of 90 annotations can't be used: annotation with id 0" in said and words in said


def test_a_number_too_large_for_a_float_is_no_box(tmp_path):
    path = write_json(tmp_path / "a.json", [image(1)], [annotation(5)])
    path.write_text(path.read_text().replace("[10, 20", "[1e999, 20"))
    assert "annotation with id 5 (Number out of range at bbox[0])" in refusal(path)


def test_a_record_without_an_id_is_named_by_its_place(tmp_path):
    path = write_json(tmp_path / "a.json", [image(1)], [annotation(1), "x"])
    assert "annotation number 2 (Expected object, got str)" in refusal(path)


def test_records_come_in_pieces_and_all_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 3)
    path = write_json(tmp_path / "a.json", [image(1)], [annotation(n) for n in range(8)])
    with open_lists(path) as lists:
        pieces = list(read_records(lists.annotations, Annotation, path))
    assert [[record.id for record in piece] for piece in pieces] == [[0, 1, 2], [3, 4, 5], [6, 7]]


def test_unknown_fields_are_passed_over(tmp_path):
    path = tmp_path / "a.json"
    fields = {"segmentation": [[1, 2, {"a": "}]"}]], "nested": {"images": []}}
    content = {"x": fields, "images": [image(1, **fields)], "annotations": [annotation(1, **fields)]}
    path.write_text(json.dumps({**content, "categories": CATEGORIES}))
    assert read_columns(path).boxes.tolist() == [[10, 20, 30, 40]]
