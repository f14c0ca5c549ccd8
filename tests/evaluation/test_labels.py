"""Objects in labels: numbered, in pixels, and told from others by their contents."""

from dataclasses import replace

import numpy as np
import pytest

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.labels import digest_labels, make_relative_name, read_label_truth
from yolo_feiou.framework import Split


def label(file, *rows, shape=(50, 100)):
    """What a framework reads of an image: class, centre and size as fractions, each row."""
    rows = np.array(rows, np.float32).reshape(-1, 5)
    return {"im_file": str(file), "shape": shape, "cls": rows[:, :1], "bboxes": rows[:, 1:]}


@pytest.fixture
def split(tmp_path):
    """Two images in the folder of the data set, and one elsewhere without objects."""
    inside = tmp_path / "set" / "images"
    labels = [
        label(inside / "b.jpg", (1, 0.5, 0.5, 0.25, 0.5)),
        label(inside / "a.jpg", (0, 0.25, 0.5, 0.5, 1), (1, 0.75, 0.25, 0.5, 0.5), shape=(64, 32)),
        label(tmp_path / "elsewhere.jpg"),
    ]
    files = [str(tmp_path / f"{name}.txt") for name in ("b", "a", "elsewhere")]
    return Split("data.yaml: split 'val'", tmp_path / "set", ["cat", "dog"], labels, files, 2)


def test_objects_are_in_pixels_and_ids_are_places_from_1(split, tmp_path):
    """Centre (.5, .5), size (.25, .5) of 100 × 50: 25 × 25 at (37.5, 12.5). The others are of 32 × 64."""
    truth = read_label_truth(split)
    assert [(one["image_id"], one["category_id"], one["bbox"], one["area"]) for one in truth.annotations] == [
        (1, 2, [37.5, 12.5, 25, 25], 625),
        (2, 1, [0, 0, 16, 64], 1024),
        (2, 2, [16, 0, 16, 32], 512),
    ]
    assert truth.images == [
        {"id": 1, "file_name": "images/b.jpg", "width": 100, "height": 50},
        {"id": 2, "file_name": "images/a.jpg", "width": 32, "height": 64},
        {"id": 3, "file_name": f"{tmp_path}/elsewhere.jpg", "width": 100, "height": 50},
    ]
    assert truth.categories == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    assert (truth.area_source, truth.unread) == ("box", 2)


def test_a_name_is_seen_from_the_folder_of_the_data_set_or_whole(tmp_path):
    assert make_relative_name(str(tmp_path / "images" / "a.jpg"), tmp_path) == "images/a.jpg"
    assert make_relative_name("/elsewhere/a.jpg", tmp_path) == "/elsewhere/a.jpg"


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (None, "data.yaml: split 'val' has no labels, only 3 images: without objects there are no metrics."),
        ((2, 3), r"data.yaml: split 'val' has no labels of classes=\[2, 3\] in its 3 images: no metric is defined."),
    ],
)
def test_a_split_without_objects_is_refused(split, classes, message):
    empty = [label(one["im_file"]) for one in split.labels]
    with pytest.raises(DataError, match=message):
        read_label_truth(replace(split, labels=empty, classes=classes))


def test_the_digest_is_of_names_and_contents_of_label_files(split, tmp_path):
    """What is read of them doesn't count, so that a choice of classes is the same ground truth."""
    before = digest_labels(split)
    assert len(before) == 64 and digest_labels(replace(split, labels=[label(f) for f in split.files])) == before
    digests = {before}
    for name, text in (("a", "0 0.5 0.5 0.5 0.5\n"), ("a", "1 0.5 0.5 0.5 0.5\n"), ("b", "0 0.5 0.5 0.5 0.5\n")):
        (tmp_path / f"{name}.txt").write_text(text)
        digests.add(digest_labels(split))
    moved = [{**one, "im_file": one["im_file"].replace("b.jpg", "c.jpg")} for one in split.labels]
    digests.add(digest_labels(replace(split, labels=moved)))
    assert len(digests) == 5


def test_an_empty_label_file_and_none_are_the_same_ground_truth(split, tmp_path):
    before = digest_labels(split)
    (tmp_path / "elsewhere.txt").write_bytes(b"")
    assert digest_labels(split) == before


def test_text_that_moves_to_the_next_label_file_is_another_ground_truth(split, tmp_path):
    """Each content is preceded by its length: else a name in a file could stand for the next one."""
    digests = set()
    for first, second in ((b"images/a.jpg\0", b""), (b"", b"images/a.jpg\0")):
        (tmp_path / "b.txt").write_bytes(first)
        (tmp_path / "a.txt").write_bytes(second)
        digests.add(digest_labels(split))
    assert len(digests) == 2
