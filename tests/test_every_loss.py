"""What holds for every loss of axis-aligned boxes, and every variant; test_rotated.py has the others."""

from __future__ import annotations

import contextlib
import itertools
import math
import re
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.reference import Box, Exact, boxes, overlapping, shifted, slope, tensor
from tests.specs import ALL, InImage, names_of
from yolo_feiou.losses.box_loss import BoxLoss, Term
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.table import ALIGNED_LOSSES

PAGE = (Path(__file__).parents[1] / "docs" / "losses.md").read_text(encoding="utf-8")
#: The largest coordinates that are spoken for: sides and, along each axis, distances are up to twice that.
HUGE = 3e18
BIG = 1e6


def every_kind(big: float) -> Tensor:
    """Return a box of every kind, the large ones with coordinates up to `big`."""
    return tensor(
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
        (0, 0, 1e-5, 1e-5),
        (0, 0, 1e-3, 1e-3),
        (5, 5, 5.001, 5.001),
        (1e-3, 1e-3, 0, 0),
        (0, 0, big, big),
        (-big, -big, big, big),
        (big, big, big, big),
        (0, 0, big, 1e-3),
        (big, 0, -big, 5),
        (big, big, -big, -big),
        (big, 0, 0, big),  # inverted along x alone
        (0, big, 1e-5, 0),
        (-big, -big, -big, -big),
        (-big, big, -big, big),  # as far as can be from the next along both axes
        (big, -big, big, -big),
        (big, big, 0, 0),  # inverted, in a corner
        (-big, -big, 0, 0),
        (-big, 0, -big * 0.99, 1),
    )


DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "autocast": torch.float32,
}


def kinds(precision: str, big: float = BIG) -> tuple[Tensor, Tensor, contextlib.AbstractContextManager]:
    """Return every kind of box against every other, in a precision, and the context to work in."""
    dtype = DTYPES[precision]
    largest = min(big, torch.finfo(dtype).max)
    pred, target = zip(*itertools.product(every_kind(big).clamp(-largest, largest).to(dtype), repeat=2), strict=True)
    autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "autocast")
    return torch.stack(pred), torch.stack(target), autocast


def offenders(good: Tensor, pred: Tensor, target: Tensor) -> list[tuple[list[float], list[float]]]:
    """Return the first five pairs that are not good, to be shown by a failing test."""
    return [(pred[i].tolist(), target[i].tolist()) for i in (~good).nonzero().flatten()[:5].tolist()]


@pytest.mark.parametrize("big", [BIG, 1e15, HUGE])
@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize("name", ALIGNED_LOSSES)
def test_finite_for_every_kind_of_box(name: str, precision: str, big: float) -> None:
    """Value and gradients of the loss of each pair, both boxes degenerate included, and of their mean, are finite."""
    pred, target, autocast = kinds(precision, big)
    pred, target = pred.requires_grad_(), target.requires_grad_()
    bad = {}
    for spec in (spec for spec in ALL if name in names_of(spec)):
        with autocast:
            values, mean = InImage(spec)(pred, target), InImage(spec).mean(pred, target)
        assert values.dtype == mean.dtype == torch.promote_types(pred.dtype, torch.float32)
        grads = torch.autograd.grad(values.sum(), (pred, target), retain_graph=True)
        mean_grads = torch.autograd.grad(mean, (pred, target))
        good = values.isfinite() & mean.isfinite()
        for grad in (*grads, *mean_grads):
            good &= grad.isfinite().all(1)
        bad |= {spec: offenders(good, pred, target)} if not good.all() else {}
    assert not bad


