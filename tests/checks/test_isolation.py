"""Whatever a loss does ends in a report, with a fault where it computes no values, never in a traceback or a hang."""

import os
import re
import signal
import sys

import pytest
import torch

from tests.checks.loss_files import EIOU, check_file, children
from yolo_feiou.checks.catalogue import CHECKS, list_checks, run_checks
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.command import check_losses
from yolo_feiou.checks.isolation import run_checks_isolated
from yolo_feiou.checks.report import format_report
from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.build import build_loss

#: What finds the way to the parent.
CHANNEL = (
    "import gc, socket; (channel,) = [s for s in gc.get_objects() if isinstance(s, socket.socket) and s.fileno() >= 0]"
)
#: The top of each file, its function's body, and what the report says. The function is EIoU otherwise.
FILES = {
    "exits": ("", "sys.exit(3)", "got SystemExit: 3"),
    "exits at once": ("", "os._exit(3)", "got exit status 3 while it is called"),
    "exits well": ("", "os._exit(0)", "got exit status 0 while it is called"),
    "exits at import": ("os._exit(5)", "", "got exit status 5 while it is imported"),
    "aborts": ("", "os.abort()", "got signal SIGABRT while it is called"),
    "crashes": ("", "ctypes.string_at(0)", "got signal SIGSEGV while it is called"),
    "crashes at import": ("ctypes.string_at(0)", "", "got signal SIGSEGV while it is imported"),
    "is killed": ("", "os.kill(os.getpid(), 9)", "got signal SIGKILL, perhaps since memory was exhausted"),
    "hangs": ("", "time.sleep(1e6)", "got nothing within 3 s while it is called"),
    "hangs in a loop": ("", "while True: pass", "got nothing within 3 s while it is called"),
    "hangs at import": ("while True: pass", "", "got nothing within 3 s while it is imported"),
    "hangs and won't be ended": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "while True: pass",
        "got nothing within 3 s",
    ),
    "recurses": ("", "f(pred, target)", "got RecursionError"),
    "recurses beyond all limits": ("sys.setrecursionlimit(10**9)", "f(pred, target)", "FAULT runs: "),
    "prints without end": ("", "while True: print('x' * 1000)", "got nothing within 3 s"),
    "closes everything": ("", "os.closerange(0, 4096)", "it closes file descriptors that it didn't open"),
    "replaces a function": ("torch.Tensor.sigmoid = None", "", "changed: torch.Tensor.sigmoid"),
    "sets the dtype": ("torch.set_default_dtype(torch.float64)", "", "changed: the default dtype"),
    "turns gradients off": ("torch.set_grad_enabled(False)", "", "changed: whether gradients are enabled"),
    "forks without end": ("", "while True: os.fork() or time.sleep(0.5) or os._exit(0)", "got nothing within 3 s"),
    "writes results of its own": (
        CHANNEL,
        'channel.send(b\'{"check": "runs", "finding": 7}\\n\' * 9)',
        "it interferes with the",
    ),
    "writes rubbish": (CHANNEL, "channel.send(b'[' * 9999 + b'\\n')", "it interferes with the check"),
    "writes without end": (CHANNEL, "channel.sendall(b'x' * 2**24)", "more than 4,194,304 bytes of results"),
    "colours its error": ("", "raise ValueError('\\x1b[31mred\\x1b[0m\\nline')", "got ValueError:  [31mred [0m line"),
}


#: Those that are ended after 3 s, which the test waits for.
ENDED = [name for name, (_, _, told) in FILES.items() if "within 3 s" in told or "recurses" in name]


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in ENDED)) for name in FILES])
def test_whatever_a_loss_does_it_ends_in_a_report(folder, capsys, name):
    top, body, told = FILES[name]
    check_file(folder, capsys, top, body, told, timeout=3 if name in ENDED else 60)


def test_a_loss_of_the_table_is_judged_as_in_this_process():
    for spec in ("eiou", "focal_eiou:gamma=1", "focal_eiou:detach=false", "kld:focal=1"):
        (apart,), here = run_checks_isolated([spec], 60), run_checks(CheckedLoss(spec, build_loss(spec)))
        assert apart.results == here.results and format_report(apart) == format_report(here)


