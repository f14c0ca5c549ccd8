"""Whose code an error passed through: a user's own, or that of packages that report users' mistakes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

#: Packages whose dependencies, also the optional ones, are no code of a user's.
ROOTS = ("yolo-feiou", "ultralytics")
#: The scripts of a checkout, which are ours too.
SCRIPTS = Path(__file__).parents[1] / "scripts"


def is_users(file: str, module: Mapping[str, Any]) -> bool:
    """Whether code is a user's own, by its file and the names of its module.

    All is that belongs neither to Python, nor to yolo-feiou, Ultralytics or what they depend on: also what a user has
    installed. The script in a data YAML, which Ultralytics runs to fetch the data, has neither a file nor a module.
    """
    name = module.get("__name__")
    if name == "__main__" and (spec := module.get("__spec__")):  # of `python -m`
        name = spec.name
    if Path(file).parent == SCRIPTS and (SCRIPTS.parent / "pyproject.toml").is_file():
        return False
    if not isinstance(name, str):
        return not file.startswith("<")
    top = name.partition(".")[0]
    return top not in sys.stdlib_module_names and top not in _known()


@cache
def _known() -> frozenset[str]:
    return find_known_modules(requires, packages_distributions())


def find_known_modules(
    requires: Callable[[str], Sequence[str] | None], owners: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """Return the names of the modules of yolo-feiou, Ultralytics and their dependencies.

    Args:
        requires: Returns the requirements of a distribution, as `importlib.metadata.requires`.
        owners: The distributions that each module is of, as `importlib.metadata.packages_distributions` has them.
    """
    distributions, rest = set(), [_normal(name) for name in ROOTS]
    while rest:
        name = rest.pop()
        if name in distributions:
            continue
        distributions.add(name)
        rest += [needed for needed, extra in _requirements(name, requires) if not extra or name in ROOTS]
    modules = {top for top, names in owners.items() if distributions & {*map(_normal, names)}}
    return frozenset({"yolo_feiou", "ultralytics", *modules})


def _requirements(name: str, requires: Callable[[str], Sequence[str] | None]) -> list[tuple[str, bool]]:
    """Return what a distribution requires, each with whether one of its extras alone does; nothing if there is none."""
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return []
    return [(_normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]), "extra ==" in line) for line in lines]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
