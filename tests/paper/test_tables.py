"""The paper's tables have its figures, and name recipes that are there."""

import re
from pathlib import Path

import pytest

from yolo_feiou.paper.tables import COCO_TABLES

ROOT = Path(__file__).parents[2]


def test_tables_have_the_papers_figures():
    source = ROOT.parent / "shared" / "paper.txt"
    if not source.is_file():
        pytest.skip("needs the paper's text beside the project")
    numbers = re.sub(r"39 \.6", "39.6", source.read_text(encoding="utf-8"))
    found = [tuple(map(float, row)) for row in re.findall(r"\t([\d.]+)" * 6, numbers)]
    ours = [figures for _, rows in COCO_TABLES.values() for _, figures, _ in rows if figures]
    assert sorted(ours) == sorted(found)


def test_recipes_are_there():
    recipes = [recipe for _, rows in COCO_TABLES.values() for _, _, recipe in rows if recipe]
    assert len(recipes) == 13
    assert all((ROOT / "cfg" / recipe).is_file() for recipe in recipes)
