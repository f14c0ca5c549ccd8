"""What a refused command says, what a folder holds, and what is made of COCO."""

import os
from pathlib import Path

import pytest

from yolo_feiou.datasets.coco.annotations import read_coco_columns
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.errors import ArgumentError, DataError

COCO_FILES = [
    "coco.yaml",
    *("images/train2017/000000000002.jpg", "images/train2017/000000000003.jpg", "images/train2017/000000000004.jpg"),
    "images/val2017/000000000001.jpg",
    *("labels/train2017/000000000002.txt", "labels/train2017/000000000003.txt", "labels/train2017/000000000004.txt"),
    "labels/val2017/000000000001.txt",
    "prepared.json",
    "prepared.sha256",
    "train2017.txt",
    "val2017.txt",
]


EXTRACTED = ["annotations/instances_train2017.json", "annotations/instances_val2017.json", *COCO_FILES]


def refusal(words, kind=DataError, **how):
    with pytest.raises(kind) as error:
        prepare_coco(words, **how)
    assert "\n" not in str(error.value)
    return str(error.value)


def json_refusal(path):
    """What is said of a JSON that can't be read: one line, with its path."""
    with pytest.raises(DataError) as error:
        read_coco_columns(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)
    return str(error.value)


def tree(folder):
    """All files below a folder, links not followed."""
    paths = (path for path in Path(folder).rglob("*") if not path.is_dir() or path.is_symlink())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def contents(folder):
    """What is in a folder: the bytes of files, the targets of links."""
    return {
        name: os.readlink(path) if (path := Path(folder, name)).is_symlink() else path.read_bytes()
        for name in tree(folder)
    }


def refused(words, out, named, **how):
    """The command is refused, names what it would lose, and nothing at all has changed."""
    before = contents(out)
    said = refusal(words, ArgumentError, **how)
    assert named in said, said
    assert contents(out) == before
    return said
