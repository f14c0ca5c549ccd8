# AGPL-3.0 License
"""The shapes data set: same bytes for the same seed, exact boxes, and a folder that appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from pycocotools.coco import COCO

from yolo_feiou.datasets import shapes

COUNTS = {"train": 12, "val": 4, "test": 4}
DATA_YAML = Path(__file__).parents[2] / "cfg" / "datasets" / "shapes.yaml"


def digests(root: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below `root` by its relative path."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def boxes_of(text: str) -> np.ndarray:
    """Return the label lines of one image as an array (n, 5) of class, x, y, w, h."""
    return np.array([line.split() for line in text.splitlines()], dtype=float).reshape(-1, 5)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small data set made with seed 0."""
    root = tmp_path_factory.mktemp("data") / "shapes"
    shapes.generate(root, counts=COUNTS)
    return root


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    """Return the labels of 200 images, (n, 6): image index, class, x, y, w, h."""
    texts = [shapes.make_sample(0, "train", index, shapes.IMAGE_SIDE)[1] for index in range(200)]
    return np.concatenate([np.insert(boxes_of(text), 0, index, axis=1) for index, text in enumerate(texts)])


def test_each_split_has_its_images_with_a_label_file_each(root: Path) -> None:
    """Each split holds as many images as asked for, each with its label file, in the given size."""
    for split, count in COUNTS.items():
        images = sorted((root / "images" / split).iterdir())
        assert [path.name for path in images] == [f"{index:05d}.jpg" for index in range(count)]
        assert {path.stem for path in images} == {path.stem for path in (root / "labels" / split).iterdir()}
        assert {cv2.imread(str(path)).shape for path in images} == {(shapes.IMAGE_SIDE, shapes.IMAGE_SIDE, 3)}


def test_the_same_seed_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    """The seed decides every byte, whatever the counts are."""
    shapes.generate(tmp_path / "same", counts=COUNTS)
    assert digests(tmp_path / "same") == digests(root)
    shapes.generate(tmp_path / "fewer", counts={"val": 2})
    assert {name: h for name, h in digests(tmp_path / "fewer").items() if "/val/" in name}.items() <= digests(
        root
    ).items()
    shapes.generate(tmp_path / "other", seed=1, counts=COUNTS)
    assert not set(digests(tmp_path / "other").values()) & set(digests(root).values())


def test_no_image_is_there_twice(root: Path) -> None:
    """No image occurs in two splits, or twice in one."""
    hashes = [h for name, h in digests(root).items() if name.endswith(".jpg")]
    assert len(hashes) == len(set(hashes)) == sum(COUNTS.values())


def test_labels_lie_in_the_image_with_known_classes(labels: np.ndarray) -> None:
    """Boxes lie inside the image, have known classes and at least the smallest side."""
    cls, xy, wh = labels[:, 1], labels[:, 2:4], labels[:, 4:]
    assert set(cls) == set(range(len(shapes.CLASS_NAMES)))
    assert (xy - wh / 2 >= -1e-6).all() and (xy + wh / 2 <= 1 + 1e-6).all()
    assert (wh * shapes.IMAGE_SIDE >= shapes.MIN_SIDE - 1e-3).all()


@pytest.mark.parametrize("name", shapes.CLASS_NAMES)
def test_a_box_encloses_the_pixels_of_its_shape(name: str) -> None:
    """A label equals the bounding rectangle of its shape's pixels as OpenCV finds it."""
    rng = np.random.default_rng(3)
    masks = [shapes.draw_shape(rng, shapes.CLASS_NAMES.index(name), shapes.IMAGE_SIDE).mask for _ in range(20)]
    for mask in masks:
        x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
        assert shapes.enclose_mask(mask) == (x, y, x + w, y + h)


def test_box_matches_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a black background and no noise, a lone object's box is where the finished image is bright."""
    monkeypatch.setattr(shapes, "paint_background", lambda rng, size: np.zeros((size, size, 3), np.float32))
    monkeypatch.setattr(shapes, "MAX_OBJECTS", 1)
    monkeypatch.setattr(shapes, "MIN_CONTRAST", 200.0)
    for index in range(30):
        image, text = shapes.make_sample(0, "val", index, shapes.IMAGE_SIDE)
        ((_, x, y, w, h),) = boxes_of(text) * (1, *[shapes.IMAGE_SIDE] * 4)
        left, top, width, height = cv2.boundingRect((image.max(axis=2) > 40).astype(np.uint8))
        expected = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        assert np.allclose(expected, (left, top, left + width, top + height), atol=1.01)  # the blur shifts edges a bit


