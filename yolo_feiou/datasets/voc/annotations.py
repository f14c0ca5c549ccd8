"""Read VOC XML: an image's size, and its objects with class, box and the flag `difficult`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from yolo_feiou.datasets.coco.images import IMAGE_SUFFIXES
from yolo_feiou.errors import ArgumentError, DataError, first_three

#: The folders of a VOC data set. In a data set without the first, XML and images lie in one folder.
ANNOTATIONS_FOLDER, IMAGES_FOLDER = "Annotations", "JPEGImages"
CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class VocObject:
    """An object.

    Attributes:
        name: Its class.
        corners: xmin, ymin, xmax and ymax in pixels.
        is_difficult: Whether it is marked as difficult, which VOC's own evaluation leaves out.
    """

    name: str
    corners: tuple[float, float, float, float]
    is_difficult: bool = False


@dataclass(frozen=True)
class VocImage:
    """An image with an XML.

    Attributes:
        key: The XML's name without its suffix, as the lists in ImageSets have it.
        file: Name of the image's file in its folder.
        size: Width and height in pixels, NaN where the XML doesn't say.
        objects: Its objects.
    """

    key: str
    file: str
    size: tuple[float, float]
    objects: tuple[VocObject, ...]


@dataclass(frozen=True)
class VocSource:
    """A folder with VOC XML.

    Attributes:
        folder: The folder.
        annotations: Its folder of XML.
        images: Its folder of images.
    """

    folder: Path
    annotations: Path
    images: Path


def find_voc_source(folder: Path) -> VocSource:
    """Return where XML and images lie: Annotations and JPEGImages, or the folder itself for both.

    Raises:
        ArgumentError: If there is no such folder, or no XML in it.
    """
    if not folder.is_dir():
        raise ArgumentError(f"source={folder}: there is no such folder.")
    annotations, images = folder / ANNOTATIONS_FOLDER, folder / IMAGES_FOLDER
    annotations = annotations if annotations.is_dir() else folder
    if not any(annotations.glob("*.xml")):
        raise ArgumentError(
            f"source={folder} has no {ANNOTATIONS_FOLDER}/*.xml, nor *.xml: name the folder with {ANNOTATIONS_FOLDER} "
            f"and {IMAGES_FOLDER}, or that with XML and images side by side."
        )
    beside = folder.parent / IMAGES_FOLDER
    if not images.is_dir() and not list_images(annotations) and beside.is_dir():
        raise ArgumentError(f"source={folder} has XML, and the images are in {beside}: give source={folder.parent}.")
    return VocSource(folder, annotations, images if images.is_dir() else annotations)


def read_voc_images(source: VocSource, skip: bool = False) -> tuple[list[VocImage], list[str]]:
    """Return the images with an XML, by its name, and the names of XML whose image is missing.

    Args:
        source: Where they lie.
        skip: Whether XML without an image are left out; otherwise they are refused.

    Raises:
        DataError: If XML can't be read, hold no size or boxes as expected, or two are of one image. Three are named.
    """
    files = list_images(source.images)
    by_stem: dict[str, list[str]] = {}
    for file in files:
        by_stem.setdefault(file.rpartition(".")[0], []).append(file)
    images, missing, wrong = [], [], []
    taken: dict[str, str] = {}
    paths = sorted(source.annotations.glob("*.xml"))
    for path in paths:
        try:
            root = parse_xml(path)
            named = Path((root.findtext("filename") or "").strip().replace("\\", "/")).name
            same = by_stem.get(path.stem, [])
            file = named if named in same or (not same and named in files) else same[0] if same else None
            if file is None:
                missing.append(path.name)
                continue
            label = file.rpartition(".")[0]
            if label in taken:
                raise DataError(f"{path.name} and {taken[label]} are both of {file}")
            taken[label] = path.name
            images.append(VocImage(path.stem, file, read_xml_size(root), tuple(iter_objects(root, path.name))))
        except DataError as error:
            wrong.append(str(error))
    if wrong:
        raise DataError(
            f"{source.annotations}: {len(wrong):,} of {len(paths):,} XML can't be used: {first_three(wrong)}. Correct "
            "or remove them."
        )
    if missing and not images:
        raise DataError(f"no XML in {source.annotations} has an image in {source.images}: {first_three(missing)}.")
    if missing and not skip:
        raise DataError(
            f"{len(missing):,} of {len(paths):,} XML have no image in {source.images}: {first_three(missing)}. Get the "
            "images, or leave these XML out by missing=skip."
        )
    return images, missing


def list_images(folder: Path) -> set[str]:
    """Return the names of the images in a folder."""
    return {path.name for path in folder.iterdir() if path.suffix[1:].lower() in IMAGE_SUFFIXES}


def parse_xml(path: Path) -> Element:
    """Return the root of an XML; DataError if it is none."""
    try:
        return ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, UnicodeDecodeError, LookupError, ValueError) as error:
        raise DataError(f"{path.name} is not XML ({error})") from None


def read_xml_size(root: Element) -> tuple[float, float]:
    """Return width and height as an XML has them, NaN where it has none, or zeros as some tools write."""
    width, height = (read_number(root.findtext(f"size/{name}")) for name in ("width", "height"))
    return (width, height) if width > 0 and height > 0 else (math.nan, math.nan)


def iter_objects(root: Element, source: str) -> Iterator[VocObject]:
    """Yield the objects of an XML; those within an object, such as a person's head, are parts and left out.

    Args:
        root: The root of the XML.
        source: Its name, for messages.

    Raises:
        DataError: If an object has no name or no box of four numbers.
    """
    for number, one in enumerate(root.findall("object"), 1):
        name = (one.findtext("name") or "").strip()
        if not name:
            raise DataError(f"{source}: object {number} has no <name>")
        xmin, ymin, xmax, ymax = (read_number(one.findtext(f"bndbox/{corner}")) for corner in CORNERS)
        if not all(map(math.isfinite, (xmin, ymin, xmax, ymax))):
            raise DataError(f"{source}: object {number} has no <bndbox> of four numbers {', '.join(CORNERS)}")
        yield VocObject(name, (xmin, ymin, xmax, ymax), (one.findtext("difficult") or "").strip() == "1")


def read_number(text: str | None) -> float:
    """Return the number that a text spells, NaN if it spells none."""
    try:
        return float((text or "").strip())
    except ValueError:
        return math.nan


def list_classes(images: Sequence[VocImage]) -> list[str]:
    """Return the classes of all objects, sorted by their names."""
    return sorted({one.name for image in images for one in image.objects})
