"""Columns hold what the JSON says, and what contradicts itself is refused."""

import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.datasets.coco.factories import TINY, annotation, image, write_json
from yolo_feiou.datasets.coco.annotations import read_coco_columns
from yolo_feiou.errors import DataError


def test_annotations_are_sorted_by_image_and_else_as_in_the_file(tmp_path):
    images = [image(30, "c.jpg"), image(10, "a.jpg", 50, 60), image(20, "b.jpg")]
    objects = [
        annotation(1, 20, (1, 1, 1, 1), 7),
        annotation(2, 30, (2, 2, 2, 2)),
        annotation(3, 20, (3, 3, 3, 3), iscrowd=1),
        annotation(4, 30, (4, 4, 4, 4), iscrowd=True),
    ]
    columns = read_coco_columns(write_json(tmp_path / "a.json", images, objects))
    assert columns.names == ["c.jpg", "a.jpg", "b.jpg"]
    assert columns.sizes.tolist() == [[200, 100], [50, 60], [200, 100]]
    assert columns.starts.tolist() == [0, 2, 2, 4]
    assert columns.boxes[:, 0].tolist() == [2, 4, 1, 3]
    assert columns.crowds.tolist() == [False, True, False, True]
    assert columns.class_names == ["dog", "cat"]  # ids 3 and 7
    assert columns.classes.tolist() == [0, 0, 1, 0]


