"""Recognise the formula of a loss from its values: a weight times a sum of known terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from yolo_feiou.losses import iou
from yolo_feiou.losses.boxes import Pair

#: The terms of known losses, in the order in which they are printed.
TERMS: dict[str, Callable[[Pair], Tensor]] = {
    "1": lambda pair: torch.ones_like(pair.iou),
    "IoU": lambda pair: pair.iou,
    "ln IoU": lambda pair: pair.iou.log(),
    "(A_C − U)/A_C": lambda pair: 1 - pair.union / (pair.cw * pair.ch),
    "ρ²/c²": lambda pair: pair.rho2 / pair.c2,
    "αv": lambda pair: iou.ciou(pair)[1],
    "Δw²/C_w²": lambda pair: pair.dw**2 / pair.cw2,
    "Δh²/C_h²": lambda pair: pair.dh**2 / pair.ch2,
    "Δx²/C_w²": lambda pair: pair.dx**2 / pair.cw2,
    "Δy²/C_h²": lambda pair: pair.dy**2 / pair.ch2,
    "smooth-ℓ1(1 − IoU)": lambda pair: smooth_l1_curve(1 - pair.iou),
}
#: The focal weights, each with a power γ.
FOCAL_WEIGHTS: dict[str, Callable[[Pair, float], Tensor]] = {
    "": lambda pair, _: torch.ones_like(pair.iou),
    "IoU^γ": lambda pair, gamma: pair.iou**gamma,
    "(1 − IoU)^γ": lambda pair, gamma: (1 - pair.iou) ** gamma,
    "−(1 − IoU)^γ ln IoU": lambda pair, gamma: (1 - pair.iou) ** gamma * -pair.iou.log(),
}
#: The largest relative root-mean-square error of a recognised formula; an eps of 1e-7 and float32 stay below it.
FORMULA_TOLERANCE = 1e-5


def smooth_l1_curve(x: Tensor, beta: float = 0.1) -> Tensor:
    """Smooth ℓ1: x²/(2β) up to β, then x − β/2."""
    return torch.where(x < beta, x * x / (2 * beta), x - beta / 2)


@dataclass(frozen=True)
class Formula:
    """weight(γ) · Σ coefficient · term.

    Attributes:
        weight: A key of `FOCAL_WEIGHTS`.
        gamma: Its power; 0 without a weight.
        terms: Keys of `TERMS` with their coefficients, in the order of `TERMS`.
    """

    weight: str
    gamma: float
    terms: dict[str, float]

    def __call__(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return the value of each pair, shape (N,)."""
        pair = Pair(pred, target)
        total = sum(coefficient * TERMS[name](pair) for name, coefficient in self.terms.items())
        return FOCAL_WEIGHTS[self.weight](pair, self.gamma) * total

    def __str__(self) -> str:
        sizes = [abs(coefficient) for coefficient in self.terms.values()]
        common = sizes[0] if max(sizes) - min(sizes) < 1e-3 * sizes[0] else 1
        terms = "".join(
            f"{' − ' if coefficient < 0 else ' + '}{format_term(abs(coefficient) / common, name)}"
            for name, coefficient in self.terms.items()
        )
        terms = "−" + terms[3:] if terms.startswith(" − ") else terms[3:]
        weight = self.weight.replace("^γ", format_power(self.gamma))
        factors = [factor for factor in (format_number(common), weight) if factor not in ("", "1")]
        factors += [f"({terms})" if factors else terms] if terms != "1" or not factors else []
        return " · ".join(factors)


def format_term(coefficient: float, name: str) -> str:
    """Return 'IoU' for 1·IoU, '0.95' for 0.95·1, '2·IoU' for 2·IoU."""
    return (
        name
        if format_number(coefficient) == "1"
        else format_number(coefficient)
        if name == "1"
        else f"{format_number(coefficient)}·{name}"
    )


def format_power(gamma: float) -> str:
    """Return '^0.5', or nothing for the power 1."""
    return "" if format_number(gamma) == "1" else f"^{format_number(gamma)}"


def format_number(number: float) -> str:
    """Return a number with three digits."""
    return f"{number:.3g}"


def recognise(pred: Tensor, target: Tensor, values: Tensor) -> Formula | None:
    """Return the formula that gives these values on these pairs, or None if it is not recognised.

    Args:
        pred: xyxy boxes, float64, shape (N, 4), each overlapping its target.
        target: xyxy boxes of the same shape.
        values: The loss of each pair, shape (N,), float64.
    """
    if not (values.isfinite().all() and values.any()):
        return None
    pair = Pair(pred, target)
    columns = torch.stack([term(pair) for term in TERMS.values()], 1)
    for weight, weigh in FOCAL_WEIGHTS.items():
        gamma = (
            find_best_power(lambda gamma, weigh=weigh: fit_coefficients(weigh(pair, gamma), columns, values)[1])
            if weight
            else 0
        )
        kept, coefficients = find_sparsest_terms(weigh(pair, gamma), columns, values)
        if kept and min(map(abs, coefficients)) > 0.01 * max(
            map(abs, coefficients)
        ):  # else it is only an approximation
            return Formula(weight, gamma, {list(TERMS)[i]: c for i, c in zip(kept, coefficients, strict=True)})
    return None


def fit_coefficients(weight: Tensor, columns: Tensor, values: Tensor) -> tuple[list[float], float]:
    """Solve weight · columns · coefficients = values by least squares; return coefficients and relative residual."""
    columns = weight[:, None] * columns
    coefficients = torch.linalg.lstsq(columns, values[:, None]).solution[:, 0]
    return coefficients.tolist(), ((columns @ coefficients - values).norm() / values.norm()).item()


def find_best_power(residual: Callable[[float], float]) -> float:
    """Return the power from 0 to 8 with the lowest residual, to 1e-6: the best of a grid, refined by halved steps."""
    best, step = min((i / 8 for i in range(65)), key=residual), 1 / 16
    while step > 1e-7:
        best = min(best, max(best - step, 0), best + step, key=residual)
        step /= 2
    return best


def find_sparsest_terms(weight: Tensor, columns: Tensor, values: Tensor) -> tuple[list[int], list[float]]:
    """Return the columns needed for a residual within `FORMULA_TOLERANCE`, with coefficients; none if all fail.

    Terms are removed from the smallest on, as long as the fit stays.
    """
    kept = list(range(columns.shape[1]))
    coefficients, residual = fit_coefficients(weight, columns, values)
    if not residual < FORMULA_TOLERANCE:
        return [], []
    shares = [abs(c) * (weight * column).norm().item() for c, column in zip(coefficients, columns.T, strict=True)]
    for i in sorted(kept, key=shares.__getitem__):
        fewer = [j for j in kept if j != i]
        if fewer and fit_coefficients(weight, columns[:, fewer], values)[1] < FORMULA_TOLERANCE:
            kept = fewer
    return kept, fit_coefficients(weight, columns[:, kept], values)[0]
