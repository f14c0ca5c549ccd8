"""No file of the user's is replaced or removed: whatever this command did not write so is named, and stays."""

import json
import os
import shutil
import subprocess

import pytest

from tests.datasets.coco.assertions import contents, refusal, refused
from tests.datasets.coco.factories import annotation, change_json, image, own_data, write_json
from yolo_feiou.datasets.coco import prepare
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.datasets.coco.ledger import LEDGER_FILE
from yolo_feiou.errors import ArgumentError

LABEL = "labels/train/1.txt"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (LABEL, "0.125", "0.126"),  # of the same length
        (LABEL, "0.125", "0.5"),
        ("train.txt", "./images/train/2.jpg\n", ""),
        ("mine.yaml", "dog", "cow"),
        ("mine.yaml", "names:", "# mine\nnames:"),
    ],
)
@pytest.mark.parametrize("json_changes", [True, False])
def test_what_was_edited_by_hand_stays(own, out, tmp_path, name, old, new, json_changes):
    prepare_coco(own)
    text = (out / name).read_text()
    (out / name).write_text(text.replace(old, new))
    assert (out / name).read_text() != text
    if json_changes:
        change_json(tmp_path)
    said = refused(own, out, f"{name} (changed since)")
    assert "1 file that" in said
    (out / name).write_text(text)
    prepare_coco(own)


