"""What is wrong with a COCO JSON or a record of it, in words."""

from __future__ import annotations

import json
import mmap
import re
from typing import Any

import msgspec

from yolo_feiou.datasets.coco.json_records import (
    EXPECTED_VALUES,
    FIELD_READERS,
    REQUIRED_FIELDS,
    RecordType,
)
from yolo_feiou.escape import make_visible

#: How far around a non-finite number its record is searched, in bytes.
_REACH = 1 << 20
_NO_NUMBER = re.compile(rb"(?<=[\[,:\s])(?:NaN|-?Infinity)(?=[\s,\]}])")
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


def describe_error(error: Exception, content: mmap.mmap) -> str:
    """Return why a file can't be decoded: the end of a sentence that begins with its path."""
    if isinstance(error, UnicodeDecodeError):
        return describe_encoding(error)
    if "truncated" in str(error):
        return f"is cut off: it ends after {len(content):,} bytes in the middle of its JSON. Download it again."
    if isinstance(error, msgspec.ValidationError):
        return f"is not a COCO JSON ({_plain_message(error)}): expected lists named images, annotations and categories."
    found = [(match.start(), match[0].decode()) for match in _NO_NUMBER.finditer(content)]
    if found:
        places, words = [place for place, _ in found], sorted({word for _, word in found})
        return (
            f"has {' and '.join(words)} in {len(places):,} place{'s' if len(places) > 1 else ''}, "
            f"{_locate(content, places[0])}. JSON knows finite numbers only: correct or remove what holds them."
        )
    return f"is not a complete JSON file ({_plain_message(error)}): download it again, or write it as UTF-8."


def describe_record(raw: msgspec.Raw, kind: type[RecordType]) -> str:
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
    for key, read in FIELD_READERS[kind].items():
        try:
            read(values.get(key, 0))
        except ValueError:
            if key in values:
                return f"{key} is {_describe_value(values[key])}, expected {EXPECTED_VALUES[read]}"
    return f"missing: {', '.join(key for key in REQUIRED_FIELDS[kind] if key not in values)}"


def describe_encoding(error: UnicodeDecodeError, where: str = "") -> str:
    """Return that a file is not UTF-8, and where: the end of a sentence that begins with its path."""
    byte = error.object[error.start]
    around = error.object[max(0, error.start - 10) : error.end + 10].decode("latin-1")
    told = f"byte 0x{byte:02x}{where}, around it '{make_visible(around)}' if it is Latin-1"
    return f"is not UTF-8: {told}. Write the file as UTF-8."


def _describe_value(value: Any) -> str:
    """Return a value of a JSON as it is written there, and its type."""
    text = json.dumps(value, ensure_ascii=False)
    text = text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
    return f"{make_visible(text)} ({_TYPES[type(value)]})"


def _plain_message(error: Exception) -> str:
    """Return what msgspec says of a record: "Expected `float`, got `null` at bbox[2]"."""
    return str(error).replace(" - at `$.", " at ").replace(" - at `$`", "").rstrip("`").replace("`", "")


def _locate(content: mmap.mmap, place: int) -> str:
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
