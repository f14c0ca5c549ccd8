"""Read a COCO JSON of any size record by record, and explain what is wrong with it."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np

from yolo_feiou.datasets.coco.coercion import Id, to_area, to_box, to_file_name, to_flag, to_id, to_size, to_text
from yolo_feiou.errors import DataError, first_three
from yolo_feiou.escape import visible

#: Records are read in chunks of this size, so that few exist at once.
CHUNK_RECORDS = 10_000
#: How far around a non-finite number its record is searched, in bytes.
_REACH = 1 << 20
_NO_NUMBER = re.compile(rb"(?<=[\[,:\s])(?:NaN|-?Infinity)(?=[\s,\]}])")


class CocoImage(msgspec.Struct, gc=False):
    """An image; sizes in pixels."""

    id: Id
    file_name: str
    width: float | None = None
    height: float | None = None


class CocoAnnotation(msgspec.Struct, gc=False):
    """An object, or a crowd of them; bbox is x, y, width and height in pixels."""

    image_id: Id
    category_id: Id
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: Annotated[int, msgspec.Meta(ge=0, le=1)] | bool | None = 0


class CocoCategory(msgspec.Struct, gc=False, frozen=True):
    """A class of objects."""

    id: Id
    name: str


class CocoLists(msgspec.Struct, gc=False):
    """The lists of a COCO JSON, their records not read yet; `annotations` is None if there is no such list."""

    images: list[msgspec.Raw]
    categories: list[msgspec.Raw]
    annotations: list[msgspec.Raw] | None = None


class _Named(msgspec.Struct):
    id: Id


RecordType = TypeVar("RecordType", CocoImage, CocoAnnotation, CocoCategory)


class _Key(str):
    """A key that differs from another of the same text, so that a dict keeps both."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


_REQUIRED = {
    CocoAnnotation: ("image_id", "category_id", "bbox"),
    CocoImage: ("id", "file_name"),
    CocoCategory: ("id", "name"),
}
_WORDS = {
    CocoAnnotation: ("annotation", "annotations"),
    CocoImage: ("image", "images"),
    CocoCategory: ("category", "categories"),
}
_EXPECTED = {
    CocoAnnotation: "image_id, category_id and bbox: [x, y, width, height] in pixels, and iscrowd 0 or 1",
    CocoImage: "id, file_name, width and height",
    CocoCategory: "id and name",
}
#: How values of other types are coerced.
_PLAINLY: dict[type, dict[str, Callable[[Any], Any]]] = {
    CocoAnnotation: {"image_id": to_id, "category_id": to_id, "bbox": to_box, "area": to_area, "iscrowd": to_flag},
    CocoImage: {"id": to_id, "file_name": to_file_name, "width": to_size, "height": to_size},
    CocoCategory: {"id": to_id, "name": to_text},
}
#: The expected kind of a value, for messages.
_VALUES: dict[Callable[[Any], Any], str] = {
    to_id: "a number or text",
    to_box: "a list of four numbers",
    to_flag: "0 or 1",
    to_file_name: "text, the name of a file",
    to_text: "text",
    to_size: "a number",
}
#: What JSON calls the types of Python's.
_TYPES = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "text",
    list: "list",
    dict: "object",
    type(None): "no value",
}
#: Values in messages are cut after so many characters.
_WIDTH = 60
#: Byte-order marks, and how to read what follows; that of UTF-32 begins with that of UTF-16.
_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_MARK_UTF8 = b"\xef\xbb\xbf"


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
        raise DataError(f"{path} {_what_is_wrong(error, content)}") from None
    if twice:
        raise DataError(f"{path} has {first_three(twice)} more than once, expected one list each: join them into one.")
    del text  # else the mapping would last
    yield lists  # the mapping ends with its last view


def read_records(raws: Sequence[msgspec.Raw], kind: type[RecordType], path: Path) -> Iterator[list[RecordType]]:
    """Give the records of a list, some thousands at a time; values of other types are coerced.

    Raises:
        DataError: If there are some that can't be read: the first three are named, all are counted.
    """
    decode = msgspec.json.Decoder(kind).decode
    wrong: list[int] = []
    for start in range(0, len(raws), CHUNK_RECORDS):
        chunk = []
        for number, raw in enumerate(raws[start : start + CHUNK_RECORDS], start + 1):
            try:
                chunk.append(decode(raw))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                record = _read_plainly(raw, kind)
                if record is not None:
                    chunk.append(record)
                    continue
                if isinstance(error, UnicodeDecodeError):
                    raise DataError(f"{path} {_not_utf8(error, f' in {_WORDS[kind][0]} number {number}')}") from None
                wrong.append(number)
        yield chunk
    if wrong:

        def name(number: int) -> str:
            return f"{name_record(raws[number - 1], number)} ({_describe_problem(raws[number - 1], kind)})"

        word, words = _WORDS[kind]
        raise DataError(
            f"{path}: {len(wrong):,} of {len(raws):,} {words} can't be used: {word} {first_three(wrong, name)}. "
            f"Expected {_EXPECTED[kind]}: correct or remove them."
        )


