"""The images that a detector trains on, and those that it is validated on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Sampler

from yolo_feiou.detectors.build import LONGEST, SHORTEST
from yolo_feiou.detectors.config import DetectorConfig
from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.rehearsal import EvaluationInput, find_evaluation_input
from yolo_feiou.lightning.batches import Batches
from yolo_feiou.lightning.images import Images, collate
from yolo_feiou.lightning.masks import read_masks
from yolo_feiou.yolo.splits import read_split


@dataclass(frozen=True)
class TrainingData:
    """The data of a training.

    Attributes:
        images: The training images, flipped by chance.
        names: The classes.
        validated: The validation images with their objects; None without validation.
    """

    images: Images
    names: list[str]
    validated: tuple[Images, EvaluationInput] | None

    @property
    def count(self) -> int:
        """The number of training images with objects: the others aren't trained on."""
        return int((self.images.counts > 0).sum())

    def make_loader(
        self, arguments: Mapping[str, Any], first: int, last: int, rank: int, world: int
    ) -> DataLoader[Any]:
        """Return the batches of the steps from `first` to `last` − 1 that a process reads."""
        counts = self.images.counts > 0
        batches = Batches(self.images.shapes, arguments["batch"], arguments["seed"], first, last, rank, world, counts)
        workers = arguments["workers"]
        return DataLoader(
            self.images,
            batch_sampler=Unsized(batches),
            collate_fn=collate,
            num_workers=workers,
            persistent_workers=workers > 0,
        )


class Unsized(Sampler[Any]):
    """A sampler whose length isn't asked for: after a resume Lightning counts on from the steps that were done."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches."""
        return iter(self.batches)


def read_training_data(arguments: Mapping[str, Any], config: DetectorConfig) -> TrainingData:
    """Return the data of a training.

    Raises:
        DataError: If a split can't be read, or has no objects or no masks where the detector needs them.
    """
    data, chosen = arguments["data"], (arguments["classes"], arguments["single_cls"])
    split = read_split(data, "train", *chosen)
    masks = read_masks(split, data, "train") if config.needs_masks else None
    label = config.first_label
    images = Images(split, first_label=label, fliplr=arguments["fliplr"], seed=arguments["seed"], masks=masks)
    if not (images.counts > 0).any():
        raise DataError(f"{split.source} has no objects in its {len(images):,} images: there is nothing to train on.")
    names = ["item"] if arguments["single_cls"] and len(split.names) != 1 else split.names
    if not arguments["val"]:
        return TrainingData(images, names, None)
    seen = read_split(data, "val", *chosen)
    subject = find_evaluation_input(seen, names=names).rehearse()
    return TrainingData(images, names, (Images(seen, first_label=label, fliplr=0), subject))


def measure_mean_side(images: Images, imgsz: int) -> float:
    """Return the mean √area of all objects in pixels of the images as a detector resizes them."""
    shapes = images.shapes.astype(float)
    scales = np.minimum(imgsz / shapes.min(1), imgsz * LONGEST / SHORTEST / shapes.max(1))
    sides, owners = images.measure_sides()
    return float((sides * scales[owners]).mean())
