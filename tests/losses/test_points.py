"""SIoU, Shape-IoU, MPDIoU, PIoU, InterpIoU, UIoU, Extended-IoU and WIoU v1, against exact references."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings

from tests import field_reference
from tests.field_assertions import (
    assert_gradient_is_exact,
    assert_identical_boxes_give_0,
    assert_value_by_hand,
    assert_value_is_exact,
    build,
    evaluate,
    lengths,
)
from tests.field_cases import POINTS, ByHand, by_hand, ids, shifted, sides_apart
from tests.reference import Box, boxes, overlapping, slope, tensor
from yolo_feiou.losses.build import build_loss

NAMES = ["siou", "shapeiou", "mpdiou", "piou", "piou2", "interpiou", "dinterpiou", "uiou", "extended_iou"]
BY_HAND = [*by_hand(*NAMES), *(case for case in by_hand("wiou") if case.parameters.get("version") == 1)]


@pytest.mark.parametrize("case", BY_HAND, ids=str)
def test_values_by_hand(case: ByHand) -> None:
    """Each pair has the value worked out beside it."""
    assert_value_by_hand(case)


@pytest.mark.parametrize(("name", "parameters"), POINTS, ids=ids(POINTS))
@settings(deadline=None, max_examples=50)
@given(pred=boxes(), target=boxes())
def test_values_are_exact(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """float64 is within 1e-12 of the paper's definition, whatever the position and the shapes of the two boxes."""
    assert_value_is_exact(name, parameters, pred, target)