def test_without_fork_a_loss_is_judged_in_this_process(folder, capsys, monkeypatch):
    (folder / "my.py").write_text(EIOU.format(top="", body="raise ValueError('x')"))
    monkeypatch.delattr(os, "fork")
    assert check_losses(["eiou", "my.py:f"]) == 1
    printed = capsys.readouterr().out
    assert "0 faults, 0 notes in eiou" in printed and "got ValueError: x" in printed
    assert check_losses(["my.py:f", "kld", "task=obb"]) == 1
    assert capsys.readouterr().out.count("boxes: rotated, xywhr") == 2
    with pytest.raises(ArgumentError, match="has no function 'g'"):
        check_losses(["eiou", "my.py:g"])
    assert capsys.readouterr().out == ""


def test_those_beside_a_loss_that_fails_are_judged_all_the_same(folder, capsys):
    (folder / "my.py").write_text(EIOU.format(top="torch.Tensor.clone = None; os._exit(1)", body="pass"))
    assert check_losses(["my.py:f", "eiou", "my.py:f"]) == 1
    printed = capsys.readouterr().out
    assert printed.count("1 fault, 0 notes in my.py:f") == 2 and "0 faults, 0 notes in eiou" in printed


def test_checks_before_the_failure_keep_their_results(folder, capsys):
    # It ends at the 12th call; those before it were answered.
    (folder / "my.py").write_text(EIOU.format(top="calls = []", body="calls.append(1); len(calls) < 12 or os._exit(9)"))
    assert check_losses(["my.py:f"]) == 1
    lines = capsys.readouterr().out.splitlines()
    oks = [line for line in lines if line.startswith("ok ")]
    assert len(oks) >= 3 and lines[4 + len(oks)].endswith(": it ends the process")
    assert lines[-3].startswith("not checked until that is fixed: ") and lines[-3].endswith(CHECKS[-1].name)


@pytest.mark.parametrize("place", [CHECKS.index(check) for check in list_checks("aligned")[-2:]])
def test_a_failure_in_a_check_that_gives_notes_is_a_fault(folder, capsys, place):
    # Both give notes. The file puts another function in the place of that check.
    top = f"""
import dataclasses
import yolo_feiou.checks.catalogue as catalogue
last = dataclasses.replace(CHECK, find=lambda subject: os._exit(4))
catalogue.CHECKS = (*catalogue.CHECKS[:{place}], last)
""".replace("CHECK,", f"catalogue.CHECKS[{place}],")
    (folder / "my.py").write_text(EIOU.format(top=top, body="pass"))
    assert check_losses(["my.py:f"]) == 1
    assert f"FAULT {CHECKS[place].name}: it ends the process" in capsys.readouterr().out


def test_a_loss_that_exits_is_a_fault_where_sigchld_is_ignored(folder, capsys):
    (folder / "my.py").write_text(EIOU.format(top="", body="os._exit(7)"))
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert check_losses(["my.py:f"]) == 1 and check_losses(["eiou"]) == 0
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert "got its end while it is called" in capsys.readouterr().out


def test_what_it_printed_last_is_told(folder, capsys):
    (folder / "my.py").write_text(EIOU.format(top="", body="print('here'); print('it \\x07 broke'); os._exit(1)"))
    check_losses(["my.py:f"])
    assert "got exit status 1 while it is called; the last it printed: it   broke" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit(3)", "can't import my.py, line 1: SystemExit: 3. Expected a file that"),
        ("class Odd(BaseException): pass\nraise Odd('x')", "can't import my.py, line 2: Odd: x. Expected a file that"),
        ("f = 7", "my.py:f is int: expected a function"),
        ("g = print", "my.py has no function 'f'"),
    ],
)
def test_a_file_that_has_no_function_is_named_before_anything_is_judged(folder, capsys, code, message):
    (folder / "my.py").write_text(code)
    before = children()
    with pytest.raises(ArgumentError, match=re.escape(message)):
        check_losses(["eiou", "my.py:f"])
    assert capsys.readouterr().out == "" and not children() - before


@pytest.mark.slow
def test_timeout_gives_a_loss_more_time(folder, capsys):
    (folder / "my.py").write_text(EIOU.format(top="time.sleep(1)", body="pass"))
    assert check_losses(["my.py:f", "timeout=0.5"]) == 1
    assert "timeout=SECONDS" in capsys.readouterr().out
    assert check_losses(["timeout=60", "my.py:f"]) == 0
    with pytest.raises(ArgumentError, match="timeout=soon is not a number from 0.1 to"):
        check_losses(["my.py:f", "timeout=soon"])


def test_the_function_is_never_loaded_in_this_process(folder):
    (folder / "seen_here.py").write_text(EIOU.format(top="", body="pass"))
    before = set(sys.modules), torch.Tensor.clone
    check_losses(["seen_here.py:f"])
    assert set(sys.modules) == before[0] and torch.Tensor.clone is before[1]
