# AGPL-3.0 License
"""The oriented variant of the shapes data set: rotated rectangles around the drawn pixels, which Ultralytics takes."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from yolo_feiou.datasets import shapes

SIZE = shapes.IMAGE_SIDE
DATASETS = Path(__file__).parents[2] / "cfg" / "datasets"


def read_corners(text: str) -> np.ndarray:
    """Return the labels of one image as corners (n, 4, 2) in pixels."""
    rows = np.array([line.split() for line in text.splitlines()], dtype=float).reshape(-1, 9)
    return rows[:, 1:].reshape(-1, 4, 2) * SIZE


def sample_all(count: int = 200) -> list[tuple[list[shapes.Shape], np.ndarray]]:
    """Return the objects of images, and the corners in their labels."""
    return [
        (
            shapes.sample_objects(np.random.default_rng((0, 0, index)), SIZE, oriented=True),
            read_corners(shapes.make_sample(0, "train", index, SIZE, oriented=True)[1]),
        )
        for index in range(count)
    ]


def find_sides(corners: np.ndarray) -> np.ndarray:
    """Return the four sides of a box as vectors (4, 2)."""
    return np.roll(corners, -1, axis=0) - corners


@pytest.fixture(scope="module")
def samples() -> list[tuple[list[shapes.Shape], np.ndarray]]:
    """Return 200 images of the training split."""
    return sample_all()


def test_an_upright_rectangle_is_the_upright_box() -> None:
    """x1 = 3 and x2 = 11 are the outer edges of pixels 3 to 10."""
    mask = np.zeros((20, 20), bool)
    mask[5:15, 3:11] = True
    expected = [(3, 5), (11, 5), (11, 15), (3, 15)]
    assert np.allclose(shapes.enclose_rotated(mask, 0), expected)
    assert np.allclose(shapes.enclose_rotated(mask, np.pi / 2), [(11, 5), (11, 15), (3, 15), (3, 5)])


@pytest.mark.parametrize("angle", range(0, 360, 15))
def test_a_drawn_rectangle_gets_its_own_corners(angle: float) -> None:
    """Those of a rectangle of 30 × 12 px about (40.5, 32.5), turned clockwise, as y points down.

    fillPoly fills the pixels on the edge too, so that sides grow by half a pixel on each side and by the diagonal of a
    pixel at most: a corner lies up to √2 times (1/√2 + 1/2), 1.7 px, outside the drawn one.
    """
    turn = np.deg2rad(angle)
    u, v = np.array((np.cos(turn), np.sin(turn))), np.array((-np.sin(turn), np.cos(turn)))
    centre = np.array((40, 32))
    expected = np.array([centre + a * 15 * u + b * 6 * v for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
    drawn = cv2.fillPoly(np.zeros((80, 80), np.uint8), [np.rint(16 * expected).astype(np.int32)], 1, shift=4)
    found = shapes.enclose_rotated(drawn.astype(bool), turn)
    assert np.abs(found - (expected + 0.5)).max() < 1.7
    assert np.abs(found.mean(axis=0) - (40.5, 32.5)).max() < 0.5


def test_a_label_is_the_tight_rectangle_around_the_pixels_of_its_shape(samples: list) -> None:
    """All centres of pixels lie inside, half a pixel from the nearest side, whatever of the shape is hidden."""
    number = 0
    for objects, labels in samples:
        assert len(objects) == len(labels)
        for (_, mask, _), corners in zip(objects, labels, strict=True):
            sides = find_sides(corners)
            lengths = np.linalg.norm(sides, axis=1)
            assert np.allclose(sides[0], -sides[2], atol=1e-3) and abs(sides[0] @ sides[1]) < 0.02  # a rectangle
            centres = np.stack(np.nonzero(mask)[::-1], axis=1) + 0.5
            inward = np.stack((-sides[:, 1], sides[:, 0]), axis=1) / lengths[:, None]
            distances = ((centres[:, None] - corners) * inward).sum(axis=2)  # of pixels (rows) to sides
            assert np.allclose(distances.min(axis=0), 0.5, atol=2e-3)
            assert lengths.min() >= shapes.MIN_SIDE - 1e-3
            number += 1
    assert number > 400


def test_angles_are_of_the_full_range(samples: list) -> None:
    """Each tenth of 180 degrees has about as many boxes as another: of 550, 55 ± 7."""
    angles = [np.degrees(np.arctan2(*find_sides(box)[0][::-1])) % 180 for _, labels in samples for box in labels]
    counts, _ = np.histogram(angles, bins=10, range=(0, 180))
    assert counts.min() > 30 and counts.max() < 85


def test_the_angle_is_that_of_the_drawn_shape() -> None:
    """A long rectangle lies along its box's longer side, by the moments of its pixels."""
    for seed in range(60):
        shape = shapes.draw_shape(np.random.default_rng(seed), shapes.CLASS_NAMES.index("rectangle"), SIZE, True)
        ys, xs = np.nonzero(shape.mask)
        if min(xs.min(), ys.min()) == 0 or max(xs.max(), ys.max()) == SIZE - 1:
            continue
        sides = find_sides(shapes.enclose_rotated(shape.mask, shape.angle))[:2]
        first, second = np.linalg.norm(sides, axis=1)
        if max(first / second, second / first) > 1.5:
            _, vectors = np.linalg.eigh(np.cov(xs, ys))
            longer = sides[0] / first if first > second else sides[1] / second
            assert abs(longer @ vectors[:, 1]) > np.cos(np.deg2rad(3))


