"""What a checkpoint says of itself, read without running any code of its own.

A checkpoint of Ultralytics' is a pickle with a whole model in it: to load it runs whatever code it names, which torch's
`weights_only=True` refuses. That is needed for the weights. How far a training got, and with which arguments, stands
beside them as plain numbers and words, and needs none of it.
"""

from __future__ import annotations

import io
import pathlib
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

try:
    from numpy._core.multiarray import scalar
except ImportError:  # numpy 1
    from numpy.core.multiarray import scalar


def _bytes(text: str, encoding: str = "latin1") -> bytes:
    """Return the bytes that a pickle of an old protocol spells as a text."""
    return text.encode("latin1")


#: What numbers and words are made of; all else is replaced by `Inert`.
PLAIN = {
    ("_codecs", "encode"): _bytes,
    ("collections", "OrderedDict"): OrderedDict,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "scalar"): scalar,
    ("numpy._core.multiarray", "scalar"): scalar,
    **{(module, "PosixPath"): pathlib.PurePosixPath for module in ("pathlib", "pathlib._local")},  # Python 3.13's
    **{(module, "WindowsPath"): pathlib.PureWindowsPath for module in ("pathlib", "pathlib._local")},
}


class Inert:
    """Stands for an object that isn't made: it takes whatever a pickle gives it, and does nothing."""

    def __init__(self, *args: object, **kwargs: object) -> None: ...

    def __setstate__(self, state: object) -> None: ...

    def __setitem__(self, key: object, value: object) -> None: ...

    def append(self, item: object) -> None:
        """Take an item of a list."""

    def extend(self, items: object) -> None:
        """Take items of a list."""

    def add(self, item: object) -> None:
        """Take an item of a set."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return PLAIN.get((module, name), Inert)

    def persistent_load(self, pid: Any) -> None:
        return None  # the numbers of a tensor


def read_numbers(path: Path) -> dict[str, Any] | None:
    """Return the content of a checkpoint, with `Inert` objects for models and tensors; None if it is torn or isn't one.

    What is torn shows: the directory of such a file stands at its end, and each part has a checksum.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
            if archive.testzip() is not None:
                return None
            content = _Reader(io.BytesIO(archive.read(name))).load()
    except (OSError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError, zipfile.LargeZipFile):
        return None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, UnicodeDecodeError):
        return None  # whatever a damaged pickle makes of itself
    return content if isinstance(content, dict) else None


def is_torn(path: Path) -> bool:
    """Return whether a file begins as a checkpoint does, and ends too early: its directory stands at the end."""
    try:
        with path.open("rb") as file:
            begin = file.read(4)
    except OSError:
        return False
    return not begin or (begin == b"PK\x03\x04" and not zipfile.is_zipfile(path))


def has_key(path: Path, key: str) -> bool:
    """Return whether a file is a checkpoint in which a text such as this key stands; nothing of it is made."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            return len(names) == 1 and key.encode() in archive.read(names[0])
    except (OSError, zipfile.BadZipFile):
        return False


def read_trained_arguments(path: Path) -> dict[str, Any]:
    """Return the arguments that a checkpoint was trained with, as it records them."""
    return (read_numbers(path) or {}).get("train_args") or {}
