"""The command from end to end: what it writes, and what it refuses."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.datasets.coco.assertions import refusal, tree
from tests.datasets.coco.factories import annotation, labels, own_data, write_images
from yolo_feiou.cli import main
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.errors import ArgumentError


def test_the_same_command_again_finds_it_whole(own, out, capsys):
    prepare_coco(own)
    before = {path: os.stat(out / path).st_mtime_ns for path in tree(out)}
    prepare_coco(own)
    said = capsys.readouterr().out.splitlines()
    assert "is complete" in said[-2] and said[-1] == "There is nothing to do."
    assert before == {path: os.stat(out / path).st_mtime_ns for path in tree(out)}


@pytest.mark.parametrize("mine", ["labels/train/1.txt", "mine.yaml", "train.txt", "images/train/1.jpg"])
def test_what_this_command_did_not_make_is_not_overwritten(own, out, mine):
    (out / mine).parent.mkdir(parents=True)
    (out / mine).write_text("mine")
    assert "which this command did not write and would overwrite" in refusal(own, ArgumentError)
    assert tree(out) == [mine] and (out / mine).read_text() == "mine"


def test_help_shows_the_usage(capsys):
    prepare_coco(["--help"])
    assert "missing=stop                 what happens where images of the JSON are missing" in capsys.readouterr().out


def test_a_mistake_is_one_line_and_exit_status_2(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["yolo", "prepare", "coco", "out"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert capsys.readouterr().err == "error: 'yolo prepare coco' takes arguments like out=…, got 'out'.\n"


def test_the_verb_prepares_a_data_set(own, out):
    began, command = time.monotonic(), [sys.executable, "-m", "yolo_feiou", "prepare", "coco", *own]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "is ready" in done.stdout and time.monotonic() - began < 60
    assert (out / "prepared.json").exists()


def test_categories_without_objects_are_said(tmp_path, out, capsys):
    prepare_coco([f"out={out}", *own_data(tmp_path)])
    said = capsys.readouterr().out
    assert "train: 1 of 2 categories have no object: cat" in said
    assert said.splitlines()[-1].startswith("    yolo ablate data=") and "loss=" not in said


def test_crowds_nearly_everywhere_are_said(tmp_path, out, capsys):
    prepare_coco([f"out={out}", *own_data(tmp_path, None, [annotation(1), annotation(2, 2, iscrowd=1)])])
    assert "warning: train: 1 of 2 annotations are crowds (iscrowd: 1)" in capsys.readouterr().out


def test_images_of_half_the_size_are_said_and_their_labels_are_the_same(tmp_path, out, capsys):
    words = own_data(tmp_path)
    prepare_coco([f"out={out}", *words])
    whole = labels(out / "labels" / "train")
    write_images(tmp_path / "train", ["1.jpg", "2.jpg"], (100, 50))
    prepare_coco([f"out={out}2", *words])
    assert labels(Path(f"{out}2") / "labels" / "train") == whole
    assert "warning: train: the files of all 2 images are 0.5 times as large as" in capsys.readouterr().out


def test_a_split_without_objects_is_said(tmp_path, out, capsys):
    prepare_coco([f"out={out}", *own_data(tmp_path, None, [annotation(1, iscrowd=1)])])
    assert "warning: train: it has no objects, so there is nothing to train" in capsys.readouterr().out
