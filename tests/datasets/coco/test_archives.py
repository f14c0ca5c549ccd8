"""Zips: checked, extracted as a whole or not at all, and never outside the folder."""

import os
import re
import zipfile

import pytest

from tests.datasets.coco.factories import write_zip
from yolo_feiou.datasets.coco.archives import extract_file, extract_folder, extracted_size
from yolo_feiou.datasets.coco.ledger import Ledger
from yolo_feiou.errors import ArgumentError, DataError

FILES = {f"val2017/{n}.jpg": os.urandom(3000) for n in range(5)}


@pytest.fixture
def archive(tmp_path):
    return write_zip(tmp_path / "val2017.zip", {"val2017/": b"", **FILES, "other/x.txt": b"x"})


@pytest.fixture
def own(tmp_path):
    return Ledger(tmp_path)


def content(folder):
    return {f"val2017/{path.name}": path.read_bytes() for path in folder.iterdir()}


def test_a_folder_of_a_zip_is_extracted_alone(archive, tmp_path, own):
    extract_folder(archive, "val2017", tmp_path / "images" / "val2017", own)
    assert content(tmp_path / "images" / "val2017") == FILES
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["val2017"]
    assert extracted_size(archive, "val2017") == 15000 and extracted_size(archive, "other/x.txt") == 1


def test_what_is_there_already_is_not_written_again(archive, tmp_path, own):
    extract_folder(archive, "val2017", tmp_path / "out", own)
    before = os.stat(tmp_path / "out").st_ino
    extract_folder(archive, "val2017", tmp_path / "out", own)
    assert os.stat(tmp_path / "out").st_ino == before
    (tmp_path / "out" / "3.jpg").unlink()
    extract_folder(archive, "val2017", tmp_path / "out", own)
    assert content(tmp_path / "out") == FILES


def test_an_interrupted_extraction_is_resumed(archive, tmp_path, own):
    """It ends at the third file, whose content is another than its checksum says; then the zip is mended."""
    whole, part = archive.read_bytes(), tmp_path / "out.part"
    archive.write_bytes(whole.replace(FILES["val2017/2.jpg"], bytes(3000)))
    with pytest.raises(DataError, match=r"CRC-32 for file 'val2017/2\.jpg'"):
        extract_folder(archive, "val2017", tmp_path / "out", own)
    assert not (tmp_path / "out").exists() and not (part / "3.jpg").exists()
    (part / "1.jpg").write_bytes(b"\0" * 3000)  # as after a power cut: the size fits, the rest doesn't
    for name in ("0.jpg", "1.jpg"):
        os.utime(part / name, (1, 1))
    archive.write_bytes(whole)
    (part / "foreign.jpg").write_bytes(b"of another zip")
    with pytest.raises(ArgumentError, match=r"out.part/foreign.jpg is not among the files in val2017.zip.* \(1 such\)"):
        extract_folder(archive, "val2017", tmp_path / "out", own)
    (part / "foreign.jpg").unlink()
    extract_folder(archive, "val2017", tmp_path / "out", own)
    assert content(tmp_path / "out") == FILES
    assert [path.name for path in (tmp_path / "out").iterdir() if path.stat().st_mtime == 1] == ["0.jpg"]  # was kept


def test_one_file_of_a_zip_is_extracted_and_not_over_a_changed_one(archive, tmp_path, own):
    extract_file(archive, "other/x.txt", tmp_path / "new" / "x.txt", own)
    assert (tmp_path / "new" / "x.txt").read_bytes() == b"x" and not list(tmp_path.rglob("*.part"))
    (tmp_path / "new" / "x.txt").write_bytes(b"y")  # the size fits, the checksum doesn't
    with pytest.raises(ArgumentError, match=r"new/x.txt \(changed since\)"):
        extract_file(archive, "other/x.txt", tmp_path / "new" / "x.txt", own)
    assert (tmp_path / "new" / "x.txt").read_bytes() == b"y"
    (tmp_path / "new" / "x.txt").write_bytes(b"x")
    other = write_zip(tmp_path / "other.zip", {"other/x.txt": b"another"})
    extract_file(other, "other/x.txt", tmp_path / "new" / "x.txt", own)
    assert (tmp_path / "new" / "x.txt").read_bytes() == b"another"


