"""Ground truth from COCO JSON: what is kept, what is filled in, and what is refused."""

import json

import pytest

from tests.evaluation.factories import predicted, truth
from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.metrics import score
from yolo_feiou.evaluation.truth import read_ground_truth

IMAGES = [{"id": 7, "file_name": "a/7.jpg", "width": 60, "height": 40}, {"id": 3, "file_name": "b/3.jpg"}]
CATEGORIES = [{"id": 90, "name": "toothbrush", "supercategory": "indoor"}, {"id": 0, "name": "none"}]
OBJECT = {"id": 0, "image_id": 7, "category_id": 90, "bbox": [1, 2, 30, 4]}


@pytest.fixture
def read(tmp_path):
    """A function that writes a COCO JSON and reads it."""

    def run(annotations, images=IMAGES, categories=CATEGORIES):
        path = tmp_path / "objects.json"
        content = {"images": images, "annotations": annotations, "categories": categories}
        path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
        return read_ground_truth(path)

    return run


def test_what_a_json_leaves_out_is_filled_in(read):
    """No area: that of the box, 30 · 4. No iscrowd: 0. Numbered from 1. Images without objects stay."""
    found = read([OBJECT, {**OBJECT, "image_id": 3, "category_id": 0}])
    assert found.annotations == [
        {"id": 1, "image_id": 7, "category_id": 90, "bbox": [1, 2, 30, 4], "area": 120, "iscrowd": 0},
        {"id": 2, "image_id": 3, "category_id": 0, "bbox": [1, 2, 30, 4], "area": 120, "iscrowd": 0},
    ]
    assert found.images == IMAGES
    assert found.categories == [{"id": 0, "name": "none"}, {"id": 90, "name": "toothbrush"}]
    assert read([OBJECT]).images == IMAGES


@pytest.mark.parametrize(
    ("areas", "source", "kept"),
    [((5, 6.5), "json", [5, 6.5]), ((None, None), "box", [120, 120]), ((5, None), "mixed", [5, 120])],
)
def test_areas_come_from_the_json_where_it_has_them(read, areas, source, kept):
    found = read([{**OBJECT, "area": area} for area in areas])
    assert found.area_source == source
    assert [annotation["area"] for annotation in found.annotations] == kept


def test_crowds_are_kept_and_are_no_objects(read):
    found = read([{**OBJECT, "iscrowd": 1}, {**OBJECT, "iscrowd": 0}])
    assert [annotation["iscrowd"] for annotation in found.annotations] == [1, 0]
    assert found.objects == 1


@pytest.mark.parametrize("evaluator", ["pycocotools", "faster-coco-eval"])
def test_an_annotation_with_the_id_0_can_be_found(read, evaluator):
    """COCO's evaluator writes the id of what a detection matches, or 0 for nothing."""
    found = [{"image_id": 7, "category_id": 90, "bbox": [1, 2, 30, 4], "score": 0.5}]
    assert score(read([OBJECT]), found, evaluator)["AP"] == 1


def test_a_split_has_its_images_and_their_annotations(read):
    found = read([OBJECT, {**OBJECT, "image_id": 3}]).of_images([3])
    assert [image["id"] for image in found.images] == [3]
    assert [annotation["image_id"] for annotation in found.annotations] == [3]


def test_all_objects_count_as_one_class():
    """Two objects of two classes, one prediction of each place: two matches in one class."""
    one = truth((0, 0, 10, 10), (50, 0, 10, 10, 2), classes=2).one_class("item")
    assert one.categories == [{"id": 1, "name": "item"}]
    assert score(one, predicted((0, 0, 10, 10, 0.5), (50, 0, 10, 10, 0.4)))["AP"] == 1


