"""The seam: what is swapped is the box term, and nothing else."""

from inspect import signature

import pytest
import torch
from ultralytics.utils.loss import BboxLoss
from ultralytics.utils.metrics import bbox_iou

from yolo_feiou import BoxLoss, build_loss
from yolo_feiou.losses.box_loss import Term
from yolo_feiou.yolo.bbox_loss import SwappedBboxLoss


def stocks_ciou(pair):
    """What Ultralytics computes, of a pair of ours."""
    return 1 - bbox_iou(pair.pred, pair.target, xywh=False, CIoU=True).squeeze(-1)


STOCK_CIOU = BoxLoss(Term(stocks_ciou))


def boxes(count=200, seed=0):
    """Targets in strides, none smaller than 2, and predictions near them, for `count` anchors of each of two images."""
    random = torch.Generator().manual_seed(seed)
    low = torch.rand(2, count, 2, generator=random) * 20
    target = torch.cat((low, low + torch.rand(2, count, 2, generator=random) * 8 + 2), -1)
    pred = target + torch.randn(2, count, 4, generator=random) * 0.4
    scores = torch.rand(2, count, 3, generator=random) * (torch.rand(2, count, 3, generator=random) > 0.6)
    return pred, target, scores, scores.sum(-1) > 0


#: What newer releases give a bbox loss beside the rest: imgsz, and each anchor's stride.
IMAGE = ("imgsz" in signature(BboxLoss.forward).parameters) * (torch.tensor([640.0, 640.0]), torch.full((200, 1), 8.0))


def call(loss, reg_max, dtype=torch.float32):
    """Both terms of a bbox loss, and the gradients they give the boxes and the distribution."""
    pred, target, scores, positives = boxes()
    pred = pred.to(dtype).requires_grad_()
    channels = 4 * reg_max if reg_max > 1 else 4
    dist = torch.randn(2, pred.shape[1], channels, generator=torch.Generator().manual_seed(1), requires_grad=True)
    anchors = target[0, :, :2] + 0.5
    terms = loss(dist, pred, anchors, target, scores, scores.sum(), positives, *IMAGE)
    gradients = torch.autograd.grad(sum(terms), (pred, dist), allow_unused=True)
    return *terms, *gradients


@pytest.mark.parametrize("reg_max", [16, 1])
def test_dfl_or_l1_term_is_stocks_own(reg_max):
    stock = BboxLoss(reg_max)
    ours = SwappedBboxLoss(stock, build_loss("focal_eiou"))
    _, expected, _, expected_gradient = call(stock, reg_max)
    _, term, _, gradient = call(ours, reg_max)
    assert term.equal(expected)
    assert term > 0 or not IMAGE  # before 8.4 stock had no ℓ1 term
    assert gradient is expected_gradient or gradient.equal(expected_gradient)  # None where stock has no ℓ1 term


def test_stocks_own_function_through_the_seam_is_stock_bit_for_bit():
    for got, expected in zip(call(SwappedBboxLoss(BboxLoss(16), STOCK_CIOU), 16), call(BboxLoss(16), 16), strict=True):
        assert got.equal(expected)


def test_our_ciou_agrees_with_stocks():
    ours, stock = call(SwappedBboxLoss(BboxLoss(16), build_loss("ciou")), 16), call(BboxLoss(16), 16)
    assert ours[0].item() == pytest.approx(stock[0].item(), rel=1e-6)
    assert torch.linalg.norm(ours[2] - stock[2]) <= 1e-5 * torch.linalg.norm(stock[2])


@pytest.mark.parametrize("spec", ["eiou", "focal_eiou", "focal_eiou:norm=tal", "focal_l1"])
def test_box_term_is_the_mean_over_positives(spec):
    pred, target, scores, positives = boxes()
    loss = build_loss(spec)
    weights = scores[positives].sum(-1)
    expected = loss.mean(pred[positives], target[positives], weights, total=scores.sum())
    assert call(SwappedBboxLoss(BboxLoss(16), loss), 16)[0].equal(expected)


def test_half_precision_boxes_give_the_loss_of_single_precision():
    loss = SwappedBboxLoss(BboxLoss(16), build_loss("eiou"))
    assert call(loss, 16, torch.float16)[0].item() == pytest.approx(call(loss, 16)[0].item(), rel=2e-2)
    assert call(loss, 16, torch.float16)[0].dtype == torch.float32


def test_no_positives_give_zero_and_a_graph():
    loss = SwappedBboxLoss(BboxLoss(16), build_loss("focal_eiou"))
    pred, target, scores, _ = boxes()
    pred.requires_grad_()
    none = torch.zeros(scores.shape[:2], dtype=torch.bool)
    box, _ = loss(torch.randn(2, 200, 64), pred, target[0, :, :2], target, scores * 0, torch.tensor(1.0), none, *IMAGE)
    assert box == 0
    assert torch.autograd.grad(box, pred)[0].equal(torch.zeros_like(pred))


def test_a_hook_sees_the_positives_as_the_loss_takes_them():
    pred, target, scores, positives = boxes()
    loss, seen = SwappedBboxLoss(BboxLoss(16), build_loss("eiou")), []
    loss.on_positives = seen.append
    term, *_ = call(loss, 16)
    (batch,) = seen
    assert batch[0].requires_grad and batch[0].equal(pred[positives])
    assert batch[1].equal(target[positives]) and batch[2].equal(scores[positives].sum(-1))
    assert build_loss("eiou").mean(*batch[:3], total=batch[3]).equal(term)
