"""Lines of a terminal: printed one by one, and read without their colours."""

from __future__ import annotations

import re
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


def strip_control_characters(line: str) -> str:
    """Return a line without colours and control characters, which tables and messages would carry on."""
    line = re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", line)
    return "".join(c if c.isprintable() else " " for c in line).strip()
