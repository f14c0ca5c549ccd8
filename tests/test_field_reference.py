"""The references of the field's losses: values worked out by hand, and what the papers say of all pairs."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings

from tests import reference
from tests.field_cases import (
    BY_HAND,
    COMBINATIONS,
    GAUSSIAN,
    POINTS,
    TRANSFORMS,
    WISE,
    ByHand,
    Case,
    ids,
    is_smooth,
)
from tests.field_reference import PENALTIES, angle, gradient, loss, outlier_degree, piou2_weight, value, wise_factor
from tests.reference import Box, Exact, boxes, mp, real

PLAIN: list[Case] = [(name, {}) for name in PENALTIES if name != "mpdiou"]  # which is one of `POINTS`
CASES = [*PLAIN, *POINTS, *GAUSSIAN, *TRANSFORMS, *WISE]


@pytest.mark.parametrize("case", BY_HAND, ids=str)
def test_values_by_hand(case: ByHand) -> None:
    """Each has the value that is worked out beside it."""
    assert value(case.name, *case.pair, **case.parameters, **case.context) == pytest.approx(case.expected, abs=1e-14)


@pytest.mark.parametrize("name", ["iou", "giou", "diou", "ciou", "eiou"])
@settings(deadline=None, max_examples=25)
@given(pred=boxes(), target=boxes())
def test_the_form_with_penalties_is_that_of_the_other_reference(name: str, pred: Box, target: Box) -> None:
    """1 − IoU + Σ penalties is the loss that `tests/reference.py` has."""
    assert value(name, pred, target) == pytest.approx(reference.value(name, pred, target), abs=1e-15)


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=ids(CASES))
@settings(deadline=None, max_examples=5)
@given(box=boxes())
def test_identical_boxes_give_0(name: str, parameters: dict[str, Any], box: Box) -> None:
    """All of them but a Focaler-IoU whose range ends above 1, which there is none of."""
    assert value(name, box, box, **parameters) == pytest.approx(0, abs=1e-30)


#: Those in which prediction and target have the same part.
SYMMETRIC: list[Case] = [
    *((name, {}) for name in ("iou", "giou", "diou", "ciou", "eiou", "siou", "shapeiou", "mpdiou", "nwd", "gcd")),
    ("uiou", {"ratio": 1.25}),
    ("wiou", {"version": 1}),
    ("extended_iou", {"s": 0.1}),
]


@pytest.mark.parametrize(("name", "parameters"), SYMMETRIC, ids=ids(SYMMETRIC))
@settings(deadline=None, max_examples=25)
@given(pred=boxes(), target=boxes())
def test_symmetric(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """The boxes may change places."""
    assert value(name, pred, target, **parameters) == value(name, target, pred, **parameters)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("piou", {}), ("piou2", {}), ("interpiou", {"a": 0.5}), ("dinterpiou", {}), ("shapeiou", {"scale": 1})],
)
def test_not_symmetric(name: str, parameters: dict[str, Any]) -> None:
    """The sides, or the place, of the target count."""
    pred, target = (0, 0, 5, 2), (1, 1, 3, 4)
    assert abs(value(name, pred, target, **parameters) - value(name, target, pred, **parameters)) > 1e-3


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=ids(CASES))
@settings(deadline=None, max_examples=5)
@given(pred=boxes(), target=boxes())
def test_scale_does_not_matter(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """Boxes 4 times as large with a quarter of the pixels per unit have the same loss; most ignore the pixels."""
    large = [4 * x for x in pred], [4 * x for x in target]
    expected = value(name, pred, target, pixels=8, **parameters)
    assert value(name, *large, pixels=2, **parameters) == pytest.approx(expected, abs=1e-15)
    if name not in ("mpdiou", "nwd"):
        assert value(name, *large, pixels=8, **parameters) == pytest.approx(expected, abs=1e-15)


NEUTRAL = [{"inner": 1}, {"focaler": 1}, {"power": 1}, {"focal": 0}, {"inner": 1, "focaler": 1, "focal": 0}]


@pytest.mark.parametrize("name", PENALTIES)
@settings(deadline=None, max_examples=10)
@given(pred=boxes(), target=boxes())
def test_modifiers_that_change_nothing(name: str, pred: Box, target: Box) -> None:
    """A ratio of 1, a range of 0 to 1, and powers of 1 and of 0 for the weight."""
    for parameters in NEUTRAL:
        assert value(name, pred, target, **parameters) == value(name, pred, target)


@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_angle_of_siou(pred: Box, target: Box) -> None:
    """The paper's 1 − 2 sin²(arcsin x − π/4) is 2|dx·dy|/ρ², with x = |dy|/ρ and also with |dx|/ρ."""
    e = Exact(pred, target)
    assume(e.rho2)
    for side in (abs(e.dy), abs(e.dx)):
        sine = min(real(side) / mp.sqrt(real(e.rho2)), mp.one)
        assert float(1 - 2 * mp.sin(mp.asin(sine) - mp.pi / 4) ** 2) == pytest.approx(float(angle(e)), abs=1e-15)


