"""NWD and GCD: boxes as Gaussians, in pixels and without a unit, against exact references."""

from __future__ import annotations

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
)
from tests.field_cases import GAUSSIAN, ByHand, by_hand, ids, shifted
from tests.reference import Box, boxes, overlapping, slope, tensor


@pytest.mark.parametrize("case", by_hand("nwd", "gcd"), ids=str)
def test_values_by_hand(case: ByHand) -> None:
    """Each pair has the value worked out beside it."""
    assert_value_by_hand(case)


@pytest.mark.parametrize(("name", "parameters"), GAUSSIAN, ids=ids(GAUSSIAN))
@settings(deadline=None, max_examples=50)
@given(pred=boxes(), target=boxes())
def test_values_are_exact(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """float64 is within 1e-12 of the paper's definition, whatever the position and the shapes of the two boxes."""
    assert_value_is_exact(name, parameters, pred, target)


@pytest.mark.parametrize(("name", "parameters"), GAUSSIAN, ids=ids(GAUSSIAN))
@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_gradients_are_exact(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """The gradient is that of the definition; nothing is detached."""
    assert_gradient_is_exact(name, parameters, pred, target)


@pytest.mark.parametrize(("name", "parameters"), GAUSSIAN, ids=ids(GAUSSIAN))
@settings(deadline=None, max_examples=25)
@given(box=boxes())
def test_identical_boxes_give_0(name: str, parameters: dict[str, Any], box: Box) -> None:
    """Exactly, in float32 and float64."""
    assert_identical_boxes_give_0(name, parameters, box)


@pytest.mark.parametrize("name", ["nwd", "gcd"])
def test_identical_boxes_stay(name: str) -> None:
    """The root's slope is infinite there, and its argument's 0: the gradient is 0, not NaN, beside another pair."""
    pred, target = tensor((0, 0, 10, 10), (0, 0, 10, 10)), tensor((0, 0, 10, 10), (0, 0, 10, 9))
    grad = slope(build(name), pred, target)
    assert not grad[0].any()
    assert grad[1].any()


@pytest.mark.parametrize("name", ["nwd", "gcd"])
def test_pairs_do_not_mix(name: str) -> None:
    """N pairs have N losses, each that of its pair alone: (N,), not (N, N)."""
    pred, target = overlapping()
    values = evaluate(name, {}, pred, target)
    assert values.shape == (5,)
    for i, value in enumerate(values.tolist()):
        expected = field_reference.value(name, pred[i].tolist(), target[i].tolist())
        assert value == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_range_and_symmetry(pred: Box, target: Box) -> None:
    """Both are in [0, 1], and the boxes may change places."""
    pred, target = tensor(pred), tensor(target)
    for name in ("nwd", "gcd"):
        value = evaluate(name, {}, pred, target).item()
        assert 0 <= value <= 1
        assert evaluate(name, {}, target, pred).item() == pytest.approx(value, abs=1e-14)


def test_nwd_at_one_iou_depends_on_the_size() -> None:
    """At IoU .6 squares of 8, 16, 32, 64 and 128 pixels have .14, .27, .46, .71 and .92; by GCD all have 1 − e^(−¼)."""
    pairs = [shifted(side / 4, side) for side in (8, 16, 32, 64, 128)]
    pred, target = (tensor(*boxes) for boxes in zip(*pairs, strict=True))
    assert build("iou")(pred, target).tolist() == pytest.approx([0.4] * 5, abs=1e-14)
    assert build("nwd")(pred, target).tolist() == pytest.approx([0.14, 0.27, 0.46, 0.71, 0.92], abs=6e-3)
    assert build("gcd")(pred, target).tolist() == pytest.approx([0.2212] * 5, abs=1e-4)


def test_nwd_in_strides() -> None:
    """16 pixels, 4 apart, on three levels with the pixels of each: .268; as if strides were pixels, far less."""
    strides = torch.tensor([8.0, 16.0, 32.0], dtype=torch.float64)
    pred, target = (torch.cat([tensor(box)] * 3) / strides[:, None] for box in shifted(4, 16))
    loss = build("nwd")
    assert loss(pred, target, pixels=strides).tolist() == pytest.approx([0.268] * 3, abs=5e-4)
    assert loss(pred, target, pixels=1).tolist() == pytest.approx([0.038, 0.019, 0.010], abs=5e-4)
    assert torch.equal(loss(pred, target), loss(pred, target, pixels=1))


def test_collapsed_prediction_has_no_gradient_by_gcd() -> None:
    """1/w² is huge for a speck, and e^(−D) is 0: the loss is 1 and its gradient 0, both finite."""
    pair = tensor((4, 4, 4 + 1e-3, 4 + 1e-3)), tensor((0, 0, 10, 10))
    assert build("gcd")(*pair).item() == 1
    assert slope(build("gcd"), *pair).abs().max() < 1e-12
