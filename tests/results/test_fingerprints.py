"""Files that arguments name are told apart by their contents, wherever they lie."""

import hashlib
import os

import pytest

from yolo_feiou.results.fingerprints import fingerprint_files


def fingerprint(name, find_data=lambda name: name, key="data"):
    return fingerprint_files({key: str(name)}, find_data)[key]


@pytest.fixture
def written(tmp_path):
    """A function that writes a text to a file in a folder of its own, and returns the file's fingerprint."""

    def write(text, name="data.yaml"):
        folder = tmp_path / str(len([*tmp_path.iterdir()]))
        folder.mkdir()
        (folder / name).write_text(text)
        return fingerprint(folder / name)

    return write


def test_the_place_of_the_images_is_not_in_it_and_what_they_are_is(written):
    """Nor are spelling, the order of keys, a download and the JSON that a run is evaluated on."""
    one = written("path: /a\ntrain: images\nnames: [cat]\n")
    assert len(one) == 10
    for text in (
        "names: ['cat']  # no matter\npath: /b\ntrain: images\n",
        "{train: images, names: [cat], download: x.zip, annotations: {val: val.json}}",
    ):
        assert written(text) == one
    assert written("{train: images, names: [cat]}", "data.yml") == one
    assert written("path: /a\ntrain: more\nnames: [cat]\n") != one
    assert written("path: /a\ntrain: images\nnames: [dog]\n") != one


def test_keys_that_are_no_text_and_values_of_any_kind_are_taken(written):
    assert written("names: {0: cat}\ndate: 2026-01-01\n") != written("names: {1: cat}\ndate: 2026-01-01\n")


@pytest.mark.parametrize(("text", "name"), [("weights", "start.pt"), ("names: [", "data.yaml"), ("text", "data.yml")])
def test_what_is_no_mapping_is_told_by_its_bytes(written, text, name):
    assert written(text, name) == hashlib.sha256(text.encode()).hexdigest()[:10]


def test_a_file_that_changes_is_read_again(tmp_path):
    path = tmp_path / "start.pt"
    found = []
    for second, text in enumerate(("one", "two")):
        path.write_text(text)
        os.utime(path, (second, second))
        found.append(fingerprint(path, key="pretrained"))
    assert found[0] != found[1]


def test_files_that_a_framework_finds_by_name_have_one_and_what_is_no_file_has_none(tmp_path):
    (tmp_path / "mine.yaml").write_text("names: [cat]\n")
    arguments = {"data": "mine.yaml", "model": "yolov8n.pt", "pretrained": True, "lr0": 0.1, "cfg": str(tmp_path)}
    assert fingerprint_files(arguments, lambda name: tmp_path / name).keys() == {"data"}
    assert fingerprint_files(arguments, lambda name: name) == {}