@pytest.mark.parametrize(
    ("annotations", "images", "categories", "message"),
    [
        ([{**OBJECT, "image_id": 8}], IMAGES, CATEGORIES, r"have an image_id that no image has: id 0 \(image_id 8\)"),
        ([{**OBJECT, "image_id": [7]}], IMAGES, CATEGORIES, r"image_id is \[7\] \(list\)"),
        ([OBJECT, {**OBJECT, "category_id": 1}], IMAGES, CATEGORIES, "1 of 2 annotations have a category_id that no"),
        ([{**OBJECT, "bbox": [0, 0, 5]}], IMAGES, CATEGORIES, "bbox is \\[0, 0, 5\\] \\(list\\)"),
        ([{**OBJECT, "bbox": [0, 0, 5, -1]}], IMAGES, CATEGORIES, "have a bbox with a negative side"),
        ([{**OBJECT, "bbox": [0, 0, 5, float("nan")]}], IMAGES, CATEGORIES, "has NaN in 1 place"),
        ([{**OBJECT, "bbox": None}], IMAGES, CATEGORIES, "bbox is null"),
        ([{**OBJECT, "iscrowd": "no idea"}], IMAGES, CATEGORIES, 'iscrowd is "no idea"'),
        (["box"], IMAGES, CATEGORIES, '"box" '),
        ([OBJECT], [*IMAGES, {"id": 3, "file_name": "c.jpg"}], CATEGORIES, "the image id 3 is there more than once"),
        ([OBJECT], [{"id": 7}], CATEGORIES, r"image with id 7 \(missing: file_name"),
        ([OBJECT], IMAGES, [{"id": 90}], r"category with id 90 \(missing: name"),
        ([OBJECT], IMAGES, [{"id": 90, "name": ""}], "the category with id 90 has no name"),
        ([OBJECT], IMAGES, None, "objects.json is not a COCO JSON"),
        (
            None,
            IMAGES,
            CATEGORIES,
            "objects.json is not a COCO ground truth: expected a list named annotations, and there is none",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(read, annotations, images, categories, message):
    with pytest.raises(DataError, match=message) as refused:
        read(annotations, images, categories)
    assert "\n" not in str(refused.value)


def test_a_list_of_results_is_no_ground_truth(tmp_path):
    (tmp_path / "results.json").write_text("[]")
    with pytest.raises(DataError, match="results.json is not a COCO JSON"):
        read_ground_truth(tmp_path / "results.json")


@pytest.mark.parametrize("ids", [("07", "x"), (2**53 + 1, 2**53), (7.5, 3)])
def test_ids_that_other_tools_may_not_read_are_numbered_anew(read, ids):
    images = [{**image, "id": new} for image, new in zip(IMAGES, ids, strict=True)]
    found = read([{**OBJECT, "image_id": ids[1]}], images)
    assert sorted(image["id"] for image in found.images) == [1, 2]
    (owner,) = (image for image in found.images if image["id"] == found.annotations[0]["image_id"])
    assert owner["file_name"] == "b/3.jpg"


def test_a_flag_of_text_is_read_and_never_taken_for_true(read):
    found = read([{**OBJECT, "iscrowd": "0"}, {**OBJECT, "iscrowd": "1"}])
    assert [annotation["iscrowd"] for annotation in found.annotations] == [0, 1] and found.objects == 1


def test_a_scaled_ground_truth_has_sides_and_areas_in_larger_images(read):
    """Twice the size: sides times 2, an area of 50 times 4."""
    found = read([{**OBJECT, "area": 50}]).scaled(2)
    assert found.annotations[0]["bbox"] == [2, 4, 60, 8] and found.annotations[0]["area"] == 200
    assert found.images[0]["width"] == 120 and found.scale == 2


def test_real_annotations_come_through(coco_tiny):
    """The counts of data/README.md: 136 annotations in 6 images and 288 in 32, 5 of them crowds."""
    for name, images, annotations, crowds in (("val", 6, 136, 1), ("train", 32, 288, 4)):
        path = coco_tiny / "annotations" / f"instances_{name}2017.json"
        found, written = read_ground_truth(path), json.loads(path.read_text())
        assert found.area_source == "json"
        assert (len(found.images), len(found.annotations), found.objects) == (images, annotations, annotations - crowds)
        places = [image["id"] for image in written["images"]]
        expected = sorted(written["annotations"], key=lambda a: places.index(a["image_id"]))
        for key in ("image_id", "category_id", "bbox", "area", "iscrowd"):
            assert [a[key] for a in found.annotations] == [a[key] for a in expected]
