"""Mistakes of a user's, each with a message that says what came, what is expected and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any


class YoloFeiouError(Exception):
    """Base of all errors below. The command line prints the message alone and exits with 2."""


class LossSpecError(YoloFeiouError, ValueError):
    """A loss spec that can't be read, or names no loss, parameter or value there is."""


class UnsupportedModelError(YoloFeiouError, ValueError):
    """A `loss=` for a task or model that trains without an axis-aligned BboxLoss."""


class DataError(YoloFeiouError, RuntimeError):
    """A data set that can't be found or read."""


class MissingFileError(YoloFeiouError, FileNotFoundError):
    """A file that an argument names and that isn't there."""


class ArgumentError(YoloFeiouError, ValueError):
    """A command-line argument that doesn't fit."""


class FinishedError(YoloFeiouError):
    """Nothing is left to do: this very training has ended before. `YOLO.train` takes it for its end."""


class LossNotAppliedError(YoloFeiouError, RuntimeError):
    """Training would go on with a box loss other than the one asked for."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ": did you mean 'x'?" for the known word nearest to `word`, or "." if none is near."""
    near = get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return f": did you mean '{near[0]}'?" if near else "."


def first_three(items: Sequence[Any], name: Callable[[Any], str] = str) -> str:
    """Return the names of the first three items, and how many more there are: "a, b, c and 2 more".

    Args:
        items: What is to be named; an array of positions, too.
        name: Gives the name of an item; it is called for the first three alone.
    """
    more = f" and {len(items) - 3:,} more" if len(items) > 3 else ""
    return ", ".join(map(name, items[:3])) + more
