"""Preparation and evaluation give one result on a JSON: what one takes the other takes."""

import copy
import json
import math

import pytest

from tests.datasets.coco.factories import CATEGORIES, annotation, image, write_images
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.objects import find_expected_objects
from yolo_feiou.evaluation.source import find_source
from yolo_feiou.evaluation.truth import read_ground_truth
from yolo_feiou.yolo.splits import read_split

PLAIN = {
    "images": [image(1), image(2), image(3)],
    "annotations": [annotation(1), annotation(2, 2, category_id=7), annotation(3, 3)],
    "categories": CATEGORIES,
}
NESTED = "[" * 100_000 + "]" * 100_000


def changed(kind, **change):
    """The JSON with all records of a kind changed in the same way."""
    content = copy.deepcopy(PLAIN)
    for record in content[kind]:
        record.update(change)
    return json.dumps(content)


def but(kind, place, **change):
    """The JSON with one record changed."""
    content = copy.deepcopy(PLAIN)
    content[kind][place].update(change)
    return json.dumps(content)


TAKEN = {
    "as it is": json.dumps(PLAIN),
    "a byte-order mark": "\ufeff" + json.dumps(PLAIN),
    "no ids of annotations": changed("annotations", id=None),
    "one id of annotations": changed("annotations", id=0),
    "flags as text": changed("annotations", iscrowd="0"),
    "flags as floats": changed("annotations", iscrowd=0.0),
    "boxes as text": changed("annotations", bbox=["1", "2", "30", "40"]),
    "areas that are none": changed("annotations", area="unknown"),
    "areas below 0": changed("annotations", area=-1),
    "a size of text": changed("images", width="200"),
    "a size of null": changed("images", height=None),
    "an id of text": but("images", 0, id="1"),
    "an id as a float": but("images", 0, id=1.0),
    "a name twice": json.dumps({**PLAIN, "categories": [*CATEGORIES, {"id": 0, "name": "dog"}]}),
    "mostly crowds": json.dumps({**PLAIN, "annotations": [annotation(1), annotation(2, 2, iscrowd=1)]}),
    "a box beyond the image": but("annotations", 0, bbox=[150, 20, 90, 40]),
    "a box without area": but("annotations", 0, bbox=[150, 20, 0, 40]),
}
REFUSED = {
    "cut off": json.dumps(PLAIN)[:-20],
    "nested": f'{{"x": {NESTED}, {json.dumps(PLAIN)[1:]}',
    "NaN": but("annotations", 0, area=float("nan")),
    "flags that are none": changed("annotations", iscrowd="maybe"),
    "a flag of 2": but("annotations", 0, iscrowd=2),
    "three numbers": changed("annotations", bbox=[1, 2, 3]),
    "booleans": changed("annotations", bbox=[True, 2, 3, 4]),
    "a negative side": but("annotations", 1, bbox=[1, 2, -3, 4]),
    "an unknown image": but("annotations", 1, image_id=9),
    "an unknown category": but("annotations", 1, category_id=None),
    "an image id twice": but("images", 0, id="2"),
    "no file name": changed("images", file_name=None),
    "a file name without suffix": but("images", 0, file_name="jpg"),
    "a size of 0": changed("images", width=0),
    "swapped sizes": changed("images", width=100, height=200),
    "one other size": but("images", 2, width=300),
    "a file name in another case": but("images", 0, file_name="1.JPG"),
    "an absolute file name": but("images", 0, file_name="/data/1.jpg"),
    "a file name with ..": but("images", 0, file_name="photos/../../1.jpg"),
    "a file name with .. in another system's spelling": but("images", 0, file_name="..\\1.jpg"),
    "a file name of two lines": but("images", 0, file_name="x\n/1.jpg"),
    "a suffix of no image": but("images", 0, file_name="1.jpg.txt"),
    "one label file for two images": json.dumps({**PLAIN, "images": [*PLAIN["images"], image(9, "1.png")]}),
    "images in and out of a folder called so": json.dumps(
        {**PLAIN, "images": [*PLAIN["images"], image(9, "images/9.jpg")]}
    ),
    "an image twice in two spellings": json.dumps({**PLAIN, "images": [*PLAIN["images"], image(9, "./1.jpg")]}),
    "an image twice": json.dumps({**PLAIN, "images": [*PLAIN["images"], image(9, "1.jpg")]}),
    "a nameless category": but("categories", 0, name=""),
    "two names with boxes": changed("categories", name="cat"),
    "no categories": json.dumps({**PLAIN, "categories": []}),
    "no annotations": json.dumps({**PLAIN, "annotations": None}),
}


#: Values of any kind, one of which stands in each field in turn.
VALUES = (
    *(None, True, False, 0, 1, -1, 2, 7, 1.0, 1.5, -0.0, 1e300, 1e-300, 2**64, -(2**70), 10**400),
    *("1", "0", "", " ", "x", "1\n", "\0", "\x1b[2J", "1e999", "nan", "\uff11", "\u00b2", "1_0", "0x1", "9" * 6000),
    *([], [1], [1, 2, 3, 4], ["1", "2", "3", "4"], [None] * 4, [1e308] * 4, {}, {"a": 1}, "a/b.jpg", "..\\x.jpg"),
)
FIELDS = [(kind, key) for kind, records in PLAIN.items() for key in records[0]]


@pytest.mark.parametrize(("kind", "key"), [*FIELDS, ("annotations", "area")])
def test_no_value_in_any_field_is_a_traceback_or_more_than_a_line(tmp_path, kind, key):
    path, refused, read = tmp_path / "objects.json", [], 0
    for value in VALUES:
        for content in (changed(kind, **{key: value}), but(kind, 0, **{key: value})):
            path.write_text(content)
            try:
                truth = read_ground_truth(path)
                assert all(map(math.isfinite, [x for one in truth.annotations for x in (*one["bbox"], one["area"])]))
                read += 1
            except DataError as error:
                refused.append(str(error))
    assert all("\n" not in said and str(path) in said for said in refused)
    assert read and (refused or (kind, key) in (("annotations", "id"), ("annotations", "area")))


@pytest.fixture
def prepared(tmp_path):
    """A data set that was prepared from the JSON as it is: the words of its command, its YAML, and the JSON."""
    path = tmp_path / "objects.json"
    path.write_text(json.dumps(PLAIN))
    words = [f"train={path}", f"val={path}", f"images={write_images(tmp_path / 'photos', ['1.jpg', '2.jpg', '3.jpg'])}"]
    prepare_coco([f"out={tmp_path / 'plain'}", *words])
    return words, tmp_path / "plain" / "plain.yaml", path


def expect(data):
    split = read_split(data, "val")
    return find_expected_objects(split, find_source(split))


@pytest.mark.parametrize("content", TAKEN.values(), ids=TAKEN)
def test_what_is_prepared_is_evaluated(prepared, tmp_path, content):
    words, _, path = prepared
    path.write_text(content, encoding="utf-8")
    prepare_coco([f"out={tmp_path / 'odd'}", *words])
    expected = expect(tmp_path / "odd" / "odd.yaml")
    assert len(expected.truth.images) == 3 and not expected.truth.ignored


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_by_one_is_refused_by_the_other(prepared, tmp_path, content):
    words, data, path = prepared
    path.write_text(content, encoding="utf-8")
    for use in (lambda: prepare_coco([f"out={tmp_path / 'odd'}", *words]), lambda: expect(data)):
        with pytest.raises(DataError) as error:
            use()
        assert "\n" not in str(error.value)
    assert not (tmp_path / "odd").exists()
