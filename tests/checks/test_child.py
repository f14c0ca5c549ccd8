"""The process of a loss has limits, harms no other, and ends with its parent."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.checks.loss_files import EIOU, check_file
from yolo_feiou.checks.child import FILE_SIZE_LIMIT, MAX_TEXT_LENGTH, MEMORY_LIMIT
from yolo_feiou.checks.command import TIMEOUT_ARGUMENT, check_losses

#: The top of each file, its function's body, and what the result says. The function is EIoU otherwise.
FILES = {
    "kills its group": ("", "os.killpg(0, 9)", "got signal SIGKILL"),
    "kills its parent": ("", "os.kill(os.getppid(), 9)", "PermissionError: a loss under check may not send a signal"),
    "kills everybody": ("", "os.kill(-1, 9)", "PermissionError: a loss under check may not send a signal"),
    "waits for a word": ("", "input()", "got EOFError"),
    "raises what is no Exception": ("", "raise KeyboardInterrupt", "got KeyboardInterrupt"),
    "interrupts its import": ("raise KeyboardInterrupt", "", "got KeyboardInterrupt"),
    "eats memory": ("kept = []", "while True: kept.append(torch.ones(2**29))", "can't allocate memory"),
    "eats memory with lists": ("kept = []", "while True: kept.append([0] * 2**28)", "got MemoryError"),
    "closes its output": ("sys.stdout.close(); os.close(1); os.close(2)", "", None),
    "replaces what the checks need": ("torch.Tensor.clone = None", "", "it changes torch.Tensor.clone"),
    "replaces builtins": ("import builtins; builtins.len = None", "", "got TypeError"),
    "comes back twice": ("left = [1]", "left and (left.pop(), os.fork())", None),
    "writes a large file": (
        "",
        f"open('large', 'wb').truncate({FILE_SIZE_LIMIT + 1})",
        "got OSError: [Errno 27] File too large",
    ),
    "would dump core": (
        "import resource",
        "assert 0, resource.getrlimit(resource.RLIMIT_CORE)",
        "got AssertionError: (0, 0)",
    ),
    "has its time": (
        "import resource",
        "assert 0, resource.getrlimit(resource.RLIMIT_CPU)",
        "AssertionError: (180, 180)",
    ),
    "raises a long text": ("", "raise ValueError('x' * 2**23)", f"got ValueError: {'x' * (MAX_TEXT_LENGTH - 12)}\n"),
}


@pytest.mark.parametrize("name", FILES)
def test_whatever_a_loss_does_it_ends_in_a_report_and_harms_no_other_process(folder, capsys, name):
    check_file(folder, capsys, *FILES[name])


def test_what_it_prints_is_not_in_the_report(folder, capfd):
    (folder / "my.py").write_text(EIOU.format(top="print('top')", body="print('called', file=sys.stderr)"))
    assert check_losses(["my.py:f"]) == 0
    printed = capfd.readouterr()
    assert "top" not in printed.out and "called" not in printed.out + printed.err


def test_the_page_has_the_limits():
    text = " ".join((Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8").split())
    assert f"with {TIMEOUT_ARGUMENT.default:g} seconds (`timeout=60` for others)" in text
    assert f"on Linux, {MEMORY_LIMIT // 2**30} GiB of memory beyond what Python takes" in text


def test_it_ends_with_the_command_that_was_killed(folder):
    (folder / "my.py").write_text(EIOU.format(top="open('pid', 'w').write(str(os.getpid()))", body="time.sleep(1e6)"))
    line = [sys.executable, "-m", "yolo_feiou", "check", "my.py:f"]
    command = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not ((folder / "pid").exists() and (folder / "pid").read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    pid = int((folder / "pid").read_text())
    command.send_signal(signal.SIGKILL)
    command.wait()
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid):
    """Whether a process runs; one that only waits to be buried doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
