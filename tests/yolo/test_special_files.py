"""Files on which reading would hang."""

import os
import socket
from pathlib import Path

import pytest
import yaml

from yolo_feiou.errors import DataError
from yolo_feiou.yolo.special_files import check_special_files, iter_places
from yolo_feiou.yolo.splits import read_split


@pytest.fixture
def split(tmp_path):
    """The folder of a split's images, three in it and in a folder below."""
    images, labels = tmp_path / "images" / "val", tmp_path / "labels" / "val"
    for folder in (images / "more", labels / "more"):
        folder.mkdir(parents=True)
    for name in ("a.jpg", "b.png", "more/c.jpg"):
        (images / name).write_bytes(b"not opened")
        (labels / name).with_suffix(".txt").write_text("0 .5 .5 .2 .2\n")
    return images


def test_ordinary_files_and_links_to_them_are_taken(split):
    (split / "d.jpg").symlink_to(split / "a.jpg")
    (split / "e.jpg").symlink_to(split / "nowhere.jpg")
    os.mkfifo(split / "pipe")  # no image, which nobody reads
    check_special_files(str(split), "data=d.yaml, split 'val'")
    check_special_files([str(split), str(split / "nowhere")], "data=d.yaml, split 'val'")


@pytest.mark.parametrize("name", ["pipe.jpg", "more/PIPE.JPG"])
def test_a_fifo_among_the_images_is_named(split, name):
    os.mkfifo(split / name)
    with pytest.raises(DataError, match=rf"^data=d, split 'val': {split / name} \(a FIFO\): reading would wait there"):
        check_special_files(str(split), "data=d, split 'val'")


def test_a_fifo_in_the_place_of_a_label_is_named(split):
    label = split.parents[1] / "labels" / "val" / "a.txt"
    label.unlink()
    os.mkfifo(label)
    with pytest.raises(DataError, match=rf"{label} \(a FIFO\)"):
        check_special_files(str(split), "data=d.yaml")


def test_sockets_devices_and_links_to_them_are_named(split, tmp_path):
    place = os.getcwd()
    os.chdir(split)  # the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("s.jpg")
    os.chdir(place)
    (split / "null.jpg").symlink_to("/dev/null")
    with pytest.raises(DataError, match=r"/null.jpg \(a device\), .*s.jpg \(a socket\): reading"):
        check_special_files(str(split), "data=d.yaml")


def test_three_of_many_are_named(split):
    for number in range(5):
        os.mkfifo(split / f"{number}.jpg")
    with pytest.raises(DataError) as error:
        check_special_files(str(split), "data=d.yaml")
    assert str(error.value).count("(a FIFO)") == 3 and "and 2 more: reading" in str(error.value)


@pytest.mark.parametrize("line", ["./images/val/pipe.jpg", "{split}/pipe.jpg"])
def test_those_of_a_list_of_images_are_found(split, tmp_path, line):
    """And those that the list doesn't name are not of the split."""
    os.mkfifo(split / "pipe.jpg")
    listing = tmp_path / "val.txt"
    listing.write_text("\ufeff./images/val/a.jpg\n")
    check_special_files(str(listing), "data=d.yaml")
    listing.write_text("./images/val/a.jpg\n" + line.format(split=split) + "\n")
    with pytest.raises(DataError, match=r"pipe.jpg \(a FIFO\)"):
        check_special_files(str(listing), "data=d.yaml")


@pytest.mark.parametrize("kind", ["folder", "list"])
def test_a_split_with_a_fifo_is_refused_before_anything_is_read(split, tmp_path, kind):
    """Ultralytics itself would hang here."""
    os.mkfifo(split / "pipe.jpg")
    (tmp_path / "val.txt").write_text("./images/val/pipe.jpg\n")
    place = {"folder": "images/val", "list": "val.txt"}[kind]
    (tmp_path / "d.yaml").write_text(
        yaml.safe_dump({"path": str(tmp_path), "train": place, "val": place, "names": ["a"]})
    )
    with pytest.raises(DataError, match=r"split 'val': .*pipe.jpg \(a FIFO\)"):
        read_split(tmp_path / "d.yaml", "val")


def test_a_fifo_in_the_place_of_the_data_yaml_is_named(tmp_path):
    os.mkfifo(tmp_path / "d.yaml")
    with pytest.raises(DataError, match=r"data=.*d.yaml is a FIFO: reading would wait there for ever"):
        read_split(tmp_path / "d.yaml", "val")


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (None, []),
        ("a", ["a"]),
        (["a", Path("b")], ["a", Path("b")]),
        (["a", ["b", {"img_path": "c", "json_file": "d"}]], ["a", "b", "c"]),
    ],
)
def test_places_are_found_however_they_are_nested(places, expected):
    assert [*iter_places(places)] == expected
