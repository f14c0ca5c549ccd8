"""`yolo check`: what it takes, what it prints, and its exit status."""

import subprocess
import sys
import warnings

import pytest
import torch

from yolo_feiou.checks.command import check_losses
from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.losses.table import LOSSES

PLANTED = """
from tests.checks.faulty_losses import attached, eiou

three = lambda pred, target, eps: eps
powered = lambda pred, target, k=1: k * eiou(pred, target)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "my_loss.py").write_text(PLANTED)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_function_that_passes_exits_with_0(folder, capsys):
    assert check_losses(["my_loss.py:eiou"]) == 0
    assert capsys.readouterr().out.endswith("\n0 faults, 0 notes in my_loss.py:eiou\n")


def test_a_function_with_a_fault_exits_with_1(folder, capsys):
    assert check_losses(["my_loss.py:attached"]) == 1
    printed = capsys.readouterr().out
    assert "FAULT attached: two boxes of one size are pushed apart where their IoU is below 0.31" in printed
    assert printed.endswith("\n3 faults, 0 notes in my_loss.py:attached\n")


def test_one_of_several_with_a_fault_exits_with_1(folder, capsys):
    """Whatever the order."""
    assert check_losses(["my_loss.py:attached", "eiou"]) == check_losses(["eiou", "my_loss.py:attached"]) == 1
    assert capsys.readouterr().out.count(" in eiou\n") == 2


def test_losses_of_both_families_are_checked_on_their_boxes(capsys):
    assert check_losses(["kld", "eiou", "bd:focal=1+gwd"]) == 0
    printed = capsys.readouterr().out
    boxes = [line for line in printed.splitlines() if line.startswith("boxes: ")]
    assert boxes == ["boxes: rotated, xywhr", "boxes: axis-aligned, xyxy", "boxes: rotated, xywhr"]
    assert printed.count("recognised: ") == 1 and printed.count("ok    half-turn: ") == 2


ROTATED = """
from tests.checks.faulty_rotated_losses import angle_reversed, sound
from yolo_feiou.losses.rotated import bd

of_pair = lambda pair, floor=0.0: bd(pair, "log", 1, floor)
"""


def test_a_function_is_checked_on_rotated_boxes_where_the_task_has_them(folder, capsys):
    """Two tensors or a pair, with its parameters; of 'all', those of the task alone."""
    (folder / "turned.py").write_text(ROTATED)
    assert check_losses(["turned.py:sound", "turned.py:of_pair", "task=obb"]) == 0
    assert capsys.readouterr().out.count("\n0 faults, 0 notes in turned.py:") == 2
    assert check_losses(["turned.py:of_pair:floor=0.01", "task=obb"]) == 0
    assert capsys.readouterr().out.endswith("\n0 faults, 1 note in turned.py:of_pair:floor=0.01\n")
    assert check_losses(["turned.py:of_pair:weight=2,focal=0.5", "turned.py:sound+kld", "task=obb"]) == 0
    assert capsys.readouterr().out.count("boxes: rotated, xywhr") == 2
    assert check_losses(["turned.py:angle_reversed", "task=obb"]) == 1
    assert "FAULT parts: a small step in the angle lowers the ProbIoU of 99.0%" in capsys.readouterr().out
    assert check_losses(["turned.py:sound"]) == 1
    assert "boxes: axis-aligned, xyxy" in capsys.readouterr().out
    assert check_losses(["all", "task=obb"], table=["iou", "probiou", "kld"]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if line in LOSSES] == ["probiou", "kld"]


def test_another_signature_is_refused(folder):
    with pytest.raises(
        ArgumentError, match=r"my_loss.py:three takes eps without a default: expected a function \(pred"
    ):
        check_losses(["my_loss.py:three"])


def test_a_function_with_parameters(folder, capsys):
    assert check_losses(["my_loss.py:powered:k=2"]) == 0
    assert "recognised: 2 · (1 − IoU + ρ²/c² + Δw²/C_w² + Δh²/C_h²)" in capsys.readouterr().out


def test_a_spec_is_checked_like_a_function(capsys):
    assert check_losses(["focal_eiou:gamma=1,norm=tal"]) == 0
    assert "recognised: IoU · (1 − IoU + ρ²/c² + Δw²/C_w² + Δh²/C_h²)" in capsys.readouterr().out


def test_all_checks_every_loss_of_the_table(capsys):
    """Of which the first two do here; that each passes is tested with the catalogue."""
    two = list(LOSSES)[:2]
    assert check_losses(["all"], table=two) == 0
    printed = capsys.readouterr().out
    assert [line.rpartition(" in ")[2] for line in printed.splitlines() if " faults, " in line] == two


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ([], ArgumentError, "^got no loss: expected 'yolo check my_loss.py:my_function', or 'yolo check focal_eiou'.$"),
        (
            ["--fix", "eiou"],
            ArgumentError,
            r"^got --fix, expected losses only: 'yolo check .* \[task=obb\] \[timeout=SECONDS\]'.$",
        ),
        (["my_los.py:eiou"], ArgumentError, "^there is no file my_los.py in .*: did you mean 'my_loss.py'"),
        (["my_loss.py:eiuo"], ArgumentError, "has no function 'eiuo'"),
        (["my_loss.py"], ArgumentError, "expected 'file.py:function'"),
        (["focal_eoiu"], LossSpecError, "^unknown loss 'focal_eoiu': did you mean 'focal_eiou'"),
        (["eiou:gamma=1"], LossSpecError, "has no parameter 'gamma'"),
        (["gamma=1"], ArgumentError, r"^'yolo check' has no argument 'gamma'\. It has timeout, task\.$"),
        (
            ["timout=60", "my_loss.py:eiou"],
            ArgumentError,
            "^'yolo check' has no argument 'timout': did you mean 'timeo",
        ),
        (["my_loss.py:eiou", "feild=1"], ArgumentError, "^'yolo check' has no argument 'feild'"),
        (["my_loss.py:powered:j=1"], LossSpecError, "no parameter 'j'"),
        (["eiou", "task=obb"], LossSpecError, "'eiou' is of axis-aligned boxes, and task=obb has rotated boxes: choo"),
        (["eiou", "kld", "task=detect"], LossSpecError, "^loss 'kld' is of rotated boxes, and task=detect has axis-al"),
        (["my_loss.py:eiou+eiou", "task=obb"], LossSpecError, "is of axis-aligned boxes, and task=obb has rotated"),
        (["my_loss.py:eiou", "task=ob"], ArgumentError, "task=ob is not one of detect, segment, pose, obb"),
        (["eiou", "stock"], LossSpecError, "use 'ciou', which is YOLO's with guards"),
    ],
)
def test_mistakes_are_named_before_anything_is_checked(folder, capsys, words, error, message):
    with pytest.raises(error, match=message):
        check_losses(words)
    assert capsys.readouterr().out == ""


def test_no_default_is_told_of_a_task_that_the_loss_decides(capsys):
    check_losses(["--help"])
    assert (
        "    task=                        whose boxes a loss is checked on; by default its own"
        in capsys.readouterr().out
    )


def test_no_warning_and_no_setting_changed(folder):
    before = torch.get_rng_state(), torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_losses(["my_loss.py:eiou"])
    after = torch.get_rng_state(), torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    assert torch.equal(before[0], after[0]) and before[1:] == after[1:]


@pytest.mark.slow
def test_neither_ultralytics_nor_torchvision_is_needed(real_python):
    code = """
import sys
from yolo_feiou.checks.command import check_losses
assert check_losses(["eiou"]) == 0
assert not {"ultralytics", "torchvision"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
