# AGPL-3.0 License
"""Shapes: a small synthetic object-detection data set, drawn on first use.

Every image is a noisy gradient with distractors and a few rotated, stretched and partly hidden shapes. Boxes come from
the drawn pixels, so they are exact. Each class has its own hue: a short run soon tells the classes apart, and what is
left to learn is where the boxes end. `cfg/datasets/shapes.yaml` calls `generate` through Ultralytics' `download:` key.
Labels hold boxes alone; the masks of the same objects are in a COCO JSON a split, see `add_masks`.

The oriented variant, `cfg/datasets/shapes-obb.yaml`, turns its shapes by any angle, and its labels are rotated
rectangles in Ultralytics' OBB format, see `enclose_rotated`.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from pycocotools import mask as rle

SPLIT_COUNTS: Mapping[str, int] = {"train": 800, "val": 200, "test": 200}
IMAGE_SIDE = 128  # image side in pixels
RECIPE_FILE = "recipe.json"  # records in a data set how it was generated
MASKS_FILE = "annotations/instances_{split}.json"  # the masks of a split, below the data set's folder
SPLIT_NAMES = ("train", "val", "test")  # the position of a split is part of the seed of its images

MAX_OBJECTS = 5  # per image
SIDE_RANGE = (0.15, 0.6)  # geometric mean of width and height, as a fraction of the image side
MAX_ASPECT = 4.0  # width / height before rotation lies in [1 / MAX_ASPECT, MAX_ASPECT]
ANGLE_STD = 20.0  # degrees; of the oriented variant any angle is as likely
MIN_VISIBLE = 0.5  # smallest fraction of a shape that may remain visible
MIN_SIDE = 6  # smallest labelled box side in pixels
HUE_STD = 14.0  # degrees, around class hues that are 60 degrees apart
MIN_CONTRAST = 90.0  # smallest distance between a shape's colour and what it is drawn on, in BGR space


def _circle(n: int, radii: tuple[float, ...] = (1.0,)) -> np.ndarray:
    """Return `n` points (n, 2) around the origin, the first one on top, whose distances to it cycle through `radii`."""
    theta = 2 * np.pi * np.arange(n) / n
    return np.resize(radii, n)[:, None] * np.stack((np.sin(theta), -np.cos(theta)), axis=1)


_ARM = 0.35  # half the width of the cross's arms
_QUARTER = np.array([(_ARM, _ARM), (_ARM, 1), (-_ARM, 1)])

# Class name -> contours in the square [-1, 1] x [-1, 1]; a second contour cuts a hole.
OUTLINES: dict[str, list[np.ndarray]] = {
    "ellipse": [_circle(64)],
    "rectangle": [np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=float)],
    "triangle": [np.array([(0, -1), (1, 1), (-1, 1)], dtype=float)],
    "star": [_circle(10, (1.0, 0.45))],
    "ring": [_circle(64), 0.55 * _circle(64)],
    "cross": [np.concatenate([_QUARTER @ np.array([(c, s), (-s, c)]) for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))])],
}
CLASS_NAMES = tuple(OUTLINES)


def enclose_mask(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return the tight box (x1, y1, x2, y2) of a non-empty boolean mask, in pixels; x2 and y2 are exclusive."""
    xs, ys = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1


def enclose_rotated(mask: np.ndarray, angle: float) -> np.ndarray:
    """Return the corners of the tight rectangle around a non-empty mask whose sides are turned by an angle.

    What is enclosed are the centres of the pixels, and half a pixel more on each side; at an angle of 0 this is the box
    of `enclose_mask`. Of a shape that the border of the image cuts off, the part in the image is enclosed, at the
    shape's angle: corners may lie outside the image then. It is what Ultralytics makes of such a rectangle in training.

    Args:
        mask (np.ndarray): Boolean mask (height, width).
        angle (float): Angle of the first side, in radians, from the image's x axis towards its y axis (clockwise).

    Returns:
        (np.ndarray): Corners (4, 2) as x and y in pixels, one after another: the first side is that at the angle.
    """
    axes = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    ys, xs = np.nonzero(mask)
    centres = (np.stack((xs, ys), axis=1) + 0.5) @ axes.T
    (u1, v1), (u2, v2) = centres.min(axis=0) - 0.5, centres.max(axis=0) + 0.5
    return np.array([(u1, v1), (u2, v1), (u2, v2), (u1, v2)]) @ axes


