"""WIoU v2 and v3, their running mean, and `wise` on other losses, against exact references."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests import field_reference
from tests.field_assertions import (
    assert_gradient_is_exact,
    assert_identical_boxes_give_0,
    assert_value_by_hand,
    assert_value_is_exact,
    build,
    lengths,
)
from tests.field_cases import WISE, ByHand, by_hand, ids, shifted
from tests.field_reference import PENALTIES
from tests.reference import Box, boxes, overlapping, slope, tensor
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.wise import RunningMean

BY_HAND = [
    *(case for case in by_hand("wiou") if case.parameters.get("version") != 1),
    *(case for case in by_hand(*PENALTIES, modified=True) if "wise" in case.parameters),
]


def running_mean(loss: BoxLoss) -> Tensor:
    """Return the buffer of a loss with the mean of 1 − IoU."""
    (mean,) = (buffer for name, buffer in loss.named_buffers() if "mean" in name)
    return mean


@pytest.mark.parametrize("case", BY_HAND, ids=str)
def test_values_by_hand(case: ByHand) -> None:
    """Each pair has the value worked out beside it."""
    assert_value_by_hand(case)


@pytest.mark.parametrize(("name", "parameters"), WISE, ids=ids(WISE))
@settings(deadline=None, max_examples=50)
@given(pred=boxes(), target=boxes())
def test_values_are_exact(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """float64 is within 1e-12 of the paper's definition, whatever the position and the shapes of the two boxes."""
    assert_value_is_exact(name, parameters, pred, target)


@pytest.mark.parametrize(("name", "parameters"), WISE, ids=ids(WISE))
@settings(deadline=None, max_examples=25)
@given(pred=boxes(), target=boxes())
def test_gradients_are_exact(name: str, parameters: dict[str, Any], pred: Box, target: Box) -> None:
    """The gradient is that of the definition; the factor and, in WIoU, c² are held."""
    assert_gradient_is_exact(name, parameters, pred, target)


@pytest.mark.parametrize(("name", "parameters"), WISE, ids=ids(WISE))
@settings(deadline=None, max_examples=25)
@given(box=boxes())
def test_identical_boxes_give_0(name: str, parameters: dict[str, Any], box: Box) -> None:
    """Exactly, in float32 and float64, and the gradient is finite."""
    assert_identical_boxes_give_0(name, parameters, box)


@pytest.mark.parametrize(("name", "parameters"), WISE, ids=ids(WISE))
@pytest.mark.parametrize("mean", [0.0625, 0.375, 0.75])
@settings(deadline=None, max_examples=10)
@given(pred=boxes(), target=boxes())
def test_values_at_another_mean(name: str, parameters: dict[str, Any], mean: float, pred: Box, target: Box) -> None:
    """The outlier degree is 1 − IoU over the mean: up to 16 here."""
    loss = build(name, parameters)
    running_mean(loss).fill_(mean)
    expected = field_reference.value(name, pred, target, mean=mean, **parameters)
    value = loss(tensor(pred), tensor(target), **lengths(name)).item()
    assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)


def factor(mean: float, beta: float, spec: str = "iou:wise=true") -> float:
    """Return the factor r of a pair of unit squares whose 1 − IoU is β times the mean."""
    loss = build_loss(spec).eval()
    running_mean(loss).fill_(mean)
    pred, target = tensor((0, 0, 1, 1 - mean * beta)), tensor((0, 0, 1, 1))
    return loss(pred, target).item() / (mean * beta)


def test_facts_of_the_factor() -> None:
    """r(3) = 1, r(5) = .462 and r(10) = .037; it is largest, 1.310, at 1/ln 1.9 = 1.558.

    With the exponent reversed, as in one public copy, r(5) is 6.0.
    """
    mean = 0.0625
    assert [factor(mean, beta) for beta in (3, 5, 10)] == pytest.approx([1, 0.462, 0.037], abs=5e-4)
    peak = 1 / math.log(1.9)
    assert peak == pytest.approx(1.558, abs=5e-4)
    assert factor(mean, peak) == pytest.approx(1.310, abs=5e-4)
    assert max(factor(mean, peak - 0.05), factor(mean, peak + 0.05)) < factor(mean, peak)


def test_facts_of_the_authors_later_constants() -> None:
    """With α 1.7 and δ 2.7 it is largest, 1.076, at 1.885, and r(2.7) = 1."""

    def wiou(beta: float) -> float:
        """Return r: two boxes that differ at one edge by 1 − IoU have ρ² = (1 − IoU)²/4 and c² = 2."""
        away = 0.0625 * beta
        return factor(0.0625, beta, "wiou:alpha=1.7,delta=2.7") / math.exp(away**2 / 4 / 2)

    assert [wiou(1 / math.log(1.7)), wiou(2.7)] == pytest.approx([1.076, 1], abs=5e-4)


def test_versions_have_the_default_of_the_paper() -> None:
    """wiou is version 3 with α 1.9 and δ 3; `wise` has these, and version 2 γ = ½."""
    pair = overlapping()
    for spec, full in (
        ("wiou", "wiou:version=3,alpha=1.9,delta=3"),
        ("wiou:version=2", "wiou:version=2,gamma=0.5"),
        ("wise_ciou", "ciou:wise=true"),
        ("wise_siou", "siou:wise=true"),
    ):
        assert torch.equal(build_loss(spec).eval()(*pair), build_loss(full).eval()(*pair))


