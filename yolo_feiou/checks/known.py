"""Recognise a loss of the table by its values, whatever its code, and mistakes that are passed on in public copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor

from yolo_feiou.checks.formula import FORMULA_TOLERANCE, Formula, format_number
from yolo_feiou.checks.pairs import IMAGE, PairTensors
from yolo_feiou.errors import LossSpecError
from yolo_feiou.losses import iou
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import build_loss, read_spec, shorten_spec
from yolo_feiou.losses.points import wiou
from yolo_feiou.losses.table import ALIGNED_LOSSES

#: The largest relative root-mean-square error of a gradient that is taken for the same.
GRADIENT_TOLERANCE = 1e-3
#: How the literature spells the names of the table.
LABELS = {
    **{name: name[:-3].upper() + "IoU" for name in ("iou", "giou", "diou", "ciou", "eiou", "siou", "wiou", "mpdiou")},
    **{"focal_eiou": "Focal-EIoU", "focal_eiou_star": "Focal-EIoU*", "focal_eiou_v1": "Focal-EIoU v1"},
    **{"shapeiou": "Shape-IoU", "piou": "PIoU", "piou2": "PIoU v2", "interpiou": "InterpIoU"},
    **{"dinterpiou": "Dynamic InterpIoU", "uiou": "Unified-IoU", "nwd": "NWD", "gcd": "GCD"},
    **{"extended_iou": "Extended-IoU", "focal_l1": "FocalL1", "l1": "ℓ1", "smooth_l1": "smooth ℓ1"},
    "balanced_l1": "balanced ℓ1",
    **{"probiou": "ProbIoU", "kld": "KLD", "gwd": "GWD", "bd": "BD", "kfiou": "KFIoU"},
}
#: What a modifier puts in front of a name.
PREFIXES = {"inner": "Inner-", "focaler": "Focaler-", "power": "α-", "focal": "Focal-", "wise": "Wise-"}
#: Values of parameters and modifiers that published copies have.
PARAMETERS = (
    *("wiou:version=1", "wiou:version=2", "wiou:version=2,gamma=1", "wiou:alpha=1.7,delta=2.7", "shapeiou:scale=1"),
    *("siou:theta=2", "siou:theta=6", "interpiou:a=0.99", "uiou:ratio=0.5", "uiou:ratio=1", "nwd:c=1"),
    *("extended_iou:s=0.2", "focal_l1:beta=1", "smooth_l1:beta=0.1"),
)
MODIFIERS = (
    *("inner=0.7", "inner=0.75", "inner=0.8", "inner=1.25", "focaler=0.95", "power=2", "power=3"),
    *("focal=0.5", "focal=1", "wise=true"),
)
#: Where a loss's gradient goes wrong though its values are right, by its name.
GRADIENT_REMEDIES = {
    "wiou": "detach c² alone: (ρ² / c².detach()).exp(); of the weight all is detached",
    "piou2": "detach the weight: it falls with distance, and attached it pushes far boxes away",
    "dinterpiou": "detach the share a = 1 − IoU",
    "ciou": "detach α, and nothing else",
}


@dataclass(frozen=True)
class Known:
    """A loss of the table that has the values of the one that is checked.

    Attributes:
        spec: Its canonical spec.
        gradient: Its gradient on the same pairs, (N, 4).
        same_gradient: Whether that is the one's, too.
    """

    spec: str
    gradient: Tensor
    same_gradient: bool

    def __str__(self) -> str:
        has = "that is" if self.same_gradient else "has the values of"
        return f"{has} {find_published_name(self.spec)}: loss={self.spec}"


def find_known(pairs: PairTensors, values: Tensor, gradient: Tensor, formula: Formula | None) -> Known | None:
    """Return the known loss that has these values; of several, which differ in what is detached, the closest.

    One that depends on an image is in one of `IMAGE`, with boxes in pixels.

    Args:
        pairs: Some pairs of boxes that overlap, and some that don't, float64.
        values: The loss of each, shape (N,), float64.
        gradient: The gradient of their sum, shape (N, 4), float64.
        formula: The formula of the loss, if it is recognised.
    """
    closest, distance = None, float("inf")
    if not (values.isfinite().all() and values.any()):
        return None
    for spec in iter_candidates(formula):
        if not is_close(values, build_loss(spec).eval()(*pairs, image=IMAGE).detach()):
            continue
        for form in iter_forms(spec):
            pred = pairs[0].clone().requires_grad_()
            candidate = build_loss(form).eval()(pred, pairs[1], image=IMAGE)
            (expected,) = torch.autograd.grad(candidate.sum(), pred)
            if (far := ((gradient - expected).norm() / expected.norm()).item()) < distance:
                closest, distance = Known(shorten_spec(form), expected, far < GRADIENT_TOLERANCE), far
    return closest


def iter_forms(spec: str) -> Iterator[str]:
    """Yield a spec, and the same with its weight in the graph, if it has one that can be."""
    yield spec
    attached = f"{spec}{',' if ':' in spec else ':'}detach=false"
    with suppress(LossSpecError):
        build_loss(attached)
        yield attached


def is_close(values: Tensor, others: Tensor) -> bool:
    """Return whether two losses have the same values, but for an eps of 1e-7 and float32."""
    return bool((values - others).norm() < FORMULA_TOLERANCE * others.norm())


def iter_candidates(formula: Formula | None) -> Iterator[str]:
    """Yield specs of the losses that are looked for: all axis-aligned ones of the table, and their published forms.

    Args:
        formula: Its power is tried with each focal loss.
    """
    yield from ALIGNED_LOSSES
    yield from PARAMETERS
    gamma = format_number(formula.gamma) if formula else "0"
    focal = (f"focal={gamma}",) if gamma != "0" and float(gamma) <= 10 else ()
    for info in ALIGNED_LOSSES.values():
        takes = (one for one in (*MODIFIERS, *focal) if one.partition("=")[0] in info.modifiers)
        yield from (f"{info.name}:{one}" for one in takes)
    if focal:
        yield f"focal_eiou_star:gamma={gamma}"


def find_published_name(spec: str) -> str:
    """Return how the literature calls the loss of a spec, as 'Inner-EIoU'."""
    (term,) = read_spec(spec)
    return "".join(PREFIXES.get(key, "") for key in term.modifiers) + LABELS.get(term.info.name, term.info.name)


@dataclass(frozen=True)
class KnownMistake:
    """A loss as it is passed on with a mistake.

    Attributes:
        says: What is wrong.
        compute: The mistaken loss, one value a pair.
        spec: The loss that was meant.
        remedy: How to fix it.
    """

    says: str
    compute: Callable[[Pair], Tensor]
    spec: str
    remedy: str


def _negated_siou(pair: Pair) -> Tensor:
    rate = 2 - 2 * (pair.dx * pair.dy).abs() / pair.rho2.clamp(min=1e-30)
    exponents = rate * pair.dx**2 / pair.cw2, rate * pair.dy**2 / pair.ch2
    (right,) = iou.siou(pair, 4)
    excess = sum(torch.expm1(-one) - torch.expm1(one) for one in exponents)
    return 1 - pair.iou + right + excess / 2


def _reversed_interpolation(pair: Pair) -> Tensor:
    return 1 - pair.interpolated(pair.iou.detach()).iou


def _reversed_degree(pair: Pair) -> Tensor:
    degree = 1 - pair.iou.detach()  # by the running mean at its start, 1
    return degree / 3 * 1.9 ** (degree - 3) * wiou(pair)


MISTAKES = (
    KnownMistake(
        "the cost of the distance in SIoU has the wrong sign, so boxes apart are rewarded (as in MMDetection with "
        "neg_gamma=False)",
        _negated_siou,
        "siou",
        "2 − exp(−(2 − Λ)ρx) − exp(−(2 − Λ)ρy), with a minus in front of 2 − Λ",
    ),
    *(
        KnownMistake(
            "InterpIoU is reversed: a weighs the prediction, so boxes apart have a = 1 and stay where they are",
            compute,
            "dinterpiou",
            "the box is (1 − a)·prediction + a·target, with a = (1 − IoU).detach(), clamped to [0.6, 0.99], and its "
            "loss is added to 1 − IoU",
        )
        for compute in (
            _reversed_interpolation,
            lambda pair: 1 - pair.iou + _reversed_interpolation(pair),
        )
    ),
    KnownMistake(
        "the exponent of WIoU v3 is reversed, so outliers count most",
        _reversed_degree,
        "wiou",
        "r = β/(δ α^(β − δ)): divide by the power, or write α^(δ − β)",
    ),
)


def find_mistake(pairs: PairTensors, values: Tensor) -> KnownMistake | None:
    """Return the known mistake that has these values, arguments as for `find_known`."""
    pair = Pair(*pairs)
    return next((mistake for mistake in MISTAKES if is_close(values, mistake.compute(pair))), None)
