"""The losses from their papers' definitions, in plain Python, a pair of boxes at a time; no code of the package's.

Geometry is in exact fractions; powers, logarithms and arctangents are in mpmath with 40 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import mpmath
import torch
from hypothesis import strategies as st
from torch import Tensor

from yolo_feiou.losses.box_loss import BoxLoss

mp = mpmath.mp.clone()
mp.dps = 40
Box = Sequence[float | Fraction]


def real(x: Fraction | float) -> mpmath.mpf:
    """Return a number with 40 digits."""
    x = Fraction(x)
    return mp.mpf(x.numerator) / x.denominator


@dataclass
class Exact:
    """The geometry of a valid pair, exact."""

    pred: Box
    target: Box

    def __post_init__(self) -> None:
        x1, y1, x2, y2 = map(Fraction, self.pred)
        a1, b1, a2, b2 = map(Fraction, self.target)
        self.w, self.h, self.wt, self.ht = x2 - x1, y2 - y1, a2 - a1, b2 - b1
        inter = max(min(x2, a2) - max(x1, a1), 0) * max(min(y2, b2) - max(y1, b1), 0)
        self.inter, self.union = inter, self.w * self.h + self.wt * self.ht - inter
        self.iou = inter / self.union
        self.cw, self.ch = max(x2, a2) - min(x1, a1), max(y2, b2) - min(y1, b1)
        self.dx, self.dy = (x1 + x2 - a1 - a2) / 2, (y1 + y2 - b1 - b2) / 2
        self.rho2, self.c2 = self.dx**2 + self.dy**2, self.cw**2 + self.ch**2


def giou(e: Exact) -> Fraction:
    return 1 - e.iou + (e.cw * e.ch - e.union) / (e.cw * e.ch)


def diou(e: Exact) -> Fraction:
    return 1 - e.iou + e.rho2 / e.c2


def aspect(e: Exact) -> mpmath.mpf:
    return 4 / mp.pi**2 * (mp.atan(real(e.wt / e.ht)) - mp.atan(real(e.w / e.h))) ** 2


def aspect_weight(e: Exact) -> mpmath.mpf:
    v = aspect(e)
    return v / (1 - real(e.iou) + v) if v else mp.zero


def ciou(e: Exact, alpha: mpmath.mpf | None = None) -> mpmath.mpf:
    return real(diou(e)) + (aspect_weight(e) if alpha is None else alpha) * aspect(e)


def eiou(e: Exact) -> Fraction:
    return diou(e) + (e.w - e.wt) ** 2 / e.cw**2 + (e.h - e.ht) ** 2 / e.ch**2


def focal_curve(x: mpmath.mpf, beta: float) -> mpmath.mpf:
    beta = real(beta)
    alpha = mp.e * beta
    if x <= 1:
        return -alpha * x**2 * (2 * mp.log(beta * x) - 1) / 4 if x else mp.zero
    return -alpha * mp.log(beta) * x + (2 * alpha * mp.log(beta) + alpha) / 4


def smooth_curve(x: mpmath.mpf, beta: float) -> mpmath.mpf:
    beta = real(beta)
    return x**2 / (2 * beta) if x < beta else x - beta / 2


def balanced_curve(x: mpmath.mpf, alpha: float, gamma: float, beta: float = 1) -> mpmath.mpf:
    """Pang et al., Eq. 9: C makes the two parts meet at 1; drawn β times as large in x and in y."""
    alpha, gamma, beta = real(alpha), real(gamma), real(beta)
    x = x / beta
    b = mp.exp(gamma / alpha) - 1

    def inner(x: mpmath.mpf) -> mpmath.mpf:
        return alpha / b * (b * x + 1) * mp.log(b * x + 1) - alpha * x

    return beta * (inner(x) if x < 1 else gamma * x + inner(mp.one) - gamma)


def errors(e: Exact) -> list[mpmath.mpf]:
    """The regression errors of R-CNN's encoding: offsets in box widths and heights, sizes as logarithms of ratios."""
    return [real(e.dx / e.wt), real(e.dy / e.ht), mp.log(real(e.w / e.wt)), mp.log(real(e.h / e.ht))]


def summed(curve: Callable[..., mpmath.mpf]) -> Callable[..., mpmath.mpf]:
    return lambda e, **parameters: mp.fsum(curve(abs(x), **parameters) for x in errors(e))


def power_weight(e: Exact, gamma: float = 0.5) -> mpmath.mpf:
    return real(e.iou) ** real(gamma)


def log_weight(e: Exact, gamma: float = 0.5) -> mpmath.mpf:
    return -((1 - real(e.iou)) ** real(gamma)) * mp.log(max(real(e.iou), real(Fraction(1, 10**7))))


