"""What stands for the contents of files that arguments name: the same name may mean something else tomorrow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from yolo_feiou.yolo.configs import find_data

NAMING = ("data", "model", "pretrained")
#: Where the images lie is the machine's affair, and says nothing about what they are; nor does the file that a run is
#: evaluated on, which its row tells.
ELSEWHERE = ("path", "download", "annotations")


def of_files(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return ten digits for each file of the user's that arguments name: a data or model YAML, or weights.

    Of a data YAML the place of its images doesn't count, so that two machines agree. What Ultralytics has or fetches
    under a name goes by the name.
    """
    paths = {key: Path(str(find_data(arguments[key]))) for key in NAMING if isinstance(arguments.get(key), str)}
    return {key: _digest(path.absolute(), path.stat().st_mtime_ns) for key, path in paths.items() if path.is_file()}


@cache
def _digest(path: Path, _changed: int) -> str:
    content = path.read_bytes()
    if path.suffix in (".yaml", ".yml"):
        try:
            said = yaml.safe_load(content)
        except yaml.YAMLError:  # which shows when the data or the model is read
            said = None
        if isinstance(said, dict):
            kept = {str(key): value for key, value in said.items() if key not in ELSEWHERE}
            content = json.dumps(kept, sort_keys=True, default=str).encode()
    return hashlib.sha256(content).hexdigest()[:10]
