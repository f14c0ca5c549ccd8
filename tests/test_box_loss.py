"""The one place that weighs and sums, and what holds for every loss as training sees it."""

from __future__ import annotations

import contextlib
import itertools
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests import reference
from tests.reference import Box, Exact, boxes, shifted, slope, tensor
from yolo_feiou.box_loss import BoxLoss
from yolo_feiou.boxes import Pair
from yolo_feiou.registry import LOSSES, build_loss

GAMMAS = (0, 0.25, 0.5, 1, 2)
NORMS = ("paper", "tal", "mean")
FOCAL = [
    f"focal_eiou:gamma={gamma},norm={norm},detach={detach}"
    for gamma, norm, detach in itertools.product(GAMMAS, NORMS, ("true", "false"))
]
STAR = [f"focal_eiou_star:gamma={gamma},norm={norm}" for gamma, norm in itertools.product(GAMMAS, NORMS)]
ALL = [*LOSSES, *FOCAL, *STAR, "focal_l1:beta=1", "focal_eiou_v1:beta=1", "smooth_l1:beta=0"]

# Three pairs whose L and W are made up: L is the width of the prediction, W its height.
L, W, S = (2.0, 3.0, 5.0), (1.0, 0.5, 0.0), (0.5, 1.0, 0.25)
MADE_UP = tensor(*((0, 0, loss, weight) for loss, weight in zip(L, W, strict=True)))
TARGET = torch.zeros_like(MADE_UP)


def made_up(norm: str, weight: bool = True) -> BoxLoss:
    """Return the loss W·L, or L, of the made-up pairs; 1e-7, the floor of a target's side, is kept out."""
    return BoxLoss(lambda pair: pair.pred[:, 2], (lambda pair: pair.pred[:, 3]) if weight else None, norm)


def overlapping() -> tuple[Tensor, Tensor]:
    """Return five pairs with IoU from 0 to 1."""
    pred = tensor((0, 0, 4, 2), (0, 0, 10, 10), (1, 2, 9, 11), (0, 0, 1, 1), (2, 2, 5, 7))
    return pred, tensor((1, 1, 3, 4), (0, 0, 10, 10), (0, 0, 10, 9), (5, 5, 7, 6), (2, 1, 6, 6))


def apart() -> tuple[Tensor, Tensor]:
    """Return three pairs without overlap."""
    return tensor((0, 0, 1, 1), (0, 0, 2, 3), (8, 8, 9, 11)), tensor((2, 2, 4, 3), (2, 0, 5, 3), (0, 0, 6, 7))


def mean_slope(loss: BoxLoss, pred: Tensor, target: Tensor, *args: Tensor, **kwargs: Tensor) -> Tensor:
    """Return the gradient of `loss.mean` in the predictions."""
    return slope(lambda *pair: loss.mean(*pair, *args, **kwargs), pred, target)


def test_call_is_weight_times_loss() -> None:
    """2·1, 3·½ and 5·0, one value a pair; without a weight L alone."""
    assert made_up("tal")(MADE_UP, TARGET).tolist() == [2, 1.5, 0]
    assert made_up("tal", weight=False)(MADE_UP, TARGET).tolist() == [2, 3, 5]


@pytest.mark.parametrize(
    ("norm", "weight", "scored", "expected"),
    [
        ("paper", True, False, 3.5 / 1.5),  # (2·1 + 3·½ + 5·0)/(1 + ½ + 0)
        ("tal", True, False, 3.5 / 3),  # … / 3 pairs
        ("mean", True, False, 3.5 / 3),
        ("paper", True, True, 2.5 / 1),  # (½·2·1 + 1·3·½ + 0)/(½·1 + 1·½ + 0)
        ("tal", True, True, 2.5 / 1.75),  # … / (½ + 1 + ¼)
        ("mean", True, True, 3.5 / 3),  # the scores stay out
        ("paper", False, True, 5.25 / 1.75),  # (½·2 + 1·3 + ¼·5)/(½ + 1 + ¼)
        ("tal", False, True, 5.25 / 1.75),
        ("mean", False, True, 10 / 3),
        ("tal", False, False, 10 / 3),
    ],
)
def test_mean_by_hand(norm: str, weight: bool, scored: bool, expected: float) -> None:
    """Each norm divides the weighted sum by what its row of the table says."""
    scores = torch.tensor(S) if scored else None
    assert made_up(norm, weight).mean(MADE_UP, TARGET, scores).item() == pytest.approx(expected, rel=1e-15)


