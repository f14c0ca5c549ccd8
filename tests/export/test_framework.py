"""What an export asks of a framework, of which there is one implementation for each."""

import inspect

import pytest

from yolo_feiou.export.detector_runs import DETECTORS
from yolo_feiou.export.framework import ExportFramework
from yolo_feiou.export.ultralytics_runs import ULTRALYTICS

ASKED = [name for name in vars(ExportFramework) if not name.startswith("_")]


@pytest.mark.parametrize("framework", [ULTRALYTICS, DETECTORS])
def test_a_framework_has_all_that_is_asked_for(framework):
    assert len(ASKED) > 10
    for name in ASKED:
        asked, there = getattr(ExportFramework, name), getattr(framework, name)
        if callable(asked):
            own = list(inspect.signature(asked).parameters)[1:]
            assert list(inspect.signature(there).parameters) == own, name
        else:
            assert isinstance(there, str | tuple), name
