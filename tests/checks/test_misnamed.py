"""Valid losses that are not the intended one: what came and what is expected, worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from tests.checks import faulty_losses
from tests.checks.findings import first_number, found
from yolo_feiou.checks import misnamed
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.pairs import sample_disjoint, sample_matched
from yolo_feiou.losses.boxes import Pair


def test_a_reversed_focus_is_shown_by_both_values():
    """4×4 and 4×3 with 2×2 in common in a 6×5 box, centres 2 and 1.5 apart: IoU 4/24, EIoU 5/6 + 6.25/61 + 0 + 1/25."""
    loss = 5 / 6 + 6.25 / 61 + 1 / 25
    finding = found(misnamed.check_focus_direction, faulty_losses.reversed_focus)
    assert float(finding.came) == pytest.approx(math.sqrt(5 / 6) * loss, rel=1e-3)
    assert first_number(finding.expected) == pytest.approx(math.sqrt(1 / 6) * loss, rel=1e-3)


def test_a_power_of_the_iou_loss_is_no_reversed_focus():
    assert found(misnamed.check_focus_direction, lambda *pairs: faulty_losses.plain_iou(*pairs) ** 1.5) is None


@pytest.mark.parametrize(
    ("loss", "weight"), [(faulty_losses.centre_offset, 1), (faulty_losses.focal_centre_offset, 1 / 4)]
)
def test_a_centre_offset_in_place_of_the_sides_is_shown_by_both_values(loss, weight):
    """Concentric 2×2 and 4×4: IoU ¼, so ¾ without a difference of sides, and 1.25 with two of (2/4)²; times IoU."""
    finding = found(misnamed.check_centre_offset, loss)
    assert first_number(finding.came) == pytest.approx(0.75 * weight, rel=1e-3)
    assert first_number(finding.expected) == pytest.approx(1.25 * weight, rel=1e-3)


def test_a_centre_offset_along_one_axis_alone_is_found():
    def loss(pred, target):
        g = faulty_losses.geometry(pred, target)
        w = (g.side - g.side_target)[:, 0]
        outer = g.edges[1]
        return 1 - g.iou + g.distance + (w / outer[:, 0]) ** 2 + (g.centre[:, 1] / outer[:, 1]) ** 2

    assert "Δw²/C_w² + Δy²/C_h²" in found(misnamed.check_centre_offset, loss).message


def test_offsets_beside_the_sides_are_no_mistake():
    def loss(pred, target):
        g = faulty_losses.geometry(pred, target)
        return 1 - g.iou + g.sides + g.offsets

    assert found(misnamed.check_centre_offset, loss) is None


def test_an_extended_iou_named_eiou_is_shown_by_its_value():
    """Concentric 2×2 and 4×4: 1 − ¼ = 0.75, less 0.05 with smooth ℓ1."""
    assert found(misnamed.check_extended_iou, faulty_losses.unsmoothed_as_eiou).came == "0.75"
    assert found(misnamed.check_extended_iou, faulty_losses.smoothed_as_eiou).came == "0.7"


def test_an_extended_iou_is_found_with_an_eps_and_in_float32():
    """As public code has it: found all the same, beside the fault `tiny`."""

    def loss(pred, target):
        overlap = faulty_losses.continued_iou(pred.float(), target.float())
        return 1 - overlap * (1 - 1e-7)

    assert found(misnamed.check_extended_iou, loss) is not None


def test_extended_under_its_own_name_passes():
    assert misnamed.check_extended_iou(CheckedLoss("my_loss.py:ExtendedIoU", faulty_losses.smoothed_as_eiou)) is None


def test_extended_iou_by_hand():
    """Unit squares. Apart along x by 1: edges 0, 1, 2, 3, so −1·(0 + 1) with the whole height in common: −1/(2 + 1).

    Apart by 1 along both: −(1·3 + 1·3) = −6, −6/8. Overlapping by ½ along x: ½/1.5.
    """
    pred = torch.tensor([[2.0, 0, 3, 1], [2, 2, 3, 3], [0.5, 0, 1.5, 1]], dtype=torch.float64)
    target = torch.tensor([[0.0, 0, 1, 1]], dtype=torch.float64).expand(3, 4)
    ours = misnamed.extended_iou(Pair(pred, target))
    assert ours.tolist() == pytest.approx([-1 / 3, -6 / 8, 1 / 3])
    pairs = tuple(torch.cat(sides) for sides in zip(sample_matched(50), sample_disjoint(200), strict=True))
    torch.testing.assert_close(misnamed.extended_iou(Pair(*pairs)), faulty_losses.continued_iou(*pairs))
