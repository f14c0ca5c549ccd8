"""The objects that a model is evaluated on in a split, checked before the model runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from yolo_feiou.datasets.coco.annotations import read_coco_columns
from yolo_feiou.datasets.coco.convert import make_label_rows
from yolo_feiou.datasets.coco.images import check_names
from yolo_feiou.datasets.coco.sizes import compare_sizes
from yolo_feiou.datasets.coco.warnings import warn_of_boxes
from yolo_feiou.errors import DataError, first_three
from yolo_feiou.escape import make_visible
from yolo_feiou.evaluation.ids import match_categories, match_images
from yolo_feiou.evaluation.labels import make_relative_name, read_label_truth
from yolo_feiou.evaluation.source import Source
from yolo_feiou.evaluation.truth import CocoRecord, GroundTruth, make_ground_truth, require_objects
from yolo_feiou.framework import Split

#: Ultralytics' name for the class of a training with `single_cls`.
SINGLE_CLASS_NAME = "item"


@dataclass(frozen=True)
class ExpectedObjects:
    """The ground truth that a model is evaluated on.

    Attributes:
        truth: The objects in the images of the split, of the counted classes.
        image_ids: The id of each image file of the split.
        category_ids: The id of each class of the model.
        counted: The ids of the categories that count; detections of others are dropped.
        notes: Notes for the user, one line each.
    """

    truth: GroundTruth
    image_ids: dict[str, int]
    category_ids: list[int]
    counted: frozenset[int]
    notes: tuple[str, ...] = ()


def find_expected_objects(split: Split, source: Source, names: Sequence[str] | None = None) -> ExpectedObjects:
    """Return the objects that a model is evaluated on in a split; the model itself is not needed.

    `read_split` has the arguments `classes` and `single_cls` that decide on which objects count, as in a training.

    Args:
        split: The split.
        source: Where its objects come from.
        names: The model's classes, in order; by default those of the data.

    Raises:
        DataError: If the objects can't be read, don't fit the images or the classes, or there are none.
    """
    if source.path is None:
        truth, notes = read_label_truth(split), []
        ids = match_images(split.files, truth.images)
    else:
        truth, ids, notes = _from_json(split, source.path)
    truth = replace(truth, unread=split.unread)
    choose = _one_class if split.single_cls else _several_classes
    truth, known, counted = choose(truth, split, source, list(names or split.names))
    if truth.ignored:
        notes.append(
            f"{source.path or split.source}: objects of categories that the model does not have are not counted: "
            f"{', '.join(truth.ignored)}."
        )
    require_objects(truth)
    return ExpectedObjects(truth, ids, known, frozenset(counted), tuple(map(make_visible, notes)))


def check_shapes(split: Split, shapes: Mapping[str, tuple[int, int]]) -> None:
    """Refuse images whose size as read differs from their header, since their objects would be misplaced.

    Args:
        split: The split.
        shapes: Height and width of each image file as it was read.

    Raises:
        DataError: If there are some: three are named.
    """
    sizes = [(label["im_file"], tuple(label["shape"]), shapes[label["im_file"]]) for label in split.labels]
    if odd := [(file, header, read) for file, header, read in sizes if header != read]:
        told = [f"{f} (header {h[1]} × {h[0]}, read {r[1]} × {r[0]})" for f, h, r in odd]
        raise DataError(
            f"{split.source}: {len(odd):,} of {len(sizes):,} images were read with another size than in their "
            f"headers: {first_three(told)}. Remove *.npy files beside them, which cache=disk made of other images, "
            "or save the images again without an EXIF orientation."
        )


def _from_json(split: Split, source: Path) -> tuple[GroundTruth, dict[str, int], list[str]]:
    """Return what a JSON has in the images of a split, the ids of their files, and notes for the user."""
    columns = read_coco_columns(source)
    check_names(columns.names, source)
    columns, repeats = columns.without_repeats()
    truth, notes = make_ground_truth(columns, source), [f"{source}: {note}" for note in columns.notes]
    if repeats:
        notes.append(
            f"{source}: {repeats:,} annotations repeat another one, with the same class and box in the same "
            "image: each counts once, as in a training."
        )
    if truth.areas_replaced:
        notes.append(
            f"{source}: {truth.areas_replaced:,} of {len(truth.annotations):,} areas are implausible (not positive, "
            "larger than the box, or placeholders): replaced by those of the boxes."
        )
    if flat := sum(min(one["bbox"][2:]) <= 0 for one in truth.annotations if not one["iscrowd"]):
        notes.append(
            f"{source}: {flat:,} of {truth.objects:,} objects have a box without area: they count, as in all COCO "
            "tools, and can't be matched; labels omit them."
        )
    ids = match_images(split.files, truth.images, _empty_images(split))
    truth = truth.of_images(ids.values())
    truth, told = _fit_sizes(truth, split, ids, source)
    notes += [f"{told}."] if told else []
    notes += [f"{source}: {line}" for line in _warn_of_boxes(truth)]
    if unlisted := [file for file in split.files if file not in ids]:
        images = _more_images(unlisted, split, max(ids.values()) + 1)
        ids |= {file: image["id"] for file, image in zip(unlisted, images, strict=True)}
        truth = replace(truth, images=[*truth.images, *images], unlisted=len(unlisted))
        notes.append(
            f"{len(unlisted):,} of {len(split.files):,} images of the split are not in {source} and have no "
            f"labels, so they count as images without objects: {first_three([image['file_name'] for image in images])}."
        )
    return truth, {file: ids[file] for file in split.files}, notes


def _warn_of_boxes(truth: GroundTruth) -> Iterator[str]:
    """Yield a line for each property of the boxes that looks like a mistake."""
    objects = [one for one in truth.annotations if not one["iscrowd"]]
    sides = {image["id"]: (image["width"], image["height"]) for image in truth.images}
    boxes = np.array([one["bbox"] for one in objects], float).reshape(-1, 4)
    sizes = np.array([sides[one["image_id"]] for one in objects], float).reshape(-1, 2)
    if objects:
        yield from warn_of_boxes(boxes, int(make_label_rows(boxes, sizes)[1].sum()), len(objects))


def _empty_images(split: Split) -> set[str]:
    """Return the files without labels, if other images have some: only then it is said that nothing is on them."""
    empty = {label["im_file"] for label in split.labels if not len(label["cls"])}
    return empty if len(empty) < len(split.labels) else set()


def _fit_sizes(truth: GroundTruth, split: Split, ids: dict[str, int], source: Path) -> tuple[GroundTruth, str]:
    """Return the ground truth in pixels of the files, and a line on that if it is another; DataError if none fits."""
    shapes = {label["im_file"]: label["shape"][::-1] for label in split.labels}
    by_id = {ids[file]: shapes[file] for file in ids}
    found = np.array([by_id[image["id"]] for image in truth.images], float)
    told = np.array([[image.get(key, np.nan) for key in ("width", "height")] for image in truth.images], float)
    factor, note = compare_sizes([image["file_name"] for image in truth.images], told, found, source)
    if factor != 1:
        truth, note = truth.scaled(factor), f"{note}: its boxes are scaled by that"
    sizes = [{"width": int(width), "height": int(height)} for width, height in found.tolist()]
    return replace(truth, images=[{**i, **size} for i, size in zip(truth.images, sizes, strict=True)]), note


def _more_images(files: Sequence[str], split: Split, first: int) -> list[CocoRecord]:
    """Return images of these files, numbered from `first`."""
    shapes = {label["im_file"]: label["shape"] for label in split.labels}
    return [
        {
            "id": number,
            "file_name": make_relative_name(file, split.root),
            "width": shapes[file][1],
            "height": shapes[file][0],
        }
        for number, file in enumerate(files, first)
    ]


def _several_classes(
    truth: GroundTruth, split: Split, source: Source, names: list[str]
) -> tuple[GroundTruth, list[int], list[int]]:
    """Return what is of the model's classes that count, the category of each class, and the categories that count."""
    known = match_categories(names, truth.categories)
    chosen = _chosen_categories(truth, split)
    counted = [category for category in known if chosen is None or category in chosen]
    return _keep_categories(truth, counted, chosen), known, counted


