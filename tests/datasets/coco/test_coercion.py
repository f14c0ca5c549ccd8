"""Values of other types are what they plainly mean, and nothing else is taken."""

import math

import pytest

from yolo_feiou.datasets.coco.coercion import (
    format_id,
    to_area,
    to_box,
    to_file_name,
    to_flag,
    to_id,
    to_number,
    to_size,
    to_text,
)


@pytest.mark.parametrize(
    ("read", "value", "meant"),
    [
        (to_number, 3, 3),
        (to_number, " 2.5 ", 2.5),
        (to_number, "1e3", 1000),
        (to_size, None, None),
        (to_size, "640", 640),
        (to_area, "12.5", 12.5),
        (to_area, "large", None),
        (to_area, math.nan, None),
        (to_flag, None, 0),
        (to_flag, True, 1),
        (to_flag, " False ", 0),
        (to_flag, "1", 1),
        (to_flag, "1.0", 1),
        (to_flag, 0.0, 0),
        (to_box, [1, "2", 3.5, " 4"], (1, 2, 3.5, 4)),
        (to_id, 1.0, 1),
        (to_id, 1.5, 1.5),
        (to_id, "0001", "0001"),
        (to_text, 5, "5"),
        (to_text, "dog", "dog"),
        (to_file_name, "1.jpg", "1.jpg"),
    ],
)
def test_a_value_is_what_it_plainly_means(read, value, meant):
    found = read(value)
    assert found == meant and isinstance(found, bool) == isinstance(meant, bool)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        *((to_number, value) for value in (True, None, "x", "", "1_0", "nan", "1e999", math.inf, 10**400, [1])),
        *((to_size, value) for value in (False, "wide")),
        *((to_flag, value) for value in (2, -1, 0.5, "maybe", "", [0])),
        *((to_box, value) for value in ([1, 2, 3], [1, 2, 3, 4, 5], (1, 2, 3, 4), [1, 2, 3, None], "1234")),
        *((to_id, value) for value in (None, True, [1])),
        *((to_text, value) for value in (None, True, 1.5)),
        *((to_file_name, value) for value in (1, None)),
    ],
)
def test_a_value_that_means_nothing_is_refused(read, value):
    with pytest.raises(ValueError):  # noqa: PT011  # whoever catches it says what is wrong
        read(value)


def test_ids_that_are_one_are_written_alike():
    assert [format_id(value) for value in (1, 1.0, "1", 1.5, "0001", 2**64)] == [
        "1",
        "1",
        "1",
        "1.5",
        "0001",
        str(2**64),
    ]
