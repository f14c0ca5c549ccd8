"""The losses of rotated boxes against their papers' matrices, and Ultralytics' own ProbIoU."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import math
import re

import pytest
import torch
from torch import Tensor

from tests import rotated_reference as reference
from tests.rotated_reference import CASES, PIXELS, SPECS, draw, evaluate, tensor
from yolo_feiou.errors import LossSpecError
from yolo_feiou.losses.build import build_loss, shorten_spec
from yolo_feiou.losses.table import ROTATED_LOSSES

FOCAL = [
    f"{name}:focal={gamma},detach={flag}"
    for name in ROTATED_LOSSES
    for gamma, flag in ((0.5, "true"), (1, "false"), (0.5, "false"))
]
SUMS = ["probiou:weight=0.5+kld:weight=0.5", "kfiou:focal=0.5+gwd:weight=0"]
#: All that is finite, invariant and the like.
ALL = [*SPECS, *FOCAL, *SUMS]
#: With a length in it: a floor, or pixels.
HAS_LENGTH = re.compile(r"gwd|floor=(?!0(,|$))|focal|:weight")


def slope(spec: str, pred: Tensor, target: Tensor) -> Tensor:
    pred = pred.clone().requires_grad_()
    (grad,) = torch.autograd.grad(evaluate(spec, pred, target).sum(), pred)
    return grad


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=SPECS)
def test_values_are_exact(name, parameters):
    """float64 is within 1e-12 of the matrices' value for boxes of all kinds: needles, squares, near and far ones."""
    pred, target = draw(4)
    values = evaluate(reference.spell(name, parameters), pred, target)
    for value, *pair in zip(values.tolist(), pred.tolist(), target.tolist(), strict=True):
        assert value == pytest.approx(float(reference.value(name, *pair, **parameters)), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=SPECS)
def test_gradients_are_exact(name, parameters):
    """In all five coordinates, of boxes of all kinds, by differences of the matrices' value; relative to the largest.

    Those of needles 1,000 times as long as wide lose three digits.
    """
    pred, target = draw(2, seed=1)
    grads = slope(reference.spell(name, parameters), pred, target)
    for grad, *pair in zip(grads, pred.tolist(), target.tolist(), strict=True):
        expected = reference.gradient(name, *pair, **parameters)
        assert grad.tolist() == pytest.approx(expected, rel=1e-8, abs=1e-9 * max(map(abs, expected)))


