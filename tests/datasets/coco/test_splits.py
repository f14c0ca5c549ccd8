"""COCO 2017 from the network, from zips, and from a folder."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import yaml

from tests.datasets.coco.assertions import COCO_FILES, EXTRACTED, refusal, tree
from tests.datasets.coco.factories import image, write_zip
from tests.datasets.coco.server import serving
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.errors import ArgumentError


def test_coco_is_prepared_from_the_network(coco, tmp_path, capsys):
    files, published = coco
    out = tmp_path / "coco"
    with serving(files) as server:
        prepare_coco([f"out={out}"], published, server.url)
        assert tree(out) == EXTRACTED  # no zip, no captions
        assert yaml.safe_load((out / "coco.yaml").read_text())["annotations"] == {
            "train": "annotations/instances_train2017.json",
            "val": "annotations/instances_val2017.json",
        }
        assert "subset" not in capsys.readouterr().out
        server.requests.clear()
        prepare_coco([f"out={out}"], published, server.url)
        assert not server.requests
    assert "nothing to do" in capsys.readouterr().out


def test_coco_is_prepared_from_zips_and_from_what_was_extracted(coco, tmp_path, capsys):
    files, published = coco
    source = tmp_path / "source"
    for path, content in files.items():
        (source / Path(path).name).parent.mkdir(exist_ok=True)
        (source / Path(path).name).write_bytes(content)
    prepare_coco([f"out={tmp_path / 'coco'}", f"source={source}"], published)
    assert tree(tmp_path / "coco") == EXTRACTED
    (source / "train2017.zip").unlink()  # what is needed of it is extracted
    prepare_coco([f"out={tmp_path / 'coco'}", f"source={source}"], published)
    assert "nothing to do" in capsys.readouterr().out
    prepare_coco([f"out={tmp_path / 'again'}", f"source={tmp_path / 'coco'}"], published)
    assert tree(tmp_path / "again") == [
        "coco.yaml",
        *("images/train2017", "images/val2017"),
        *(path for path in COCO_FILES if path.startswith("labels")),
        *("prepared.json", "prepared.sha256", "train2017.txt", "val2017.txt"),
    ]


def test_a_zip_of_source_that_was_cut_off_is_refused(coco, tmp_path):
    files, published = coco
    for path, content in files.items():
        (tmp_path / Path(path).name).write_bytes(content)
    archive = tmp_path / "train2017.zip"
    archive.write_bytes(archive.read_bytes()[:-100])
    assert f"{archive} with its" in refusal([f"out={tmp_path / 'out'}", f"source={tmp_path}"], published=published)
    assert not [path for path in tree(tmp_path) if path.endswith((".txt", "coco.yaml", "prepared.json"))]


def test_the_images_may_lie_where_the_result_goes(coco, tmp_path):
    # As when the zips were extracted by hand: the images are not linked to themselves.
    files, published = coco
    with serving(files) as server:
        prepare_coco([f"out={tmp_path / 'coco'}"], published, server.url)
    for path in ("labels/val2017", "labels/train2017"):
        os.rename(tmp_path / "coco" / path, tmp_path / path.replace("/", "-"))
    for path in ("coco.yaml", "prepared.json", "prepared.sha256", "train2017.txt", "val2017.txt"):
        (tmp_path / "coco" / path).unlink()
    prepare_coco([f"out={tmp_path / 'coco'}", f"source={tmp_path / 'coco'}"], published)
    assert tree(tmp_path / "coco") == EXTRACTED


def test_images_of_the_test_server_are_prepared_without_labels(coco, tmp_path, capsys, monkeypatch):
    files, published = coco
    for path, content in files.items():
        (tmp_path / Path(path).name).write_bytes(content)
    info = {"images": [image(9, "9.jpg")], "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}]}
    members = {"annotations/image_info_test-dev2017.json": json.dumps(info), "annotations/image_info_test2017.json": ""}
    write_zip(tmp_path / "image_info_test2017.zip", members)
    write_zip(tmp_path / "test2017.zip", {"test2017/8.jpg": b"8", "test2017/9.jpg": b"9"})
    out = tmp_path / "out"
    prepare_coco([f"out={out}", f"source={tmp_path}", "test=True"], published)
    content = yaml.safe_load((out / "coco.yaml").read_text())
    assert (
        content["test"] == "test-dev2017.txt" and (out / "test-dev2017.txt").read_text() == "./images/test2017/9.jpg\n"
    )
    assert content["annotations"]["test"] == "annotations/image_info_test-dev2017.json"
    assert not (out / "labels" / "test2017").exists()
    assert "test2017: 1 images without annotations" in capsys.readouterr().out
    prepare_coco([f"out={out}", f"source={tmp_path}", "test=True"], published)
    assert "nothing to do" in capsys.readouterr().out


def test_extracted_images_are_not_replaced_by_a_link(coco, tmp_path):
    files, published = coco
    out = tmp_path / "coco"
    with serving(files) as server:
        prepare_coco([f"out={out}"], published, server.url)
    source = tmp_path / "source"
    for folder in ("annotations", "images"):
        shutil.copytree(out / folder, source / folder)
    assert "the images are to come from" in refusal(
        [f"out={out}", f"source={source}"], ArgumentError, published=published
    )
    assert tree(out) == EXTRACTED  # whole, as it was


def test_a_link_gives_way_to_extracted_images(coco, tmp_path):
    files, published = coco
    out, source = tmp_path / "coco", tmp_path / "source"
    for path, content in files.items():
        (source / Path(path).name).parent.mkdir(exist_ok=True)
        (source / Path(path).name).write_bytes(content)
    prepare_coco([f"out={tmp_path / 'other'}", f"source={source}"], published)
    prepare_coco([f"out={out}", f"source={tmp_path / 'other'}"], published)
    assert (out / "images" / "train2017").is_symlink()
    (tmp_path / "other" / "images" / "train2017" / "000000000002.jpg").write_text("of another size")
    prepare_coco([f"out={out}", f"source={source}"], published)
    assert not (out / "images" / "train2017").is_symlink() and (out / "images" / "val2017").is_symlink()
    assert (out / "images" / "train2017" / "000000000002.jpg").read_text() == "image 2"
    assert (tmp_path / "other" / "images" / "train2017" / "000000000002.jpg").read_text() == "of another size"


def test_too_little_space_is_said_before_anything_is_downloaded(coco, tmp_path):
    """The images of a split take 10^18 bytes, and the labels 0.6 GB."""
    files, (val, train) = coco
    published = [val, replace(train, images=replace(train.images, extracted=10**18))]
    with serving(files) as server:
        said = refusal([f"out={tmp_path / 'coco'}"], published=published, url=server.url)
        assert "GB free and 1,000,000,000.6 GB are needed" in said and not server.requests
