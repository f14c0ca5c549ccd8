"""Parts of messages that several modules share."""

import numpy as np
import pytest

from yolo_feiou.errors import first_three


@pytest.mark.parametrize(
    ("names", "told"),
    [("", ""), ("a", "a"), ("abc", "a, b, c"), ("abcd", "a, b, c and 1 more"), ("x" * 2003, "x, x, x and 2,000 more")],
)
def test_the_first_three_are_named_and_the_others_counted(names, told):
    assert first_three(list(names)) == told


def test_positions_are_named_by_a_function_which_the_others_do_not_need():
    names = {4: "four", 6: "six", 9: "nine"}
    assert first_three(np.array([4, 6, 9, 11, 12]), names.__getitem__) == "four, six, nine and 2 more"
