"""Python as it is on Windows, as far as the code of yolo_feiou can tell.

A process whose path has this file as `sitecustomize.py` hides from yolo_feiou, and from nobody else, the modules and
names that Unix alone has, and gives it the calls that Windows treats otherwise. Names of files that Windows doesn't
take, and symbolic links, which need a right of their own there, are refused to everybody.
"""

import builtins
import errno
import fcntl
import multiprocessing
import os
import re
import signal
import sys
from types import ModuleType

MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
# fmt: off
OS = {
    "WNOHANG", "chown", "chroot", "confstr", "fchdir", "fchown", "fork", "forkpty", "getegid", "geteuid",
    "getgid", "getgroups", "getloadavg", "getpgid", "getpgrp", "getpriority", "getsid", "getuid", "initgroups",
    "killpg", "lchown", "lockf", "mkfifo", "mknod", "nice", "openpty", "pathconf", "posix_spawn", "pread",
    "pwrite", "sched_getaffinity", "sched_setaffinity", "sendfile", "setgid", "setpgid", "setpgrp", "setpriority",
    "setsid", "setuid", "statvfs", "sync", "sysconf", "tcgetpgrp", "tcsetpgrp", "ttyname", "uname", "wait",
    "wait3", "wait4", "O_NOFOLLOW", "O_DIRECTORY", "O_NONBLOCK", "O_CLOEXEC"
}
SIGNAL = {
    "SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGTSTP", "SIGUSR1",
    "SIGUSR2", "alarm", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "sigwait"
}
# fmt: on


def fsync(descriptor):
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "Bad file descriptor")
    os.fsync(descriptor)


def utime(path, *args, **kwargs):
    if isinstance(path, int):
        raise TypeError("utime: path should be string, bytes or os.PathLike, not int")
    os.utime(path, *args, **kwargs)


def kill(pid, number):
    assert number, "0 is CTRL_C_EVENT, which interrupts all processes of the console"
    os.kill(pid, number)


def get_context(method=None):
    return SPAWN_ALONE[method]


def without(module, names, **others):
    """Return a copy of a module without some of its names, and with others in their place."""
    copy = ModuleType(module.__name__)
    vars(copy).update({name: value for name, value in vars(module).items() if name not in names})
    vars(copy).update(others)
    return copy


SPAWN_ALONE = {None: multiprocessing.get_context("spawn"), "spawn": multiprocessing.get_context("spawn")}
SHOWN = {
    "os": without(os, OS, name="nt", fsync=fsync, utime=utime, kill=kill),
    "signal": without(signal, SIGNAL),
    "multiprocessing": without(multiprocessing, (), get_context=get_context, get_all_start_methods=lambda: ["spawn"]),
}
imported = builtins.__import__


def windows_import(name, globals=None, locals=None, fromlist=(), level=0):
    module = imported(name, globals, locals, fromlist, level)
    if ((globals or {}).get("__name__") or "").partition(".")[0] != "yolo_feiou" or level:
        return module
    if name in MODULES:
        raise ModuleNotFoundError(f"No module named '{name}'", name=name)
    return SHOWN.get(name, module)


def refuse(event, arguments):
    """Refuse what a file system of Windows refuses."""
    if event == "os.symlink":
        raise OSError(errno.EPERM, "A required privilege is not held by the client", arguments[1])
    made = event == "os.mkdir" or (event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT)
    if made and isinstance(arguments[0], str) and re.search(r'[<>:"|?*\\]|[. ](/|$)', arguments[0].removeprefix("./")):
        raise OSError(errno.EINVAL, "The filename, directory name, or volume label syntax is incorrect", arguments[0])


builtins.__import__ = windows_import
sys.addaudithook(refuse)
