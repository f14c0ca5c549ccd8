"""Checksums of files of any size."""

from __future__ import annotations

import hashlib
from pathlib import Path

BLOCK_BYTES = 1 << 20


def file_sha256(path: str | Path, block_bytes: int = BLOCK_BYTES) -> str:
    """Return the SHA-256 of a file's contents, in hexadecimal; it is read block by block.

    Args:
        path: Of the file.
        block_bytes: Size of a block.

    Raises:
        OSError: If it can't be read.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(block_bytes):
            digest.update(block)
    return digest.hexdigest()
