"""Zips, downloads and extracted files of the user's stay as they are."""

from pathlib import Path

import pytest

from tests.datasets.coco.assertions import EXTRACTED, contents, refusal, refused, tree
from tests.datasets.coco.server import serving
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.datasets.coco.ledger import Ledger
from yolo_feiou.errors import ArgumentError


@pytest.mark.parametrize("name", ["images/train2017", "annotations/instances_val2017.json"])
def test_what_is_in_the_way_of_a_download_is_named_before_it(coco, tmp_path, name):
    _, published = coco
    out = tmp_path / "coco"
    with serving({}) as server:
        refusal([f"out={out}"], published=published, url=server.url)  # begun, so the folder is its own
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).symlink_to("/mnt/disk/that/is/not/there")
        server.requests.clear()
        refused([f"out={out}"], out, f"{name} (not its own)", published=published, url=server.url)
        (out / name).unlink()
        if "images" in name:
            (out / name).write_text("mine")
            refused([f"out={out}"], out, f"{name} (not its own)", published=published, url=server.url)
        assert not server.requests


def source_of(files, folder):
    """The zips of COCO in a folder."""
    folder.mkdir()
    for path, content in files.items():
        (folder / Path(path).name).write_bytes(content)
    return folder


def test_what_was_extracted_and_then_edited_stays(coco, tmp_path):
    files, published = coco
    out, source = tmp_path / "coco", source_of(files, tmp_path / "source")
    words = [f"out={out}", f"source={source}"]
    prepare_coco(words, published)
    jpg, mine = out / "images" / "train2017" / "000000000002.jpg", out / "images" / "train2017" / "mine.jpg"
    mine.write_bytes(b"mine")
    jpg.write_bytes(b"cropped by hand")
    (out / "labels/val2017/000000000001.txt").unlink()  # something has to be made anew
    refused(words, out, "000000000002.jpg, of another size than in train2017.zip", published=published)
    jpg.write_bytes(b"image 2")
    json_file = out / "annotations" / "instances_val2017.json"
    text = json_file.read_bytes()
    json_file.write_bytes(text.replace(b"dog", b"cow"))
    refused(words, out, "annotations/instances_val2017.json (changed since)", published=published)
    json_file.write_bytes(text)
    prepare_coco(words, published)
    assert mine.read_bytes() == b"mine"


def test_a_download_of_the_users_own_stays(coco, tmp_path):
    files, published = coco
    out = tmp_path / "coco"
    with serving({path: content for path, content in files.items() if "zips" not in path}) as server:
        refusal([f"out={out}"], published=published, url=server.url)  # the images aren't there
    mine = {"val2017.zip": files["zips/val2017.zip"], "notes.txt": b"mine"}
    for name, content in mine.items():
        (out / "downloads" / name).write_bytes(content)
    with serving(files) as server:
        prepare_coco([f"out={out}"], published, server.url)
    assert contents(out / "downloads") == mine
    assert [name for name in tree(out) if not name.startswith("downloads")] == EXTRACTED


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("annotations/instances_val2017.json.part", "annotations/instances_val2017.json"),
        ("images/val2017.part", "images/val2017/000000000001.jpg"),
        ("images/val2017.part/000000000001.jpg", "images/val2017/000000000001.jpg"),
        ("images/val2017.link.part", "labels/val2017/000000000001.txt"),
        ("labels/val2017.part", "labels/val2017/000000000001.txt"),
    ],
)
def test_a_file_of_the_name_of_unfinished_work_stays(coco, tmp_path, name, lost):
    files, published = coco
    out, source = tmp_path / "coco", source_of(files, tmp_path / "source")
    prepare_coco([f"out={out}", f"source={source}"], published)
    (out / lost).unlink()
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("mine")
    refused(
        [f"out={out}", f"source={source}"],
        out,
        f"val2017{name.partition('val2017')[2].split('/')[0]}",
        published=published,
    )
    (out / name).unlink()
    if "/0000" in name:
        (out / name).parent.rmdir()
    prepare_coco([f"out={out}", f"source={source}"], published)
    assert tree(out) == EXTRACTED


def test_a_download_that_another_program_began_stays(coco, tmp_path):
    files, published = coco
    out = tmp_path / "coco"
    (out / "downloads").mkdir(parents=True)
    (out / "downloads" / "val2017.zip.part").write_bytes(b"half")
    with serving(files) as server:
        refused([f"out={out}"], out, "holds downloads,", published=published, url=server.url)
    with pytest.raises(ArgumentError, match="val2017.zip.part is not from this command"):
        Ledger(out).begin_download(out / "downloads" / "val2017.zip")
