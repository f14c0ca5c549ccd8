"""The masks of the labelled objects of a split: from polygons in its labels, or from a COCO JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from yolo_feiou.datasets.shapes import add_masks, is_generated
from yolo_feiou.errors import DataError, first_three
from yolo_feiou.framework import Split
from yolo_feiou.lightning.masks_json import read_mask_texts
from yolo_feiou.lightning.segmentations import FEWEST_NUMBERS, Segmentation, draw_mask, read_segmentation
from yolo_feiou.yolo.configs import find_data

#: What to do without masks, for messages.
_REMEDY = "mask_rcnn.yaml needs a mask of each object; faster_rcnn.yaml needs none."


@dataclass(frozen=True)
class Masks:
    """The masks of I images with N objects, kept as they are written: in few arrays, which processes share as forked.

    Attributes:
        content: What describes the masks, one after the other, as bytes, shape (B,) of uint8.
        ends: Where in `content` each object's begins, and where the last one's ends, shape (N + 1,).
        starts: Which objects are those of an image: the first of each, and the end of all, shape (I + 1,).
        sizes: Height and width of each image in the units of polygons, shape (I, 2).
        shapes: Height and width of each image in pixels, shape (I, 2) of int.
        read: Returns what the bytes of an object describe.
    """

    content: np.ndarray
    ends: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray
    shapes: np.ndarray
    read: Callable[[bytes], Segmentation | None]

    def decode(self, index: int) -> np.ndarray:
        """Return the masks of the objects of an image, in the order of its labels, shape (n, H, W) of uint8: 0 or 1."""
        height, width = self.shapes[index].tolist()
        made = np.zeros((self.starts[index + 1] - self.starts[index], height, width), np.uint8)
        for row, number in enumerate(range(self.starts[index], self.starts[index + 1])):
            found = self.read(self.content[self.ends[number] : self.ends[number + 1]].tobytes())
            assert found is not None, "it was read before"
            made[row] = draw_mask(found, tuple(self.sizes[index].tolist()), (height, width))
        return made


def read_masks(split: Split, data: str | Path, name: str) -> Masks:
    """Return the masks of all objects of a split, each in the place of its label.

    They are the polygons of the label files, if these have some; else the masks of the COCO JSON that the data YAML
    names for the split in `masks`, or else in `annotations`: those of the same class whose box is the label's, within
    two pixels. Crowds are left out. Where images were resized after annotation, so are masks. A generated data set
    without its JSON gets it.

    Args:
        split: The split.
        data: The data YAML, or the name of one, from which it was read.
        name: The split's name there: 'train', 'val' or 'test'.

    Raises:
        DataError: If there are no masks, an object has none, or the JSON can't be read or doesn't fit the images.
    """
    counts = [len(label["cls"]) for label in split.labels]
    drawn = [len(label.get("segments", ())) for label in split.labels]
    if drawn == counts:  # also if there are no objects at all
        return _from_labels(split)
    path = _find_json(split, data, name)
    texts, sizes = read_mask_texts(split, path, _REMEDY)
    return _make_masks(split, texts, sizes, read_segmentation)


def _make_masks(split: Split, content: Sequence[bytes], sizes: np.ndarray, read: Callable) -> Masks:
    """Return masks that are described object by object."""
    shapes = np.array([label["shape"] for label in split.labels], int).reshape(-1, 2)
    starts = np.cumsum([0, *(len(label["cls"]) for label in split.labels)])
    ends = np.cumsum([0, *map(len, content)])
    return Masks(np.frombuffer(b"".join(content), np.uint8), ends, starts, sizes, shapes, read)


def _from_labels(split: Split) -> Masks:
    """Return the masks of the polygons in label files, of which each object has one, in shares of the image."""
    content, odd = [], []
    for label in split.labels:
        for points in label.get("segments", ()):
            if points.size < FEWEST_NUMBERS:
                odd.append(label["im_file"])
            content.append(np.ascontiguousarray(points, np.float32).tobytes())
    if odd:
        raise DataError(
            f"{split.source}: {len(odd):,} objects have polygons of fewer than three points, so no mask: in the labels "
            f"of {first_three(odd)}. Correct them, or remove them. {_REMEDY}"
        )
    return _make_masks(split, content, np.ones((len(split.labels), 2)), _read_points)


def _read_points(content: bytes) -> Segmentation:
    """Return the polygon of an object in a label file."""
    return [np.frombuffer(content, np.float32).tolist()]


def _find_json(split: Split, data: str | Path, name: str) -> Path:
    """Return the path of the COCO JSON that has the masks of a split; a generated one is made if it lacks."""
    path = Path(find_data(str(data)))
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else None
    except yaml.YAMLError as error:
        raise DataError(f"{path} can't be read for its masks: {' '.join(str(error).split())}") from None
    named = (content.get("masks") if isinstance(content, dict) else None) or {}
    if not isinstance(named, dict) or not all(isinstance(file, str) and file for file in named.values()):
        raise DataError(
            f"{path} has masks: {named!r}. Expected a mapping from splits to COCO JSON files, such as "
            "{train: annotations/instances_train.json}."
        )
    file = split.root / named[name] if name in named else split.annotations
    if file is None:
        raise DataError(
            f"{split.source} has no masks: neither polygons in all its label files, nor does the YAML name a COCO JSON "
            f"in masks: {{{name}: FILE}} or annotations:. {_REMEDY}"
        )
    if not file.is_file() and is_generated(split.root):
        try:
            add_masks(split.root)
        except OSError as error:
            raise DataError(f"{split.root} has no masks, and they can't be written there: {error}.") from None
    if not file.is_file():
        raise DataError(f"{file}, which {path} names for the masks of split '{name}', doesn't exist. {_REMEDY}")
    return file