def test_hidden_objects_are_dropped() -> None:
    """Every kept object shows at least the asked fraction of its pixels behind the nearer ones; some not all."""
    visible = []
    for seed in range(50):
        objects = shapes.sample_objects(np.random.default_rng(seed), shapes.IMAGE_SIDE)
        covered = np.zeros((shapes.IMAGE_SIDE, shapes.IMAGE_SIDE), bool)
        for _, mask, _ in objects:
            visible.append((mask & ~covered).sum() / mask.sum())
            covered |= mask
    assert min(visible) > shapes.MIN_VISIBLE
    assert np.mean(np.array(visible) < 0.95) > 0.1


def test_slivers_are_dropped() -> None:
    """No kept object has a box with a side below the limit."""
    for seed in range(50):
        for _, mask, _ in shapes.sample_objects(np.random.default_rng(seed), shapes.IMAGE_SIDE, min_side=30):
            x1, y1, x2, y2 = shapes.enclose_mask(mask)
            assert min(x2 - x1, y2 - y1) >= 30


def test_front_object_is_painted_last() -> None:
    """Where two objects overlap, the picture shows the one that comes first in the list."""
    size = shapes.IMAGE_SIDE
    front, back = np.zeros((2, size, size), bool)
    front[40:80, 40:80] = back[20:100, 20:60] = True
    objects = [shapes.Shape(0, front), shapes.Shape(3, back)]
    image = shapes.render(np.random.default_rng(0), objects, size).astype(float)
    both, front_only, back_only = image[45:75, 45:55], image[45:75, 65:75], image[45:75, 25:35]
    colours = [patch.mean(axis=(0, 1)) for patch in (both, front_only, back_only)]
    assert np.linalg.norm(colours[0] - colours[1]) < 40 < np.linalg.norm(colours[0] - colours[2])


def test_boxes_are_small_and_large_flat_and_tall_and_some_overlap(labels: np.ndarray) -> None:
    """Boxes are small and large, flat and tall, and some overlap."""
    side, aspect = np.sqrt(labels[:, 4] * labels[:, 5]), labels[:, 4] / labels[:, 5]
    assert side.min() < 0.15 and side.max() > 0.5
    assert aspect.min() < 0.4 and aspect.max() > 2.5
    overlaps = 0
    for index in np.unique(labels[:, 0]):
        _, _, x, y, w, h = labels[labels[:, 0] == index].T
        near_x = np.abs(x[:, None] - x) < (w[:, None] + w) / 2
        near_y = np.abs(y[:, None] - y) < (h[:, None] + h) / 2
        overlaps += (near_x & near_y).sum() - len(x)
    assert overlaps > 50


def test_backgrounds_are_textured_and_classes_have_hues() -> None:
    """A background is not plain, and colours lie about multiples of 60 degrees, each class its own."""
    random = np.random.default_rng(0)
    assert all(shapes.paint_background(random, shapes.IMAGE_SIDE).std((0, 1)).min() > 4 for _ in range(20))
    for cls in range(len(shapes.CLASS_NAMES)):
        colours = np.float32([[shapes._random_colour(random, cls) / 255 for _ in range(300)]])
        angles = np.radians(cv2.cvtColor(colours, cv2.COLOR_BGR2HSV)[0, :, 0] - 60 * cls)
        mean = np.degrees(np.angle(np.exp(1j * angles).mean()))
        assert abs(mean) < 5  # of 300 with a deviation of 14 degrees: 0.8


