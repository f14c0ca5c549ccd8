"""Find the mask of each labelled object in a COCO JSON, by its class and box."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from scipy.optimize import linear_sum_assignment

from yolo_feiou.datasets.coco.annotations import Columns, read_coco_columns
from yolo_feiou.datasets.coco.coercion import Id
from yolo_feiou.datasets.coco.convert import make_label_rows
from yolo_feiou.datasets.coco.ids import Index
from yolo_feiou.datasets.coco.images import check_names
from yolo_feiou.datasets.coco.json_reader import open_lists
from yolo_feiou.datasets.coco.sizes import compare_sizes
from yolo_feiou.errors import DataError, did_you_mean, first_three
from yolo_feiou.escape import make_visible
from yolo_feiou.evaluation.ids import match_categories, match_images
from yolo_feiou.framework import Split
from yolo_feiou.lightning.segmentations import RunLengths, read_segmentation

#: By how many pixels each edge of a label may differ from that of the JSON: both may be rounded to whole pixels.
MAX_DIFFERENCE = 2.0
#: What it costs to match objects that differ: constant, so that as many as can be are matched, then the nearest.
_NO_MATCH = 1e6


class _Owner(msgspec.Struct, gc=False):
    image_id: Id


class _Mask(msgspec.Struct, gc=False):
    segmentation: msgspec.Raw = msgspec.Raw(b"")


def read_mask_texts(split: Split, path: Path, remedy: str) -> tuple[list[bytes], np.ndarray]:
    """Return the `segmentation` of each labelled object, as the JSON has it, and the size of its images there.

    Args:
        split: The split.
        path: The JSON.
        remedy: A sentence that says what to do where masks lack, for messages.

    Returns:
        A text an object, in the order of the labels; height and width of each image as the JSON has them, shape (I, 2).

    Raises:
        DataError: If the JSON can't be read or doesn't fit the images or classes, or an object has no mask there.
    """
    columns = read_coco_columns(path)
    check_names(columns.names, path)
    images = [{"id": place, "file_name": name} for place, name in enumerate(columns.names)]
    empty = {label["im_file"] for label in split.labels if not len(label["cls"])}
    places = match_images(split.files, images, empty)
    sizes = _sizes_in_json(split, columns, places, path)
    rows = _match_objects(split, columns, places, sizes, path)
    with open_lists(path) as lists:
        raws = lists.annotations or []
        owners = Index(columns.image_ids, "image", path).places([_owner_of(raw) for raw in raws])
        order = np.argsort(np.array(owners, np.int64), kind="stable")  # that of the columns
        texts = [b"" if row < 0 else _text_of(raws[order[row]]) for row in rows.tolist()]
        del raws
        lists.images, lists.annotations = [], None
    of_objects = np.repeat(sizes, [len(label["cls"]) for label in split.labels], axis=0)
    lacking = [not _is_mask(text, size) for text, size in zip(texts, of_objects, strict=True)]
    _check_masks(split, lacking, path, remedy)
    return texts, sizes


def _sizes_in_json(split: Split, columns: Columns, places: dict[str, int], path: Path) -> np.ndarray:
    """Return height and width of each image as the JSON has them, as those of the files where it has none."""
    shapes = np.array([label["shape"] for label in split.labels], float).reshape(-1, 2)
    sizes = np.array(
        [columns.sizes[places[file]][::-1] if file in places else (np.nan, np.nan) for file in split.files]
    )
    compare_sizes(split.files, sizes[:, ::-1], shapes[:, ::-1], path)
    return np.where(np.isnan(sizes), shapes, sizes)


def _match_objects(split: Split, columns: Columns, places: dict[str, int], sizes: np.ndarray, path: Path) -> np.ndarray:
    """Return for each labelled object the row of its annotation in the columns, −1 where there is none."""
    classes = None if split.single_cls else _match_classes(split, columns, path)
    found = [np.empty(0, np.int64)]
    for label, size in zip(split.labels, sizes, strict=True):
        if not len(label["cls"]):
            continue
        place = places[label["im_file"]]
        rows = np.arange(columns.starts[place], columns.starts[place + 1])
        rows = rows[~columns.crowds[rows]]
        theirs = make_label_rows(columns.boxes[rows], np.tile(size[::-1], (len(rows), 1)))[0]
        cost = _differences(label["bboxes"], theirs, label["shape"])
        if classes is not None:
            wanted = classes[label["cls"].ravel().astype(int)]
            cost[wanted[:, None] != columns.classes[rows]] = _NO_MATCH
        cost[cost > MAX_DIFFERENCE] = _NO_MATCH
        ours = np.full(len(label["cls"]), -1)
        for object_, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[object_, column] <= MAX_DIFFERENCE:
                ours[object_] = rows[column]
        found.append(ours)
    return np.concatenate(found)


def _match_classes(split: Split, columns: Columns, path: Path) -> np.ndarray:
    """Return the position of the category of each class; −1 of one that has no objects and is not in the JSON."""
    used = sorted({int(index) for label in split.labels for index in label["cls"].ravel()})
    if unknown := [split.names[index] for index in used if split.names[index] not in columns.class_names]:
        raise DataError(
            f"{path} has no category '{make_visible(unknown[0])}', which is a class of {split.source}"
            f"{did_you_mean(unknown[0], columns.class_names)} Give both the same names."
        )
    categories = [{"id": place, "name": name} for place, name in enumerate(columns.class_names)]
    if split.names == columns.class_names:
        return np.arange(len(split.names))
    classes = np.full(len(split.names), -1)
    classes[used] = match_categories([split.names[index] for index in used], categories)
    return classes


def _differences(ours: np.ndarray, theirs: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Return the largest difference of an edge, in pixels, of each box with each, shape (n, m).

    Args:
        ours: Centre and size in shares of the image, shape (n, 4).
        theirs: As `ours`, shape (m, 4).
        shape: Height and width of the image in pixels.
    """
    corners = []
    for boxes in (ours, theirs):
        boxes = np.asarray(boxes, float).reshape(-1, 4)
        edges = np.hstack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2])
        corners.append(edges.clip(0, 1) * np.tile(shape[::-1], 2))
    return np.abs(corners[0][:, None] - corners[1][None]).max(2, initial=0)


