"""Print to a terminal, line by line."""

from __future__ import annotations

import sys
from typing import TextIO

from yolo_feiou.escape import make_visible


def say(line: str, out: TextIO | None = None) -> None:
    """Print a line and flush; names in it can't control the terminal, nor begin another line."""
    print(make_visible(line), file=out or sys.stdout, flush=True)
