"""Processes that others start are ours where they must be, and end with those whose work they do."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from yolo_feiou.yolo import subprocesses
from yolo_feiou.yolo.subprocesses import our_commands

STOCKS = [sys.executable, "-m", "ultralytics.cfg.__init__", "train", "lr0=0.1"]

PARENT = """
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", sys.argv[1]], start_new_session=True).pid, flush=True)
import time; time.sleep(60)
"""
CHILD = """
import os, time
if not {groups}:
    del os.killpg, os.getpgrp
from yolo_feiou.yolo.subprocesses import die_with
die_with({pid}, parent={parent})
open({mark!r}, "w").close()
time.sleep(60)
"""


def alive(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
@pytest.mark.parametrize(("parent", "groups"), [(True, True), (False, True), (True, False)])
def test_a_process_dies_with_another_that_was_killed(tmp_path, parent, groups):
    """Its parent, or one that is none, as a rank of torchrun's sees the process that began the training.

    Windows has no groups of processes.
    """
    mark = tmp_path / "begun"
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pid = "os.getppid()" if parent else other.pid
    code = CHILD.format(pid=pid, parent=parent, groups=groups, mark=str(mark))
    process = subprocess.Popen([sys.executable, "-c", PARENT, code], stdout=subprocess.PIPE, text=True)
    child = int(process.stdout.readline())
    try:
        while not mark.exists():
            time.sleep(0.05)
        time.sleep(1)
        assert alive(child)
        killed = process if parent else other
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        end = time.monotonic() + 10
        while os.path.exists(f"/proc/{child}") and alive(child):
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        for one in (process, other):
            one.kill()
            one.wait()


@pytest.fixture
def started(monkeypatch):
    """The commands that were started, without their interpreter."""
    commands = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command[1:]))
    return commands


def test_commands_of_ultralytics_are_ours_within_the_block_and_are_told_the_arguments(started):
    stock = subprocess.run
    with our_commands({"loss": "eiou"}):
        subprocess.run(STOCKS, check=True)
        subprocess.run([sys.executable, "-m", "pip"])
        subprocess.run("echo")
        with our_commands({}):
            subprocess.run(STOCKS)
    subprocess.run(STOCKS)
    ours = ["-m", "yolo_feiou", "train", "lr0=0.1"]
    assert started == [[*ours, "loss=eiou"], ["-m", "pip"], "cho", ours, STOCKS[1:]]
    assert subprocess.run is stock


def test_tunings_in_threads_keep_each_their_own(started):
    """They overlap: the second begins while the first is there, and goes on when it has ended; a third is stock's."""
    first, second = threading.Event(), threading.Event()

    def tune_first():
        with our_commands({"loss": "eiou"}):
            first.set()
            second.wait(5)
            subprocess.run(STOCKS)

    def tune_second():
        first.wait(5)
        with our_commands({"loss": "iou"}):
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

    with our_commands({}):
        monkeypatch.setattr(subprocess, "run", theirs)
    assert subprocess.run is theirs
    assert subprocesses._stock.blocks == 0