def test_files_of_the_users_own_are_neither_replaced_nor_removed(archive, tmp_path, own):
    extract_folder(archive, "val2017", tmp_path / "out", own)
    (tmp_path / "out" / "mine.jpg").write_bytes(b"mine")
    (tmp_path / "out" / "2.jpg").unlink()
    extract_folder(archive, "val2017", tmp_path / "out", own)
    assert content(tmp_path / "out") == {**FILES, "val2017/mine.jpg": b"mine"}
    assert not (tmp_path / "out.part").exists()
    for number in range(4):
        (tmp_path / "out" / f"{number}.jpg").write_bytes(b"edited")
    with pytest.raises(ArgumentError, match=r"out holds 0.jpg, 1.jpg, 2.jpg and 1 more, of another size than in val20"):
        extract_folder(archive, "val2017", tmp_path / "out", own)
    assert (tmp_path / "out" / "2.jpg").read_bytes() == b"edited" and (tmp_path / "out" / "mine.jpg").exists()


def test_a_link_of_the_users_own_stays(archive, tmp_path, own):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArgumentError, match=r"out \(not its own\)"):
        extract_folder(archive, "val2017", tmp_path / "out", own)
    assert (tmp_path / "out").readlink() == tmp_path / "elsewhere"
    own.add(links={"out": str(tmp_path / "elsewhere")})
    extract_folder(archive, "val2017", tmp_path / "out", own)
    assert content(tmp_path / "out") == FILES and (tmp_path / "elsewhere").is_dir()


@pytest.mark.parametrize("share", [0, 0.3, 0.95])
def test_a_zip_that_was_cut_off_is_refused(archive, tmp_path, share, own):
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * share)])
    with pytest.raises(DataError, match=f"with its {archive.stat().st_size:,} bytes is not a complete zip"):
        extract_folder(archive, "val2017", tmp_path / "out", own)
    assert not (tmp_path / "out").exists()


def test_a_byte_that_changed_on_the_way_is_found(archive, tmp_path, own):
    whole = bytearray(archive.read_bytes())
    whole[whole.index(FILES["val2017/3.jpg"]) + 1000] ^= 1
    archive.write_bytes(whole)
    with pytest.raises(DataError, match="not a complete zip .*CRC-32 for file 'val2017/3.jpg'"):
        extract_folder(archive, "val2017", tmp_path / "out", own)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../x.jpg", "val2017/../../x.jpg", "/x.jpg", "val2017\\..\\..\\x.jpg"])
def test_files_that_lead_out_of_the_folder_are_refused(tmp_path, name, own):
    archive = write_zip(tmp_path / "a.zip", {"val2017/1.jpg": b"1", name: b"x"})
    with pytest.raises(DataError, match=f"a.zip has a file {re.escape(repr(name))}, outside the folder"):
        extract_folder(archive, "val2017", tmp_path / "out", own)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_zip_without_what_its_name_says_is_refused(archive, tmp_path, own):
    with pytest.raises(DataError, match="has no folder train2017"):
        extract_folder(archive, "train2017", tmp_path / "out", own)
    with pytest.raises(DataError, match="has no annotations/a.json"):
        extract_file(archive, "annotations/a.json", tmp_path / "a.json", own)
    with pytest.raises(DataError, match="there is no .*b.zip"):
        extracted_size(tmp_path / "b.zip", "x")


def test_compressed_zips_are_extracted_too(tmp_path, own):
    archive = write_zip(tmp_path / "a.zip", {"annotations/a.json": b"{}" * 1000}, zipfile.ZIP_DEFLATED)
    extract_file(archive, "annotations/a.json", tmp_path / "a.json", own)
    assert (tmp_path / "a.json").read_bytes() == b"{}" * 1000