def test_images_and_labels_are_those_of_the_first_release() -> None:
    """The labels by their CRC-32, the images by their mean: a few pixels may vary with the release of OpenCV."""
    samples = [
        shapes.make_sample(0, split, index, shapes.IMAGE_SIDE) for split in shapes.SPLIT_NAMES for index in range(3)
    ]
    assert zlib.crc32("".join(text for _, text in samples).encode()) == 1759461232
    masks = [shapes.make_masks(0, split, 3, shapes.IMAGE_SIDE) for split in shapes.SPLIT_NAMES]
    assert zlib.crc32(json.dumps(masks).encode()) == 2173242085
    assert np.mean([image for image, _ in samples]) == pytest.approx(126.69, abs=0.01)


@pytest.mark.parametrize("split", shapes.SPLIT_NAMES)
def test_masks_are_read_by_pycocotools_and_fill_the_boxes_of_the_labels(root: Path, split: str) -> None:
    """In the order of the labels, with their classes; a ring's has a hole."""
    truth = COCO(root / "annotations" / f"instances_{split}.json")
    assert [image["file_name"] for image in truth.dataset["images"]] == [
        path.name for path in sorted((root / "images" / split).iterdir())
    ]
    holes = 0
    for image in truth.dataset["images"]:
        text = (root / "labels" / split / image["file_name"]).with_suffix(".txt").read_text()
        objects = truth.imgToAnns[image["id"]]
        for (cls, *box), one in zip(boxes_of(text), objects, strict=True):
            mask = truth.annToMask(one)
            assert truth.cats[one["category_id"]]["name"] == shapes.CLASS_NAMES[int(cls)]
            assert mask.shape == (shapes.IMAGE_SIDE, shapes.IMAGE_SIDE) and mask.sum() == one["area"]
            assert cv2.boundingRect(mask) == tuple(one["bbox"])
            x, y, w, h = np.array(box) * shapes.IMAGE_SIDE
            assert np.allclose(one["bbox"], (x - w / 2, y - h / 2, w, h), atol=1e-3)
            whole = np.pad(mask, 1)  # so that all of the background is one region
            holes += cv2.connectedComponents(1 - whole, connectivity=4)[0] > 2
    assert holes > 0


def test_a_mask_is_of_the_whole_shape() -> None:
    """Hidden parts are of it, so that masks of one image overlap as their shapes do."""
    objects = shapes.make_masks(0, "train", 100, shapes.IMAGE_SIDE)["annotations"]
    drawn = [
        mask.sum()
        for index in range(100)
        for _, mask, _ in shapes.sample_objects(np.random.default_rng((0, 0, index)), shapes.IMAGE_SIDE)
    ]
    assert [one["area"] for one in objects] == drawn


def test_masks_are_added_to_an_older_data_set(root: Path, tmp_path: Path) -> None:
    """One without them is complete, and gets what lacks and nothing else; by the download text of the YAML too."""
    old = tmp_path / "shapes"
    shutil.copytree(root, old)
    (old / "annotations" / "instances_val.json").unlink()
    shapes.add_masks(old)
    assert digests(old) == digests(root)
    shutil.rmtree(old / "annotations")
    shapes.generate(old, counts=COUNTS)
    assert digests(old) == digests(root) and not list(old.glob(".*"))


def test_masks_that_are_there_stay(root: Path, tmp_path: Path) -> None:
    """They may be the user's own."""
    old = tmp_path / "shapes"
    shutil.copytree(root, old)
    (old / "annotations" / "instances_val.json").write_text("{}")
    shapes.add_masks(old)
    assert (old / "annotations" / "instances_val.json").read_text() == "{}"


