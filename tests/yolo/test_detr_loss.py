"""RT-DETR's criterion with another loss in the place of GIoU."""

import pytest
import torch
from ultralytics.models.utils.loss import RTDETRDetectionLoss

from yolo_feiou.losses.build import build_loss
from yolo_feiou.yolo.detr_loss import SwappedDETRLoss


def make_boxes(count):
    generator = torch.Generator().manual_seed(0)
    pred, target = torch.rand(2, count, 4, generator=generator) * 0.3 + 0.2
    return pred.requires_grad_(), target


@pytest.mark.parametrize("postfix", ["", "_aux", "_dn"])
def test_giou_is_stocks(postfix):
    pred, target = make_boxes(20)
    stock = RTDETRDetectionLoss(nc=3, use_vfl=True)
    ours = SwappedDETRLoss(stock, build_loss("giou"))
    assert ours.vfl is stock.vfl and ours.matcher is stock.matcher and ours.loss_gain == stock.loss_gain
    expected = stock._get_loss_bbox(pred, target, postfix)
    found = ours._get_loss_bbox(pred, target, postfix)
    assert list(found) == list(expected) == [f"loss_bbox{postfix}", f"loss_giou{postfix}"]
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)
    grads = [torch.autograd.grad(terms[f"loss_giou{postfix}"], pred)[0] for terms in (found, expected)]
    torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-6)
    assert ours.calls == 1


def test_l1_stays_and_the_gain_is_that_of_giou():
    pred, target = make_boxes(6)
    stock = RTDETRDetectionLoss(nc=3)
    found = SwappedDETRLoss(stock, build_loss("eiou"))._get_loss_bbox(pred, target)
    assert found["loss_bbox"] == stock._get_loss_bbox(pred, target)["loss_bbox"]
    corners = [torch.cat([box[:, :2] - box[:, 2:] / 2, box[:, :2] + box[:, 2:] / 2], 1) for box in (pred, target)]
    torch.testing.assert_close(found["loss_giou"], 2 * build_loss("eiou")(*corners).mean())


def test_no_objects_give_zeros_with_a_graph():
    pred = torch.rand(0, 4, requires_grad=True)
    loss = SwappedDETRLoss(RTDETRDetectionLoss(nc=3), build_loss("eiou"))
    found = loss._get_loss_bbox(pred, torch.rand(0, 4))
    assert all(value == 0 and value.requires_grad for value in found.values()) and loss.calls == 0
