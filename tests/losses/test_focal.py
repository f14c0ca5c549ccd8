"""The focal weights, and Focal-EIoU v1: which pairs count more, and what is attached."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given, settings
from torch import Tensor

from tests import reference
from tests.reference import Box, Exact, boxes, slope, tensor
from yolo_feiou.losses import focal
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import build_loss

eiou = build_loss("eiou")
GAMMAS = [0.25, 0.5, 1, 2]
UNIT = (0, 0, 1, 1)


def shifted_by(shift: float) -> tuple[Tensor, Tensor]:
    """Return a unit square shifted along x, and the unit square; for a shift s ≤ 1 their IoU is (1 − s)/(1 + s)."""
    return tensor((shift, 0, 1 + shift, 1)), tensor(UNIT)


@pytest.mark.parametrize("detach", [True, False])
def test_iou_power_by_hand(detach: bool) -> None:
    """Shifts of 0, 3/5 and 2 have IoU 1, 1/4 and 0: to the power ½ that is 1, ½ and 0; good boxes count more."""
    pred = torch.cat([shifted_by(shift)[0] for shift in (0, 0.6, 2)])
    weight = focal.iou_power(Pair(pred, tensor(UNIT, UNIT, UNIT)), 0.5, detach)
    assert weight.tolist() == pytest.approx([1, 0.5, 0], abs=1e-15)


def test_focal_log_by_hand() -> None:
    """IoU 1, 1/4 and 0 at γ = 1: 0, ¾ ln 4, and by the logarithm's floor of 1e-7 7 ln 10; bad boxes count more."""
    pred = torch.cat([shifted_by(shift)[0] for shift in (0, 0.6, 2)])
    weight = focal.focal_log(Pair(pred, tensor(UNIT, UNIT, UNIT)), 1)
    assert weight.tolist() == pytest.approx([0, 0.75 * math.log(4), 7 * math.log(10)], abs=1e-14)
    assert weight[2].item() == pytest.approx(16.1, abs=0.02)  # as the docstring says


@settings(deadline=None)
@given(one=boxes(), other=boxes(), target=boxes())
def test_focus_is_not_reversed(one: Box, other: Box, target: Box) -> None:
    """Of two predictions the one with more overlap has the larger IoU^γ, and the smaller −(1 − IoU)^γ ln IoU."""
    assume(Exact(one, target).iou < Exact(other, target).iou)
    pair = Pair(tensor(one, other), tensor(target, target))
    for gamma in GAMMAS:
        power, log = focal.iou_power(pair, gamma, detach=True), focal.focal_log(pair, gamma)
        assert power[0] < power[1]
        assert log[0] > log[1]


@pytest.mark.parametrize("gamma", [0, *GAMMAS])
@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_values_are_exact(gamma: float, pred: Box, target: Box) -> None:
    """Both weights, attached or not, are within 1e-12 of 40 digits."""
    pair, e = Pair(tensor(pred), tensor(target)), Exact(pred, target)
    power, log = float(reference.power_weight(e, gamma)), float(reference.log_weight(e, gamma))
    assert focal.iou_power(pair, gamma, detach=True).item() == pytest.approx(power, abs=1e-12)
    assert focal.focal_log(pair, gamma).item() == pytest.approx(log, abs=1e-12)
    if gamma:
        assert focal.iou_power(pair, gamma, detach=False).item() == pytest.approx(power, abs=1e-12)


@pytest.mark.parametrize("gamma", [0, *GAMMAS])
def test_detached_weights_are_outside_the_graph(gamma: float) -> None:
    """Neither needs a gradient, though the boxes do."""
    pred, target = shifted_by(0.5)
    pair = Pair(pred.requires_grad_(), target.requires_grad_())
    assert not focal.iou_power(pair, gamma, detach=True).requires_grad
    assert not focal.focal_log(pair, gamma).requires_grad


@pytest.mark.parametrize("gamma", GAMMAS)
@settings(deadline=None, max_examples=50)
@given(pred=boxes(), target=boxes())
def test_attached_weight_has_its_gradient(gamma: float, pred: Box, target: Box) -> None:
    """With detach=False the gradient is γ IoU^(γ−1) ∇IoU, by differences at 40 digits; 0 where nothing overlaps."""
    assume(all(pred[i] != target[j] for i in range(4) for j in (i, (i + 2) % 4)))
    expected = reference.gradient(lambda e: reference.power_weight(e, gamma), pred, target)
    grad = slope(lambda *pair: focal.iou_power(Pair(*pair), gamma, detach=False), tensor(pred), tensor(target))[0]
    assert grad.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_attached_weight_is_finite_without_overlap(gamma: float) -> None:
    """At IoU = 0, where γ IoU^(γ−1) is infinite for γ < 1, value and gradient are 0, for boxes apart and touching."""
    for shift in (1, 3):
        pair = shifted_by(shift)
        assert focal.iou_power(Pair(*pair), gamma, detach=False).item() == 0
        assert not slope(lambda *pair: focal.iou_power(Pair(*pair), gamma, detach=False), *pair).any()


