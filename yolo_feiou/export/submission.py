"""Detections on test-dev, in the form that COCO's evaluation server takes."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import cast

import numpy as np

from yolo_feiou.datasets.coco.annotations import Columns, read_coco_columns
from yolo_feiou.datasets.coco.coercion import Id
from yolo_feiou.datasets.coco.images import check_names
from yolo_feiou.datasets.coco.sizes import compare_sizes
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.evaluation.ids import match_categories, match_images
from yolo_feiou.evaluation.truth import CocoRecord
from yolo_feiou.export.kept_evaluation import Evaluator
from yolo_feiou.export.runs import TrainedRun
from yolo_feiou.framework import Split
from yolo_feiou.storage.tables import atomic_file
from yolo_feiou.yolo.splits import read_split

SPLIT, FILE = "test", "submission.zip"
#: The name of the only file in a submission is these, with a name of the user's between them.
ENTRY = ("detections_test-dev2017_", "_results.json")
#: Detections of an image that are sent, over all classes: COCO's metrics are defined for 100 detections an image.
SUBMITTED_DETECTIONS = 100
#: Digits after the point: hundredths of a pixel, and scores that stay apart.
PIXELS, SCORE = 2, 6


@dataclass(frozen=True)
class SubmissionImages:
    """The images of a submission, and the categories of the model's classes.

    Attributes:
        source: The list of images, a JSON.
        listed: How many are in it.
        ids: The id of each image file.
        categories: The id of each class.
    """

    source: Path
    listed: int
    ids: dict[str, Id]
    categories: list[Id]


def write_submission(run: TrainedRun, how: Evaluator, name: str) -> tuple[Path, str]:
    """Write `submission.zip` beside a run's weights: what they detect in the split `test`.

    Images and categories are those of the JSON that the data YAML names for `test`, such as
    image_info_test-dev2017.json. Labels are not needed.

    Args:
        run: The run.
        how: Data, device and thresholds.
        name: A name of the submission.

    Returns:
        The file, and a line on what is in it.

    Raises:
        ArgumentError: If another file of that name is there than a submission.
        DataError: If the data has no such split or JSON, or they or the model's classes don't fit each other.
    """
    path = run.weights.with_name(FILE)
    check_own_submission(path)
    data, framework = how.data_of(run), run.framework
    images = find_images(data, framework.get_class_names(run.weights) or ())
    found = framework.detect(run.weights, data, SPLIT, **how.arguments(run))
    records = keep_best(found.in_coco_form(images.ids, images.categories))
    with atomic_file(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(f"{ENTRY[0]}{name}{ENTRY[1]}")  # of no date: the same every time
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, json.dumps(records, separators=(",", ":")))
    missing = images.listed - len(images.ids)
    lacks = f"; {missing} of the {images.listed} images of {images.source.name} are not in the split" * (missing > 0)
    return path, f"{len(records)} detections in {len(images.ids)} images{lacks}"


def find_images(data: str, names: Sequence[str]) -> SubmissionImages:
    """Return the images and categories of a submission, for which nothing need be detected.

    Args:
        data: A data YAML.
        names: The model's classes, in order.

    Raises:
        DataError: If the data has no such split or JSON, or they or the classes don't fit each other.
    """
    split = read_split(data, SPLIT)
    if split.annotations is None:
        raise DataError(
            f"data={data} names no image list for its split '{SPLIT}': add annotations: {{test: "
            "annotations/image_info_test-dev2017.json}."
        )
    columns = read_coco_columns(split.annotations)
    check_names(columns.names, split.annotations)
    images = [{"id": of, "file_name": name} for of, name in zip(columns.image_ids, columns.names, strict=True)]
    ids = cast("dict[str, Id]", match_images(split.files, images))  # the JSON's own, texts too
    _check_sizes(split, columns, ids)
    categories = match_categories(names, [{"id": one.id, "name": one.name} for one in columns.categories])
    return SubmissionImages(split.annotations, len(images), ids, [*categories])


def check_own_submission(path: Path) -> None:
    """Raise ArgumentError if something else than a submission is where one goes."""
    if not os.path.lexists(path):
        return
    names: list[str] = []
    with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if path.is_symlink() or len(names) != 1 or not (names[0].startswith(ENTRY[0]) and names[0].endswith(ENTRY[1])):
        raise ArgumentError(f"{path} is there and no submission of this command, and would be overwritten: rename it.")


def _check_sizes(split: Split, columns: Columns, ids: dict[str, Id]) -> None:
    """Raise DataError if the files don't have the sizes in the JSON, in whose pixels detections are sent."""
    told = dict(zip(columns.image_ids, columns.sizes.tolist(), strict=True))
    found = np.array([label["shape"][::-1] for label in split.labels], float)
    sizes = np.array([told[ids[file]] for file in split.files])
    factor, note = compare_sizes(split.files, sizes, found, split.annotations)
    if factor != 1:
        raise DataError(f"{note}: a submission is in the pixels of the JSON, so use the original images.")


def keep_best(records: Iterable[CocoRecord], most: int = SUBMITTED_DETECTIONS) -> list[CocoRecord]:
    """Return the detections of each image with the highest scores, rounded.

    Args:
        records: In COCO's result format, those of an image together.
        most: How many an image at most.
    """
    kept = []
    for _, group in groupby(records, key=lambda record: record["image_id"]):
        kept += sorted(group, key=lambda record: -record["score"])[:most]
    return [
        {**record, "bbox": [round(x, PIXELS) for x in record["bbox"]], "score": round(record["score"], SCORE)}
        for record in kept
    ]