@pytest.mark.parametrize("spec", ["wiou:version=2,alpha=1.9", "wiou:version=2,delta=3", "wiou:version=3,gamma=0.5"])
def test_a_parameter_that_the_version_ignores_is_refused(spec: str) -> None:
    """So that nobody believes to have set it."""
    with pytest.raises(ValueError, match=spec.partition(",")[2].partition("=")[0]):
        build_loss(spec)


@settings(deadline=None)
@given(first=boxes(), second=boxes(), target=boxes(), mean=st.integers(1, 16))
def test_the_factor_is_of_the_plain_iou(first: Box, second: Box, target: Box, mean: int) -> None:
    """Whatever replaces the IoU: the ratio to the loss without `wise` is r(β)."""
    pred, target = tensor(first, second), tensor(target, target)
    plain = build("iou", {"wise": True})
    running_mean(plain).fill_(mean / 16)
    iou_loss = build("iou")(pred, target)
    for spec in ("ciou:inner=0.75", "giou:focaler=0.8,focaler_low=0.2", "diou:power=3"):
        wise = build_loss(f"{spec},wise=true").eval()
        running_mean(wise).fill_(mean / 16)
        expected = plain(pred, target) * build_loss(spec)(pred, target)
        torch.testing.assert_close(wise(pred, target) * iou_loss, expected, rtol=1e-12, atol=1e-14)


# --- The running mean. Half of a unit square has IoU ½; beside a pair apart the mean of 1 − IoU is ¾.

HALF, ONE, APART = (0, 0, 1, 0.5), (0, 0, 1, 1), (3, 0, 4, 1)
STATEFUL = ["wiou:version=2,momentum=0.25", "wiou:version=3,momentum=0.25", "wiou:momentum=0.25"]


@pytest.mark.parametrize("spec", STATEFUL)
def test_the_mean_is_updated_before_it_is_used(spec: str) -> None:
    """(1 − m)·1 + m·¾ = 15/16 after a batch in training, and the loss of that batch is at 15/16; then 57/64."""
    loss, at_mean = build_loss(spec).train(), build_loss(spec).eval()
    assert running_mean(loss).item() == 1
    assert running_mean(loss).dtype == torch.float32
    pair = tensor(HALF, APART), tensor(ONE, ONE)
    for mean in (15 / 16, 57 / 64):
        values = loss.mean(*pair)
        assert running_mean(loss).item() == mean
        running_mean(at_mean).fill_(mean)
        assert values.item() == pytest.approx(at_mean.mean(*pair).item(), abs=1e-14)


@pytest.mark.parametrize("spec", STATEFUL)
def test_the_mean_stays_in_evaluation_and_without_pairs(spec: str) -> None:
    """Neither validation nor an empty batch moves it, nor makes it NaN."""
    loss = build_loss(spec).train()
    empty = tensor().reshape(0, 4)
    assert loss.mean(empty, empty).item() == 0
    assert loss(empty, empty).shape == (0,)
    assert running_mean(loss).item() == 1
    loss.eval()
    loss.mean(tensor(HALF), tensor(ONE))
    loss(tensor(HALF), tensor(ONE))
    assert running_mean(loss).item() == 1


def test_scores_do_not_weigh_the_mean() -> None:
    """It is that of the pairs, ¾, whatever their scores."""
    loss = build_loss("wiou:momentum=0.25").train()
    loss.mean(tensor(HALF, APART), tensor(ONE, ONE), torch.tensor([0.1, 0.9], dtype=torch.float64))
    assert running_mean(loss).item() == 15 / 16


def test_each_loss_has_a_mean_of_its_own() -> None:
    """Neither another of the same spec nor a copy follows; `state_dict` carries it."""
    loss = build_loss("wiou:momentum=0.25").train()
    other, before = build_loss("wiou:momentum=0.25"), copy.deepcopy(loss)
    loss.mean(tensor(HALF, APART), tensor(ONE, ONE))
    assert [running_mean(each).item() for each in (loss, other, before)] == [15 / 16, 1, 1]
    other.load_state_dict(loss.state_dict())
    assert running_mean(other).item() == 15 / 16


def test_the_mean_is_outside_the_graph() -> None:
    """In training, too, the gradient is that of v1 times a number."""
    loss, pair = build_loss("wiou:version=3,momentum=0.25").train(), [*map(tensor, shifted(5))]
    mean = 0.75 + 0.25 * 2 / 3
    beta = 2 / 3 / mean
    r = beta / (3 * 1.9 ** (beta - 3))
    expected = r * slope(build("wiou", {"version": 1}), *pair)
    torch.testing.assert_close(slope(loss.mean, *pair), expected, rtol=1e-6, atol=1e-9)
    assert not running_mean(loss).requires_grad


def update_on_rank(rank: int, store: str, folder: str) -> None:
    """Update a mean three times on one of two ranks, of which one has no pairs, then the other, then both."""
    torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    mean = RunningMean(0.5)
    for shares in (((0.2, 0.4), ()), ((), (0.9,)), ((0.1, 0.1, 0.1), (0.5,)), ((), ())):
        mean.update(torch.tensor(shares[rank]))
    (Path(folder) / str(rank)).write_text(repr(mean.value.item()))
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_ranks_share_the_mean_of_all_pairs(tmp_path: Path) -> None:
    """By pairs, not by ranks: of three .1 and a .5 the mean is .2, of the ranks' means .3; without pairs it stays."""
    torch.multiprocessing.spawn(update_on_rank, (str(tmp_path / "store"), str(tmp_path)), 2)
    mean = 1.0
    for batch in (0.3, 0.9, 0.2):
        mean += 0.5 * (batch - mean)
    assert [float((tmp_path / str(rank)).read_text()) for rank in range(2)] == pytest.approx([mean] * 2, rel=1e-6)
