"""`yolo prepare voc`: the command line, from arguments to summary."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from yolo_feiou.datasets.coco.sizes import compare_sizes, read_size
from yolo_feiou.datasets.disk_errors import disk_errors_as_messages
from yolo_feiou.datasets.next_commands import list_next_commands
from yolo_feiou.datasets.voc.annotations import (
    VocImage,
    VocSource,
    find_voc_source,
    list_classes,
    list_images,
    read_voc_images,
)
from yolo_feiou.datasets.voc.convert import VocCounts
from yolo_feiou.datasets.voc.prepare import is_prepared, write_voc
from yolo_feiou.datasets.voc.splits import LISTS_FOLDER, SPLITS, split_as_given, split_by_seed
from yolo_feiou.errors import ArgumentError, DataError, did_you_mean, first_three
from yolo_feiou.parameters import (
    Choice,
    Flag,
    Float,
    Folder,
    Int,
    Text,
    asks_for_help,
    format_arguments,
    read_arguments,
)
from yolo_feiou.terminal import say

VERB = "prepare voc"
VOC_ARGUMENTS = (
    Text("source", "", "the folder with Annotations/*.xml and JPEGImages, or with XML and images side by side"),
    Folder("out", "", "a folder for the prepared data"),
    Choice("split", "random", ("random", "given"), "by chance, or as {train,val,test}.txt of ImageSets/Main"),
    Float("val", 0.2, 0, 1, "share of the images in val, with split=random"),
    Float("test", 0.2, 0, 1, "share of the images in test, with split=random; 0 for no test split"),
    Int("seed", 0, 0, 2**31 - 1, "of the splits, with split=random"),
    Text("classes", "", "a list of classes, in the order of their indices, like RBC,WBC; by default all, by name"),
    Flag("difficult", False, meaning="whether objects that are marked as difficult are kept"),
    Choice("missing", "stop", ("stop", "skip"), "what happens with XML whose image is missing"),
)
VOC_USAGE = """yolo prepare voc source=FOLDER out=FOLDER [argument=value ...]

Makes a data set with VOC XML ready for training: labels, lists of images, links to the images and a data YAML, in out.
The same command again does nothing; files that are not its own, or that changed since, are never replaced.

