"""Processes end with those whose work they do."""

import os
import signal
import subprocess
import sys
import time

import pytest

PARENT = """
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", sys.argv[1]], start_new_session=True).pid, flush=True)
import time; time.sleep(60)
"""
CHILD = """
import os, time
if not {groups}:
    del os.killpg, os.getpgrp
from yolo_feiou.processes import exit_with
exit_with({pid}, parent={parent})
open({mark!r}, "w").close()
time.sleep(60)
"""


def alive(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
@pytest.mark.parametrize(("parent", "groups"), [(True, True), (False, True), (True, False)])
def test_a_process_exits_with_another_that_was_killed(tmp_path, parent, groups):
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
