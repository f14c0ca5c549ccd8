"""A small ablation, as words and as a process in the background."""

import os
import signal
import subprocess
import sys

import pytest

from tests.runs import short


@pytest.fixture
def words(data):
    """A function that returns the words of a small ablation."""

    def make(*more, **arguments):
        usual = {
            "data": data,
            "out": "out",
            "losses": "ciou",
            "preflight": "False",
            "imgsz": 32,
            "save": None,
            "seed": None,
        }
        given = {**dict(word.split("=", 1) for word in short()), **usual, **arguments}
        if not any("," in str(value) for value in given.values()):  # one run, which a command must ask for
            given.setdefault("only", 1)
        return ["ablate", *(f"{key}={value}" for key, value in given.items() if value is not None), *more]

    return make


@pytest.fixture
def begin(tmp_path):
    """A function that starts the command in the background, and returns its process."""
    started = []

    def start(words):
        line = [sys.executable, "-m", "yolo_feiou", *words]
        process = subprocess.Popen(
            line,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
