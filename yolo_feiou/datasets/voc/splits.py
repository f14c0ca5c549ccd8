"""Which images train, validate and test: by chance from a seed, or as the lists in ImageSets/Main say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from yolo_feiou.datasets.voc.annotations import VocImage
from yolo_feiou.errors import DataError, first_three

SPLITS = ("train", "val", "test")
LISTS_FOLDER = Path("ImageSets", "Main")

Splits = Mapping[str, Sequence[VocImage]]


def split_by_seed(images: Sequence[VocImage], val: float, test: float, seed: int) -> Splits:
    """Return splits by chance, the same on each machine.

    An image's place follows from the SHA-256 of seed and name, so that images which come later don't mix the others
    anew: few of them change their split.

    Args:
        images: All images.
        val: Share of the images in val, of which there is one at least.
        test: Share in test, which is left out at 0.
        seed: The seed.

    Raises:
        DataError: If no image is left to train on.
    """
    ordered = sorted(images, key=lambda image: hashlib.sha256(f"{seed}/{image.key}".encode()).digest())
    tests, vals = round(len(images) * test), max(1, round(len(images) * val))
    if tests + vals >= len(images):
        raise DataError(
            f"val={val:g} and test={test:g} of {len(images)} images leave none to train on: give smaller shares."
        )
    parts = {"train": ordered[tests + vals :], "val": ordered[tests : tests + vals], "test": ordered[:tests]}
    return {name: sorted(part, key=lambda image: image.key) for name, part in parts.items() if part}


def split_as_given(images: Sequence[VocImage], folder: Path) -> tuple[Splits, int]:
    """Return the splits of the lists in ImageSets/Main, and how many listed names have no image with an XML.

    Args:
        images: All images.
        folder: The folder of the data set.

    Raises:
        DataError: If there is no list of train or val, one can't be read or has no image, or an image is in two.
    """
    known = {image.key: image for image in images}
    splits: dict[str, list[VocImage]] = {}
    unknown, seen = 0, {}
    for name in SPLITS:
        path = folder / LISTS_FOLDER / f"{name}.txt"
        if not path.is_file():
            if name == "test":
                continue
            there = first_three(sorted(other.name for other in path.parent.glob("*.txt"))) or "no list"
            raise DataError(
                f"split=given: there is no {path}, and beside it {there}. Expected train.txt, val.txt and, if there is "
                "one, test.txt: write them, or leave split= out for splits by chance."
            )
        try:
            keys = dict.fromkeys(
                line.split()[0] for line in path.read_text(encoding="utf-8").splitlines() if line.split()
            )
        except UnicodeDecodeError:
            raise DataError(f"{path} is not UTF-8 text: expected a name in each line.") from None
        if twice := [key for key in keys if key in seen]:
            raise DataError(
                f"{first_three(twice)} of {path} {'is' if len(twice) == 1 else 'are'} in {seen[twice[0]]}.txt too: an "
                "image belongs in one split."
            )
        seen |= dict.fromkeys(keys, name)
        unknown += sum(key not in known for key in keys)
        splits[name] = [known[key] for key in sorted(keys) if key in known]
        if not splits[name] and name != "test":
            raise DataError(f"{path} lists no image that has an XML.")
    return {name: part for name, part in splits.items() if part}, unknown
