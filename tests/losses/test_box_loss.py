"""The one place that weighs and sums."""

from __future__ import annotations

import re
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests import reference
from tests.reference import Box, Exact, boxes, mean_slope, overlapping, slope, tensor
from tests.specs import ALL, FOCAL, NORMS, InImage
from yolo_feiou.losses.box_loss import BoxLoss, Term
from yolo_feiou.losses.build import build_loss

# Three pairs whose L and W are chosen: L is the width of the prediction, W its height.
L, W, S = (2.0, 3.0, 5.0), (1.0, 0.5, 0.0), (0.5, 1.0, 0.25)
PRED = tensor(*((0, 0, loss, weight) for loss, weight in zip(L, W, strict=True)))
TARGET = torch.zeros_like(PRED)


def make_loss(norm: str, weight: bool = True) -> BoxLoss:
    """Return the loss W·L, or L, of these pairs."""
    return BoxLoss(Term(lambda pair: pair.pred[:, 2], (lambda pair: pair.pred[:, 3]) if weight else None, norm))


def apart() -> tuple[Tensor, Tensor]:
    """Return three pairs without overlap."""
    return tensor((0, 0, 1, 1), (0, 0, 2, 3), (8, 8, 9, 11)), tensor((2, 2, 4, 3), (2, 0, 5, 3), (0, 0, 6, 7))


def test_call_is_weight_times_loss() -> None:
    """2·1, 3·½ and 5·0, one value a pair; without a weight L alone."""
    assert make_loss("tal")(PRED, TARGET).tolist() == [2, 1.5, 0]
    assert make_loss("tal", weight=False)(PRED, TARGET).tolist() == [2, 3, 5]


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
def test_the_mean_divides_by_the_norm_of_its_row(norm: str, weight: bool, scored: bool, expected: float) -> None:
    """Each norm divides the weighted sum by what its row of the table says."""
    scores = torch.tensor(S) if scored else None
    assert make_loss(norm, weight).mean(PRED, TARGET, scores).item() == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("spec", ["focal_eiou", "focal_eiou:norm=tal", "focal_eiou:norm=mean", "ciou+focal_eiou"])
@pytest.mark.parametrize("cut", [0, 1, 3, 5])
def test_divisors_that_processes_share_give_the_value_of_all_pairs(spec: str, cut: int) -> None:
    """The mean over two processes, one of which may have no pairs, is the value of both sides' pairs together."""
    loss, (pred, target), scores = build_loss(spec), overlapping(), torch.arange(1, 6) / 5
    parts = [slice(0, cut), slice(cut, 5)]
    sums = [[], []]

    def collect(part: int, value: Tensor) -> Tensor:
        sums[part].append(value)
        return value

    for number, part in enumerate(parts):
        loss.mean(pred[part], target[part], scores[part], share=partial(collect, number))
    means = [iter([(one + other) / 2 for one, other in zip(*sums, strict=True)]) for _ in parts]
    values = [
        loss.mean(pred[part], target[part], scores[part], share=lambda _, mean=mean: next(mean))
        for part, mean in zip(parts, means, strict=True)
    ]
    torch.testing.assert_close(sum(values) / 2, loss.mean(pred, target, scores))


def test_total_divides_in_place_of_the_scores() -> None:
    """norm=tal: 2.5/10 with a total of 10. The others have their own divisor: 2.5/1 and 3.5/3 still."""
    scores, total = torch.tensor(S), torch.tensor(10.0)
    means = [make_loss(norm).mean(PRED, TARGET, scores, total=total).item() for norm in NORMS]
    assert means == pytest.approx([2.5, 0.25, 3.5 / 3], rel=1e-15)
    assert make_loss("tal").mean(PRED, TARGET, total=total).item() == pytest.approx(0.35, rel=1e-15)


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
            loss = InImage(spec)
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
    """With the weight attached, mean() is one differentiable function: PyTorch's finite differences agree."""
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


def test_the_gradient_beside_ciou_falls_with_overlap() -> None:
    """Of Focal-EIoU by Eq. 11, in norm over a batch: at first several times CIoU's, in the end as large.

    Predictions are off by a normal deviate of 1, ½, … times the sides: good boxes have the weight of all.
    """
    random = torch.Generator().manual_seed(0)
    sides, centre = torch.rand(2000, 2, generator=random) * 20 + 1, torch.rand(2000, 2, generator=random) * 80
    target, noise = torch.cat((centre - sides / 2, centre + sides / 2), 1), torch.randn(2000, 4, generator=random)

    def norm(spec: str, spread: float) -> float:
        return (
            mean_slope(build_loss(spec), target + noise * spread * sides.repeat(1, 2), target).norm(dim=1).sum().item()
        )

    ratios = [norm("focal_eiou", spread) / norm("ciou", spread) for spread in (1, 0.5, 0.25, 0.1, 0.02)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 2 and ratios[-1] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("spec", ALL)
def test_no_pairs_give_0_with_a_graph(spec: str) -> None:
    """An empty batch: loss() is (0,), mean() is 0, and both back-propagate; with scores and total too."""
    loss, target = InImage(spec), torch.zeros(0, 4)
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
