"""Translation, scale, identical boxes and distance: the pair in the finding shows the mistake."""

from __future__ import annotations

import pytest
import torch

from tests.checks import faulty_losses
from tests.checks.findings import first_number, found
from yolo_feiou.checks import geometry
from yolo_feiou.checks.pairs import sample_disjoint


@pytest.mark.parametrize("check", [geometry.check_translation, geometry.check_scale])
@pytest.mark.parametrize(("amount", "fault"), [(3e-3, True), (1e-4, False)])
def test_a_part_in_a_thousand_may_change_by_rounding(check, amount, fault):
    """A part in a thousand may change, as in float32 far from the origin."""

    def loss(pred, target):
        return 1 + amount * pred[:, 0] / 1e3 * (1000 / 70 if check is geometry.check_translation else 1)

    assert bool(found(check, loss)) == fault


@pytest.mark.parametrize(
    ("check", "loss"),
    [
        (geometry.check_translation, faulty_losses.as_corner_and_size),
        (geometry.check_scale, faulty_losses.sides_in_pixels),
        (geometry.check_identical, faulty_losses.constant),
        (geometry.check_negative, faulty_losses.log_without_minus),
        (geometry.check_receding, faulty_losses.unclamped),
    ],
)
def test_the_pair_of_a_finding_shows_the_fault(check, loss):
    """The loss of the printed pair is what came."""
    finding = found(check, loss)
    value = loss(*(torch.tensor([side], dtype=torch.float64) for side in finding.pair)).item()
    assert first_number(finding.came) == pytest.approx(value, rel=1e-3)


def test_scale_is_tried_at_1000_too():
    """What changes at a side of 200 doesn't show at sides up to 100."""

    def loss(pred, target):
        large = (target[:, 2] - target[:, 0]) > 200
        return faulty_losses.eiou(pred, target) * torch.where(large, 2, 1)

    assert "1000 times as large" in found(geometry.check_scale, loss).came


def test_negative_is_tried_for_boxes_apart():
    def loss(pred, target):
        iou = faulty_losses.geometry(pred, target).iou
        return torch.where(iou > 0, 1 - iou, -0.5 + 0 * iou)

    finding = found(geometry.check_negative, loss)
    assert finding.came == "-0.5"
    assert finding.pair in [tuple(side[i].tolist() for side in sample_disjoint(100)) for i in range(100)]


@pytest.mark.parametrize("axis", [0, 1])
def test_receding_is_tried_along_each_axis(axis):
    def loss(pred, target):
        return 1 / (1 + faulty_losses.geometry(pred, target).centre[:, axis].abs())

    finding = found(geometry.check_receding, loss)
    assert finding is not None

    def other(pred, target):
        centre = faulty_losses.geometry(pred, target).centre
        return 1 / (1 + centre[:, axis].abs()) + centre[:, 1 - axis].abs()

    assert found(geometry.check_receding, other).pair[0][1 - axis] == 0
