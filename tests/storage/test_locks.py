"""Locks go with their holders."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from yolo_feiou.storage.locks import LockBusy, hold_lock, is_locked

HOLD = """
import os, sys, time
from pathlib import Path
from yolo_feiou.storage.locks import hold_lock
with hold_lock(Path(sys.argv[1])):
    if len(sys.argv) > 2 and os.fork() == 0:
        time.sleep(60)  # a child, as a loader of data, that outlives its parent
    print("held", os.getpid(), flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A function that starts another process which holds the lock, and returns it."""
    started = []

    def start(*words):
        line = [sys.executable, "-c", HOLD, str(tmp_path / "lock"), *words]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, start_new_session=True)
        started.append(process)
        assert process.stdout.readline().startswith("held")
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_lock_that_another_process_holds_is_waited_for_and_then_refused(tmp_path, holder):
    assert not is_locked(tmp_path / "lock")
    holder()
    assert is_locked(tmp_path / "lock")
    began = time.monotonic()
    with pytest.raises(LockBusy, match="held by another process"), hold_lock(tmp_path / "lock", 0.5):
        pytest.fail("held twice")
    assert 0.5 <= time.monotonic() - began < 5


@pytest.mark.parametrize("words", [(), ("fork",)])
def test_a_lock_is_free_once_its_holder_is_killed_even_if_a_child_lives(tmp_path, holder, words):
    process = holder(*words)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with hold_lock(tmp_path / "lock", 5):
        pass
    assert not is_locked(tmp_path / "lock")


def test_a_lock_that_was_released_is_free(tmp_path):
    with hold_lock(tmp_path / "lock"):
        pass
    assert not is_locked(tmp_path / "lock")


@pytest.mark.slow
def test_who_asks_keeps_its_own_lock(tmp_path, holder):
    """POSIX record locks were lost as soon as their holder opened and closed the file once more."""
    with hold_lock(tmp_path / "lock"):
        assert is_locked(tmp_path / "lock")
        with pytest.raises(LockBusy), hold_lock(tmp_path / "lock", 0):
            pytest.fail("held twice")
        line = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(line, timeout=3, check=False)