def test_total_divides_in_place_of_the_scores() -> None:
    """norm=tal: 2.5/10 with a total of 10. The others have their own divisor: 2.5/1 and 3.5/3 still."""
    scores, total = torch.tensor(S), torch.tensor(10.0)
    means = [made_up(norm).mean(MADE_UP, TARGET, scores, total=total).item() for norm in NORMS]
    assert means == pytest.approx([2.5, 0.25, 3.5 / 3], rel=1e-15)
    assert made_up("tal").mean(MADE_UP, TARGET, total=total).item() == pytest.approx(0.35, rel=1e-15)


@pytest.mark.parametrize("gamma", [0.25, 0.5, 1, 2])
@pytest.mark.parametrize("name", ["focal_eiou", "focal_eiou_star"])
def test_eq_11_is_exact(name: str, gamma: float) -> None:
    """Σ sWL / Σ sW of five pairs, against 40 digits; norm=paper is the default."""
    pred, target = overlapping()
    scores = [0.9, 0.1, 0.4, 0.7, 0.3]
    exact = [Exact(*pair) for pair in zip(pred.tolist(), target.tolist(), strict=True)]
    weight = reference.power_weight if name == "focal_eiou" else reference.log_weight
    weights = [score * float(weight(e, gamma)) for score, e in zip(scores, exact, strict=True)]
    losses = [float(reference.eiou(e)) for e in exact]
    expected = sum(w * loss for w, loss in zip(weights, losses, strict=True)) / sum(weights)
    loss = build_loss(f"{name}:gamma={gamma}")
    assert loss.mean(pred, target, tensor(scores)[0]).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("gamma", [0.25, 0.5, 1, 2])
@pytest.mark.parametrize("detach", ["true", "false"])
def test_eq_11_without_any_overlap_is_the_mean_of_eiou(gamma: float, detach: str) -> None:
    """Its limit for W = (IoU + δ)^γ, δ → 0: value and gradient are those of EIoU, by the scores where there are any."""
    pred, target = apart()
    loss, eiou = build_loss(f"focal_eiou:gamma={gamma},norm=paper,detach={detach}"), build_loss("eiou")
    scores = torch.tensor([0.5, 1.0, 0.25], dtype=torch.float64)
    losses = [reference.value("eiou", *pair) for pair in zip(pred.tolist(), target.tolist(), strict=True)]
    assert loss.mean(pred, target).item() == pytest.approx(sum(losses) / 3, rel=1e-12)
    weighted = (0.5 * losses[0] + losses[1] + 0.25 * losses[2]) / 1.75
    assert loss.mean(pred, target, scores).item() == pytest.approx(weighted, rel=1e-12)
    for extra in ((), (scores,)):
        grad = mean_slope(loss, pred, target, *extra)
        torch.testing.assert_close(grad, mean_slope(eiou, pred, target, *extra), rtol=1e-12, atol=0)
        assert (grad != 0).any(1).all()


def test_eq_11_with_one_overlap_is_that_pair_alone() -> None:
    """Pairs of weight 0 have no say, neither above nor below the line; the limit is for batches without any overlap."""
    pred, target = (torch.cat(both) for both in zip(apart(), tensor((0, 0, 4, 2), (1, 1, 3, 4)).split(1), strict=True))
    assert build_loss("focal_eiou").mean(pred, target).item() == pytest.approx(467 / 384, rel=1e-14)
    assert not mean_slope(build_loss("focal_eiou"), pred, target)[:3].any()


def test_scores_of_0_give_0() -> None:
    """Where Σ s = 0 the mean is 0, with a gradient of 0, and no division by it."""
    pred, target = overlapping()
    for spec in ALL:
        if "norm=mean" not in spec:
            loss = build_loss(spec)
            assert loss.mean(pred, target, torch.zeros(5)).item() == 0
            assert not mean_slope(loss, pred, target, torch.zeros(5)).any()


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("detach", ["true", "false"])
def test_gamma_0_is_eiou_bit_for_bit(norm: str, detach: str) -> None:
    """In loss(), in mean() with and without scores and total, and in the gradients of both.

    With norm=mean, where scores and total stay out, it is EIoU's plain mean.
    """
    loss, eiou = build_loss(f"focal_eiou:gamma=0,norm={norm},detach={detach}"), build_loss("eiou")
    scores, total = torch.tensor([0.3, 0.9, 0.1, 0.7, 0.5]), torch.tensor(1.7)
    for dtype in (torch.float32, torch.float64):
        pred, target = (boxes.to(dtype) for boxes in overlapping())
        assert torch.equal(loss(pred, target), eiou(pred, target))
        assert torch.equal(slope(loss, pred, target), slope(eiou, pred, target))
        for extra in ((None, None), (scores, None), (scores, total)):
            kwargs = dict(zip(("scores", "total"), extra, strict=True))
            theirs = {} if norm == "mean" else kwargs
            assert torch.equal(loss.mean(pred, target, **kwargs), eiou.mean(pred, target, **theirs))
            assert torch.equal(mean_slope(loss, pred, target, **kwargs), mean_slope(eiou, pred, target, **theirs))


