"""The boxes that losses are tried on."""

from __future__ import annotations

import pytest
import torch

from yolo_feiou.checks.pairs import (
    DEGENERATE_PAIRS,
    degenerate_pair,
    drop_scaled_kinks,
    sample_all,
    sample_disjoint,
    sample_matched,
    sample_overlapping,
)
from yolo_feiou.losses.boxes import Pair

RANDOM = [(sample_matched, n) for n in (400, 200, 100, 50, 20, 8, 5, 1, 0)]
RANDOM += [(sample_overlapping, 2000), (sample_disjoint, 200), (sample_disjoint, 100), (sample_disjoint, 4)]


@pytest.mark.parametrize(("pairs", "n"), RANDOM)
def test_random_pairs_are_valid_and_away_from_kinks(pairs, n):
    """As many as asked for, for each number that a check asks for; no edges, sides or centres within 0.02."""
    pred, target = pairs(n)
    assert pred.shape == target.shape == (n, 4) and pred.dtype == target.dtype == torch.float64
    if n == 0:
        return
    for box in (pred, target):
        assert (box[:, 2:] - box[:, :2]).min() > 0.3
    pair = Pair(pred, target)
    for off in (pair.dx, pair.dy, pair.dw, pair.dh, *((pred[:, i] - target[:, i - 2]) for i in range(4))):
        assert off.abs().min() > 0.0199
    assert (pred - target).abs().min() > 0.0199


@pytest.mark.parametrize(("pairs", "n"), RANDOM)
def test_random_pairs_are_the_same_each_time_and_use_no_global_numbers(pairs, n):
    before = torch.get_rng_state()
    torch.rand(3)
    assert all(torch.equal(one, other) for one, other in zip(pairs(n), pairs(n), strict=True))
    torch.set_rng_state(before)
    pairs(n)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("pairs", "n"), RANDOM)
def test_a_printed_pair_is_the_pair(pairs, n):
    """Two decimals hold each coordinate exactly."""
    for side in pairs(n):
        assert all(float(f"{x:.7g}") == x == float(f"{x:.2f}") for x in side.flatten().tolist())


def test_overlaps_are_what_they_are_said_to_be():
    """No IoU is 0 in the one, each is in the other; matched pairs cover the range, strangers overlap by little."""
    assert Pair(*sample_disjoint(200)).iou.max() == 0
    assert Pair(*sample_overlapping(2000)).iou.min() > 0
    assert Pair(*sample_overlapping(2000)).iou.median() == pytest.approx(0.115, abs=0.005)
    assert (Pair(*sample_matched(400)).iou.histc(9, 0, 0.9) >= 15).all()
    assert 0.96 < Pair(*sample_matched(400)).iou.max() < 0.98


def test_kinds_are_what_they_are_called():
    shared = {name: Pair(*degenerate_pair(name)).iou.item() for name in DEGENERATE_PAIRS}
    assert shared["identical boxes"] == shared["identical tiny boxes"] == 1
    assert shared["boxes apart"] == shared["touching boxes"] == shared["boxes that touch at a corner"] == 0
    for name, (pred, target) in DEGENERATE_PAIRS.items():
        for i, side in enumerate(("width", "height")):
            for who, box in (("prediction", pred), ("target", target)):
                none = f"{who} without {side}" in name or f"{who} without area" in name or "two boxes without" in name
                assert (box[2 + i] == box[i]) == none
    assert degenerate_pair("huge boxes", torch.float32)[0].dtype == torch.float32


def test_pairs_whose_edges_meet_when_both_are_scaled_are_dropped():
    """Heights 4 and 6, the centres 2 apart: doubled, these are −2 to 6 and −2 to 10; 2.3 apart, nothing meets."""
    pred = torch.tensor([[0.0, 0, 4, 4]] * 2, dtype=torch.float64)
    target = torch.tensor([[0.3, 1, 4.5, 7], [0.3, 1.3, 4.5, 7.3]], dtype=torch.float64)
    kept = drop_scaled_kinks((pred, target))
    assert [side.tolist() for side in kept] == [side[1:].tolist() for side in (pred, target)]


def test_all_pairs():
    pair = Pair(*sample_all())
    assert (pair.iou > 0).sum() == (pair.iou == 0).sum() == 100
