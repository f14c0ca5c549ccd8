"""Locate the JSON and the images of each split: in a folder, in zips, on the network, or at given paths."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from yolo_feiou.datasets.coco.archives import (
    check_zip_file,
    check_zip_folder,
    extract_file,
    extract_folder,
    extracted_size,
)
from yolo_feiou.datasets.coco.catalogue import URL, Archive, Published
from yolo_feiou.datasets.coco.download import download
from yolo_feiou.datasets.coco.ledger import Ledger
from yolo_feiou.errors import ArgumentError, DataError

#: About how many bytes the labels of COCO 2017 take, a block of 4 KiB for each image.
LABELS_BYTES = 600_000_000
#: The folder, in that of the prepared data, of zips that are being downloaded.
DOWNLOADS_FOLDER = "downloads"


@dataclass(frozen=True)
class CocoSplit:
    """A split to prepare.

    Attributes:
        name: 'train', 'val' or 'test', as in a data YAML.
        folder: Name of its folder in `images/` and `labels/`.
        listing: Name of the list of its images.
        json: Its COCO JSON.
        images: The folder that each `file_name` of it is relative to.
        counts: How many images and annotations it should have, if it is a published one.
    """

    name: str
    folder: str
    listing: str
    json: Path
    images: Path
    counts: tuple[int, int] | None = None


def make_own_splits(jsons: Mapping[str, str], images: Mapping[str, str]) -> list[CocoSplit]:
    """Return splits of the user's own.

    Args:
        jsons: The JSON of each split.
        images: The folder of its images.

    Raises:
        ArgumentError: If one of them isn't there.
    """
    for split, path in jsons.items():
        if not Path(path).is_file():
            raise ArgumentError(f"{split}={path}: there is no such file. Expected a COCO JSON.")
        if not Path(images[split]).is_dir():
            raise ArgumentError(f"images={images[split]}: there is no such folder. Expected that of the images.")
    return [
        CocoSplit(split, split, f"{split}.txt", Path(path).resolve(), Path(images[split]).resolve())
        for split, path in jsons.items()
    ]


def find_zips(source: Path, published: Sequence[Published]) -> dict[Path, str]:
    """Return those zips of a folder from which something has to be extracted, each with the first such thing."""
    zips: dict[Path, str] = {}
    for piece in _find_parts(source, source, published):
        if piece.there is None:
            zips.setdefault(piece.zip, piece.member)
    return zips


def check_zips(zips: Mapping[Path, str]) -> None:
    """Raise ArgumentError if one of the zips that `find_zips` returned isn't there."""
    for path, member in zips.items():
        if not path.is_file():
            raise ArgumentError(f"source={path.parent} has neither {member} nor {path.name}: get one of them.")


def find_image_folders(source: Path, out: Path, published: Sequence[Published]) -> dict[str, Path]:
    """Return the folder of the images of each split, by the split's; in `out` where they have to be extracted."""
    pieces = _find_parts(source, out, published)[1::2]
    return {split.folder: piece.there or piece.target for split, piece in zip(published, pieces, strict=True)}


def check_source(source: Path, own: Ledger, published: Sequence[Published]) -> None:
    """Check that nothing is replaced when zips of a folder are extracted.

    Raises:
        ArgumentError: If something would be that this command didn't write so.
        DataError: If a zip is missing or incomplete.
    """
    for piece in _find_parts(source, own.out, published):
        if piece.there is None:
            check = check_zip_file if piece.target.suffix == ".json" else check_zip_folder
            check(piece.zip, piece.member, piece.target, own)


def extract_source(source: Path, own: Ledger, published: Sequence[Published]) -> list[CocoSplit]:
    """Return the splits of COCO 2017 that a folder has, extracted or as zips, which are extracted to that of `own`.

    Raises:
        ArgumentError: If something would be replaced that this command didn't write so.
        DataError: If a zip is missing or incomplete, or there isn't the space to extract it.
        OSError: If something can't be written.
    """
    out = own.out
    pieces = _find_parts(source, out, published)
    lacking = [piece for piece in pieces if piece.there is None]
    check_disk_space(
        out, sum(extracted_size(piece.zip, piece.member) for piece in lacking if not piece.target.exists())
    )
    for piece in lacking:
        extract = extract_file if piece.target.suffix == ".json" else extract_folder
        extract(piece.zip, piece.member, piece.target, own)
    paths = [piece.there or piece.target for piece in pieces]
    return [_make_split(split, *paths[2 * i : 2 * i + 2]) for i, split in enumerate(published)]


