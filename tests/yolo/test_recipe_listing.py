"""`yolo recipes`: each file for cfg= is listed with what it is for, and printed by its name."""

import re

import pytest

from yolo_feiou.errors import ArgumentError
from yolo_feiou.yolo.configs import CFG_DIR, GRID_FOLDERS, list_recipes
from yolo_feiou.yolo.recipe_listing import print_recipes


def test_each_recipe_has_a_line_under_what_takes_it(capsys):
    print_recipes()
    trainings, grids, _ = capsys.readouterr().out.split("\n\n")
    for name, path in list_recipes().items():
        purpose = path.read_text().splitlines()[0].removeprefix("# ")
        of_grid = path.parent.name in GRID_FOLDERS
        assert [name, purpose] in [line.split(maxsplit=1) for line in (grids if of_grid else trainings).splitlines()]
        assert name not in (trainings if of_grid else grids).split()


@pytest.mark.parametrize("name", ["coco/1x.yaml", "coco/1x", "1x", "1x.yaml"])
def test_one_that_is_named_is_printed_with_its_place(capsys, name):
    print_recipes([name])
    path = CFG_DIR / "coco" / "1x.yaml"
    assert capsys.readouterr().out == f"# {path}\n{path.read_text()}"


def test_a_pattern_lists_those_that_match(capsys):
    print_recipes(["paper/table*"])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "paper/table1.yaml",
        "paper/table2.yaml",
        "paper/table3.yaml",
    ]


@pytest.mark.parametrize(
    ("name", "near"),
    [("focal_eoiu", ": did you mean 'focal_eiou'?"), ("figure4b", ": did you mean 'figure4'?"), ("zzz", ".")],
)
def test_an_unknown_name_is_told_with_the_nearest(name, near):
    """Nobody typed cfg=; and a file that Ultralytics alone finds is none of ours to print."""
    with pytest.raises(ArgumentError, match=rf"^no recipe '{name}'{re.escape(near)} 'yolo recipes' lists all\.$"):
        print_recipes([name])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("default.yaml", "no recipe 'default.yaml'"),
        ("nope/*", "no recipe has a name like 'nope/"),
        ("", "got '' in the"),
    ],
)
def test_a_pattern_that_nothing_matches_and_an_empty_word_are_told(name, message):
    with pytest.raises(ArgumentError, match=message):
        print_recipes([name])
