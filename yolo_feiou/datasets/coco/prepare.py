"""From COCO JSON and images to what Ultralytics trains on: labels, lists of images, and a data YAML."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from yolo_feiou.datasets.coco.annotations import Columns, read_coco_columns
from yolo_feiou.datasets.coco.convert import LabelCounts, write_labels
from yolo_feiou.datasets.coco.images import check_missing, find_existing, make_usable_names
from yolo_feiou.datasets.coco.ledger import Ledger, remove_unfinished
from yolo_feiou.datasets.coco.record import (
    begin_record,
    find_unwanted_splits,
    finish_record,
    list_split_paths,
    read_file_state,
)
from yolo_feiou.datasets.coco.sizes import check_sizes
from yolo_feiou.datasets.coco.splits import CocoSplit
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.escape import make_visible
from yolo_feiou.progress_bar import show_progress
from yolo_feiou.storage.tables import write_text


@dataclass(frozen=True)
class LoadedSplit:
    """A split that was read and checked.

    Attributes:
        split: Where it comes from.
        columns: Its images that are there, with their annotations.
        images: The folder that the names are relative to.
        skipped: Images that are not there.
        annotations: How many annotations the JSON has.
        sizes: What was found of the sizes of the images, a line each.
        state: Of the JSON when it was read, as the record has it.
    """

    split: CocoSplit
    columns: Columns
    images: Path
    skipped: list[str]
    annotations: int
    state: dict[str, Any] | None
    sizes: tuple[str, ...] = ()

    @property
    def remarks(self) -> list[str]:
        """What the user should know: images that are missing, and counts other than the published ones."""
        lines, split = [], self.split
        images = len(self.columns.names) + len(self.skipped)
        if self.skipped:
            lines.append(f"{split.folder}: {len(self.skipped):,} of {images:,} images are missing and left out")
        if split.counts and images < split.counts[0]:
            lines.append(f"{split.folder}: a subset: {images:,} of COCO's {split.counts[0]:,} images")
        elif split.counts and split.counts != (images, self.annotations):
            lines.append(
                f"{split.folder}: {images:,} images and {self.annotations:,} annotations, where COCO has "
                f"{split.counts[0]:,} and {split.counts[1]:,}"
            )
        return lines


def load_splits(splits: Sequence[CocoSplit], skip_missing: bool) -> list[LoadedSplit]:
    """Read and check splits; nothing is written.

    Args:
        splits: Where they are.
        skip_missing: Whether images that a JSON names and the folder lacks are left out; else they are an error.

    Raises:
        DataError: If a JSON or its images can't be used, or the splits don't have the same categories.
    """
    loaded = []
    for split in splits:
        before = read_file_state(split.json)
        columns = read_coco_columns(split.json)
        if not columns.labelled and split.name != "test":
            raise DataError(f"{split.json} has no list named annotations, which '{split.name}' needs.")
        folder, names = make_usable_names(columns.names, split.json, split.images)
        images = split.images / folder
        there = find_existing(names, images)
        skipped = check_missing(names, there, images, split.json, skip_missing)
        annotations = len(columns.classes)
        columns = replace(columns, names=names)
        columns, sizes = check_sizes(columns.of_images(there) if skipped else columns, images, split.json)
        loaded.append(LoadedSplit(split, columns, images, skipped, annotations, before, sizes))
        _check_same_categories(loaded[0], loaded[-1])
    return loaded


def write_data_set(
    own: Ledger,
    loaded: Sequence[LoadedSplit],
    yaml_name: str,
    options: Mapping[str, Any],
    zips: Sequence[Path] = (),
    **how: Any,
) -> dict[str, LabelCounts]:
    """Write labels, lists, links to the images and the data YAML; the record, which says that all is there, comes last.

    Args:
        own: What was written to the folder before.
        loaded: The splits.
        yaml_name: Name of the data YAML.
        options: What it is made with, for the record.
        zips: Further files that it was made from.
        how: `digits` and `workers` of `write_labels`.

    Returns:
        What became of the annotations of each split.

    Raises:
        ArgumentError: If something would be replaced or removed that this command did not write so.
        DataError: If a worker process is killed.
        OSError: If something can't be written.
    """
    out = own.out
    for one in loaded:
        check_link(own, one.images, one.split.folder)
    begun = [(one.split.folder, one.split.listing) for one in loaded]
    unwanted = find_unwanted_splits(out, begun)
    begin_record(own, options, yaml_name, begun)
    for folder, listing in unwanted:
        _remove_split(own, folder, listing)
    inputs = {str(one.split.json): one.state for one in loaded} | {str(path): read_file_state(path) for path in zips}
    counts: dict[str, LabelCounts] = {}
    files: dict[str, str] = {}
    links: dict[str, str] = {}
    for one in loaded:
        split, names = one.split, one.columns.names
        links |= _link_images(own, one.images, split.folder)
        counts[split.name], written = _write_split_labels(own, one, **how)
        text = "".join(f"./images/{split.folder}/{name}\n" for name in sorted(names))
        files |= written | replace_file(own, out / split.listing, text)
    files |= replace_file(own, out / yaml_name, _format_data_yaml(out, loaded))
    splits = {
        one.split.name: {
            "folder": one.split.folder,
            "listing": one.split.listing,
            **asdict(counts[one.split.name]),
            "skipped": one.skipped,
        }
        for one in loaded
    }
    own.settle(files, links)
    finish_record(out, {"options": options, "yaml": yaml_name, "files": len(files), "inputs": inputs, "splits": splits})
    return counts


def _write_split_labels(own: Ledger, one: LoadedSplit, **how: Any) -> tuple[LabelCounts, dict[str, str]]:
    """Write the labels of a split beside the old ones, which they then replace; returns their checksums too."""
    final = own.out / "labels" / one.split.folder
    part = final.with_name(f"{final.name}.part")
    own.claim(part)
    remove_unfinished(part, ".txt")
    digests: dict[str, str] = {}
    counts = LabelCounts(len(one.columns.names))
    if one.columns.labelled:
        part.mkdir(parents=True)
        try:
            with show_progress(f"labels of {one.split.folder}", len(one.columns.names)) as advance:
                counts = write_labels(one.columns, part, progress=advance, sums=digests.update, **how)
        except OSError:  # such as a full disk
            shutil.rmtree(part, ignore_errors=True)
            raise
    files = {f"labels/{one.split.folder}/{name}": digest for name, digest in digests.items()}
    own.add(files)
    own.remove(final)  # compared once more: writing took a while
    own.remove(final.with_suffix(".cache"))  # older releases go by the sizes of files alone
    if part.exists():
        part.rename(final)
    return counts, files


def replace_file(own: Ledger, path: Path, text: str) -> dict[str, str]:
    """Write a text file over the one that this command wrote before; returns its checksum."""
    own.check([path])
    digest = {own.name(path): hashlib.sha256(text.encode()).hexdigest()}
    own.add(digest)
    write_text(path, text)
    return digest


def _link_images(own: Ledger, images: Path, folder: str) -> dict[str, str]:
    """Let a link point to the images, unless they are there themselves; returns it if it is this command's."""
    link = own.out / "images" / folder
    check_link(own, images, folder)
    name, target = own.name(link), str(images)
    if link.exists() and link.samefile(images) and not own.survey([link]).own:
        return {}
    own.add(links={name: target})
    link.parent.mkdir(parents=True, exist_ok=True)
    part = link.with_name(f"{link.name}.link.part")
    own.claim(part)
    if part.is_symlink():
        part.unlink()
    part.symlink_to(images, target_is_directory=True)
    os.replace(part, link)
    return {name: target}


