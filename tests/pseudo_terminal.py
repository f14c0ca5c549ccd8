"""What a program shows in a terminal."""

import os
import pty
import subprocess
import sys


def show_in_terminal(code, *args, columns=120, **streams):
    """Run Python code with a pseudo-terminal for the streams that are not given; return its text and its own stdout."""
    ours, theirs = pty.openpty()
    streams = {"stdout": theirs, "stderr": theirs, **streams}
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns)}
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, args)], env=environment, **streams)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
    out = process.communicate()[0]
    assert process.returncode == 0
    return shown.decode(), out