class Shape(NamedTuple):
    """A drawn shape.

    Attributes:
        cls: Its class index.
        mask: Its pixels in the image, (size, size) of bool, those behind nearer shapes included.
        angle: The angle of its box, see `enclose_rotated`: 0 but for the oriented variant.
    """

    cls: int
    mask: np.ndarray
    angle: float = 0.0


def draw_shape(rng: np.random.Generator, cls: int, size: int, oriented: bool = False) -> Shape:
    """Draw a shape of class `cls` with a random place, size, aspect ratio and rotation.

    Args:
        rng (np.random.Generator): Source of randomness.
        cls (int): Class index.
        size (int): Image side in pixels.
        oriented (bool): Whether any angle is as likely, and its box has that angle.
    """
    side = size * np.exp(rng.uniform(*np.log(SIDE_RANGE)))
    stretch = MAX_ASPECT ** (rng.uniform(-1, 1) / 2)
    angle = np.deg2rad(rng.uniform(0, 360) if oriented else rng.normal(0, ANGLE_STD))
    centre = rng.uniform(0.05, 0.95, 2) * size
    rotation = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    half = np.array([side * stretch, side / stretch]) / 2
    outline = OUTLINES[CLASS_NAMES[cls]]
    fixed_point = [np.rint(16 * (contour * half @ rotation + centre)).astype(np.int32) for contour in outline]
    mask = cv2.fillPoly(np.zeros((size, size), np.uint8), fixed_point, 1, shift=4).astype(bool)
    return Shape(cls, mask, angle if oriented else 0.0)


def sample_objects(
    rng: np.random.Generator, size: int, min_side: int = MIN_SIDE, oriented: bool = False
) -> list[Shape]:
    """Sample the objects of an image, from the foremost to the rearmost.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Image side in pixels.
        min_side (int): Smallest box side in pixels.
        oriented (bool): Whether shapes and their boxes have any angle.

    Returns:
        (list[Shape]): The objects. Shapes that nearer ones mostly hide, slivers at the border, and those whose label
            Ultralytics would refuse, are left out.
    """
    objects: list[Shape] = []
    covered = np.zeros((size, size), bool)
    for _ in range(rng.integers(1, MAX_OBJECTS + 1)):
        shape = draw_shape(rng, int(rng.integers(len(CLASS_NAMES))), size, oriented)
        if (shape.mask & ~covered).sum() <= MIN_VISIBLE * shape.mask.sum():  # also true of an empty mask
            continue
        if _can_be_labelled(enclose_rotated(shape.mask, shape.angle), size, min_side):
            objects.append(shape)
            covered |= shape.mask
    return objects


def _can_be_labelled(corners: np.ndarray, size: int, min_side: int) -> bool:
    """Return whether a box is no sliver, and Ultralytics takes it for a label.

    It takes corners outside the image if the centre lies in it, and the upright box around them is no larger than the
    image; otherwise it leaves out the whole image.
    """
    centre, extent = corners.mean(axis=0), np.ptp(corners, axis=0)
    sides = np.linalg.norm(corners[1:3] - corners[:2], axis=1)
    accepted = (centre >= 0).all() and max(*centre, *extent) <= size
    return bool(accepted and sides.min() >= min_side)


