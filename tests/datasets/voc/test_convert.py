"""Labels of VOC images: the numbers, and what is left out and counted."""

import pytest

from yolo_feiou.datasets.voc.annotations import VocImage, VocObject
from yolo_feiou.datasets.voc.convert import write_split_labels

OBJECTS = (
    VocObject("cat", (10, 5, 30, 15)),  # centre (20, 10) of 40 x 20, sides 20 and 10: all halves
    VocObject("dog", (30, 10, 50, 20)),  # clipped to (30, 10, 40, 20): centre (35, 15), sides 10 and 10
    VocObject("cat", (10, 5, 30, 15)),  # repeated
    VocObject("cat", (4, 4, 4, 8)),  # no width
    VocObject("cat", (8, 4, 4, 8)),  # inverted
    VocObject("cat", (41, 21, 50, 30)),  # outside
    VocObject("dog", (0, 0, 8, 4), True),  # difficult: centre (4, 2), sides 8 and 4
    VocObject("cow", (0, 0, 8, 4), True),  # of another class
)


@pytest.mark.parametrize("keep", [False, True])
def test_a_label_is_centre_and_sides_as_shares_and_all_else_is_counted(tmp_path, keep):
    images = [VocImage("a", "a.png", (40, 20), OBJECTS), VocImage("b", "b.png", (40, 20), ())]
    counts, digests = write_split_labels(images, ["cat", "dog"], tmp_path, keep)
    lines = ["0 0.5 0.5 0.5 0.5", "1 0.875 0.75 0.25 0.5", *["1 0.1 0.1 0.2 0.2"] * keep]
    told = [[float(word) for word in line.split()] for line in (tmp_path / "a.txt").read_text().splitlines()]
    assert told == [pytest.approx([float(word) for word in line.split()]) for line in lines]
    assert (tmp_path / "b.txt").read_text() == "" and digests.keys() == {"a.txt", "b.txt"}
    assert counts.by_class == {"cat": 1, "dog": 1 + keep} and counts.unknown == {"cow": 1}
    assert counts.difficult == 1 - keep
    labels = counts.labels
    assert (labels.images, labels.objects, labels.clipped, labels.without_objects) == (2, 2 + keep, 1, 1)
    assert (labels.degenerate, labels.duplicates) == (3, 1)


def test_a_split_without_objects_has_empty_files(tmp_path):
    counts, _ = write_split_labels([VocImage("b", "b.png", (40, 20), ())], ["cat"], tmp_path, False)
    assert (counts.labels.objects, counts.by_class) == (0, {"cat": 0})
