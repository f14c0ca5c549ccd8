"""The facts against an independent reading of the paper, worked out by hand or with exact arithmetic."""

import math

import pytest
from ultralytics.utils.metrics import bbox_iou

from yolo_feiou.paper.facts import compute_facts


def stock_ciou(boxes, target):
    return bbox_iou(boxes, target, xywh=False, CIoU=True).squeeze(-1)


@pytest.fixture(scope="module")
def fact():
    return {row["name"]: row["value"] for row in compute_facts(stock_ciou)}


def test_every_fact_is_a_finite_number_with_a_meaning():
    rows = compute_facts(stock_ciou)
    assert all(math.isfinite(row["value"]) and row["meaning"] for row in rows)
    assert len({row["name"] for row in rows}) == len(rows)


def test_the_slope_of_the_aspect_term_is_the_one_derived(fact):
    # v = 4/π² (π/4 − atan(w/h))²: ∂v/∂w = −8/π² (π/4 − atan(w/h)) h/(w² + h²), at w = 1, h = 2.4
    slope = -8 / math.pi**2 * (math.pi / 4 - math.atan(1 / 2.4)) * 2.4 / (1 + 2.4**2)
    assert slope == pytest.approx(-0.11240739, abs=1e-8)
    assert fact["v.slope_w"] == pytest.approx(slope, abs=1e-9)
    assert fact["v.slope_ratio"] == pytest.approx(-2.4)  # −h/w
    assert fact["v.same_ratio"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("gamma", [0.25, 0.5, 1, 2])
def test_an_attached_weight_pushes_apart_below_the_iou_derived(fact, gamma):
    # Unit squares shifted by d: IoU = (1 − d)/(1 + d) = u, L = 1 − u + d²/((1 + d)² + 1); the sign of d(u^γ L)/dd
    def loss(d):
        u = (1 - d) / (1 + d)
        return u**gamma * (1 - u + d * d / ((1 + d) ** 2 + 1))

    d = next(i / 1e4 for i in range(1, 9999) if loss((i + 1) / 1e4) < loss(i / 1e4))
    assert fact[f"attached.limit_{gamma}"] == pytest.approx((1 - d) / (1 + d), abs=2e-3)


def test_the_weight_belongs_outside_the_graph(fact):
    assert 0.83 < fact["attached.loses"] < 0.88
    assert fact["detached.loses"] == fact["eiou.loses"] < 0.1


@pytest.mark.parametrize(("percent", "name"), [(10, "eiou"), (50, "eiou"), (90, "eiou"), (99, "eiou")])
def test_the_slope_of_shifted_squares_is_the_one_derived(fact, percent, name):
    # L(d) as above with γ = 0; dL/dd = 2/(1 + d)² + d/dd [d²/((1 + d)² + 1)]
    iou = percent / 100
    d = (1 - iou) / (1 + iou)
    c2 = (1 + d) ** 2 + 1
    slope = 2 / (1 + d) ** 2 + (2 * d * c2 - 2 * d * d * (1 + d)) / c2**2
    # The enclosing box is wider than the target by d, and the sides are equal: their terms have no slope.
    assert fact[f"{name}.slope_{percent}"] == pytest.approx(slope, rel=1e-6)


def test_focal_slopes_are_the_weight_times_the_slope_of_eiou(fact):
    for percent in (10, 50, 90, 99):  # the weight IoU^0.5 is outside the graph
        assert fact[f"focal_eiou.slope_{percent}"] == pytest.approx(
            (percent / 100) ** 0.5 * fact[f"eiou.slope_{percent}"]
        )
    assert fact["focal_eiou_v1.slope_99"] < 0.25 * fact["focal_eiou_v1.slope_50"]


def test_shares_and_gaps_are_within_their_bounds(fact):
    assert fact["iou.apart"] == 1
    assert fact["iou.apart_step"] == 0
    assert fact["giou.contained_penalty"] == pytest.approx(0, abs=1e-12)
    assert 0 <= fact["eiou.least"] < fact["eiou.largest"] <= 3.25
    assert fact["diou.opposite_small"] == 0  # without an aspect term both sides that are too small grow
    assert 0 < fact["ciou.opposite_small"] < fact["ciou.opposite_apart"] < fact["ciou.opposite_large"] < 0.5
    assert fact["eiou.gap"] < 1e-12 > fact["smooth_l1.gap"]
    assert fact["giou.gap"] < 1e-5
    assert fact["ciou.stock_gap"] < 1e-5
    assert fact["giou.penalty_0"] > fact["giou.penalty_30"] > fact["giou.penalty_50"] > fact["giou.penalty_70"] > 0
    # Beyond 1: balanced ℓ1 has the slope γ = 1.5, smooth ℓ1 1, FocalL1 −α ln β = 0.485253648540 at β = 0.8
    slopes = [fact[f"{loss}.slope_far"] for loss in ("balanced_l1", "smooth_l1", "focal_l1")]
    assert slopes == pytest.approx([1.5, 1, 0.485253648540])
    assert fact["eiou.recedes"] > 0.2
    assert fact["giou.recedes"] == fact["diou.recedes"] == 0
    assert fact["l1.scale"] == pytest.approx(1)
    assert fact["l1.scale_pixels"] == pytest.approx(10)
    assert fact["eq11.empty_gap"] == 0
    assert fact["setup1.good"] < 0.05