def test_a_failure_leaves_no_part_of_the_masks(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A split whose file was finished keeps it; of the next there is nothing, nor of the scratch folder."""
    old, real = tmp_path / "shapes", shapes.make_masks
    shutil.copytree(root, old)
    shutil.rmtree(old / "annotations")

    def fail(seed: int, split: str, count: int, size: int, oriented: bool) -> dict:
        if split == "val":
            raise OSError("disk full")
        return real(seed, split, count, size, oriented)

    monkeypatch.setattr(shapes, "make_masks", fail)
    with pytest.raises(OSError, match="disk full"):
        shapes.add_masks(old)
    assert [path.name for path in (old / "annotations").iterdir()] == ["instances_train.json"]
    assert not list(old.glob(".*"))


def test_two_processes_at_once_add_the_same_masks(root: Path, tmp_path: Path) -> None:
    """Both succeed."""
    old = tmp_path / "shapes"
    shutil.copytree(root, old)
    shutil.rmtree(old / "annotations")
    code = f"from yolo_feiou.datasets.shapes import add_masks; add_masks({str(old)!r})"
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert digests(old) == digests(root) and not list(old.glob(".*"))


def test_second_call_does_nothing(root: Path) -> None:
    """A complete data set is left alone; other contents are neither taken for it nor overwritten."""
    before = digests(root)
    with pytest.raises(FileExistsError, match="is not the shapes data set"):
        shapes.generate(root, seed=1, counts=COUNTS)
    untouched = root.parent.stat().st_mtime_ns  # where a scratch folder would have been made
    shapes.generate(root, counts=COUNTS)
    assert digests(root) == before and root.parent.stat().st_mtime_ns == untouched


def test_incomplete_folder_is_refused(tmp_path: Path) -> None:
    """A data set that lost a file is reported, not used and not deleted."""
    shapes.generate(tmp_path / "shapes", counts={"val": 2})
    (tmp_path / "shapes" / "images" / "val" / "00000.jpg").unlink()
    with pytest.raises(FileExistsError, match="is not the shapes data set"):
        shapes.generate(tmp_path / "shapes", counts={"val": 2})
    assert (tmp_path / "shapes" / "images" / "val" / "00001.jpg").exists()


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """A write that fails half-way, or Ctrl-C, leaves neither the data set nor its scratch folder."""
    real, calls = shapes.make_sample, []

    def fail_on_third(*args: object) -> tuple[np.ndarray, str]:
        calls.append(args)
        if len(calls) == 3:
            raise error
        return real(*args)

    monkeypatch.setattr(shapes, "make_sample", fail_on_third)
    with pytest.raises(type(error)):
        shapes.generate(tmp_path / "shapes", counts=COUNTS)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_finishes_second_keeps_the_first_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that finishes second keeps the winner's folder and goes on quietly."""
    real, root = shapes.write_data, tmp_path / "shapes"

    def overtaken(*args: object) -> None:
        monkeypatch.setattr(shapes, "write_data", real)
        shapes.generate(root, counts=COUNTS)
        (root / "winner").touch()
        real(*args)

    monkeypatch.setattr(shapes, "write_data", overtaken)
    shapes.generate(root, counts=COUNTS)
    assert (root / "winner").exists() and [path.name for path in tmp_path.iterdir()] == ["shapes"]


def test_two_processes_at_once_make_one_data_set(root: Path, tmp_path: Path) -> None:
    """Two processes that start at once both succeed and make the same data set."""
    code = f"""
from pathlib import Path
from yolo_feiou.datasets.shapes import generate
generate(Path({str(tmp_path / "shapes")!r}), 0, {COUNTS!r})
"""
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert digests(tmp_path / "shapes") == digests(root) and [path.name for path in tmp_path.iterdir()] == ["shapes"]


def test_the_images_go_where_ultralytics_keeps_data_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder `datasets_dir` decides, not the current one."""
    from ultralytics.data import utils

    monkeypatch.setattr(utils, "DATASETS_DIR", tmp_path / "sets")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "sets" / "shapes"))):
        utils.check_det_dataset(DATA_YAML, autodownload=False)


def test_the_data_yaml_has_our_classes_and_makes_all_splits(tmp_path: Path) -> None:
    """The data YAML names the classes in the generator's order and its download text makes all splits."""
    data = yaml.safe_load(DATA_YAML.read_text(encoding="utf-8"))
    assert tuple(data["names"].values()) == shapes.CLASS_NAMES and list(data["names"]) == list(
        range(len(shapes.CLASS_NAMES))
    )
    assert [data[split] for split in shapes.SPLIT_NAMES] == [f"images/{split}" for split in shapes.SPLIT_NAMES]
    assert data["masks"] == {split: shapes.MASKS_FILE.format(split=split) for split in shapes.SPLIT_NAMES}
    assert "annotations" not in data  # or evaluations would take their objects from there
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "generate", made.append)
        exec(data["download"], {"yaml": {"path": tmp_path}})
    assert made == [tmp_path]
