"""Areas that can't be never decide on S, M and L."""

import numpy as np
import pytest

from yolo_feiou.evaluation.areas import usable_areas

NONE = np.nan
#: Areas of 100, 200, 1,000 px.
BOXES = np.array([[0, 0, 10, 10], [5, 5, 10, 20], [1, 1, 100, 10]], float)


@pytest.mark.parametrize(
    ("areas", "used", "source", "replaced"),
    [
        ((90, 150, 1000), (90, 150, 1000), "json", 0),
        ((NONE, NONE, NONE), (100, 200, 1000), "box", 0),
        ((NONE, 150, 1000), (100, 150, 1000), "mixed", 0),
        ((0, 150, 1000), (100, 150, 1000), "mixed", 1),
        ((-90, 150, 1000), (100, 150, 1000), "mixed", 1),
        # A mask covers the pixels that its outline touches: up to 11 × 11 = 121 for a box of 10 × 10.
        ((121, 150, 1000), (121, 150, 1000), "json", 0),
        ((121.1, 150, 1000), (100, 150, 1000), "mixed", 1),
        ((1e12, np.inf, 1000), (100, 200, 1000), "mixed", 2),
        ((1, 1, 1), (100, 200, 1000), "box", 3),
        ((0, 0, 0), (100, 200, 1000), "box", 3),
        ((50, NONE, 50), (100, 200, 1000), "box", 2),
        # Shares of an image of 640 × 480: 100 / 307,200, and so on.
        ((0.000326, 0.000651, 0.003255), (100, 200, 1000), "box", 3),
        ((0.5, 1, 10), (0.5, 1, 10), "json", 0),  # the last one is a hundredth of its box: a thin diagonal may be
    ],
)
def test_areas_that_can_not_be_are_those_of_the_boxes(areas, used, source, replaced):
    found = usable_areas(np.array(areas, float), BOXES)
    assert found[0].tolist() == list(used) and found[1:] == (source, replaced)


def test_one_value_may_be_where_the_boxes_have_one_too():
    boxes = np.array([[0, 0, 10, 20], [5, 5, 20, 10]], float)
    assert usable_areas(np.array([90.0, 90]), boxes)[1:] == ("json", 0)
    assert usable_areas(np.array([90.0]), BOXES[:1])[1:] == ("json", 0)


def test_no_annotations():
    areas, source, replaced = usable_areas(np.empty(0), np.empty((0, 4)))
    assert (areas.size, source, replaced) == (0, "box", 0)
