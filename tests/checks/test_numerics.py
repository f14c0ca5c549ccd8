"""Degenerate boxes, tiny boxes, half precision: what came and what is expected, worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from tests.checks import faulty_losses
from tests.checks.findings import first_number, found
from yolo_feiou.checks import numerics
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.losses.boxes import Pair


def test_finite_names_the_kind_and_the_precision():
    finding = found(numerics.check_finite, faulty_losses.root)
    assert finding.message == "the gradient for identical boxes is not finite, in float32"
    assert finding.pair == ([2, 3, 8, 7], [2, 3, 8, 7])
    assert "nan" in finding.came
    assert "two boxes without area, in one place" in found(numerics.check_finite, faulty_losses.unguarded).message


#: An operation that isn't finite everywhere, the same as the remedy has it, and with its result mended.
CLAMPS = {
    "a / b.clamp(min=1e-12)": (
        lambda p: (p.dw / p.w).abs(),
        lambda p: (p.dw / p.w.clamp(min=1e-12)).abs(),
        lambda p: torch.where(p.w > 0, p.dw / p.w, 0 * p.w),
    ),
    ".log()": (
        lambda p: -p.iou.log(),
        lambda p: -p.iou.clamp(min=1e-12).log(),
        lambda p: torch.nan_to_num(-p.iou.log(), posinf=28),
    ),
    ".sqrt()": (
        lambda p: (p.rho2 / p.c2).sqrt(),
        lambda p: (p.rho2 / p.c2).clamp(min=1e-12).sqrt(),
        lambda p: (p.rho2 / p.c2).sqrt().clamp(min=1e-6),
    ),
    "a power below 1": (
        lambda p: 1 - p.iou**0.3,
        lambda p: 1 - p.iou.clamp(min=1e-12) ** 0.3,
        lambda p: (1 - p.iou**0.3).clamp(max=0.99),
    ),
    "x.clamp(max=50) before .exp()": (
        lambda p: (p.w / p.w_target).exp(),
        lambda p: (p.w / p.w_target).clamp(max=50).exp(),
        lambda p: (p.w / p.w_target).exp().clamp(max=1e9),
    ),
}


@pytest.mark.parametrize("words", CLAMPS)
def test_what_the_remedy_says_to_write_is_finite_and_a_mended_result_is_not(words):
    bad, good, mended = (lambda *boxes, of=of: of(Pair(*boxes)) for of in CLAMPS[words])
    assert words in found(numerics.check_finite, bad).remedy
    assert numerics.check_finite(CheckedLoss("", good)) is None
    assert numerics.check_finite(CheckedLoss("", mended)) is not None


def test_finite_tries_float64_too():
    def overflows_nowhere_but_in_float64(pred, target):
        return faulty_losses.eiou(pred, target) / (0 if pred.dtype == torch.float64 else 1)

    assert found(numerics.check_finite, overflows_nowhere_but_in_float64).message.endswith("in float64")


def test_finite_tries_a_large_batch():
    """A NaN that depends on the number of pairs, in one pair of 2,000."""

    def spoils_one_of_many(pred, target):
        loss = faulty_losses.eiou(pred, target)
        return loss * torch.where((torch.arange(len(loss)) == 17) & (len(loss) > 300), math.nan, 1.0)

    finding = found(numerics.check_finite, spoils_one_of_many)
    assert finding.message == "the value of 1 pairs in a batch of 2,000 is not finite"


def test_an_eps_that_spoils_tiny_boxes_is_shown_by_identical_ones():
    """Two identical squares of side 1e-3 with 1e-7 added to their union of 1e-6: IoU 1/1.1, so 1/11 in place of 0."""
    finding = found(numerics.check_tiny, faulty_losses.eps_added)
    assert finding.pair == ([0, 0, 1e-3, 1e-3], [0, 0, 1e-3, 1e-3])
    assert first_number(finding.came) == pytest.approx(1 / 11, abs=1e-4)
    assert first_number(finding.expected) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("eps", "fault"), [(1e-7, True), (1e-8, True), (1e-10, False)])
def test_tiny_is_about_the_size_of_eps(eps, fault):
    """At the area 1e-6 an eps of 1e-8 is 1 %, of 1e-10 it is 1e-4."""

    def loss(pred, target):
        return 1 - faulty_losses.geometry(pred, target, eps=eps).iou

    assert bool(found(numerics.check_tiny, loss)) == fault


def test_half_precision_is_shown_by_a_pair_that_overflows():
    """In float16 the areas of two boxes of 200 × 400 and more overflow: IoU 0 or NaN; in bfloat16 digits go."""
    try:
        torch.ones(2, dtype=torch.float16).prod()
    except RuntimeError:  # torch 2.1
        pytest.skip("this torch multiplies no float16 on the CPU, as the faulty loss does")
    finding = found(numerics.check_half_precision, faulty_losses.in_half)
    assert "float16" in finding.message
    pred, target = (torch.tensor([side]) for side in finding.pair)
    assert faulty_losses.plain_iou(pred, target).item() == pytest.approx(float(finding.expected), abs=1e-3)
    assert f"{faulty_losses.in_half(pred.half(), target.half()).item():.4g}" == finding.came

    def rounds(pred, target):
        return faulty_losses.plain_iou(pred, target).to(pred.dtype) * (1.05 if pred.dtype == torch.bfloat16 else 1)

    assert "bfloat16" in found(numerics.check_half_precision, rounds).message


def test_half_is_about_the_precision():
    """NaN in float64 too is the check `finite`'s."""
    assert (
        found(numerics.check_half_precision, lambda pred, target: faulty_losses.plain_iou(pred, target) * math.nan)
        is None
    )
