"""The command, run in this process."""

import sys

import pytest

from yolo_feiou import cli
from yolo_feiou.yolo import framework


@pytest.fixture
def yolo(monkeypatch, tmp_path):
    """A function that runs our command in this process, in `tmp_path`, and returns its exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(framework, "RUNS_DIR", tmp_path / "runs")

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["yolo", *words])
        try:
            cli.main()
        except SystemExit as stop:
            return stop.code
        return 0

    return call
