"""Parts of messages that several modules share, and which errors are a user's mistakes."""

import linecache
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import ultralytics

from yolo_feiou import errors
from yolo_feiou.errors import ArgumentError, did_you_mean, first_three


@pytest.mark.parametrize(
    ("names", "told"),
    [("", ""), ("a", "a"), ("abc", "a, b, c"), ("abcd", "a, b, c and 1 more"), ("x" * 2003, "x, x, x and 2,000 more")],
)
def test_the_first_three_are_named_and_the_others_counted(names, told):
    assert first_three(list(names)) == told


def test_positions_are_named_by_a_function_which_the_others_do_not_need():
    names = {4: "four", 6: "six", 9: "nine"}
    assert first_three(np.array([4, 6, 9, 11, 12]), names.__getitem__) == "four, six, nine and 2 more"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("eoiu", ": did you mean 'eiou'?"),
        ("coco", ": did you mean 'pycocotools'?"),  # a part of a name, of two the nearer one
        ("foobar", "."),
        ("xyz", "."),
    ],
)
def test_a_near_miss_is_told_and_nothing_else(word, told):
    assert did_you_mean(word, ("eiou", "report", "checks", "faster-coco-eval", "pycocotools")) == told


def caught(act):
    try:
        act()
    except Exception as error:
        return error
    raise AssertionError("no error")


def test_errors_of_ours_and_of_ultralytics_are_one_line():
    from ultralytics.utils.checks import check_file

    from yolo_feiou import build_loss

    for error in (caught(lambda: build_loss("nope")), caught(lambda: check_file("nope.yaml"))):
        error.__traceback__ = error.__traceback__.tb_next.tb_next  # but for this file's frames
        assert errors.is_user_mistake(error)


@pytest.mark.parametrize(
    ("code", "is_told"),
    [
        ("def run():\n    raise TypeError('epochs=x is of invalid type')\n", True),
        ("def run():\n    raise ValueError(\n        'Invalid export format'\n    )\n", True),
        ("def run():\n    return None + 1\n", False),
        ("def run():\n    return int('x')\n", False),
    ],
)
def test_what_ultralytics_raises_itself_is_a_mistake_and_a_fault_of_its_code_is_none(monkeypatch, code, is_told):
    path, namespace = str(Path(ultralytics.__file__).parent / "made_up.py"), {"__name__": "ultralytics.made_up"}
    monkeypatch.setitem(linecache.cache, path, (len(code), None, code.splitlines(keepends=True), path))
    exec(compile(code, path, "exec"), namespace)
    error = caught(namespace["run"])
    error.__traceback__ = error.__traceback__.tb_next  # but for this file's frame
    assert errors.is_user_mistake(error) == is_told


def test_an_error_through_a_package_that_a_user_has_installed_is_no_mistake(tmp_path, monkeypatch):
    """A callback of a colleague's, in site-packages, that looks for a file of its own."""
    site = tmp_path / "lib" / "site-packages"
    site.mkdir(parents=True)
    (site / "team_callbacks.py").write_text("def mine(trainer):\n    open('nope.txt')\n")
    monkeypatch.syspath_prepend(site)
    from team_callbacks import mine

    def run_callbacks():
        namespace = {"__name__": "ultralytics.engine.trainer"}
        exec(compile("def run(callback):\n    callback(None)\n", ultralytics.__file__, "exec"), namespace)
        namespace["run"](mine)

    error = caught(run_callbacks)
    error.__traceback__ = error.__traceback__.tb_next.tb_next  # but for this file's frames
    assert isinstance(error, FileNotFoundError) and not errors.is_user_mistake(error)


def test_an_error_that_a_users_own_has_caused_is_no_mistake():
    error = ArgumentError("wrong")
    error.__cause__ = caught(lambda: [].pop())  # which this file, a user's, has done
    assert not errors.is_user_mistake(error)
    error.__cause__ = None
    assert errors.is_user_mistake(error)


BEGINNING = """
import atexit, ctypes, sys, threading, time
from yolo_feiou.errors import Interrupted, exit_on_error
atexit.register(ctypes.pythonapi.PyRun_SimpleString, b"print('the end')")  # which makes Python forget the interrupt
"""


@pytest.mark.parametrize(
    ("raised", "interrupted", "told"),
    [
        ("KeyboardInterrupt", "'interrupted; nothing is kept'", "interrupted; nothing is kept\n"),
        ("Interrupted('interrupted; this resumes it')", "'interrupted'", "interrupted; this resumes it\n"),
        ("Interrupted('interrupted; this resumes it')", "None", "interrupted; this resumes it\n"),
    ],
)
@pytest.mark.usefixtures("real_python")
def test_an_interrupt_is_a_line_and_ends_the_process_by_its_signal(raised, interrupted, told, monkeypatch):
    """After its threads and what is to be done at its exit, and with all that they print, which is buffered."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    thread = "threading.Thread(target=lambda: (time.sleep(0.3), print('a thread'))).start()"
    code = f"{BEGINNING}{thread}\nwith exit_on_error({interrupted}):\n    raise {raised}\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout) == (-signal.SIGINT, told, "a thread\nthe end\n")


@pytest.mark.usefixtures("real_python")
def test_an_interrupt_that_has_ended_what_reads_the_output_is_one(monkeypatch):
    """Of what is buffered; what isn't meets the closed pipe when it is printed."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    code = f"{BEGINNING}with exit_on_error():\n    print('x' * 99)\n    sys.stdin.read()\n    raise KeyboardInterrupt\n"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    process.stdout.close()
    process.stdin.close()
    assert process.wait() == -signal.SIGINT


@pytest.mark.usefixtures("real_python")
def test_another_error_after_an_interrupt_keeps_its_traceback():
    told = "try:\n    with exit_on_error():\n        raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n    1 / 0\n"
    done = subprocess.run([sys.executable, "-c", BEGINNING + told], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.endswith("ZeroDivisionError: division by zero\n")
