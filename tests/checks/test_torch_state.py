"""What a loss changes in torch is named."""

import subprocess
import sys

import pytest
import torch

from tests.checks import faulty_losses
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.interface import check_torch_unchanged
from yolo_feiou.checks.torch_state import Snapshot


def test_nothing_is_changed_by_looking():
    assert Snapshot().changes() == []


@pytest.mark.parametrize(
    ("place", "name", "told"),
    [
        (torch, "clamp", "torch.clamp"),
        (torch.Tensor, "clamp", "torch.Tensor.clamp"),
        (torch.nn.functional, "relu", "torch.nn.functional.relu"),
        (torch.autograd, "grad", "torch.autograd.grad"),
    ],
)
def test_a_function_that_was_replaced_or_removed_is_named(monkeypatch, place, name, told):
    before = Snapshot()
    monkeypatch.setattr(place, name, lambda *arguments: None, raising=False)
    assert before.changes() == [told]
    monkeypatch.undo()
    assert before.changes() == []


def test_a_setting_that_was_changed_is_named():
    before = Snapshot()
    try:
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        assert before.changes()[:2] == ["the default dtype", "whether gradients are enabled"]
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
    assert before.changes() == []


def test_what_was_changed_while_the_loss_was_loaded_is_found(monkeypatch):
    before = Snapshot()
    with torch.no_grad():
        subject = CheckedLoss("f", faulty_losses.eiou, before)
    assert check_torch_unchanged(subject).came == "changed: whether gradients are enabled"
    monkeypatch.setattr(torch, "ones", torch.zeros)
    for name in ("sum", "exp", "log"):
        monkeypatch.setattr(torch.Tensor, name, torch.Tensor.mean)
    found = check_torch_unchanged(CheckedLoss("f", faulty_losses.eiou, before))
    monkeypatch.undo()
    assert found.came.startswith("changed: torch.ones, torch.Tensor.") and found.came.endswith(" and 1 more")


@pytest.mark.slow
def test_what_torch_does_to_itself_is_no_change():
    """Importing its compiler, as torchvision does, wraps `manual_seed`; in a process that hasn't yet."""
    code = (
        "import functools, torch\nfrom yolo_feiou.checks.torch_state import Snapshot\nbefore = Snapshot()\n"
        "import torch._dynamo\nprint(before.changes())\n"
        "torch.exp = functools.wraps(torch.exp)(lambda x: x)\nprint(before.changes())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "['torch.exp']"]
