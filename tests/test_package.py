"""Importing is light: torch at most, nothing printed, nothing patched."""

import subprocess
import sys

import pytest

import yolo_feiou


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_brings_no_ultralytics_and_prints_nothing():
    assert (
        python("import yolo_feiou, sys; assert 'ultralytics' not in sys.modules; yolo_feiou.build_loss('eiou')") == ""
    )


def test_public_names_are_there():
    assert all(getattr(yolo_feiou, name) for name in yolo_feiou.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        yolo_feiou.nope  # noqa: B018


def test_import_of_trainers_patches_nothing():
    code = """
from ultralytics.utils import DEFAULT_CFG_DICT
import ultralytics, subprocess, torch
before = dict(DEFAULT_CFG_DICT), ultralytics.YOLO, subprocess.run, torch.nn.parallel.DistributedDataParallel
from yolo_feiou import YOLO, DetectionTrainer
assert before == (DEFAULT_CFG_DICT, ultralytics.YOLO, subprocess.run, torch.nn.parallel.DistributedDataParallel)
"""
    python(code)
