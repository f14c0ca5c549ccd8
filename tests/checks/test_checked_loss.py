"""Calling a loss that somebody else wrote."""

from __future__ import annotations

import pytest
import torch

from tests.checks import faulty_losses, faulty_rotated_losses
from yolo_feiou.checks.box_kinds import BOX_KINDS
from yolo_feiou.checks.checked_loss import CheckedLoss, LossFailed
from yolo_feiou.checks.pairs import sample_matched
from yolo_feiou.losses.build import build_loss

PAIRS = sample_matched(3)


def failure(subject, call="values"):
    with pytest.raises(LossFailed) as caught:
        getattr(subject, call)(*PAIRS)
    return caught.value.finding


def test_whatever_it_raises_is_a_finding():
    """Its message in one line, and the first pair that was given."""

    def loss(pred, target):
        raise KeyError("two\nlines")

    finding = failure(CheckedLoss("loss", loss))
    assert finding.came == "KeyError: 'two\\nlines'"
    assert finding.pair == (PAIRS[0][0].tolist(), PAIRS[1][0].tolist())
    assert (
        failure(CheckedLoss("broken", faulty_losses.broken_backward), "gradient").came
        == "RuntimeError: not written yet"
    )


def test_what_ends_the_process_is_let_through():
    def loss(pred, target):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CheckedLoss("loss", loss).values(*PAIRS)


@pytest.mark.parametrize(
    ("loss", "came"),
    [
        (faulty_losses.mean, "a scalar"),
        (faulty_losses.column, "shape (3, 1)"),
        (faulty_losses.all_against_all, "shape (3, 3)"),
        (faulty_losses.listed, "list"),
    ],
)
def test_another_shape_is_a_finding(loss, came):
    finding = failure(CheckedLoss("loss", loss))
    assert (finding.came, finding.expected) == (came, "shape (3,) for 3 pairs")


def test_values_and_gradient_are_those_of_the_loss():
    """Unit squares half apart: IoU ½/1.5, and ∂(1 − IoU)/∂x1: overlap ½ − d, union 1.5 with x1 alone moved to ½ + d."""
    subject = CheckedLoss("iou", faulty_losses.plain_iou)
    pred, target = torch.tensor([[0.5, 0, 1.5, 1]]).double(), torch.tensor([[0.0, -1, 1, 2]]).double()
    # overlap ½, union 1 + 3 − ½ = 3.5, IoU 1/7; per unit of x1 the overlap loses 1 and the union 1 − 1 = 0: slope 1/3.5
    assert subject.values(pred, target).item() == pytest.approx(6 / 7)
    assert subject.gradient(pred, target)[0, 0].item() == pytest.approx(1 / 3.5)
    assert subject.value_at((0.5, 0, 1.5, 1), (0, -1, 1, 2)) == pytest.approx(6 / 7)


def test_without_a_graph_the_gradient_is_0():
    assert not CheckedLoss("detached", faulty_losses.detached).gradient(*PAIRS).any()
    assert not CheckedLoss("of the target", lambda pred, target: target.sum(1) + 0 * pred.sum(1)).gradient(*PAIRS).any()
    target = PAIRS[1].clone().requires_grad_()
    assert not CheckedLoss("target alone", lambda pred, _: target.sum(1)).gradient(*PAIRS).any()


def test_the_boxes_stay_as_they_are():
    before = [side.clone() for side in PAIRS]
    for loss in (faulty_losses.writes_pred, faulty_losses.writes_target):
        CheckedLoss("writes", loss).values(*PAIRS)
        CheckedLoss("writes", loss).gradient(*PAIRS)
    assert all(torch.equal(*sides) for sides in zip(before, PAIRS, strict=True))


def test_a_loss_that_fails_has_no_formula():
    assert CheckedLoss("mean", faulty_losses.mean).formula is None
    assert str(CheckedLoss("iou", faulty_losses.plain_iou).formula) == "1 − IoU"


def test_a_loss_of_the_table_is_told_the_unit():
    """Ten times as large in pixels a tenth as large: the same in its image. Nobody else's loss is told anything."""
    pairs = sample_matched(5)
    for spec in ("mpdiou", "nwd", "nwd:weight=0.5+iou:weight=0.5"):
        told = CheckedLoss(spec, build_loss(spec))
        larger = tuple(10 * side for side in pairs)
        assert not torch.allclose(told.values(*larger), told.values(*pairs), rtol=1e-3, atol=0)
        torch.testing.assert_close(told.magnified(10).values(*larger), told.values(*pairs))
    assert CheckedLoss("f", faulty_losses.eiou).magnified(10).units == {}


def test_the_family_is_that_of_the_table_or_as_given():
    """A loss of rotated boxes has no formula, and keeps its family in another unit."""
    assert CheckedLoss("eiou", build_loss("eiou"), family="rotated").family == "aligned"
    assert CheckedLoss("gwd", build_loss("gwd")).magnified(10).family == "rotated"
    own = CheckedLoss("f", faulty_rotated_losses.sound, family="rotated")
    assert own.magnified(10).family == "rotated" and own.boxes is BOX_KINDS["rotated"]
    assert own.formula is own.known is own.recognised is None
