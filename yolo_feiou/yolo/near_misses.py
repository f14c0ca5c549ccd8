"""One line on a word that `yolo` doesn't know, in the place of Ultralytics' help of 45 lines."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ultralytics.cfg import CLI_HELP_MSG, MODES, TASKS
from ultralytics.utils import DEFAULT_CFG_DICT, LOGGER

from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.terminal import strip_control_characters

#: Commands of Ultralytics' that are neither a task nor a mode.
SPECIAL = ("help", "checks", "version", "settings", "cfg", "login", "logout", "copy-cfg", "solutions")
UNKNOWN = re.compile(r"'(.*?)' is not a valid YOLO argument")
NO_VALUE = re.compile(r"'(.*?)' is a valid YOLO argument but is missing an '=' sign")


@contextmanager
def tell_unknown_words(verbs: Iterable[str] = ()) -> Iterator[None]:
    """Within the block, in which Ultralytics reads a command, it is one line what it doesn't know.

    Args:
        verbs: Words that the command knows beside Ultralytics' own.

    Raises:
        ArgumentError: If a word or an argument is unknown, or lacks its value.
    """
    arguments = [*DEFAULT_CFG_DICT]  # with ours, where a training begins
    LOGGER.addFilter(_is_no_help)
    try:
        yield
    except SyntaxError as error:
        if error.filename:
            raise
        text = strip_control_characters(str(error))  # older releases colour the word
        if found := NO_VALUE.search(text):
            raise ArgumentError(f"'{found[1]}' lacks its value: give it as {found[1]}=….") from error
        if not (found := UNKNOWN.search(text)):
            raise
        raise ArgumentError(describe_unknown(found[1], verbs, arguments)) from error
    finally:
        LOGGER.removeFilter(_is_no_help)


def describe_unknown(word: str, verbs: Iterable[str], arguments: Iterable[str]) -> str:
    """Return the message on a word that is unknown, or on the name of an argument that is.

    Args:
        word: The word, as Ultralytics names it; with a value, or none.
        verbs: Words that the command knows beside Ultralytics' own.
        arguments: Names of the arguments.
    """
    key = word.partition("=")[0]
    if any(arg.lstrip("-").startswith(f"{key}=") for arg in sys.argv[1:]):
        near = did_you_mean(key, arguments)
        return f"unknown argument {key}={near} 'yolo train --help' lists those of a training."
    near = did_you_mean(key, [*verbs, *MODES, *TASKS, *SPECIAL])
    return f"unknown word '{key}'{near} 'yolo help' lists what there is."


def _is_no_help(record: logging.LogRecord) -> bool:
    """Return whether a line of Ultralytics' log is not its help, or that is what the user asked for."""
    return record.msg != CLI_HELP_MSG or not sys.argv[1:] or any(arg.strip("-") in ("h", "help") for arg in sys.argv)
