"""Folders from which Ultralytics can't load weights, though it writes them there."""

from __future__ import annotations

from pathlib import Path

from ultralytics.utils.checks import check_suffix, check_yolov5u_filename

from yolo_feiou.errors import ArgumentError


def check_weights_folder(folder: str | Path, told: str) -> None:
    """Refuse a folder from which Ultralytics could not load the weights that a training leaves in it.

    It takes apostrophes out of the path of weights and spaces off its ends, takes what follows a question mark, also
    one spelled %3F, for the query of a URL (newer releases), and renames old YOLOv5 models. So a training would fail at
    its very end, when its best weights are validated.

    Args:
        folder: The folder of the training, or one above it.
        told: By which argument the folder is given, for the message.

    Raises:
        ArgumentError: If it is such a folder.
    """
    path = str(Path(folder) / "best.pt")
    encoded = path.encode("utf-8", "surrogateescape")
    if path != encoded.decode("utf-8", "replace"):
        raise ArgumentError(f"{told}: the path {encoded!r} has bytes that are no UTF-8: name another folder.")
    wrong = _wrong(path)
    if wrong:
        raise ArgumentError(
            f"{told}: Ultralytics can't load weights from {folder}, whose path has {wrong} in it: the training "
            "would fail at its end. Name another folder."
        )


def _wrong(path: str) -> str:
    """Return what Ultralytics takes amiss in the path of weights, '' for nothing."""
    if "'" in path:
        return "an apostrophe"
    if path != path.strip():
        return "a space at its start"
    if check_yolov5u_filename(path, verbose=False) != path:
        return "the name of a YOLOv5 or YOLOv3 model"
    try:
        check_suffix(path, ".pt")
    except AssertionError:
        return "a question mark"
    return ""
