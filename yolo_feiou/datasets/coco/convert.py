"""Write columns of boxes as label files for Ultralytics, on all cores."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, fields
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from pathlib import Path

import numpy as np

from yolo_feiou.datasets.coco.annotations import Columns
from yolo_feiou.errors import DataError

#: Digits with which every float32 is read back exactly (IEEE 754, 5.12.2).
FLOAT32_DIGITS = 9
#: Images per task.
IMAGES_PER_TASK = 1000


@dataclass(frozen=True)
class LabelCounts:
    """How the annotations of a split were converted.

    Attributes:
        images: Images, each with a label file.
        objects: Labels written.
        crowds: Annotations left out since they are crowds.
        clipped: Of the labels written, those whose box reached beyond the image and was cut there.
        degenerate: Annotations left out since their box has no width or no height inside the image.
        duplicates: Annotations left out since the image has the same label already.
        without_objects: Images without a label.
        bytes: Size of all label files.
    """

    images: int = 0
    objects: int = 0
    crowds: int = 0
    clipped: int = 0
    degenerate: int = 0
    duplicates: int = 0
    without_objects: int = 0
    bytes: int = 0

    def __add__(self, other: LabelCounts) -> LabelCounts:
        return LabelCounts(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


def make_label_name(image: str) -> str:
    """Return the name of an image's label file, by Ultralytics' rule."""
    return f"{image.rsplit('.', 1)[0]}.txt"


def make_label_rows(boxes: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return boxes in label format, clipped to their images.

    Args:
        boxes: x, y, width and height in pixels, shape (N, 4) of float64.
        sizes: Width and height of each one's image in pixels, shape (N, 2).

    Returns:
        Centre and size as fractions of the image, shape (N, 4) of float64; whether each was clipped, shape (N,); and
        whether a side is zero, before or after, shape (N,). A box that reaches beyond its image by no more than the
        rounding of x + width is not clipped.
    """
    with np.errstate(over="ignore"):  # a width of 1e308 is clipped as any other
        start, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    beyond = (start < 0) | (end > sizes * (1 + 4 * np.finfo(float).eps))
    clipped = beyond.any(1)
    low = np.where(beyond, start.clip(0, sizes), start)
    side = np.where(beyond, end.clip(0, sizes) - low, boxes[:, 2:])
    rows = np.hstack([(low + side / 2) / sizes, side / sizes])  # in this order, as Ultralytics rounds
    degenerate = (rows[:, 2:].astype(np.float32) <= 0).any(1)
    return rows, np.asarray(clipped), np.asarray(degenerate)


def write_labels(
    columns: Columns,
    folder: Path,
    *,
    digits: int = FLOAT32_DIGITS,
    workers: int | None = None,
    task_size: int = IMAGES_PER_TASK,
    progress: Callable[[int], object] = lambda images: None,
    sums: Callable[[Mapping[str, str]], object] = lambda sums: None,
) -> LabelCounts:
    """Write a label file for each image, an empty one without objects, into a new folder.

    Args:
        columns: Images and annotations. Crowds, boxes without area and repeated rows are left out.
        folder: Where to; made. A `file_name` with folders gets them below it.
        digits: Significant digits. From 9 on it is the float32 nearest to a value that is written, so that reading as
            float32 gives just that; with 6 the bytes are those of Ultralytics' own converter, where no box is clipped.
        workers: Processes; by default one for each core, or none besides this one for a few images.
        task_size: Images that a process writes at a time.
        progress: Called with the number of images, as they are finished.
        sums: Called with the SHA-256 of files by their names in the folder, as they are finished.

    Raises:
        DataError: If a worker process is killed.
        OSError: If a file can't be written.
    """
    names = [make_label_name(name) for name in columns.names]
    for parent in {os.path.dirname(name) for name in names}:
        (folder / parent).mkdir(parents=True, exist_ok=True)
    pieces = [slice(i, min(i + task_size, len(names))) for i in range(0, len(names), task_size)]
    workers = min(workers or os.cpu_count() or 1, len(pieces))
    total = LabelCounts()
    for counts, digests in _run_tasks(columns, names, pieces, str(folder), digits, workers):
        total += counts
        sums(digests)
        progress(counts.images)
    return total


