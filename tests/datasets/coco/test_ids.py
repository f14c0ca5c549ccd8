"""Ids that any COCO tool reads."""

import pytest

from yolo_feiou.datasets.coco.ids import make_ordinary_ids


@pytest.mark.parametrize(
    ("ids", "ordinary"),
    [
        ([7, 3, 0], [7, 3, 0]),
        ([7.0, "3"], [7, 3]),
        ([2**53 - 1, 1], [2**53 - 1, 1]),
        ([2**53 + 2, 2**53 + 1, 5], [3, 2, 1]),  # in the order of the numbers, by which COCO ranks equal scores
        ([10**30, 2**63], [2, 1]),
        (["0003", "0001"], [1, 2]),
        ([3, "b", 1.5], [1, 2, 3]),
        (["9" * 5000, "8" * 5000], [1, 2]),  # Python reads no number of so many digits
        ([], []),
    ],
)
def test_ordinary_ids_stay_and_others_are_numbered_from_1(ids, ordinary):
    assert make_ordinary_ids(ids) == ordinary
    assert all(type(value) is int for value in make_ordinary_ids(ids))
