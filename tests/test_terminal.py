"""What a terminal gets."""

import pytest

from tests.odd_names import FORBIDDEN, ODD
from yolo_feiou.terminal import say


@pytest.mark.parametrize("name", ODD)
def test_a_message_is_printed_as_one_line_without_control_characters(name, capsys):
    say(f"run {name} is done")
    out, _ = capsys.readouterr()
    assert out.startswith("run ") and out.endswith(" is done\n")
    assert not set(out[:-1]) & set(FORBIDDEN)