"""


def prepare_voc(args: Sequence[str]) -> None:
    """Prepare a data set with VOC XML, from `key=value` arguments.

    Raises:
        ArgumentError: If the arguments are invalid, or the folder holds files of others.
        DataError: If the data can't be used or written.
    """
    if not args or asks_for_help(args):
        print(VOC_USAGE + format_arguments(VOC_ARGUMENTS))
        return
    values: dict[str, Any] = {one.name: one.default for one in VOC_ARGUMENTS}
    given = read_arguments(f"yolo {VERB}", args, VOC_ARGUMENTS)
    values |= given
    for key, what in (("source", "the folder with the XML"), ("out", "where the prepared data go")):
        if not values[key]:
            raise ArgumentError(f"give {key}=FOLDER, {what}.")
    if unused := [key for key in ("val", "test", "seed") if key in given and values["split"] == "given"]:
        raise ArgumentError(f"{unused[0]}= is for split=random, and split=given takes the lists: give one of them.")
    source, out = find_voc_source(Path(values["source"]).expanduser().resolve()), Path(values["out"])
    out = out.resolve()
    if out == source.folder or out.is_relative_to(source.images):
        raise ArgumentError(f"out={values['out']} is a folder of the source: name one beside it.")
    with disk_errors_as_messages(out):
        prepare(source, out, values)


def prepare(source: VocSource, out: Path, values: dict[str, Any]) -> None:
    """Prepare a data set, and say what was done, with all arguments given."""
    options = {key: value for key, value in values.items() if key != "out"}
    options |= {"source": str(source.folder), "inputs": digest_source(source)}
    yaml = out / f"{out.name}.yaml"
    if is_prepared(out, options):
        say(f"{yaml} is complete: all files are as they were written, the XML as they were read.")
        say("There is nothing to do.")
        return
    images, missing = read_voc_images(source, values["missing"] == "skip")
    images, notes = complete_sizes(images, source.images)
    classes = choose_classes(images, values["classes"])
    lines = list(notes)
    if values["split"] == "given":
        splits, unknown = split_as_given(images, source.folder)
        if unknown:
            lines.append(f"left out: {unknown:,} names of the lists in {LISTS_FOLDER.as_posix()}, without image or XML")
        if unlisted := len(images) - sum(map(len, splits.values())):
            lines.append(f"left out: {unlisted:,} images with an XML that no list has")
    else:
        splits = split_by_seed(images, values["val"], values["test"], values["seed"])
    if missing:
        lines.append(f"left out: {len(missing):,} XML without an image: {first_three(missing)}")
    if without := sorted(list_images(source.images) - {image.file for image in images}):
        lines.append(f"left out: {len(without):,} images without an XML: {first_three(without)}")
    counts = write_voc(out, splits, classes, source.images, options)
    for line in (*lines, *summarise_splits(counts)):
        say(line)
    say(f"{yaml} is ready. Next, for example:")
    for line in list_next_commands(yaml):
        say(f"    {line}")


def digest_source(source: VocSource) -> str:
    """Return a checksum of all XML and lists, and of the names of the images."""
    digest = hashlib.sha256()
    lists = [source.folder / LISTS_FOLDER / f"{name}.txt" for name in SPLITS]
    for path in (*sorted(source.annotations.glob("*.xml")), *(path for path in lists if path.is_file())):
        digest.update(f"{path.name}\0".encode("utf-8", "surrogateescape") + hashlib.sha256(path.read_bytes()).digest())
    for name in sorted(list_images(source.images)):
        digest.update(f"{name}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def complete_sizes(images: Sequence[VocImage], folder: Path) -> tuple[list[VocImage], list[str]]:
    """Return the images with the sizes of their files where the XML has none, and notes for the user.

    Raises:
        DataError: If sizes differ from those of the files by no common factor, or there is none at all.
    """
    found = [read_size(folder / image.file) for image in images]
    names = [image.file for image in images]
    if blind := [name for name, size in zip(names, found, strict=True) if size is None]:
        raise DataError(
            f"{len(blind):,} of {len(images):,} images can't be read: {first_three(blind)}. Get them again, or remove "
            "them and their XML."
        )
    told, files = np.array([image.size for image in images], float), np.array(found, float)
    factor, note = compare_sizes(names, told, files, "the XML")
    known = [
        image if np.isfinite(image.size).all() else replace(image, size=tuple((size / factor).tolist()))
        for image, size in zip(images, files, strict=True)
    ]
    return known, [f"{note}: labels are shares of the image and stay right."] if note else []


def choose_classes(images: Sequence[VocImage], named: str) -> list[str]:
    """Return the classes: those that are named, or all.

    Raises:
        ArgumentError: If a class is named twice, or no object is of it.
    """
    known = list_classes(images)
    if not named:
        if not known:
            raise DataError("no XML has an object, so there is nothing to train on.")
        return known
    classes = [name.strip() for name in named.split(",")]
    if len({*classes}) < len(classes):
        raise ArgumentError(f"classes={named} names a class twice.")
    if odd := [name for name in classes if name not in known]:
        raise ArgumentError(
            f"classes={named}: no object is of the class '{odd[0]}'{did_you_mean(odd[0], known)} There "
            f"are {', '.join(known[:20])}{', …' if len(known) > 20 else ''}."
        )
    return classes


def summarise_splits(counts: dict[str, VocCounts]) -> Iterator[str]:
    """Yield lines for each split: what is in it by class, and what was left out or changed and why."""
    for split, one in counts.items():
        labels = one.labels
        by_class = ", ".join(f"{name} {number:,}" for name, number in one.by_class.items())
        yield (
            f"{split}: {labels.images:,} images, {labels.without_objects:,} of them without objects; "
            f"{labels.objects:,} boxes, {labels.clipped:,} of them clipped to the image: {by_class}"
        )
        others = ", ".join(f"{name} {number:,}" for name, number in sorted(one.unknown.items()))
        yield (
            f"{split}: left out: {labels.degenerate:,} boxes without area in the image, {labels.duplicates:,} "
            f"repeated, {one.difficult:,} marked as difficult, {one.unknown.total():,} of other classes"
            f"{f' ({others})' if others else ''}"
        )
