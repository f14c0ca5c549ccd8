"""What a run was made by: versions, commit, machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from contextlib import suppress
from datetime import datetime, timezone
from functools import cache
from importlib.metadata import version
from pathlib import Path

import torch

import yolo_feiou
from yolo_feiou.storage.tables import Row

#: Folder of this package.
PACKAGE = Path(yolo_feiou.__file__).parent
#: Where Linux tells what its processors are.
CPUINFO = Path("/proc/cpuinfo")
#: In the environment of a process that sees its GPUs under numbers of its own: the device as it was handed out.
DEVICE = "YOLO_FEIOU_DEVICE"


def make_session(epochs: int, device: str) -> Row:
    """Return the entry of a training that begins, or resumes, now.

    Args:
        epochs: The number of epochs that are done.
        device: As Ultralytics takes it.
    """
    device = os.environ.get(DEVICE) or device
    return {
        "started": get_utc_time(),
        "first_epoch": epochs + 1,
        "device": device or "chosen by Ultralytics",
        "threads": torch.get_num_threads(),
        "machine": name_hardware(device),
        **find_versions(),
    }


def get_utc_time() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def find_versions() -> Row:
    """Return the versions that a result depends on; the commit is empty where the package is not a git checkout."""
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in ("torch", "ultralytics")},
        "yolo_feiou": yolo_feiou.__version__,
        "git_commit": find_git_commit(),
    }


def name_hardware(device: str) -> str:
    """Return the kind of hardware: the GPUs if they are used, otherwise the CPU, by their names.

    A CPU's vector instructions are those that PyTorch uses: with others its sums round in another way, and the same
    seed gives another training.
    """
    if torch.cuda.is_available() and device != "cpu":
        names = {torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())}
        return ", ".join(sorted(names))
    return f"{name_cpu()} ({torch.backends.cpu.get_cpu_capability()}), {os.cpu_count()} cores"


def name_cpu(cpuinfo: Path = CPUINFO) -> str:
    """Return the name of the processor: on Linux that of the kernel, since Python knows its architecture alone."""
    with suppress(OSError):
        if named := re.search(r"^model name\s*:\s*(\S.*)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE):
            return " ".join(named[1].split())
    return platform.processor() or platform.machine()


@cache
def find_git_commit(package: Path = PACKAGE) -> str:
    """Return the commit of the checkout that a package runs from, with '+' if files differ from it.

    Empty where its files are in none, as in an environment that lies in a checkout of something else.
    """
    try:
        commit = _git(package, "rev-parse", "--short=12", "HEAD")
        tracked = _git(package, "ls-files", "--error-unmatch", "__init__.py")
        return commit + ("+" if _git(package, "status", "--porcelain", "--", ".") else "") if tracked else ""
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(folder: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