@pytest.mark.parametrize(("name", "parameters"), POINTS, ids=ids(POINTS))
@settings(deadline=None, max_examples=25)
@given(pred=boxes(), target=boxes())
def test_gradients_are_exact(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """The gradient is that of the definition; c² of WIoU, α of UIoU, u of PIoU2 and a of InterpIoU are held."""
    assert_gradient_is_exact(name, parameters, pred, target)


@pytest.mark.parametrize(("name", "parameters"), POINTS, ids=ids(POINTS))
@settings(deadline=None, max_examples=25)
@given(box=boxes())
def test_identical_boxes_give_0(name: str, parameters: dict[str, Any], box: Box) -> None:
    """Exactly, in float32 and float64, and the gradient is finite."""
    assert_identical_boxes_give_0(name, parameters, box)


@pytest.mark.parametrize("name", [*NAMES, "wiou"])
def test_pairs_do_not_mix(name: str) -> None:
    """N pairs have N losses, each that of its pair alone."""
    pred, target = overlapping()
    values = evaluate(name, {}, pred, target)
    assert values.shape == (5,)
    for i, value in enumerate(values.tolist()):
        expected = field_reference.value(name, pred[i].tolist(), target[i].tolist())
        assert value == pytest.approx(expected, abs=1e-12)


#: What the docstrings say, from formulas: 1, the largest penalty, and for PIoU2 and WIoU the factor.
RANGES = {
    "siou": 1 + 1 - math.exp(-2) + (1 - math.exp(-1)) ** 4,  # 2.024
    "shapeiou": 2 + (1 - math.exp(-1)) ** 4,  # 2.16
    "piou": 2,
    "piou2": 2 * 3 / math.sqrt(2 * math.e),  # 2.57
    "interpiou": 2,
    "dinterpiou": 2,
    "wiou:version=1": math.e,
    "ciou": 1 + 1 + 1 / 2,  # αv = v²/(1 − IoU + v), v ≤ 1
    "uiou:ratio=2": 2.5,
    "uiou:ratio=0.5": 2.5,
    "focal_eiou_v1": 1.8782,  # the curve at 3.25: 0.8e (1 − 2 ln 0.8)/4 − 0.8e ln 0.8 · 2.25
}


@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_each_loss_is_in_its_range(pred: Box, target: Box) -> None:
    """No loss is negative, or above its bound."""
    for spec, bound in RANGES.items():
        assert 0 <= build_loss(spec).eval()(tensor(pred), tensor(target)).item() <= bound


def test_the_bound_of_siou_is_reached() -> None:
    """Far apart along both axes, near to the x axis, and one box a speck beside the other: all parts are 1 at most."""
    speck, target = (1e6, 1e3, 1e6 + 1e-6, 1e3 + 1e-6), (0, 0, 1, 1)
    assert build("siou")(tensor(speck), tensor(target)).item() == pytest.approx(RANGES["siou"], abs=1e-2)


# --- SIoU


def test_siou_hardly_sees_sides() -> None:
    """Sides 10 %, 30 % and 100 % too long cost 6e-5, .0018 and .024 beside the IoU; with EIoU .017, .107 and .5."""
    for ratio, siou, eiou in ((1.1, 6e-5, 0.017), (1.3, 0.0018, 0.107), (2, 0.024, 0.5)):
        pred, target = map(tensor, sides_apart(ratio))
        overlap = 1 - 1 / ratio**2
        assert build("siou")(pred, target).item() - overlap == pytest.approx(siou, rel=0.05)
        assert build("eiou")(pred, target).item() - overlap == pytest.approx(eiou, rel=0.05)


@pytest.mark.parametrize("shift", [5, 15, 30])
def test_siou_draws_the_prediction_to_its_target(shift: float) -> None:
    """A step against the gradient lowers the shift; with the sign of γ reversed, as in a public copy, not at 15."""
    grad = slope(build("siou"), *map(tensor, shifted(shift)))[0]
    assert grad[0] + grad[2] > 0


def test_siou_has_no_gradient_of_the_distance_at_one_centre() -> None:
    """Where Λ is 0/0: the centre of a box of other sides on that of its target stays, value and gradient are finite."""
    pred, target = tensor((1, 1, 3, 3)), tensor((0, 0, 4, 4))
    x1, y1, x2, y2 = slope(build("siou"), pred, target)[0].tolist()
    assert x1 + x2 == pytest.approx(0, abs=1e-15) and y1 + y2 == pytest.approx(0, abs=1e-15)


# --- Shape-IoU


def test_shapeiou_weighs_by_the_target() -> None:
    """At scale 1 the boxes may not change places; at 0 they may."""
    pred, target = tensor((0, 0, 4, 2)), tensor((1, 1, 3, 4))
    for scale, differs in ((0, False), (1, True)):
        loss = build("shapeiou", {"scale": scale})
        assert (abs(loss(pred, target) - loss(target, pred)).item() > 1e-3) == differs


# --- MPDIoU


def test_mpdiou_of_each_level() -> None:
    """Pairs of three levels, in strides, with the pixels per unit of each: 32 pixels, 8 apart, are .4 + 1.6e-4."""
    strides = torch.tensor([8.0, 16.0, 32.0], dtype=torch.float64)
    pred, target = (torch.cat([tensor(box)] * 3) / strides[:, None] for box in shifted(8, 32))
    values = build("mpdiou")(pred, target, image=(640, 640), pixels=strides)
    assert values.tolist() == pytest.approx([0.4 + 128 / 819200] * 3, abs=1e-14)


def test_mpdiou_needs_the_image() -> None:
    """Without it the message says what to hand over; in pixels, one pixel per unit is the default."""
    pair = [*map(tensor, shifted(8, 32))]
    with pytest.raises((ValueError, TypeError), match="image"):
        build("mpdiou")(*pair)
    assert build("mpdiou")(*pair, image=(640, 640)).item() == pytest.approx(0.4 + 128 / 819200, abs=1e-14)


def test_mpdiou_is_weak_for_boxes_apart() -> None:
    """Squares of 10, 15 apart on 640×640: 2d/(W² + H²) in each coordinate, in sum .0037 of the slope of DIoU.

    That is 2·15/725 − 225·2·25/725² = .0200 against 4·15/819200.
    """
    pair = [*map(tensor, shifted(15))]
    grad = slope(lambda *pair: build("mpdiou")(*pair, image=(640, 640)), *pair)[0]
    assert grad.tolist() == pytest.approx([30 / 819200, 0, 30 / 819200, 0], abs=1e-14)
    assert (grad.sum() / slope(build("diou"), *pair).sum()).item() == pytest.approx(0.0037, rel=0.02)


def test_lengths_change_no_other_loss() -> None:
    """The losses without a unit take image and pixels, too, and ignore them."""
    pair = overlapping()
    for name in (*NAMES, "wiou", "gcd", "ciou"):
        if name != "mpdiou":
            assert torch.equal(build(name)(*pair, **lengths("mpdiou")), build(name)(*pair))


# --- PIoU


def test_piou_is_flat_far_away() -> None:
    """Squares of 10 that are 2 and 4 sides apart: the slope in the shift is 2P e^(−P²)/20, .037 and .0037."""
    for shift, expected, rounded in ((20, math.exp(-1) / 10, 0.037), (40, math.exp(-4) / 5, 0.0037)):
        x1, _, x2, _ = slope(build("piou"), *map(tensor, shifted(shift)))[0].tolist()
        assert x1 + x2 == pytest.approx(expected, abs=1e-14)
        assert x1 + x2 == pytest.approx(rounded, rel=0.02)


def test_attached_weight_of_piou2_pushes_away() -> None:
    """In the graph, as its authors have it, u repels squares from twice their side on; detached, nothing does."""
    attached = {15: 0.032, 20: -0.009, 25: -0.037, 30: -0.050, 40: -0.046}
    detached = {15: 0.054, 20: 0.042, 25: 0.025, 30: 0.013, 40: 0.002}
    for detach, expected in (("false", attached), ("true", detached)):
        for shift, drive in expected.items():
            x1, _, x2, _ = slope(build_loss(f"piou2:detach={detach}"), *map(tensor, shifted(shift)))[0].tolist()
            assert x1 + x2 == pytest.approx(drive, abs=5e-4)


def test_piou2_is_detached_by_default() -> None:
    """The published variant is an option."""
    pair = [*map(tensor, shifted(25))]
    assert torch.equal(slope(build("piou2"), *pair), slope(build("piou2", {"detach": True}), *pair))


# --- InterpIoU


@pytest.mark.parametrize(("name", "reach"), [("interpiou", 500), ("dinterpiou", 1000)])
def test_reach_of_interpiou(name: str, reach: float) -> None:
    """Squares of 10 are seen up to 10/(1 − a) away, 500 at a = .98 and 1,000 at .99, the largest of the dynamic one."""
    x1, _, x2, _ = slope(build(name), *map(tensor, shifted(0.99 * reach)))[0].tolist()
    assert 0 < x1 + x2 < 0.002
    assert not slope(build(name), *map(tensor, shifted(1.01 * reach))).any()


def test_interpiou_keeps_its_digits_far_from_the_origin() -> None:
    """Moved by 1e6, a pair in float32 has the loss it had: B_int is computed from differences."""
    pred, target = (tensor(box).float() for box in shifted(5))
    for name in ("interpiou", "dinterpiou"):
        assert build(name)(pred + 2**20, target + 2**20).item() == build(name)(pred, target).item()


# --- UIoU


def test_uiou_starts_at_the_first_of_its_schedule() -> None:
    """Outside of a training `2..0.5` is 2, the default; with a ratio of 1 it is CIoU, value and gradient."""
    pair = overlapping()
    expected = build("uiou", {"ratio": 2})(*pair)
    assert torch.equal(build("uiou")(*pair), expected)
    assert torch.equal(build("uiou", {"ratio": "2..0.5"})(*pair), expected)
    pred, target = tensor((0, 0, 4, 2)), tensor((1, 1, 3, 4.5))
    one, ciou = build("uiou", {"ratio": 1}), build("ciou")
    assert one(pred, target).item() == pytest.approx(ciou(pred, target).item(), abs=1e-14)
    torch.testing.assert_close(slope(one, pred, target), slope(ciou, pred, target), rtol=0, atol=1e-14)


# --- Extended-IoU


def test_extended_iou_is_not_eiou_and_not_symmetric() -> None:
    """One pair and its mirror image along y have other losses: 1 − I/U is 1.180 and 1.351; half of s is taken off."""
    loss = build("extended_iou")
    pair = tensor((12, 0, 20, 3)), tensor((0, 5, 10, 30))
    mirrored = tensor((12, 27, 20, 30)), tensor((0, 0, 10, 25))
    assert loss(*pair).item() == pytest.approx(1.180 - 0.05, abs=5e-4)
    assert loss(*mirrored).item() == pytest.approx(1.351 - 0.05, abs=5e-4)
    assert abs(loss(*pair) - build("eiou")(*pair)).item() > 0.1


# --- WIoU v1


def test_wiou_moves_boxes_apart_and_leaves_their_sides() -> None:
    """c² is held: squares of 10, 20 and 4 apart, have the slopes R dx/c² = .0267 and R dy/c² = .0053, c² = 30² + 14².

    Those of two opposite edges are equal, so nothing is left for the sides. With R out of the graph, as in one public
    copy, all would be 0; with c² in it, the slope in x2 would be −.0037.
    """
    loss = build("wiou", {"version": 1})
    x, y = (math.exp(416 / 1096) * offset / 1096 for offset in (20, 4))
    assert (x, y) == pytest.approx((0.0267, 0.0053), abs=5e-5)
    assert slope(loss, *map(tensor, shifted(20, down=4)))[0].tolist() == pytest.approx([x, y, x, y], abs=1e-15)


def test_a_parameter_that_version_1_ignores_is_refused() -> None:
    """It has neither a factor nor a mean."""
    for parameter in ("alpha=1.9", "delta=3", "gamma=0.5"):
        with pytest.raises(ValueError, match=parameter.partition("=")[0]):
            build_loss(f"wiou:version=1,{parameter}")
