"""Areas that can't be never decide on S, M and L."""

import numpy as np
import pytest

from yolo_feiou.evaluation.areas import choose_areas

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
    found = choose_areas(np.array(areas, float), BOXES)
    assert found[0].tolist() == list(used) and found[1:] == (source, replaced)


def test_one_value_may_be_where_the_boxes_have_one_too():
    boxes = np.array([[0, 0, 10, 20], [5, 5, 20, 10]], float)
    assert choose_areas(np.array([90.0, 90]), boxes)[1:] == ("json", 0)
    assert choose_areas(np.array([90.0]), BOXES[:1])[1:] == ("json", 0)


#: Sides of boxes that differ, by which areas of 121 to 10,000 px are given.
SIDES = np.linspace(11, 100, 40)
MANY = np.column_stack([np.zeros((40, 2)), SIDES, SIDES])


@pytest.mark.parametrize(
    "areas",
    [
        [7, 7, 7, 8] * 10,
        [7] * 39 + [9000],  # one that may be its object's among placeholders
        [90, 100] * 20,  # two, in turn
        [50, 100, 80, 120] * 10,
    ],
)
def test_few_values_that_say_nothing_of_the_boxes_are_placeholders(areas):
    """Each could be that of its object by itself: positive, and no larger than the box."""
    used, source, replaced = choose_areas(np.array(areas, float), MANY)
    assert used.tolist() == (SIDES**2).tolist() and (source, replaced) == ("box", 40)


def test_placeholders_are_known_among_as_few_as_four_objects():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 20], [0, 0, 100, 10], [0, 0, 30, 20]], float)
    assert choose_areas(np.array([7.0, 7, 7, 8]), boxes)[1:] == ("box", 4)


def test_few_values_that_go_with_the_boxes_are_areas():
    """Such as those of masks that were rounded to hundreds, or of two kinds of objects."""
    rounded = np.ceil(SIDES**2 * 0.8 / 1000) * 100
    assert len(np.unique(rounded)) < 20 and choose_areas(rounded, MANY)[1:] == ("json", 0)
    assert choose_areas(np.where(SIDES < 55, 100.0, 2000), MANY)[1:] == ("json", 0)


@pytest.mark.parametrize("spread", [0.02, 0.1, 0.5])
def test_whole_areas_of_masks_of_objects_that_are_much_alike_are_areas(spread):
    """Few whole numbers for many boxes with fractions: cells of about 20 px, of which masks fill 3/4."""
    rng = np.random.default_rng(0)
    sides = 20 * np.exp(rng.normal(0, spread, (3000, 2)))
    areas = np.ceil(sides.prod(1) * rng.uniform(0.65, 0.85, 3000))
    assert len(np.unique(areas)) < 1500 and choose_areas(areas, np.hstack([sides * 0, sides]))[1:] == ("json", 0)


def test_without_annotations_the_areas_are_those_of_boxes():
    areas, source, replaced = choose_areas(np.empty(0), np.empty((0, 4)))
    assert (areas.size, source, replaced) == (0, "box", 0)