@pytest.mark.parametrize("name", ALIGNED_LOSSES)
def test_finite_for_boxes_drawn_from_the_whole_range(name: str) -> None:
    """Coordinates of any magnitude and sign, at the edge or shared between two edges or boxes, in float32."""
    random, n = torch.Generator().manual_seed(0), 20_000

    def draw() -> Tensor:
        exponent = torch.empty(n, 4, dtype=torch.float64).uniform_(-7, math.log10(HUGE), generator=random)
        sign = torch.randint(0, 2, (n, 4), generator=random) * 2 - 1
        kind = torch.rand(n, 4, generator=random)
        drawn = torch.where(kind < 0.4, torch.full_like(exponent, HUGE), 10**exponent) * sign
        return drawn.masked_fill(kind > 0.9, 0).to(torch.float32)

    pred, target = draw(), draw()
    pred = torch.where(torch.rand(n, 4, generator=random) < 0.2, target, pred)
    for boxes_ in (pred, target):
        flat = torch.rand(n, generator=random) < 0.2
        boxes_[flat, 2:] = boxes_[flat, :2]
    pred, target = pred.requires_grad_(), target.requires_grad_()
    for spec in (spec for spec in ALL if name in names_of(spec)):
        values, mean = InImage(spec)(pred, target), InImage(spec).mean(pred, target)
        good = values.isfinite() & mean.isfinite()
        for value in (values.sum(), mean):
            for grad in torch.autograd.grad(value, (pred, target), retain_graph=True):
                good &= grad.isfinite().all(1)
        assert not offenders(good, pred, target), spec


@pytest.mark.parametrize("name", ["diou", "ciou", "eiou", "focal_eiou", "focal_eiou_star", "focal_eiou_v1"])
def test_the_range_ends_just_beyond_what_is_said(name: str) -> None:
    """Two points in opposite corners, at ±X: 4ρ² is (4X)² + (4X)², which float32 holds up to X = 3.26e18."""
    ends = {}
    for big in (HUGE, 1.1 * HUGE):
        pred, target = tensor((big,) * 4).float(), tensor((-big,) * 4).float()
        ends[big] = InImage(name)(pred, target).isfinite().item()
    assert ends == {HUGE: True, 1.1 * HUGE: False}


def test_the_range_that_is_spoken_for_is_the_one_that_is_tested() -> None:
    """docs/losses.md, and the docstring of a loss, name the range of the tests above."""
    limit = f"{HUGE:.0e}".replace("e+", "e")
    assert f"wherever their coordinates are within ±{limit} " in " ".join(PAGE.split())
    assert f"coordinates are within ±{limit};" in " ".join(BoxLoss.forward.__doc__.split())


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("spec", ["focal_eiou", "focal_eiou:gamma=2,detach=false", "focal_eiou_star"])
def test_mean_of_one_pair_is_finite(spec: str, precision: str) -> None:
    """Each pair as a batch of its own, so that Σ W may be 0 or tiny: norm=paper has a finite value and gradient."""
    loss = InImage(spec)
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
    loss = InImage(spec)
    for side, i in itertools.product((0, 1), range(4)):
        pair = overlapping()
        pair[side][2, i] = float("nan")
        assert loss(*pair).isnan().tolist() == [False, False, True, False, False]
        assert loss.mean(*pair).isnan()