@pytest.mark.parametrize("floor", [0.01, 0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_probiou_is_ultralytics_own(dtype, floor):
    """In value and gradient, but for the epsilons in their quotients, and, in float32, what cancels in theirs."""
    metrics = pytest.importorskip("ultralytics.utils.metrics")
    own = {"floor": floor} if "floor" in inspect.signature(metrics.probiou).parameters else {}
    if floor and not own:
        pytest.skip("this release of Ultralytics has no floor")
    random = torch.Generator().manual_seed(0)

    def boxes() -> Tensor:
        return torch.cat((20 * torch.rand(500, 2, generator=random), 1 + 19 * torch.rand(500, 2, generator=random),
                          6 * torch.rand(500, 1, generator=random) - 3), 1).to(dtype)  # fmt: skip

    pred, target = boxes(), boxes()
    ours, theirs = pred.clone().requires_grad_(), pred.clone().requires_grad_()
    value = build_loss(f"probiou:floor={floor}")(ours, target)
    stock = 1 - metrics.probiou(theirs, target, **own)[:, 0]
    tolerance = 2e-6 if dtype == torch.float64 else 2e-5
    torch.testing.assert_close(value, stock, rtol=0, atol=tolerance)
    grads = [torch.autograd.grad(one.sum(), moved)[0] for one, moved in ((value, ours), (stock, theirs))]
    torch.testing.assert_close(*grads, rtol=0, atol=tolerance)
    assert grads[0].norm(dim=1).max() > 0.1


def test_probiou_keeps_its_digits_near_and_far():
    """In float32: 1 − e^(−D) of a small D, of which 1 minus a power has two digits, and the slope of a large one.

    Squares of side 1 shifted by s sides: D = 3s²/2, and the slope is e^(−D) 3s/(2 √(1 − e^(−D) + 1e-7)).
    """
    shifts = (1e-3, 0.01, 2, 5)
    pred, target = (tensor(*((x, 0, 1, 1, 0) for x in xs)).float() for xs in (shifts, (0,) * 4))
    exact = [math.sqrt(-math.expm1(-1.5 * s * s) + 1e-7) for s in shifts]
    assert evaluate("probiou:floor=0", pred, target).tolist() == pytest.approx(exact, rel=1e-5)
    slopes = [math.exp(-1.5 * s * s) * 1.5 * s / value for s, value in zip(shifts, exact, strict=True)]
    assert slope("probiou:floor=0", pred, target)[:, 0].tolist() == pytest.approx(slopes, rel=1e-4, abs=0)


def test_probiou_in_training_has_ultralytics_floor():
    loss = pytest.importorskip("ultralytics.utils.loss")
    assert ROTATED_LOSSES["probiou"].parameters[0].default == 0.01
    assert getattr(loss.RotatedBboxLoss, "floor", 0) in (0.01, 0)  # older releases have none


IDENTICAL = {
    "probiou": math.sqrt(1 - math.exp(-1e-7) + 1e-7),
    **dict.fromkeys(("kld", "gwd", "bd", "kld:tau=0", "bd:tau=0,function=sqrt", "gwd:tau=0,function=none"), 0),
    "kld:tau=2": 1 / 2,  # 1 − 1/τ
    "kfiou": math.exp(2 / 3) - 1,  # KFIoU is 1/3
    "kfiou:function=log": math.log(3),
    "kfiou:function=linear": 2 / 3,
}


@pytest.mark.parametrize("spec", IDENTICAL)
def test_identical_boxes(spec):
    """Also turned by π, and squares turned by anything, which are the same Gaussians."""
    pred = tensor((3, 2, 7, 4, 0.3), (3, 2, 7, 4, 0.3 + math.pi), (1, 1, 5, 5, 0.1), (0, 0, 9, 2, -1))
    target = tensor((3, 2, 7, 4, 0.3), (3, 2, 7, 4, 0.3), (1, 1, 5, 5, 0.9), (0, 0, 9, 2, -1))
    assert evaluate(spec, pred, target).tolist() == pytest.approx([IDENTICAL[spec]] * 4, abs=1e-12)
    for dtype in (torch.float32, torch.float64):
        grad = slope(spec, pred.to(dtype), target.to(dtype))
        assert grad.isfinite().all() and not grad[3].any()  # the very same numbers: at the minimum


@pytest.mark.parametrize("spec", ALL)
def test_place_direction_and_spelling_do_not_matter(spec):
    """Both boxes moved, or turned about one point; a box with its sides exchanged and turned by π/2, or turned by π."""
    pred, target = draw(10, seed=2)
    aspect = torch.maximum(*[torch.maximum(b[:, 2] / b[:, 3], b[:, 3] / b[:, 2]) for b in (pred, target)])
    pred, target = pred[aspect < 50], target[aspect < 50]
    value = evaluate(spec, pred, target)

    def close(other: Tensor) -> bool:
        return torch.allclose(other, value, rtol=1e-9, atol=1e-9)

    move = torch.tensor([17.0, -9, 0, 0, 0], dtype=torch.float64)
    assert close(evaluate(spec, pred + move, target + move))
    angle = 1.1
    turn = torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]], dtype=torch.float64)
    turned = [torch.cat((b[:, :2] @ turn, b[:, 2:4], b[:, 4:] + angle), 1) for b in (pred, target)]
    assert close(evaluate(spec, *turned))
    for quarters in (1, -1, 2, 3):
        order = [0, 1, 3, 2, 4] if quarters % 2 else [0, 1, 2, 3, 4]
        again = torch.tensor([0, 0, 0, 0, quarters * math.pi / 2], dtype=torch.float64)
        assert close(evaluate(spec, pred[:, order] + again, target))
        assert close(evaluate(spec, pred, target[:, order] + again))
    negative = torch.tensor([1, 1, -1, -1, 1], dtype=torch.float64)
    assert close(evaluate(spec, pred * negative, target))


