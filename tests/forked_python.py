"""`python …` in a process that is forked from one which has imported torch and others, instead of in one begun anew.

Of the five seconds of processor time that a short training takes, four go into imports. `install` puts a
`subprocess.Popen` in place that asks a server for the process: the server has imported the libraries, but neither ours
nor Ultralytics, has no threads, and forks itself. What it forks has the parent, the group, the command line, the
streams, the environment and the folder that it would have, and starts processes in the same way.

A process is begun anew all the same if the libraries would read another environment, if the interpreter has options, or
where Linux isn't. What differs for the others: their random seed of hashes is the server's, and they don't take
themselves apart at the end. A test to which the imports or the end matter says so with the fixture `real_python`.
"""

from __future__ import annotations

import atexit
import builtins
import ctypes
import gc
import importlib
import inspect
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from contextlib import suppress
from typing import NoReturn

REAL = subprocess.Popen
#: Imported by the server, and never run; none of them starts a thread.
LIBRARIES = (
    *("torch", "torch._dynamo", "torch.distributed.run", "torchvision", "cv2", "faster_coco_eval", "jinja2"),
    *("matplotlib.pyplot", "msgspec", "psutil", "pycocotools.cocoeval", "ray", "requests", "rich.progress"),
    *("scipy.optimize", "scipy.stats", "yaml"),
)
#: How the names begin of what they read in the environment meanwhile.
READ_BY_LIBRARIES = ("PYTHON", "LD_", "OMP_", "MKL_", "KMP_", "OPENBLAS_", "MPL", "COVERAGE")
#: What begins so, and that they don't read; Ray sets the last one.
UNREAD = ("PYTHONUNBUFFERED", "PYTHONHASHSEED", "PYTHONBREAKPOINT")
LONGEST = 1 << 17  # bytes of a request
PR_SET_CHILD_SUBREAPER = 36


class Server:
    """What forks itself when this process asks.

    Args:
        channel: The socket at whose other end it is. Its number is kept: no test finds an object that is none of its.
        environment: In which it has imported the libraries.
        process: Itself, if it is a child of this process that Python started.
    """

    def __init__(
        self, channel: socket.socket, environment: dict[str, str], process: subprocess.Popen | None = None
    ) -> None:
        self.channel, self.environment, self.process = channel.detach(), environment, process
        self.owner, self.lock = os.getpid(), threading.Lock()

    @classmethod
    def begin(cls) -> Server:
        """Start one."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        line = [sys.executable, "-m", "tests.forked_python", " " * 4000]  # room for the command line of what it forks
        read, write = os.pipe()  # a text stream that began on what can be sought can't be set up anew on what can't
        process = REAL(line, stdin=theirs, stdout=write, stderr=write, pass_fds=[read])  # it holds both ends itself
        for number in (read, write, theirs.detach()):
            os.close(number)
        return cls(ours, dict(os.environ), process)

    def suits(self, environment: dict[str, str]) -> bool:
        """Whether the libraries would have read the same in another environment."""
        return self.owner == os.getpid() and _read(environment) == _read(self.environment)

    def fork(self, request: dict, streams: list[int]) -> int | None:
        """Return the pid of a new child of this process, None if it can't be had."""
        content = json.dumps(request).encode()
        if len(content) > LONGEST:
            return None
        with self.lock, suppress(OSError, ValueError):  # it has ended
            _call("prctl", PR_SET_CHILD_SUBREAPER, 1)  # what is forked loses its parent, and gets this process
            try:
                with socket.socket(fileno=os.dup(self.channel)) as channel:
                    socket.send_fds(channel, [content], streams)
                    return int(channel.recv(32))
            finally:
                _call("prctl", PR_SET_CHILD_SUBREAPER, 0)
        return None


def _call(name: str, *arguments: int) -> None:
    """Call a function of the system that Python doesn't have in all versions; OSError if it fails."""
    system = ctypes.CDLL(None, use_errno=True)
    if getattr(system, name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name} failed")


def _read(environment: dict[str, str]) -> dict[str, str]:
    """Return what libraries read in an environment when they are imported."""
    return {key: value for key, value in environment.items() if key.startswith(READ_BY_LIBRARIES) and key not in UNREAD}


class Popen(subprocess.Popen):
    """One that has a server fork the process, where it can."""

    server: Server | None = None
    begins_server = False

    def _execute_child(self, *arguments) -> None:
        told = inspect.signature(super()._execute_child).bind(*arguments).arguments
        pid = None
        if request := _read_request(told):
            if Popen.begins_server and not Popen.server:
                Popen.server = Server.begin()
            if Popen.server and Popen.server.suits(request["environment"]):
                ends = (told[name] for name in ("p2cread", "c2pwrite", "errwrite"))
                pid = Popen.server.fork(request, [number if end == -1 else end for number, end in enumerate(ends)])
        if pid is None:
            super()._execute_child(*arguments)
        else:
            self.pid, self._child_created = pid, True
            names = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
            self._close_pipe_fds(*(told[name] for name in names))


