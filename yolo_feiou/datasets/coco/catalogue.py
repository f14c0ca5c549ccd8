"""COCO 2017 as published: files with sizes, checksums and counts (https://cocodataset.org/#download)."""

from __future__ import annotations

from dataclasses import dataclass

URL = "http://images.cocodataset.org"
#: The data YAML that is made of it.
COCO_YAML = "coco.yaml"


@dataclass(frozen=True)
class Archive:
    """A zip to download.

    Attributes:
        name: Of the file.
        path: Below the URL.
        size: In bytes; None if it isn't published.
        md5: Its checksum, in hexadecimal.
        extracted: About how many bytes come out of it, of those that are needed.
    """

    name: str
    path: str
    size: int | None
    md5: str
    extracted: int


@dataclass(frozen=True)
class Published:
    """A split as published.

    Attributes:
        split: 'train', 'val' or 'test'.
        folder: Of its images, in their archive.
        images: The archive.
        json: File in `annotations/` of the other archive.
        annotations: The other archive.
        listing: Name of the list of its images.
        counts: How many images and annotations it has; of the latter none for the test images.
    """

    split: str
    folder: str
    images: Archive
    json: str
    annotations: Archive
    listing: str
    counts: tuple[int, int]


ANNOTATIONS = Archive(
    "annotations_trainval2017.zip",
    "annotations/annotations_trainval2017.zip",
    252_907_541,
    "f4bbac642086de4f52a3fdda2de5fa2c",
    490_000_000,
)
TEST_INFO = Archive(
    "image_info_test2017.zip",
    "annotations/image_info_test2017.zip",
    None,
    "85da7065e5e600ebfee8af1edb634eb5",
    5_000_000,
)
TRAIN = Archive(
    "train2017.zip",
    "zips/train2017.zip",
    19_336_861_798,
    "cced6f7f71b7629ddf16f17bbcfab6b2",
    19_340_000_000,
)
VAL = Archive("val2017.zip", "zips/val2017.zip", 815_585_330, "442b8da7639aecaf257c1dceb8ba8c80", 816_000_000)
TEST = Archive("test2017.zip", "zips/test2017.zip", 6_646_970_404, "77ad2c53ac5d0aea611d422c0938fb35", 6_650_000_000)

#: The small ones first, so that errors show early.
COCO_2017 = (
    Published("val", "val2017", VAL, "instances_val2017.json", ANNOTATIONS, "val2017.txt", (5_000, 36_781)),
    Published(
        "train", "train2017", TRAIN, "instances_train2017.json", ANNOTATIONS, "train2017.txt", (118_287, 860_001)
    ),
)
TEST_DEV = Published(
    "test", "test2017", TEST, "image_info_test-dev2017.json", TEST_INFO, "test-dev2017.txt", (20_288, 0)
)
