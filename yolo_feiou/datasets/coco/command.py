"""`yolo prepare coco`: the command line, from arguments to summary."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from yolo_feiou.datasets.coco.annotations import Columns
from yolo_feiou.datasets.coco.catalogue import COCO_2017, URL, Published
from yolo_feiou.datasets.coco.convert import LabelCounts
from yolo_feiou.datasets.coco.ledger import Ledger
from yolo_feiou.datasets.coco.prepare import LoadedSplit, check_link, load_splits, write_data_set
from yolo_feiou.datasets.coco.record import (
    LOCK_FILE,
    PREPARING_FILE,
    begin_record,
    check_output_folder,
    is_whole,
    list_made_paths,
    read_folder_record,
)
from yolo_feiou.datasets.coco.request import PrepareRequest, read_prepare_request
from yolo_feiou.datasets.coco.splits import check_zips
from yolo_feiou.datasets.coco.warnings import warn_of_boxes
from yolo_feiou.datasets.disk_errors import disk_errors_as_messages
from yolo_feiou.datasets.next_commands import list_next_commands
from yolo_feiou.errors import ArgumentError, first_three
from yolo_feiou.escape import quote_command
from yolo_feiou.parameters import Choice, Folder, Int, Text, asks_for_help, format_arguments, read_arguments
from yolo_feiou.storage.locks import LockBusy, hold_lock
from yolo_feiou.storage.tables import results_folder
from yolo_feiou.terminal import say

VERB = "prepare coco"
PREPARE_ARGUMENTS = (
    Folder("out", "", "a folder for the prepared data"),
    Text("source", "", "a folder with COCO 2017, as zips or extracted; else it is downloaded"),
    Text("train", "", "a COCO JSON of your own"),
    Text("val", "", "the same for val"),
    Text("test", "", "the same for test; or True, with COCO 2017, for its test-dev images"),
    Text("images", "", "the folder of your own images"),
    Text("train_images", "", "the folder of the images of one split, where they lie apart"),
    Text("val_images", "", "the same for val"),
    Text("test_images", "", "the same for test"),
    Choice("missing", "stop", ("stop", "skip"), "what happens where images of the JSON are missing"),
    Int("workers", 0, 1, 1024, "processes that write labels; by default one for each core"),
)
PREPARE_USAGE = f"""\
yolo {VERB} out=FOLDER                    download COCO 2017 (20.4 GB) and prepare it
yolo {VERB} out=FOLDER source=FOLDER      take it from a folder, as zips or extracted
yolo {VERB} out=FOLDER train=A.json val=B.json images=FOLDER    prepare a data set of your own

