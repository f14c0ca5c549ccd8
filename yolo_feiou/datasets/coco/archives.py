"""Extract files from a zip: checked, and atomically."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from yolo_feiou.datasets.coco.ledger import Ledger, remove_empty
from yolo_feiou.errors import ArgumentError, DataError, YoloFeiouError, first_three
from yolo_feiou.progress_bar import show_progress
from yolo_feiou.storage.checksums import file_sha256

ZIP_BLOCK = 1 << 20


def check_zip_folder(archive: Path, member: str, folder: Path, own: Ledger) -> None:
    """Check that a folder of a zip can be extracted without replacing anything but a link of this command.

    Args:
        archive: The zip.
        member: The folder in it.
        folder: Where it goes.
        own: What this command wrote there.

    Raises:
        ArgumentError: If a file there is another than the zip's.
        DataError: If the zip is incomplete, lacks that folder, or names files outside it.
    """
    with _open(archive) as content:
        if _missing_files(_files_in_folder(content, archive, member), archive, folder, own):
            own.check_claim(_part(folder))


def extract_folder(archive: Path, member: str, folder: Path, own: Ledger) -> None:
    """Extract the missing files of a folder of a zip.

    Files are written to `folder` with `.part` behind it, which is renamed at the end; complete ones that an interrupted
    call left there are kept.

    Args:
        archive: The zip.
        member: The folder in it.
        folder: Where it goes. Other files in it stay as they are; a link in its place gives way if it is ours.
        own: What this command wrote there.

    Raises:
        ArgumentError: If a file there is another than the zip's.
        DataError: If the zip is incomplete, lacks that folder, or names files outside it.
        OSError: If a file can't be written.
    """
    part = _part(folder)
    with _open(archive) as content:
        wanted = _missing_files(_files_in_folder(content, archive, member), archive, folder, own)
        if not wanted:
            return
        own.claim(part)
        inside = [path for path in part.rglob("*") if path.is_symlink() or not path.is_dir()]
        if foreign := [path for path in inside if path.relative_to(part).as_posix() not in wanted]:
            raise ArgumentError(
                f"{foreign[0]} is not among the files in {archive.name}, perhaps from another zip extracted before "
                f"({len(foreign):,} such): move them elsewhere, or remove {part}."
            )
        for parent in {(part / name).parent for name in wanted}:
            parent.mkdir(parents=True, exist_ok=True)
        with show_progress(
            f"extracting {archive.name}", sum(i.file_size for i in wanted.values()), in_bytes=True
        ) as advance:
            for name, info in wanted.items():
                if not (_fits(part / name, info) and _crc(part / name) == info.CRC):
                    _copy(content, info, part / name)
                advance(info.file_size)
    if folder.is_symlink():  # to images elsewhere, as given to an earlier command
        own.remove(folder)
    if not folder.exists():
        part.rename(folder)
        return
    for name in wanted:  # missing files of an existing folder
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.rename(part / name, folder / name)
    remove_empty(part)


def _files_in_folder(content: zipfile.ZipFile, archive: Path, member: str) -> dict[str, zipfile.ZipInfo]:
    """Return the files in a folder of a zip by their names in it."""
    members = _members(content, archive).items()
    wanted = {name[len(member) + 1 :]: info for name, info in members if name.startswith(f"{member}/")}
    if not wanted:
        raise DataError(f"{archive} has no folder {member}: it is another file than its name says.")
    return wanted


def _missing_files(
    wanted: dict[str, zipfile.ZipInfo], archive: Path, folder: Path, own: Ledger
) -> dict[str, zipfile.ZipInfo]:
    """Return the files of a zip that a folder lacks, all if it is a link that lacks one; see `check_zip_folder`."""
    lacking = {name: info for name, info in wanted.items() if not _fits(folder / name, info)}
    if lacking and (folder.is_symlink() or not folder.is_dir()):  # a link, or a file
        own.check([folder])
        return wanted
    if odd := [name for name in lacking if os.path.lexists(folder / name)]:
        raise ArgumentError(
            f"{folder} holds {first_three(odd)}, of another size than in {archive.name}, and would be "
            "overwritten: move them elsewhere, or name another folder with out=."
        )
    return lacking


def check_zip_file(archive: Path, member: str, path: Path, own: Ledger) -> None:
    """Check that a file of a zip can be extracted; see `check_zip_folder`."""
    with _open(archive) as content:
        info = _member(content, archive, member)
        if not (_fits(path, info) and _crc(path) == info.CRC):
            own.check([path])
            own.check_claim(_part(path))


def extract_file(archive: Path, member: str, path: Path, own: Ledger) -> None:
    """Extract one file of a zip, unless it is there already with the same size and checksum.

    Raises:
        ArgumentError: If another file is there that this command didn't write so.
        DataError: If the zip is incomplete or lacks that file.
        OSError: If it can't be written.
    """
    check_zip_file(archive, member, path, own)
    with _open(archive) as content:
        info = _member(content, archive, member)
        if _fits(path, info) and _crc(path) == info.CRC:
            return
        part = _part(path)
        own.claim(part)
        part.parent.mkdir(parents=True, exist_ok=True)
        with show_progress(f"extracting {path.name}", info.file_size, in_bytes=True) as advance:
            _copy(content, info, part, advance)
    with part.open("rb") as written:  # on disk before the rename, whatever happens to the machine
        os.fsync(written.fileno())
    own.add({own.name(path): file_sha256(part)})
    part.replace(path)


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _member(content: zipfile.ZipFile, archive: Path, member: str) -> zipfile.ZipInfo:
    """Return a file of a zip."""
    info = _members(content, archive).get(member)
    if info is None:
        raise DataError(f"{archive} has no {member}: it is another file than its name says.")
    return info


def extracted_size(archive: Path, member: str) -> int:
    """Return how many bytes a file or folder of a zip has, extracted.

    Raises:
        DataError: If the zip is incomplete.
    """
    with _open(archive) as content:
        names = _members(content, archive).items()
        return sum(info.file_size for name, info in names if name == member or name.startswith(f"{member}/"))


@contextmanager
def _open(archive: Path) -> Iterator[zipfile.ZipFile]:
    """Yield an open zip; errors of the zip become a DataError."""
    try:
        with zipfile.ZipFile(archive) as content:
            yield content
    except FileNotFoundError:
        raise DataError(f"there is no {archive}.") from None
    except YoloFeiouError:  # a DataError is a RuntimeError too
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(
            f"{archive} with its {archive.stat().st_size:,} bytes is not a complete zip ({error}): download it "
            "again, or resume its download."
        ) from None


def _members(content: zipfile.ZipFile, archive: Path) -> dict[str, zipfile.ZipInfo]:
    """Return the files in a zip; DataError if one leads out of the folder."""
    for info in content.infolist():
        path = PurePosixPath(info.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in info.filename:
            raise DataError(f"{archive} has a file {info.filename!r}, outside the folder: don't trust it.")
    return {info.filename: info for info in content.infolist() if not info.is_dir()}


def _copy(
    content: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, advance: Callable[[int], None] = lambda size: None
) -> None:
    """Write a file of a zip; at its end zipfile compares the checksum."""
    with content.open(info) as source, path.open("wb") as target:
        while block := source.read(ZIP_BLOCK):
            target.write(block)
            advance(len(block))


def _fits(path: Path, info: zipfile.ZipInfo) -> bool:
    """Whether there is a file of the size that the zip says."""
    try:
        return os.stat(path).st_size == info.file_size
    except (FileNotFoundError, NotADirectoryError):
        return False


def _crc(path: Path) -> int:
    """Return the checksum of a file, as zips have it."""
    value = 0
    with path.open("rb") as file:
        while block := file.read(ZIP_BLOCK):
            value = zlib.crc32(block, value)
    return value
