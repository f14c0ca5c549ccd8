"""A process that is forked is what it would be if it were begun anew, but for its imports."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from tests import forked_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")

PLACE = """
import json, os, signal, sys
told = {
    "argv": sys.argv, "orig_argv": sys.orig_argv, "path": sys.path[0], "name": __name__,
    "file": [globals().get("__file__"), sys._getframe().f_code.co_filename],
    "folder": os.getcwd(), "environment": {k: v for k, v in os.environ.items() if k != "LC_CTYPE"},
    "parent": os.getppid(), "leads": [os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid()],
    "command": open("/proc/self/cmdline").read().rstrip("\\0"),
    "signals": [str(signal.getsignal(n)).split()[:2] for n in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)],
    "at once": [s.line_buffering or s.write_through for s in (sys.stdout, sys.stderr)], "input": sys.stdin.read(),
}
print(json.dumps(told))
print("to stderr", file=sys.stderr)
"""


def both(monkeypatch, words, **options):
    """What comes of a command line of Python in a process that is forked, and in one that is begun anew."""
    line = [sys.executable, *words]
    given = {"capture_output": True, "text": True, "timeout": 60, "check": False, **options}
    forked = subprocess.run(line, **given)
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", forked_python.REAL)
        return forked, subprocess.run(line, **given)


@pytest.fixture
def knows():
    """A function that tells whether a process with certain options is forked: it knows torch unasked."""

    def ask(*words, **options):
        line = [sys.executable, *words, "-c", "import sys; print('torch' in sys.modules)"]
        return subprocess.run(line, capture_output=True, text=True, check=True, **options).stdout == "True\n"

    return ask


@pytest.mark.parametrize("session", [False, True])
@pytest.mark.parametrize("words", [["-c", PLACE], ["-m", "place"], ["place.py"], ["-u", "folder/place.py"]])
def test_its_place_is_that_of_one_begun_anew(monkeypatch, tmp_path, words, session):
    (tmp_path / "folder").mkdir()
    for name in ("place.py", "folder/place.py"):
        (tmp_path / name).write_text(PLACE)
    environment = {**os.environ, "MINE": "ä\n"}
    options = {"cwd": tmp_path, "env": environment, "start_new_session": session, "input": "a line\nand another"}
    forked, real = both(monkeypatch, [*words, "data=a b", "--flag"], **options)
    assert forked.returncode == 0, forked.stderr
    assert json.loads(forked.stdout) == json.loads(real.stdout) and forked.stderr == real.stderr


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", 0),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('what is wrong')", 1),
        ("def f():\n    raise KeyError('x')\nf()", 1),
        ("f(", 1),
        ("import os; os.kill(os.getpid(), 2)", -2),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os._exit(5)", 5),
        ("import atexit; atexit.register(print, 'the end'); print('the begin', end='')", 0),
        ("import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()", 0),
        ("import sys; print(sys.stdin.readline(), 'ä', file=sys.stderr); print('ä' * 100000)", 0),
    ],
)
def test_it_ends_as_one_begun_anew(monkeypatch, tmp_path, code, status):
    (tmp_path / "script.py").write_text(code)
    forked, real = both(monkeypatch, ["script.py"], cwd=tmp_path, input="ö")
    assert (forked.returncode, forked.stdout, forked.stderr) == (status, real.stdout, real.stderr)
    assert real.returncode == status


def test_what_it_starts_is_forked_too_and_ends_by_itself():
    child = "import os, sys; print(os.getppid(), 'torch' in sys.modules)"
    code = f"import os, subprocess, sys; print(os.getpid()); subprocess.run([sys.executable, '-u', '-c', {child!r}])"
    words = subprocess.run(
        [sys.executable, "-u", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert words[1:] == [words[0], "True"]


def test_its_group_is_killed_with_what_it_started(tmp_path):
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True, **pipes) as process:
        assert process.stdout.readline() == b"1\n"
        os.killpg(process.pid, signal.SIGKILL)
        assert process.stdout.read() == b"" and process.wait(10) == -signal.SIGKILL


def test_one_in_another_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        subprocess.run([sys.executable, "-c", ""], cwd=tmp_path / "none")


def test_others_are_begun_anew(knows, monkeypatch):
    assert knows() and knows("-u") and knows(env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert not knows("-X", "utf8") and not knows(preexec_fn=lambda: None)
    for name in ("PYTHONPATH", "OMP_NUM_THREADS", "COVERAGE_FILE"):
        assert not knows(env={**os.environ, name: "7"})
    server = forked_python.Popen.server
    monkeypatch.setattr(server, "owner", os.getppid())  # as in a process that this one forks
    assert not knows()


def test_a_server_that_is_gone_is_done_without(knows, monkeypatch):
    assert knows()
    channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.close()
    gone = forked_python.Server(channel, forked_python.Popen.server.environment)
    monkeypatch.setattr(forked_python.Popen, "server", gone)
    assert not knows()


def test_real_python(knows, real_python):
    assert not knows()
