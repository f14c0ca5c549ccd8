"""Whatever the user changes in a prepared folder, and wherever, it stays."""

import os
import random
from contextlib import suppress

import pytest

from tests.datasets.coco.assertions import contents, tree
from tests.datasets.coco.factories import change_json, own_data, write_images
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.datasets.coco.ledger import LEDGER_FILE
from yolo_feiou.errors import YoloFeiouError


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_user_does_between_two_commands_nothing_of_it_is_lost(tmp_path, seed):
    """Edits, new files and links at random places, then commands that have to write, remove or keep things."""
    chance = random.Random(seed)
    out, data = tmp_path / "out", tmp_path / "own"
    own = [f"out={out}", *own_data(data)]
    write_images(tmp_path / "moved", ["1.jpg", "2.jpg"])
    more = [f"test={data / 'val.json'}", f"test_images={data / 'val'}"]
    moved = [word.replace(f"train_images={data / 'train'}", f"train_images={tmp_path / 'moved'}") for word in own]
    commands = [own, own + more, moved, [*own, "missing=skip"]]
    prepare_coco(chance.choice(commands))
    mine = {}
    for _ in range(chance.randint(1, 3)):
        name = chance.choice(
            [
                *tree(out),
                *("labels/train/mine.txt", "labels/train/2.cache", "labels/test/1.txt", "labels/train.part/1.txt"),
                *("labels/val.cache", "test.txt", "preparing.json", "images/test", "images/train.link.part", "mine.md"),
                *("labels/train/.deep/mine.txt", "images/mine/1.jpg", "out.yaml.bak"),
            ]
        )
        path = out / name
        if any(parent.is_symlink() or parent.is_file() for parent in path.parents):
            continue
        if path.is_dir() and not path.is_symlink():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()
        if chance.random() < 0.2:
            path.unlink(missing_ok=True)
            path.symlink_to(chance.choice([data / "train", "nowhere", tmp_path / "moved" / "1.jpg"]))
            mine[name] = os.readlink(path)
        else:
            old = path.read_bytes() if path.exists() else b"mine"
            at = chance.randrange(max(1, len(old)))
            mine[name] = old[:at] + bytes([old[at] ^ 1]) + old[at + 1 :] if old else b"mine"
            path.write_bytes(mine[name])
    for name in ("prepared.json", LEDGER_FILE):  # our books: edited, they may be written anew
        mine.pop(name, None)
    outside = contents(data) | contents(tmp_path / "moved")
    for _ in range(3):
        if chance.random() < 0.5:
            change_json(tmp_path)
            outside |= contents(data)
        with suppress(YoloFeiouError):
            prepare_coco(chance.choice(commands))
        found = contents(out)
        assert {name: found.get(name) for name in mine} == mine
        assert contents(data) | contents(tmp_path / "moved") == outside
