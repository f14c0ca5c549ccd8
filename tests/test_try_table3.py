"""scripts/try_table3.sh asks for the ten rows of Table 3 in small, and looks whether the report has them."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "try_table3.sh"
ROWS = [
    f"| {name}{star} | 0 |" for name in ("Faster R-CNN", "Mask R-CNN", "RetinaNet", "ATSS", "PAA") for star in ("", "*")
]
#: In the place of `yolo-feiou`: it keeps what it was asked for, and a report has the rows in its environment.
COMMAND = """#!/usr/bin/env bash
echo "$*" >> asked.txt
if [ "$1" = report ]; then mkdir -p "$2/report"; printf '%s\\n' "$TABLE" > "$2/report/paper_table3.md"; fi
"""


@pytest.fixture
def run(tmp_path):
    """A function that runs the script in an empty folder; it returns the process, and what was asked for."""
    command = tmp_path / "bin" / "yolo-feiou"
    command.parent.mkdir()
    command.write_text(COMMAND)
    command.chmod(0o755)

    def start(*arguments, rows):
        told = {**os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}", "TABLE": "\n".join(rows)}
        process = subprocess.run(
            [SCRIPT, *arguments], cwd=tmp_path, env=told, capture_output=True, text=True, check=False
        )
        return process, (tmp_path / "asked.txt").read_text().splitlines()

    return start


def test_ten_rows_are_asked_for_and_found(run):
    process, (ablate, report) = run("iterations=8", rows=ROWS)
    words = ablate.split()
    assert words[:2] == ["ablate", "cfg=table3.yaml"] and "seeds=0,1" in words and "data=shapes.yaml" in words
    (models,) = (word.removeprefix("model=").split(",") for word in words if word.startswith("model="))
    assert len(models) == 5 and all(model.endswith("_r18.yaml") for model in models)
    assert [word for word in words if word.startswith("iterations=")] == ["iterations=8"]
    assert report == "report runs/table3_small" and "out=runs/table3_small" in words
    assert process.returncode == 0 and "The ten rows in the paper's layout are in runs/table3_small" in process.stdout


def test_a_missing_row_is_told(run):
    process, (_, report) = run("out=here", rows=ROWS[1:])
    assert (process.returncode, report) == (1, "report here")
    assert process.stderr == "error: here/report/paper_table3.md has 9 rows of 10\n"
