"""Splits without a data set on disk: images of random pixels, and labels as Ultralytics keeps them."""

import cv2
import numpy as np

from yolo_feiou.framework import Split


def label(file, shape, boxes=(), classes=None, segments=()):
    """The label of an image: boxes as x, y, width, height in pixels, x and y the upper left corner; of class 0."""
    height, width = shape
    boxes = np.array(boxes, float).reshape(-1, 4)
    centred = np.hstack([boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:]]) / [width, height, width, height]
    return {
        "im_file": str(file),
        "shape": tuple(shape),
        "cls": np.array(classes if classes is not None else [0] * len(boxes), np.float32).reshape(-1, 1),
        "bboxes": centred.astype(np.float32),
        "segments": [np.array(points, np.float32).reshape(-1, 2) / [width, height] for points in segments],
    }


def split(root, labels, names=("cat", "dog"), **more):
    """A split of these labels."""
    files = [one["im_file"].rpartition(".")[0] + ".txt" for one in labels]
    return Split("the data, split 'train'", root, [*names], labels, files, 0, **more)


def write_image(file, shape, seed=0):
    """Write a PNG of random pixels; returns them, red first."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(file), pixels[:, :, ::-1])
    return pixels
