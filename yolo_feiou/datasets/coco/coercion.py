"""Coerce values of other types to COCO's: numbers and flags as text, ids of any kind."""

from __future__ import annotations

import math
from typing import Any

#: An id is only a name: 1, 1.0 and "1" are the same one, "0001" is another.
Id = int | float | str
_FLAGS = {"0": 0, "1": 1, "false": 0, "true": 1}


def to_number(value: Any) -> float:
    """Return the finite number that a value is, or spells.

    Raises:
        ValueError: If it isn't one; a boolean is not a number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or (isinstance(value, str) and "_" in value):
        raise ValueError(value)
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(value) from None
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def to_size(value: Any) -> float | None:
    """Return a width or height; None stays None."""
    return None if value is None else to_number(value)


def to_area(value: Any) -> float | None:
    """Return an area, or None if it isn't a number: the box has one too."""
    try:
        return to_number(value)
    except ValueError:
        return None


def to_flag(value: Any) -> int:
    """Return a flag as 0 or 1; none is 0.

    Raises:
        ValueError: If the value is not a flag, such as 2 or "maybe".
    """
    if value is None or isinstance(value, bool):
        return int(bool(value))
    if isinstance(value, str) and value.strip().lower() in _FLAGS:
        return _FLAGS[value.strip().lower()]
    number = to_number(value)
    if number not in (0, 1):
        raise ValueError(value)
    return int(number)


def to_box(value: Any) -> tuple[float, ...]:
    """Return the four numbers of a box.

    Raises:
        ValueError: If it isn't a list of four.
    """
    if not isinstance(value, list) or len(value) != 4:
        raise ValueError(value)
    return tuple(map(to_number, value))


def to_id(value: Any) -> Id:
    """Return an id.

    Raises:
        ValueError: If it is neither a number nor text.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(value)
    return to_plain_id(value)


def to_text(value: Any) -> str:
    """Return a name, which may be written as a whole number.

    Raises:
        ValueError: If it is neither.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(value)
    return str(value)


def to_file_name(value: Any) -> str:
    """Return the name of a file; ValueError if it isn't text: a number has no suffix."""
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def to_plain_id(value: Id) -> Id:
    """Return an id with 1.0 written as 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def format_id(value: Id) -> str:
    """Return how an id is written, the same for those that are one."""
    return str(to_plain_id(value))
