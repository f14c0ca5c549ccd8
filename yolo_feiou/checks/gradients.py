"""Checks of the gradient: that it is that of the values, and that a step against it brings the boxes together."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.finding import Finding, format_numbers, pair_at
from yolo_feiou.checks.known import GRADIENT_REMEDIES, find_published_name
from yolo_feiou.checks.pairs import PairTensors, sample_all
from yolo_feiou.checks.replay import finite_differences
from yolo_feiou.losses.build import read_spec
from yolo_feiou.losses.table import Family

#: Of 2000 independent pairs that overlap, the share that may lose IoU at a step, and what ours have. Measured on
#: correct losses: 0 IoU, GIoU, WIoU and the ℓ kind, 0.002 DIoU and CIoU, 0.010 Inner-IoU, 0.055 all variants of EIoU,
#: by their side terms, 0.090 FocalL1 with β = 1, which ignores outliers. On faulty ones: 0.17 EIoU with the side terms
#: subtracted, 0.22 with 1 − IoU detached; 0.44, 0.69, 0.87, 0.97, 0.997 with IoU^γ attached, for γ = 0.1, 0.25, 0.5, 1,
#: 2. Of rotated boxes: 0 all of ours, 0.003 1 − IoU, 0.005 ℓ1, 0.04 squares of errors in sides of the target; faulty
#: 0.09 KFIoU with ProbIoU^0.25 attached, 0.3 and more others with such weights, 0.7 and more with the centre reversed.
MAX_SHARES_LOSING: Mapping[Family, tuple[float, str]] = {
    "aligned": (0.125, "EIoU has 5.5%"),
    "rotated": (0.08, "KLD has 0.0%"),
}

#: Below this a slope is zero but for rounding, in float64 and with sides near 1. The field of a loss goes by it too.
ZERO_SLOPE = 1e-12


def check_finite_differences(subject: CheckedLoss) -> Finding | None:
    """Compare the gradient with central differences, with all that is detached held fixed.

    Any of three steps may agree: the smallest is the most exact, the largest is for a loss that computes in float32,
        whose values are too coarse for smaller ones, and the middle one is shown, since it suits both.
    """
    boxes = subject.boxes
    (pred, target), (pred_apart, target_apart) = boxes.sample_matched(8), boxes.sample_disjoint(4)
    pairs = boxes.drop_kinks((torch.cat((pred, pred_apart)), torch.cat((target, target_apart))))
    gradient = subject.gradient(*pairs)
    room = 1e-6 * (1 + subject.values(*pairs).abs()) + 1e-3 * gradient.norm(dim=1)
    bad = torch.ones_like(room, dtype=torch.bool)
    for step in (1e-6, 1e-2, 1e-4):
        expected = finite_differences(subject, *pairs, step)
        bad &= ((gradient - expected).abs() > room[:, None]).any(1)
        if not bad.any():
            return None
    i = int(bad.nonzero()[0])
    return Finding(
        "the gradient is not that of the values",
        format_numbers(gradient[i]),
        f"{format_numbers(expected[i])}, by finite differences, with detached parts held fixed",
        "look at a backward written by hand, and at tensors changed in place; torch.jit and vmap hide what they "
        "detach: check the plain function",
        pair_at(pairs, i),
    )


def check_attached_weight(subject: CheckedLoss) -> Finding | None:
    """Find two boxes of one size with a low IoU that are pushed apart: the focal weight is attached.

    With W = IoU^γ attached, d(W·L) = W dL + L γ IoU^(γ − 1) dIoU, and the second term lowers the loss by lowering the
    IoU: unit squares shifted along x are pushed apart below an IoU of .175, .304, .477, .654 for γ = .25, .5, 1, 2.
    """
    along = torch.linspace(0.02, 0.98, 97, dtype=torch.float64)
    shift = torch.stack((along, along / 10), 1)  # not along one axis only: there, edges coincide
    shift = torch.cat((shift, shift.flip(1)))
    target = subject.boxes.unit_box.expand(len(shift), -1)
    pred = target + subject.boxes.shift(*shift.unbind(1))
    overlap, after = measure_step(subject, pred, target)
    lost = after < overlap
    if not lost.any() or lost.all():  # all: the sign is wrong, which is left to `check_gradient_step`
        return None
    i = int((overlap - after).argmax())
    return Finding(
        f"two boxes of one size are pushed apart where their {subject.boxes.overlap_name} is below "
        f"{format_numbers(overlap[lost].max().item())}: the focal weight is attached",
        describe_step(subject, (pred, target), i),
        "a step that raises it",
        f"detach the weight: {subject.boxes.overlap_name.lower()}.detach() ** gamma",
        pair_at((pred, target), i),
    )


def check_gradient_with_overlap(subject: CheckedLoss) -> Finding | None:
    """Find no gradient on any pair that overlaps: the loss is detached, and trains nothing."""
    pairs = subject.boxes.sample_overlapping(200)
    if subject.gradient(*pairs).any():
        return None
    return Finding(
        "boxes that overlap have no gradient: nothing is trained",
        "a gradient of exactly 0, for 200 pairs",
        "a gradient that moves them together",
        "compute with pred itself: no detach, no .data, no numpy, no torch.tensor(...) of it",
        pair_at(pairs, 0),
    )


def check_gradient_step(subject: CheckedLoss) -> Finding | None:
    """Find that a small step against the gradient lowers the IoU of too many pairs, see `MAX_SHARES_LOSING`.

    A loss that ignores low IoUs by definition (focaler_low) is judged by the others.
    """
    pairs = subject.boxes.sample_overlapping(2000)
    judged = subject.boxes.measure_overlap(*pairs) >= subject.dead_below
    pairs = align_unmoved(subject, pairs[0][judged], pairs[1][judged])
    overlap, after = measure_step(subject, *pairs)
    lost, name, (limit, of_ours) = after < overlap, subject.boxes.overlap_name, MAX_SHARES_LOSING[subject.family]
    if not (share := lost.double().mean().item()) > limit:
        return None
    i = int((overlap - after).argmax())
    return Finding(
        f"a small step against the gradient lowers the {name} of {share:.1%} of the pairs that overlap",
        describe_step(subject, pairs, i),
        f"at most {limit:.1%} of the pairs; {of_ours}",
        "look for a wrong sign, boxes in the wrong order, an attached weight, or a detached 1 − IoU",
        pair_at(pairs, i),
    )


def check_known_gradient(subject: CheckedLoss) -> Finding | None:
    """Find the values of a known loss with another gradient: what belongs to the graph is detached, or the reverse."""
    known = subject.known
    if known is None or known.same_gradient:
        return None
    pairs = sample_all()
    gradient = subject.gradient(*pairs)
    i = int((gradient - known.gradient).abs().amax(1).argmax())
    name = read_spec(known.spec)[0].info.name
    return Finding(
        f"the values are those of {find_published_name(known.spec)}, and the gradient is not: what is detached?",
        format_numbers(gradient[i]),
        f"{format_numbers(known.gradient[i])}, as with loss={known.spec}",
        GRADIENT_REMEDIES.get(name, "detach what its paper detaches, and nothing else"),
        pair_at(pairs, i),
    )


def describe_step(subject: CheckedLoss, pairs: PairTensors, i: int) -> str:
    """Return a description of what a step did to the i-th pair."""
    overlap, gradient = subject.boxes.measure_overlap(*pairs)[i], subject.gradient(*pairs)[i]
    before = f"{subject.boxes.overlap_name} {format_numbers(overlap)}"
    return f"{before}, lower after a step against the gradient {format_numbers(gradient)}"


def measure_step(subject: CheckedLoss, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the overlap of each pair, before and after a small step against the gradient."""
    step = subject.boxes.descend(subject.gradient(pred, target), target)
    return subject.boxes.measure_overlap(pred, target), subject.boxes.measure_overlap(pred + step, target)


