"""The ℓn losses: the encoding, each curve by hand and against exact arithmetic, and where its parts meet."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import assume, given, settings
from torch import Tensor
from torchvision.models.detection._utils import BoxCoder

from tests import reference
from tests.reference import Box, Exact, boxes, slope, tensor
from yolo_feiou.losses import l1
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import LOSSES

NAMES = ["l1", "smooth_l1", "balanced_l1", "focal_l1"]
CASES = [case for case in reference.CASES if case[0] in NAMES]
IDS = [reference.spec(*case) for case in CASES]


def of(name: str, **parameters: float) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a loss as a function of two tensors of boxes; other parameters have their defaults."""
    defaults = {parameter.name: parameter.default for parameter in LOSSES[name].parameters}
    return lambda pred, target: getattr(l1, name)(Pair(pred, target), **{**defaults, **parameters})


def off_by(x: float) -> tuple[Tensor, Tensor]:
    """Return a pair whose one regression error is x, along the x axis: a square of side 1, shifted by x."""
    return tensor((x, 0, x + 1, 1)), tensor((0, 0, 1, 1))


def curve(x: float, beta: float = 0.8) -> float:
    """Return L_f(x)."""
    return l1.focal_l1_curve(torch.tensor(x, dtype=torch.float64), beta).item()


def steepness(x: float, beta: float = 0.8) -> float:
    """Return g(x) = L_f′(x)."""
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(l1.focal_l1_curve(x, beta), x)[0].item()


def test_with_anchors_errors_are_differences_of_deltas() -> None:
    """As torchvision encodes boxes relative to anchors; its deltas of prediction and target are subtracted."""
    random = torch.Generator().manual_seed(0)
    corner, side = torch.rand(2, 3, 50, 2, generator=random, dtype=torch.float64)
    pred, target, anchors = torch.cat((corner, corner + side + 0.1), -1)
    coder = BoxCoder((1.0, 1.0, 1.0, 1.0))
    expected = coder.encode_single(pred, anchors) - coder.encode_single(target, anchors)
    torch.testing.assert_close(l1.encode(Pair(pred, target, reference=anchors)).t(), expected, rtol=1e-12, atol=1e-12)
    summed = build_loss("l1")(pred, target, reference=anchors)
    torch.testing.assert_close(summed, expected.abs().sum(1), rtol=1e-12, atol=1e-12)
    weights = (10.0, 10.0, 5.0, 5.0)
    weighted = build_loss("l1")(pred, target, reference=anchors, error_weights=weights)
    torch.testing.assert_close(weighted, (expected * torch.tensor(weights)).abs().sum(1), rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match=r"got reference boxes of shape \(3, 4\): expected \(50, 4\), one a pair"):
        Pair(pred, target, reference=anchors[:3])


def test_encoding_by_hand() -> None:
    """pred 4×2 centred on (2, 1), target 2×3 centred on (2, 2.5): Δx 0, Δy −1.5/3, sides 4/2 and 2/3 in logarithms."""
    errors = l1.encode(Pair(tensor((0, 0, 4, 2)), tensor((1, 1, 3, 4))))
    assert errors.shape == (4, 1)
    assert errors[:, 0].tolist() == pytest.approx([0, -0.5, math.log(2), math.log(2 / 3)], abs=1e-15)


def test_logarithm_continues_as_its_tangent() -> None:
    """Below 1e-4 it is ln(1e-4) − 1 + 1e4·r, with the slope 1e4 all the way, and ln(r) with the slope 1/r above."""
    ratio = torch.tensor([-1, 0, 5e-5, 1e-4, 2e-4, 1], dtype=torch.float64, requires_grad=True)
    value = l1.extended_log(ratio)
    tangent = [math.log(1e-4) - 1 + 1e4 * r for r in (-1, 0, 5e-5, 1e-4)]
    assert value.tolist() == pytest.approx([*tangent, math.log(2e-4), 0], rel=1e-14)
    assert torch.autograd.grad(value.sum(), ratio)[0].tolist() == pytest.approx([1e4, 1e4, 1e4, 1e4, 5e3, 1], rel=1e-14)


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_values_are_exact(name: str, parameters: dict[str, float], pred: Box, target: Box) -> None:
    """float64 is within 1e-12 of 40 digits, relative where the loss exceeds 1."""
    assert of(name, **parameters)(tensor(pred), tensor(target)).item() == pytest.approx(
        reference.value(name, pred, target, **parameters), rel=1e-12, abs=1e-12
    )


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
@settings(deadline=None, max_examples=50)
@given(pred=boxes(), target=boxes())
def test_gradients_are_exact(name: str, parameters: dict[str, float], pred: Box, target: Box) -> None:
    """The gradient is that of the definition, by differences at 40 digits, away from the kinks at 0."""
    e = Exact(pred, target)
    assume(e.dx and e.dy and e.w != e.wt and e.h != e.ht)
    expected = reference.gradient(lambda e: reference.LOSS[name](e, **parameters), pred, target)
    grad = slope(of(name, **parameters), tensor(pred), tensor(target))[0].tolist()
    assert grad == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
