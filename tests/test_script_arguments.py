"""Scripts that take arguments refuse others in one line, before they do anything."""

import subprocess
import sys

import pytest

from tests.pages.claims import ROOT

SCRIPTS = (
    "demo",
    "learn_oriented",
    "learn_shapes",
    "measure_install",
    "paper",
    "simulate_stopping",
    "study",
    "train_families",
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_unknown_word_is_one_line(name, tmp_path):
    line = [sys.executable, ROOT / "scripts" / f"{name}.py", "nix"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "nix" in done.stderr and list(tmp_path.iterdir()) == []