@pytest.mark.parametrize("spec", [spec for spec in FOCAL if "detach=false" in spec and "gamma=0," not in spec])
def test_gradcheck_of_attached_means(spec: str) -> None:
    """With the weight in the graph mean() is one differentiable function: PyTorch's finite differences agree."""
    pred, target = tensor((0, 0, 4, 2), (0, 0, 1, 1), (1, 2, 9, 11)), tensor((1, 1, 3, 4), (5, 5, 7, 6), (0, 0, 10, 9))
    scores = torch.tensor([0.5, 1, 0.25], dtype=torch.float64)
    pred[:, 0] += 0.05  # off the kinks
    assert torch.autograd.gradcheck(lambda p: build_loss(spec).mean(p, target, scores), pred.requires_grad_())


@pytest.mark.parametrize("gamma", [0.25, 0.5, 1, 2])
@pytest.mark.parametrize("name", ["focal_eiou", "focal_eiou_star"])
@settings(deadline=None, max_examples=50)
@given(pairs=st.lists(st.tuples(boxes(), boxes()), min_size=1, max_size=4))
def test_detached_gradient_has_the_weight_frozen(name: str, gamma: float, pairs: list[tuple[Box, Box]]) -> None:
    """∇(W·L) = W ∇L and ∇(Σ WL / Σ W) = W_i ∇L_i / Σ W, by differences of EIoU at 40 digits."""
    pairs = [pair for pair in pairs if all(pair[0][i] != pair[1][j] for i in range(4) for j in (i, (i + 2) % 4))]
    if not pairs:
        return
    pred, target = (tensor(*boxes) for boxes in zip(*pairs, strict=True))
    weight = reference.power_weight if name == "focal_eiou" else reference.log_weight
    weights = torch.tensor([float(weight(Exact(*pair), gamma)) for pair in pairs], dtype=torch.float64)[:, None]
    expected = weights * tensor(*(reference.gradient(reference.eiou, *pair) for pair in pairs))
    loss = build_loss(f"{name}:gamma={gamma}")
    torch.testing.assert_close(slope(loss, pred, target), expected, rtol=1e-9, atol=1e-9)
    if weights.any():
        torch.testing.assert_close(mean_slope(loss, pred, target), expected / weights.sum(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("spec", ALL)
def test_no_pairs_give_0_with_a_graph(spec: str) -> None:
    """An empty batch: loss() is (0,), mean() is 0, and both back-propagate; with scores and total too."""
    loss, target = build_loss(spec), torch.zeros(0, 4)
    for kwargs in ({}, {"scores": torch.zeros(0)}, {"scores": torch.zeros(0), "total": torch.tensor(1.0)}):
        pred = torch.zeros(0, 4, requires_grad=True)
        assert loss(pred, target).shape == (0,)
        mean = loss.mean(pred, target, **kwargs)
        assert mean.item() == 0
        mean.backward()
        assert pred.grad.shape == (0, 4)


@pytest.mark.parametrize("shape", [(5, 1), (1, 5), (4,), (1,), ()])
def test_scores_that_do_not_fit_raise(shape: tuple[int, ...]) -> None:
    """(N, 1), which would broadcast to (N, N), and all others but (N,), whatever the norm."""
    for spec in ("eiou", "focal_eiou", "focal_eiou:norm=mean"):
        message = f"got scores of shape {shape} for 5 pairs: expected (5,)"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            build_loss(spec).mean(*overlapping(), torch.ones(shape))


def test_boxes_that_do_not_fit_raise() -> None:
    """In loss() as in mean(), with both shapes."""
    for call in (build_loss("eiou"), build_loss("focal_eiou").mean):
        with pytest.raises(ValueError, match=r"\(3, 4\) and \(2, 4\)"):
            call(torch.zeros(3, 4), torch.zeros(2, 4))


def test_scores_of_half_precision_keep_float32() -> None:
    """Sums are in the dtype of the loss, float32 or better."""
    pred, target = overlapping()
    scores = torch.full((5,), 0.5)
    for dtype in (torch.float16, torch.bfloat16):
        loss = build_loss("focal_eiou")
        assert loss.mean(pred.to(dtype), target.to(dtype), scores.to(dtype)).dtype == torch.float32
        assert loss(pred.to(dtype), target.to(dtype)).dtype == torch.float32
    assert build_loss("focal_eiou").mean(pred, target, scores.half()).dtype == torch.float64


def test_scores_are_summed_in_float32() -> None:
    """2049 scores of 1: in fp16 or bf16 their sum would be 2048. Concentric squares of sides 2 and 4 have EIoU 1.25."""
    pred, target = (tensor(box).float().expand(2049, 4) for box in ((1, 1, 3, 3), (0, 0, 4, 4)))
    for dtype in (torch.float16, torch.bfloat16):
        assert build_loss("eiou").mean(pred, target, torch.ones(2049, dtype=dtype)).item() == 1.25


def test_repr_describes_the_loss() -> None:
    """For people: the name and all parameters, defaults included."""
    assert repr(build_loss("focal_eiou:gamma=1")) == "<BoxLoss focal_eiou (gamma=1, norm=paper, detach=true)>"
    assert repr(build_loss("eiou")) == "<BoxLoss eiou>"


# What holds for every loss in the table.

BIG = 1e6
KINDS = tensor(
    (0, 0, 10, 10),
    (3, 2, 8, 12),
    (100, 100, 120, 110),  # apart from the others
    (10, 0, 20, 10),  # touches the first
    (0, 0, 0, 0),
    (5, 5, 5, 5),  # no size, inside the first
    (0, 0, 0, 10),
    (0, 0, 10, 0),
    (10, 10, 0, 0),  # inverted
    (8, 1, 2, 6),
    (1, 8, 6, 2),
    (0, 0, 1e-3, 1e-3),
    (5, 5, 5.001, 5.001),
    (1e-3, 1e-3, 0, 0),
    (0, 0, BIG, BIG),
    (-BIG, -BIG, BIG, BIG),
    (BIG, BIG, BIG, BIG),
    (0, 0, BIG, 1e-3),
    (BIG, 0, -BIG, 5),
    (BIG, BIG, -BIG, -BIG),
)
DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "autocast": torch.float32,
}


def kinds(precision: str) -> tuple[Tensor, Tensor, contextlib.AbstractContextManager]:
    """Return every kind of box against every other, in a precision, and the context to work in."""
    dtype = DTYPES[precision]
    largest = min(BIG, torch.finfo(dtype).max)
    pred, target = zip(*itertools.product(KINDS.clamp(-largest, largest).to(dtype), repeat=2), strict=True)
    autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "autocast")
    return torch.stack(pred), torch.stack(target), autocast


