"""Files with a loss that does more than compute values, and what the command says of one."""

import os
import time
from pathlib import Path

import tests.checks.faulty_losses  # noqa: F401  # once, with torchvision, and not in every process that is forked
from yolo_feiou.checks.command import check_losses

#: A file with EIoU, and what it does when it is imported and when it is called.
EIOU = """
import ctypes, os, signal, sys, time
import torch
from tests.checks.faulty_losses import eiou
{top}
def f(pred, target):
    {body}
    return eiou(pred, target)
"""


def check_file(folder, capsys, top, body, told, timeout=60):
    """Check a loss in a process of its own: it is sound, or `told` is the finding, and no process is left."""
    (folder / "my.py").write_text(EIOU.format(top=top, body=body or "pass"))
    before = children()
    began = time.monotonic()
    status = check_losses(["my.py:f", f"timeout={timeout}"])
    printed, complained = capsys.readouterr()
    assert time.monotonic() - began < 70 and complained == ""
    assert status == (told is not None), printed
    if told:
        assert told in printed and "FAULT " in printed
        assert printed.splitlines()[-1].split(",")[0] in ("1 fault", "2 faults", "3 faults")
    else:
        assert printed.endswith("0 faults, 0 notes in my.py:f\n")
    assert not children() - before


def children():
    """The processes that this one has started and that are left, those of other tests among them."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(path.read_text().split()) if path.exists() else set()