def _run_tasks(
    columns: Columns, names: Sequence[str], pieces: Sequence[slice], folder: str, digits: int, workers: int
) -> Iterator[tuple[LabelCounts, dict[str, str]]]:
    """Yield the counts of each task, and the checksums of its files, as it finishes."""
    work = (_task_arguments(columns, names, piece, folder, digits) for piece in pieces)
    if workers < 2:
        yield from (write_task(*arguments) for arguments in work)
        return
    # Forked, a worker needs no second import of torch, nor memory for it; all are there before any thread of ours.
    with ProcessPoolExecutor(workers, _fastest_start(), _end_with_parent) as pool:
        futures: list[Future[tuple[LabelCounts, dict[str, str]]]] = [
            pool.submit(write_task, *arguments) for arguments in work
        ]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise DataError(
                "a worker that wrote labels was killed, perhaps out of memory: repeat the command."
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _task_arguments(columns: Columns, names: Sequence[str], piece: slice, folder: str, digits: int) -> tuple:
    """Return the arguments of `write_task` for some of the images: views, until they are sent."""
    starts = columns.starts[piece.start : piece.stop + 1]
    rows = slice(starts[0], starts[-1])
    return (
        folder,
        names[piece],
        columns.sizes[piece],
        starts - starts[0],
        columns.classes[rows],
        columns.boxes[rows],
        columns.crowds[rows],
        digits,
    )


def write_task(
    folder: str,
    names: Sequence[str],
    sizes: np.ndarray,
    starts: np.ndarray,
    classes: np.ndarray,
    boxes: np.ndarray,
    crowds: np.ndarray,
    digits: int,
) -> tuple[LabelCounts, dict[str, str]]:
    """Write the label files of some images; returns their SHA-256 too, by name."""
    counts = np.diff(starts)
    rows, clipped, degenerate = make_label_rows(boxes, np.repeat(sizes, counts, axis=0))
    kept = ~(crowds | degenerate)
    written = rows.astype(np.float32) if digits >= FLOAT32_DIGITS else rows
    line = "%d" + f" %.{digits}g" * 4 + "\n"
    values = list(zip(classes.tolist(), *written.T.tolist(), strict=True))
    wanted, reaching = kept.tolist(), clipped.tolist()
    objects = empty = size = cut = 0
    digests: dict[str, str] = {}
    for name, start, end in zip(names, starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        first: dict[tuple, int] = {}  # of rows that are the same before digits are cut off, as Ultralytics takes it
        for i in range(start, end):
            if wanted[i]:
                first.setdefault(values[i], i)
        text = "".join([line % values[i] for i in first.values()])
        content = text.encode("ascii")
        with open(f"{folder}/{name}", "wb") as file:
            file.write(content)
        digests[name] = hashlib.sha256(content).hexdigest()
        objects += len(first)
        cut += sum(reaching[i] for i in first.values())
        empty += not first
        size += len(content)
    counted = LabelCounts(
        images=len(names),
        objects=objects,
        crowds=int(crowds.sum()),
        clipped=cut,
        degenerate=int((degenerate & ~crowds).sum()),
        duplicates=int(kept.sum()) - objects,
        without_objects=empty,
        bytes=size,
    )
    return counted, digests


def _end_with_parent() -> None:
    """In a worker: leave interrupts to the parent, and end as soon as it does, even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker has a parent"

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _fastest_start() -> BaseContext:
    """Return what starts workers by fork, which imports nothing anew; by spawn on Windows, which has no fork."""
    methods = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("fork" if "fork" in methods else "spawn")
