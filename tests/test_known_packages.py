"""Whose code an error came through."""

import json
import subprocess
import sys
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, requires

import numpy
import pytest
import torch
import torchvision
import ultralytics
import yaml

from tests.pages.claims import ROOT
from yolo_feiou import cli
from yolo_feiou.known_packages import find_known_modules, is_users


@pytest.mark.parametrize("module", [cli, ultralytics, torch, torchvision, numpy, yaml, json], ids=lambda m: m.__name__)
def test_ours_ultralytics_dependencies_and_the_standard_library_are_no_users(module):
    assert not is_users(module.__file__, vars(module))
    assert not is_users("<string>", {"__name__": f"{module.__name__}.deep"})


def test_what_else_is_installed_is_a_users(tmp_path):
    assert is_users(str(tmp_path / "site-packages" / "team" / "callbacks.py"), {"__name__": "team.callbacks"})
    assert is_users("<string>", {"__name__": "team.generated"}), "as a dataclass's __init__"


def test_scripts_are_a_users_and_nameless_code_goes_by_its_file():
    assert is_users(__file__, {"__name__": "__main__"}) and is_users("<string>", {"__name__": "__main__"})
    assert is_users(__file__, {}) and not is_users("<string>", {"yaml": {}}), "the script in a data YAML"
    assert not is_users("<frozen runpy>", {"__name__": "runpy"})


@pytest.mark.parametrize(("name", "users"), [("yolo_feiou.yolo.check_command", False), ("team.train", True)])
def test_a_module_that_python_runs_by_its_name_is_that_module(name, users):
    """As in `python -m NAME`."""
    assert is_users(__file__, {"__name__": "__main__", "__spec__": ModuleSpec(name, None)}) is users


def test_dependencies_are_followed_without_their_extras():
    """Ours and Ultralytics' extras count: their callbacks report to them."""
    needs = {
        "yolo-feiou": ["ultralytics>=8", 'ray>=2; extra == "ray"'],
        "ultralytics": ["Py_Yaml[x]", "yolo-feiou"],
        "py-yaml": ['team-tools; extra == "all"', "zope.interface (>1)"],
    }
    owners = {"yaml": ["Py-YAML"], "ray": ["ray"], "team": ["team-tools"], "zope": ["zope_interface"]}

    def requires(name):
        if name not in needs:
            raise PackageNotFoundError(name)
        return needs[name]

    assert find_known_modules(requires, owners) == {"yolo_feiou", "ultralytics", "yaml", "ray", "zope"}


def test_a_project_that_is_not_installed_is_known_by_its_name():
    """As in a checkout on PYTHONPATH."""
    assert find_known_modules(requires, {}) == {"yolo_feiou", "ultralytics"}
    assert "yolo_feiou" in sys.modules


@pytest.mark.parametrize("script", ["study.py", "learn_oriented.py", "train_families.py"])
def test_a_mistake_in_the_arguments_of_a_script_of_ours_is_one_line(script):
    """Its function `main` stands in `__main__`, as code of a user's would."""
    command = [sys.executable, ROOT / "scripts" / script, "no_such_argument=1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