def test_three_are_named_and_all_are_counted(out, tmp_path):
    words = own_data(tmp_path / "own", [image(n) for n in range(1, 6)], [annotation(n, n) for n in range(1, 6)])
    prepare_coco([f"out={out}", *words])
    for number in range(1, 6):
        (out / "labels" / "train" / f"{number}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    said = refused([f"out={out}", *words], out, "holds 5 files")
    assert said.count("(changed since)") == 3 and "and 2 more." in said


@pytest.mark.parametrize("extra", ["labels/train/notes.txt", "labels/train/deep/1.txt", "labels/train/.hidden"])
def test_a_file_among_the_labels_that_is_not_ours_stays(own, out, tmp_path, capsys, extra):
    prepare_coco(own)
    (out / extra).parent.mkdir(exist_ok=True)
    (out / extra).write_text("mine")
    prepare_coco(own)  # nothing has to be written
    assert f"left as they are: {extra} (not its own)\n" in capsys.readouterr().out
    change_json(tmp_path)
    refused(own, out, f"{extra} (not its own)")


@pytest.mark.parametrize("extra", ["notes.txt", "images/mine.jpg", "labels/mine/1.txt", "runs/best.pt", "train.txt~"])
def test_other_files_are_no_hindrance_and_stay(own, out, tmp_path, extra):
    prepare_coco(own)
    (out / extra).parent.mkdir(exist_ok=True)
    (out / extra).write_text("mine")
    change_json(tmp_path)
    prepare_coco(own)
    assert (out / extra).read_text() == "mine"


def test_what_is_lost_is_made_anew_beside_what_is_unchanged(own, out, capsys):
    prepare_coco(own)
    before = contents(out)
    (out / LABEL).unlink()
    prepare_coco(own)
    assert contents(out) == before and "is ready" in capsys.readouterr().out.splitlines()[-3]


def test_a_cache_of_ultralytics_goes_and_any_other_file_of_that_name_stays(own, out, tmp_path):
    import numpy as np

    prepare_coco(own)
    caches = [out / "labels" / "train.cache", out / "labels" / "train" / "deep.cache"]
    for path in caches:  # the second as for images in folders below that of the split
        with path.open("wb") as file:
            np.save(file, {"version": "1.0.3"})
    change_json(tmp_path)
    prepare_coco(own)
    assert not any(path.exists() for path in caches)
    caches[0].write_text("mine")
    change_json(tmp_path, "val")
    refused(own, out, "labels/train.cache (not its own)")


def test_a_cache_from_before_an_edit_is_named(own, out):
    prepare_coco(own)
    cache, label = out / "labels" / "train.cache", out / LABEL
    cache.write_bytes(b"\x93NUMPY as Ultralytics writes it")
    label.write_text(label.read_text().replace("0.125", "0.126"))
    os.utime(cache, ns=(0, label.stat().st_mtime_ns - 1))
    assert "Remove labels/train.cache too: Ultralytics may still train on the labels" in refusal(own, ArgumentError)
    os.utime(cache, ns=(0, label.stat().st_mtime_ns + 1))
    assert ".cache" not in refusal(own, ArgumentError)


@pytest.mark.parametrize("name", ["labels/test/1.txt", "test.txt"])
def test_what_lies_where_a_further_split_goes_stays(own, out, tmp_path, name):
    prepare_coco(own)
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("mine")
    more = [f"test={tmp_path / 'own' / 'val.json'}", f"test_images={tmp_path / 'own' / 'val'}"]
    refused(own + more, out, f"{name} (not its own)")


def test_an_edited_split_that_is_no_longer_wanted_stays(own, out, tmp_path):
    more = [f"test={tmp_path / 'own' / 'val.json'}", f"test_images={tmp_path / 'own' / 'val'}"]
    prepare_coco(own + more)
    (out / "labels" / "test" / "1.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    refused(own, out, "labels/test/1.txt (changed since)")


def test_an_interrupted_command_knows_what_it_wrote(own, out, tmp_path, monkeypatch):
    # Its first split has new labels, its second the old ones: both are its own, and an edit of either is not.
    prepare_coco(own)
    change_json(tmp_path)
    change_json(tmp_path, "val")
    replace, done = prepare.replace_file, []

    def stop(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(arguments)
        return replace(*arguments)

    monkeypatch.setattr(prepare, "replace_file", stop)
    with pytest.raises(KeyboardInterrupt):
        prepare_coco(own)
    monkeypatch.undo()
    for name in (LABEL, "labels/val/1.txt", "train.txt"):
        text = (out / name).read_text()
        (out / name).write_text(text.replace("1", "2"))
        refused(own, out, f"{name} (changed since)")
        (out / name).write_text(text)
    prepare_coco(own)
    assert (out / "labels" / "val" / "1.txt").read_text() == (out / LABEL).read_text()


def test_a_folder_of_an_earlier_version_counts_as_unknown(own, out, tmp_path):
    # Format 1 had counts and bytes of the labels, and no checksums.
    prepare_coco(own)
    (out / LEDGER_FILE).unlink()
    record = json.loads((out / "prepared.json").read_text())
    del record["files"]
    for split in record["splits"].values():
        split["labels"] = [split["images"], split["bytes"]]
    (out / "prepared.json").write_text(json.dumps({**record, "format": 1}))
    said = refused(own, out, f"There is no {LEDGER_FILE} with their checksums, so none counts as unchanged.")
    assert "holds 6 files" in said  # 3 labels, 2 lists, 1 data YAML
    for name in ("labels", "train.txt", "val.txt", "mine.yaml"):
        os.rename(out / name, tmp_path / f"moved-{name}")
    prepare_coco(own)
    assert json.loads((out / "prepared.json").read_text())["format"] == 2


def test_a_damaged_ledger_is_named(own, out):
    prepare_coco(own)
    (out / LEDGER_FILE).write_text((out / LEDGER_FILE).read_text() + "# link [1]\n")
    refused(own, out, f"holds {LEDGER_FILE}, which this command did not write")


def test_the_checksums_are_those_of_the_files(own, out, tmp_path):
    prepare_coco(own)
    listed = [line.partition("  ")[2] for line in (out / LEDGER_FILE).read_text().splitlines() if line[0] != "#"]
    assert listed == [
        *(f"labels/{name}.txt" for name in ("train/1", "train/2", "val/1")),
        *("mine.yaml", "train.txt", "val.txt"),
    ]
    if shutil.which("sha256sum"):
        done = subprocess.run(
            ["sha256sum", "--check", "--strict", LEDGER_FILE], cwd=out, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_current_folder_may_be_the_one(own, out, monkeypatch, capsys):
    out.mkdir(parents=True)
    monkeypatch.chdir(out)
    words = ["out=.", *own[1:]]
    prepare_coco(words)
    prepare_coco(words)
    assert "There is nothing to do." in capsys.readouterr().out
    (out / LABEL).write_text("0 0.5 0.5 0.1 0.1\n")
    assert f"{LABEL} (changed since)" in refusal(words, ArgumentError)


def test_labels_of_a_split_that_has_none_any_more_go(own, out, tmp_path):
    path = tmp_path / "own" / "test.json"
    write_json(path, [image(1)], [annotation(1)])
    words = [*own, f"test={path}", f"test_images={tmp_path / 'own' / 'val'}"]
    prepare_coco(words)
    assert (out / "labels" / "test" / "1.txt").exists()
    path.write_text(json.dumps({key: one for key, one in json.loads(path.read_text()).items() if key != "annotations"}))
    prepare_coco(words)
    assert not (out / "labels" / "test").exists() and (out / "test.txt").exists()