def test_gradcheck(name: str, parameters: dict[str, float]) -> None:
    """PyTorch's own finite differences agree, in both boxes."""
    pred = tensor((0, 0, 4, 2), (0, 0, 2, 5), (1, 1, 2, 4)).requires_grad_()
    target = tensor((1.1, 1.2, 3.3, 4), (4, 7, 9, 8), (0.5, 0.2, 6, 5)).requires_grad_()
    assert torch.autograd.gradcheck(of(name, **parameters), (pred, target))


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=IDS)
@settings(deadline=None)
@given(box=boxes())
def test_identical_boxes_give_0(name: str, parameters: dict[str, float], box: Box) -> None:
    """Exactly 0, in float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        assert of(name, **parameters)(tensor(box).to(dtype), tensor(box).to(dtype)).item() == 0


@pytest.mark.parametrize(("name", "parameters"), [case for case in CASES if case != ("focal_l1", {"beta": 1})])
@settings(deadline=None)
@given(box=boxes(), target=boxes())
def test_inverted_box_is_pulled_back(name: str, parameters: dict[str, float], box: Box, target: Box) -> None:
    """With x2 < x1 and y2 < y1, a step against the gradient widens the box. (FocalL1 at β = 1 lets outliers be.)"""
    x1, y1, x2, y2 = slope(of(name, **parameters), tensor((box[2], box[3], box[0], box[1])), tensor(target))[0]
    assert x1 > x2
    assert y1 > y2


def test_l1_by_hand() -> None:
    """The pair of `test_encoding_by_hand`: 0 + ½ + ln 2 + ln 3/2 = ½ + ln 3."""
    loss = of("l1")(tensor((0, 0, 4, 2)), tensor((1, 1, 3, 4)))
    assert loss.item() == pytest.approx(0.5 + math.log(3), abs=1e-15)


@pytest.mark.parametrize(
    ("x", "beta", "value", "slope_x"),
    [
        (0.5, 1, 0.125, 0.5),  # x²/2
        (-0.5, 1, 0.125, -0.5),
        (2, 1, 1.5, 1),  # x − ½
        (0.125, 0.25, 0.03125, 0.5),  # (1/64)/(1/2)
        (0.5, 0.25, 0.375, 1),  # ½ − ⅛
        (0.5, 0, 0.5, 1),  # no parabola left: ℓ1
    ],
)
def test_smooth_l1_by_hand(x: float, beta: float, value: float, slope_x: float) -> None:
    """x²/(2β) where |x| < β, |x| − β/2 beyond, and their slopes x/β and ±1."""
    pred, target = off_by(x)
    assert of("smooth_l1", beta=beta)(pred, target).item() == value
    assert (slope(of("smooth_l1", beta=beta), pred, target)[0, [0, 2]].sum()).item() == pytest.approx(
        slope_x, abs=1e-15
    )


def test_balanced_l1_by_hand() -> None:
    """α = ½, γ = 3/2: b = e³ − 1, so b·x + 1 is 1 at 0 and e³ at 1.

    At x = 1 the inner part is α/b·e³·3 − α = 3e³/(2(e³ − 1)) − ½, and C is that − γ. At x = ½ the inner part is
    α/b·(b/2 + 1) ln(b/2 + 1) − α/2; beyond 1 the slope is γ.
    """
    b = math.exp(3) - 1
    at_1 = 3 * math.exp(3) / (2 * b) - 0.5
    half = 0.5 / b * (b / 2 + 1) * math.log(b / 2 + 1) - 0.25
    for x, expected in ((0.5, half), (1, at_1), (3, at_1 + 2 * 1.5)):
        assert of("balanced_l1", alpha=0.5, gamma=1.5)(*off_by(x)).item() == pytest.approx(expected, abs=1e-14)


def test_balanced_l1_with_another_boundary_is_itself_at_another_scale() -> None:
    """β L(x/β): at β = ¼ an error of 1 is four boundaries away, and the slope beyond β is γ still."""
    small, plain = of("balanced_l1", beta=0.25), of("balanced_l1")
    assert small(*off_by(1)).item() == pytest.approx(plain(*off_by(4)).item() / 4, abs=1e-14)
    assert slope(small, *off_by(1))[0].sum().item() == pytest.approx(1.5, abs=1e-14)
    assert small(*off_by(0)).item() == 0 and slope(small, *off_by(1e-9))[0].abs().max().item() < 1e-7


@pytest.mark.parametrize(
    ("name", "parameters", "joint"),
    [
        ("smooth_l1", {"beta": 1}, 1),
        ("smooth_l1", {"beta": 0.25}, 0.25),
        ("balanced_l1", {"alpha": 0.5, "gamma": 1.5}, 1),
        ("balanced_l1", {"alpha": 1, "gamma": 0.5}, 1),
        ("balanced_l1", {"alpha": 0.5, "gamma": 1.5, "beta": 0.25}, 0.25),
        ("focal_l1", {"beta": 0.8}, 1),
        ("focal_l1", {"beta": 0.5}, 1),
        ("focal_l1", {"beta": 1}, 1),
    ],
)
def test_value_and_slope_are_continuous(name: str, parameters: dict[str, float], joint: float) -> None:
    """Where the two parts of a curve meet, 1e-9 before, there, and 1e-9 after, value and slope agree to 1e-7."""
    loss = of(name, **parameters)
    before, there, after = (off_by(joint + step) for step in (-1e-9, 0, 1e-9))
    for near in (before, after):
        assert loss(*near).item() == pytest.approx(loss(*there).item(), abs=1e-7)
        assert slope(loss, *near)[0].tolist() == pytest.approx(slope(loss, *there)[0].tolist(), abs=1e-7)


def test_focal_l1_curve_at_known_points() -> None:
    """β = .8: α = eβ = 2.174625462767, L(½), L(1), L(3) and L′(1) = −α ln β as the project's notes give them.

    Beyond 1 the curve is −α ln(β) x + C with C = (2α ln β + α)/4 = .301029541422, so L(3) − 3·L′ is C.
    """
    assert curve(0.5) == pytest.approx(0.384987736026848, abs=1e-14)
    assert curve(1.0) == pytest.approx(0.786283189962, abs=1e-12)
    assert curve(3.0) == pytest.approx(1.75679048704228, abs=1e-13)
    assert steepness(1.0) == pytest.approx(0.485253648540, abs=1e-12)
    assert steepness(3.0) == pytest.approx(0.485253648540, abs=1e-12)
    assert curve(3.0) - 3 * steepness(3.0) == pytest.approx(0.301029541422, abs=1e-12)
    assert steepness(0.5) == pytest.approx(-2.174625462767 * 0.5 * math.log(0.4), abs=1e-12)
    assert (curve(0.0), steepness(0.0)) == (0, 0)


@pytest.mark.parametrize("beta", [1 / math.e, 0.5, 0.8, 1])
def test_focal_l1_slope_peaks_at_1(beta: float) -> None:
    """The slope is 1 at x* = 1/(eβ), less everywhere else, and never negative."""
    peak = 1 / (math.e * beta)
    assert steepness(peak, beta) == pytest.approx(1, abs=1e-12)
    slopes = {x / 100: steepness(x / 100, beta) for x in range(1, 300)}
    assert all(0 <= value <= 1 + 1e-12 for value in slopes.values())
    assert all(value < 1 - 1e-6 for x, value in slopes.items() if abs(x - peak) > 0.01 and x < 1)


def test_focal_l1_at_beta_1_gives_outliers_up() -> None:
    """At β = 1 the curve is flat from 1 on, at α/4 = e/4; at β = 1/e it is the line with slope 1, never below."""
    assert [steepness(x, 1) for x in (1.0, 1.5, 10.0)] == [0, 0, 0]
    assert curve(1.0, 1) == curve(10.0, 1) == pytest.approx(math.e / 4, abs=1e-15)
    assert [steepness(x, 1 / math.e) for x in (1.0, 1.5, 10.0)] == pytest.approx([1, 1, 1], abs=1e-15)


def test_focal_l1_sums_four_errors() -> None:
    """The pair of `test_encoding_by_hand`: L(½) + L(ln 2) + L(ln 3/2), its first error being 0."""
    loss = of("focal_l1", beta=0.8)(tensor((0, 0, 4, 2)), tensor((1, 1, 3, 4)))
    assert loss.item() == pytest.approx(curve(0.5) + curve(math.log(2)) + curve(math.log(1.5)), abs=1e-14)