def offenders(good: Tensor, pred: Tensor, target: Tensor) -> list[tuple[list[float], list[float]]]:
    """Return the first five pairs that are not good, to be shown by a failing test."""
    return [(pred[i].tolist(), target[i].tolist()) for i in (~good).nonzero().flatten()[:5].tolist()]


@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize("name", LOSSES)
def test_finite_for_every_kind_of_box(name: str, precision: str) -> None:
    """Value and gradients of the loss of each pair, both boxes degenerate included, and of their mean, are finite."""
    pred, target, autocast = kinds(precision)
    pred, target = pred.requires_grad_(), target.requires_grad_()
    bad = {}
    for spec in (spec for spec in ALL if spec.partition(":")[0] == name):
        with autocast:
            values, mean = build_loss(spec)(pred, target), build_loss(spec).mean(pred, target)
        assert values.dtype == mean.dtype == torch.promote_types(pred.dtype, torch.float32)
        grads = torch.autograd.grad(values.sum(), (pred, target), retain_graph=True)
        mean_grads = torch.autograd.grad(mean, (pred, target))
        good = values.isfinite() & mean.isfinite()
        for grad in (*grads, *mean_grads):
            good &= grad.isfinite().all(1)
        bad |= {spec: offenders(good, pred, target)} if not good.all() else {}
    assert not bad


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("spec", ["focal_eiou", "focal_eiou:gamma=2,detach=false", "focal_eiou_star"])
def test_mean_of_one_pair_is_finite(spec: str, precision: str) -> None:
    """Each pair as a batch of its own, so that Σ W may be 0 or tiny: norm=paper has a finite value and gradient."""
    loss = build_loss(spec)
    pred, target, autocast = kinds(precision)
    pred.requires_grad_()
    with autocast:
        means = torch.stack([loss.mean(*pair) for pair in zip(pred.split(1), target.split(1), strict=True)])
    (grad,) = torch.autograd.grad(means.sum(), pred)
    good = means.isfinite() & grad.isfinite().all(1)
    assert not offenders(good, pred, target)


