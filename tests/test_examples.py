"""The notebooks in examples/ are kept without outputs, and run from the first cell to the last."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Ultralytics' settings of a user whose data sets and runs lie in `tmp_path`, for the processes of a notebook."""
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path / "settings"))
    folders = {"datasets_dir": str(tmp_path / "datasets"), "runs_dir": str(tmp_path / "runs")}
    code = f"from ultralytics import settings; settings.update(**{folders!r})"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=os.environ, check=True)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_outputs(path):
    """Nor with numbers of executions, or a kernel of one machine: they would change with each look at it."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert all(cell["metadata"] == {} for cell in notebook["cells"])
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


@pytest.mark.slow
def test_losses_are_compared_in_a_notebook(tmp_path, settings, real_python):
    """It stops at a cell that fails. Then there are four runs, two figures, the page, and the loss in both records."""
    nbclient = pytest.importorskip("nbclient", reason="executes notebooks; it is in the extra `dev`")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel", reason="the kernel of notebooks; it is in the extra `dev`")
    notebook = nbformat.read(EXAMPLES / "compare_losses.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()

    outputs = {cell["id"]: cell["outputs"] for cell in notebook.cells if cell.cell_type == "code"}
    shown = {name: "".join(output.get("text", "") for output in some) for name, some in outputs.items()}
    assert "Box loss: eiou, criteria swapped: 1 of the model" in shown["fine-tune"]
    assert shown["proof"].split() == ["asked", "for:", "eiou", "weights:", "eiou"]
    assert "Against ciou, eiou is" in shown["report"]
    assert len(shown["statistics"].splitlines()) == 2
    for name in ("seeds", "thresholds"):
        assert "image/png" in outputs[name][-1]["data"]
    ablation = tmp_path / "runs" / "compare_losses" / "ablation"
    with open(ablation / "results.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sorted((row["loss"], row["seed"], row["status"]) for row in rows) == [
        *(("ciou", seed, "done") for seed in "01"),
        *(("eiou", seed, "done") for seed in "01"),
    ]
    assert (ablation / "report" / "index.html").is_file()