@pytest.mark.parametrize("spec", [spec for spec in ALL if not HAS_LENGTH.search(spec)])
def test_scale_does_not_matter_without_a_floor(spec):
    pred, target = draw(10, seed=3)
    scale = torch.tensor([7.3, 7.3, 7.3, 7.3, 1], dtype=torch.float64)
    torch.testing.assert_close(
        evaluate(spec, pred * scale, target * scale), evaluate(spec, pred, target), rtol=1e-9, atol=1e-9
    )


def test_those_with_a_length():
    """A floor of 0.01 in a box of 0.1: the smaller the boxes, the less a shift of their own size counts."""
    pred, target = tensor((0.5, 0, 1, 1, 0), (0.05, 0, 0.1, 0.1, 0)), tensor((0, 0, 1, 1, 0), (0, 0, 0.1, 0.1, 0))
    for name in ("probiou", "kld", "bd", "kfiou", "gwd"):
        large, small = evaluate(name, pred, target)
        assert small < 0.999 * large
        if name != "gwd":
            torch.testing.assert_close(*evaluate(f"{name}:floor=0", pred, target), rtol=1e-9, atol=0)


def test_gwd_is_in_pixels():
    """Of boxes in strides with the stride's pixels it is that of the boxes in pixels, each pair with its own."""
    pred, target = draw(3)
    strides = torch.tensor([8.0, 16, 32], dtype=torch.float64).repeat(6)
    scale = torch.cat((strides[:, None].expand(-1, 4), torch.ones(18, 1)), 1)
    loss = build_loss("gwd:floor=0")
    assert loss.needs_units
    torch.testing.assert_close(loss(pred, target, pixels=strides), loss(pred * scale, target * scale))


def every_kind() -> Tensor:
    """Boxes of every kind: needles, squares, without a side, inverted, tiny, huge, and far apart."""
    sides = (
        (10, 10),
        (8, 3),
        (1e4, 1e-3),
        (1e-3, 1e4),
        (1e4, 1e4),
        (1e-3, 1e-3),
        (0, 0),
        (0, 5),
        (1e4, 0),
        (-4, 2),
        (-3, -1e4),
    )
    places = ((0, 0, 0), (3, -2, 0.7), (1e5, 0, math.pi / 2), (1e5, 1e5, -2))
    return tensor(*((x, y, w, h, r) for (w, h), (x, y, r) in itertools.product(sides, places)))


PRECISIONS = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "autocast": torch.float32,
}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", [*ROTATED_LOSSES, "sum"])
def test_finite_for_every_kind_of_box(name, precision):
    """Value and gradients in both boxes, each pair by itself and their mean; in half precision as far as it reaches."""
    dtype = PRECISIONS[precision]
    largest = min(1e6, torch.finfo(dtype).max)
    kinds = every_kind().clamp(-largest, largest).to(dtype)
    pred, target = (
        torch.stack(boxes).requires_grad_() for boxes in zip(*itertools.product(kinds, repeat=2), strict=True)
    )
    autocast = torch.autocast("cpu", dtype=torch.bfloat16) if precision == "autocast" else contextlib.nullcontext()
    for spec in SUMS if name == "sum" else (spec for spec in ALL if spec.partition(":")[0] == name and "+" not in spec):
        with autocast:
            values, mean = evaluate(spec, pred, target), build_loss(spec).mean(pred, target, pixels=PIXELS)
        assert values.dtype == mean.dtype == torch.promote_types(dtype, torch.float32)
        grads = torch.autograd.grad(values.sum(), (pred, target), retain_graph=True)
        good = values.isfinite() & mean.isfinite()
        for grad in (*grads, *torch.autograd.grad(mean, (pred, target))):
            good &= grad.isfinite().all(1)
        bad = (~good).nonzero().flatten()[:3].tolist()
        assert not bad, (spec, [(pred[i].tolist(), target[i].tolist()) for i in bad])


