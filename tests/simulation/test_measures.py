"""What is recorded after a step, by hand."""

import pytest
import torch

from yolo_feiou.simulation.measures import measure_boxes

TARGET = (0, 0, 10, 10)


def recorded(*boxes, dtype=torch.float64):
    """What is recorded of boxes whose target is TARGET."""
    boxes = torch.tensor(boxes, dtype=dtype)
    return measure_boxes(boxes, torch.tensor([TARGET], dtype=dtype).expand_as(boxes))


def test_four_pairs_by_hand():
    """The target itself; its left half, so Δx −2.5 and Δw −5; its lower left quarter, so −2.5, −2.5, −5, −5; and a box
    of its size, 20 off: errors of 0, 7.5, 15 and 20, IoU of 1, .5, .25 and 0.

    In order the IoU is 0, .25, .5, 1; the q % quantile is the one nearest to place 3q/100 (.15, .75, 1.5, 2.25, 2.85),
    so 0, .25, .5 (place 2; a tie goes to the even one), .5 and 1. The best 5 % are the last. One is above .5, .75 and
    .9; the half is not above a half.
    """
    assert recorded(TARGET, (0, 0, 5, 10), (0, 0, 5, 5), (20, 0, 30, 10)) == {
        "error_sum": 42.5,
        "error": 42.5 / 4,
        "iou_mean": 1.75 / 4,
        "iou_05": 0,
        "iou_25": 0.25,
        "iou_50": 0.5,
        "iou_75": 0.5,
        "iou_95": 1,
        "iou_best": 1,
        "share_50": 0.25,
        "share_75": 0.25,
        "share_90": 0.25,
    }


@pytest.mark.parametrize(
    ("box", "error"),
    [
        ((3, 0, 13, 10), 3),  # Δx
        ((0, -4, 10, 6), 4),  # Δy, −4
        ((-1, 0, 11, 10), 2),  # Δw
        ((0, 2, 10, 8), 4),  # Δh, −4
        ((1, -2, 5, 16), 2 + 2 + 6 + 8),  # (3, 7) for (5, 5), and 4 × 18
    ],
)
def test_the_error_counts_centre_and_sides(box, error):
    assert recorded(box)["error"] == recorded(box)["error_sum"] == error


def test_a_hundred_and_one_pairs_by_hand():
    """IoU of 0, .01, … 1, in any order: the q % quantile is q/100; the best 5 % are .95 to 1, .975 in the mean; above
    .5, .75 and .9 are 50, 25 and 10."""
    row = recorded(*((0, 0, i * 37 % 101 / 10, 10) for i in range(101)))
    assert row["iou_mean"] == pytest.approx(0.5, abs=1e-12)
    for q in (5, 25, 50, 75, 95):
        assert row[f"iou_{q:02}"] == pytest.approx(q / 100, abs=1e-12)
    assert row["iou_best"] == pytest.approx(0.975, abs=1e-12)
    assert [row[f"share_{s}"] for s in (50, 75, 90)] == [50 / 101, 25 / 101, 10 / 101]


def test_one_pair_is_its_own_best():
    """IoU of 91/100."""
    row = recorded((0, 0, 9.1, 10))
    assert {round(value, 12) for key, value in row.items() if key.startswith("iou")} == {0.91}
    assert [row[f"share_{s}"] for s in (50, 75, 90)] == [1, 1, 1]


def test_batches_count_as_one_table():
    boxes = torch.tensor([[TARGET, (0, 0, 5, 10)], [(0, 0, 5, 5), (20, 0, 30, 10)]], dtype=torch.float64)
    target = torch.tensor(TARGET, dtype=torch.float64).expand_as(boxes)
    assert measure_boxes(boxes, target) == measure_boxes(boxes.flatten(0, 1), target.flatten(0, 1))


def test_float32_is_summed_in_float64():
    """A sum of a million pairs with an error of 1 + 2⁻²² has more digits than a float32."""
    box = torch.tensor([1 + 2**-22, 0, 2 + 2**-22, 1]).expand(1_000_001, 4)
    row = measure_boxes(box, torch.tensor([0.0, 0, 1, 1]).expand_as(box))
    assert row["error"] == 1 + 2**-22
    assert row["error_sum"] == (1 + 2**-22) * 1_000_001


def test_it_records_plain_numbers():
    assert {type(value) for value in recorded(TARGET, (0, 0, 5, 10), dtype=torch.float32).values()} == {float}
