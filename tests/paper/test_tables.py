"""The paper's tables as Markdown: its figures, ours where there are runs, else the command and its cost."""

from pathlib import Path

import pytest

from tests.paper.coco_results import runs, write
from yolo_feiou.paper.coco_runs import CocoRuns
from yolo_feiou.paper.tables import YOLO_RECIPES, format_table
from yolo_feiou.results.published import PUBLISHED_TABLES

ROOT = Path(__file__).parents[2]
TABLE_3 = PUBLISHED_TABLES[2]


def find(lines, name):
    """The cells of the only line of a row."""
    (found,) = [line for line in lines if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in found.strip("|").split("|")]


@pytest.mark.parametrize("table", PUBLISHED_TABLES, ids=lambda table: table.name)
def test_a_row_that_was_not_run_says_its_command_and_hours(table):
    lines = format_table(table, CocoRuns())
    for row in table.rows:
        cells = find(lines, row.name)
        assert cells[1:7] == [f"{figure:.1f}" for figure in row.figures]
        command = f"yolo ablate cfg={table.grid} model={row.detector}.yaml losses={row.losses[0]}"
        assert cells[7] == f"not run: `{command}`" and (ROOT / "cfg" / "paper" / table.grid).is_file()
    assert len([line for line in lines if line.startswith("| ")]) == 1 + len(table.rows)
    assert find(format_table(TABLE_3, CocoRuns()), "ATSS")[8] == "30"


def test_a_row_that_was_run_has_its_means_below_the_papers(tmp_path):
    """Seeds .396, .397 and .395, so 39.6 ± 0.1; each .01 above its baseline, but for the last."""
    rows = [*runs("atss", "stock", 0.386, (0, 0, 0)), *runs("atss", "focal_eiou", 0.396, (0, 0, 0.003))]
    lines = format_table(TABLE_3, CocoRuns(write(tmp_path, *rows)))
    assert find(lines, "ATSS*")[7] == "below" and find(lines, "PAA*")[7].startswith("not run: ")
    ours = find(lines, "ours: ATSS*")
    assert ours[1:4] == ["39.7 ± 0.1", "59.6 ± 0.0", "–"] and ours[7].startswith(
        "`focal_eiou`, 3 seeds; ΔAP +1.10 (3 seeds"
    )
    assert find(lines, "ours: ATSS")[7] == "`stock`, 3 seeds"
    assert lines.index(next(line for line in lines if line.startswith("| ours: ATSS* "))) == 1 + lines.index(
        next(line for line in lines if line.startswith("| ATSS* "))
    )


def test_recipes_for_yolo_are_there():
    recipes = [recipe for recipes in YOLO_RECIPES.values() for recipe in recipes]
    assert len(recipes) == 13 and YOLO_RECIPES.keys() == {table.name for table in PUBLISHED_TABLES}
    assert all((ROOT / "cfg" / recipe).is_file() for recipe in recipes)
