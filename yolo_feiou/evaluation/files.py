"""JSON on disk, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yolo_feiou.errors import DataError


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        DataError: If it isn't there, or isn't whole.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from None
    except ValueError as error:  # not UTF-8, or not JSON
        raise DataError(f"{path} is no whole JSON file: {error}.") from None
