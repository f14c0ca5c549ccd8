"""Which runs have been silent for long."""

import os

import pytest

from tests.ablation.factories import HEADER, run
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.ablation.signs import LOOK_SECONDS, Signs

LONG = 100.0


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def signs(clock):
    return Signs(clock, LONG)


@pytest.fixture
def folder(tmp_path):
    found = RunFolder(tmp_path / "r0")
    found.write_run(run())
    found.last.parent.mkdir(parents=True)
    return found


def write(path, text):
    with path.open("a") as file:
        file.write(text)


def look(signs, clock, folder, seconds):
    """What is told after so many seconds more."""
    clock.now += seconds
    return [(f.path.name, silence) for f, silence in signs.silent([folder])]


def test_a_run_that_has_begun_and_shows_no_sign_is_told_once(signs, clock, folder):
    signs.begin(folder)
    write(folder.log, "begun\n")
    assert look(signs, clock, folder, LOOK_SECONDS) == []
    assert look(signs, clock, folder, LONG - 1) == []
    assert look(signs, clock, folder, LOOK_SECONDS) == [("r0", LONG - 1 + LOOK_SECONDS)]
    assert look(signs, clock, folder, 10 * LONG) == []


@pytest.mark.parametrize("name", ["log", "results", "last", "best"])
def test_each_of_its_files_is_a_sign(signs, clock, folder, name):
    signs.begin(folder)
    write(folder.log, "begun\n")
    assert look(signs, clock, folder, LONG - 1) == []
    write(getattr(folder, name), HEADER)
    assert look(signs, clock, folder, LONG - 1) == []
    assert look(signs, clock, folder, LONG - 1) == []  # 99 s since the last sign, and 297 since the first
    assert look(signs, clock, folder, 2 * LONG) != []


def test_a_checkpoint_of_the_same_size_is_a_sign(signs, clock, folder):
    write(folder.last, "weights")
    signs.begin(folder)
    os.utime(folder.last, ns=(1, 1))
    assert look(signs, clock, folder, LOOK_SECONDS) == []
    os.utime(folder.last, ns=(2, 2))
    assert look(signs, clock, folder, LONG - 1) == []
    assert look(signs, clock, folder, LONG - 1) == []


def test_a_run_that_waits_for_room_on_a_cluster_is_not_silent(signs, clock, folder):
    """Its log is from an earlier command and doesn't change until it has room."""
    write(folder.log, "of an earlier command\n")
    signs.begin(folder)
    assert look(signs, clock, folder, 10 * LONG) == []
    write(folder.log, "begun\n")
    assert look(signs, clock, folder, LOOK_SECONDS) == []
    assert look(signs, clock, folder, LONG) == [("r0", LONG)]


def test_a_run_of_long_epochs_is_told_once_and_not_at_each_epoch(signs, clock, folder):
    """Its log grows every 150 s: the first silence is told; the next are no longer, 300 s would be."""
    signs.begin(folder)
    write(folder.log, "begun\n")
    look(signs, clock, folder, LOOK_SECONDS)
    told = []
    for _ in range(4):
        told += look(signs, clock, folder, 120)
        write(folder.log, "epoch\n")
        told += look(signs, clock, folder, 30)
    assert told == [("r0", 120)]
    assert look(signs, clock, folder, 310) == [("r0", 310)]


def test_files_are_looked_at_now_and_then_only(signs, clock, folder):
    signs.begin(folder)
    look(signs, clock, folder, LOOK_SECONDS)
    write(folder.log, "begun\n")
    look(signs, clock, folder, LOOK_SECONDS / 2)
    assert not signs.watched[folder].begun
    look(signs, clock, folder, LOOK_SECONDS / 2)
    assert signs.watched[folder].begun