def _owner_of(raw: msgspec.Raw) -> Id:
    return msgspec.json.decode(raw, type=_Owner).image_id


def _text_of(raw: msgspec.Raw) -> bytes:
    """Return the `segmentation` of an annotation, b'' if it has none."""
    return bytes(msgspec.json.decode(raw, type=_Mask).segmentation)


def _is_mask(text: bytes, size: np.ndarray) -> bool:
    """Return whether a text is a mask in an image of this height and width."""
    found = read_segmentation(text)
    return found is not None and (not isinstance(found, RunLengths) or found.size == tuple(size.tolist()))


def _check_masks(split: Split, lacking: Sequence[bool], path: Path, remedy: str) -> None:
    """Raise DataError if objects have no mask: three are named."""
    if not any(lacking):
        return
    owners = [(label, row) for label in split.labels for row in range(len(label["cls"]))]

    def name(number: int) -> str:
        label, row = owners[number]
        x, y, w, h = label["bboxes"][row] * (label["shape"][::-1] * 2)
        kind = split.names[int(label["cls"].ravel()[row])] if not split.single_cls else "object"
        return f"{make_visible(kind)} at {x - w / 2:.1f}, {y - h / 2:.1f} ({w:.1f} × {h:.1f} px) in {label['im_file']}"

    raise DataError(
        f"{path} has no mask of {sum(lacking):,} of {len(lacking):,} labelled objects: "
        f"{first_three(np.flatnonzero(lacking), name)}. Expected an annotation of the same class and box that is no "
        f"crowd, with polygons or run lengths of the image's size as its segmentation. {remedy}"
    )
