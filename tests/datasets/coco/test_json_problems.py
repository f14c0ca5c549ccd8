"""What is wrong with a JSON or a record is said with its place."""

import json

import pytest

from tests.datasets.coco.assertions import json_refusal
from tests.datasets.coco.factories import CATEGORIES, annotation, image, write_json


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_refused(tmp_path, share):
    path = write_json(tmp_path / "a.json", [image(1)], [annotation(1)])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "is cut off" in json_refusal(path)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_know_are_refused_with_their_records(tmp_path, value):
    number = float(value)  # json.dumps writes such a number as a word
    objects = [
        annotation(11, segmentation=[[1.5, 2, 3]]),
        annotation(12, (1), (1, number, 3, 4), segmentation={"counts": [1], "size": [1, 1]}),
        annotation(13, area=number),
    ]
    path = write_json(tmp_path / "a.json", [image(1, "NaN, really.jpg")], objects)
    said = json_refusal(path)
    assert f"has {value} in 2 places, first in annotation with id 12, bbox." in said


def test_a_number_that_json_does_not_know_is_refused_outside_records_too(tmp_path):
    path = write_json(tmp_path / "a.json", [image(1)], [], more=[1, float("nan")])
    assert "has NaN in 1 place, first at byte" in json_refusal(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bbox": None}, "bbox is null (no value), expected a list of four numbers"),
        ({"bbox": [1, 2, None, 4]}, "bbox is [1, 2, null, 4] (list), expected a list of four numbers"),
        ({"bbox": [1, 2, 3]}, "bbox is [1, 2, 3] (list), expected"),
        ({"bbox": ["1", "2", "3", "four"]}, 'bbox is ["1", "2", "3", "four"] (list)'),
        ({"bbox": [True, 2, 3, 4]}, "bbox is [true, 2, 3, 4] (list)"),
        ({"bbox": "4,5"}, 'bbox is "4,5" (text), expected a list of four numbers'),
        ({"bbox": ["1", "2", "3", "1e999"]}, 'bbox is ["1", "2", "3", "1e999"] (list)'),
        ({"image_id": None}, "image_id is null (no value), expected a number or text"),
        ({"category_id": [3]}, "category_id is [3] (list), expected a number or text"),
        ({"category_id": True}, "category_id is true (boolean)"),
        ({"iscrowd": 2}, "iscrowd is 2 (number), expected 0 or 1"),
        ({"iscrowd": ""}, 'iscrowd is "" (text), expected 0 or 1'),
        ({"iscrowd": "perhaps"}, 'iscrowd is "perhaps" (text)'),
        ({"iscrowd": "x" * 999}, f'iscrowd is "{"x" * 59}… (text)'),
        ({"iscrowd": [0]}, "iscrowd is [0] (list), expected 0 or 1"),
    ],
)
def test_records_that_do_not_fit_are_named_up_to_three_and_all_are_counted(tmp_path, change, words):
    objects = [annotation(n) if n % 2 else {**annotation(n), **change} for n in range(90)]
    said = json_refusal(write_json(tmp_path / "a.json", [image(1)], objects))
    assert "45 of 90 annotations can't be used: annotation with id 0 (" in said and words in said
    assert all(f"with id {number} (" in said for number in (0, 2, 4)) and "with id 6" not in said


def test_a_number_too_large_for_a_float_is_no_box(tmp_path):
    path = write_json(tmp_path / "a.json", [image(1)], [annotation(5)])
    path.write_text(path.read_text().replace("[10, 20", "[1e999, 20"))
    assert "annotation with id 5 (Number out of range at bbox[0])" in json_refusal(path)


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("images", {"file_name": None}, "3 of 3 images can't be used: image with id 1 ("),
        ("images", {"file_name": ["a.jpg"]}, 'file_name is ["a.jpg"] (list), expected text, the name of a file'),
        ("images", {"file_name": 1}, "file_name is 1 (number), expected text, the name of a file"),
        ("images", {"width": "wide"}, 'width is "wide" (text), expected a number'),
        ("images", {"width": True}, "width is true (boolean), expected a number"),
        ("images", {"id": None}, "image number 1 ("),
        ("annotations", {"bbox": {"x": 1}}, "3 of 3 annotations can't be used: annotation with id 1 ("),
        ("annotations", {"iscrowd": "-1"}, 'iscrowd is "-1" (text)'),
        ("categories", {"name": None}, "2 of 2 categories can't be used: category with id 7 ("),
        ("categories", {"id": None}, "category number 1 ("),
    ],
)
def test_no_traceback_where_every_record_is_odd_in_the_same_way(tmp_path, kind, change, words):
    content = {"images": [image(n) for n in (1, 2, 3)], "annotations": [annotation(n) for n in (1, 2, 3)]}
    content["categories"] = CATEGORIES
    content[kind] = [{**record, **change} for record in content[kind]]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    assert words in json_refusal(path)


def test_another_encoding_is_named_as_such_with_the_place(tmp_path):
    path = tmp_path / "a.json"
    content = {"images": [image(1, "caf\xe9.jpg")], "annotations": [], "categories": CATEGORIES}
    path.write_bytes(json.dumps(content, ensure_ascii=False).encode("latin-1"))
    said = json_refusal(path)
    assert "is not UTF-8: byte 0xe9 in image number 1, around it 'caf\xe9" in said
    assert said.endswith("Write the file as UTF-8.")
