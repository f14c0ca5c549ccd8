"""The objects that a model has to find in a split: those that it was trained on, checked before the model runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from yolo_feiou.evaluation.ids import category_ids, image_ids
from yolo_feiou.evaluation.labels import Split
from yolo_feiou.evaluation.source import Source, objects_of
from yolo_feiou.evaluation.truth import GroundTruth, require_objects


@dataclass(frozen=True)
class Expected:
    """What a model is measured against.

    Attributes:
        truth: The objects in the images of the split, of the classes that count.
        image_ids: The id of each image file of the split.
        category_ids: The id of each class of the model.
        counted: The ids of the categories that count; detections of others are dropped.
        notes: What the user should know, a line each.
    """

    truth: GroundTruth
    image_ids: dict[str, int]
    category_ids: list[int]
    counted: frozenset[int]
    notes: tuple[str, ...] = ()


def expected_objects(split: Split, source: Source, names: Sequence[str] | None = None) -> Expected:
    """Return the objects that a model has to find in a split; the model itself is not needed.

    `read_split` has the arguments `classes` and `single_cls` that decide on which objects count, as in a training.

    Args:
        split: The split.
        source: Where its objects come from.
        names: The model's classes, in order; by default those of the data.

    Raises:
        DataError: If the objects can't be read, don't fit the images or the classes, or there are none.
    """
    truth = objects_of(split, source)
    ids = image_ids(split.files, truth.images)
    truth = replace(truth.of_images(ids.values()), unread=split.unread)
    if split.single_cls:
        name = names[0] if names else "item"  # as Ultralytics calls it in a training
        truth = truth.one_class(name)
        known = [1]
        counted = frozenset(known)
    else:
        known = category_ids(list(names or split.names), truth.categories)
        counted = frozenset(known if split.classes is None else [known[index] for index in split.classes])
        truth = truth.of_categories(counted)
    require_objects(truth)
    return Expected(truth, ids, known, counted)
