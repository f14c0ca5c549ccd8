"""A function whose parameters follow a training."""

import pytest

from yolo_feiou.losses.bound import Bound, value_at
from yolo_feiou.parameters import Schedule


def test_a_number_that_is_no_schedule_stays():
    assert [value_at(value, 0.3) for value in (2.0, "auto", True)] == [2.0, "auto", True]


@pytest.mark.parametrize(("progress", "expected"), [(0, 2), (0.2, 1.5), (0.4, 1), (0.8, 0), (1, 0)])
def test_a_schedule_is_linear_up_to_its_arrival(progress, expected):
    assert value_at(Schedule(2, 0, 0.8), progress) == pytest.approx(expected)
    assert Schedule(0.1, 0.3).at(1) == 0.3  # to the last bit


def test_a_function_has_the_values_of_the_beginning_until_it_is_told():
    bound = Bound(lambda pair, a, b: (pair, a, b), {"a": Schedule(0, 1), "b": "paper"})
    assert bound("pair") == ("pair", 0, "paper")
    bound.set_progress(0.5)
    assert bound("pair") == ("pair", 0.5, "paper")


def test_a_value_is_replaced_wherever_it_is():
    bound = Bound(lambda pair, a, b: (a, b), {"a": "auto", "b": 2})
    assert bound.replace("auto", 5.0) and bound(None) == (5.0, 2)
    assert not bound.replace("auto", 6.0) and bound(None) == (5.0, 2)
