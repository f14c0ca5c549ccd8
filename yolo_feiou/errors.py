"""Errors for users' mistakes, each with a message that says what was given, what is expected and what to do."""

from __future__ import annotations

import atexit
import linecache
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from functools import partial
from traceback import walk_tb
from types import TracebackType
from typing import TYPE_CHECKING, Any

from yolo_feiou.known_packages import is_users
from yolo_feiou.terminal import say

if TYPE_CHECKING:
    import numpy as np


class YoloFeiouError(Exception):
    """Base of all errors of this package's own. The command line prints the message alone and exits with 2."""


class LossSpecError(YoloFeiouError, ValueError):
    """A loss spec that can't be parsed, or names an unknown loss, parameter or value."""


class UnknownLossError(LossSpecError):
    """A name in a loss spec that no loss has.

    Args:
        message: The message.
        name: The name.
    """

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


class UnsupportedModelError(YoloFeiouError, ValueError):
    """A `loss=` for a task or model that trains without a box term."""


class DataError(YoloFeiouError, RuntimeError):
    """A data set that can't be found or read."""


class MissingFileError(YoloFeiouError, FileNotFoundError):
    """A file that an argument names and that doesn't exist."""


class ArgumentError(YoloFeiouError, ValueError):
    """A command-line argument that doesn't fit."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C where more can be said of it: `Interrupted("interrupted; the same command resumes here")`."""


class FinishedError(YoloFeiouError):
    """Nothing is left to do: this training has already finished. `YOLO.train` returns normally then."""


class LossNotAppliedError(YoloFeiouError, RuntimeError):
    """Training would use a box loss other than the requested one."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ": did you mean 'x'?" for the known word nearest to `word`, or "." if none is near."""
    word, names = word.lower(), list(known)
    near = [name for name in names if sorted(name) == sorted(word)]  # letters in another order
    near += get_close_matches(word, names, n=1, cutoff=0.6)
    near += get_close_matches(word, [name for name in names if len(word) > 2 and word in name], n=1, cutoff=0)
    return f": did you mean '{near[0]}'?" if near else "."


def first_three(items: Sequence[Any] | np.ndarray, name: Callable[[Any], str] = str) -> str:
    """Return the names of the first three items, and how many more there are: "a, b, c and 2 more".

    Args:
        items: What to name; an array of positions, too.
        name: Returns the name of an item; it is called for the first three only.
    """
    more = f" and {len(items) - 3:,} more" if len(items) > 3 else ""
    return ", ".join(map(name, items[:3])) + more


@contextmanager
def exit_on_error(interrupted: str | None = "interrupted") -> Iterator[None]:
    """Within the block of a command, a user's mistake ends the process with one line on stderr and status 2.

    A closed pipe, as in `yolo losses | head`, ends it silently.

    Args:
        interrupted: The line that Ctrl-C ends it with, by SIGINT; an `Interrupted` has its own. None leaves other
            interrupts as they are.
    """
    try:
        try:
            yield
        except KeyboardInterrupt as error:
            if line := str(error) if isinstance(error, Interrupted) else interrupted:
                with suppress(OSError):  # the same Ctrl-C has ended what read it
                    say(line, sys.stderr)
                sys.excepthook = partial(_end_interrupted, sys.excepthook)
            raise
        except BaseException:
            sys.stdout.flush()  # so that a closed pipe is noticed here
            raise
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (YoloFeiouError, FileNotFoundError, ConnectionError, SyntaxError, TypeError, ValueError) as error:
        if not is_user_mistake(error):
            raise
        sys.exit(print_error(error))


def _end_interrupted(
    hook: Callable[..., object], kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """End the process by SIGINT, so that whatever called it sees an interrupt: a loop in a shell ends too.

    Python does so itself for a plain KeyboardInterrupt, unless code that a library runs at the exit undoes it.

    Args:
        hook: What is told of other errors.
        kind: The error's class.
        error: The error.
        traceback: Its traceback.
    """
    if not issubclass(kind, KeyboardInterrupt):
        hook(kind, error, traceback)
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second one ends it at once
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue]  # as Python's own exit begins: threads end
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a closed pipe, or none
            stream.flush()
    if os.name == "posix":
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(128 + signal.SIGINT)  # on Windows, and as the first process of a container, which no signal ends


def is_user_mistake(error: BaseException) -> bool:
    """Return whether an error reports a user's mistake in one line, and no code of the user's own is involved.

    Ultralytics reports an unknown argument by a SyntaxError without a file, and other mistakes by a TypeError or
    ValueError, see `is_told_by_ultralytics`. An error that passed through code of others, such as a callback in a
    script or in an installed package, keeps its traceback for its author.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return False
    is_plain = isinstance(error, (TypeError, ValueError)) and not isinstance(error, YoloFeiouError)
    if is_plain and not is_told_by_ultralytics(error):
        return False
    link: BaseException | None = error
    while link:
        frames = [frame for frame, _ in walk_tb(link.__traceback__)]
        if any(is_users(frame.f_code.co_filename, frame.f_globals) for frame in frames):
            return False
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return True


def is_told_by_ultralytics(error: BaseException) -> bool:
    """Return whether Ultralytics raised an error by a statement, as for epochs=x; others are faults of some code."""
    steps = [*walk_tb(error.__traceback__)]
    if not steps:
        return False
    frame, line = steps[-1]
    is_theirs = str(frame.f_globals.get("__name__")).partition(".")[0] == "ultralytics"
    return is_theirs and linecache.getline(frame.f_code.co_filename, line).strip().startswith("raise ")


def print_error(error: Exception) -> int:
    """Print an error in one line, and return the exit status."""
    text = str(error)
    if isinstance(error, SyntaxError):  # Ultralytics', which all of its help follows
        text = text.strip().partition("\n")[0]
    say(" ".join(("error:", *text.split())), sys.stderr)
    return 2
