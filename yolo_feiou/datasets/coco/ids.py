"""Look up records of a COCO JSON by id, which may be of any type."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from yolo_feiou.datasets.coco.coercion import Id, format_id, to_plain_id
from yolo_feiou.errors import DataError
from yolo_feiou.escape import make_visible

#: Integers up to here are read exactly by every JSON reader: a double has 53 bits.
MAX_EXACT = 2**53
#: More digits are kept as text: Python refuses to parse integers of thousands of digits.
MAX_DIGITS = 1000


class Index:
    """The position of each id in a list of records.

    Args:
        ids: The ids of the records.
        word: Their kind, for messages.
        path: The JSON, for messages.

    Raises:
        DataError: If an id is there twice; 1, 1.0 and "1" are one id.
    """

    def __init__(self, ids: Sequence[Id], word: str, path: Path) -> None:
        self._places = {value: place for place, value in enumerate(ids)}
        self._spelled: dict[str, int] | None = None
        if len(self._places) == len(ids) and all(type(value) is int for value in ids):
            return
        self._spelled = {format_id(value): place for place, value in enumerate(ids)}
        if len(self._spelled) < len(ids):
            seen: set[str] = set()
            twice = [text for text in map(format_id, ids) if text in seen or seen.add(text)]
            raise DataError(
                f"{path}: the {word} id {make_visible(twice[0])} is there more than once, and {len(twice):,} of "
                f"{len(ids):,} {'images' if word == 'image' else 'categories'} repeat an id: renumber them."
            )

    def places(self, values: Sequence[Id]) -> list[int]:
        """Return the position of each of these ids; -1 for an unknown one."""
        known = self._places
        places = [known.get(value, -1) for value in values]
        if -1 in places:
            if self._spelled is None:
                self._spelled = {format_id(value): place for value, place in known.items()}
            for n, place in enumerate(places):
                if place < 0:
                    places[n] = self._spelled.get(format_id(values[n]), -1)
        return places


def make_ordinary_ids(ids: Sequence[Id]) -> list[int]:
    """Return ids that every COCO tool can read: the same if all are whole numbers below 2^53, else counted from 1.

    They are counted in the order of larger numbers, which decides between equal scores in COCO, and else in that of the
    list.
    """
    whole = [_whole_number(value) for value in ids]
    numbers = [value for value in whole if value is not None]
    if len(numbers) < len(ids):
        return list(range(1, len(ids) + 1))
    if all(abs(value) < MAX_EXACT for value in numbers):
        return numbers
    rank = {value: place for place, value in enumerate(sorted(numbers), 1)}
    return [rank[value] for value in numbers]


def _whole_number(value: Id) -> int | None:
    """Return the whole number that an id is, or spells as it is usually written; None for any other."""
    value = to_plain_id(value)
    if isinstance(value, str) and len(value) <= MAX_DIGITS and value.isdecimal() and value.isascii():
        return int(value) if str(int(value)) == value else None
    return value if isinstance(value, int) else None
