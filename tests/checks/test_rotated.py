"""Rotated boxes: the pair in a finding shows the mistake, and each way to write a box is tried on both."""

from __future__ import annotations

import math

import pytest
import torch

from tests.checks import faulty_rotated_losses
from tests.checks.findings import first_number
from yolo_feiou.checks import rotated
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.losses.build import build_loss


def found(check, loss):
    return check(CheckedLoss(getattr(loss, "__name__", "loss"), loss, family="rotated"))


@pytest.mark.parametrize(
    ("check", "loss"),
    [
        (rotated.check_turn, faulty_rotated_losses.turned_the_other_way),
        (rotated.check_quarter_turn, faulty_rotated_losses.by_coordinates),
        (rotated.check_half_turn, faulty_rotated_losses.by_coordinates),
    ],
)
def test_the_pair_of_a_finding_shows_the_fault(check, loss):
    finding = found(check, loss)
    value = loss(*(torch.tensor([side], dtype=torch.float64) for side in finding.pair)).item()
    assert first_number(finding.came) == pytest.approx(value, rel=1e-3)
    assert first_number(finding.came.partition(", and ")[2]) != pytest.approx(value, rel=1e-3)


def test_a_box_written_in_another_way():
    box = torch.tensor([[1, 2, 3, 4, 0.5]], dtype=torch.float64)
    assert rotated.exchange_sides(box).tolist() == [[1, 2, 4, 3, 0.5 + math.pi / 2]]
    assert rotated.turn_by_half(box).tolist() == [[1, 2, 3, 4, 0.5 + math.pi]]


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(("check", "part"), [(rotated.check_quarter_turn, 2), (rotated.check_half_turn, 4)])
def test_either_box_is_written_in_another_way(check, part, place):
    """A loss that looks at the width, or the angle, of the prediction alone, or of the target alone."""

    def loss(pred, target):
        return faulty_rotated_losses.sound(pred, target) * (1 + (pred, target)[place][:, part].abs())

    assert found(check, loss) is not None
    assert found(check, faulty_rotated_losses.sound) is None


def test_a_gradient_at_the_target_is_shown_by_identical_boxes():
    finding = found(rotated.check_identical, faulty_rotated_losses.sides_exchanged)
    assert finding.pair[0] == finding.pair[1]
    assert found(rotated.check_identical, build_loss("kfiou")) is None  # 0.948 there


def test_a_part_is_judged_where_the_others_agree():
    """The angle alone has another sign: the finding names it, with a pair that differs in it alone."""
    finding = found(rotated.check_parts, faulty_rotated_losses.angle_reversed)
    assert finding.message.startswith("a small step in the angle lowers the ProbIoU of 99.0% of the pairs")
    assert finding.pair[0][:4] == finding.pair[1][:4] and finding.pair[0][4] != finding.pair[1][4]
    pred, target = (torch.tensor([side], dtype=torch.float64) for side in finding.pair)
    (_, _, _, _, slope) = CheckedLoss("", faulty_rotated_losses.angle_reversed).gradient(pred, target)[0].tolist()
    turned = pred - 1e-4 * torch.tensor([0, 0, 0, 0, math.copysign(1, slope)])
    overlap = faulty_rotated_losses.overlap
    assert overlap(turned, target) < overlap(pred, target)
    assert "in the sides" in found(rotated.check_parts, faulty_rotated_losses.sides_reversed).message


@pytest.mark.parametrize(
    ("loss", "parts"),
    [
        (faulty_rotated_losses.of_the_shapes, "the centre"),
        (faulty_rotated_losses.without_angle, "the angle"),
        (lambda pred, target: (pred - target)[:, 4].sin().square(), "the centre and the sides"),
    ],
)
def test_parts_without_a_gradient_are_named(loss, parts):
    finding = found(rotated.check_coordinates, loss)
    assert finding.message == f"nothing moves {parts}"


@pytest.mark.parametrize(
    ("spec", "distance"),
    [
        # With D = d²/8σ² and d = k sides, σ² = side²/12: D = 1.5k², and e^−D below 1e-12 from k = 4.3 on, for the
        # smaller side before; a weight ends where 1 − √(1 − e^−D + 1e-7) is 0, at D = ln 1e7 = 16, so from k = 3.3 on.
        ("probiou:floor=0", 5),
        ("bd:focal=1", 5),
        ("bd", None),
        ("kld:tau=0,function=none", None),
    ],
)
def test_the_distance_from_which_nothing_moves(spec, distance):
    finding = found(rotated.check_gradient_apart, build_loss(spec))
    assert (finding and first_number(finding.message)) == distance
