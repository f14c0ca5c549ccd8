"""Weights that can't be had: nowhere to be found, or in folders from which Ultralytics can't load what it writes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from ultralytics.utils import SETTINGS
from ultralytics.utils.checks import check_suffix, check_yolov5u_filename
from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES

from yolo_feiou.errors import ArgumentError, MissingFileError

#: How the names of weights begin that Ultralytics publishes, as yolo and sam: it may publish more than a release knows.
PUBLISHED = tuple({found[0] for name in GITHUB_ASSETS_NAMES if (found := re.match("[a-z]+(?=.*[.]pt$)", name.lower()))})


def check_weights_file(weights: object, told: str, *, resumed: bool = False) -> None:
    """Refuse weights that are not there and can't be fetched, before Ultralytics asks the network for them.

    It looks where Ultralytics does. A name of weights that it publishes, a bare one that begins like these, and a URL
    are left to it, which may fetch them.

    Args:
        weights: What an argument names; anything but the path of a *.pt is left alone.
        told: The argument, for the message.
        resumed: Whether a training is to be resumed from them, so that a bare name is no name of published ones.

    Raises:
        MissingFileError: If they are not there.
    """
    if not isinstance(weights, (str, Path)) or ":/" in str(weights):  # a Path of a URL has one slash less
        return
    file = Path(check_yolov5u_filename(str(weights).strip().replace("'", ""), verbose=False))
    if file.suffix.lower() != ".pt" or any(os.path.exists(path) for path in (file, SETTINGS["weights_dir"] / file)):
        return
    may_be_published = file.name == str(file) and file.name.lower().startswith(PUBLISHED) and not resumed
    if may_be_published or unquote(file.name) in GITHUB_ASSETS_NAMES:
        return
    raise MissingFileError(f"{told}={weights}: there is no such file. {_weights_in(file.parent)}")


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
        raise ArgumentError(f"{told}: the path {encoded!r} has bytes that are not UTF-8: name another folder.")
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


def check_resumed_file(resume: object) -> None:
    """Refuse to resume from a checkpoint that isn't there: Ultralytics would resume the latest run in its place.

    Raises:
        MissingFileError: If `resume` names a file, and there is none.
    """
    if not isinstance(resume, (str, Path)) or str(resume).lower() in ("", "true", "false", "none"):
        return
    if not os.path.exists(resume):
        raise MissingFileError(f"resume={resume}: there is no such file. {_weights_in(Path(resume).parent)}")


def _weights_in(folder: Path) -> str:
    """Return what weights a folder has, as a sentence."""
    found = sorted(path.name for path in folder.glob("*.pt"))
    return f"Its folder has {', '.join(found[:5])}." if found else f"There are no weights in {folder.absolute()}."
