"""The command, run in this process."""

import sys

import pytest

from yolo_feiou import cli
from yolo_feiou.errors import Interrupted
from yolo_feiou.yolo import framework


@pytest.fixture
def yolo(monkeypatch, tmp_path):
    """A function that runs our command in this process, in `tmp_path`: returns its exit status, or its last words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(framework, "RUNS_DIR", tmp_path / "runs")

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["yolo", *words])
        try:
            cli.main()
        except SystemExit as stop:
            return stop.code
        except Interrupted as stop:
            return str(stop)
        return 0

    return call
