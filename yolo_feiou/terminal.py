"""Print to a terminal, line by line."""

from __future__ import annotations

import sys
from typing import TextIO

from yolo_feiou.escape import make_visible


def say(line: str, out: TextIO | None = None) -> None:
    """Print a line and flush; names in it can't control the terminal, nor begin another line.

    In one write, end included: unbuffered, `print` writes the end by itself, and another rank's line comes between.
    """
    stream = out or sys.stdout
    stream.write(f"{make_visible(line)}\n")
    stream.flush()
