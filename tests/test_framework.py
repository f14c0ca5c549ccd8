"""What the package asks of a framework, whichever it is."""

import sys
from types import ModuleType

import pytest

from yolo_feiou.framework import Split, load_framework


def test_a_module_names_it(monkeypatch):
    module = ModuleType("another_framework")
    module.FRAMEWORK = object()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert load_framework("another_framework") is module.FRAMEWORK
    with pytest.raises(ModuleNotFoundError):
        load_framework("no_framework")


def test_the_files_of_a_split_are_in_the_order_of_its_labels(tmp_path):
    labels = [{"im_file": name} for name in ("b.jpg", "a.jpg")]
    assert Split("it", tmp_path, ["cat"], labels, [], 0).files == ["b.jpg", "a.jpg"]
