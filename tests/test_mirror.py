"""Tests mirror the package: `yolo_feiou/<room>/<module>.py` has `tests/<room>/test_<module>.py`."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "yolo_feiou"

#: Modules without a test file of their name, with the one in whose tests they run, and why it is there.
ELSEWHERE = {
    "simulation/experiment.py": "simulation/test_command.py",
    "yolo/check_command.py": "distributed/test_scripts.py",  # a process that a script starts
    "yolo/host.py": "yolo/test_trainer.py",  # for type checkers alone
    "yolo/quiet.py": "yolo/test_evaluate.py",
    "yolo/rehearsal.py": "ablation/test_rehearsal.py",
}
MODULES = sorted(str(path.relative_to(PACKAGE).as_posix()) for path in PACKAGE.rglob("[!_]*.py"))


def mirror(module):
    path = Path(module)
    return TESTS / path.parent / f"test_{path.name}"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_test_file_of_its_name_or_is_listed_with_another(module):
    expected = TESTS / ELSEWHERE[module] if module in ELSEWHERE else mirror(module)
    assert expected.is_file(), f"{expected} is missing: add it, or name in ELSEWHERE where {module} is tested, and why"


@pytest.mark.parametrize("module", ELSEWHERE)
def test_what_is_listed_is_there_and_has_no_file_of_its_own(module):
    assert module in MODULES and not mirror(module).exists(), f"take {module} out of ELSEWHERE"
