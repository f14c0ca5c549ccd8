"""Inner-IoU, Focaler-IoU and α-IoU on each loss that takes them, and with weights, against exact references."""

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
from tests.field_cases import COMBINATIONS, HIGH, TRANSFORMS, ByHand, by_hand, ids, is_smooth, shifted
from tests.field_reference import PENALTIES, POWERED
from tests.reference import Box, boxes, overlapping, slope, tensor
from yolo_feiou.errors import LossSpecError
from yolo_feiou.losses.build import build_loss

BY_HAND = [case for case in by_hand(*PENALTIES, modified=True) if "wise" not in case.parameters]
#: Two boxes that overlap little, two that do well, one in the other, one that touches only when inner is 1.25, and two
#: boxes far apart.
PAIRS = [
    ((0, 0, 4, 2), (1, 1, 3, 4)),
    ((1, 2, 9, 11), (0, 0, 10, 9)),
    ((2.5, 2.25, 12, 13), (0, 0, 10, 10)),
    ((0.25, 0.125, 10.5, 10.25), (0, 0, 10, 10)),
    ((1, 1, 4, 3), (0, 0.5, 6, 5)),
    ((5.25, 1, 9, 6), (0, 0, 5, 5)),
    ((7, 7, 9, 9), (0, 0, 3, 2)),
]
PRED, TARGET = (tensor(*boxes) for boxes in zip(*PAIRS, strict=True))


@pytest.mark.parametrize("case", BY_HAND, ids=str)
def test_values_by_hand(case: ByHand) -> None:
    """Each pair has the value worked out beside it."""
    assert_value_by_hand(case)


