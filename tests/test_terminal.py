"""What a terminal gets."""

import pytest

from tests.odd_names import FORBIDDEN, ODD
from yolo_feiou.terminal import say


@pytest.mark.parametrize("name", ODD)
def test_a_line_is_one_line_and_nothing_else(name, capsys):
    say(f"run {name} is done")
    out, _ = capsys.readouterr()
    assert out.startswith("run ") and out.endswith(" is done\n")
    assert not set(out[:-1]) & set(FORBIDDEN)
