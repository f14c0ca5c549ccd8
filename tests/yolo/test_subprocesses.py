"""Trainings that Ultralytics starts as commands are commands of ours."""

import subprocess
import sys
import threading

import pytest

from yolo_feiou.yolo import subprocesses
from yolo_feiou.yolo.subprocesses import replace_commands

STOCKS = [sys.executable, "-m", "ultralytics.cfg.__init__", "train", "lr0=0.1"]


@pytest.fixture
def started(monkeypatch):
    """The commands that were started, without their interpreter."""
    commands = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command[1:]))
    return commands


def test_commands_of_ultralytics_are_ours_within_the_block_and_are_told_the_arguments(started):
    stock = subprocess.run
    with replace_commands({"loss": "eiou"}):
        subprocess.run(STOCKS, check=True)
        subprocess.run([sys.executable, "-m", "pip"])
        subprocess.run("echo")
        with replace_commands({}):
            subprocess.run(STOCKS)
    subprocess.run(STOCKS)
    ours = ["-m", "yolo_feiou", "train", "lr0=0.1"]
    assert started == [[*ours, "loss=eiou"], ["-m", "pip"], "cho", ours, STOCKS[1:]]
    assert subprocess.run is stock


def test_tunings_in_threads_keep_each_their_own(started):
    """They overlap: the second begins while the first is there, and goes on when it has ended; a third is stock's."""
    first, second = threading.Event(), threading.Event()

    def tune_first():
        with replace_commands({"loss": "eiou"}):
            first.set()
            second.wait(5)
            subprocess.run(STOCKS)

    def tune_second():
        first.wait(5)
        with replace_commands({"loss": "iou"}):
            second.set()
            one.join()
            subprocess.run(STOCKS)
            stocks = threading.Thread(target=subprocess.run, args=(STOCKS,))
            stocks.start()
            stocks.join()

    one, two = threading.Thread(target=tune_first), threading.Thread(target=tune_second)
    for thread in (one, two):
        thread.start()
    for thread in (one, two):
        thread.join()
    ours = ["-m", "yolo_feiou", "train", "lr0=0.1"]
    assert started == [[*ours, "loss=eiou"], [*ours, "loss=iou"], STOCKS[1:]]


def test_what_others_put_in_the_place_of_run_stays(started, monkeypatch):
    def theirs(*args, **kwargs):
        return None

    with replace_commands({}):
        monkeypatch.setattr(subprocess, "run", theirs)
    assert subprocess.run is theirs
    assert subprocesses._stock.blocks == 0
