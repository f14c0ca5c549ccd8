"""The folder of `yolo prepare voc` is written whole; the old one stays until then."""

from pathlib import Path

import pytest
import yaml

from tests.datasets.coco.assertions import contents
from yolo_feiou.datasets.voc import prepare
from yolo_feiou.datasets.voc.annotations import VocImage, VocObject
from yolo_feiou.datasets.voc.prepare import format_data_yaml, is_prepared, write_voc
from yolo_feiou.errors import ArgumentError, DataError

SPLITS = {
    name: [VocImage(name, f"{name}.png", (40, 20), (VocObject("cat", (1, 1, 9, 9)),))] for name in ("train", "val")
}
OPTIONS = {"difficult": False}


def write(out, images, classes=("cat",)):
    return write_voc(out, SPLITS, classes, images, OPTIONS | {"classes": list(classes)})


def test_lists_lead_over_a_link_to_the_images(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "val.png").write_text("x")
    write(tmp_path / "d", tmp_path / "photos")
    (line,) = (tmp_path / "d" / "val.txt").read_text().splitlines()
    assert line == "./images/val/val.png" and (tmp_path / "d" / line).read_text() == "x"
    assert [path.name for path in (tmp_path / "d" / "labels" / "val").iterdir()] == ["val.txt"]


def test_the_old_folder_is_back_if_the_new_one_cant_take_its_place(tmp_path, monkeypatch):
    write(tmp_path / "d", tmp_path)
    before, rename = contents(tmp_path), Path.rename

    def refuse(self, target):
        if self.name == "made":
            raise OSError("in use")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(ArgumentError, match="another process has just written"):
        write(tmp_path / "d", tmp_path, ["dog"])
    assert contents(tmp_path) == before


def test_a_change_while_it_is_written_is_seen(tmp_path, monkeypatch):
    write(tmp_path / "d", tmp_path)
    labels = prepare.write_split_labels

    def edit(*args):
        (tmp_path / "d" / "val.txt").write_text("mine")
        return labels(*args)

    monkeypatch.setattr(prepare, "write_split_labels", edit)
    with pytest.raises(ArgumentError, match=r"val\.txt \(changed since\)"):
        write(tmp_path / "d", tmp_path, ["dog"])
    assert (tmp_path / "d" / "val.txt").read_text() == "mine"


def test_no_link_no_folder(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(1, "not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    with pytest.raises(DataError, match="no link to .* can be made"):
        write(tmp_path / "d", tmp_path)
    assert not [*tmp_path.iterdir()]


def test_a_folder_of_anything_else_is_not_prepared(tmp_path):
    assert not is_prepared(tmp_path / "none", {})
    (tmp_path / "empty").mkdir()
    assert not is_prepared(tmp_path / "empty", {})
    write(tmp_path / "d", tmp_path)
    assert is_prepared(tmp_path / "d", OPTIONS | {"classes": ["cat"]})
    assert not is_prepared(tmp_path / "d", OPTIONS)
    (tmp_path / "d" / "val.txt").unlink()
    assert not is_prepared(tmp_path / "d", OPTIONS | {"classes": ["cat"]})
    (tmp_path / "d" / "prepared.sha256").unlink()
    with pytest.raises(ArgumentError, match=r"There is no prepared\.sha256"):
        is_prepared(tmp_path / "d", OPTIONS)


def test_odd_names_of_classes_are_in_the_yaml_as_they_are():
    names = ["yes", "1", "née: x"]
    assert yaml.safe_load(format_data_yaml(["train"], names)) == {"train": "train.txt", "names": dict(enumerate(names))}
