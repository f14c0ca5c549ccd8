"""What the checks say: the pair that shows the mistake, what came and what is expected, worked out by hand."""

from __future__ import annotations

import math
import re

import pytest
import torch

from tests.checks import faulty_losses
from yolo_feiou.checks import geometry, gradients, interface, misnamed, numerics
from yolo_feiou.checks.checked_loss import CheckedLoss, LossFailed
from yolo_feiou.checks.pairs import sample_disjoint, sample_matched
from yolo_feiou.losses.boxes import Pair


def found(check, loss):
    return check(CheckedLoss(loss.__name__, loss))


def first_number(text):
    return float(re.search(r"-?[\d.]+(e-?\d+)?", text).group())


@pytest.mark.parametrize(
    ("loss", "came"),
    [
        (faulty_losses.mean, "a scalar"),
        (faulty_losses.column, "shape (5, 1)"),
        (faulty_losses.all_against_all, "shape (5, 5)"),
        (faulty_losses.coordinates, "shape (5, 4)"),
        (faulty_losses.listed, "list"),
        (faulty_losses.detached, "float32, without a graph"),
        (faulty_losses.counted, "int64, without a graph"),
    ],
)
def test_shape(loss, came):
    finding = found(interface.check_shape, loss)
    assert finding.came == came
    assert finding.expected == "shape (5,), an attached float tensor"


def test_shape_for_one_pair_and_none():
    finding = found(interface.check_shape, faulty_losses.squeezed)
    assert (finding.message, finding.came) == ("not one value a pair, for N = 1", "a scalar")
    with pytest.raises(LossFailed) as caught:
        found(interface.check_shape, faulty_losses.never_empty)
    assert caught.value.finding.expected == "a tensor of shape (0,)"


def test_inputs():
    """(x1, y1, x2, y2) came back as (x1, y1, w, h)."""
    finding = found(interface.check_inputs_unchanged, faulty_losses.writes_target)
    x1, y1, x2, y2 = finding.pair[1]
    assert finding.message == "it changes the target in place"
    assert finding.came == f"({x1:.4g}, {y1:.4g}, {x2 - x1:.4g}, {y2 - y1:.4g})"


def test_finite_names_the_kind_and_the_precision():
    finding = found(numerics.check_finite, faulty_losses.root)
    assert finding.message == "the gradient for identical boxes is not finite, in float32"
    assert finding.pair == ([2, 3, 8, 7], [2, 3, 8, 7])
    assert "nan" in finding.came
    assert "two boxes without area, in one place" in found(numerics.check_finite, faulty_losses.unguarded).message


def test_finite_tries_float64_too():
    def overflows_nowhere_but_in_float64(pred, target):
        return faulty_losses.eiou(pred, target) / (0 if pred.dtype == torch.float64 else 1)

    assert found(numerics.check_finite, overflows_nowhere_but_in_float64).message.endswith("in float64")


def test_tiny():
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


@pytest.mark.parametrize("check", [geometry.check_translation, geometry.check_scale])
@pytest.mark.parametrize(("amount", "fault"), [(3e-3, True), (1e-4, False)])
def test_room_for_rounding(check, amount, fault):
    """A part in a thousand may change, as in float32 far from the origin."""

    def loss(pred, target):
        return 1 + amount * pred[:, 0] / 1e3 * (1000 / 70 if check is geometry.check_translation else 1)

    assert bool(found(check, loss)) == fault


def test_half():
    """In float16 the areas of two boxes of 200 × 400 and more overflow: IoU 0 or NaN; in bfloat16 digits go."""
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
def test_the_pair_shows_it(check, loss):
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


def test_gradient():
    """What came is half of what is expected, coordinate by coordinate."""
    finding = found(gradients.check_finite_differences, faulty_losses.wrong_backward)
    came, expected = (
        [float(x) for x in re.findall(r"-?[\d.]+", text)[:4]] for text in (finding.came, finding.expected)
    )
    assert [2 * x for x in came] == pytest.approx(expected, rel=1e-2)
    assert finding.pair == tuple(side[0].tolist() for side in sample_matched(8))


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
def test_attached(gamma, below):
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


def test_step():
    """EIoU with 1 − IoU detached lowers a fifth of the pairs; the pair shown is one of them."""
    finding = found(gradients.check_gradient_step, faulty_losses.iou_detached)
    assert first_number(finding.message.partition("of")[2]) > 12.5
    pred, target = (torch.tensor([side], dtype=torch.float64) for side in finding.pair)
    gradient = CheckedLoss("", faulty_losses.iou_detached).gradient(pred, target)
    iou = [faulty_losses.geometry(pred - step * gradient, target).iou.item() for step in (0, 1e-3)]
    assert iou[1] < iou[0]


def test_dead():
    assert found(gradients.check_gradient_without_overlap, faulty_losses.plain_iou).pair == tuple(
        side[0].tolist() for side in sample_disjoint(200)
    )


def test_reversed():
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
def test_offset(loss, weight):
    """Concentric 2×2 and 4×4: IoU ¼, so ¾ without a difference of sides, and 1.25 with two of (2/4)²; times IoU."""
    finding = found(misnamed.check_centre_offset, loss)
    assert first_number(finding.came) == pytest.approx(0.75 * weight, rel=1e-3)
    assert first_number(finding.expected) == pytest.approx(1.25 * weight, rel=1e-3)


def test_offset_along_one_axis_alone():
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


def test_extended():
    """Concentric 2×2 and 4×4: 1 − ¼ = 0.75, less 0.05 with smooth ℓ1."""
    assert found(misnamed.check_extended_iou, faulty_losses.unsmoothed_as_eiou).came == "0.75"
    assert found(misnamed.check_extended_iou, faulty_losses.smoothed_as_eiou).came == "0.7"


def test_extended_with_an_eps_and_in_float32():
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
