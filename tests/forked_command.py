"""Our command in a process that is forked from one which has imported torch and Ultralytics once, instead of anew.

What differs from `python -m yolo_feiou` is that the imports are done, which take two of the three seconds that a small
command lasts. A test of imports or of start-up, of signals, or with another environment starts a process of its own.
"""

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

#: Imported once, and never run: none of them starts a thread.
MODULES = ["yolo_feiou.cli", "yolo_feiou.yolo.model", "yolo_feiou.ablation.command", "yolo_feiou.report.command"]
#: pytest changes it for each test.
OF_THE_TEST = "PYTEST_CURRENT_TEST"

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(MODULES)
_environment = {}


def environment():
    """Return the environment that a forked command would have to see as it was when the server began."""
    return {key: value for key, value in os.environ.items() if key != OF_THE_TEST}


def run(words, folder, timeout=300):
    """Run our command with words in a folder, and return the finished process as `subprocess.run` does."""
    line = [sys.executable, "-m", "yolo_feiou", *words]
    if not _environment:
        _environment.update(environment())
    if environment() != _environment:
        return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False)
    with tempfile.TemporaryDirectory() as kept:
        files = [Path(kept, name) for name in ("stdout", "stderr")]
        process = _context.Process(target=_main, args=(words, str(folder), list(map(str, files))))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(line, timeout)
        return subprocess.CompletedProcess(line, process.exitcode, *(file.read_text() for file in files))


def _main(words, folder, files):
    """Be `python -m yolo_feiou`, from its first line to its last, in a process that was just forked."""
    import ultralytics.utils

    for number, file in enumerate(files, 1):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = ultralytics.utils.ARGV  # which Ultralytics kept when it was imported
    sys.argv[:] = ["-m", *words]
    multiprocessing.process._parent_process = None  # a command has none of this kind
    try:
        runpy.run_module("yolo_feiou", run_name="__main__", alter_sys=True)
    except SystemExit:
        raise
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
    finally:
        atexit._run_exitfuncs()
        if coverage := sys.modules.get("coverage"):
            measured = coverage.Coverage.current()
            if measured is not None:
                measured.stop()
                measured.save()
