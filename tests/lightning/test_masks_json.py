"""Objects of labels find their masks in a COCO JSON, whatever rounding, order, names and sizes."""

import msgspec
import numpy as np
import pytest

from tests.datasets.coco.factories import annotation, image, write_json
from tests.lightning.factories import label, split
from yolo_feiou.errors import DataError
from yolo_feiou.lightning.masks_json import read_mask_texts

CATEGORIES = [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}]  # sorted by id: dog, cat


def polygon(number):
    """A mask that names the annotation it is of."""
    return [[number, 0, 9, 0, 9, 9]]


def read(tmp_path, labels, annotations, images=None, categories=CATEGORIES, **more):
    """The numbers of the annotations whose masks are found, and sizes."""
    images = images or [image(n, f"{n}.jpg") for n in range(1, len(labels) + 1)]
    path = write_json(tmp_path / "x.json", images, annotations, categories)
    texts, sizes = read_mask_texts(split(tmp_path, labels, **more), path, "TRY BOXES.")
    return [msgspec.json.decode(text)[0][0] for text in texts], sizes.tolist()


def objects(*boxes, first=1, **more):
    """Annotations with a mask each, of image 1 and class dog unless told."""
    return [annotation(n, bbox=box, segmentation=polygon(n), **more) for n, box in enumerate(boxes, first)]


A, B, C = (10, 20, 30, 40), (60, 20, 30, 40), (100, 50, 80, 30)
SHAPE = (100, 200)


def test_objects_are_matched_by_their_boxes_in_any_order(tmp_path):
    labels = [label("1.jpg", SHAPE, [B, A], [1, 1]), label("2.jpg", SHAPE), label("3.jpg", SHAPE, [C], [1])]
    found = objects(A, B) + objects(C, first=3, image_id=3)
    assert read(tmp_path, labels, found) == ([2, 1, 3], [[100, 200]] * 3)


def test_images_of_the_json_may_have_another_order_and_more_of_them(tmp_path):
    labels = [label("2.jpg", SHAPE, [A], [1]), label("1.jpg", SHAPE, [A], [1])]
    images = [image(9), image(1), image(5), image(2)]
    found = objects(A, A) + objects(A, first=3, image_id=2) + objects(A, first=4, image_id=5)
    assert read(tmp_path, labels, found, images)[0] == [3, 1]


def test_labels_that_are_rounded_to_pixels_match(tmp_path):
    near = (11.4, 19.2, 29.5, 41.4)
    assert read(tmp_path, [label("1.jpg", SHAPE, [A], [1])], objects(near))[0] == [1]


def test_each_object_gets_a_mask_of_its_own(tmp_path):
    """Both labels are nearest to the first annotation; the second one's other edges are as near as 2 px."""
    first, second = (10, 20, 30, 40), (11.5, 20, 30, 40)
    labels = [label("1.jpg", SHAPE, [(10.2, 20, 30, 40), (10.1, 20, 30, 40)], [1, 1])]
    assert read(tmp_path, labels, objects(first, second))[0] == [2, 1]


def test_the_class_decides_between_equal_boxes(tmp_path):
    labels = [label("1.jpg", SHAPE, [A, A], [0, 1])]
    found = objects(A, category_id=3) + objects(A, first=2, category_id=7)
    assert read(tmp_path, labels, found)[0] == [2, 1]  # class 0 is cat, category 7


def test_classes_in_the_order_of_the_json_may_share_a_name(tmp_path):
    labels = [label("1.jpg", SHAPE, [A, A], [0, 1])]
    found = objects(A, category_id=7) + objects(A, first=2, category_id=3)
    assert read(tmp_path, labels, found, names=["dog", "cat"])[0] == [2, 1]


def test_a_class_without_objects_may_lack_in_the_json(tmp_path):
    labels = [label("1.jpg", SHAPE, [A], [2])]
    assert read(tmp_path, labels, objects(A), names=["bird", "cat", "dog"])[0] == [1]


def test_with_single_cls_any_class_matches(tmp_path):
    labels = [label("1.jpg", SHAPE, [A, B], [0, 0])]
    found = objects(A, category_id=3) + objects(B, first=2, category_id=7)
    assert read(tmp_path, labels, found, single_cls=True)[0] == [1, 2]


