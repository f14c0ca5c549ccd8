"""The images of a split with their objects, as torchvision's detectors take them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors
from torchvision.transforms.v2.functional import horizontal_flip

from yolo_feiou.errors import DataError
from yolo_feiou.framework import Split
from yolo_feiou.lightning.masks import Masks

#: Objects with a shorter side, in pixels, are left out: resized, their edges may be the same number in float32, which
#: torchvision's detectors refuse.
SHORTEST_SIDE = 0.01


class ImageError(DataError):
    """An image that can't be read, or not as its labels were; its message is the same from a DataLoader's worker.

    There torch makes an error of the same class, with the traceback before the message.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.rpartition(f"{__name__}.{type(self).__name__}: ")[2].strip())


class Images(Dataset[tuple[Tensor, dict[str, Any]]]):
    """The images of a split, each with its objects, flipped by chance or not.

    An item is found by a pair of step and index, or by the index alone, which is step 0. Whether it is flipped is a
    function of seed, step and index: no worker and no order of reading matters.

    Args:
        split: The split.
        first_label: The label of class 0: 1 for detectors in which 0 is the background, else 0.
        fliplr: The probability that an image is flipped from left to right; 0 for an evaluation.
        seed: Of flips, not negative.
        masks: The masks of its objects, for detectors that learn some.

    Attributes:
        counts: The number of objects of each image, shape (I,). Boxes are clipped to the image before; those without
            area are no objects.
        shapes: Height and width of each image in pixels, shape (I, 2).
    """

    def __init__(
        self,
        split: Split,
        *,
        first_label: int = 0,
        fliplr: float = 0.5,
        seed: int = 0,
        masks: Masks | None = None,
    ) -> None:
        self.files, self._source, self._masks = split.files, split.source, masks
        self.shapes = np.array([label["shape"] for label in split.labels], int).reshape(-1, 2)
        self.fliplr, self.seed = fliplr, seed
        labelled = [len(label["cls"]) for label in split.labels]
        boxes = _to_pixels(
            np.concatenate([np.empty((0, 4)), *(label["bboxes"] for label in split.labels)]),
            np.repeat(self.shapes, labelled, axis=0),
        )
        classes = np.concatenate([np.empty(0), *(label["cls"].ravel() for label in split.labels)])
        self._kept = np.asarray((boxes[:, 2:] - boxes[:, :2] >= SHORTEST_SIDE).all(1))
        self._starts = np.cumsum([0, *labelled])
        self._boxes, self._labels = boxes.astype(np.float32), classes.astype(np.int64) + first_label
        self.counts = np.diff(np.concatenate(([0], np.cumsum(self._kept)))[self._starts])

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.files)

    def __getitem__(self, key: tuple[int, int] | int) -> tuple[Tensor, dict[str, Any]]:
        """Return an image and its objects.

        Args:
            key: Step and index of the image, or its index.

        Returns:
            The image, (3, H, W) of float32: red, green and blue in [0, 1]; and a dict with its n objects: `boxes`,
            (n, 4) of float32: x1, y1, x2, y2 in pixels; `labels`, (n,) of int64; `masks`, (n, H, W) of uint8, if there
            are some; and `image_id`, its index.

        Raises:
            ImageError: If it can't be read, or has another size than its labels are of.
        """
        step, index = key if isinstance(key, tuple) else (0, key)
        shape = tuple(self.shapes[index].tolist())
        pixels = torch.from_numpy(self._read(index, shape)).permute(2, 0, 1)
        rows = slice(self._starts[index], self._starts[index + 1])
        kept = self._kept[rows]
        boxes = torch.from_numpy(self._boxes[rows][kept])
        moved: dict[str, Any] = {
            "image": tv_tensors.Image(pixels),
            "boxes": tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=shape),  # pyright: ignore[reportCallIssue]  # overloads
        }
        if self._masks is not None:
            moved["masks"] = tv_tensors.Mask(torch.from_numpy(self._masks.decode(index)[kept]))
        if np.random.default_rng((self.seed, step, index)).random() < self.fliplr:
            moved = {name: horizontal_flip(value) for name, value in moved.items()}
        plain = {name: value.as_subclass(Tensor) for name, value in moved.items()}
        image = plain.pop("image").contiguous().float() / 255
        return image, {**plain, "labels": torch.from_numpy(self._labels[rows][kept]), "image_id": index}

    def measure_sides(self) -> tuple[np.ndarray, np.ndarray]:
        """Return √area of all objects in pixels, and the index of the image that each is in, both of shape (n,)."""
        owners = np.repeat(np.arange(len(self)), np.diff(self._starts))[self._kept]
        boxes = self._boxes[self._kept].astype(np.float64)
        return np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])), owners

    def _read(self, index: int, shape: tuple[int, int]) -> np.ndarray:
        """Return the pixels of an image, (H, W, 3) of uint8, turned as its EXIF orientation says, as Ultralytics."""
        file = self.files[index]
        pixels = read_pixels(file)
        if (read := pixels.shape[:2]) != shape:
            raise ImageError(
                f"{self._source}: {file} was read with another size than its header has (header {shape[1]} × "
                f"{shape[0]}, read {read[1]} × {read[0]}): save it again without an EXIF orientation."
            )
        return pixels


def read_pixels(file: str | Path) -> np.ndarray:
    """Return the pixels of an image, (H, W, 3) of uint8: red, green and blue, turned as its EXIF orientation says.

    Raises:
        ImageError: If it can't be read.
    """
    try:
        content = np.fromfile(file, np.uint8)
    except OSError as error:
        raise ImageError(f"{file} can't be read: {error.strerror}.") from None
    pixels = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if pixels is None:
        raise ImageError(f"{file} can't be decoded by OpenCV: save it as JPEG or PNG.")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def collate(items: Sequence[tuple[Tensor, dict[str, Any]]]) -> tuple[list[Tensor], list[dict[str, Any]]]:
    """Return the images and the objects of a batch as two lists, since sizes differ; a DataLoader's `collate_fn`."""
    return [image for image, _ in items], [objects for _, objects in items]


def _to_pixels(boxes: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Return boxes as x1, y1, x2, y2 in pixels, clipped to their images.

    Args:
        boxes: Centre and size in shares of the image, shape (n, 4).
        shapes: Height and width of the image of each, shape (n, 2).
    """
    boxes = boxes.astype(np.float64)
    edges = np.hstack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2])
    return edges.clip(0, 1) * np.tile(shapes[:, ::-1], 2)
