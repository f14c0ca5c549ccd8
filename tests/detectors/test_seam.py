"""The box term: its gain, its divisor, boxes in float32."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from tests.detectors.models import term
from tests.reference import overlapping
from yolo_feiou.detectors.seam import (
    BoxTerm,
    Positives,
    decode_positives,
    find_box_terms,
    note_sizes,
    repeat_sizes,
)
from yolo_feiou.losses.build import build_loss


@pytest.mark.parametrize(("spec", "box"), [("l1", 1.0), ("focal_l1", 1.0), ("eiou", 2.5), ("ciou+l1", 2.5)])
def test_the_gain_is_the_papers_by_the_form_of_the_loss(spec, box):
    assert term(spec).box == box and term(spec, box=7.0).box == 7


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_boxes_are_decoded_in_float32(dtype):
    """At 1,200 pixels bfloat16 has steps of 8: an offset of a tenth of a side is lost, or doubled."""
    anchors = torch.tensor([[1200.0, 800, 1232, 832]])
    deltas = torch.tensor([[0.1, 0, 0, 0]], dtype=dtype)
    positives = decode_positives(BoxCoder((1.0, 1.0, 1.0, 1.0)), [deltas], [anchors], [anchors])
    assert positives.pred.dtype == torch.float32
    torch.testing.assert_close(positives.pred[0, 0].item(), 1200 + 32 * deltas[0, 0].item(), rtol=0, atol=1e-3)


def test_scores_weigh_the_positives_and_divide_the_sum():
    """Of two unit squares off by 0.5 and 1: losses 1 − 1/3 and 1, with scores of 3 and 1: (3·2/3 + 1)/4."""
    target = torch.tensor([[0.0, 0, 1, 1], [0, 0, 1, 1]])
    pred = target + torch.tensor([[0.5], [1.0]]) * torch.tensor([1.0, 0, 1, 0])
    positives = Positives(pred, target, target, scores=torch.tensor([3.0, 1]))
    assert term("iou", box=1.0)(positives).item() == pytest.approx((3 * 2 / 3 + 1) / 4)


def test_a_loss_takes_the_size_of_each_pairs_image():
    """MPDIoU of unit squares 0.5 apart: IoU 1/3, corners apart 0.25 each; of images of 3 × 4 and 6 × 8 pixels."""
    target = torch.tensor([[0.0, 0, 1, 1]] * 2)
    pred = target + torch.tensor([0.5, 0, 0.5, 0])
    image = torch.tensor([[3.0, 6], [4, 8]])
    positives = Positives(pred, target, target, image=image)
    expected = 2 / 3 + (0.5 / 25 + 0.5 / 100) / 2
    assert term("mpdiou", box=1.0)(positives).item() == pytest.approx(expected)
    assert term("mpdiou").measure(positives).tolist() == pytest.approx([2 / 3 + 0.5 / 25, 2 / 3 + 0.5 / 100])


def test_errors_have_other_weights_where_they_are_given():
    """An error of 0.1 sides of the anchor in x, of coder weights 10, or 3."""
    target = torch.tensor([[0.0, 0, 1, 1]])
    positives = Positives(target + torch.tensor([0.2, 0, 0.2, 0]), target, 2 * target, (10, 10, 5, 5))
    assert term("l1")(positives).item() == pytest.approx(10 * 0.1, rel=1e-5)
    own = BoxTerm("l1", build_loss("l1"), error_weights=(3, 1, 1, 1))
    assert own(positives).item() == pytest.approx(3 * 0.1, rel=1e-5)
    assert own.measure(positives).tolist() == pytest.approx([3 * 0.1], rel=1e-5)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("iou", 2 / 3),
        ("focal_eiou:gamma=2", 2 / 3 + 0.25 / 3.25),
        ("iou:weight=3+l1:weight=2", 3 * 2 / 3 + 2 * 0.5),
        ("iou:wise=true", 2 / 3),
    ],
)
def test_a_measured_loss_has_no_weights_and_no_gain(spec, expected):
    """Unit squares 0.5 apart, of IoU 1/3: EIoU adds ρ²/c² = 0.25/(1.5² + 1), ℓ1 is 0.5."""
    target = torch.tensor([[0.0, 0, 1, 1]])
    positives = Positives(target + torch.tensor([0.5, 0, 0.5, 0]), target, target, scores=torch.tensor([0.1]))
    box_term = term(spec, box=7.0)
    assert box_term.measure(positives).tolist() == pytest.approx([expected], rel=1e-5)
    assert box_term.calls == 0


def test_sizes_are_those_of_the_resized_images():
    """Of 50 × 100 and 80 × 60 pixels, to a shorter side of 40: 40 × 80 and 53 × 40; targets of one's own stay."""
    transform = GeneralizedRCNNTransform(40, 100, [0.0] * 3, [1.0] * 3)
    transform.register_forward_hook(note_sizes)
    images = [torch.rand(3, 50, 100), torch.rand(3, 80, 60)]
    targets = [{"boxes": torch.tensor([[0.0, 0, 10, 10]])} for _ in images]
    _, resized = transform(images, targets)
    assert [target["size"] for target in resized] == [(40, 80), (53, 40)]
    assert all("size" not in target for target in targets)
    assert repeat_sizes(resized, [1, 2]).tolist() == [[40, 53, 53], [80, 40, 40]]
    assert repeat_sizes(resized, [0, 0]).shape == (2, 0)
    assert repeat_sizes(targets, [1, 2]) is None
    assert transform(images)[1] is None


def test_box_terms_are_found():
    one, other = term("eiou"), term("eiou")
    assert find_box_terms(nn.Sequential(one, nn.Sequential(nn.Identity(), other))) == [one, other]
    assert find_box_terms(nn.Identity()) == []


SHARED = ("focal_eiou", "focal_eiou:detach=false", "eiou", "l1")


def move_boxes(spec, part):
    """The value of some of five pairs, and its gradient in a shift that all of them share."""
    pred, target = (box.float()[part] for box in overlapping())
    shift = torch.tensor([0.1, 0.2, -0.1, 0.05], requires_grad=True)
    value = term(spec)(Positives(pred + shift, target, target))
    (grad,) = torch.autograd.grad(value, shift)
    return [value.item(), *grad.tolist()]


def move_boxes_on_rank(rank, store, folder):
    """One of two processes, with one of the five pairs, and with four."""
    torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    torch.save({spec: move_boxes(spec, (slice(0, 1), slice(1, 5))[rank]) for spec in SHARED}, Path(folder) / str(rank))
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_have_the_value_and_gradient_of_all_pairs(tmp_path):
    """As DDP averages them over processes, whatever share of the pairs each has; a weight in the graph, too."""
    torch.multiprocessing.spawn(move_boxes_on_rank, (str(tmp_path / "store"), str(tmp_path)), 2)
    ranks = [torch.load(tmp_path / str(rank)) for rank in range(2)]
    for spec in SHARED:
        found = [(one + other) / 2 for one, other in zip(*(rank[spec] for rank in ranks), strict=True)]
        assert found == pytest.approx(move_boxes(spec, slice(0, 5)), rel=1e-5, abs=1e-6), spec
