"""Links and pipes of the user's in a prepared folder stay, and what they lead to is not touched."""

import os
import shutil

from tests.datasets.coco.assertions import refusal, refused, tree
from tests.datasets.coco.factories import change_json
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.errors import ArgumentError

LABEL = "labels/train/1.txt"


def test_links_of_the_users_own_stay(own, out, tmp_path):
    images = tmp_path / "own" / "train"
    (out / "images").mkdir(parents=True)
    (out / "images" / "train").symlink_to(os.path.relpath(images, out / "images"))  # to where they are
    mine = os.readlink(out / "images" / "train")
    prepare_coco(own)
    assert os.readlink(out / "images" / "train") == mine
    shutil.copytree(images, tmp_path / "moved")
    moved = [word.replace(f"train_images={images}", f"train_images={tmp_path / 'moved'}") for word in own]
    refused(moved, out, "images/train (not its own)")
    (out / "images" / "val").unlink()
    (out / "images" / "val").symlink_to(tmp_path / "moved")
    refused(own, out, "images/val (changed since)")  # the link that was made there pointed elsewhere


def test_a_link_of_the_users_own_stays_when_its_split_goes(own, out, tmp_path):
    more = [f"test={tmp_path / 'own' / 'val.json'}", f"test_images={tmp_path / 'own' / 'val'}"]
    prepare_coco(own + more)
    (out / "images" / "test").unlink()
    (out / "images" / "test").symlink_to("../../own/val")
    prepare_coco(own)
    assert os.readlink(out / "images" / "test") == "../../own/val" and not (out / "labels" / "test").exists()


def test_labels_behind_a_link_stay(own, out, tmp_path):
    prepare_coco(own)
    shutil.move(out / "labels" / "train", tmp_path / "mine")
    (out / "labels" / "train").symlink_to(tmp_path / "mine")
    change_json(tmp_path)
    refused(own, out, "labels/train (not its own)")
    assert tree(tmp_path / "mine") == ["1.txt", "2.txt"]


def test_a_pipe_among_the_labels_is_not_read(own, out, tmp_path):
    prepare_coco(own)
    (out / LABEL).unlink()
    os.mkfifo(out / LABEL)
    said = refusal(own, ArgumentError)
    assert f"{LABEL} (changed since)" in said and (out / LABEL).is_fifo()


def test_a_link_of_the_name_of_the_lock_stays(own, out, tmp_path):
    out.mkdir(parents=True)
    (out / ".preparing.lock").symlink_to(tmp_path / "nowhere")
    refused(own, out, "holds .preparing.lock, which this command did not write")
    assert not (tmp_path / "nowhere").exists()