def check_link(own: Ledger, images: Path, folder: str) -> None:
    """Raise ArgumentError if something other than the images, or a link of ours, is where a link to them should be."""
    link = own.out / "images" / folder
    if not os.path.lexists(link) or (link.exists() and link.samefile(images)):
        return
    if not link.is_symlink():
        raise ArgumentError(
            f"{link} is there, and the images are to come from {images}: remove the former, or name another folder "
            "with out=."
        )
    own.check([link])


def _remove_split(own: Ledger, folder: str, listing: str) -> None:
    """Remove what was made of a split that is no longer wanted; images go only if they are a link of ours."""
    for path in list_split_paths(own.out, folder, listing):
        own.remove(path)
    link = own.out / "images" / folder
    if own.survey([link] if link.is_symlink() else []).own:
        link.unlink()


def _check_same_categories(first: LoadedSplit, other: LoadedSplit) -> None:
    """Raise DataError if two splits don't have the same classes."""
    one, two = first.columns.class_names, other.columns.class_names
    if one != two:
        both = (*first.columns.categories, *other.columns.categories)
        odd = [category for category in both if (category.name in one) != (category.name in two)]
        told = (
            f"as {odd[0].id!r} '{make_visible(odd[0].name)}', which one of them lacks"
            if odd
            else "in another order of their ids"
        )
        raise DataError(
            f"{first.split.json} and {other.split.json} have different categories, {told} ({len(one)} and {len(two)} "
            "there are): give both the same list."
        )


def _format_data_yaml(out: Path, loaded: Sequence[LoadedSplit]) -> str:
    """Return the data YAML."""
    root = out.resolve()
    jsons = {one.split.name: one.split.json for one in loaded}
    ordered = sorted(loaded, key=lambda one: ("train", "val", "test").index(one.split.name))
    content = {
        "path": str(root),
        **{one.split.name: one.split.listing for one in ordered},
        "annotations": {
            one.split.name: str(json.relative_to(root) if json.is_relative_to(root) else json)
            for one in ordered
            for json in [jsons[one.split.name]]
        },
        "names": dict(enumerate(loaded[0].columns.class_names)),
    }
    head = "# Made by yolo prepare coco of yolo-feiou; 'annotations' are the COCO JSON on which yolo-feiou evaluates.\n"
    return head + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
