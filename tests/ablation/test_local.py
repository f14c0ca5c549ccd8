"""Processes on this machine, with stand-ins for the trainings."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.ablation.factories import run
from tests.ablation.process_helpers import until
from tests.ablation.test_runner import Seen
from yolo_feiou.ablation.local import Local
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.ablation.runner import Runner
from yolo_feiou.ablation.schedule import FixedGrid
from yolo_feiou.ablation.store import Store
from yolo_feiou.ablation.worker import TIMED_OUT, Task

pytestmark = pytest.mark.slow

#: Prints a line, starts a child, and reads a FIFO that nobody writes to, as a training does with one among its images.
HANGS = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(f"epoch 1, child {child.pid}", flush=True)
os.mkfifo("pipe.jpg")
open("pipe.jpg", "rb").read()
"""


@dataclass(frozen=True)
class Script(Task):
    """A task that runs a script in the folder of the run."""

    script: str = ""

    def command_line(self, folder):
        return [sys.executable, "-c", f"import os; os.chdir({str(folder)!r})\n{self.script}"]


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def folder(tmp_path):
    found = RunFolder(Store(tmp_path / "out", "").path / "r0")
    found.write_run(run())
    return found


def children(folder):
    """The pids in the log."""
    return [int(line.split()[-1]) for line in folder.log.read_text().splitlines() if "child" in line]


def alive(pid):
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()[:1] not in ("", "Z")


def test_a_run_that_hangs_ends_by_the_limit_and_its_children_with_it(folder):
    clock = Clock()
    engine = Local(["cpu"], Script(script=HANGS, timeout=2.0), clock)
    engine.start(folder)
    until(lambda: children(folder), 30)
    clock.now = 7200.0
    assert engine.finished() == []
    clock.now = 7201.0
    assert engine.finished() == [(folder, TIMED_OUT)] and engine.has_room and engine.finished() == []
    until(lambda: not alive(children(folder)[0]), 10)


@pytest.mark.parametrize("ends", ["limit", "runner"])
def test_a_run_ends_by_itself_where_processes_have_no_groups(folder, ends, monkeypatch):
    """As on Windows."""
    monkeypatch.delattr(os, "killpg")
    clock = Clock()
    engine = Local(["cpu"], Script(script="import time; time.sleep(300)", timeout=2.0), clock)
    engine.start(folder)
    process = engine.jobs[0].process
    if ends == "limit":
        clock.now = 7201.0
        assert engine.finished() == [(folder, TIMED_OUT)]
    else:
        engine.stop()
    assert process.poll() is not None


def test_without_a_limit_a_run_that_hangs_is_left_alone(folder):
    clock = Clock()
    engine = Local(["cpu"], Script(script=HANGS), clock)
    engine.start(folder)
    until(lambda: children(folder), 30)
    clock.now = 1e9
    assert engine.finished() == [] and alive(children(folder)[0])
    engine.stop()


def test_a_run_that_hangs_has_failed_is_not_taken_up_again_and_says_why(folder):
    runner, view = (
        Runner(FixedGrid([folder]), Local(["cpu"], Script(script=HANGS, timeout=3 / 3600)), retries=5),
        Seen(),
    )
    runner.run(view)
    (why,) = runner.failures.values()
    assert why == folder.failure()["reason"]
    assert why.startswith("took longer than timeout= allows, and was ended; the last that it printed: epoch 1, child ")
    assert str(folder.log) in why and len(children(folder)) == 1


def test_a_start_is_a_sign_of_life(folder):
    """Even where the process prints nothing, as one that hangs while it imports."""
    folder.log.write_text("of an earlier command\n")
    os.utime(folder.log, ns=(1, 1))
    engine = Local(["cpu"], Script(script="import time; time.sleep(300)"))
    engine.start(folder)
    assert folder.log.stat().st_mtime_ns > 1
    engine.stop()
