"""Content hashes of the files named by arguments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from yolo_feiou.losses.build import STOCK
from yolo_feiou.losses.user.registry import find_sources
from yolo_feiou.losses.user.sources import digest_files

#: Arguments that may name a file.
FILE_ARGUMENTS = ("data", "model", "pretrained")
#: Keys of a data YAML that don't count: where the images lie depends on the computer, and says nothing about what they
#: are; nor does the file that a run is evaluated on, which its row names.
IGNORED_KEYS = ("path", "download", "annotations")


def fingerprint_files(arguments: Mapping[str, Any], find_data: Callable[[str], Any]) -> dict[str, str]:
    """Return ten hexadecimal digits for what of the user's arguments name: a data or model YAML, weights, or a loss.

    The folder of the images in a data YAML doesn't count, so that two computers agree. What the framework has or
    downloads under a name has no fingerprint.

    Args:
        arguments: Training arguments by name.
        find_data: Returns the path of a file that a framework finds by name, or the name.
    """
    named = {key: arguments[key] for key in FILE_ARGUMENTS if isinstance(arguments.get(key), str)}
    paths = {key: Path(str(find_data(name))) for key, name in named.items()}
    found = {key: _digest(path.absolute(), path.stat().st_mtime_ns) for key, path in paths.items() if path.is_file()}
    return {**found, **_fingerprint_loss(arguments.get("loss"))}


def _fingerprint_loss(spec: Any) -> dict[str, str]:
    """Return the entry for a loss that has functions of the user's in it, whose source is known."""
    sources = find_sources(spec) if isinstance(spec, str) and spec != STOCK else {}
    digests = [source.digest for source in sources.values() if source is not None and source.path.is_file()]
    if not digests:
        return {}
    named = {str(number): digest.encode() for number, digest in enumerate(digests)}
    return {"loss": (digests[0] if len(digests) == 1 else digest_files(named))[:10]}


@cache
def _digest(path: Path, _changed: int) -> str:
    content = path.read_bytes()
    if path.suffix in (".yaml", ".yml"):
        try:
            said = yaml.safe_load(content)
        except yaml.YAMLError:  # which shows when the data or the model is read
            said = None
        if isinstance(said, dict):
            kept = {str(key): value for key, value in said.items() if key not in IGNORED_KEYS}
            content = json.dumps(kept, sort_keys=True, default=str).encode()
    return hashlib.sha256(content).hexdigest()[:10]
