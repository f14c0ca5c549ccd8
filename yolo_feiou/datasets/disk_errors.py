"""Errors of the disk while a data set is prepared, as messages."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yolo_feiou.errors import DataError


@contextmanager
def disk_errors_as_messages(out: Path) -> Iterator[None]:
    """Turn errors of the disk within the block into messages for the user.

    Args:
        out: The folder that is written, for an error that names no file.

    Raises:
        DataError: If something can't be read or written, or there is no space left.
    """
    try:
        yield
    except OSError as error:
        what = error.filename or out
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DataError(
                f"there is no space left for {what} ({error.strerror}): free some, and repeat the command."
            ) from None
        raise DataError(f"{what} can't be read or written: {error.strerror or error}.") from None
