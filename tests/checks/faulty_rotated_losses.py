"""Losses of rotated boxes with one mistake each, beside the same losses without it.

None uses the package's geometry: covariances are matrices here, which are inverted as such.
"""

from __future__ import annotations

import math

import torch


def covariance(boxes, divisor=12.0, floor=1e-12):
    """R diag(w²/divisor, h²/divisor) Rᵀ of each box, (N, 2, 2)."""
    _, _, w, h, r = boxes.double().unbind(1)
    cos, sin = r.cos(), r.sin()
    turn = torch.stack((torch.stack((cos, -sin), 1), torch.stack((sin, cos), 1)), 1)
    variances = torch.stack((w * w, h * h), 1) / divisor + floor
    return turn @ torch.diag_embed(variances) @ turn.mT


def distance(pred, target, cov=covariance):
    """Bhattacharyya distance: ⅛ dᵀΣ⁻¹d + ½ ln(|Σ|/√(|Σ₁||Σ₂|)), Σ the mean of both."""
    one, other = cov(pred), cov(target)
    mean = (one + other) / 2
    d = (pred[:, :2] - target[:, :2]).double()
    offset = (d * torch.linalg.solve(mean, d)).sum(1)
    # As the eigenvalues of Σ₁⁻¹Σ are: what rounds below 0 is 0.
    shape = torch.logdet(mean) - (torch.logdet(one) + torch.logdet(other)) / 2
    return offset / 8 + shape.clamp(min=0) / 2


def bounded(value):
    return 1 - 1 / (1 + value.log1p())


def sound(pred, target):
    """1 − 1/(1 + ln(1 + D)), which is bd:floor=0."""
    return bounded(distance(pred, target))


def overlap(pred, target):
    """ProbIoU, 1 − √(1 − e^(−D))."""
    return 1 - (1 - torch.exp(-distance(pred, target)) + 1e-7).sqrt()


def focal(pred, target):
    return overlap(pred, target).clamp(min=1e-9).detach() ** 0.5 * sound(pred, target)


def sound_in_float32(pred, target):
    return sound(pred.float(), target.float())


# shape
def of_all_pairs(pred, target):
    return (sound(pred, target)[:, None] * torch.ones_like(pred[:, 0])).squeeze()


# finite: the inverse of a box without a side
def without_floor(pred, target):
    return bounded(distance(pred, target, lambda boxes: covariance(boxes, floor=0)))


# xywh: the first four coordinates are taken for corners
def as_corners(pred, target):
    def read(boxes):
        x1, y1, x2, y2, r = boxes.unbind(1)
        return torch.stack(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, r), 1)

    return sound(read(pred), read(target))


# turn
def in_degrees(pred, target):
    scale = torch.tensor((1, 1, 1, 1, math.pi / 180), dtype=pred.dtype)
    return sound(pred * scale, target * scale)


def turned_the_other_way(pred, target):
    sense = torch.tensor((1, 1, 1, 1, -1), dtype=pred.dtype)
    return sound(pred * sense, target * sense)


# quarter-turn, half-turn
def by_coordinates(pred, target):
    """The errors of centre and sides, in the target's sides, and of the angle, all squared."""
    off = (pred - target).double()
    sides = target[:, 2:4].double().abs().clamp(min=1e-3)
    return (off[:, :2] / sides).square().sum(1) + (off[:, 2:4] / sides).square().sum(1) + off[:, 4].square()


def by_coordinates_of_half_turns(pred, target):
    """As above, with an angle that is the same after half a turn."""
    off = (pred - target).double()
    sides = target[:, 2:4].double().abs().clamp(min=1e-3)
    return (off[:, :4] / sides.repeat(1, 2)).square().sum(1) + off[:, 4].sin().square()


# identical: the target's sides are exchanged
def sides_exchanged(pred, target):
    return sound(pred, target[:, [0, 1, 3, 2, 4]])


# negative
def log_without_minus(pred, target):
    return overlap(pred, target).clamp(min=1e-9).log()


# receding
def falling_with_distance(pred, target):
    d2 = (pred[:, :2] - target[:, :2]).double().square().sum(1)
    size = (target[:, 2] * target[:, 3]).double().abs().clamp(min=1e-6)
    return sound(pred, target) / (1 + d2 / size)


# gradient
class _Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient / 2


def wrong_backward(pred, target):
    return _Halved.apply(sound(pred, target))


# attached
def attached(pred, target):
    return overlap(pred, target).clamp(min=1e-9) ** 0.5 * sound(pred, target)


# step
def similarity(pred, target):
    return overlap(pred, target).clamp(min=0)


def uphill(pred, target):
    return 1 - sound(pred, target)


# parts
class _Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, part):
        ctx.part = part
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        sign = torch.ones(5, dtype=gradient.dtype)
        sign[ctx.part] = -1
        return gradient * sign, None


def angle_reversed(pred, target):
    return sound(_Reversed.apply(pred, [4]), target)


def sides_reversed(pred, target):
    return sound(_Reversed.apply(pred, [2, 3]), target)


# zero-gradient
def exponential(pred, target):
    """1 − e^(−D) up to D = 40, beyond which float64 has no digit left of it."""
    return 1 - torch.exp(-distance(pred, target).clamp(max=40))


# coordinates
def of_the_shapes(pred, target):
    centred = torch.cat((target[:, :2] + 0 * pred[:, :2], pred[:, 2:]), 1)
    return sound(centred, target)


def without_angle(pred, target):
    return sound(torch.cat((pred[:, :4], pred[:, 4:].detach()), 1), target)


# scale
def with_floor(pred, target):
    return bounded(distance(pred, target, lambda boxes: covariance(boxes, floor=0.01)))


def centre_in_pixels(pred, target):
    off = (pred[:, :2] - target[:, :2]).double().square().sum(1)
    return sound(pred, target) + off.log1p()


# half
def in_half(pred, target):
    """The sum of the areas is infinite in float16 from sides of 181 on."""
    area, area_target = (boxes[:, 2] * boxes[:, 3] for boxes in (pred.detach(), target))
    total = area.abs() + area_target.abs() + 1e-4
    return sound(pred, target) * (total / total)


#: Losses without a mistake.
SOUND = (sound, focal, sound_in_float32, with_floor)