def _read_request(told: dict) -> dict | None:
    """Return what a server must know to do what a Popen was told, None if it can't."""
    words, environment = told["args"], told["env"]
    if isinstance(words, (str, bytes, os.PathLike)) or told["shell"] or told["executable"] or told["preexec_fn"]:
        return None
    words, environment = list(map(os.fspath, words)), dict(os.environ if environment is None else environment)
    network, words = (words[3], words[4:]) if words[:3] == ["ip", "netns", "exec"] else ("", words)
    usual = not told["pass_fds"] and told["umask"] < 0 and {told["gid"], told["gids"], told["uid"]} == {None}
    texts = all(isinstance(text, str) for text in (*words, *environment, *environment.values()))
    if not (usual and texts and words[:1] == [sys.executable]):
        return None
    rest = words[2:] if words[1:2] == ["-u"] else words[1:]
    if not rest or (rest[0].startswith("-") and (rest[0] not in ("-c", "-m") or len(rest) == 1)):
        return None
    folder = os.path.join(os.getcwd(), os.fspath(told["cwd"] or ""))
    if not os.path.isdir(folder):
        return None
    session, group = told["start_new_session"], told.get("process_group", -1)  # the latter since Python 3.11
    place = {"folder": folder, "session": session, "group": group, "network": network}
    return {"words": words, "environment": environment, **place}


def install() -> None:
    """Have this process begin a server when it's needed, where that works."""
    if sys.platform == "linux":
        subprocess.Popen, Popen.begins_server = Popen, True


def main() -> NoReturn:
    """Be a server, and in what it forks, be what was asked for."""
    channel, environment = socket.socket(fileno=os.dup(0)), dict(os.environ)
    subprocess.Popen = Popen  # before libraries take it from there
    for name in LIBRARIES:
        with suppress(ImportError):  # one that isn't installed
            importlib.import_module(name)
    gc.freeze()
    while True:
        _write_command_line(["a server of tests"])
        _drop_streams()
        request = _serve(channel)
        ours, channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork():  # the other process is the server of this one
            break
        ours.close()
    channel.close()
    Popen.server = Server(ours, environment)
    _exit_with(_run(request["words"]))


def _serve(channel: socket.socket) -> dict:
    """Fork at each request; it returns in what was forked alone, with the request."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        content, streams, *_ = socket.recv_fds(channel, LONGEST, 3)
        if not content:
            os._exit(0)
        read, write = os.pipe()
        between = os.fork()
        if not between:
            between = os.getpid()
            if os.fork():
                os._exit(0)
            while os.getppid() == between:
                time.sleep(0.001)
            request = json.loads(content)
            _enter(request, streams)
            os.write(write, str(os.getpid()).encode())
            channel.detach()
            _close_all()
            return request
        os.close(write)
        os.waitpid(between, 0)
        channel.send(os.read(read, 32) or b"none")
        for number in (read, *streams):
            os.close(number)


def _close_all() -> None:
    """Close all files but the three streams."""
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2:
            with suppress(OSError):
                os.close(number)


def _drop_streams() -> None:
    """Hold nothing of which others wait for the end."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    os.close(null)


def _enter(request: dict, streams: list[int]) -> None:
    """Take the place that was asked for."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    if request["session"]:
        os.setsid()
    if request["group"] >= 0:
        os.setpgid(0, request["group"])
    if request["network"]:
        with open(f"/run/netns/{request['network']}") as namespace:
            _call("setns", namespace.fileno(), 0)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])


def _write_command_line(words: list[str]) -> None:
    """Have `ps` show words, where the command line lies with which the first server began."""
    with open("/proc/self/stat") as file:
        begin, end = map(int, file.read().rpartition(")")[2].split()[45:47])
    text = b"\0".join(map(os.fsencode, words))[: end - begin - 1]
    ctypes.memmove(begin, text.ljust(end - begin, b"\0"), end - begin)


def _run(words: list[str]) -> int:
    """Run what a command line of Python names, and return the exit status; −N for signal N."""
    try:
        _run_words(words)
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        print(error.code, file=sys.stderr)
        return 1
    except BaseException as error:
        trace = error.__traceback__
        while trace and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _run_words(words: list[str]) -> None:
    _write_command_line(words)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unbuffered, rest = bool(os.environ.get("PYTHONUNBUFFERED")), words[1:]
    if rest[0] == "-u":
        unbuffered, rest = True, rest[1:]
    sys.stdout.reconfigure(line_buffering=unbuffered or os.isatty(1), write_through=unbuffered)
    sys.stderr.reconfigure(line_buffering=True, write_through=unbuffered)
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    sys.orig_argv[:] = words
    sys.modules["__main__"] = types.ModuleType("__main__")
    space = sys.modules["__main__"].__dict__
    space["__builtins__"] = builtins
    if rest[0] == "-m":
        sys.argv, sys.path[0] = ["-m", *rest[2:]], os.getcwd()
        runpy._run_module_as_main(rest[1])
    elif rest[0] == "-c":
        sys.argv, sys.path[0] = ["-c", *rest[2:]], ""
        exec(compile(rest[1], "<string>", "exec"), space)
    else:
        sys.argv, sys.path[0] = rest, os.path.dirname(os.path.realpath(rest[0]))
        space["__file__"] = os.path.abspath(rest[0])
        with open(rest[0], "rb") as script:
            content = script.read()
        exec(compile(content, space["__file__"], "exec"), space)


def _exit_with(status: int) -> NoReturn:
    """End as the interpreter does, but for the third of a second in which it takes itself apart."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    if status == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(status & 0xFF)


if __name__ == "__main__":
    importlib.import_module("tests.forked_python").main()