def align_unmoved(subject: CheckedLoss, pred: Tensor, target: Tensor) -> PairTensors:
    """Return pairs of rotated boxes that agree in each coordinate in which no pair has a gradient.

    A loss of the shapes alone is so judged by boxes with one centre.
    """
    if subject.family == "aligned":
        return pred, target
    unmoved = ~subject.gradient(pred, target).any(0)
    return torch.where(unmoved, target, pred), target


def check_gradient_without_overlap(subject: CheckedLoss) -> Finding | None:
    """Find pairs without overlap whose centre has no gradient: such predictions aren't moved, as with the IoU loss.

    A gradient in the sides alone, as of a term that compares them, brings no box to its target.
    """
    pairs = subject.boxes.sample_disjoint(200)
    gradient = subject.gradient(*pairs)
    size = (gradient[:, :2] + gradient[:, 2:]).norm(dim=1)
    still = ~(size >= ZERO_SLOPE)
    if not still.any():
        return None
    i, share = int(still.nonzero()[0]), still.double().mean().item()
    kind = "zero" if size.isfinite().all() else "zero or non-finite"
    return Finding(
        f"{share:.1%} of the boxes without overlap have a {kind} gradient in their centre: they stay apart",
        f"the gradient {format_numbers(gradient[i])} in x1, y1, x2 and y2",
        "a gradient that moves the centre to the target's",
        "add a distance term that no clamp cuts off, such as pair.rho2 / pair.c2, as in DIoU, or divide by the sum of "
        "the weights (arXiv:2101.08158, Eq. 11)",
        pair_at(pairs, i),
    )