@pytest.mark.parametrize(("name", "parameters"), TRANSFORMS, ids=ids(TRANSFORMS))
@settings(deadline=None, max_examples=25)
@given(pred=boxes(), target=boxes())
def test_values_are_exact(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """float64 is within 1e-12 of the definition, whatever the position and the shapes of the two boxes."""
    assert_value_is_exact(name, parameters, pred, target)


@pytest.mark.parametrize(("name", "parameters"), TRANSFORMS, ids=ids(TRANSFORMS))
@settings(deadline=None, max_examples=10)
@given(pred=boxes(), target=boxes())
def test_gradients_are_exact(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """The gradient is that of the definition; CIoU's α, of the plain IoU, and the weights are held."""
    assert_gradient_is_exact(name, parameters, pred, target)


@pytest.mark.parametrize(("name", "parameters"), COMBINATIONS, ids=ids(COMBINATIONS))
def test_combinations_are_exact(name: str, parameters: dict[str, Any]) -> None:
    """Inner, then focaler, then power, then the penalties, then a weight of the plain IoU: values and gradients."""
    values = evaluate(name, parameters, PRED, TARGET).tolist()
    grads = slope(lambda *pair: evaluate(name, parameters, *pair), PRED, TARGET).tolist()
    for pred, target, value, grad in zip(PRED.tolist(), TARGET.tolist(), values, grads, strict=True):
        assert value == pytest.approx(field_reference.value(name, pred, target, **parameters), rel=0, abs=1e-12)
        if is_smooth(name, pred, target, **parameters):
            expected = field_reference.gradient(name, pred, target, **parameters)
            assert grad == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_most_pairs_of_the_combinations_are_smooth() -> None:
    """So that the test above compares gradients, of pairs with an overlap and of pairs apart."""
    for name, parameters in COMBINATIONS:
        smooth = [is_smooth(name, *pair, **parameters) for pair in zip(PRED.tolist(), TARGET.tolist(), strict=True)]
        assert sum(smooth) >= 5 and any(smooth[-2:])


CASES = [*TRANSFORMS, *COMBINATIONS]


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=ids(CASES))
def test_identical_boxes_give_0(name: str, parameters: dict[str, Any]) -> None:
    """Exactly, in float32 and float64, and the gradient is finite."""
    assert_identical_boxes_give_0(name, parameters, (0, 0, 10, 10), (7.125, 3.25, 7.25, 30), (600, 1.5, 631.375, 2))


NEUTRAL = [{"inner": 1}, {"focaler": 1}, {"power": 1}, {"focal": 0}]


@pytest.mark.parametrize("parameters", NEUTRAL, ids=str)
@pytest.mark.parametrize("name", PENALTIES)
def test_modifiers_that_change_nothing(name: str, parameters: dict[str, float]) -> None:
    """A ratio of 1, a range of 0 to 1, powers of 1 and of 0: value and gradient are those of the plain loss."""
    if "power" in parameters and name not in POWERED:
        return
    pair = overlapping()
    torch.testing.assert_close(evaluate(name, parameters, *pair), evaluate(name, {}, *pair), rtol=0, atol=1e-14)
    pair = PRED, TARGET
    expected = slope(lambda *pair: evaluate(name, {}, *pair), *pair)
    grad = slope(lambda *pair: evaluate(name, parameters, *pair), *pair)
    torch.testing.assert_close(grad, expected, rtol=0, atol=1e-14)


def test_inner_iou_sees_less_or_more() -> None:
    """Squares of 10: at ratio .75 there is no gradient from 7.5 apart on, at 1.25 up to a gap of 2.5."""
    for ratio, seen, unseen in ((0.75, 7.4, 7.6), (1, 9.9, 10.1), (1.25, 12.4, 12.6)):
        loss = build("iou", {"inner": ratio})
        assert slope(loss, *map(tensor, shifted(seen))).any()
        assert not slope(loss, *map(tensor, shifted(unseen))).any()


def test_focaler_iou_is_dead_outside_its_range() -> None:
    """At IoU .9 and a range from .2 to .8 loss and gradient are 0; inside the slope is that of IoU over U − D."""
    pair = [*map(tensor, HIGH)]
    dead = build("iou", {"focaler": 0.8, "focaler_low": 0.2})
    assert dead(*pair).item() == 0
    assert not slope(dead, *pair).any()
    ratio = slope(build("iou", {"focaler": 0.95}), *pair)[0, 3] / slope(build("iou"), *pair)[0, 3]
    assert ratio.item() == pytest.approx(1 / 0.95, abs=1e-13)


def test_power_pulls_on_good_boxes() -> None:
    """The slope of 1 − IoU³ is 3 IoU² that of 1 − IoU: 2.43 at .9, .03 at .1."""
    for iou, expected in ((0.9, 2.43), (0.1, 0.03)):
        pair = tensor((0, 0, 10, 10 * iou)), tensor((0, 0, 10, 10))
        ratio = slope(build("iou", {"power": 3}), *pair)[0, 3] / slope(build("iou"), *pair)[0, 3]
        assert ratio.item() == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("gamma", [0, 0.5, 2])
def test_focal_eiou_is_eiou_with_the_modifier(gamma: float) -> None:
    """Bit for bit, values, gradients and means."""
    pair = overlapping()
    scores = torch.tensor([0.5, 1, 0.25, 0.75, 1], dtype=torch.float64)
    for rest in ("", ",detach=false", ",norm=tal", ",norm=mean"):
        named, modified = build_loss(f"focal_eiou:gamma={gamma}{rest}"), build_loss(f"eiou:focal={gamma}{rest}")
        assert torch.equal(named(*pair), modified(*pair))
        assert torch.equal(named.mean(*pair, scores), modified.mean(*pair, scores))
        assert torch.equal(slope(named, *pair), slope(modified, *pair))


@pytest.mark.parametrize(
    ("published", "spec"),
    [
        ("inner_eiou", "eiou:inner=0.75"),
        ("inner_siou", "siou:inner=0.75"),
        ("focaler_ciou", "ciou:focaler=0.95"),
        ("focaler_ciou", "ciou:focaler=0.95,focaler_low=0"),
        ("alpha_giou", "giou:power=3"),
    ],
)
def test_published_names(published: str, spec: str) -> None:
    """A name without parameters has those of the field."""
    pair = overlapping()
    assert torch.equal(build_loss(published)(*pair), build_loss(spec)(*pair))


@pytest.mark.parametrize(
    ("spec", "modifier"),
    [
        *(
            (f"{name}:{modifier}", modifier.partition("=")[0])
            for name in ("piou", "piou2", "interpiou", "dinterpiou", "uiou", "extended_iou", "wiou", "nwd", "gcd", "l1")
            for modifier in ("inner=0.75", "focaler=0.95", "power=3")
        ),
        *((f"{name}:power=3", "power") for name in PENALTIES if name not in POWERED),
        ("wiou:focal=0.5", "focal"),
        ("iou:inner=0", "inner"),
        ("iou:inner=-1", "inner"),
        ("iou:focaler=0", "focaler"),
        ("iou:focaler=1.5", "focaler"),
        ("iou:focaler=0.5,focaler_low=0.5", "focaler"),
        ("iou:focaler=0.5,focaler_low=0.6", "focaler"),
        ("eiou:norm=tal", "norm"),
        ("eiou:detach=false", "detach"),
        ("ciou:focal=0.5,wise=true", "wise"),
    ],
)
def test_what_is_not_defined_is_refused(spec: str, modifier: str) -> None:
    """No paper has the combination, or the range is empty: the message names the modifier."""
    with pytest.raises(LossSpecError, match=modifier):
        build_loss(spec)
