"""Windows, tried with a stand-in for it: see `windows_sitecustomize.py`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs import results, short

IMPORT_ALL = """
import pkgutil, importlib, yolo_feiou
names = [module.name for module in pkgutil.walk_packages(yolo_feiou.__path__, "yolo_feiou.")]
print(len([importlib.import_module(name) for name in names if not name.endswith("__main__")]))
"""


@pytest.fixture
def windows(tmp_path):
    """A function that runs Python with the words given, as if on Windows, and returns the finished process."""
    site = tmp_path / "site"
    site.mkdir()
    shutil.copy(Path(__file__).with_name("windows_sitecustomize.py"), site / "sitecustomize.py")

    def run(*words):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), os.environ["PYTHONPATH"]])}
        line = [sys.executable, *map(str, words)]
        return subprocess.run(
            line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    return run


@pytest.mark.slow
def test_every_module_is_imported(windows):
    done = windows("-c", IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 100


@pytest.mark.slow
def test_a_training_ends_with_its_results_and_weights(windows, data, tmp_path):
    words = short(data=data, project=tmp_path, name="run", epochs=2)
    done = windows("-m", "yolo_feiou", "train", "model=yolov8n.yaml", "loss=focal_eiou", "box_stats=True", *words)
    assert done.returncode == 0, done.stderr
    assert len(results(tmp_path / "run")) == 2
    assert (tmp_path / "run" / "weights" / "best.pt").is_file()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import fcntl", "No module named 'fcntl'"),
        ("import os; os.killpg(0, 9)", "no attribute 'killpg'"),
        ("import os; os.kill(os.getpid(), 0)", "CTRL_C_EVENT"),
        ("import os; os.fsync(os.open('a', os.O_RDONLY | os.O_CREAT))", "Bad file descriptor"),
        ("open('a:b', 'w')", "syntax is incorrect"),
    ],
)
def test_the_stand_in_hides_what_windows_has_not(windows, code, message):
    """Else the tests above would show nothing."""
    assert message in windows("-c", f"__name__ = 'yolo_feiou.x'; {code}").stderr
