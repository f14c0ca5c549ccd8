"""Ultralytics without its words: it logs to stdout, where a command's own result belongs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ultralytics.utils import LOGGER


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Let Ultralytics log nothing but errors inside the block, and give its warnings, as far as they have come.

    Its progress bars go with its log.
    """
    level, warnings = LOGGER.level, []

    def keep(record: logging.LogRecord) -> bool:
        if record.levelno == logging.WARNING:
            warnings.append(record.getMessage())
        return record.levelno >= logging.ERROR

    LOGGER.setLevel(logging.WARNING)
    LOGGER.addFilter(keep)
    try:
        yield warnings
    finally:
        LOGGER.removeFilter(keep)
        LOGGER.setLevel(level)