Arguments:
""" + format_arguments(PREPARE_ARGUMENTS)


def prepare_coco(
    args: Sequence[str], published: Sequence[Published] = COCO_2017, url: str = URL, patience: float = 5
) -> None:
    """Prepare a data set, from `key=value` arguments.

    Args:
        args: The arguments of the command line.
        published: The splits of COCO 2017.
        url: Where they are.
        patience: How many seconds to wait for another process that prepares the folder.

    Raises:
        ArgumentError: If the arguments are invalid, or the folder holds files of others.
        DataError: If the data can't be obtained, used or written.
    """
    if not args or asks_for_help(args):
        print(PREPARE_USAGE)
        return
    values = read_arguments(f"yolo {VERB}", args, PREPARE_ARGUMENTS)
    began = time.monotonic()
    request = read_prepare_request(values, published, url)
    out = request.out
    with disk_errors_as_messages(out):
        own = Ledger(out)
        if is_done(request, own):
            (out / PREPARING_FILE).unlink(missing_ok=True)  # of a process that was killed in its last step
            return
        check_zips(request.zips)
        request.check(own)
        skip, options = request.options.missing == "skip", request.options.to_json()
        loaded = load_splits(request.find(own), skip) if request.ready else None
        with results_folder(out), _lock_folder(out, patience):
            if Ledger(out) != own:
                raise ArgumentError(f"another process has just written to out={out}: repeat the command.")
            if loaded is None:
                begin_record(own, options, request.yaml, request.splits)
                loaded = load_splits(request.find(own), skip)
            for line in (line for one in loaded for line in one.remarks):
                say(line)
            counts = write_data_set(own, loaded, request.yaml, options, list(request.zips), workers=request.workers)
    for line in summarise_splits(loaded, counts):
        say(line)
    say(f"{out / request.yaml} is ready after {time.monotonic() - began:.1f} s. Next, for example:")
    data = out / request.yaml
    recipe = quote_command(["yolo", "train", "cfg=coco/yolov8.yaml", f"data={data}", "loss=focal_eiou"])
    for line in list_next_commands(data) if request.options.own else [recipe]:
        say(f"    {line}")


def is_done(request: PrepareRequest, own: Ledger) -> bool:
    """Return whether nothing is left to do, and print that.

    Raises:
        ArgumentError: If something is left to do, and would replace or remove files that this command didn't write.
    """
    out, labels = request.out, [request.out / "labels" / folder for folder, _ in request.splits]
    parts = [path.with_name(f"{path.name}.part") for path in labels]
    parts += [out / "images" / f"{folder}.link.part" for folder in request.images]
    paths = list_made_paths(out, request.splits, request.yaml)
    check_output_folder(own, [*paths, *request.fresh], parts)
    links = [path for folder in request.images if own.name(path := out / "images" / folder) in own.links]
    found = own.survey(paths + [path for path in links if path.is_symlink()])
    record = read_folder_record(out)
    written = found.own - own.links.keys()
    if not (record and not found.changed and is_whole(out, record, request.options.to_json(), written)):
        own.refuse(found)
        for folder, images in request.images.items():
            check_link(own, images, folder)
        return False
    say(
        f"{out / request.yaml} is complete: data YAML, lists, labels and links are as they were written, JSON as "
        "they were read; images exist, their contents were not compared."
    )
    if found.foreign:
        say(f"Not from this command, and left as they are: {found.told}")
    say("There is nothing to do.")
    return True


def summarise_splits(loaded: Sequence[LoadedSplit], counts: dict[str, LabelCounts]) -> Iterator[str]:
    """Yield a line for each split: what is in it, and what was left out or changed."""
    for one in loaded:
        count = counts[one.split.name]
        if not one.columns.labelled:
            yield f"{one.split.folder}: {count.images:,} images without annotations"
            continue
        yield (
            f"{one.split.folder}: {count.images:,} images, {count.without_objects:,} of them without objects; "
            f"{count.objects:,} objects, {count.clipped:,} of them clipped to the image; left out: {count.crowds:,} "
            f"crowds, {count.degenerate:,} boxes without area, {count.duplicates:,} repeated"
        )
        if without := find_classes_without_boxes(one.columns):
            yield (
                f"{one.split.folder}: {len(without):,} of {len(one.columns.categories):,} categories have no object: "
                f"{first_three(without)}"
            )
        yield from (f"warning: {one.split.folder}: {line}" for line in iter_warnings(one, count))


def iter_warnings(one: LoadedSplit, count: LabelCounts) -> Iterator[str]:
    """Yield a line for each property of the JSON that looks like a mistake."""
    yield from one.columns.notes
    yield from one.sizes
    if not count.objects:
        yield "it has no objects, so there is nothing to train or evaluate on."
        return
    yield from warn_of_boxes(one.columns.boxes, count.clipped, count.objects)


def find_classes_without_boxes(columns: Columns) -> list[str]:
    """Return the names of the categories of which there are no objects, crowds left out."""
    counts = np.bincount(columns.classes[~columns.crowds], minlength=len(columns.categories))
    return [columns.class_names[i] for i in np.flatnonzero(counts == 0).tolist()]


@contextmanager
def _lock_folder(out: Path, patience: float) -> Iterator[None]:
    """Lock the folder against other processes within the block."""
    lock = out / LOCK_FILE
    try:
        with hold_lock(lock, patience):
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
    except LockBusy:
        raise ArgumentError(f"another process is preparing out={out}: wait for it, or end it.") from None
