"""Read a COCO JSON of any size record by record."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from yolo_feiou.datasets.coco.json_problems import describe_encoding, describe_error, describe_record
from yolo_feiou.datasets.coco.json_records import EXPECTED_FIELDS, RECORD_NOUNS, RecordType, coerce_record, name_record
from yolo_feiou.errors import DataError, first_three

#: Records are read in chunks of this size, so that few exist at once.
CHUNK_RECORDS = 10_000
#: Byte-order marks, and how to read what follows; that of UTF-32 begins with that of UTF-16.
_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_MARK_UTF8 = b"\xef\xbb\xbf"


class CocoLists(msgspec.Struct, gc=False):
    """The lists of a COCO JSON, their records not read yet; `annotations` is None if there is no such list."""

    images: list[msgspec.Raw]
    categories: list[msgspec.Raw]
    annotations: list[msgspec.Raw] | None = None


class _Key(str):
    """A key that differs from another of the same text, so that a dict keeps both."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


@contextmanager
def open_lists(path: Path) -> Iterator[CocoLists]:
    """Give the lists of a COCO JSON, which is mapped into memory, not read into it, while the block lasts.

    Raises:
        DataError: If the file can't be read, is cut off, or is not a COCO JSON.
    """
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                raise DataError(f"{path} is empty: download it again.")
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from None
    try:
        text = _in_utf8(content)
        lists = msgspec.json.decode(text, type=CocoLists)
        twice = _keys_twice(text, lists)
    except RecursionError:
        raise DataError(f"{path} is nested too deeply for a COCO JSON: download or write it again.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataError(f"{path} {describe_error(error, content)}") from None
    if twice:
        raise DataError(f"{path} has {first_three(twice)} more than once, expected one list each: join them into one.")
    del text  # else the mapping would last
    yield lists  # the mapping ends with its last view


def read_records(
    raws: Sequence[msgspec.Raw], kind: type[RecordType], path: Path, size: int = CHUNK_RECORDS
) -> Iterator[list[RecordType]]:
    """Give the records of a list, some thousands at a time; values of other types are coerced.

    Args:
        raws: The records, not read yet.
        kind: What each is.
        path: The JSON, for messages.
        size: How many records are given at a time.

    Raises:
        DataError: If there are some that can't be read: the first three are named, all are counted.
    """
    decode = msgspec.json.Decoder(kind).decode
    wrong: list[int] = []
    for start in range(0, len(raws), size):
        chunk = []
        for number, raw in enumerate(raws[start : start + size], start + 1):
            try:
                chunk.append(decode(raw))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                record = coerce_record(raw, kind)
                if record is not None:
                    chunk.append(record)
                    continue
                if isinstance(error, UnicodeDecodeError):
                    raise DataError(
                        f"{path} {describe_encoding(error, f' in {RECORD_NOUNS[kind][0]} number {number}')}"
                    ) from None
                wrong.append(number)
        yield chunk
    if wrong:

        def name(number: int) -> str:
            return f"{name_record(raws[number - 1], number)} ({describe_record(raws[number - 1], kind)})"

        word, words = RECORD_NOUNS[kind]
        raise DataError(
            f"{path}: {len(wrong):,} of {len(raws):,} {words} can't be used: {word} {first_three(wrong, name)}. "
            f"Expected {EXPECTED_FIELDS[kind]}: correct or remove them."
        )


def _in_utf8(content: mmap.mmap) -> Any:
    """Return the bytes of a JSON without a byte-order mark; what is in another Unicode form is re-encoded."""
    if content[:3] == _MARK_UTF8:
        return memoryview(content)[3:]
    for mark, encoding in _MARKS.items():
        if content[: len(mark)] == mark:
            return content[:].decode(encoding).encode()
    return content


def _keys_twice(text: Any, lists: CocoLists) -> list[str]:
    """Return which of the lists of a COCO JSON stand in it more than once, by the keys of the outermost object."""
    keys = CocoLists.__struct_fields__
    outside = b" ".join(_outside(text, [raws for raws in (getattr(lists, key) for key in keys) if raws]))
    if all(outside.count(f'"{key}"'.encode()) <= 1 for key in keys):
        return []  # as a rule, and known without reading all once more
    found = [str(key) for key in msgspec.json.decode(text, type=dict[_Key, msgspec.Raw], dec_hook=lambda _, k: _Key(k))]
    return [key for key in keys if found.count(key) > 1]


def _outside(text: Any, lists: Sequence[Sequence[msgspec.Raw]]) -> Iterator[bytes]:
    """Give the parts of a JSON that are in none of some lists of its records, which are views of it."""
    begin, end = _address(text), 0
    for first, last in sorted((_address(raws[0]), _address(raws[-1]) + len(memoryview(raws[-1]))) for raws in lists):
        yield bytes(memoryview(text)[end : first - begin])
        end = last - begin
    yield bytes(memoryview(text)[end:])


def _address(view: Any) -> int:
    """Return where in memory a view begins."""
    return np.frombuffer(view, np.uint8).ctypes.data
