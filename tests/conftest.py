"""Shared set-up: Ultralytics without network and in folders of its own; a small data set; short trainings."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests import forked_python
from tests.runs import SHORT

settings.register_profile("repeatable", derandomize=True)  # one commit, one result
settings.load_profile("repeatable")

_CONFIG = tempfile.TemporaryDirectory(prefix="yolo-feiou-tests-")
os.environ |= {  # before the first import of Ultralytics, and for the processes that tests start
    "YOLO_CONFIG_DIR": _CONFIG.name,
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
}

#: How a browser is started, and what it may be called.
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
    *("--disable-component-update", "--disable-sync"),
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser():
    """Chromium, if there is one."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """The YAML of a small `shapes`: 24 images to train on, 8 to validate."""
    return write_small(tmp_path_factory.mktemp("data") / "shapes")


@pytest.fixture(scope="session")
def oriented(tmp_path_factory):
    """The YAML of a small `shapes-obb`, of as many images."""
    return write_small(tmp_path_factory.mktemp("oriented") / "shapes-obb")


@pytest.fixture(scope="session")
def trained_oriented(oriented, tmp_path_factory):
    """The folder of a run with `kld` on `oriented` that is never changed; it finds some of the shapes."""
    from tests.export.conftest import LEARNS
    from yolo_feiou import YOLO

    told = {**SHORT, **LEARNS, "data": oriented, "loss": "kld"}
    folder = tmp_path_factory.mktemp("trained_oriented")
    YOLO("yolov8n-obb.yaml").train(**told, project=str(folder), name="run")
    return folder / "run"


def write_small(root):
    """Write a small copy of one of our data sets into a folder of its name, and return the YAML."""
    from yolo_feiou.datasets.shapes import generate
    from yolo_feiou.yolo.configs import CFG_DIR

    generate(root, counts={"train": 24, "val": 8, "test": 8}, oriented=root.name == "shapes-obb")
    text = (CFG_DIR / "datasets" / f"{root.name}.yaml").read_text()
    yaml = root / f"{root.name}-small.yaml"
    yaml.write_text(text.replace(f"path: {root.name}", f"path: {root}"))
    return str(yaml)


@pytest.fixture
def train(tmp_path, data):
    """A function that trains yolov8n for an epoch in this process and returns the trainer."""

    def run(model="yolov8n.yaml", **arguments):
        from yolo_feiou import YOLO

        yolo = YOLO(model)
        yolo.train(**{**SHORT, "data": data, "project": str(tmp_path), "name": "run", **arguments})
        return yolo.trainer

    return run


@pytest.fixture
def command(tmp_path):
    """A function that runs our command with the words given, in `tmp_path`, and returns the finished process."""

    def run(*words):
        line = [sys.executable, "-m", "yolo_feiou", *map(str, words)]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)

    return run


@pytest.fixture(autouse=True, scope="session")
def forked_processes():
    """Processes of Python are forked from those that have imported torch, see `forked_python`."""
    forked_python.install()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
    gc.freeze()  # what collecting the tests has imported stays


@pytest.fixture
def real_python(monkeypatch):
    """Processes of Python that are begun anew, for a test to which their imports matter."""
    monkeypatch.setattr(subprocess, "Popen", forked_python.REAL)


@pytest.fixture
def release():
    """A function that skips a test of what Ultralytics can do since a release."""

    def since(first):
        from ultralytics import __version__

        if tuple(map(int, __version__.split(".")[:3])) < tuple(map(int, first.split("."))):
            pytest.skip(f"Ultralytics can do this since {first}")

    return since