def test_crowds_are_left_out(tmp_path):
    crowd = [annotation(8, bbox=A, segmentation=polygon(8)) | {"iscrowd": 1}]
    assert read(tmp_path, [label("1.jpg", SHAPE, [A], [1])], crowd + objects(A))[0] == [1]
    with pytest.raises(DataError, match="no mask of 1 of 1"):
        read(tmp_path, [label("1.jpg", SHAPE, [A], [1])], crowd)


@pytest.mark.parametrize("width", [50, 70])
def test_boxes_beyond_the_image_match_their_labels(tmp_path, width):
    """Which are clipped as a rule, but not by all converters."""
    labels = [label("1.jpg", SHAPE, [(150, 20, width, 40)], [1])]
    assert read(tmp_path, labels, objects((150, 20, 70, 40)))[0] == [1]


def test_images_that_were_resized_have_their_size_in_the_json(tmp_path):
    """Files of half the size: boxes are compared as shares, in pixels of the files."""
    labels = [label("1.jpg", (50, 100), [(5, 10, 15, 20)], [1]), label("2.jpg", (50, 100))]
    assert read(tmp_path, labels, objects(A)) == ([1], [[100, 200], [100, 200]])


def test_sizes_that_are_missing_are_those_of_the_files(tmp_path):
    labels = [label("1.jpg", SHAPE, [A], [1])]
    assert read(tmp_path, labels, objects(A), [{"id": 1, "file_name": "1.jpg"}]) == ([1], [[100, 200]])


def test_sizes_that_differ_otherwise_are_refused(tmp_path):
    labels = [label("1.jpg", (200, 100), [A], [1])]
    with pytest.raises(DataError, match="Width and height are swapped"):
        read(tmp_path, labels, objects(A))


def test_an_image_without_objects_may_lack_in_the_json(tmp_path):
    labels = [label("1.jpg", SHAPE, [A], [1]), label("2.jpg", SHAPE)]
    assert read(tmp_path, labels, objects(A), [image(1)]) == ([1], [[100, 200]] * 2)
    with pytest.raises(DataError, match=r"1\.jpg is in the split but not among"):
        read(tmp_path, labels, [], [image(2)])


def test_objects_without_a_mask_are_named(tmp_path):
    """One has no annotation within 2 px, one an empty segmentation, one none at all; one is as it must be."""
    boxes = [A, B, C, (0, 0, 20, 10)]
    found = objects((13, 20, 30, 40), B, C, (0, 0, 20, 10))
    found[1]["segmentation"] = []
    del found[2]["segmentation"]
    with pytest.raises(DataError, match=r"no mask of 3 of 4 labelled objects") as error:
        read(tmp_path, [label("1.jpg", SHAPE, boxes, [1] * 4)], found)
    told = str(error.value)
    assert "dog at 10.0, 20.0 (30.0 × 40.0 px) in 1.jpg, dog at 60.0, 20.0 (30.0 × 40.0 px)" in told
    assert told.endswith("TRY BOXES.")


def test_run_lengths_of_another_size_are_no_mask(tmp_path):
    found = [annotation(1, bbox=A, segmentation={"size": [100, 100], "counts": [10_000]})]
    with pytest.raises(DataError, match="no mask of 1 of 1"):
        read(tmp_path, [label("1.jpg", SHAPE, [A], [1])], found)


def test_a_class_that_the_json_lacks_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no category 'cats', which is a class of .* did you mean 'cat'\? Give both"):
        read(tmp_path, [label("1.jpg", SHAPE, [A], [0])], objects(A), names=["cats", "dog"])


def test_as_many_as_can_be_are_matched(tmp_path):
    """Three boxes in a row, of which one has no annotation: the others keep theirs, none moves up."""
    row = [(10, 20, 30, 40), (20, 20, 30, 40), (30, 20, 30, 40)]
    with pytest.raises(DataError, match=r"no mask of 1 of 3 labelled objects: dog at 10\.0"):
        read(tmp_path, [label("1.jpg", SHAPE, row, [1] * 3)], objects(*row[1:], (40, 20, 30, 40)))


def test_an_image_that_is_named_in_text_ids_is_found(tmp_path):
    found = [one | {"image_id": "1"} for one in objects(A)]
    assert read(tmp_path, [label("1.jpg", SHAPE, [A], [1])], found)[0] == [1]
    assert np.isfinite(read(tmp_path, [label("1.jpg", SHAPE, [A], [1])], found)[1]).all()
