"""The bar of a long step: shown in a terminal, and there alone."""

import subprocess

from tests.pseudo_terminal import show_in_terminal
from yolo_feiou.progress_bar import show_progress

SHOW = """
from yolo_feiou.progress_bar import show_progress
with show_progress("r[bold]x \\x1b[31m", 8, 1) as advance:
    advance(4)
with show_progress("a download", 2_000_000, in_bytes=True) as advance:
    advance(500_000)
"""


def test_nothing_is_shown_where_there_is_no_terminal(capfd):
    with show_progress("a step", 3) as advance:
        advance(2)
    assert capfd.readouterr() == ("", "")


def test_a_bar_in_a_terminal_with_what_was_done_before():
    """1 of 8, then 4 more; in bytes by their units. A name is no markup and no command of the terminal."""
    text, printed = show_in_terminal(SHOW, stdout=subprocess.PIPE)
    assert printed == b""
    assert "r[bold]x \\x1b[31m" in text and "\x1b[31m" not in text
    assert "5/8" in text and "0.5/2.0 MB" in text