@pytest.mark.parametrize("spec", ALL)
def test_nan_is_not_masked(spec):
    """A NaN in any coordinate of either box is NaN in that pair alone, and in the mean; KFIoU alone has no place."""
    for side, i in itertools.product((0, 1), range(2 if "centre=false" in spec else 0, 5)):
        pair = [*draw(1)]
        pair[side][2, i] = math.nan
        assert evaluate(spec, *pair).isnan().tolist() == [False, False, True, False, False, False]
        assert build_loss(spec).mean(*pair).isnan()


@pytest.mark.parametrize("spec", ALL)
def test_no_pairs_give_0_with_a_graph(spec):
    pred = torch.zeros(0, 5, requires_grad=True)
    assert evaluate(spec, pred, torch.zeros(0, 5)).shape == (0,)
    mean = build_loss(spec).mean(pred, torch.zeros(0, 5), torch.zeros(0))
    assert mean.item() == 0
    mean.backward()
    assert pred.grad.shape == (0, 5)


@pytest.mark.parametrize("spec", [spec for spec in SPECS if "centre=false" not in spec])
def test_a_step_brings_a_shifted_box_nearer(spec):
    """Along each axis, and across; and a box of another shape or direction towards its target's."""
    target = tensor(*[(0, 0, 8, 3, 0.4)] * 4)
    pred = target + tensor((1, 0, 0, 0, 0), (0, -1, 0, 0, 0), (0, 0, 2, -0.5, 0), (0, 0, 0, 0, 0.3))
    step = -slope(spec, pred, target)
    assert step[0, 0] < 0 and step[1, 1] > 0
    assert step[2, 2] < 0 and step[2, 3] > 0
    assert step[3, 4] < 0
    assert (step[:2] * (target - pred)[:2]).sum(1).gt(0).all()


def test_the_weight_is_a_power_of_probiou():
    """Two pairs with ProbIoU P and Q: 1 − √(1 − e^(−D)), D = 3/2 of the squared shift in sides, without a floor.

    Squares of side 1 shifted by s: both variances are 1/12, so that D = ⅛ s²·12 = 3s²/2.
    """
    shifts = (0.2, 0.8)
    pred, target = (tensor(*((x, 0, 1, 1, 0) for x in xs)) for xs in (shifts, (0, 0)))
    losses = [math.sqrt(1 - math.exp(-1.5 * s * s) + 1e-7) for s in shifts]
    weights = [(1 - loss) ** 0.5 for loss in losses]
    spec = "probiou:floor=0,focal=0.5"
    assert evaluate(spec, pred, target).tolist() == pytest.approx(
        [weight * loss for weight, loss in zip(weights, losses, strict=True)], rel=1e-12
    )
    scores = torch.tensor([0.3, 0.9], dtype=torch.float64)
    weighed = [0.3 * weights[0], 0.9 * weights[1]]
    total = sum(w * loss for w, loss in zip(weighed, losses, strict=True))
    for norm, divisor in (("paper", sum(weighed)), ("tal", 1.2)):  # Eq. 11, and the sum of the scores
        mean = build_loss(f"{spec},norm={norm}").mean(pred, target, scores)
        assert mean.item() == pytest.approx(total / divisor, rel=1e-12)
    # Of another loss the weight has the same floor: 1/12 + f in the place of 1/12.
    floor = 0.05
    overlap = [1 - math.sqrt(1 - math.exp(-s * s / 8 / (1 / 12 + floor)) + 1e-7) for s in shifts]
    plain = evaluate(f"kld:floor={floor}", pred, target).tolist()
    assert evaluate(f"kld:floor={floor},focal=2", pred, target).tolist() == pytest.approx(
        [o**2 * loss for o, loss in zip(overlap, plain, strict=True)], rel=1e-12
    )


def test_the_weight_is_detached_unless_asked_for():
    """Detached, the gradient is the weight times the loss's; attached, it is that of the product."""
    pred, target = draw(2, seed=4)
    weight = (1 - evaluate("probiou", pred, target)).relu()[:, None]
    torch.testing.assert_close(slope("kld:focal=1", pred, target), weight * slope("kld", pred, target))
    value, overlap = evaluate("kld", pred, target)[:, None], -slope("probiou", pred, target)
    expected = weight * slope("kld", pred, target) + value * overlap
    torch.testing.assert_close(slope("kld:focal=1,detach=false", pred, target)[:10], expected[:10])  # the others are 0


