"""Losses of the field with one mistake each, as they are passed on in public code, beside the same ones without it.

Like those of `faulty_losses`, none uses the package's geometry.
"""

from __future__ import annotations

import torch

from tests.checks.faulty_losses import continued_iou, geometry


def plain_root(square):
    """The root with a slope of 0 at 0."""
    return square.clamp(min=1e-30).sqrt() * (square > 0)


# (N,) times (N, 1)
def times_a_column(pred, target):
    """A helper returns (N,), and the weight of the assigner is (N, 1): N times too large."""
    return (1 - geometry(pred, target).iou) * torch.ones_like(pred[:, :1])


# NaN at identical boxes
def nwd_distance(pred, target, root):
    g = geometry(pred, target)
    return root(g.centre.square().sum(1) + (g.side - g.side_target).square().sum(1) / 4)


def relative_nwd_with_nan(pred, target, root=torch.sqrt):
    """NWD in sides of the target, so that it is scale-free; its root has an infinite slope for identical boxes."""
    side = geometry(pred, target).side_target.prod(1).clamp(min=1e-10).sqrt()
    return 1 - torch.exp(-nwd_distance(pred, target, root) / side)


def relative_nwd(pred, target):
    return relative_nwd_with_nan(pred, target, plain_root)


# units
def nwd_in_strides(pred, target):
    """The constant 12.8 is in pixels, and Ultralytics passes strides."""
    return 1 - torch.exp(-nwd_distance(pred, target, plain_root) / 12.8)


def mpdiou_in_strides(pred, target):
    """640 is the image's side in pixels, and Ultralytics passes strides."""
    return 1 - geometry(pred, target).iou + (pred - target).to(torch.float64).square().sum(1) / (2 * 640**2)


# xywh
def inner_iou(pred, target, ratio=0.75):
    """Of xyxy boxes."""

    def shrunk(box):
        centre, half = (box[:, :2] + box[:, 2:]) / 2, (box[:, 2:] - box[:, :2]) / 2 * ratio
        return torch.cat((centre - half, centre + half), 1)

    return 1 - geometry(shrunk(pred), shrunk(target)).iou


def inner_iou_of_xywh(pred, target, ratio=0.75):
    """The authors' code reads xywh whatever its argument xywh= says."""

    def shrunk(box):
        return torch.cat((box[:, :2] - box[:, 2:] * ratio / 2, box[:, :2] + box[:, 2:] * ratio / 2), 1)

    return 1 - geometry(shrunk(pred), shrunk(target)).iou


def shape_iou(pred, target):
    g = geometry(pred, target)
    share = (g.side - g.side_target).abs() / torch.maximum(g.side, g.side_target).clamp(min=1e-12)
    return 1 - g.iou + g.distance + ((1 - torch.exp(-share)) ** 4).sum(1) / 2


def shape_iou_of_xywh(pred, target):
    def xyxy(box):
        return torch.cat((box[:, :2] - box[:, 2:] / 2, box[:, :2] + box[:, 2:] / 2), 1)

    return shape_iou(xyxy(pred), xyxy(target))


# PIoU v2
def piou2_attached(pred, target, hold=lambda weight: weight):
    """The weight falls with distance, and the authors' code leaves it in the graph."""
    g = geometry(pred, target)
    side = g.side_target.clamp(min=1e-5).repeat(1, 2)
    distance = ((pred - target).to(side.dtype).abs() / side).sum(1) / 4
    quality = 1.3 * torch.exp(-distance)
    weight = 3 * quality * torch.exp(-(quality**2))
    return hold(weight) * (2 - g.iou - torch.exp(-(distance**2)))


def piou2(pred, target):
    return piou2_attached(pred, target, torch.Tensor.detach)


# SIoU
def siou(pred, target, sign=-1):
    g = geometry(pred, target)
    _, outer = g.edges
    outer = outer.clamp(min=1e-12)
    square = g.centre.square()
    angle = 2 * g.centre.prod(1).abs() / square.sum(1).clamp(min=1e-30)
    distance = 2 - torch.exp(sign * (2 - angle)[:, None] * square / outer**2).sum(1)
    share = (g.side - g.side_target).abs() / torch.maximum(g.side, g.side_target).clamp(min=1e-12)
    return 1 - g.iou + (distance + ((1 - torch.exp(-share)) ** 4).sum(1)) / 2


def siou_of_mmdetection(pred, target):
    """With neg_gamma=False: the distance is rewarded."""
    return siou(pred, target, 1)


# WIoU
def wiou(pred, target, hold_all=False, hold_c=True):
    g = geometry(pred, target)
    c2 = (g.edges[1].clamp(min=1e-5) ** 2).sum(1)
    share = g.centre.square().sum(1) / (c2.detach() if hold_c else c2)
    return (share.detach() if hold_all else share).clamp(max=1).exp() * (1 - g.iou)


def wiou_all_detached(pred, target):
    """R leaves the graph with the weight: boxes apart have no gradient."""
    return wiou(pred, target, hold_all=True)


def wiou_c_attached(pred, target):
    """c² is in the graph: boxes apart grow, so that the enclosing box does."""
    return wiou(pred, target, hold_c=False)


def wiou3(pred, target, reverse=1):
    degree = (1 - geometry(pred, target).iou).detach()
    return degree / 3 * 1.9 ** (reverse * (3 - degree)) * wiou(pred, target)


def wiou3_reversed(pred, target):
    return wiou3(pred, target, -1)


# InterpIoU
def interpiou(pred, target):
    g = geometry(pred, target)
    share = (1 - g.iou).detach().clamp(0.6, 0.99)[:, None]
    between = (1 - share) * pred + share * target
    return 2 - g.iou - geometry(between, target).iou


def interpiou_reversed(pred, target):
    """a weighs the prediction, and a = 1 for boxes apart."""
    share = (1 - geometry(pred, target).iou).detach()[:, None]
    return 1 - geometry(share * pred + (1 - share) * target, target).iou


def interpiou_reversed_and_iou(pred, target):
    return 1 - geometry(pred, target).iou + interpiou_reversed(pred, target)


# Extended-IoU
def mmdetection_eiou(pred, target):
    """MMDetection's EIoULoss is Extended-IoU."""
    loss = 1 - continued_iou(pred, target)
    return torch.where(loss < 0.1, 5 * loss * loss, loss - 0.05)


SOUND = (relative_nwd, inner_iou, shape_iou, piou2, siou, wiou, wiou3, interpiou)
