"""Masks come from polygons in labels, else from the JSON that the data YAML names, and lie in the labels' boxes."""

import json
import pickle
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from pycocotools.coco import COCO

from tests.datasets.coco.factories import TINY, annotation, image, write_json
from tests.detection import copy_of
from tests.lightning.factories import label, split
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.errors import DataError
from yolo_feiou.lightning.masks import read_masks
from yolo_feiou.yolo.splits import read_split

SHAPE = (100, 200)
BOX = (10, 20, 30, 40)
SQUARE = [(10, 20), (40, 20), (40, 60), (10, 60)]
POLYGON = [[10, 20, 40, 20, 40, 60, 10, 60]]


def filled(shape, box):
    """The mask of a box of whole pixels."""
    x, y, w, h = box
    pixels = np.zeros(shape, np.uint8)
    pixels[y : y + h, x : x + w] = 1
    return pixels


def write_yaml(tmp_path, **more):
    path = tmp_path / "data.yaml"
    path.write_text(yaml.safe_dump({"path": str(tmp_path), "train": "images", "val": "images", **more}))
    return path


def iou(mask, one, shape):
    """The IoU of the box around a mask with that of a label."""
    x, y, w, h = cv2.boundingRect(mask)
    cx, cy, width, height = np.array(one, float) * (shape[::-1] * 2)
    overlap_x = min(x + w, cx + width / 2) - max(x, cx - width / 2)
    overlap_y = min(y + h, cy + height / 2) - max(y, cy - height / 2)
    overlap = max(overlap_x, 0) * max(overlap_y, 0)
    return overlap / (w * h + width * height - overlap)


def test_polygons_of_labels_are_drawn(tmp_path):
    labels = [
        label("1.jpg", SHAPE, [BOX, (50, 10, 20, 20)], [1, 0], [SQUARE, [(50, 10), (70, 10), (70, 30), (50, 30)]]),
        label("2.jpg", SHAPE),
        label("3.jpg", (50, 60), [(0, 0, 60, 50)], segments=[[(0, 0), (60, 0), (60, 50), (0, 50)]]),
    ]
    masks = read_masks(split(tmp_path, labels), tmp_path / "none.yaml", "train")
    expected = [np.stack([filled(SHAPE, BOX), filled(SHAPE, (50, 10, 20, 20))]), np.zeros((0, *SHAPE))]
    for index, pixels in enumerate([*expected, np.ones((1, 50, 60))]):
        decoded = masks.decode(index)
        assert decoded.dtype == np.uint8 and decoded.shape == pixels.shape and (decoded == pixels).all()


def test_a_polygon_of_two_points_is_no_mask(tmp_path):
    """Releases of Ultralytics before 8.4 read a box among polygons so."""
    labels = [label("1.jpg", SHAPE, [BOX, BOX], segments=[SQUARE, [(10, 20), (40, 60)]])]
    with pytest.raises(DataError, match=r"1 objects have polygons of fewer than three points.* labels of 1\.jpg"):
        read_masks(split(tmp_path, labels), tmp_path / "none.yaml", "train")


@pytest.mark.parametrize("key", ["masks", "annotations"])
def test_the_json_of_the_yaml_has_them(tmp_path, key):
    """One in `masks` goes before one in `annotations`; both are relative to the data set's folder."""
    path = write_json(tmp_path / "a" / "x.json", [image(1)], [annotation(1, bbox=BOX, segmentation=POLYGON)])
    named = write_yaml(tmp_path, **({"masks": {"train": "a/x.json"}} if key == "masks" else {}))
    other = tmp_path / "other.json" if key == "masks" else path
    masks = read_masks(split(tmp_path, [label("1.jpg", SHAPE, [BOX], [1])], annotations=other), named, "train")
    assert (masks.decode(0) == filled(SHAPE, BOX)).all()


def test_masks_are_those_of_resized_images(tmp_path):
    write_json(tmp_path / "x.json", [image(1)], [annotation(1, bbox=BOX, segmentation=POLYGON)])
    named = write_yaml(tmp_path, masks={"train": "x.json"})
    masks = read_masks(split(tmp_path, [label("1.jpg", (50, 100), [(5, 10, 15, 20)], [1])]), named, "train")
    assert (masks.decode(0) == filled((50, 100), (5, 10, 15, 20))).all()


