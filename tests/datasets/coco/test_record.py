"""The records of a prepared folder: what they claim, what an edit of them can do, and names that are theirs."""

import json

import pytest

from tests.datasets.coco.assertions import contents, refusal, refused
from tests.datasets.coco.factories import change_json
from yolo_feiou.datasets.coco import prepare
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.datasets.coco.ledger import LEDGER_FILE
from yolo_feiou.errors import ArgumentError


@pytest.mark.parametrize(
    "name", ["prepared.json", "preparing.json", LEDGER_FILE, "labels/train.part", ".preparing.lock"]
)
@pytest.mark.parametrize("text", ["mine", "{}"])
def test_files_of_the_names_of_our_records_are_not_overwritten(own, out, name, text):
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text(text)
    refused(own, out, f"holds {name}, which this command did not write and would overwrite")


def test_a_scratch_folder_is_ours_only_after_an_interruption(own, out, tmp_path, monkeypatch):
    def stop(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(prepare, "write_labels", stop)
    with pytest.raises(KeyboardInterrupt):
        prepare_coco(own)
    monkeypatch.undo()
    part = out / "labels" / "train.part"
    (part / "1.txt").write_text("half")
    (part / "mine.jpg").write_bytes(b"mine")
    assert "train.part/mine.jpg is not from this command" in refusal(own, ArgumentError)
    assert (part / "mine.jpg").read_bytes() == b"mine"
    (part / "mine.jpg").unlink()
    prepare_coco(own)
    assert not part.exists()
    part.mkdir()
    (part / "1.txt").write_text("mine")
    change_json(tmp_path)
    refused(own, out, "holds labels/train.part")


@pytest.mark.parametrize(
    "edit",
    [
        {"splits": {"train": {"folder": "../../own", "listing": "train.txt"}}},
        {"yaml": "../../own/train.json"},
        {"splits": 7},
        {"yaml": None},
    ],
)
def test_a_record_that_was_edited_removes_nothing(own, out, tmp_path, edit):
    prepare_coco(own)
    record = json.loads((out / "prepared.json").read_text())
    (out / "prepared.json").write_text(json.dumps(record | edit))
    before = contents(tmp_path)
    assert "prepared.json" in refusal(own, ArgumentError)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("key", ["inputs", "files"])
def test_a_record_that_lacks_something_is_made_anew(own, out, key):
    prepare_coco(own)
    record = json.loads((out / "prepared.json").read_text())
    del record[key]
    (out / "prepared.json").write_text(json.dumps(record))
    prepare_coco(own)
    assert key in json.loads((out / "prepared.json").read_text())


@pytest.mark.parametrize("edit", [{"inputs": {}}, {"inputs": {"a.json": None}}, {"files": 0}, {"files": True}])
def test_a_record_of_another_form_proves_nothing_and_is_made_anew(own, out, capsys, edit):
    prepare_coco(own)
    made = json.loads((out / "prepared.json").read_text())
    (out / "prepared.json").write_text(json.dumps(made | edit))
    capsys.readouterr()
    prepare_coco(own)
    assert "nothing to do" not in capsys.readouterr().out
    assert json.loads((out / "prepared.json").read_text()) == made