def test_boxes_far_apart_have_no_weight_and_no_gradient_of_probiou():
    """A Bhattacharyya distance of 104 and more: squares of side 1, 3s²/2 for a shift of s sides; e^(−104) is not 0."""
    pred, target = tensor((8.34, 0, 1, 1, 0)), tensor((0, 0, 1, 1, 0))
    assert not slope("probiou:floor=0", pred, target).any() and slope("bd:floor=0", pred, target).any()
    for gamma, flag in itertools.product((0.5, 2), ("true", "false")):
        spec = f"kld:floor=0,focal={gamma},detach={flag}"
        assert evaluate(spec, pred, target).item() == 0 and not slope(spec, pred, target).any()


def test_the_mean_without_weights_is_as_ultralytics_divides():
    pred, target = draw(2)
    scores = torch.linspace(0.1, 0.9, len(pred), dtype=torch.float64)
    loss = build_loss("probiou")
    expected = (loss(pred, target) * scores).sum() / 7
    torch.testing.assert_close(loss.mean(pred, target, scores, total=7.0), expected)


@pytest.mark.parametrize(
    ("spec", "canonical"),
    [
        ("ProbIoU", "probiou"),
        ("Prob-IoU Loss", "probiou"),
        ("focal_probiou", "probiou:focal=0.5"),
        ("probiou:focal=0.5,norm=paper,detach=true", "probiou:focal=0.5"),
        ("kld:direction=pred_target,tau=1,function=log,floor=0.01", "kld"),
        ("Focal-KLD:focal=1", "kld:focal=1"),
        ("kullback_leibler", "kld"),
        ("bcd:tau=0", "bd:tau=0"),
        ("gaussian_wasserstein", "gwd"),
        ("KFIoU:centre=FALSE", "kfiou:centre=false"),
        ("probiou:weight=0.5+kld:weight=0.5", "probiou:weight=0.5+kld:weight=0.5"),
        ("kld:tau=1..3", "kld:tau=1..3"),
    ],
)
def test_canonical_specs(spec, canonical):
    assert shorten_spec(spec) == canonical
    assert build_loss(spec).family == "rotated"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("kld:inner=0.75", "loss 'kld' doesn't take inner=: it compares two Gaussians, which have no IoU"),
        ("probiou:wise=true", "loss 'probiou' doesn't take wise=: it compares two Gaussians"),
        ("wise_gwd", "loss 'gwd' doesn't take wise=: it compares two Gaussians"),
        ("bd:power=3", "loss 'bd' doesn't take power=: it compares two Gaussians"),
        ("kfiou:focaler=0.9", "loss 'kfiou' doesn't take focaler=: it compares two Gaussians"),
        ("kld:norm=tal", "norm= counts with focal= alone"),
        ("kld:tau=0.5", "loss 'kld': tau=0.5 is, or comes, between 0 and 1: give 0, or a number from 1 up."),
        ("gwd:tau=0..2", "loss 'gwd': tau=0..2 is, or comes, between 0 and 1"),
        ("kld:direction=both", "direction=both is not one of pred_target, target_pred"),
        ("kfiou:function=sqrt", "function=sqrt is not one of exp, log, linear"),
        ("probiou:tau=1", "loss 'probiou' has no parameter 'tau'. It has floor, focal, norm, detach, weight."),
        ("kld+ciou", "loss 'kld+ciou' adds losses of rotated boxes, kld, and of axis-aligned ones, ciou: a model has"),
        ("l1:weight=0.1+probiou", "adds losses of rotated boxes, probiou, and of axis-aligned ones, l1"),
    ],
)
def test_refusals(spec, message):
    with pytest.raises(LossSpecError, match=re.escape(message)):
        build_loss(spec)


def test_boxes_of_the_other_family_are_told():
    """In loss() and in mean(), with the losses that take them."""
    for spec, width, others in (("kld", 4, "ciou and eiou"), ("ciou", 5, "probiou and kld")):
        for call in (build_loss(spec), build_loss(spec).mean):
            with pytest.raises(ValueError, match=f"losses such as {others}"):
                call(torch.zeros(3, width), torch.zeros(3, width))
