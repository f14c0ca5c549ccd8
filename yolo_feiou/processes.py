"""Processes that end with the one whose work they do."""

from __future__ import annotations

import os
import signal
import threading
import time

import psutil

#: Names, in the environment, the process whose training the ranks of several GPUs do.
WORKER = "YOLO_FEIOU_WORKER"


def exit_with(pid: int, *, parent: bool = False) -> None:
    """Kill this process, and its group if it leads one, once another has ended, however that ended.

    Args:
        pid: The other one.
        parent: Whether it is the parent of this one, which shows its end at once.
    """

    def watch() -> None:
        while psutil.pid_exists(pid) and not (parent and os.getppid() != pid):
            time.sleep(0.5)
        if not hasattr(os, "killpg"):  # Windows, which has no groups of this kind
            os._exit(1)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