def check_network(own: Ledger, published: Sequence[Published]) -> None:
    """Raise ArgumentError if something is where the JSON and the images go, and this command didn't write it so."""
    jsons, folders = _targets(own.out, published)
    for path in [path for path in jsons.values() if not path.is_file()] + [
        p for p in folders.values() if not p.is_dir()
    ]:
        own.check([path])
        own.check_claim(path.with_name(f"{path.name}.part"))


def download_splits(own: Ledger, published: Sequence[Published], url: str = URL) -> list[CocoSplit]:
    """Return the splits of COCO 2017, downloaded and extracted to the folder of `own` as far as they aren't there.

    A zip that was downloaded is removed when it is extracted.

    Args:
        own: What was written to the folder before.
        published: What to download.
        url: Where from.

    Raises:
        ArgumentError: If something would be replaced that this command didn't write so.
        DataError: If a file can't be had or is a wrong one, or there isn't the space for it.
        OSError: If something can't be written.
    """
    out = own.out
    zips = out / DOWNLOADS_FOLDER
    jsons, folders = _targets(out, published)
    missing = dict.fromkeys(
        [split.annotations for split in published if not jsons[split].is_file()]
        + [split.images for split in published if not folders[split].is_dir()]
    )
    if missing:
        largest = max(archive.size or 0 for archive in missing)
        begun = sum(path.stat().st_size for path in zips.glob("*"))
        extracted = sum(_folder_bytes(folders[split].with_name(f"{split.folder}.part")) for split in published)
        check_disk_space(out, sum(a.extracted for a in missing) + largest + LABELS_BYTES - begun - extracted)
    for split in published:
        if not jsons[split].is_file():
            archive = _download_archive(split.annotations, zips, url, own)
            extract_file(archive, f"annotations/{split.json}", jsons[split], own)
    for split in published:
        if not folders[split].is_dir():
            archive = _download_archive(split.images, zips, url, own)
            extract_folder(archive, split.folder, folders[split], own)
            own.remove_download(archive)
    for name in list(own.downloads):
        own.remove_download(zips / name)
    with suppress(OSError):  # it isn't there, or something else is in it
        zips.rmdir()
    return [_make_split(split, jsons[split], folders[split]) for split in published]


def check_disk_space(folder: Path, need: int) -> None:
    """Raise DataError if the disk of a folder has fewer than `need` bytes free."""
    free = shutil.disk_usage(next(path for path in (folder, *folder.resolve().parents) if path.exists())).free
    if free < need:
        raise DataError(
            f"{folder} has {free / 1e9:,.1f} GB free and {need / 1e9:,.1f} GB are needed: free some, or name a folder "
            "on another disk with out=."
        )


def _targets(out: Path, published: Sequence[Published]) -> tuple[dict[Published, Path], dict[Published, Path]]:
    """Return where the JSON and the images of each split go."""
    jsons = {split: out / "annotations" / split.json for split in published}
    return jsons, {split: out / "images" / split.folder for split in published}


def _download_archive(archive: Archive, folder: Path, url: str, own: Ledger) -> Path:
    """Return the path of an archive, downloaded if it isn't there."""
    path = folder / archive.name
    if not path.is_file():
        own.begin_download(path)
        download(f"{url}/{archive.path}", path, archive.size, archive.md5)
        own.end_download(path)
    return path


@dataclass(frozen=True)
class _SplitPart:
    """The JSON or the images of a split: where they are, else the zip, what of it, and where that goes."""

    there: Path | None
    zip: Path
    member: str
    target: Path


def _find_parts(source: Path, out: Path, published: Sequence[Published]) -> list[_SplitPart]:
    """Return the JSON and the images of each split."""
    pieces = []
    for split in published:
        json, folder = f"annotations/{split.json}", split.folder
        for archive, member, target, places in (
            (split.annotations, json, out / json, (source / json, source / split.json)),
            (split.images, folder, out / "images" / folder, (source / folder, source / "images" / folder)),
        ):
            there = next((path for path in places if path.exists()), None)
            pieces.append(_SplitPart(there, source / archive.name, member, target))
    return pieces


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*"))


def _make_split(split: Published, json: Path, images: Path) -> CocoSplit:
    return CocoSplit(split.split, split.folder, split.listing, json.resolve(), images.resolve(), split.counts)