@pytest.mark.parametrize("spec", [spec for spec in ALL if "norm=tal" not in spec and "norm=mean" not in spec])
@settings(deadline=None, max_examples=10)
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
    loss, pred, target = InImage(spec), tensor(pred), tensor(target)
    value, move = loss(pred, target).item(), torch.tensor(move * 2)
    assert loss(pred + move, target + move).item() == value
    if names_of(spec) & {"mpdiou", "nwd"}:  # these have a length
        return
    assert loss(pred * 2.0**power, target * 2.0**power).item() == value
    overlap = torch.minimum(pred, target)[0, 2:] - torch.maximum(pred, target)[0, :2]
    if (
        overlap.abs().min() > 1e-9
    ):  # where edges touch, rounding decides whether there is an IoU, and IoU^γ is not small
        assert loss(pred * factor, target * factor).item() == pytest.approx(value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("spec", [spec for spec in ALL if not re.search("detach=false|norm=(tal|mean)", spec)])
@settings(deadline=None, max_examples=20)
@given(pair=shifted())
def test_a_step_never_lowers_the_iou_of_a_shifted_box(spec: str, pair: tuple[Box, Box]) -> None:
    """Same size, an overlap, a small step against the gradient: the IoU, in exact fractions, is higher unless it was 1.

    Only β = 1, which gives outliers up, and an IoU that is replaced, which has a slope of 0 in places, may leave the
    box where it is.
    """
    pred, target = pair
    grad = slope(InImage(spec), tensor(pred), tensor(target))
    size = grad.norm()
    grad = grad / size if size > 1e-14 else torch.zeros_like(grad)  # what rounding leaves of 0
    after = (tensor(pred) - 1e-6 * grad)[0].tolist()
    if pred == target or (re.search("beta=1|focaler|inner", spec) and not grad.any()):
        assert after == pred
    else:
        assert Exact(after, target).iou > Exact(pred, target).iou


@pytest.mark.parametrize("gamma", [0.25, 0.5, 1, 2])
def test_a_step_with_the_weight_attached_lowers_the_iou(gamma: float) -> None:
    """detach=false, a unit square below the known IoU (see tests/losses/test_focal.py): the step drives it away."""
    for iou in (0.05, 0.12):
        shift = (1 - iou) / (1 + iou)
        pred, target = (shift, 0, 1 + shift, 1), (0, 0, 1, 1)
        grad = slope(InImage(f"focal_eiou:gamma={gamma},detach=false"), tensor(pred), tensor(target))
        after = (tensor(pred) - 1e-6 * grad / grad.norm())[0].tolist()
        assert Exact(after, target).iou < Exact(pred, target).iou


#: Numbers of pairs, and how many graphs torch.compile has made of a loss once it has seen them in this order.
GRAPHS = {
    "each pair": ((500, 1), (4096, 1), (4097, 1), (2, 1), (1, 2), (0, 3), (777, 3), (1, 3), (0, 3)),
    "the mean": ((500, 1), (4096, 1), (4097, 2), (1, 3), (0, 4), (777, 4), (5000, 4), (1, 4), (0, 4)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["focal_eiou", "ciou", "focal_l1"])
@pytest.mark.parametrize("what", GRAPHS)
def test_compiles_to_few_graphs(what: str, name: str) -> None:
    """torch.compile takes the loss whole, and gives eager's values and gradients to 1e-5, Focal-EIoU's to 1e-6.

    All N share a graph but 0 and 1, which torch.compile always specialises, and, for the mean alone, those above 4,096,
    from where it sums more exactly on the CPU.
    """
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    loss, random = InImage(name), torch.Generator().manual_seed(0)
    function = loss if what == "each pair" else loss.mean
    compiled = torch.compile(function, fullgraph=True, dynamic=True)
    for n, graphs in GRAPHS[what]:
        corner, side = (50 * torch.rand(2, n, 2, generator=random) for _ in "cs")
        pred, target = torch.cat((corner, corner + side + 1), -1)
        pred.requires_grad_()
        ours, eager = compiled(pred, target), function(pred, target)
        near = {"rtol": 0 if name == "focal_eiou" else 1e-5, "atol": 1e-6}
        torch.testing.assert_close(ours, eager, **near)
        grads = (torch.autograd.grad(values.sum(), pred)[0] for values in (ours, eager))
        torch.testing.assert_close(*grads, **near)
        assert (n, counters["stats"]["unique_graphs"]) == (n, graphs)
    assert not counters["graph_break"]


def test_pair_is_what_a_loss_is_of() -> None:
    """A user's own function of a Pair composes with a weight as the table's do."""
    loss = BoxLoss(Term(lambda pair: 1 - pair.iou, lambda pair: pair.iou.detach()))
    assert loss(tensor((0, 0, 4, 2)), tensor((1, 1, 3, 4))).item() == pytest.approx(5 / 36, abs=1e-15)
    assert isinstance(Pair(*overlapping()).iou, Tensor)
