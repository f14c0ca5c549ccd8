"""The request that the arguments of `yolo prepare coco` describe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from yolo_feiou.datasets.coco.catalogue import COCO_YAML, TEST_DEV, Published
from yolo_feiou.datasets.coco.ledger import Ledger
from yolo_feiou.datasets.coco.splits import (
    DOWNLOADS_FOLDER,
    CocoSplit,
    check_network,
    check_source,
    download_splits,
    extract_source,
    find_image_folders,
    find_zips,
    make_own_splits,
)
from yolo_feiou.errors import ArgumentError


@dataclass(frozen=True)
class PrepareOptions:
    """All that decides on the result.

    Attributes:
        out: The folder to write, as an absolute path.
        missing: What happens where images are missing: 'stop' or 'skip'.
        source: The folder or the URL of COCO 2017; None for a data set of the user's own.
        published: The splits of COCO 2017 that are wanted.
        own: Of a data set of the user's own, the JSON and the folder of images of each split.
    """

    out: str
    missing: str
    source: str | None = None
    published: tuple[str, ...] = ()
    own: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return them as the record of the folder has them."""
        of_coco = {"source": self.source, "splits": list(self.published)} if self.source else {}
        return {"out": self.out, "missing": self.missing, **of_coco, **{name: [*own] for name, own in self.own.items()}}


@dataclass(frozen=True)
class PrepareRequest:
    """A request to prepare a data set.

    Attributes:
        out: The folder to write.
        options: All that decides on the result, for the record.
        workers: Processes that write labels; None for as many as there are cores.
        yaml: Name of the data YAML.
        splits: Folder and list of images of each split.
        fresh: What must not be in `out` before the first time, beside what is written whatever the source.
        images: The folder of the images of each split, by the split's.
        zips: Those in a folder from which something has to be extracted first, with what that is.
        check: Checks that extraction replaces nothing.
        find: Downloads and extracts what has to be, and returns the splits.
        ready: Whether nothing has to be.
    """

    out: Path
    options: PrepareOptions
    workers: int | None
    yaml: str
    splits: list[tuple[str, str]]
    fresh: list[Path]
    images: dict[str, Path]
    zips: dict[Path, str]
    check: Callable[[Ledger], object]
    find: Callable[[Ledger], list[CocoSplit]]
    ready: bool


def read_prepare_request(values: dict[str, Any], published: Sequence[Published], url: str) -> PrepareRequest:
    """Return the request that the arguments describe.

    Raises:
        ArgumentError: If they don't go together, or a file or folder isn't there.
    """
    if "out" not in values:
        raise ArgumentError("give out=FOLDER, where the prepared data go.")
    out = Path(values["out"])
    own = [key for key in ("train", "val", "images", "train_images", "val_images", "test_images") if key in values]
    options, workers = PrepareOptions(str(out.resolve()), values.get("missing", "stop")), values.get("workers")
    if own and "source" in values:
        raise ArgumentError(f"source= is a folder with COCO 2017, and {own[0]}= of a data set of your own: give one.")
    if own:
        return _own_request(values, out, options, workers)
    if "test" in values:
        if values["test"].lower() not in ("true", "false"):
            raise ArgumentError(
                f"test={values['test']} goes with train= and val=. With COCO 2017 it is True or False: whether the "
                "test-dev images are wanted too."
            )
        published = (*published, TEST_DEV) if values["test"].lower() == "true" else published
    source = Path(values["source"]).expanduser().resolve() if "source" in values else None
    if source and not source.is_dir():
        raise ArgumentError(f"source={values['source']}: there is no such folder.")
    options = replace(
        options, source=str(source) if source else url, published=tuple(split.split for split in published)
    )
    splits = [(split.folder, split.listing) for split in published]
    if source is None:
        names = [
            *(f"annotations/{s.json}" for s in published),
            *(f"images/{s.folder}" for s in published),
            DOWNLOADS_FOLDER,
        ]
        return PrepareRequest(
            out,
            options,
            workers,
            COCO_YAML,
            splits,
            fresh=[out / name for name in names],
            images={split.folder: out / "images" / split.folder for split in published},
            zips={},
            check=lambda own: check_network(own, published),
            find=lambda own: download_splits(own, published, url),
            ready=False,
        )
    zips = find_zips(source, published)
    return PrepareRequest(
        out,
        options,
        workers,
        COCO_YAML,
        splits,
        fresh=[] if source == out.resolve() else [out / "images" / folder for folder, _ in splits],
        images=find_image_folders(source, out, published),
        zips=zips,
        check=lambda own: check_source(source, own, published),
        find=lambda own: extract_source(source, own, published),
        ready=not zips,
    )


def _own_request(values: dict[str, Any], out: Path, options: PrepareOptions, workers: int | None) -> PrepareRequest:
    """Return the request for a data set of the user's own."""
    jsons, folders = {}, {}
    for split in ("train", "val", "test"):
        folder = values.get(f"{split}_images", values.get("images"))
        if split not in values:
            if split != "test":
                raise ArgumentError(f"give {split}=FILE.json too: Ultralytics needs 'train' and 'val'.")
            continue
        if folder is None:
            raise ArgumentError(f"give images=FOLDER or {split}_images=FOLDER: the folder of the images in {split}=.")
        jsons[split], folders[split] = (str(Path(path).expanduser()) for path in (values[split], folder))
    splits = make_own_splits(jsons, folders)
    for split in splits:
        if out.resolve().is_relative_to(split.images):
            raise ArgumentError(
                f"out={out} lies in {split.images}, the folder of the images, which would then hold a link to itself: "
                "name a folder beside it."
            )
    options = replace(options, own={split.name: (str(split.json), str(split.images)) for split in splits})
    yaml, listed = f"{out.resolve().name}.yaml", [(split.folder, split.listing) for split in splits]
    links = [out / "images" / split.folder for split in splits]
    return PrepareRequest(
        out,
        options,
        workers,
        yaml,
        listed,
        fresh=[link for link, split in zip(links, splits, strict=True) if link.resolve() != split.images],
        images={split.folder: split.images for split in splits},
        zips={},
        check=lambda own: None,
        find=lambda own: splits,
        ready=True,
    )
