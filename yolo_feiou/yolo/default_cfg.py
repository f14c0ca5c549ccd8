"""Ultralytics' table of arguments: with ours in it while a command is read, and as it is while it trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from ultralytics import __version__
from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.errors import ArgumentError
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS

_lock = Lock()
_added: set[str] = set()  # what of ours is in the table now
_blocks = 0


def find_taken_arguments() -> set[str]:
    """Return those of our arguments that Ultralytics has as arguments of its own, so that they are not ours here."""
    return {key for key in EXTRA_ARGUMENTS if key in DEFAULT_CFG_DICT and key not in _added}


def list_defaults() -> dict[str, Any]:
    """Return all training arguments with their defaults, Ultralytics' and ours."""
    return {**DEFAULT_CFG_DICT, **EXTRA_ARGUMENTS}


def list_extra_arguments() -> dict[str, Any]:
    """Return our arguments with their defaults, without those that are `find_taken_arguments`."""
    return {key: value for key, value in EXTRA_ARGUMENTS.items() if key not in find_taken_arguments()}


def refuse_taken_arguments(given: Mapping[str, Any]) -> None:
    """Raise ArgumentError if an argument is given that is ours and Ultralytics' too, and may mean either."""
    for key in sorted(find_taken_arguments() & given.keys()):
        if given[key] != DEFAULT_CFG_DICT[key]:
            raise ArgumentError(
                f"got {key}={given[key]}: Ultralytics {__version__} has an argument '{key}' of its own, so it can't be "
                "told which one is meant. Update yolo-feiou, or install a release of Ultralytics that it was tested "
                "with (see 'yolo-feiou doctor')."
            )


@contextmanager
def extended_default_cfg() -> Iterator[None]:
    """Within the block, Ultralytics' checks of arguments know ours; what is Ultralytics' own stays."""
    global _blocks
    with _lock:
        _blocks += 1
        _extend()
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if not _blocks:
                _restore()


@contextmanager
def stock_default_cfg() -> Iterator[None]:
    """Within the block, the table is as Ultralytics has it, even inside `extended_default_cfg`.

    Ultralytics makes the arguments in a checkpoint of it, which is to be plain.
    """
    with _lock:
        _restore()
    try:
        yield
    finally:
        with _lock:
            if _blocks:
                _extend()


def _extend() -> None:
    for key, value in list_extra_arguments().items():
        DEFAULT_CFG_DICT[key] = value
        _added.add(key)


def _restore() -> None:
    while _added:
        del DEFAULT_CFG_DICT[_added.pop()]