def test_a_shape_at_the_border_has_a_box_around_its_visible_part_at_its_angle() -> None:
    """A square of side 20√2 whose centre is (0, 64), a corner up: half of it is seen, from x = 0 to 20, y = 44 to 84.

    Turned by 45°, its visible part spans the same length along both sides: from (0, 44) to (20, 64) along one, and from
    (0, 84) to (20, 64) along the other. So the box is the whole square, half of it outside the image.
    """
    tilted = np.array([(0, 44), (20, 64), (0, 84), (-20, 64)])
    mask = cv2.fillPoly(np.zeros((SIZE, SIZE), np.uint8), [tilted], 1).astype(bool)
    found = shapes.enclose_rotated(mask, np.pi / 4)
    assert np.abs(found - (tilted + 0.5)).max() < 1
    assert found[:, 0].min() < -18


def test_what_ultralytics_refuses_is_left_out() -> None:
    """A box whose upright bounds are wider than the image, or whose centre lies outside; not corners outside."""
    square = np.array([(0.0, 44), (20, 64), (0, 84), (-20, 64)])
    assert shapes._can_be_labelled(square, SIZE, 6)
    assert not shapes._can_be_labelled(square, SIZE, 30)  # a side of 28.3 px
    assert not shapes._can_be_labelled(square - (1, 0), SIZE, 6)
    assert not shapes._can_be_labelled(square - (-128.5, 0), SIZE, 6)
    assert not shapes._can_be_labelled((square - (0, 64)) * 3.3 + 64, SIZE, 6)  # 132 px wide


