"""What a terminal gets."""

import io

import pytest

from tests.odd_names import FORBIDDEN, ODD
from yolo_feiou.terminal import say, strip_control_characters


@pytest.mark.parametrize("name", ODD)
def test_a_message_is_printed_as_one_line_without_control_characters(name, capsys):
    say(f"run {name} is done")
    out, _ = capsys.readouterr()
    assert out.startswith("run ") and out.endswith(" is done\n")
    assert not set(out[:-1]) & set(FORBIDDEN)


def test_a_line_and_its_end_are_one_write():
    """Else the line of another rank comes between, where Python doesn't buffer."""
    written = []

    class Pipe(io.StringIO):
        def write(self, text):
            written.append(text)
            return len(text)

    say("Box loss: eiou", Pipe())
    assert written == ["Box loss: eiou\n"]


def test_a_line_is_read_without_colours_and_control_characters():
    assert strip_control_characters("\x1b[31m\x1b[1mAP\x1b[0m 0.4\r\x1b[K\x07 ") == "AP 0.4"
