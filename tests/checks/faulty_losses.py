"""Losses with one mistake each, as they stand in public code, beside the same losses without it.

None uses the package's geometry, so that it is not judged by itself.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import torch
from torch import Tensor
from torchvision.ops import box_iou


def geometry(pred: Tensor, target: Tensor, *, eps: float = 0.0, floor: float = 1e-12, clamp: bool = True):
    """Return what the losses below are made of, by minima and maxima; with no floor anything may be 0/0."""
    dtype = torch.promote_types(pred.dtype, torch.float32)
    pred, target = pred.to(dtype), target.to(dtype)
    side, side_target = (box[:, 2:] - box[:, :2] for box in (pred, target))
    inner = torch.minimum(pred[:, 2:], target[:, 2:]) - torch.maximum(pred[:, :2], target[:, :2])
    outer = torch.maximum(pred[:, 2:], target[:, 2:]) - torch.minimum(pred[:, :2], target[:, :2])
    inner = inner.clamp(min=0) if clamp else inner
    area = side.clamp(min=0).prod(1) + side_target.prod(1)
    union = (area - inner.prod(1)).clamp(min=floor) + eps
    centre = (pred[:, :2] + pred[:, 2:] - target[:, :2] - target[:, 2:]) / 2
    outer2 = outer.clamp(min=floor) ** 2
    return SimpleNamespace(
        iou=inner.prod(1) / union,
        side=side,
        side_target=side_target,
        centre=centre,
        distance=centre.square().sum(1) / outer2.sum(1),
        sides=((side - side_target) ** 2 / outer2).sum(1),
        offsets=(centre**2 / outer2).sum(1),
        union=union,
        edges=(inner, outer),
    )


def eiou(pred, target):
    g = geometry(pred, target)
    return 1 - g.iou + g.distance + g.sides


def focal_eiou(pred, target):
    return geometry(pred, target).iou.detach() ** 0.5 * eiou(pred, target)


# size
def sides_signed(pred, target):
    g = geometry(pred, target)
    return (
        1 - g.iou + g.distance + ((g.side - g.side_target) / g.side_target.sum(1, keepdim=True).clamp(min=1e-6)).sum(1)
    )


# runs
def takes_one(pred):
    return pred.sum(1)


# shape
def mean(pred, target):
    return eiou(pred, target).mean()


def column(pred, target):
    return eiou(pred, target)[:, None]


def squeezed(pred, target):
    return eiou(pred, target).squeeze()


def all_against_all(pred, target):
    return 1 - box_iou(pred, target)


def coordinates(pred, target):
    return (pred - target).abs()


def detached(pred, target):
    return eiou(pred, target).detach()


def counted(pred, target):
    return (eiou(pred, target) > 0.5).long()


def listed(pred, target):
    return eiou(pred, target).tolist()


def never_empty(pred, target):
    return eiou(pred, target) * torch.stack([p.new_ones(()) for p in pred])


# repeat
def noisy(pred, target):
    return eiou(pred, target) * (1 + 0.1 * torch.rand(len(pred)))


class Running:
    """A weight that remembers, as in WIoU v3."""

    def __init__(self):
        self.mean = 1.0

    def __call__(self, pred, target):
        loss = eiou(pred, target)
        self.mean = 0.9 * self.mean + 0.1 * loss.mean().item() if len(loss) else self.mean
        return loss / self.mean


remembers = Running()


# inputs
def writes_pred(pred, target):
    pred[:, 2:] -= pred[:, :2]
    return eiou(torch.cat((pred[:, :2], pred[:, 2:] + pred[:, :2]), 1), target)


def writes_target(pred, target):
    return writes_pred(target, pred)  # EIoU is symmetric where its guards don't act


# finite
def unguarded(pred, target):
    g = geometry(pred, target, floor=0)
    return 1 - g.iou + g.distance


def root(pred, target):
    """The root has an infinite slope at 0: finite values, and NaN in the gradient of identical boxes."""
    return geometry(pred, target).distance.sqrt()


def guarded_root(pred, target):
    return geometry(pred, target).distance.clamp(min=1e-12).sqrt()


def nan_to_num(pred, target):
    """Mends the value alone."""
    return unguarded(pred, target).nan_to_num()


def nonempty_only(pred, target):
    assert (pred[:, 2:] >= pred[:, :2]).all(), "an inverted box"
    return eiou(pred, target)


# xywh
def as_corner_and_size(pred, target):
    def xyxy(box):
        return torch.cat((box[:, :2], box[:, :2] + box[:, 2:]), 1)

    return eiou(xyxy(pred), xyxy(target))


def as_centre_and_size(pred, target):
    def xyxy(box):
        return torch.cat((box[:, :2] - box[:, 2:] / 2, box[:, :2] + box[:, 2:] / 2), 1)

    return eiou(xyxy(pred), xyxy(target))


# scale
def pixels(pred, target):
    return (pred - target).abs().float().sum(1)


def sides_in_pixels(pred, target):
    g = geometry(pred, target)
    return 1 - g.iou + g.distance + (g.side - g.side_target).square().sum(1)


# tiny
def eps_added(pred, target):
    g = geometry(pred, target, eps=1e-7)
    return 1 - g.iou + g.distance + g.sides


# identical
def similarity(pred, target):
    return geometry(pred, target).iou


def left_the_graph(pred, target):
    """As after .detach(), numpy or torch.tensor(...), with something of the graph left so that it can be trained."""
    return eiou(pred.detach(), target) + 0 * pred.sum(1)


def constant(pred, target):
    return 2 - geometry(pred, target).iou


# negative
def log_without_minus(pred, target):
    """Focal-EIoU*, whose weight is −(1 − IoU)^γ ln(IoU)."""
    iou = geometry(pred, target).iou.detach()
    return (1 - iou) ** 0.5 * iou.clamp(min=1e-7).log() * eiou(pred, target)


def log_with_minus(pred, target):
    return -log_without_minus(pred, target)


# receding
def unclamped(pred, target):
    g = geometry(pred, target, clamp=False)
    return 1 - g.iou + g.distance


# gradient
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, gradient):
        return 2 * ctx.saved_tensors[0] * gradient


class WrongSquare(Square):
    @staticmethod
    def backward(ctx, gradient):
        return ctx.saved_tensors[0] * gradient


class BrokenSquare(Square):
    @staticmethod
    def backward(ctx, gradient):
        raise RuntimeError("not written yet")


def square(pred, target):
    return Square.apply(eiou(pred, target))


def wrong_backward(pred, target):
    return WrongSquare.apply(eiou(pred, target))


def broken_backward(pred, target):
    return BrokenSquare.apply(eiou(pred, target))


# attached
def attached(pred, target):
    iou = geometry(pred, target).iou
    return iou.clamp(min=1e-12) ** 0.5 * eiou(pred, target)


# step
def iou_detached(pred, target):
    g = geometry(pred, target)
    return 1 - g.iou.detach() + g.distance + g.sides


def uphill(pred, target):
    """The right value with the gradient of its negative."""
    loss = eiou(pred, target)
    return 2 * loss.detach() - loss


# reversed
def reversed_focus(pred, target):
    return (1 - geometry(pred, target).iou.detach()).clamp(min=0) ** 0.5 * eiou(pred, target)


# offset
def centre_offset(pred, target):
    g = geometry(pred, target)
    return 1 - g.iou + g.distance + g.offsets


def focal_centre_offset(pred, target):
    return geometry(pred, target).iou.detach() * centre_offset(pred, target)


# extended: the intersection case by case, in coordinates counted from the corner of the enclosing box
def continued_iou(pred, target):
    dtype = torch.promote_types(pred.dtype, torch.float32)
    pred, target = pred.to(dtype), target.to(dtype)
    corner = torch.minimum(pred[:, :2], target[:, :2]).repeat(1, 2)
    pred, target = pred - corner, target - corner
    left, top = torch.maximum(pred[:, :2], target[:, :2]).unbind(1)
    right, bottom = torch.minimum(pred[:, 2:], target[:, 2:]).unbind(1)
    both = (right - left) * (bottom - top)
    along_x, along_y = (right - left) * (top + bottom), (left + right) * (bottom - top)
    corners = 2 * (right * bottom - left * top)
    x, y = right >= left, bottom >= top
    overlap = torch.where(x & y, both, torch.where(y, along_x, torch.where(x, along_y, corners)))
    area = (pred[:, 2:] - pred[:, :2]).prod(1) + (target[:, 2:] - target[:, :2]).prod(1)
    return overlap / (area - overlap).clamp(min=1e-12)


def smoothed_as_eiou(pred, target):
    loss = 1 - continued_iou(pred, target)
    return torch.where(loss < 0.1, 5 * loss * loss, loss - 0.05)


def unsmoothed_as_eiou(pred, target):
    return 1 - continued_iou(pred, target)


# torch
def replaces_a_function(pred, target, huber=torch.nn.functional.huber_loss):
    torch.nn.functional.huber_loss = lambda *arguments, **more: huber(*arguments, **more)
    return eiou(pred, target)


# zero-gradient
def plain_iou(pred, target):
    return 1 - geometry(pred, target).iou


def focal_over_the_batch(pred, target):
    """Eq. 11 of arXiv:2101.08158, a value a pair: their mean is Σ W L / Σ W."""
    weight = geometry(pred, target).iou.detach() ** 0.5
    mean = weight.mean() if len(weight) else weight.sum()
    return eiou(pred, target) * (weight / mean if mean > 0 else torch.ones_like(weight))


# half
def in_half(pred, target):
    w, h = (pred[:, 2:] - pred[:, :2]).unbind(1)
    wt, ht = (target[:, 2:] - target[:, :2]).unbind(1)
    inner = torch.minimum(pred[:, 2:], target[:, 2:]) - torch.maximum(pred[:, :2], target[:, :2])
    overlap = inner.clamp(min=0).prod(1)
    return 1 - overlap / (w.relu() * h.relu() + wt * ht - overlap).clamp(min=1e-12)


def in_float32(pred, target):
    """Sound, though coarse: whatever comes, it computes in float32."""
    return eiou(pred.float(), target.float())


def ciou_alpha_held(pred, target):
    """CIoU with its α under no_grad, as in torchvision."""
    g = geometry(pred, target)
    w, h = g.side.unbind(1)
    wt, ht = g.side_target.unbind(1)
    v = (4 / math.pi**2) * (torch.atan2(wt, ht.clamp(min=1e-7)) - torch.atan2(w, h.clamp(min=1e-7))) ** 2
    with torch.no_grad():
        alpha = v / (1 - g.iou + v).clamp(min=1e-7)
    return 1 - g.iou + g.distance + alpha * v


SOUND = (
    eiou,
    focal_eiou,
    guarded_root,
    log_with_minus,
    square,
    focal_over_the_batch,
    in_float32,
    ciou_alpha_held,
    plain_iou,
)
