"""Numbers and lists as people read them."""

import math

import pytest

from yolo_feiou.report.format import count, fixed, interval, listing, mean_sd, p_value, percent, points, seeds
from yolo_feiou.report.statistics import Spread


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (percent(0.37449), "37.4"),
        (percent(0.0), "0.0"),
        (percent(1.0), "100.0"),
        (percent(None), "–"),
        (points(0.0052), "+0.52"),
        (points(-0.0052), "−0.52"),
        (points(-0.00001), "0.00"),
        (points(0.00001), "0.00"),
        (points(None), "–"),
        (fixed(-0.04, 1), "0.0"),
        (fixed(-1.25, 2), "−1.25"),
        (mean_sd(Spread(3, 0.374, 0.0024)), "37.4 ± 0.2"),
        (mean_sd(Spread(1, 0.374)), "37.4"),
        (mean_sd(Spread(0)), "–"),
        (interval((-0.001, 0.006)), "−0.10 to +0.60"),
        (interval(None), "–"),
        (p_value(0.0123), "0.012"),
        (p_value(0.00099), "< 0.001"),
        (p_value(1.0), "1.000"),
        (p_value(0.04996), "0.049960"),
        (p_value(0.05), "0.050"),
        (p_value(0.0494), "0.049"),
        (p_value(None), "–"),
        (seeds(34, 1000), "34"),
        (seeds(math.inf, 1000), "over 1000"),
        (seeds(None, 1000), "–"),
        (count(1, "run"), "1 run"),
        (count(0, "run"), "0 runs"),
        (count(2, "loss"), "2 losses"),
        (listing([]), ""),
        (listing(["a"]), "a"),
        (listing(["a", "b"]), "a and b"),
        (listing(["a", "b", "c"]), "a, b and c"),
        (listing(["a", "b", "c"], 2), "a, b and 1 more"),
    ],
)
def test_numbers_and_lists_are_written_as_people_read_them(shown, expected):
    assert shown == expected