def test_wise_factor() -> None:
    """r is largest at 1/ln α: 1.310 at 1.558, and for the authors' later constants 1.076 at 1.885; r(δ) = 1."""
    for alpha, delta, beta, peak in ((1.9, 3, 1.558, 1.310), (1.7, 2.7, 1.885, 1.076)):
        at = 1 / mp.log(real(alpha))
        assert float(at) == pytest.approx(beta, abs=5e-4)
        assert float(wise_factor(at, alpha, delta)) == pytest.approx(peak, abs=5e-4)
        for other in (at - mp.mpf("0.01"), at + mp.mpf("0.01")):
            assert wise_factor(other, alpha, delta) < wise_factor(at, alpha, delta)
        assert float(wise_factor(real(delta), alpha, delta)) == pytest.approx(1, abs=1e-15)
    assert [round(float(wise_factor(mp.mpf(beta))), 3) for beta in (0, 3, 5, 10)] == [0, 1, 0.462, 0.037]


def test_weight_of_piou2() -> None:
    """u is .7196 for identical boxes, and at most 3/√(2e) = 1.2866, where x = 1/√2."""
    assert float(piou2_weight(Exact((0, 0, 1, 1), (0, 0, 1, 1)))) == pytest.approx(0.7196, abs=5e-5)
    # Equal boxes shifted by s sides: P = s/2, and 1.3 e^(−s/2) = 1/√2 at s = 2 ln(1.3 √2).
    shift = Fraction(2 * math.log(1.3 * math.sqrt(2)))
    largest = float(piou2_weight(Exact((shift, 0, 1 + shift, 1), (0, 0, 1, 1))))
    assert largest == pytest.approx(3 / math.sqrt(2 * math.e), abs=1e-15)
    assert largest == pytest.approx(1.2866, abs=5e-5)


def test_what_is_held() -> None:
    """A pair handed over as `held` changes what is out of the graph of a loss, and of the others nothing."""
    e, other = Exact((0, 0, 4, 2), (1, 1, 3, 4)), Exact((0, 0, 5, 2), (1, 1, 3, 4))
    with_held_part = {
        "ciou": {},
        "wiou": {"version": 1},
        "piou2": {},
        "dinterpiou": {},
        "uiou": {},
        "siou": {"focal": 0.5},
        "eiou": {"wise": True},
    }
    for name, parameters in with_held_part.items():
        assert loss(e, name, other, **parameters) != loss(e, name, **parameters)
    for name in ("iou", "giou", "diou", "shapeiou", "mpdiou", "piou", "interpiou", "extended_iou", "nwd", "gcd"):
        assert loss(e, name, other) == loss(e, name)
    assert loss(e, "piou2", other, detach=False) == loss(e, "piou2")
    assert loss(e, "siou", other, focal=0.5, detach=False) == loss(e, "siou", focal=0.5)


def test_outlier_degree() -> None:
    """1 − IoU = 5/6 over a mean of 1/3."""
    assert float(outlier_degree(Exact((0, 0, 4, 2), (1, 1, 3, 4)), 1 / 3)) == pytest.approx(2.5, abs=1e-15)


def test_kinks_are_known() -> None:
    """A pair is smooth unless edges meet, those of scaled and interpolated boxes included, and inside of a range."""
    pair = (2, 3, 12, 14), (0, 0, 10, 10)
    assert all(is_smooth(name, *pair, **parameters) for name, parameters in (*POINTS, *GAUSSIAN, *WISE))
    assert not is_smooth("iou", (0, 3, 12, 14), (0, 0, 10, 10))
    assert not is_smooth("iou", (10, 3, 12, 14), (0, 0, 10, 10))
    # Sides of 7.5, centres at 5 and 12.5: the scaled boxes touch.
    assert is_smooth("iou", (7.5, 3, 17.5, 14), (0, 0, 10, 10))
    assert not is_smooth("iou", (7.5, 3, 17.5, 14), (0, 0, 10, 10), inner=0.75)
    # a = ½ brings x1 from 20 to 10.
    assert not is_smooth("interpiou", (20, 3, 30, 14), (0, 0, 10, 10), a=0.5)
    assert not is_smooth("siou", (1, 3, 9, 14), (0, 0, 10, 10))
    # IoU = .9·.8 = .72
    assert is_smooth("iou", (0.5, 1, 9.5, 9), (0, 0, 10, 10), focaler=0.95)
    assert not is_smooth("iou", (0.5, 1, 9.5, 9), (0, 0, 10, 10), focaler=0.72)
    assert not is_smooth("iou", (0.5, 1, 9.5, 9), (0, 0, 10, 10), focaler=0.95, focaler_low=0.72)


def test_gradient_holds_what_is_out_of_the_graph() -> None:
    """PIoU2 of squares 1.5 sides apart: with v1 = 1 + 1 − e^(−P²), P = ¾, the slope is u·2P e^(−P²)/20, u held."""
    x = 1.3 * math.exp(-0.75)
    weight = 3 * x * math.exp(-(x**2))
    expected = weight * 1.5 * math.exp(-0.5625) / 40
    x1, y1, x2, y2 = gradient("piou2", (15, 0, 25, 10), (0, 0, 10, 10))
    assert (x1, x2) == pytest.approx((expected, expected), abs=1e-13)
    assert (y1, y2) == pytest.approx((0, 0), abs=1e-13)


def test_cases_are_different() -> None:
    """No case stands twice."""
    every = ids([*CASES, *COMBINATIONS])
    assert len(every) == len(set(every))
