"""Ground truth from labels in YOLO format."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.labels import read_label_truth
from yolo_feiou.yolo.splits import read_split


@pytest.fixture
def written(tmp_path):
    """A function that writes a data set of images of 64 × 32 with the labels given, None for no file."""

    def run(labels, names=("cat", "dog"), **more):
        for file, text in labels.items():
            image, label = tmp_path / "images" / file, (tmp_path / "labels" / file).with_suffix(".txt")
            image.parent.mkdir(parents=True, exist_ok=True)
            label.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(image), np.full((32, 64, 3), 127, np.uint8))
            if text is not None:
                label.write_text(text)
        content = {"train": "images/val", "val": "images/val", "names": list(names), **more}
        (tmp_path / "data.yaml").write_text(yaml.safe_dump(content))
        return tmp_path / "data.yaml"

    return run


def test_boxes_are_exact(written):
    """Centre (.5, .25), size (.25, .5) of 64 × 32 pixels: 16 × 16 around (32, 8). Fractions of 2 have no rounding."""
    data = written(
        {
            "val/b.jpg": "1 0.5 0.25 0.25 0.5\n0 0.75 0.5 0.5 1\n",
            "val/a.jpg": "",
            "val/deep/c.jpg": None,
        }
    )
    found = read_label_truth(read_split(data, "val"))
    assert found.images == [
        {"id": 1, "file_name": "images/val/a.jpg", "width": 64, "height": 32},
        {"id": 2, "file_name": "images/val/b.jpg", "width": 64, "height": 32},
        {"id": 3, "file_name": "images/val/deep/c.jpg", "width": 64, "height": 32},
    ]
    assert found.annotations == [
        {"id": 1, "image_id": 2, "category_id": 2, "bbox": [24, 0, 16, 16], "area": 256, "iscrowd": 0},
        {"id": 2, "image_id": 2, "category_id": 1, "bbox": [32, 0, 32, 32], "area": 1024, "iscrowd": 0},
    ]
    assert found.categories == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    assert (found.area_source, found.unread) == ("box", 0)


def test_polygons_count_as_their_boxes(written):
    """Corners (.25, .25), (.75, .25) and (.25, .75) of 64 × 32: 32 × 16 at (16, 8)."""
    data = written({"val/a.jpg": "0 0.25 0.25 0.75 0.25 0.25 0.75\n"})
    (annotation,) = read_label_truth(read_split(data, "val")).annotations
    assert annotation["bbox"] == [16, 8, 32, 16]


def test_what_ultralytics_leaves_out_is_counted(written):
    """Coordinates in pixels are no fractions: Ultralytics skips the image, here and in training."""
    data = written({"val/a.jpg": "0 0.5 0.5 0.5 0.5\n", "val/b.jpg": "0 32 16 8 8\n"})
    found = read_label_truth(read_split(data, "val"))
    assert [image["file_name"] for image in found.images] == ["images/val/a.jpg"]
    assert found.unread == 1


def test_real_labels_are_read_to_the_last_digit(bccd):
    """The counts of data/README.md, and each number of the files, six digits of 640 × 480 pixels each."""
    for name, count in (("train", 205), ("val", 87), ("test", 72)):
        split = read_split(bccd, name)
        found = read_label_truth(split)
        assert len(found.images) == count
        assert [category["name"] for category in found.categories] == ["RBC", "WBC", "Platelets"]
        assert {(image["width"], image["height"]) for image in found.images} == {(640, 480)}
        lines = [
            [image["id"], *map(float, line.split())]
            for image in found.images
            for line in Path(bccd.parent, image["file_name"].replace("images", "labels")).with_suffix(".txt").open()
        ]
        lines = np.array(lines)
        boxes = np.array([[a["image_id"], a["category_id"], *a["bbox"]] for a in found.annotations])
        assert boxes[:, :2].tolist() == (lines[:, :2] + (0, 1)).tolist()
        size = lines[:, 4:] * (640, 480)
        np.testing.assert_allclose(boxes[:, 4:], size, rtol=0, atol=1e-4)
        np.testing.assert_allclose(boxes[:, 2:4], lines[:, 2:4] * (640, 480) - size / 2, rtol=0, atol=1e-4)


def test_a_data_set_of_ours_is_found_by_name(data):
    assert len(read_label_truth(read_split(data, "val")).images) == 8


def test_coco8_is_read_with_its_sizes(tmp_path):
    from tests.detection import copy_of

    found = read_label_truth(read_split(copy_of("coco8", tmp_path) / "coco8.yaml", "val"))
    assert (len(found.images), len(found.categories)) == (4, 80)
    assert len({(image["width"], image["height"]) for image in found.images}) > 1


@pytest.mark.parametrize(
    ("labels", "split", "message"),
    [
        (
            {"val/a.jpg": "0 0.5 0.5 0.5 0.5\n"},
            "vall",
            "data.yaml has no split 'vall': did you mean 'val'. It has train",
        ),
        ({"val/a.jpg": "0 0.5 0.5 0.5 0.5\n"}, "test", "data.yaml has no split 'test'"),
        ({"val/a.jpg": None, "val/b.jpg": ""}, "val", "split 'val' has no labels, only 2 images"),
        ({"val/a.txt": None}, "val", "split 'val' can't be read: .*No images found"),
        ({"val/a.jpg": "0 32 16 8 8\n"}, "val", "split 'val' can't be read: "),
        ({"val/a.jpg": "7 0.5 0.5 0.5 0.5\n"}, "val", "split 'val' can't be read: "),
    ],
)
def test_splits_that_cannot_be_used_are_refused(written, labels, split, message, tmp_path, capfd):
    if "val/a.txt" in labels:
        data = written({"val/a.jpg": None})
        (tmp_path / "images" / "val" / "a.jpg").unlink()
    else:
        data = written(labels)
    with pytest.raises(DataError, match=message) as refused:
        read_label_truth(read_split(data, split))
    assert "\n" not in str(refused.value)
    assert capfd.readouterr().out == ""


def test_data_that_is_not_there_is_refused(tmp_path, written):
    with pytest.raises(DataError, match=r"data=.*nope\.yaml: there is no such file, nor a data set of that name"):
        read_split(tmp_path / "nope.yaml", "val")
    data = written({"val/a.jpg": "0 0.5 0.5 0.5 0.5\n"})
    shutil.rmtree(tmp_path / "images")
    with pytest.raises(DataError, match=r"can't be read: .*images not found, missing path '[^']*val'$"):
        read_split(data, "val")
    data.write_text("names: [")
    with pytest.raises(DataError, match="can't be read"):
        read_split(data, "val")
    data.write_text("train: x\nval: x\n")
    with pytest.raises(DataError, match="can't be read: .*names"):
        read_split(data, "val")
