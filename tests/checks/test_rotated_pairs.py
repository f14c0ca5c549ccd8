"""The rotated boxes that losses are tried on."""

from __future__ import annotations

import math

import cv2
import pytest
import torch

from yolo_feiou.checks.rotated_pairs import (
    DEGENERATE_PAIRS,
    sample_apart,
    sample_disjoint,
    sample_matched,
    sample_overlapping,
    turn_together,
)

RANDOM = [(sample_matched, n) for n in (2000, 400, 200, 100, 50, 20, 8, 5, 1, 0)]
RANDOM += [(sample_overlapping, 2000), (sample_overlapping, 400), (sample_disjoint, 100), (sample_disjoint, 4)]
RANDOM += [(lambda n: sample_apart(n, 5), 50)]


def intersections(pred, target):
    """The area that each pair shares, by OpenCV, which takes degrees."""

    def rectangle(box):
        x, y, w, h, r = box
        return (x, y), (w, h), math.degrees(r)

    for one, other in zip(pred.tolist(), target.tolist(), strict=True):
        _, corners = cv2.rotatedRectangleIntersection(rectangle(one), rectangle(other))
        yield 0.0 if corners is None else cv2.contourArea(cv2.convexHull(corners))


@pytest.mark.parametrize(("pairs", "n"), RANDOM)
def test_random_pairs_are_valid_and_printed_as_they_are(pairs, n):
    """As many as asked for, with sides, in two decimals, and the same each time without the global numbers."""
    before = torch.get_rng_state()
    pred, target = pairs(n)
    assert torch.equal(torch.get_rng_state(), before)
    assert pred.shape == target.shape == (n, 5) and pred.dtype == target.dtype == torch.float64
    assert all(torch.equal(one, other) for one, other in zip(pairs(n), (pred, target), strict=True))
    for side in (pred, target):
        assert (side[:, 2:4] > 0.3).all()
        assert all(float(f"{x:.7g}") == x == float(f"{x:.2f}") for x in side.flatten().tolist())
    assert (target[:, 4].abs() <= 1.58).all()


def test_overlaps_are_what_they_are_said_to_be():
    assert max(intersections(*sample_disjoint(100))) == max(intersections(*sample_apart(50, 2))) == 0
    assert min(intersections(*sample_overlapping(400))) > 0
    assert min(intersections(*sample_matched(400))) > 0


def test_matched_pairs_differ_in_everything():
    """In the target's frame: up to a side, a factor of e, and 45°, of which a large part is there."""
    pred, target = sample_matched(400)
    turn, growth = (pred - target)[:, 4].abs(), (pred / target)[:, 2:4].log().abs()
    assert 0.6 < turn.max() <= math.pi / 4 + 0.02 and 0.8 < growth.max() <= 1.01
    assert turn.min() < 0.02 and growth.min() < 0.02


def test_pairs_apart_have_their_distance():
    pred, target = sample_apart(50, 7)
    longest = torch.maximum(pred[:, 2:4].amax(1), target[:, 2:4].amax(1))
    assert ((pred - target)[:, :2].norm(dim=1) / longest).tolist() == pytest.approx([7] * 50, abs=0.02)


def test_degenerate_pairs_are_what_they_are_called():
    for name, (pred, target) in DEGENERATE_PAIRS.items():
        assert len(pred) == len(target) == 5, name
        assert (pred == target) == ((name.startswith("identical") and "turned" not in name) or "in one place" in name)
        for i, side in enumerate(("width", "height")):
            for who, box in (("prediction", pred), ("target", target)):
                none = f"{who} without {side}" in name or f"{who} without area" in name or "two boxes without" in name
                assert (box[2 + i] == 0) == none


def test_boxes_are_turned_about_the_origin_from_x_towards_y():
    """By a right angle (x, y) goes to (−y, x)."""
    boxes = torch.tensor([[2, 1, 4, 3, 0.25]], dtype=torch.float64)
    assert turn_together(boxes, math.pi / 2).tolist() == [pytest.approx([-1, 2, 4, 3, 0.25 + math.pi / 2])]