LOSS = {
    "iou": lambda e: 1 - e.iou,
    "giou": giou,
    "diou": diou,
    "ciou": ciou,
    "eiou": eiou,
    "focal_eiou": lambda e, gamma: power_weight(e, gamma) * real(eiou(e)),
    "focal_eiou_star": lambda e, gamma: log_weight(e, gamma) * real(eiou(e)),
    "focal_eiou_v1": lambda e, beta: focal_curve(real(eiou(e)), beta),
    "focal_l1": summed(focal_curve),
    "l1": summed(lambda x: x),
    "smooth_l1": summed(smooth_curve),
    "balanced_l1": summed(balanced_curve),
}

# What each is of: name and parameters of the reference; the same as a spec.
CASES: list[tuple[str, dict[str, float]]] = [
    *((name, {}) for name in ("iou", "giou", "diou", "ciou", "eiou", "l1")),
    *(("focal_eiou", {"gamma": gamma}) for gamma in (0, 0.25, 0.5, 1, 2)),
    *(("focal_eiou_star", {"gamma": gamma}) for gamma in (0, 0.5, 2)),
    *(("focal_eiou_v1", {"beta": beta}) for beta in (0.5, 0.8, 1)),
    *(("focal_l1", {"beta": beta}) for beta in (0.5, 0.8, 1)),
    *(("smooth_l1", {"beta": beta}) for beta in (0.1, 1)),
    *(("balanced_l1", {"alpha": alpha, "gamma": gamma}) for alpha, gamma in ((0.5, 1.5), (1, 0.5))),
    ("balanced_l1", {"alpha": 0.5, "gamma": 1.5, "beta": 0.11}),
]


def spec(name: str, parameters: dict[str, float]) -> str:
    """Return the spec of a case."""
    return name + ":" * bool(parameters) + ",".join(f"{key}={value}" for key, value in parameters.items())


SPECS = [spec(*case) for case in CASES]


def value(name: str, pred: Box, target: Box, **parameters: float) -> float:
    """Return the loss of one pair."""
    return float(real_or_self(LOSS[name](Exact(pred, target), **parameters)))


def real_or_self(x: Fraction | mpmath.mpf) -> mpmath.mpf:
    return real(x) if isinstance(x, int | Fraction) else x


def gradient(loss: Callable[[Exact], Fraction | mpmath.mpf], pred: Box, target: Box) -> list[float]:
    """Return the central differences of `loss` in the four coordinates of `pred`: at 40 digits, exact to 1e-15."""
    step, slopes = Fraction(1, 10**12), []
    for i in range(4):
        there, back = [Fraction(x) for x in pred], [Fraction(x) for x in pred]
        there[i] += step
        back[i] -= step
        rise = real_or_self(loss(Exact(there, target))) - real_or_self(loss(Exact(back, target)))
        slopes.append(float(rise / real(2 * step)))
    return slopes


# Boxes on a grid of eighths: sums and differences of coordinates are exact in float32 and float64.
@st.composite
def boxes(draw: st.DrawFn) -> list[float]:
    """Draw a valid box with corners from 0 to 32."""
    x1, y1 = draw(st.integers(0, 127)), draw(st.integers(0, 127))
    return [x1 / 8, y1 / 8, (x1 + draw(st.integers(1, 128))) / 8, (y1 + draw(st.integers(1, 128))) / 8]


@st.composite
def shifted(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    """Draw a box and a copy of it that is shifted, and still overlaps it."""
    w, h = draw(st.integers(2, 64)), draw(st.integers(2, 64))
    dx, dy = draw(st.integers(1 - w, w - 1)), draw(st.integers(1 - h, h - 1))
    return [dx / 8, dy / 8, (dx + w) / 8, (dy + h) / 8], [0.0, 0.0, w / 8, h / 8]


def tensor(*rows: Box) -> Tensor:
    """Return boxes as a float64 tensor, (N, 4)."""
    return torch.tensor([[float(x) for x in row] for row in rows], dtype=torch.float64)


def slope(loss: Callable[[Tensor, Tensor], Tensor], pred: Tensor, target: Tensor) -> Tensor:
    """Return the gradient, in the predicted boxes, of the sum of a loss."""
    pred = pred.clone().requires_grad_()
    (grad,) = torch.autograd.grad(loss(pred, target).sum(), pred)
    return grad


def overlapping() -> tuple[Tensor, Tensor]:
    """Return five pairs with IoU from 0 to 1."""
    pred = tensor((0, 0, 4, 2), (0, 0, 10, 10), (1, 2, 9, 11), (0, 0, 1, 1), (2, 2, 5, 7))
    return pred, tensor((1, 1, 3, 4), (0, 0, 10, 10), (0, 0, 10, 9), (5, 5, 7, 6), (2, 1, 6, 6))


def mean_slope(loss: BoxLoss, pred: Tensor, target: Tensor, *args: Tensor, **kwargs: Tensor) -> Tensor:
    """Return the gradient of `loss.mean` in the predictions."""
    return slope(lambda *pair: loss.mean(*pair, *args, **kwargs), pred, target)
