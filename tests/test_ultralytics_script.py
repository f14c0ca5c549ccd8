"""The script that runs Ultralytics' own tests on both sides tells what ours alone fail."""

import io
import tarfile

import pytest

from tests.scripts import load_script

TESTS = """
import subprocess, time
from ultralytics import YOLO
from ultralytics.models.yolo import detect

def test_passes(): pass
def test_fails(): assert False
def test_knows_stocks_model(): assert YOLO.__module__.startswith("ultralytics.")
def test_knows_stocks_trainer(): assert detect.DetectionTrainer.__module__.startswith("ultralytics.")
def test_knows_stocks_command():
    with open(subprocess.run(["which", "yolo"], capture_output=True, text=True).stdout.strip()) as file:
        assert "yolo_feiou" not in file.read()
def test_hangs(): time.sleep(60)
"""


@pytest.fixture
def script(monkeypatch):
    module = load_script("test_ultralytics")
    monkeypatch.setattr(module, "make_stand_ins", lambda root: None)
    return module


@pytest.mark.slow
def test_what_fails_in_ours_alone_is_told(script, tmp_path, capsys):
    sdist = tmp_path / "ultralytics-0.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name, text in (("tests/__init__.py", ""), ("tests/test_some.py", TESTS), ("pyproject.toml", "")):
            member = tarfile.TarInfo(f"ultralytics-0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    sides = [script.run_side(side, sdist, tmp_path, tmp_path, 2, ["tests"]) for side in script.SIDES]
    name = "tests/test_some.py::test_"
    assert sides[0][f"{name}fails"].startswith("failed") and "longer than 2 s" in sides[0][f"{name}hangs"]
    assert script.compare(*sides) == 1
    printed = capsys.readouterr().out
    lost = [line.split()[4].removeprefix(name).rstrip(":") for line in printed.splitlines() if "OURS ALONE" in line]
    assert lost == ["knows_stocks_model", "knows_stocks_trainer", "knows_stocks_command"]
    assert "6 tests, 4 pass in stock, 3 of" in printed


@pytest.mark.parametrize(
    ("stock", "ours", "status"),
    [
        ({"a": "passed", "b": "failed: x"}, {"a": "passed", "b": "passed"}, 0),
        ({"a": "passed"}, {}, 1),
        ({"a": "failed: x"}, {"a": "passed"}, 2),
        ({}, {}, 2),
    ],
)
def test_the_exit_status_tells_whether_ours_fails_where_stock_passes(script, stock, ours, status):
    assert script.compare(stock, ours) == status
