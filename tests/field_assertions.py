"""What the tests of the field's losses assert: values by hand, exact values and exact gradients."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume
from torch import Tensor

from tests import field_reference
from tests.field_cases import ByHand, is_smooth, spec
from tests.field_reference import IMAGE, PIXELS
from tests.reference import Box, slope, tensor
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.build import build_loss


def build(name: str, parameters: dict[str, Any] | None = None) -> BoxLoss:
    """Build a loss in evaluation mode, where WIoU's running mean stays at 1."""
    return build_loss(spec(name, parameters or {})).eval()


def lengths(name: str, image: tuple[float, float] = IMAGE, pixels: float | Tensor = PIXELS) -> dict[str, Any]:
    """Return the arguments of a call that this loss can't do without."""
    return {"mpdiou": {"image": image, "pixels": pixels}, "nwd": {"pixels": pixels}}.get(name, {})


def evaluate(name: str, parameters: dict[str, Any], pred: Tensor, target: Tensor) -> Tensor:
    """Return the loss of each pair, in the image and the unit that the references take by default."""
    return build(name, parameters)(pred, target, **lengths(name))


def assert_value_by_hand(case: ByHand) -> None:
    """The loss has the value that is worked out beside it."""
    loss, pair = build(case.name, case.parameters), map(tensor, case.pair)
    assert loss(*pair, **lengths(case.name, **case.context)).tolist() == pytest.approx([case.expected], abs=1e-14)


def assert_value_is_exact(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """float64 is within 1e-12 of 40 digits."""
    expected = field_reference.value(name, pred, target, **parameters)
    value = evaluate(name, parameters, tensor(pred), tensor(target))
    assert value.tolist() == pytest.approx([expected], rel=0, abs=1e-12)


def assert_gradient_is_exact(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """The gradient is that of differences at 40 digits, with what is out of the graph held, away from kinks."""
    assume(is_smooth(name, pred, target, **parameters))
    expected = field_reference.gradient(name, pred, target, **parameters)
    grad = slope(lambda *pair: evaluate(name, parameters, *pair), tensor(pred), tensor(target))
    assert grad[0].tolist() == pytest.approx(expected, rel=1e-10, abs=1e-10)


def assert_identical_boxes_give_0(name: str, parameters: dict[str, Any], *boxes: Box) -> None:
    """Exactly 0, in float32 and float64, with a finite gradient."""
    for dtype in ("float", "double"):
        same = getattr(tensor(*boxes), dtype)()
        assert evaluate(name, parameters, same, same.clone()).tolist() == [0] * len(boxes)
        assert slope(lambda *pair: evaluate(name, parameters, *pair), same, same.clone()).isfinite().all()
