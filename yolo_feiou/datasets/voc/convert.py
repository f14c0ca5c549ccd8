"""Label files of VOC images, and what was counted and left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from yolo_feiou.datasets.coco.convert import FLOAT32_DIGITS, LabelCounts, make_label_name, write_task
from yolo_feiou.datasets.voc.annotations import VocImage


@dataclass(frozen=True)
class VocCounts:
    """What became of the objects of a split.

    Attributes:
        labels: What was counted of the labels written.
        by_class: Labels by class.
        difficult: Objects left out since they are marked as difficult.
        unknown: Objects left out by their class, which is not wanted.
    """

    labels: LabelCounts
    by_class: Counter[str]
    difficult: int
    unknown: Counter[str] = field(default_factory=Counter)


def write_split_labels(
    images: Sequence[VocImage], classes: Sequence[str], folder: Path, keep_difficult: bool
) -> tuple[VocCounts, dict[str, str]]:
    """Write a label file for each image of a split, and return what was counted, and the files' SHA-256 by name.

    A box's centre is ((xmin + xmax) / 2, (ymin + ymax) / 2) and its sides are xmax − xmin and ymax − ymin, as shares
    of the image: corners count as points, not as pixels. It is clipped to the image.

    Args:
        images: The images, their sizes known.
        classes: The classes in the order of their indices; objects of others are left out.
        folder: Where to; it is there.
        keep_difficult: Whether objects that are marked as difficult have a label.
    """
    index = {name: number for number, name in enumerate(classes)}
    known = [[one for one in image.objects if one.name in index] for image in images]
    kept = [[one for one in some if keep_difficult or not one.is_difficult] for some in known]
    corners = np.array([one.corners for some in kept for one in some], float).reshape(-1, 4)
    labels, digests = write_task(
        str(folder),
        names := [make_label_name(image.file) for image in images],
        np.array([image.size for image in images], float).reshape(-1, 2),
        np.cumsum([0, *map(len, kept)]),
        np.array([index[one.name] for some in kept for one in some], int),
        np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]]),
        np.zeros(len(corners), bool),
        FLOAT32_DIGITS,
    )
    written = Counter(line.split()[0] for name in names for line in (folder / name).read_text().splitlines())
    return (
        VocCounts(
            labels,
            Counter({name: written[str(number)] for name, number in index.items()}),
            sum(map(len, known)) - sum(map(len, kept)),
            Counter(one.name for image in images for one in image.objects if one.name not in index),
        ),
        digests,
    )
