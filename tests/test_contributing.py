"""CONTRIBUTING.md names rooms, files and commands that are there, and its example is a loss."""

import itertools
import re
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from tests import reference
from tests.scripts import load_script
from tests.tex import compute
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.table import WEIGHING, LossInfo
from yolo_feiou.parameters import Float

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "yolo_feiou"
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAP = PAGE[PAGE.index("| room |") :].partition("\n\n")[0]
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
CODE = [dedent(block) for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)]


def test_the_map_has_every_room_of_the_package():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert rooms == set(re.findall(r"`(\w+)/`", MAP))


def test_the_lines_of_the_map_are_in_the_order_of_the_contract():
    """The layers that import-linter checks, from the top; those in one layer may stand in any order."""
    layers = re.search(r"^layers = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL | re.MULTILINE)[1]
    floors = {name: floor for floor, line in enumerate(layers.splitlines()) for name in re.findall(r"\w+", line)}
    rows = [re.findall(r"`(\w+)(?:/|\.py)`", row.split("|")[1]) for row in MAP.splitlines()[2:]]
    assert sorted(name for row in rows for name in row) == sorted(floors)
    for row, below in itertools.pairwise(rows):
        assert max(floors[name] for name in row) <= min(floors[name] for name in below), (row, below)


def test_files_that_are_named_are_there():
    """Below the root or in the package; `<room>`, `*` and the folder that users see are no names."""
    names = {span for span in SPANS if re.fullmatch(r"[\w./-]+(/|\.(py|md|sh|toml|csv))|\.ci/run", span)}
    assert {"losses/table.py", "scripts/test_ultralytics.py", ".ci/run", "docs/paper.md"} <= names
    places = (ROOT, PACKAGE, *(path for path in PACKAGE.iterdir() if path.is_dir()), ROOT / "tests" / "checks")
    made_by_runs = {"results.csv"}
    assert [name for name in sorted(names - made_by_runs) if not any((place / name).exists() for place in places)] == []


def test_what_is_named_in_a_file_is_in_it():
    """As in: `STILL_APART` in `tests/checks/test_catalogue.py`."""
    text = re.sub(r"\s+", " ", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
    named = re.findall(r"`(\w+)` (?:in|of|from) `([\w./]+\.py)`", text)
    assert {name for name, _ in named} >= {"TABLE", "LOSS", "STILL_APART", "FORMULAS"}
    for name, file in named:
        (path,) = [place / file for place in (ROOT, PACKAGE) if (place / file).is_file()]
        assert re.search(rf"^{name}\b", path.read_text(encoding="utf-8"), re.MULTILINE), (name, file)


def test_commands_of_make_are_there():
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = {target for span in SPANS for target in re.findall(r"^make ([\w-]+)", span)}
    assert {"test", "lint", "docs"} <= named <= set(targets)


@pytest.fixture
def example():
    """The row of the example, its function in place of a module of losses."""
    function, row = CODE
    names = {"Pair": Pair, "Tensor": Tensor}
    exec(function, names)
    table = {"LossInfo": LossInfo, "Float": Float, "WEIGHING": WEIGHING, "points": SimpleNamespace(**names)}
    return eval(row.strip().removesuffix(","), table)


def test_the_formula_of_the_example_is_computed():
    """At an IoU of 1/3, where the loss is 1 − 1/9."""
    (line,) = (span for span in SPANS if span.startswith('"square_iou": (rf'))
    iou = load_script("loss_formulas").IOU
    (formula,) = eval(line.partition(": ")[2], {"IOU": iou})
    name, value = compute(formula, {iou: 1 / 3, r"\mathrm{exponent}": 2})
    assert (name, value) == ("L", pytest.approx(8 / 9))


def test_the_example_is_a_loss(example):
    """Unit squares, half a side apart: an overlap of 1/2 of a union of 3/2, so an IoU of 1/3, and 1 − 1/9."""
    (exponent,) = example.parameters
    pred = torch.tensor([[0.5, 0, 1.5, 1]], dtype=torch.float64)
    target = torch.tensor([[0.0, 0, 1, 1]], dtype=torch.float64)
    assert example.function(Pair(pred, target), exponent=exponent.default).item() == pytest.approx(8 / 9)


def test_its_reference_is_that_loss(example):
    """The line for tests/reference.py, of the same pair."""
    (line,) = (span for span in SPANS if span.startswith(f'"{example.name}": lambda'))
    exact = eval(line.partition(": ")[2], {"real": reference.real})
    assert float(exact(reference.Exact((0.5, 0, 1.5, 1), (0, 0, 1, 1)), exponent=2)) == pytest.approx(8 / 9)
