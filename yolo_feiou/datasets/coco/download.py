"""Downloads: resumed after an interruption, and checked before use."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from yolo_feiou.errors import DataError
from yolo_feiou.progress_bar import show_progress

DOWNLOAD_BLOCK = 1 << 20
#: Seconds without data after which a connection counts as broken.
CONNECTION_TIMEOUT = 60.0
#: Number of retries of a broken connection without progress.
MAX_TRIES = 5
#: Seconds before the second try; doubled before each further one.
FIRST_PAUSE = 2.0


def download(url: str, path: Path, size: int | None, md5: str, sleep: Callable[[float], object] = time.sleep) -> None:
    """Download a file, resuming what an earlier call left in `path` with `.part` appended.

    Args:
        url: Where it is.
        path: Its destination, when it is complete.
        size: In bytes, if it is known.
        md5: Its checksum, in hexadecimal.
        sleep: Waits so many seconds.

    Raises:
        DataError: If it can't be downloaded, or is not the expected file; it is removed then.
        OSError: If it can't be written.
    """
    part = path.with_name(f"{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.touch()
    if size is not None and part.stat().st_size > size:
        part.unlink()
        part.touch()
    tries, most = 0, part.stat().st_size
    while size is None or part.stat().st_size < size:
        whole = False
        try:
            whole = _fetch(url, part, size)
            cause = "the connection broke"
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code not in (408, 429):
                raise DataError(
                    f"{url} can't be downloaded: the server answered {error.code} {error.reason}. Download the "
                    "file by other means, and name its folder with source=."
                ) from None
            cause = f"the server answered {error.code} {error.reason}"
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            cause = str(getattr(error, "reason", error)) or type(error).__name__
        if whole:
            break
        now = part.stat().st_size
        tries = 0 if now > most else tries + 1  # a server without range requests starts over each time
        most = max(most, now)
        if tries == MAX_TRIES:
            raise DataError(
                f"{url} broke off after {now:,}{f' of {size:,}' if size else ''} bytes ({cause}). Repeat the "
                "command when the network is back: it resumes there."
            )
        if tries:
            sleep(FIRST_PAUSE * 2 ** (tries - 1))
    _check(url, part, size, md5)
    part.replace(path)


def _fetch(url: str, part: Path, size: int | None) -> bool:
    """Fetch what `part` lacks, or all of it if the server can't send less; return whether it is whole now."""
    there = part.stat().st_size
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    try:
        answer = urllib.request.urlopen(request, timeout=CONNECTION_TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and there:  # there is nothing behind it: whole, or another file, as the checksum tells
            return True
        raise
    with answer:
        resumed = answer.status == 206
        if resumed and not answer.headers.get("Content-Range", "").startswith(f"bytes {there}-"):
            raise DataError(f"{url}: the server sent other bytes than requested: try another network.")
        there = there if resumed else 0
        length = answer.headers.get("Content-Length")
        total = there + int(length) if length and length.isdigit() else size
        with (
            part.open("ab" if resumed else "wb") as file,
            show_progress(part.stem, total, there, in_bytes=True) as advance,
        ):
            while block := answer.read1(DOWNLOAD_BLOCK):
                file.write(block)
                advance(len(block))
    return total is None or part.stat().st_size == total


def _check(url: str, part: Path, size: int | None, md5: str) -> None:
    """Raise DataError, and remove the file, if it isn't the one that was expected."""
    digest = hashlib.md5(usedforsecurity=False)
    there = part.stat().st_size
    with part.open("rb") as file, show_progress(f"checking {part.stem}", there, in_bytes=True) as advance:
        while block := file.read(DOWNLOAD_BLOCK):
            digest.update(block)
            advance(len(block))
    if there != (there if size is None else size) or digest.hexdigest() != md5:
        part.unlink()
        expected = f"{size:,} bytes and MD5 {md5}" if size else f"MD5 {md5}"
        raise DataError(
            f"{url} came with {there:,} bytes and MD5 {digest.hexdigest()}, expected {expected}. It was removed: "
            "repeat the command, or download the file by other means and name its folder with source=."
        )
