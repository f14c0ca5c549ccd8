"""Columns hold what the JSON says, and what contradicts itself is refused."""

import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.coco.made_up import TINY, annotation, image, write_json
from yolo_feiou.coco.annotations import read_columns
from yolo_feiou.errors import DataError


def test_annotations_are_sorted_by_image_and_else_as_in_the_file(tmp_path):
    images = [image(30, "c.jpg"), image(10, "a.jpg", 50, 60), image(20, "b.jpg")]
    objects = [
        annotation(1, 20, (1, 1, 1, 1), 7),
        annotation(2, 30, (2, 2, 2, 2)),
        annotation(3, 20, (3, 3, 3, 3), iscrowd=1),
        annotation(4, 30, (4, 4, 4, 4), iscrowd=True),
    ]
    columns = read_columns(write_json(tmp_path / "a.json", images, objects))
    assert columns.names == ["c.jpg", "a.jpg", "b.jpg"]
    assert columns.sizes.tolist() == [[200, 100], [50, 60], [200, 100]]
    assert columns.starts.tolist() == [0, 2, 2, 4]
    assert columns.boxes[:, 0].tolist() == [2, 4, 1, 3]
    assert columns.crowds.tolist() == [False, True, False, True]
    assert columns.class_names == ["dog", "cat"]  # ids 3 and 7
    assert columns.classes.tolist() == [0, 0, 1, 0]


def test_some_of_the_images(tmp_path):
    images, objects = [image(1), image(2), image(3)], [annotation(n, n // 2) for n in range(2, 8)]
    columns = read_columns(write_json(tmp_path / "a.json", images, objects))
    some = columns.of_images(np.array([True, False, True]))
    assert some.names == ["1.jpg", "3.jpg"] and some.starts.tolist() == [0, 2, 4] and len(some.boxes) == 4


def test_ids_and_crowds_may_be_missing(tmp_path):
    objects = [{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}] * 2
    columns = read_columns(write_json(tmp_path / "a.json", [image(1)], objects))
    assert len(columns.boxes) == 2 and not columns.crowds.any()


@pytest.mark.skipif(not TINY.is_dir(), reason="the real data sets don't lie beside this checkout")
@pytest.mark.parametrize("split", ["train", "val"])
def test_real_annotations_are_what_pycocotools_reads(split, capsys):
    path = TINY / "annotations" / f"instances_{split}2017.json"
    coco, columns = COCO(str(path)), read_columns(path)
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
        ([image(1)], [annotation(4)] * 3, "the annotation id 4 is there more than once, and 2 of 3 annotations"),
        ([image(1, width=0)], [], "1 of 1 images have no positive width and height: id 1 (1.jpg)"),
        ([image(1, height=None)], [], "no positive width and height"),
        ([image(1, height=-5)], [], "no positive width and height"),
        ([image(1)], [annotation(8), annotation(9, 2)], "1 of 2 annotations have an image_id that no image has: id 9"),
        ([image(1)], [annotation(9, category_id=5)], "have a category_id that no category has: id 9 (category_id 5)"),
        ([image(1)], [annotation(6, 1, (1, 1, -2, 3))], "id 6 (bbox [1.0, 1.0, -2.0, 3.0])"),
        ([image(1)], [annotation(n, 1, (1, 1, 2, -3)) for n in range(5)], "5 of 5 annotations have a bbox with a neg"),
    ],
)
def test_what_contradicts_itself(tmp_path, images, objects, words):
    with pytest.raises(DataError) as error:
        read_columns(write_json(tmp_path / "a.json", images, objects))
    assert words in str(error.value) and "a.json" in str(error.value)


def test_a_category_twice(tmp_path):
    path = write_json(tmp_path / "a.json", [image(1)], [], [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}])
    with pytest.raises(DataError, match="the category id 1 is there more than once"):
        read_columns(path)
