"""`yolo-feiou doctor`: the state of the installation, and which of the two `yolo` scripts runs."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sysconfig
from importlib.metadata import version
from pathlib import Path

from yolo_feiou import __version__
from yolo_feiou.storage.tables import atomic_file
from yolo_feiou.terminal import say

#: The folder of this environment's scripts.
SCRIPTS = Path(sysconfig.get_path("scripts"))
#: The oldest and the newest Ultralytics that the tests have passed with; scripts/test_versions.sh runs them.
TESTED_RELEASES = ("8.3.119", "8.4.190")
#: Releases between them whose own training diverges.
BROKEN_RELEASES = ("8.4.0", "8.4.1", "8.4.2")


def diagnose(fix: bool = False, scripts: Path = SCRIPTS) -> int:
    """Print versions, device and the active `yolo`; return 0 if all is well and 1 if not.

    Args:
        fix: Put our `yolo` in the place of Ultralytics' script in this environment.
        scripts: The folder of this environment's scripts.
    """
    import torch

    for package in ("yolo-feiou", "ultralytics", "torch", "torchvision"):
        say(f"{package:12} {__version__ if package == 'yolo-feiou' else version(package)}")
    say(f"{'python':12} {platform.python_version()}")
    say(f"{'device':12} {torch.cuda.get_device_name() if torch.cuda.is_available() else 'cpu'}")
    in_range = check_range(version("ultralytics"))
    free = check_taken_arguments()
    if fix:
        replace_script(scripts)
    return 0 if check_script(scripts) and in_range and free else 1


def check_taken_arguments() -> bool:
    """Print which of our arguments this Ultralytics has as its own, if any, and return whether there is none."""
    from yolo_feiou.yolo.default_cfg import find_taken_arguments

    if names := sorted(find_taken_arguments()):
        say(f"{'arguments':12} Ultralytics has {', '.join(names)}= of its own, so that ours can't be given: update")
    return not names


def check_range(installed: str) -> bool:
    """Print whether this Ultralytics is one that was tested, and return it."""
    numbers = [
        tuple(map(int, re.findall(r"\d+", text)[:3])) for text in (TESTED_RELEASES[0], installed, TESTED_RELEASES[1])
    ]
    tested = numbers[0] <= numbers[1] <= numbers[2] and installed not in BROKEN_RELEASES
    of = f"Ultralytics {TESTED_RELEASES[0]} to {TESTED_RELEASES[1]}"
    say(f"{'tested with':12} {of}: {installed} is {'in' if tested else 'NOT in'} it")
    return tested


def check_script(scripts: Path) -> bool:
    """Print which `yolo` the shell finds and whose it is, and return whether it is ours."""
    found = shutil.which("yolo") or shutil.which("yolo", path=str(scripts))
    if not found:
        say(f"{'yolo':12} not found: 'yolo-feiou' is the same command")
        return False
    ours = b"yolo_feiou.cli" in Path(found).read_bytes()
    say(f"{'yolo':12} {found}: {'ours, loss= works' if ours else 'the one of Ultralytics, it refuses loss='}")
    if not ours:
        say(f"{'':12} 'yolo-feiou' is the same command as ours; 'yolo-feiou doctor --fix' puts ours in place")
        if Path(found).parent != scripts:
            say(f"{'':12} it lies outside this environment ({scripts}), where --fix writes: mind your PATH")
    return ours


def replace_script(scripts: Path) -> None:
    """Copy our script, or on Windows our launcher, over the one called `yolo` in the same folder.

    Another file than Ultralytics' script or ours, such as a wrapper of the user's, stays as it is.
    """
    found = [scripts / name for name in ("yolo-feiou", "yolo-feiou.exe") if (scripts / name).is_file()]
    for ours in found:
        stocks = ours.with_name(ours.name.replace("yolo-feiou", "yolo"))
        if os.path.lexists(stocks) and not is_console_script(stocks):
            say(f"{'not fixed':12} {stocks} is not a script of Ultralytics or yolo-feiou: rename it, and --fix again")
            continue
        with atomic_file(stocks) as part:
            shutil.copy2(ours, part)
        say(f"{'fixed':12} {stocks}")
    if not found:
        say(f"{'not fixed':12} there is no yolo-feiou in {scripts}: install the package into this environment first")


def is_console_script(path: Path) -> bool:
    """Whether a file is what pip makes of Ultralytics' command or of ours."""
    if path.is_symlink() or not path.is_file():
        return False
    content = path.read_bytes()
    return b"yolo_feiou.cli" in content or b"from ultralytics.cfg import entrypoint" in content