def name_record(raw: msgspec.Raw, number: int) -> str:
    """Return how to find a record: by its id, or its place in the list, from 1."""
    try:
        return f"with id {msgspec.json.decode(raw, type=_Named).id!r}"
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return f"number {number}"


def _in_utf8(content: mmap.mmap) -> Any:
    """Return the bytes of a JSON without a byte-order mark; what is in another Unicode form is re-encoded."""
    if content[:3] == _MARK_UTF8:
        return memoryview(content)[3:]
    for mark, encoding in _MARKS.items():
        if content[: len(mark)] == mark:
            return content[:].decode(encoding).encode()
    return content


def _read_plainly(raw: msgspec.Raw, kind: type[RecordType]) -> RecordType | None:
    """Return a record with values of other types read as what they plainly mean; None if one means nothing."""
    try:
        values = msgspec.json.decode(raw)
        if not isinstance(values, dict):
            return None
        return kind(**{key: read(values[key]) for key, read in _PLAINLY[kind].items() if key in values})
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, TypeError):  # TypeError: a field is missing
        return None


def _describe_problem(raw: msgspec.Raw, kind: type[RecordType]) -> str:
    """Return what is wrong with a record: 'iscrowd is "maybe" (text), expected 0 or 1'."""
    try:
        values = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):  # the same of a known form names the place
        try:
            return str(msgspec.json.decode(raw, type=kind))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return _plain_message(error)
    if not isinstance(values, dict):
        return f"{_describe_value(values)}, expected an object"
    for key, read in _PLAINLY[kind].items():
        try:
            read(values.get(key, 0))
        except ValueError:
            if key in values:
                return f"{key} is {_describe_value(values[key])}, expected {_VALUES[read]}"
    return f"missing: {', '.join(key for key in _REQUIRED[kind] if key not in values)}"


def _describe_value(value: Any) -> str:
    """Return a value of a JSON as it is written there, and its type."""
    text = json.dumps(value, ensure_ascii=False)
    text = text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
    return f"{visible(text)} ({_TYPES[type(value)]})"


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


def _not_utf8(error: UnicodeDecodeError, where: str = "") -> str:
    """Return the end of a sentence that begins with the path of the file."""
    byte = error.object[error.start]
    around = error.object[max(0, error.start - 10) : error.end + 10].decode("latin-1")
    told = f"byte 0x{byte:02x}{where}, around it '{visible(around)}' if it is Latin-1"
    return f"is not UTF-8: {told}. Write the file as UTF-8."


def _plain_message(error: Exception) -> str:
    """Return what msgspec says of a record: "Expected `float`, got `null` at bbox[2]"."""
    return str(error).replace(" - at `$.", " at ").replace(" - at `$`", "").rstrip("`").replace("`", "")


def _what_is_wrong(error: Exception, content: mmap.mmap) -> str:
    """Return the end of a sentence that begins with the path of the file."""
    if isinstance(error, UnicodeDecodeError):
        return _not_utf8(error)
    if "truncated" in str(error):
        return f"is cut off: it ends after {len(content):,} bytes in the middle of its JSON. Download it again."
    if isinstance(error, msgspec.ValidationError):
        return f"is not a COCO JSON ({_plain_message(error)}): expected lists named images, annotations and categories."
    found = [(match.start(), match[0].decode()) for match in _NO_NUMBER.finditer(content)]
    if found:
        places, words = [place for place, _ in found], sorted({word for _, word in found})
        return (
            f"has {' and '.join(words)} in {len(places):,} place{'s' if len(places) > 1 else ''}, "
            f"{_around(content, places[0])}. JSON knows finite numbers only: correct or remove what holds them."
        )
    return f"is not a complete JSON file ({_plain_message(error)}): download it again, or write it as UTF-8."


def _around(content: mmap.mmap, place: int) -> str:
    """Return which record holds the byte at `place`, as far as that can be told."""
    depth, start = 0, place
    low = max(0, place - _REACH)
    while start > low and depth <= 0:  # out of the record, over whole ones within it
        start = max(content.rfind(b"{", low, start), content.rfind(b"}", low, start))
        if start < 0:
            break
        depth += 1 if content[start : start + 1] == b"{" else -1
    if depth == 1:
        try:
            # Python's own decoder takes these words for numbers.
            record, _ = json.JSONDecoder().raw_decode(content[start : start + 2 * _REACH].decode(errors="replace"))
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict) and "id" in record:
            keys = [key for key, value in record.items() if _has_nonfinite(value)]
            kind = "annotation" if "image_id" in record else "image" if "file_name" in record else "record"
            return f"first in {kind} with id {record['id']!r}{f', {keys[0]}' if keys else ''}"
    return f"first at byte {place:,}"


def _has_nonfinite(value: Any) -> bool:
    """Whether a number that is not finite is somewhere in a value."""
    if isinstance(value, float):
        return value != value or value in (float("inf"), float("-inf"))
    return any(map(_has_nonfinite, value)) if isinstance(value, list) else False