def test_some_images_keep_their_own_annotations(tmp_path):
    images, objects = [image(1), image(2), image(3)], [annotation(n, n // 2) for n in range(2, 8)]
    columns = read_coco_columns(write_json(tmp_path / "a.json", images, objects))
    some = columns.of_images(np.array([True, False, True]))
    assert some.names == ["1.jpg", "3.jpg"] and some.starts.tolist() == [0, 2, 4] and len(some.boxes) == 4


def test_ids_and_crowds_may_be_missing(tmp_path):
    objects = [{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}] * 2
    columns = read_coco_columns(write_json(tmp_path / "a.json", [image(1)], objects))
    assert len(columns.boxes) == 2 and not columns.crowds.any()


@pytest.mark.skipif(not TINY.is_dir(), reason="the real data sets don't lie beside this checkout")
@pytest.mark.parametrize("split", ["train", "val"])
def test_real_annotations_are_what_pycocotools_reads(split, capsys):
    path = TINY / "annotations" / f"instances_{split}2017.json"
    coco, columns = COCO(str(path)), read_coco_columns(path)
    known = sorted(coco.getCatIds())
    assert columns.class_names == [one["name"] for one in coco.loadCats(known)]
    assert len(columns.names) == len(coco.getImgIds())
    for number, info in enumerate(coco.loadImgs([one["id"] for one in coco.dataset["images"]])):
        rows = slice(columns.starts[number], columns.starts[number + 1])
        theirs = coco.loadAnns(coco.getAnnIds(info["id"]))
        assert columns.names[number] == info["file_name"]
        assert columns.sizes[number].tolist() == [info["width"], info["height"]]
        assert columns.boxes[rows].tolist() == [one["bbox"] for one in theirs]
        assert columns.crowds[rows].tolist() == [bool(one["iscrowd"]) for one in theirs]
        assert [known[i] for i in columns.classes[rows]] == [one["category_id"] for one in theirs]


@pytest.mark.parametrize(
    ("images", "objects", "words"),
    [
        ([image(1), image(1)], [], "the image id 1 is there more than once, and 1 of 2 images repeat"),
        ([image(1), image("1")], [], "the image id 1 is there more than once, and 1 of 2 images repeat"),
        ([image(1), image(1.0), image(2)], [], "the image id 1 is there more than once, and 1 of 3 images repeat"),
        ([image(1, width=0)], [], "1 of 1 images have no positive width and height: id 1 (1.jpg: width 0, height 100)"),
        ([image(1, "a"), image(2), image(3, "x.y/b")], [], "file_name 'a', 'x.y/b' of 3 images has no suffix"),
        ([image(1, " ")], [], "has no suffix such as .jpg"),
        ([image(1)], [annotation(9, "01")], "have an image_id that no image has: id 9 (image_id '01')"),
        ([image(1, height=-5)], [], "no positive width and height"),
        ([image(1)], [annotation(8), annotation(9, 2)], "1 of 2 annotations have an image_id that no image has: id 9"),
        ([image(1)], [annotation(9, category_id=5)], "have a category_id that no category has: id 9 (category_id 5)"),
        ([image(1)], [annotation(6, 1, (1, 1, -2, 3))], "id 6 (bbox [1.0, 1.0, -2.0, 3.0])"),
        ([image(1)], [annotation(6, 1, (1, 1, 1e300, 1e300))], "or area that is not finite: id 6"),
        ([image("a\nb"), image("a\nb")], [], "the image id a\\nb is there more than once"),
        ([image(1)], [annotation(n, 1, (1, 1, 2, -3)) for n in range(5)], "5 of 5 annotations have a bbox with a neg"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path, images, objects, words):
    with pytest.raises(DataError) as error:
        read_coco_columns(write_json(tmp_path / "a.json", images, objects))
    assert words in str(error.value) and "a.json" in str(error.value)


def test_annotation_ids_may_repeat_since_nothing_needs_them(tmp_path):
    columns = read_coco_columns(
        write_json(tmp_path / "a.json", [image(1)], [annotation(4), annotation(4), annotation(0)])
    )
    assert len(columns.boxes) == 3


IDS = {
    "whole numbers": (1, 2, 3),
    "as floats": (1.0, 2.0, 3.0),
    "text": ("0001", "0002", "a c"),
    "neighbours above 2^53": (2**53 + 1, 2**53 + 2, 2**53 + 3),
    "above 2^63": (2**63, 2**64 + 1, 10**30),
    "negative": (-3, 0, -1),
    "fractions": (0.5, 1.5, 2),
    "empty and one space": ("", " ", "  "),
}


@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
def test_an_id_is_only_a_name(tmp_path, ids):
    images = [image(of, f"{n}.jpg") for n, of in enumerate(ids)]
    categories = [{"id": of, "name": f"class {n}"} for n, of in enumerate(ids)]
    objects = [annotation(n, ids[n], (n, 1, 5, 5), ids[n]) for n in (2, 0, 1)]
    columns = read_coco_columns(write_json(tmp_path / "a.json", images, objects, categories))
    assert columns.image_ids == list(ids) and columns.boxes[:, 0].tolist() == [0, 1, 2]
    assert [columns.class_names[i] for i in columns.classes] == ["class 0", "class 1", "class 2"]


def test_an_id_is_the_same_as_a_number_and_as_the_text_that_spells_it(tmp_path):
    images = [image(1), image("2"), image(3.0)]
    objects = [annotation(1, "1", category_id="7"), annotation(2, 2, category_id=7.0), annotation(3, "3")]
    columns = read_coco_columns(write_json(tmp_path / "a.json", images, objects))
    assert columns.starts.tolist() == [0, 1, 2, 3] and columns.classes.tolist() == [1, 1, 0]


@pytest.mark.parametrize("ids", [("10", "9"), (10, 9), (10.0, "9"), ("b", "a"), ("b", 9), ("x", "9" * 5000)])
def test_categories_are_sorted_by_number_where_all_spell_one_and_else_as_text(tmp_path, ids):
    categories = [{"id": ids[0], "name": "last"}, {"id": ids[1], "name": "first"}]
    assert read_coco_columns(write_json(tmp_path / "a.json", [image(1)], [], categories)).class_names == [
        "first",
        "last",
    ]


@pytest.mark.parametrize(
    ("value", "crowd"),
    [("0", False), ("1", True), ("false", False), ("True", True), (1.0, True), (0.0, False), (None, False), ("0.0", 0)],
)
def test_a_flag_written_as_text_or_number_is_what_it_says(tmp_path, value, crowd):
    columns = read_coco_columns(write_json(tmp_path / "a.json", [image(1)], [annotation(1, iscrowd=value)] * 2))
    assert columns.crowds.tolist() == [crowd] * 2


def test_numbers_as_text_are_numbers(tmp_path):
    objects = [annotation(1, bbox=("10", " 20.5", "3e1", 40), area="12.5"), annotation(2, area="large")]
    columns = read_coco_columns(write_json(tmp_path / "a.json", [image(1, width="200", height=" 100 ")], objects))
    assert columns.boxes[0].tolist() == [10, 20.5, 30, 40] and columns.sizes.tolist() == [[200, 100]]
    np.testing.assert_array_equal(columns.areas, [12.5, np.nan])  # an area that is no number is none


def test_names_that_are_whole_numbers_are_text(tmp_path):
    columns = read_coco_columns(write_json(tmp_path / "a.json", [image(1)], [], [{"id": 1, "name": 5}]))
    assert columns.class_names == ["5"]


def test_a_size_that_is_missing_or_null_is_not_known(tmp_path):
    images = [{"id": 1, "file_name": "1.jpg"}, image(2, height=None)]
    sizes = read_coco_columns(write_json(tmp_path / "a.json", images, [])).sizes
    np.testing.assert_array_equal(sizes, [[np.nan, np.nan], [200, np.nan]])


@pytest.mark.parametrize(("crowds", "said"), [(1, False), (2, False), (3, True), (10, True)])
def test_crowds_on_more_than_a_fifth_are_said(tmp_path, crowds, said):
    objects = [annotation(n, iscrowd=int(n < crowds)) for n in range(10)]
    notes = read_coco_columns(write_json(tmp_path / "a.json", [image(1)], objects)).notes
    assert notes == () if not said else f"{crowds} of 10 annotations are crowds (iscrowd: 1)" in notes[0]


def test_a_category_that_is_there_twice_is_refused(tmp_path):
    path = write_json(tmp_path / "a.json", [image(1)], [], [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}])
    with pytest.raises(DataError, match="the category id 1 is there more than once"):
        read_coco_columns(path)