def _noise(rng: np.random.Generator, size: int, cell: int) -> np.ndarray:
    """Return smooth unit noise (size, size, 3) whose blobs are about `cell` pixels wide."""
    n = -(-size // cell)
    return cv2.resize(rng.normal(size=(n, n, 3)).astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)


def paint_background(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return a float32 BGR image (size, size, 3): a blotchy gradient with thin lines and dots as distractors."""
    theta = rng.uniform(0, 2 * np.pi)
    ramp = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    ramp = 0.5 + (np.cos(theta) * ramp[None, :] + np.sin(theta) * ramp[:, None]) / np.sqrt(2)
    start, stop = rng.uniform(40, 215, (2, 3)).astype(np.float32)
    image = start + ramp[..., None] * (stop - start) + 10 * _noise(rng, size, 16) + 6 * _noise(rng, size, 4)
    for _ in range(rng.integers(0, 7)):
        (x1, y1, x2, y2), colour = rng.integers(0, size, 4).tolist(), rng.uniform(0, 255, 3).tolist()
        if rng.random() < 0.5:
            cv2.line(image, (x1, y1), (x2, y2), colour, 1, cv2.LINE_AA)
        else:
            cv2.circle(image, (x1, y1), 2, colour, -1)
    return image


def _random_colour(rng: np.random.Generator, cls: int) -> np.ndarray:
    """Return a BGR colour (3,) in [0, 255] of about the hue of class `cls`."""
    hue = (360 * cls / len(CLASS_NAMES) + rng.normal(0, HUE_STD)) % 360
    hsv = np.array([[(hue, rng.uniform(0.4, 1), rng.uniform(0.3, 1))]], dtype=np.float32)
    return 255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0]


def render(rng: np.random.Generator, objects: list[Shape], size: int) -> np.ndarray:
    """Paint objects, given from front to back, on a random background; return a uint8 BGR image (size, size, 3)."""
    image = paint_background(rng, size)
    for cls, mask, _ in reversed(objects):
        below = image[mask].mean(axis=0)
        colour = _random_colour(rng, cls)
        while np.linalg.norm(colour - below) < MIN_CONTRAST:
            colour = _random_colour(rng, cls)
        image[mask] = colour + 12 * _noise(rng, size, 8)[mask]
    image = cv2.GaussianBlur(image, (3, 3), 0.6) + rng.normal(0, 6, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def _make_generator(seed: int, split: str, index: int) -> np.random.Generator:
    """Return the source of randomness of one image."""
    return np.random.default_rng((seed, SPLIT_NAMES.index(split), index))


def make_sample(seed: int, split: str, index: int, size: int, oriented: bool = False) -> tuple[np.ndarray, str]:
    """Make one image with its labels, which depend on the arguments only.

    Args:
        seed (int): Seed of the data set, not negative.
        split (str): One of `SPLIT_NAMES`.
        index (int): Number of the image in its split.
        size (int): Image side in pixels.
        oriented (bool): Whether shapes and their boxes have any angle.

    Returns:
        (tuple[np.ndarray, str]): The uint8 BGR image (size, size, 3) and one line `class x y w h` per object: centre,
            width and height of its box as fractions of the image side. The box spans the whole shape, hidden parts
            included, clipped to the image. Of oriented ones a line is `class x1 y1 x2 y2 x3 y3 x4 y4`, the corners of
            `enclose_rotated` as such fractions, which lie outside [0, 1] where the border cuts a shape off at an angle.
    """
    rng = _make_generator(seed, split, index)
    objects = sample_objects(rng, size, oriented=oriented)
    describe = _describe_rotated if oriented else _describe_upright
    return render(rng, objects, size), "".join(describe(shape, size) for shape in objects)


def _describe_upright(shape: Shape, size: int) -> str:
    """Return the label of a shape: centre, width and height of its box."""
    x1, y1, x2, y2 = np.array(enclose_mask(shape.mask)) / size
    return f"{shape.cls} {(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}\n"


def _describe_rotated(shape: Shape, size: int) -> str:
    """Return the label of an oriented shape: the corners of its box."""
    corners = enclose_rotated(shape.mask, shape.angle) / size
    return f"{shape.cls} {' '.join(f'{value:.6f}' for value in corners.flat)}\n"


def write_data(root: Path, seed: int, counts: Mapping[str, int], size: int, oriented: bool = False) -> None:
    """Write all images and labels below `root`, which must not hold any of them yet."""
    for split, count in counts.items():
        images, labels = root / "images" / split, root / "labels" / split
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for index in range(count):
            image, text = make_sample(seed, split, index, size, oriented)
            (images / f"{index:05d}.jpg").write_bytes(cv2.imencode(".jpg", image)[1].tobytes())
            (labels / f"{index:05d}.txt").write_text(text, newline="\n")


def make_masks(seed: int, split: str, count: int, size: int, oriented: bool = False) -> dict[str, Any]:
    """Return the objects of a split in COCO's form, with the masks that their boxes enclose.

    Args:
        seed (int): Seed of the data set, not negative.
        split (str): One of `SPLIT_NAMES`.
        count (int): Number of images.
        size (int): Image side in pixels.
        oriented (bool): Whether shapes have any angle; boxes are upright here all the same.

    Returns:
        (dict[str, Any]): The content of a COCO JSON. Masks span the whole shape, hidden parts included, as boxes do.
            They are compressed RLE: a ring has a hole, which COCO's polygons can't have. Areas are those of the masks.
            Annotations are in the order of the labels; a category's id is the class index + 1.
    """
    images, annotations = [], []
    for index in range(count):
        images.append({"id": index + 1, "file_name": f"{index:05d}.jpg", "width": size, "height": size})
        for cls, mask, _ in sample_objects(_make_generator(seed, split, index), size, oriented=oriented):
            x1, y1, x2, y2 = enclose_mask(mask)
            packed: Any = rle.encode(np.asfortranarray(mask, np.uint8))
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": index + 1,
                    "category_id": cls + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": int(mask.sum()),
                    "iscrowd": 0,
                    "segmentation": {"size": [size, size], "counts": packed["counts"].decode("ascii")},
                }
            )
    categories = [{"id": number, "name": name} for number, name in enumerate(CLASS_NAMES, 1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def add_masks(root: str | Path) -> None:
    """Write the masks of a generated data set that lack, as in one that an older version of this package has made.

    Each file appears whole or not at all, and all processes that write it at the same time write the same.

    Args:
        root (str | Path): Folder of the data set, for which `is_generated` is true. Its masks are
            `annotations/instances_<split>.json`.

    Raises:
        OSError: If they can't be written.
    """
    root = Path(root)
    recipe = json.loads((root / RECIPE_FILE).read_text(encoding="utf-8"))
    lacking = {split: n for split, n in recipe["counts"].items() if not _masks_of(root, split).is_file()}
    if not lacking:
        return
    with tempfile.TemporaryDirectory(prefix=".masks-", dir=root) as scratch:
        for split, count in lacking.items():
            content = make_masks(recipe["seed"], split, count, recipe["size"], recipe.get("oriented", False))
            made = Path(scratch) / f"{split}.json"
            made.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8", newline="\n")
            _masks_of(root, split).parent.mkdir(exist_ok=True)
            os.replace(made, _masks_of(root, split))


def _masks_of(root: Path, split: str) -> Path:
    """Return the path of the masks of a split."""
    return root / MASKS_FILE.format(split=split)


def is_generated(root: Path) -> bool:
    """Return whether a folder is a data set that `generate` wrote."""
    return (root / RECIPE_FILE).is_file()


def _is_complete(root: Path, recipe: str, counts: Mapping[str, int]) -> bool:
    """Return whether `root` holds every image and label of the data set that `recipe` describes."""
    note = root / RECIPE_FILE
    return (
        note.is_file()
        and note.read_text(encoding="utf-8") == recipe
        and all(len(list((root / "images" / split).glob("*.jpg"))) == count for split, count in counts.items())
        and all(len(list((root / "labels" / split).glob("*.txt"))) == count for split, count in counts.items())
    )


def generate(
    root: str | Path,
    seed: int = 0,
    counts: Mapping[str, int] = SPLIT_COUNTS,
    size: int = IMAGE_SIDE,
    oriented: bool = False,
) -> None:
    """Make the data set in `root`; do nothing if it is already there, but add masks that lack, see `add_masks`.

    The folder is created atomically, so several processes may call this at the same time and an interrupted call leaves
    nothing behind.

    Args:
        root (str | Path): Folder to make: `images/<split>/*.jpg`, `labels/<split>/*.txt`,
            `annotations/instances_<split>.json` and `recipe.json`.
        seed (int): Seed, not negative; the same arguments always give the same data set.
        counts (Mapping[str, int]): Number of images per split; keys out of `SPLIT_NAMES`.
        size (int): Image side in pixels.
        oriented (bool): Whether it is the oriented variant: shapes at any angle, labels in Ultralytics' OBB format.

    Raises:
        FileExistsError: If `root` holds something else, such as part of a data set or one made with other arguments.
    """
    root = Path(root).resolve()
    variant = {"oriented": True} if oriented else {}
    recipe = json.dumps({"seed": seed, "counts": dict(counts), "size": size, **variant})
    if _is_complete(root, recipe, counts):
        add_masks(root)
        return
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{root.name}-", dir=root.parent) as scratch:
        made = Path(scratch) / root.name
        write_data(made, seed, counts, size, oriented)
        (made / RECIPE_FILE).write_text(recipe, encoding="utf-8")
        add_masks(made)
        try:
            made.rename(root)
        except OSError as error:
            if not _is_complete(root, recipe, counts):  # it is when another process has won the race
                raise FileExistsError(
                    f"{root} is not the shapes data set that would be written there: move or delete it."
                ) from error
