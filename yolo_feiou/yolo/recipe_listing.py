"""`yolo recipes`: the YAML files for `cfg=` that come with the package."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from yolo_feiou.errors import ArgumentError
from yolo_feiou.parameters import asks_for_help, check_named
from yolo_feiou.yolo.configs import CFG_DIR, GRID_FOLDERS, find_recipe, list_recipes, read_recipe, suggest_recipe

RECIPES_USAGE = """yolo recipes [NAME ...]

Lists the YAML files for cfg= that come with the package; of one that is named, as focal_eiou or coco/yolov8, prints its
lines and where it lies; of a pattern, as 'paper/*', the names that match. A name is the way to a file from that folder
or its last part, with or without .yaml. A file of your own of that name goes first."""
TITLES = {False: "for a training, yolo train ... cfg=NAME:", True: "for several, yolo ablate cfg=NAME:"}


def print_recipes(words: Sequence[str] = ()) -> None:
    """Print all recipes, a line each; those whose names match a pattern; or one in full.

    Args:
        words: Names, and patterns with *, ? or [.

    Raises:
        ArgumentError: If there is no recipe of a name.
    """
    if asks_for_help(words):
        print(RECIPES_USAGE)
        return
    if not words:
        for is_grid, title in TITLES.items():
            print(title, *list_lines("*", is_grid), "", sep="\n")
        print(f"They lie in {CFG_DIR}. 'yolo recipes NAME' prints one.")
    for number, word in enumerate(words):
        print(*[""] * bool(number), *describe_recipe(word), sep="\n")


def list_lines(pattern: str, is_grid: bool | None = None) -> list[str]:
    """Return a line for each recipe whose name matches a pattern: its name, and what it is, as its first line says.

    Args:
        pattern: The pattern.
        is_grid: Whether grids alone count, or recipes of one training alone; None for both.
    """
    return [
        f"    {name:24} {path.read_text(encoding='utf-8').partition(chr(10))[0].removeprefix('# ')}"
        for name, path in list_recipes().items()
        if is_grid in (None, path.parent.name in GRID_FOLDERS) and fnmatchcase(name, pattern)
    ]


def describe_recipe(word: str) -> list[str]:
    """Return what is printed on a name or a pattern, as lines."""
    if set(word) & {*"*?["} and not Path(word).exists():
        if lines := list_lines(word):
            return lines
        raise ArgumentError(f"no recipe has a name like '{word}'. 'yolo recipes' lists all.")
    check_named([word], "the name of a recipe")
    path = Path(str(find_recipe(word)))
    if not path.is_file():
        raise ArgumentError(f"no recipe '{word}'{suggest_recipe(word)} 'yolo recipes' lists all.")
    read_recipe(word, grids=True)
    return [f"# {path}", *path.read_text(encoding="utf-8").splitlines()]
