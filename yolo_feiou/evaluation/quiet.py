"""Ultralytics without its words: it logs to stdout, where a command's own result belongs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ultralytics.utils import LOGGER


@contextmanager
def quiet() -> Iterator[None]:
    """Let Ultralytics log nothing but errors inside the block; its progress bars go with its log."""
    level = LOGGER.level
    LOGGER.setLevel(logging.ERROR)
    try:
        yield
    finally:
        LOGGER.setLevel(level)
