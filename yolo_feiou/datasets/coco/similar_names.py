"""Image files with similar names: other case, other Unicode form, or %-escapes."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

from yolo_feiou.escape import make_visible


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Return ": did you mean 'x'? … " for a known name that differs in its spelling alone, or "" if none does.

    Args:
        name: A file name, or a path of which the last part counts.
        known: Names or paths that are there.
    """
    wanted = fold_name(name)
    near = next((other for other in known if fold_name(other) == wanted), None)
    if near is None:
        return ""
    difference = _difference(_last(name), _last(near))
    return f": did you mean '{make_visible(near)}'? It differs in {difference}: rename one of them"


def fold_name(name: str) -> str:
    """Return the last part of a path without case, Unicode form and %-escapes."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", unquote(_last(name))).casefold())


def _difference(one: str, other: str) -> str:
    """Return in what two file names differ."""
    if unquote(one) == unquote(other):
        return "%-escapes"
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other):
        return "its Unicode form (NFC and NFD)"
    return "case" if one.casefold() == other.casefold() else "its spelling"


def _last(name: str) -> str:
    return os.path.basename(name.replace("\\", "/"))
