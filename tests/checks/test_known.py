"""Losses are recognised by name, whoever wrote them, and so are copies with a mistake."""

from __future__ import annotations

import pytest
import torch

from tests.checks import faulty_field_losses, faulty_losses
from tests.checks.findings import found
from yolo_feiou.checks import geometry, gradients, interface, misnamed
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.known import LABELS, MISTAKES, find_mistake, find_published_name, iter_candidates
from yolo_feiou.checks.pairs import sample_all
from yolo_feiou.losses.build import build_loss, shorten_spec
from yolo_feiou.losses.table import ALIGNED_LOSSES, LOSSES


def recognised(loss):
    return CheckedLoss("my_loss.py:f", loss).recognised


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        (faulty_losses.plain_iou, "that is IoU: loss=iou"),
        (faulty_losses.ciou_alpha_held, "that is CIoU: loss=ciou"),
        (faulty_losses.eiou, "that is EIoU: loss=eiou"),
        (faulty_losses.focal_eiou, "that is Focal-EIoU: loss=focal_eiou"),
        (faulty_losses.attached, "that is Focal-EIoU: loss=focal_eiou:detach=false"),
        (faulty_losses.log_with_minus, "that is Focal-EIoU*: loss=focal_eiou_star"),
        (faulty_losses.smoothed_as_eiou, "that is Extended-IoU: loss=extended_iou"),
        (faulty_field_losses.siou, "that is SIoU: loss=siou"),
        (faulty_field_losses.wiou, "that is WIoU: loss=wiou:version=1"),
        (faulty_field_losses.wiou3, "that is WIoU: loss=wiou"),
        (faulty_field_losses.shape_iou, "that is Shape-IoU: loss=shapeiou"),
        (faulty_field_losses.piou2, "that is PIoU v2: loss=piou2"),
        (faulty_field_losses.piou2_attached, "that is PIoU v2: loss=piou2:detach=false"),
        (faulty_field_losses.interpiou, "that is Dynamic InterpIoU: loss=dinterpiou"),
        (faulty_field_losses.inner_iou, "that is Inner-IoU: loss=iou:inner=0.75"),
        (faulty_field_losses.mpdiou_in_strides, "that is MPDIoU: loss=mpdiou"),
        (faulty_field_losses.nwd_in_strides, "that is NWD: loss=nwd"),
        (faulty_field_losses.wiou_c_attached, "has the values of WIoU: loss=wiou:version=1"),
        (faulty_losses.iou_detached, "has the values of EIoU: loss=eiou"),
    ],
)
def test_the_formulas_of_losses_of_others_are_recognised(loss, name):
    assert recognised(loss).split("; ")[-1] == name


@pytest.mark.parametrize(
    "spec", [*ALIGNED_LOSSES, "eiou:focal=0.37", "siou:inner=0.75", "ciou:focaler=0.95", "iou:power=3"]
)
def test_losses_of_the_table(spec):
    """Each by its own name, so that no two are taken for one another."""
    assert CheckedLoss("f", build_loss(spec)).known.spec == shorten_spec(spec)


@pytest.mark.parametrize(
    "loss",
    [
        faulty_losses.mean,
        faulty_losses.unclamped,
        faulty_field_losses.relative_nwd,
        lambda *pairs: 1.01 * faulty_losses.eiou(*pairs),
        lambda pred, target: 0 * pred.sum(1),
        lambda pred, target: pred.sum(1) * float("nan"),
    ],
)
def test_other_losses(loss):
    assert CheckedLoss("f", loss).known is None


def test_a_loss_that_is_not_recognised():
    assert recognised(lambda *pairs: faulty_losses.eiou(*pairs).log1p()) is None


def test_names():
    assert set(LABELS) == set(LOSSES)
    assert [
        find_published_name(spec)
        for spec in ("mpdiou", "siou:inner=0.75", "iou:power=3", "eiou:focal=1", "giou:focal=1")
    ] == [*("MPDIoU", "Inner-SIoU", "α-IoU", "Focal-EIoU", "Focal-GIoU")]


def test_candidates_are_specs_and_differ():
    specs = [shorten_spec(spec) for spec in iter_candidates(None)]
    assert set(ALIGNED_LOSSES) <= set(specs)
    assert len(specs) == len(set(specs)) + 1  # 'eiou:focal=0.5' is 'focal_eiou'


def test_all_that_is_wrong_with_a_gradient_is_told_with_its_remedy():
    finding = found(gradients.check_known_gradient, faulty_field_losses.wiou_all_detached)
    assert "values are those of WIoU, and the gradient is not" in finding.message
    assert "detach c² alone" in finding.remedy
    assert finding.expected.endswith("as with loss=wiou:version=1")
    assert found(gradients.check_known_gradient, faulty_field_losses.wiou) is None


def test_each_known_mistake_is_told_with_the_loss_that_was_meant():
    planted = (
        faulty_field_losses.siou_of_mmdetection,
        faulty_field_losses.interpiou_reversed,
        faulty_field_losses.interpiou_reversed_and_iou,
        faulty_field_losses.wiou3_reversed,
    )
    pairs = sample_all()
    told = [find_mistake(pairs, loss(*pairs)) for loss in planted]
    assert told == list(MISTAKES)
    for loss, mistake in zip(planted, MISTAKES, strict=True):
        finding = found(misnamed.check_known_mistake, loss)
        assert (finding.message, finding.remedy) == (mistake.says, mistake.remedy)
        assert finding.expected.endswith(f"as with loss={mistake.spec}")
        sides = [torch.tensor([side], dtype=torch.float64) for side in finding.pair]
        assert float(finding.came) == pytest.approx(loss(*sides).item(), rel=1e-3)
        assert find_mistake(pairs, build_loss(mistake.spec).eval()(*pairs).detach()) is None


@pytest.mark.parametrize(
    ("loss", "remedy"),
    [
        (faulty_field_losses.mpdiou_in_strides, "divide the image's sides by the stride, or take loss=mpdiou"),
        (faulty_field_losses.nwd_in_strides, "divide c by the stride, or take loss=nwd"),
        (faulty_losses.pixels, "divide lengths by a side"),
    ],
)
def test_what_to_do_about_a_length(loss, remedy):
    assert remedy in found(geometry.check_scale, loss).remedy


def test_a_column_that_makes_a_matrix_is_told_as_such():
    assert "(N,) times (N, 1) makes N × N" in found(interface.check_shape, faulty_field_losses.times_a_column).remedy
    assert "makes N × N" not in found(interface.check_shape, faulty_losses.column).remedy
