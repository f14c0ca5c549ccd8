"""Tests mirror the package: `yolo_feiou/<room>/<module>.py` has `tests/<room>/test_<module>.py`."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "yolo_feiou"

MODULES = sorted(str(path.relative_to(PACKAGE).as_posix()) for path in PACKAGE.rglob("[!_]*.py"))


def mirror(module):
    path = Path(module)
    return TESTS / path.parent / f"test_{path.name}"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_test_file_of_its_name(module):
    """All but `__init__` and `__main__`, which only hand on what others do."""
    assert mirror(module).is_file(), f"{mirror(module)} is missing: it tests yolo_feiou/{module}"