def test_the_data_set_is_another_than_the_upright_one(tmp_path: Path) -> None:
    """Its recipe says so, so that one is never taken for the other; a second call does nothing."""
    root, counts = tmp_path / "shapes", {"val": 2}
    shapes.generate(root, counts=counts, oriented=True)
    recipe = json.loads((root / "recipe.json").read_text())
    assert recipe == {"seed": 0, "counts": counts, "size": 128, "oriented": True}
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    shapes.generate(root, counts=counts, oriented=True)
    assert before == {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(FileExistsError, match="is not the shapes data set"):
        shapes.generate(root, counts=counts)


def test_masks_are_those_of_the_oriented_shapes(tmp_path: Path) -> None:
    """Also where they are added later."""
    shapes.generate(tmp_path / "shapes", counts={"train": 5}, oriented=True)
    file = tmp_path / "shapes" / "annotations" / "instances_train.json"
    written = file.read_bytes()
    objects = [shape for index in range(5) for shape in sample_all(5)[index][0]]
    assert [one["area"] for one in json.loads(written)["annotations"]] == [shape.mask.sum() for shape in objects]
    file.unlink()
    shapes.add_masks(tmp_path / "shapes")
    assert file.read_bytes() == written


def test_ultralytics_reads_every_label_as_the_rectangle_that_it_is(tmp_path: Path) -> None:
    """No image is refused, and what it makes of the corners for validation has the same corners."""
    from ultralytics.data.dataset import YOLODataset
    from ultralytics.utils.ops import xyxyxyxy2xywhr

    shapes.generate(tmp_path / "shapes", counts={"train": 100}, oriented=True)
    data = {"names": dict(enumerate(shapes.CLASS_NAMES)), "nc": 6, "channels": 3}
    found = YOLODataset(img_path=str(tmp_path / "shapes" / "images" / "train"), data=data, task="obb", augment=False)
    assert len(found.labels) == 100
    for label in found.labels:
        text = (tmp_path / "shapes" / "labels" / "train" / f"{Path(label['im_file']).stem}.txt").read_text()
        corners = read_corners(text)
        boxes = xyxyxyxy2xywhr(np.array(label["segments"]).reshape(-1, 4, 2) * SIZE)
        assert len(boxes) == len(corners)
        for box, segment in zip(boxes, label["segments"], strict=True):
            expected = np.asarray(segment) * SIZE
            assert np.abs(corners - expected).max(axis=(1, 2)).min() < 1e-3  # duplicates are sorted out, and so sorted
            sides = np.sort(np.linalg.norm(find_sides(expected), axis=1)[:2])
            assert np.allclose(sorted(box[2:4]), sides, atol=0.02)
            assert np.allclose(box[:2], expected.mean(axis=0), atol=0.02)


def test_training_keeps_the_rectangle_of_a_shape_that_the_border_cuts_off(samples: list) -> None:
    """Ultralytics replaces a box that reaches out of the image by that of its visible part, which ours is already."""
    from ultralytics.utils.instance import Instances
    from ultralytics.utils.ops import xyxyxyxy2xywhr

    if "preserve_obb" not in inspect.signature(Instances.clip).parameters:
        pytest.skip("this release of Ultralytics clips corners one by one")
    outside = 0
    for _, labels in samples:
        kept = Instances(np.zeros((len(labels), 4)), labels.astype(np.float32), bbox_format="xyxy", normalized=False)
        kept.clip(SIZE, SIZE, preserve_obb=True)
        for before, after in zip(xyxyxyxy2xywhr(labels), xyxyxyxy2xywhr(kept.segments), strict=True):
            assert np.allclose(before[:2], after[:2], atol=0.8)
            assert np.allclose(sorted(before[2:4]), sorted(after[2:4]), atol=1.1)
        outside += ((labels < -1) | (labels > SIZE + 1)).any(axis=(1, 2)).sum()
    assert outside > 100


def test_the_data_yaml_is_that_of_shapes_but_for_its_folder_and_the_variant(tmp_path: Path) -> None:
    """Same classes and splits; its download text makes oriented shapes."""
    upright, oriented = (yaml.safe_load((DATASETS / f"{name}.yaml").read_text()) for name in ("shapes", "shapes-obb"))
    assert {key for key in upright if upright[key] != oriented.pop(key)} == {"path", "download"} and not oriented
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "generate", lambda *args, **kwargs: made.append((args, kwargs)))
        text = yaml.safe_load((DATASETS / "shapes-obb.yaml").read_text())["download"]
        exec(text, {"yaml": {"path": tmp_path}})
    assert made == [((tmp_path,), {"oriented": True})]
