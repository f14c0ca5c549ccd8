"""A JSON that can't be read says so in a line, and names the place."""

import json

import pytest

from tests.datasets.coco.assertions import json_refusal
from tests.datasets.coco.factories import CATEGORIES, annotation, image, write_json
from yolo_feiou.datasets.coco.annotations import read_coco_columns
from yolo_feiou.datasets.coco.json_reader import open_lists, read_records
from yolo_feiou.datasets.coco.json_records import CocoAnnotation


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"[]", "Expected object, got array"),
        (b'{"annotations": []}', "missing required field images"),
        (b'{"images": [} ', "not a complete JSON"),
        (b'{"images": [], "categories": [], "annotations": {}}', "got object at annotations"),
        (
            b'{"images": [{"id": 1}], "categories": [{"id": 1}]}',
            "category with id 1 (missing: name)",
        ),
        (b'{"images": [{"id": 1}], "categories": []}', "no categories"),
        (b'{"images": [], "categories": [{"id": 1, "name": "a"}]}', "no images"),
    ],
)
def test_what_is_no_coco_json_is_refused(tmp_path, content, words):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert words in json_refusal(path)


def test_a_file_that_is_not_there_is_a_message(tmp_path):
    assert "No such file" in json_refusal(tmp_path / "a.json")


def test_a_record_without_an_id_is_named_by_its_place(tmp_path):
    path = write_json(tmp_path / "a.json", [image(1)], [annotation(1), "x"])
    assert 'annotation number 2 ("x" (text), expected an object)' in json_refusal(path)


def test_records_come_in_pieces_and_all_of_them(tmp_path):
    path = write_json(tmp_path / "a.json", [image(1)], [annotation(n, bbox=(n, 2, 3, 4)) for n in range(8)])
    with open_lists(path) as lists:
        pieces = list(read_records(lists.annotations, CocoAnnotation, path, size=3))
    assert [[record.bbox[0] for record in piece] for piece in pieces] == [[0, 1, 2], [3, 4, 5], [6, 7]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_byte_order_marks_are_read(tmp_path, encoding):
    path = write_json(tmp_path / "a.json", [image(1, "ünï.jpg")], [annotation(1)])
    text = json.dumps(json.loads(path.read_text()), ensure_ascii=False)
    mark = "\ufeff" if encoding.endswith("e") else ""  # the others write one themselves
    path.write_bytes((mark + text).encode(encoding))
    columns = read_coco_columns(path)
    assert columns.names == ["ünï.jpg"] and columns.boxes.tolist() == [[10, 20, 30, 40]]


@pytest.mark.parametrize("where", ['{"images": %s}', '{"x": %s, "images": []}', '{"images": [%s]}'])
def test_nesting_that_exhausts_recursion_is_one_line(tmp_path, where):
    path = tmp_path / "a.json"
    path.write_text(where % ("[" * 100_000 + "]" * 100_000))
    assert "nested too deeply" in json_refusal(path)


def test_an_unknown_field_nested_deeply_is_one_line(tmp_path):
    path = write_json(tmp_path / "a.json", [image(1)], [annotation(1)])
    path.write_text(path.read_text().replace('"bbox"', '"x": ' + "[" * 100_000 + "]" * 100_000 + ', "bbox"'))
    assert "nested too deeply" in json_refusal(path)


def test_unknown_fields_are_passed_over(tmp_path):
    path = tmp_path / "a.json"
    fields = {"segmentation": [[1, 2, {"a": "}]"}]], "nested": {"images": []}}
    content = {"x": fields, "images": [image(1, **fields)], "annotations": [annotation(1, **fields)]}
    path.write_text(json.dumps({**content, "categories": CATEGORIES}))
    assert read_coco_columns(path).boxes.tolist() == [[10, 20, 30, 40]]


@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_list_that_is_there_twice_is_refused(tmp_path, key, mark):
    """The last one would count otherwise, and half of the data be missing without a word."""
    path = write_json(tmp_path / "a.json", [image(1)], [annotation(1)])
    content = json.loads(path.read_text())
    path.write_text(f'{mark}{{"{key}": {json.dumps(content[key])}, {path.read_text()[1:]}', encoding="utf-8")
    assert f"has {key} more than once, expected one list each: join them into one." in json_refusal(path)


def test_the_same_words_within_records_are_no_lists(tmp_path):
    inner = {"images": [], "annotations": 1, "categories": {"categories": 2}}
    path = write_json(tmp_path / "a.json", [image(1, "images.jpg", images=1)], [annotation(1, **inner)], license=inner)
    assert read_coco_columns(path).boxes.tolist() == [[10, 20, 30, 40]]