@pytest.mark.parametrize("detach", [True, False])
def test_gamma_0_weighs_nothing_wherever_the_boxes_are(detach: bool) -> None:
    """As a schedule from 0 has it in its first epoch."""
    assert focal.iou_power(Pair(*shifted_by(3)), 0.0, detach).item() == 1


# W·L of unit squares shifted by s has IoU I = (1 − s)/(1 + s) and L = 1 − I + s²/((1 + s)² + 1). With W = I^γ in the
# graph d(W·L)/ds changes its sign at these IoUs (found from this formula, and in the project's notes).
THRESHOLDS = {0.25: 0.175, 0.5: 0.304, 1: 0.477, 2: 0.654}


def product(shift: float, gamma: float) -> float:
    """Return I^γ·L by the formula above."""
    iou = (1 - shift) / (1 + shift)
    return iou**gamma * (1 - iou + shift**2 / ((1 + shift) ** 2 + 1))


@pytest.mark.parametrize("gamma", GAMMAS)
def test_attached_weight_pushes_apart_below_a_threshold(gamma: float) -> None:
    """With detach=False a step drives squares below the known IoU apart, and those above together; detached, none."""

    def drive(iou: float, detach: bool) -> float:
        """Return d(W·L)/ds: positive where a step against it lowers the shift s."""
        loss = lambda *pair: focal.iou_power(Pair(*pair), gamma, detach) * eiou(*pair)  # noqa: E731
        return slope(loss, *shifted_by((1 - iou) / (1 + iou)))[0, [0, 2]].sum().item()

    threshold = THRESHOLDS[gamma]
    assert drive(threshold - 1e-3, detach=False) < 0 < drive(threshold + 1e-3, detach=False)
    for iou in (0.01, 0.1, threshold, 0.9, 0.99):
        shift, step = (1 - iou) / (1 + iou), 1e-6
        by_formula = (product(shift + step, gamma) - product(shift - step, gamma)) / (2 * step)
        assert drive(iou, detach=False) == pytest.approx(by_formula, rel=1e-6, abs=1e-8)
        assert drive(iou, detach=True) > 0


@pytest.mark.parametrize("beta", [0.5, 0.8, 1])
@settings(deadline=None, max_examples=50)
@given(pred=boxes(), target=boxes())
def test_v1_is_exact(beta: float, pred: Box, target: Box) -> None:
    """Value and gradient of FocalL1 of L_EIoU, against 40 digits."""
    assume(all(pred[i] != target[j] for i in range(4) for j in (i, (i + 2) % 4)))
    v1 = lambda *pair: focal.focal_eiou_v1(Pair(*pair), beta)  # noqa: E731
    expected = reference.value("focal_eiou_v1", pred, target, beta=beta)
    assert v1(tensor(pred), tensor(target)).item() == pytest.approx(expected, abs=1e-12)
    slopes = reference.gradient(lambda e: reference.LOSS["focal_eiou_v1"](e, beta), pred, target)
    assert slope(v1, tensor(pred), tensor(target))[0].tolist() == pytest.approx(slopes, rel=1e-9, abs=1e-9)


def test_v1_is_a_line_beyond_1() -> None:
    """Concentric squares of sides 2 and 4 have L_EIoU = 1.25, on the line: −α ln(β)·1.25 + C with β = .8."""
    loss = focal.focal_eiou_v1(Pair(tensor((1, 1, 3, 3)), tensor((0, 0, 4, 4))), 0.8)
    assert loss.item() == pytest.approx(0.485253648540 * 1.25 + 0.301029541422, abs=1e-11)


def test_v1_weakens_good_boxes() -> None:
    """Its gradient vanishes towards the target, where EIoU's own does not: the reason it was dropped."""
    nearly = shifted_by(1e-6)
    assert slope(eiou, *nearly)[0, [0, 2]].sum().item() == pytest.approx(2, abs=1e-4)
    assert 0 < slope(lambda *pair: focal.focal_eiou_v1(Pair(*pair), 0.8), *nearly)[0, [0, 2]].sum().item() < 1e-3