def test_a_split_without_objects_needs_no_masks(tmp_path):
    masks = read_masks(split(tmp_path, [label("1.jpg", SHAPE)]), write_yaml(tmp_path), "train")
    assert masks.decode(0).shape == (0, *SHAPE)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, r"has no masks: neither polygons in all its label files, nor .* masks: \{train: FILE\}"),
        ({"masks": {"val": "x.json"}}, "has no masks"),
        ({"masks": "x.json"}, r"has masks: 'x\.json'\. Expected a mapping from splits to COCO JSON files"),
        ({"masks": {"train": 3}}, "Expected a mapping"),
        ({"masks": {"train": "y.json"}}, r"y\.json, which .* names for the masks of split 'train', doesn't exist"),
    ],
)
def test_missing_masks_are_told_with_what_to_do(tmp_path, more, told):
    with pytest.raises(DataError, match=told) as error:
        read_masks(split(tmp_path, [label("1.jpg", SHAPE, [BOX])]), write_yaml(tmp_path, **more), "train")
    if "mapping" not in told:
        assert str(error.value).endswith("mask_rcnn.yaml needs a mask of each object; faster_rcnn.yaml needs none.")


def test_a_yaml_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "data.yaml").write_text("masks: {")
    with pytest.raises(DataError, match=r"data\.yaml can't be read for its masks"):
        read_masks(split(tmp_path, [label("1.jpg", SHAPE, [BOX])]), tmp_path / "data.yaml", "train")


@pytest.mark.parametrize("name", ["train", "val", "test"])
def test_shapes_has_them(data, name):
    """The box of each mask is that of its label, also of those hidden in part; a worker may be sent them."""
    read = read_split(data, name)
    masks = pickle.loads(pickle.dumps(read_masks(read, data, name)))
    for index, one in enumerate(read.labels):
        decoded = masks.decode(index)
        assert decoded.shape == (len(one["cls"]), *one["shape"])
        for mask, box in zip(decoded, one["bboxes"], strict=True):
            assert iou(mask, box, one["shape"]) > 0.999


def test_shapes_of_an_older_version_gets_them(data, tmp_path):
    root = Path(shutil.copytree(Path(data).parent, tmp_path / "shapes"))
    shutil.rmtree(root / "annotations")
    path = root / "shapes-small.yaml"
    path.write_text(path.read_text().replace(str(Path(data).parent), str(root)))
    assert read_masks(read_split(path, "val"), path, "val").decode(0).any()


def test_shapes_that_cannot_be_written_to_is_told(data, tmp_path):
    root = Path(shutil.copytree(Path(data).parent, tmp_path / "shapes"))
    shutil.rmtree(root / "annotations")
    (root / "annotations").write_text("a file in the place of the folder")
    path = root / "shapes-small.yaml"
    path.write_text(path.read_text().replace(str(Path(data).parent), str(root)))
    with pytest.raises(DataError, match="has no masks, and they can't be written there"):
        read_masks(read_split(path, "val"), path, "val")


def test_real_polygons_of_labels_lie_in_their_boxes(tmp_path):
    path = copy_of("coco8-seg", tmp_path) / "coco8-seg.yaml"
    for name in ("train", "val"):
        read = read_split(path, name)
        masks = read_masks(read, path, name)
        for index, one in enumerate(read.labels):
            found = [iou(mask, box, one["shape"]) for mask, box in zip(masks.decode(index), one["bboxes"], strict=True)]
            assert min(found, default=1) > 0.8 and (not found or np.mean(found) > 0.9)


def test_labels_of_boxes_alone_have_none(tmp_path):
    path = copy_of("coco8", tmp_path) / "coco8.yaml"
    with pytest.raises(DataError, match="has no masks"):
        read_masks(read_split(path, "train"), path, "train")


@pytest.mark.skipif(not TINY.is_dir(), reason="the real data sets don't lie beside this checkout")
@pytest.mark.parametrize("classes", [None, [0]])
def test_masks_of_coco_are_those_of_pycocotools(tmp_path, classes):
    """Polygons of one and several parts; as run lengths, which COCO has for crowds alone, they are the same."""
    out = tmp_path / "coco"
    prepare_coco([f"out={out}", f"source={TINY}"])
    for name in ("train", "val"):
        read = read_split(out / "coco.yaml", name, classes)
        coco = COCO(str(read.annotations))
        by_name = {one["file_name"]: one["id"] for one in coco.dataset["images"]}
        packed = json.loads(read.annotations.read_text())
        for one in packed["annotations"]:
            one["segmentation"] = coco.annToRLE(one) | {"counts": coco.annToRLE(one)["counts"].decode()}
        (out / f"{name}.json").write_text(json.dumps(packed))
        content = yaml.safe_load((out / "coco.yaml").read_text()) | {"masks": {name: f"{name}.json"}}
        (out / "packed.yaml").write_text(yaml.safe_dump(content))
        masks, again = (read_masks(read, out / file, name) for file in ("coco.yaml", "packed.yaml"))
        people = coco.getCatIds(["person"]) if classes else []
        for index, one in enumerate(read.labels):
            known = coco.getAnnIds(by_name[Path(one["im_file"]).name], catIds=people, iscrowd=False)
            expected = np.array([coco.annToMask(each) for each in coco.loadAnns(known)]).reshape(-1, *one["shape"])
            assert np.array_equal(masks.decode(index), expected) and np.array_equal(again.decode(index), expected)
