"""Numbers and lists as people read them."""

import math

import pytest

from yolo_feiou.report.format import (
    format_count,
    format_decimal,
    format_difference,
    format_interval,
    format_list,
    format_mean_sd,
    format_p_value,
    format_percent,
    format_seeds,
    hide_folders,
)
from yolo_feiou.report.statistics import Spread


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (format_percent(0.37449), "37.4"),
        (format_percent(0.0), "0.0"),
        (format_percent(1.0), "100.0"),
        (format_percent(None), "–"),
        (format_difference(0.0052), "+0.52"),
        (format_difference(-0.0052), "−0.52"),
        (format_difference(-0.00001), "0.00"),
        (format_difference(0.00001), "0.00"),
        (format_difference(None), "–"),
        (format_decimal(-0.04, 1), "0.0"),
        (format_decimal(-1.25, 2), "−1.25"),
        (format_mean_sd(Spread(3, 0.374, 0.0024)), "37.4 ± 0.2"),
        (format_mean_sd(Spread(1, 0.374)), "37.4"),
        (format_mean_sd(Spread(0)), "–"),
        (format_interval((-0.001, 0.006)), "−0.10 to +0.60"),
        (format_interval(None), "–"),
        (format_p_value(0.0123), "0.012"),
        (format_p_value(0.00099), "< 0.001"),
        (format_p_value(1.0), "1.000"),
        (format_p_value(0.04996), "0.049960"),
        (format_p_value(0.05), "0.050"),
        (format_p_value(0.0494), "0.049"),
        (format_p_value(None), "–"),
        (format_seeds(34, 1000), "34"),
        (format_seeds(math.inf, 1000), "over 1000"),
        (format_seeds(None, 1000), "–"),
        (format_count(1, "run"), "1 run"),
        (format_count(0, "run"), "0 runs"),
        (format_count(2, "loss"), "2 losses"),
        (format_list([]), ""),
        (format_list(["a"]), "a"),
        (format_list(["a", "b"]), "a and b"),
        (format_list(["a", "b", "c"]), "a, b and c"),
        (format_list(["a", "b", "c"], 2), "a, b and 1 more"),
    ],
)
def test_numbers_and_lists_are_written_as_people_read_them(shown, expected):
    assert shown == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yolo report /home/me/runs/first out=/tmp/x", "yolo report …/runs/first out=…/x"),
        ("data=/home/me/coco.yaml", "data=…/coco.yaml"),
        ("'/home/me/my sets/a.yaml'", "'…/my sets/a.yaml'"),
        ("/home/me/loss.py:eiou", "…/loss.py:eiou"),
        ("/home/me/runs/", "…/runs"),
        ("C:\\Users\\me\\runs\\first", "…\\runs\\first"),
        ("D:/a/b.pt (/x/y)", "…/b.pt (…/y)"),
    ],
)
def test_absolute_paths_are_their_ends(text, expected):
    assert hide_folders(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "runs/ablate/first ./a/b ../c/d ~/a/b",
        "https://github.com/a/b and file:///a",
        "S/M/L 7/295/643, and/or, gradient / of positives",
        "/data",
        "a\\b\\c",
    ],
)
def test_what_is_no_absolute_path_stays(text):
    assert hide_folders(text) == text
