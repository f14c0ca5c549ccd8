"""The box term: its gain, its divisor, boxes in float32."""

from pathlib import Path

import pytest
import torch
from torchvision.models.detection._utils import BoxCoder

from tests.detectors.models import term
from tests.reference import overlapping
from yolo_feiou.detectors.seam import Positives, decode_positives


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
