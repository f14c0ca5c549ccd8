"""The losses of rotated boxes from their papers' matrices, in mpmath with 50 digits; no code of the package's.

Covariances are made, inverted, multiplied and rooted as matrices, a pair of boxes at a time.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import torch
from torch import Tensor

from yolo_feiou.losses.build import build_loss

mp = mpmath.mp.clone()
mp.dps = 50
Box = Sequence[float]
#: Pixels per unit of the boxes, for the loss in pixels.
PIXELS = 8.0


def covariance(box: Sequence[Any], divisor: int, floor: float) -> mpmath.matrix:
    """Return R diag(w²/divisor + floor, h²/divisor + floor) Rᵀ."""
    _, _, w, h, r = map(mp.mpf, box)
    turn = mp.matrix([[mp.cos(r), -mp.sin(r)], [mp.sin(r), mp.cos(r)]])
    return turn * mp.diag([w * w / divisor + mp.mpf(floor), h * h / divisor + mp.mpf(floor)]) * turn.T


def offset(pred: Box, target: Box) -> mpmath.matrix:
    return mp.matrix([mp.mpf(pred[0]) - mp.mpf(target[0]), mp.mpf(pred[1]) - mp.mpf(target[1])])


def trace(matrix: mpmath.matrix) -> mpmath.mpf:
    return matrix[0, 0] + matrix[1, 1]


def root(matrix: mpmath.matrix) -> mpmath.matrix:
    """Return the root of a symmetric matrix, by its eigenvalues."""
    values, vectors = mp.eigsy(matrix)
    return vectors * mp.diag([mp.sqrt(max(value, 0)) for value in values]) * vectors.T


def mahalanobis2(d: mpmath.matrix, sigma: mpmath.matrix) -> mpmath.mpf:
    return (d.T * mp.inverse(sigma) * d)[0]


def bhattacharyya(pred: Box, target: Box, floor: float) -> mpmath.mpf:
    """Llerena et al. (2021): ⅛ dᵀΣ⁻¹d + ½ ln(|Σ|/√(|Σ₁||Σ₂|)), Σ the mean of both."""
    one, other = covariance(pred, 12, floor), covariance(target, 12, floor)
    mean = (one + other) / 2
    shape = mp.log(mp.det(mean) / mp.sqrt(mp.det(one) * mp.det(other))) / 2
    return mahalanobis2(offset(pred, target), mean) / 8 + shape


def divergence(pred: Box, target: Box, floor: float) -> mpmath.mpf:
    """Yang et al. (2021): D(N_p‖N_t)."""
    one, other = covariance(pred, 4, floor), covariance(target, 4, floor)
    inverse = mp.inverse(other)
    shape = trace(inverse * one) + mp.log(mp.det(other) / mp.det(one)) - 2
    return (mahalanobis2(offset(pred, target), other) + shape) / 2


def wasserstein2(pred: Box, target: Box, floor: float) -> mpmath.mpf:
    """Yang et al. (2021): |d|² + tr(Σ₁ + Σ₂ − 2(Σ₁^½ Σ₂ Σ₁^½)^½)."""
    one, other = covariance(pred, 4, floor), covariance(target, 4, floor)
    half, d = root(one), offset(pred, target)
    return (d.T * d)[0] + trace(one) + trace(other) - 2 * trace(root(half * other * half))


def kalman_iou(pred: Box, target: Box, floor: float) -> mpmath.mpf:
    """Yang et al. (2022): V/(V₁ + V₂ − V), V that of Σ = Σ₁ − KΣ₁ with the Kalman gain K = Σ₁(Σ₁ + Σ₂)⁻¹."""
    one, other = covariance(pred, 4, floor), covariance(target, 4, floor)
    product = one - one * mp.inverse(one + other) * one
    v1, v2, v = (4 * mp.sqrt(mp.det(sigma)) for sigma in (one, other, product))
    return v / (v1 + v2 - v)


def compress(distance: mpmath.mpf, function: str, tau: float) -> mpmath.mpf:
    value = {"log": lambda: mp.log(1 + distance), "sqrt": lambda: mp.sqrt(max(distance, 0)), "none": lambda: distance}
    value = value[function]()
    return 1 - 1 / (mp.mpf(tau) + value) if tau else value


def probiou(pred: Box, target: Box, floor: float = 0.01) -> mpmath.mpf:
    distance = min(max(bhattacharyya(pred, target, floor), mp.mpf(1e-7)), mp.mpf(100))
    return mp.sqrt(1 - mp.exp(-distance) + mp.mpf(1e-7))


def kld(
    pred: Box,
    target: Box,
    direction: str = "pred_target",
    function: str = "log",
    tau: float = 1,
    floor: float = 0.01,
) -> mpmath.mpf:
    pair = (pred, target) if direction == "pred_target" else (target, pred)
    return compress(divergence(*pair, floor), function, tau)


def gwd(pred: Box, target: Box, function: str = "log", tau: float = 1, floor: float = 0.01) -> mpmath.mpf:
    return compress(wasserstein2(pred, target, floor) * mp.mpf(PIXELS) ** 2, function, tau)


def bd(pred: Box, target: Box, function: str = "log", tau: float = 1, floor: float = 0.01) -> mpmath.mpf:
    return compress(bhattacharyya(pred, target, floor), function, tau)


def kfiou(pred: Box, target: Box, function: str = "exp", centre: bool = True, floor: float = 0.01) -> mpmath.mpf:
    k = kalman_iou(pred, target, floor)
    value = {"exp": mp.exp(1 - k) - 1, "log": -mp.log(k), "linear": 1 - k}[function]
    apart = mp.log(1 + mahalanobis2(offset(pred, target), covariance(target, 4, floor)))
    return value + apart if centre else value


LOSS: dict[str, Callable[..., mpmath.mpf]] = {
    "probiou": probiou,
    "kld": kld,
    "gwd": gwd,
    "bd": bd,
    "kfiou": kfiou,
}
#: Name and parameters of each, by the names that a spec has.
CASES: list[tuple[str, dict[str, Any]]] = [
    *(("probiou", {"floor": floor}) for floor in (0.01, 0, 2)),
    *(
        ("kld", {"direction": direction, "function": function, "tau": tau, "floor": floor})
        for direction, function, (tau, floor) in itertools.product(
            ("pred_target", "target_pred"), ("log", "sqrt", "none"), ((1, 0.01), (0, 0))
        )
    ),
    *(
        (name, {"function": function, "tau": tau, "floor": floor})
        for name, function, (tau, floor) in itertools.product(
            ("gwd", "bd"), ("log", "sqrt", "none"), ((1, 0.01), (0, 0), (2, 0.5))
        )
    ),
    *(
        ("kfiou", {"function": function, "centre": centre, "floor": floor})
        for function, centre, floor in itertools.product(("exp", "log", "linear"), (True, False), (0.01, 0))
    ),
]


def spell(name: str, parameters: dict[str, Any]) -> str:
    """Return the spec of a case."""
    items = (f"{key}={str(value).lower()}" for key, value in parameters.items())
    return name + ":" * bool(parameters) + ",".join(items)


SPECS = [spell(*case) for case in CASES]


def value(name: str, pred: Sequence[Any], target: Sequence[Any], **parameters: Any) -> mpmath.mpf:
    """Return the loss of one pair."""
    return LOSS[name](pred, target, **parameters)


def gradient(name: str, pred: Box, target: Box, **parameters: Any) -> list[float]:
    """Return the central differences in the five coordinates of `pred`: at 50 digits exact to 1e-15 and better."""
    step, slopes = mp.mpf(10) ** -18, []
    for i in range(5):
        there, back = [*map(mp.mpf, pred)], [*map(mp.mpf, pred)]
        there[i] += step
        back[i] -= step
        rise = value(name, there, target, **parameters) - value(name, back, target, **parameters)
        slopes.append(float(rise / (2 * step)))
    return slopes


def evaluate(spec: str, pred: Tensor, target: Tensor) -> Tensor:
    """Return a loss of the package of each pair, in the unit of the references."""
    return build_loss(spec)(pred, target, pixels=PIXELS)


def tensor(*rows: Box) -> Tensor:
    """Return boxes as a float64 tensor, (N, 5)."""
    return torch.tensor([[float(x) for x in row] for row in rows], dtype=torch.float64)


def draw(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return `count` pairs each of: any boxes, needles, squares, boxes that almost agree, and boxes far apart."""
    random = torch.Generator().manual_seed(seed)

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random, dtype=torch.float64)

    def boxes(sides: Tensor, place: float = 4) -> Tensor:
        return torch.cat((place * rand(count, 2), sides, math.tau * (rand(count, 1) - 0.5)), 1)

    any_pred, any_target = boxes(0.5 + 8 * rand(count, 2)), boxes(0.5 + 8 * rand(count, 2))
    thin = torch.tensor([100, 0.1], dtype=torch.float64)
    needles = [boxes((0.5 + rand(count, 2)) * thin) for _ in "pt"]
    squares = [boxes((0.5 + 8 * rand(count, 1)).expand(count, 2)) for _ in "pt"]
    near = any_target + 1e-4 * (rand(count, 5) - 0.5)
    far = [boxes(0.5 + 8 * rand(count, 2), place) for place in (4.0, 4e3)]
    turned = any_target + torch.tensor([0, 0, 0, 0, math.pi / 2], dtype=torch.float64)
    exchanged = (turned + 1e-4 * (rand(count, 5) - 0.5))[:, [0, 1, 3, 2, 4]]
    pred = (any_pred, needles[0], squares[0], near, exchanged, far[0])
    target = (any_target, needles[1], squares[1], any_target, any_target, far[1])
    return torch.cat(pred), torch.cat(target)
