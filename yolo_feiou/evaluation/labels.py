"""The ground truth in the labels beside the images of a split."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.truth import CocoRecord, GroundTruth, make_record_truth
from yolo_feiou.framework import Split


def read_label_truth(split: Split) -> GroundTruth:
    """Return the ground truth in a split's labels, each image with it, also those without objects.

    Images are numbered from 1 in the order of their paths; categories are class index + 1, as in Ultralytics' own
    JSON. `file_name` is relative to the data set's folder. Areas are those of the boxes.

    Raises:
        DataError: If no image has a label.
    """
    if not any(len(label["cls"]) for label in split.labels):
        if split.classes is not None:
            raise DataError(
                f"{split.source} has no labels of classes={[*split.classes]} in its {len(split.labels)} images: no "
                "metric is defined."
            )
        raise DataError(
            f"{split.source} has no labels, only {len(split.labels)} images: without objects there are no metrics. "
            "Expected label files in a folder 'labels' beside 'images', or annotations=FILE.json."
        )
    images = [
        {"id": number, "file_name": make_relative_name(label["im_file"], split.root), "width": width, "height": height}
        for number, label in enumerate(split.labels, 1)
        for height, width in [label["shape"]]
    ]
    annotations = [
        annotation
        for image, label in zip(images, split.labels, strict=True)
        for annotation in _annotations(image, label)
    ]
    categories = [{"id": number, "name": name} for number, name in enumerate(split.names, 1)]
    return replace(make_record_truth(images, annotations, categories), unread=split.unread)


def digest_labels(split: Split) -> str:
    """Return a SHA-256 of the names of a split's images and the contents of their label files, those of all classes."""
    digest = hashlib.sha256()
    for file, label in zip(split.files, map(Path, split.label_files), strict=True):
        content = label.read_bytes() if label.is_file() else b""
        digest.update(
            f"{make_relative_name(file, split.root)}\0{len(content)}\0".encode(errors="surrogateescape") + content
        )
    return digest.hexdigest()


def make_relative_name(file: str, root: Path) -> str:
    """Return the path of an image as seen from the data set's folder, or as it is if it lies elsewhere."""
    path = Path(file)
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _annotations(image: CocoRecord, label: dict[str, Any]) -> list[CocoRecord]:
    """Return the objects of an image, in pixels."""
    boxes = label["bboxes"].astype(np.float64)  # centre and size
    boxes[:, :2] -= boxes[:, 2:] / 2
    boxes *= (image["width"], image["height"]) * 2
    classes = label["cls"].ravel().astype(int)
    return [
        {"image_id": image["id"], "category_id": index + 1, "bbox": box}
        for index, box in zip(classes.tolist(), boxes.tolist(), strict=True)
    ]