def _one_class(
    truth: GroundTruth, split: Split, source: Source, names: list[str]
) -> tuple[GroundTruth, list[int], list[int]]:
    """Return all that counts as one class, and the category of that, twice."""
    if source.path is not None:  # labels are filtered as they are read
        listed = {category["name"] for category in truth.categories}
        chosen = _chosen_categories(truth, split)
        if chosen is not None:
            truth = truth.of_categories(chosen)
        elif len(split.names) > 1 or listed.issuperset(split.names):  # else one name for all, as Ultralytics' own
            truth = _keep_categories(truth, match_categories(split.names, truth.categories), None)
    return truth.one_class(names[0] if len(names) == 1 else SINGLE_CLASS_NAME), [1], [1]


def _chosen_categories(truth: GroundTruth, split: Split) -> set[int] | None:
    """Return the categories that `classes` names, which are indices in the data's order; None for all."""
    if split.classes is None:
        return None
    known = match_categories(split.names, truth.categories)
    return {known[index] for index in split.classes if 0 <= index < len(known)}


def _keep_categories(truth: GroundTruth, counted: Sequence[int], chosen: set[int] | None) -> GroundTruth:
    """Return what is of these categories, with the names of others that have objects, unless they were not chosen."""
    present = {one["category_id"] for one in truth.annotations if not one["iscrowd"]} - set(counted)
    wanted = present if chosen is None else present & chosen
    ignored = [category["name"] for category in truth.categories if category["id"] in wanted]
    return replace(truth.of_categories(set(counted)), ignored=(*truth.ignored, *ignored))
