"""What is told on a terminal, a line at a time."""

from __future__ import annotations

import sys
from typing import TextIO

from yolo_feiou.escape import visible


def say(line: str, out: TextIO | None = None) -> None:
    """Print a line at once; names in it can't act on the terminal, nor begin another line."""
    print(visible(line), file=out or sys.stdout, flush=True)
