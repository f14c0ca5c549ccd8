"""The losses of the field and their modifiers from their papers' definitions, a pair of boxes at a time.

As in `tests/reference.py` geometry is in exact fractions, everything else in mpmath with 40 digits, and nothing comes
from the package. What a loss takes out of the graph is computed from the pair `held`: the pair itself for a value, and
for a gradient by differences the pair at which the gradient is taken. Lengths are in the unit of the boxes.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath

from tests import reference
from tests.reference import Box, Exact, aspect, aspect_weight, mp, power_weight, real, real_or_self

Size = tuple[float, float]
#: (height, width) of the image in pixels, and pixels per unit of the boxes, for the losses that ask for them.
IMAGE, PIXELS = (384, 640), 8


def rise(x: Fraction | mpmath.mpf) -> mpmath.mpf:
    """Return 1 − e^(−x)."""
    return 1 - mp.exp(-real_or_self(x))


def scaled(e: Exact, ratio: float) -> Exact:
    """Return both boxes with their sides multiplied by `ratio`, each about its own centre."""

    def scale(box: Box) -> Box:
        x1, y1, x2, y2 = map(Fraction, box)
        half_w, half_h = (x2 - x1) * Fraction(ratio) / 2, (y2 - y1) * Fraction(ratio) / 2
        cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
        return [cx - half_w, cy - half_h, cx + half_w, cy + half_h]

    return Exact(scale(e.pred), scale(e.target))


def between(e: Exact, a: Fraction | float) -> Exact:
    """Return the box (1 − a)·B + a·B_t, and the target."""
    a = Fraction(a)
    return Exact([(1 - a) * Fraction(p) + a * Fraction(t) for p, t in zip(e.pred, e.target, strict=True)], e.target)


# --- Losses of the form 1 − IoU + penalties. A penalty is a number of the pair; `power` raises each by itself.


def giou_penalties(e: Exact, held: Exact) -> list[Fraction]:
    return [(e.cw * e.ch - e.union) / (e.cw * e.ch)]


def diou_penalties(e: Exact, held: Exact) -> list[Fraction]:
    return [e.rho2 / e.c2]


def ciou_penalties(e: Exact, held: Exact) -> list[Fraction | mpmath.mpf]:
    return [e.rho2 / e.c2, aspect_weight(held) * aspect(e)]


def eiou_penalties(e: Exact, held: Exact) -> list[Fraction]:
    return [e.rho2 / e.c2, (e.w - e.wt) ** 2 / e.cw**2, (e.h - e.ht) ** 2 / e.ch**2]


def angle(e: Exact) -> Fraction:
    """Λ = sin 2α of SIoU: 0 on the axes, 1 on the diagonals."""
    return 2 * abs(e.dx * e.dy) / e.rho2 if e.rho2 else Fraction(0)


def side_errors(e: Exact) -> tuple[Fraction, Fraction]:
    """|w − w_t|/max(w, w_t), and the same of the heights."""
    return abs(e.w - e.wt) / max(e.w, e.wt), abs(e.h - e.ht) / max(e.h, e.ht)


def siou_penalties(e: Exact, held: Exact, theta: float = 4) -> list[mpmath.mpf]:
    """Gevorgyan (2022): half of the distance cost and of the shape cost."""
    gamma = 2 - angle(e)
    distance = rise(gamma * (e.dx / e.cw) ** 2) + rise(gamma * (e.dy / e.ch) ** 2)
    shape = mp.fsum(rise(omega) ** real(theta) for omega in side_errors(e))
    return [(distance + shape) / 2]


def shapeiou_penalties(e: Exact, held: Exact, scale: float = 0) -> list[mpmath.mpf]:
    """Zhang and Zhang (2023): the weight hh of the heights stands with x and w, ww with y and h."""
    w, h = real(e.wt) ** real(scale), real(e.ht) ** real(scale)
    ww, hh = 2 * w / (w + h), 2 * h / (w + h)
    distance = (hh * real(e.dx**2) + ww * real(e.dy**2)) / real(e.c2)
    omega_w, omega_h = map(real, side_errors(e))
    return [distance + (rise(hh * omega_w) ** 4 + rise(ww * omega_h) ** 4) / 2]


def mpdiou_penalties(e: Exact, held: Exact, image: Size) -> list[Fraction]:
    """Ma and Xu (2023): both pairs of corners, over the squared diagonal of the input image."""
    height, width = map(Fraction, image)
    corners = sum((Fraction(p) - Fraction(t)) ** 2 for p, t in zip(e.pred, e.target, strict=True))
    return [corners / (width**2 + height**2)]


PENALTIES: dict[str, Callable[..., list[Any]]] = {
    "iou": lambda e, held: [],
    "giou": giou_penalties,
    "diou": diou_penalties,
    "ciou": ciou_penalties,
    "eiou": eiou_penalties,
    "siou": siou_penalties,
    "shapeiou": shapeiou_penalties,
    "mpdiou": mpdiou_penalties,
}
POWERED = ("iou", "giou", "diou", "ciou")


def replaced_iou(e: Exact, inner: float | None, focaler: float | None, focaler_low: float) -> Fraction:
    """Return the IoU of the scaled boxes, mapped from [low, focaler] to [0, 1]."""
    iou = e.iou if inner is None else scaled(e, inner).iou
    if focaler is None:
        return iou
    low, high = Fraction(focaler_low), Fraction(focaler)
    return min(max((iou - low) / (high - low), Fraction(0)), Fraction(1))


def transformed(
    e: Exact,
    name: str,
    held: Exact,
    inner: float | None = None,
    focaler: float | None = None,
    focaler_low: float = 0,
    power: float | None = None,
    **parameters: Any,
) -> mpmath.mpf:
    """Return (1 − IoU'^p) + Σ penalty^p: only the IoU is replaced, penalties stay on the boxes as they are."""
    exponent = real(1 if power is None else power)
    iou = real(replaced_iou(e, inner, focaler, focaler_low))
    penalties = PENALTIES[name](e, held, **parameters)
    return 1 - iou**exponent + mp.fsum(real_or_self(penalty) ** exponent for penalty in penalties)


# --- The other losses.


def quality(e: Exact) -> mpmath.mpf:
    """P of PIoU: the mean distance of the four edges, in sides of the target."""
    x1, y1, x2, y2 = (abs(Fraction(p) - Fraction(t)) for p, t in zip(e.pred, e.target, strict=True))
    return real((x1 + x2) / (4 * e.wt) + (y1 + y2) / (4 * e.ht))


def piou(e: Exact, held: Exact) -> mpmath.mpf:
    return 1 - real(e.iou) + rise(quality(e) ** 2)


def piou2_weight(e: Exact, lam: float = 1.3) -> mpmath.mpf:
    """u = 3x e^(−x²) with x = λ e^(−P)."""
    x = real(lam) * mp.exp(-quality(e))
    return 3 * x * mp.exp(-(x**2))


def piou2(e: Exact, held: Exact, lam: float = 1.3, detach: bool = True) -> mpmath.mpf:
    return piou2_weight(held if detach else e, lam) * piou(e, held)


def interpiou(e: Exact, held: Exact, a: Fraction | float = 0.98) -> Fraction:
    """1 − IoU, and 1 − IoU of a box that is `a` of the way to the target."""
    return 1 - e.iou + 1 - between(e, a).iou


def interpolation(e: Exact, low: float = 0.6, high: float = 0.99) -> Fraction:
    return min(max(1 - e.iou, Fraction(low)), Fraction(high))


def dinterpiou(e: Exact, held: Exact, low: float = 0.6, high: float = 0.99) -> Fraction:
    return interpiou(e, held, interpolation(held, low, high))


def uiou(e: Exact, held: Exact, ratio: float = 2) -> mpmath.mpf:
    """CIoU of both boxes scaled, IoU and penalties alike."""
    return reference.ciou(scaled(e, ratio), aspect_weight(scaled(held, ratio)))


def nwd(e: Exact, held: Exact, c: Fraction | float = 12.8) -> mpmath.mpf:
    """Wang et al. (2021): boxes as Gaussians with Σ = diag(w², h²)/4; C in the unit of the boxes."""
    wasserstein = mp.sqrt(real(e.rho2 + ((e.w - e.wt) ** 2 + (e.h - e.ht) ** 2) / 4))
    return rise(wasserstein / real(c))


def gcd(e: Exact, held: Exact) -> mpmath.mpf:
    """The Gaussian combined distance: Wasserstein's, its lengths over the sides of each box in turn."""
    squares = Fraction(0)
    for w, h in ((e.w, e.h), (e.wt, e.ht)):
        squares += (e.dx / w) ** 2 + (e.dy / h) ** 2 + ((e.w - e.wt) / w) ** 2 / 4 + ((e.h - e.ht) / h) ** 2 / 4
    return rise(mp.sqrt(real(squares / 2)))


def extended_intersection(e: Exact) -> Fraction:
    """The intersection, continued below 0 from the top left corner of the enclosing box for boxes apart."""
    (x1, y1, x2, y2), (a1, b1, a2, b2) = map(Fraction, e.pred), map(Fraction, e.target)
    left, right = abs(x1 - a1), min(x2, a2) - min(x1, a1)
    top, bottom = abs(y1 - b1), min(y2, b2) - min(y1, b1)
    if left > right and top > bottom:
        return 2 * (right * bottom - left * top)
    if left > right:
        return (right - left) * (top + bottom)
    if top > bottom:
        return (bottom - top) * (left + right)
    return (right - left) * (bottom - top)


def extended_iou(e: Exact, held: Exact, s: float = 0.1) -> Fraction:
    """Peng and Yu (2021): smooth-ℓ1 of 1 − I/U, with I/U continued below 0; the union follows the continuation."""
    s, intersection = Fraction(s), extended_intersection(e)
    x = 1 - intersection / (e.w * e.h + e.wt * e.ht - intersection)
    return x**2 / (2 * s) if x < s else x - s / 2


def wise_factor(beta: mpmath.mpf, alpha: float = 1.9, delta: float = 3) -> mpmath.mpf:
    """r = β/(δ α^(β − δ)) of WIoU version 3."""
    return beta / (real(delta) * real(alpha) ** (beta - real(delta)))


def outlier_degree(e: Exact, mean: float) -> mpmath.mpf:
    """β: 1 − IoU over its running mean."""
    return real((1 - e.iou) / Fraction(mean))


def wiou(
    e: Exact,
    held: Exact,
    version: int = 3,
    alpha: float = 1.9,
    delta: float = 3,
    gamma: float = 0.5,
    mean: float = 1,
) -> mpmath.mpf:
    """Tong et al. (2023): c² is held, and so is the factor of version 2 and 3."""
    first = mp.exp(real(e.rho2) / real(held.c2)) * real(1 - e.iou)
    beta = outlier_degree(held, mean)
    return first * (1, beta ** real(gamma), wise_factor(beta, alpha, delta))[version - 1]


LOSS: dict[str, Callable[..., Any]] = {
    "piou": piou,
    "piou2": piou2,
    "interpiou": interpiou,
    "dinterpiou": dinterpiou,
    "uiou": uiou,
    "extended_iou": extended_iou,
    "nwd": nwd,
    "gcd": gcd,
    "wiou": wiou,
}


def loss(
    e: Exact,
    name: str,
    held: Exact | None = None,
    *,
    focal: float | None = None,
    wise: bool = False,
    mean: float = 1,
    image: Size = IMAGE,
    pixels: float = PIXELS,
    **parameters: Any,
) -> mpmath.mpf:
    """Return a loss with its modifiers, by the names that a spec has for them.

    Args:
        e: The pair.
        name: One of `PENALTIES` or `LOSS`.
        held: The pair from which whatever is out of the graph is computed; `e` by default.
        focal: γ of the weight IoU^γ, which is held unless `detach` is False.
        wise: Whether r(β) of WIoU's version 3 multiplies the loss.
        mean: WIoU's running mean of 1 − IoU.
        image: (height, width) in pixels, for mpdiou.
        pixels: Pixels per unit of the boxes, for mpdiou and nwd; `c` is in pixels.
        parameters: Those of the loss, and `inner`, `focaler`, `focaler_low` and `power`.
    """
    held = held or e
    weight = mp.one
    if focal is not None:
        weight = power_weight(held if parameters.pop("detach", True) else e, focal)
    elif wise:
        weight = wise_factor(outlier_degree(held, mean))
    if name == "mpdiou":
        parameters["image"] = [Fraction(side) / Fraction(pixels) for side in image]
    elif name == "nwd":
        parameters["c"] = Fraction(parameters.get("c", 12.8)) / Fraction(pixels)
    elif name == "wiou":
        parameters["mean"] = mean
    value = transformed(e, name, held, **parameters) if name in PENALTIES else LOSS[name](e, held, **parameters)
    return weight * real_or_self(value)


def value(name: str, pred: Box, target: Box, **parameters: Any) -> float:
    """Return the loss of one pair; arguments as `loss`."""
    return float(loss(Exact(pred, target), name, **parameters))


def gradient(name: str, pred: Box, target: Box, **parameters: Any) -> list[float]:
    """Return its gradient in the four coordinates of `pred`, with what is out of the graph held."""
    held = Exact(pred, target)
    return reference.gradient(lambda e: loss(e, name, held, **parameters), pred, target)