@pytest.mark.parametrize("spec", ALL)
def test_nan_is_not_masked(spec: str) -> None:
    """A NaN in any coordinate of either box is NaN in loss(), in that pair alone, and in mean()."""
    loss = build_loss(spec)
    for side, i in itertools.product((0, 1), range(4)):
        pair = overlapping()
        pair[side][2, i] = float("nan")
        assert loss(*pair).isnan().tolist() == [False, False, True, False, False]
        assert loss.mean(*pair).isnan()


@pytest.mark.parametrize("spec", [spec for spec in ALL if "norm=tal" not in spec and "norm=mean" not in spec])
@settings(deadline=None, max_examples=25)
@given(
    pred=boxes(),
    target=boxes(),
    move=st.tuples(*[st.integers(-1000, 1000)] * 2),
    power=st.integers(-10, 10),
    factor=st.floats(0.01, 100),
)
def test_scale_and_place_do_not_matter(
    spec: str, pred: Box, target: Box, move: tuple[int, int], power: int, factor: float
) -> None:
    """Moved, or scaled by a power of two, a pair keeps its loss to the bit; scaled by any factor, to 1e-9."""
    loss, pred, target = build_loss(spec), tensor(pred), tensor(target)
    value, move = loss(pred, target).item(), torch.tensor(move * 2)
    assert loss(pred + move, target + move).item() == value
    assert loss(pred * 2.0**power, target * 2.0**power).item() == value
    assert loss(pred * factor, target * factor).item() == pytest.approx(value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("spec", [spec for spec in ALL if not re.search("detach=false|norm=(tal|mean)", spec)])
@settings(deadline=None, max_examples=50)
@given(pair=shifted())
def test_a_step_never_lowers_the_iou_of_a_shifted_box(spec: str, pair: tuple[Box, Box]) -> None:
    """Same size, an overlap, a small step against the gradient: the IoU, in exact fractions, is higher unless it was 1.

    Only β = 1, which gives outliers up, may leave the box where it is.
    """
    pred, target = pair
    grad = slope(build_loss(spec), tensor(pred), tensor(target))
    after = (tensor(pred) - 1e-6 * grad / grad.norm().clamp(min=1e-30))[0].tolist()
    if pred == target or (spec.endswith("beta=1") and not grad.any()):
        assert after == pred
    else:
        assert Exact(after, target).iou > Exact(pred, target).iou


@pytest.mark.parametrize("gamma", [0.25, 0.5, 1, 2])
def test_a_step_with_the_weight_attached_lowers_the_iou(gamma: float) -> None:
    """detach=false, a unit square below the known IoU (see tests/losses/test_focal.py): the step drives it away."""
    for iou in (0.05, 0.12):
        shift = (1 - iou) / (1 + iou)
        pred, target = (shift, 0, 1 + shift, 1), (0, 0, 1, 1)
        grad = slope(build_loss(f"focal_eiou:gamma={gamma},detach=false"), tensor(pred), tensor(target))
        after = (tensor(pred) - 1e-6 * grad / grad.norm())[0].tolist()
        assert Exact(after, target).iou < Exact(pred, target).iou


@pytest.mark.slow
def test_compiles_to_one_graph() -> None:
    """torch.compile takes the loss whole, once for all N, and gives eager's values and gradients to 1e-6."""
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    loss, random = build_loss("focal_eiou"), torch.Generator().manual_seed(0)
    compiled = torch.compile(loss, fullgraph=True, dynamic=True)
    for n in (500, 4000, 777):
        corner, side = (50 * torch.rand(2, n, 2, generator=random) for _ in "cs")
        pred, target = torch.cat((corner, corner + side + 1), -1)
        pred.requires_grad_()
        ours, eager = compiled(pred, target), loss(pred, target)
        torch.testing.assert_close(ours, eager, rtol=0, atol=1e-6)
        grads = (torch.autograd.grad(values.sum(), pred)[0] for values in (ours, eager))
        torch.testing.assert_close(*grads, rtol=0, atol=1e-6)
    assert counters["stats"]["unique_graphs"] == 1


def test_pair_is_what_a_loss_is_of() -> None:
    """A user's own function of a Pair composes with a weight as the table's do."""
    loss = BoxLoss(lambda pair: 1 - pair.iou, lambda pair: pair.iou.detach())
    assert loss(tensor((0, 0, 4, 2)), tensor((1, 1, 3, 4))).item() == pytest.approx(5 / 36, abs=1e-15)
    assert isinstance(Pair(*overlapping()).iou, Tensor)
