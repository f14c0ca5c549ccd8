"""Gradients that are not those of the values, and steps that part boxes, worked out by hand."""

from __future__ import annotations

import re

import pytest
import torch

from tests.checks import faulty_losses
from tests.checks.findings import first_number, found
from yolo_feiou.checks import gradients
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.pairs import drop_scaled_kinks, sample_disjoint, sample_matched
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import build_loss


def test_a_wrong_gradient_is_shown_beside_the_right_one():
    """What came is half of what is expected, coordinate by coordinate."""
    finding = found(gradients.check_finite_differences, faulty_losses.wrong_backward)
    came, expected = (
        [float(x) for x in re.findall(r"-?[\d.]+", text)[:4]] for text in (finding.came, finding.expected)
    )
    assert [2 * x for x in came] == pytest.approx(expected, rel=1e-2)
    assert finding.pair == tuple(side[0].tolist() for side in drop_scaled_kinks(sample_matched(8)))


def test_gradient_is_tried_for_boxes_apart():
    class Without(torch.autograd.Function):
        @staticmethod
        def forward(ctx, distance):
            return distance.clone()

        @staticmethod
        def backward(ctx, gradient):
            return 0 * gradient

    def loss(pred, target):
        g = faulty_losses.geometry(pred, target)
        return 1 - g.iou + torch.where(g.iou > 0, g.distance, Without.apply(g.distance))

    assert found(gradients.check_finite_differences, loss).pair == tuple(
        side[0].tolist() for side in sample_disjoint(4)
    )


@pytest.mark.parametrize(("factor", "fault"), [(0.99, True), (0.9999, False)])
def test_gradient_off_by_one_percent(factor, fault):
    class Nearly(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            return factor * gradient

    def loss(pred, target):
        return Nearly.apply(faulty_losses.eiou(pred, target))

    assert bool(found(gradients.check_finite_differences, loss)) == fault


@pytest.mark.parametrize(("gamma", "below"), [(0.25, 0.175), (0.5, 0.304), (1, 0.477), (2, 0.654)])
def test_an_attached_weight_is_found_with_the_iou_below_which_it_pushes_apart(gamma, below):
    """The known limits are for a shift along x alone; with a tenth of it along y they are a little higher."""

    def loss(pred, target):
        return faulty_losses.geometry(pred, target).iou.clamp(min=1e-12) ** gamma * faulty_losses.eiou(pred, target)

    finding = found(gradients.check_attached_weight, loss)
    limit = first_number(finding.message.partition("below")[2])
    assert below - 0.01 < limit < below + 0.03
    assert first_number(finding.came) < limit


def test_attached_is_not_a_wrong_sign():
    """Pushed apart at every overlap is the check `step`'s."""
    assert found(gradients.check_attached_weight, faulty_losses.uphill) is None
    assert first_number(found(gradients.check_gradient_step, faulty_losses.uphill).message.partition("of")[2]) > 90


def test_attached_is_tried_along_both_axes():
    def loss(pred, target):
        iou = faulty_losses.geometry(pred, target).iou
        x, y = faulty_losses.geometry(pred, target).centre.unbind(1)
        held = torch.where(x.abs() > y.abs(), iou.detach(), iou)
        return held.clamp(min=1e-12) ** 0.5 * faulty_losses.eiou(pred, target)

    pred, _ = found(gradients.check_attached_weight, loss).pair
    assert pred[1] > pred[0]


def test_a_step_that_lowers_the_iou_is_shown_by_such_a_pair():
    """EIoU with 1 − IoU detached lowers a fifth of the pairs; the pair shown is one of them."""
    finding = found(gradients.check_gradient_step, faulty_losses.iou_detached)
    assert first_number(finding.message.partition("of")[2]) > 12.5
    pred, target = (torch.tensor([side], dtype=torch.float64) for side in finding.pair)
    gradient = CheckedLoss("", faulty_losses.iou_detached).gradient(pred, target)
    iou = [faulty_losses.geometry(pred - step * gradient, target).iou.item() for step in (0, 1e-3)]
    assert iou[1] < iou[0]


def test_a_loss_of_the_table_that_ignores_low_ious_is_judged_by_the_others():
    """Focaler-EIoU from 0.2 on has the side terms alone below; anyone else's has not that excuse."""
    loss = build_loss("eiou:focaler=0.8,focaler_low=0.2")
    assert CheckedLoss("", loss).dead_below == 0.2
    assert gradients.check_gradient_step(CheckedLoss("", loss)) is None
    assert gradients.check_gradient_step(CheckedLoss("", lambda *pairs: loss(*pairs))) is not None


def test_a_zero_gradient_is_shown_by_boxes_without_overlap():
    finding = found(gradients.check_gradient_without_overlap, faulty_losses.plain_iou)
    assert finding.message.startswith("100.0% of the boxes without overlap have a zero gradient in their centre")
    assert finding.pair == tuple(side[0].tolist() for side in sample_disjoint(200))


def distance(pair):
    """In sides of the target."""
    return (pair.dx / pair.w_target).abs() + (pair.dy / pair.h_target).abs()


@pytest.mark.parametrize(
    ("loss", "kind"),
    [
        (lambda pair: 1 - pair.iou + (pair.w / pair.w_target - 1).abs(), "zero"),  # moves a side, and no centre
        (lambda pair: -pair.iou.log(), "zero or non-finite"),
    ],
)
def test_what_moves_no_centre_has_a_zero_gradient_there(loss, kind):
    finding = found(gradients.check_gradient_without_overlap, lambda *boxes: loss(Pair(*boxes)))
    assert finding.message.startswith(f"100.0% of the boxes without overlap have a {kind} gradient in their centre")


def test_a_gradient_that_a_clamp_cuts_off_is_shown_by_such_a_pair_with_the_share_of_them():
    def loss(pred, target):
        return distance(Pair(pred, target)).clamp(max=2)

    pairs = sample_disjoint(200)
    beyond = distance(Pair(*pairs)) > 2
    assert 0.1 < beyond.double().mean() < 0.9
    finding = found(gradients.check_gradient_without_overlap, loss)
    assert finding.message.startswith(f"{beyond.double().mean():.1%} of the boxes")
    assert distance(Pair(*(torch.tensor([side]) for side in finding.pair))) > 2
    assert gradients.check_gradient_without_overlap(CheckedLoss("", lambda *boxes: distance(Pair(*boxes)))) is None
