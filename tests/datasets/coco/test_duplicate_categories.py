"""Categories of one name: the one with annotations is meant, and where two have some it can't be told."""

import pytest

from tests.datasets.coco.factories import annotation, image, write_json
from yolo_feiou.datasets.coco.annotations import read_coco_columns
from yolo_feiou.errors import DataError

#: As Roboflow writes them: category 0 is called like another one, or like the data set, and has no boxes.
ROBOFLOW = [
    {"id": 0, "name": "cat", "supercategory": "none"},
    {"id": 1, "name": "cat", "supercategory": "cat"},
    {"id": 2, "name": "dog", "supercategory": "cat"},
]


def read(path, kinds, categories=ROBOFLOW):
    objects = [annotation(n, category_id=kind) for n, kind in enumerate(kinds)]
    return read_coco_columns(write_json(path / "a.json", [image(1)], objects, categories))


@pytest.mark.parametrize(
    ("kinds", "ids"),
    [
        ((2, 1), [1, 2]),
        ((2, 0), [0, 2]),  # here the first of them has the annotations
        ((2, 2), [1, 2]),  # and here none has: the last stays
    ],
)
def test_the_one_without_annotations_is_left_out_and_named(tmp_path, kinds, ids):
    columns = read(tmp_path, kinds)
    assert [category.id for category in columns.categories] == ids and columns.class_names == ["cat", "dog"]
    assert [columns.categories[i].id for i in columns.classes] == list(kinds)
    assert len(columns.notes) == 1 and f"category {1 - ids[0]} 'cat' has no annotations" in columns.notes[0]


def test_two_with_annotations_are_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"categories 0 \(1 annotations\) and 1 \(2 annotations\) are both called 'cat'"
    ):
        read(tmp_path, (0, 1, 1))


def test_a_name_of_two_lines_is_told_in_one(tmp_path):
    categories = [{"id": n, "name": "a\ncat"} for n in (0, 1)]
    with pytest.raises(DataError, match=r"are both called 'a\\ncat'"):
        read(tmp_path, (0, 1), categories)
    assert "'a\\ncat' has no annotations" in read(tmp_path, (1,), categories).notes[0]


def test_names_that_differ_are_left_alone(tmp_path):
    columns = read(tmp_path, (2,), [{"id": 0, "name": "cats"}, *ROBOFLOW[1:]])
    assert columns.class_names == ["cats", "cat", "dog"] and columns.notes == ()


@pytest.mark.parametrize("other", ["Cat", "cat ", " cat", "CAT", "\uff43at"])
def test_names_that_are_nearly_the_same_stay_apart_and_are_said_in_one_line(tmp_path, other):
    columns = read(tmp_path, (0, 1, 2), [{"id": 0, "name": other}, *ROBOFLOW[1:]])
    assert columns.class_names == [other, "cat", "dog"] and len(columns.notes) == 1
    assert f"categories 0 '{other}' and 1 'cat' differ only in case, spaces or Unicode form" in columns.notes[0]


def test_composed_and_decomposed_letters_are_nearly_the_same(tmp_path):
    names = ["caf\xe9", "cafe\u0301", "cafe"]
    (note,) = read(tmp_path, (0,), [{"id": n, "name": name} for n, name in enumerate(names)]).notes
    assert note.startswith("categories 0 'caf\xe9' and 1 'cafe\u0301' differ")
