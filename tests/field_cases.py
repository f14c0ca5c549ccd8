"""Cases of the field's losses: parameters, values by hand, and where a loss has a kink."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import atan, exp, pi, sqrt
from typing import Any

from tests.field_reference import PENALTIES, POWERED, between, interpolation, replaced_iou, scaled
from tests.reference import Box, Exact

#: Name and parameters of a loss, by the names that a spec has.
Case = tuple[str, dict[str, Any]]

POINTS: list[Case] = [
    *(("siou", {"theta": theta}) for theta in (2, 4, 6)),
    *(("shapeiou", {"scale": scale}) for scale in (0, 0.5, 1, 2)),
    ("mpdiou", {}),
    ("piou", {}),
    *(("piou2", {"lam": lam, "detach": detach}) for lam, detach in ((1.3, True), (1.3, False), (1.1, True))),
    *(("interpiou", {"a": a}) for a in (0.98, 0.99, 0.5)),
    *(("dinterpiou", {"low": low, "high": high}) for low, high in ((0.6, 0.99), (0.25, 0.75))),
    *(("uiou", {"ratio": ratio}) for ratio in (2, 1.25, 1, 0.5)),
    *(("extended_iou", {"s": s}) for s in (0.1, 0.5)),
    ("wiou", {"version": 1}),
]
GAUSSIAN: list[Case] = [*(("nwd", {"c": c}) for c in (12.8, 48)), ("gcd", {})]
WISE: list[Case] = [
    *(("wiou", {"version": 2, "gamma": gamma}) for gamma in (0.5, 1)),
    *(("wiou", {"version": 3, "alpha": alpha, "delta": delta}) for alpha, delta in ((1.9, 3), (1.7, 2.7))),
    *((name, {"wise": True}) for name in PENALTIES),
]
_IOU = [
    {},
    {"inner": 0.75},
    {"inner": 1.25},
    {"focaler": 0.95},
    {"focaler": 0.8, "focaler_low": 0.2},
    {"inner": 0.75, "focaler": 0.95, "focaler_low": 0.1},
]
_POWER = [{"power": 3}, {"power": 2.5}, {"power": 1}]
_WEIGHT = [{"focal": 0.5}, {"focal": 1, "detach": False}, {"wise": True}]
#: Each kind of modifier by itself, on each loss that takes it.
TRANSFORMS: list[Case] = [
    *((name, iou) for name in PENALTIES for iou in _IOU if iou),
    *((name, power) for name in POWERED for power in _POWER),
    *((name, weight) for name in PENALTIES for weight in _WEIGHT[:2]),
]
#: Each combination of two or three kinds that is allowed.
COMBINATIONS: list[Case] = [
    (name, {**iou, **power, **weight})
    for name in PENALTIES
    for iou, power, weight in product(_IOU, [{}, *_POWER[:1]] if name in POWERED else [{}], [{}, *_WEIGHT])
    if bool(iou) + bool(power) + bool(weight) > 1
]


def spec(name: str, parameters: dict[str, Any]) -> str:
    """Return the spec of a case."""
    words = {True: "true", False: "false"}
    values = (f"{key}={words[value] if isinstance(value, bool) else value}" for key, value in parameters.items())
    return name + ":" * bool(parameters) + ",".join(values)


def ids(cases: list[Case]) -> list[str]:
    """Return the specs of cases."""
    return [spec(*case) for case in cases]


def is_smooth(name: str, pred: Box, target: Box, **parameters: Any) -> bool:
    """Tell whether a pair is away from the kinks of a loss, so that differences give its gradient.

    These are where an edge meets an edge of the other box, also of the boxes that are scaled or interpolated; for SIoU
    where one centre is above or beside the other; and at the ends of Focaler-IoU's range.
    """
    e, apart = Exact(pred, target), Fraction(1, 10**9)
    pairs = [e, *(scaled(e, parameters[key]) for key in ("inner", "ratio") if parameters.get(key))]
    if name == "interpiou":
        pairs.append(between(e, parameters.get("a", 0.98)))
    if name == "dinterpiou":
        pairs.append(between(e, interpolation(e, **parameters)))
    met = (abs(Fraction(p.pred[i]) - Fraction(p.target[j])) for p in pairs for i in range(4) for j in (i, (i + 2) % 4))
    if min(met) < apart or (name == "siou" and not e.dx * e.dy):
        return False
    if parameters.get("focaler") is None:
        return True
    iou, low = replaced_iou(e, parameters.get("inner"), None, 0), Fraction(parameters.get("focaler_low", 0))
    return abs(iou - Fraction(parameters["focaler"])) > apart and (not low or abs(iou - low) > apart)


# --- Values by hand.


def shifted(shift: float, side: float = 10, down: float = 0) -> tuple[Box, Box]:
    """Return a square that is shifted to the right, and down, and the square where it was."""
    return (shift, down, shift + side, down + side), (0, 0, side, side)


@dataclass(frozen=True)
class ByHand:
    """A loss of one pair; boxes in pixels of an image of 640×640 unless the context says otherwise."""

    name: str
    parameters: dict[str, Any]
    pair: tuple[Box, Box]
    expected: float
    context: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        defaults = {"image": (640, 640), "pixels": 1}
        object.__setattr__(self, "context", {**defaults, **self.context})

    def __str__(self) -> str:
        return f"{spec(self.name, self.parameters)}-{self.pair[0]}"


# pred 4×2, target 2×3: intersection 2, union 12, enclosing box 4×4 (c² = 32), centres 1.5 apart along y.
PAIR = (0, 0, 4, 2), (1, 1, 3, 4)
BACK = PAIR[1], PAIR[0]
# Equal squares of side 10, 5 apart: IoU 1/3, enclosing box 15×10 (c² = 325). At 15 apart: IoU 0, 25×10 (c² = 725).
NEAR, FAR = shifted(5), shifted(15)
# Centred on each other, twice the sides: IoU 1/4.
DOUBLE = (1, 1, 3, 3), (0, 0, 4, 4)
HIGH = (0, 0, 10, 9), (0, 0, 10, 10)  # IoU .9, centres ½ apart, c² = 200
V = 4 / pi**2 * (atan(2 / 3) - atan(4 / 2)) ** 2  # of PAIR, for CIoU


def sides_apart(ratio: float) -> tuple[Box, Box]:
    """Return a square whose sides are `ratio` times those of the unit square that it is centred on."""
    return (0.5 - ratio / 2, 0.5 - ratio / 2, 0.5 + ratio / 2, 0.5 + ratio / 2), (0, 0, 1, 1)


def piou2_at(p: float, loss: float) -> float:
    """Return u·v1 with x = 1.3 e^(−P) and u = 3x e^(−x²)."""
    x = 1.3 * exp(-p)
    return 3 * x * exp(-x * x) * loss


BY_HAND = [
    # SIoU along an axis: Λ = 0, so γ = 2; Δ/2 = (1 − e^(−2 (s/C_w)²))/2, equal sides have Ω = 0.
    ByHand("siou", {}, NEAR, 2 / 3 + (1 - exp(-2 / 9)) / 2),  # .766; .542 with the sign of γ reversed
    ByHand("siou", {}, FAR, 1 + (1 - exp(-2 * 0.6**2)) / 2),  # 1.257; .473
    ByHand("siou", {}, shifted(30), 1 + (1 - exp(-2 * 0.75**2)) / 2),  # 1.338; −.040
    ByHand("siou", {}, shifted(0.5, down=0), 1 / 10.5 + (1 - exp(-2 / 21**2)) / 2),  # Δ is .0045, not 1 − e^(−2) = .865
    # On the diagonal Λ = 1, γ = 1. At 3 by 4, Λ = 2·12/25; intersection 7·6, enclosing box 13×14.
    ByHand("siou", {}, shifted(15, down=15), 1 + 1 - exp(-0.36)),
    ByHand("siou", {}, shifted(3, down=4), 1 - 42 / 158 + 1 - (exp(-1.04 * 9 / 169) + exp(-1.04 * 16 / 196)) / 2),
    # Sides alone: both ω are 1 − 1/ratio, so Ω/2 = (1 − e^(−ω))^θ: .000057, .0018 and .024.
    ByHand("siou", {}, sides_apart(1.1), 1 - 1 / 1.21 + (1 - exp(-1 / 11)) ** 4),
    ByHand("siou", {}, sides_apart(1.3), 1 - 1 / 1.69 + (1 - exp(-3 / 13)) ** 4),
    ByHand("siou", {}, sides_apart(2), 0.75 + (1 - exp(-0.5)) ** 4),
    ByHand("siou", {"theta": 2}, sides_apart(2), 0.75 + (1 - exp(-0.5)) ** 2),
    # Along y alone, with ω_w = 1/2 and ω_h = 1/3.
    ByHand(
        "siou",
        {},
        PAIR,
        5 / 6 + (1 - exp(-2 * (1.5 / 4) ** 2) + (1 - exp(-1 / 2)) ** 4 + (1 - exp(-1 / 3)) ** 4) / 2,
    ),
    # Shape-IoU: at scale 0 ww = hh = 1. At scale 1 the target's 2×3 have ww = 4/5, hh = 6/5: ww with y and h, hh with x
    # and w. With the boxes in the other order it is 4×2, ww = 4/3, hh = 2/3.
    ByHand("shapeiou", {}, PAIR, 5 / 6 + 2.25 / 32 + ((1 - exp(-1 / 2)) ** 4 + (1 - exp(-1 / 3)) ** 4) / 2),
    ByHand(
        "shapeiou",
        {"scale": 1},
        PAIR,
        5 / 6 + 0.8 * 2.25 / 32 + ((1 - exp(-1.2 / 2)) ** 4 + (1 - exp(-0.8 / 3)) ** 4) / 2,
    ),
    ByHand(
        "shapeiou",
        {"scale": 1},
        BACK,
        5 / 6 + 4 / 3 * 2.25 / 32 + ((1 - exp(-2 / 3 / 2)) ** 4 + (1 - exp(-4 / 3 / 3)) ** 4) / 2,
    ),
    # A target of 10×40, 5 to the right of its prediction: IoU 1/3, c² = 15² + 40²; hh = 2·40/50 goes with x.
    ByHand("shapeiou", {"scale": 1}, ((0, 0, 10, 40), (5, 0, 15, 40)), 2 / 3 + 1.6 * 25 / 1825),
    # MPDIoU: 2·8² over the squared diagonal of the image; 1.6e-4 on 640×640, 2.3e-4 on 640×384.
    ByHand("mpdiou", {}, shifted(8, 32), 0.4 + 128 / 819200),
    ByHand("mpdiou", {}, shifted(0, 32, down=8), 0.4 + 128 / (640**2 + 384**2), {"image": (384, 640)}),
    # The same in strides of 8 and of 32: neither 64 nor 1024 times less.
    ByHand("mpdiou", {}, shifted(1, 4), 0.4 + 128 / 819200, {"pixels": 8}),
    ByHand("mpdiou", {}, shifted(0.25, 1), 0.4 + 128 / 819200, {"pixels": 32}),
    ByHand("mpdiou", {}, PAIR, 5 / 6 + 7 / 819200),  # corners 1² + 1² and 1² + 2² apart
    # PIoU: P = s/20 for equal squares of side 10. PAIR has P = 2/(4·2) + 3/(4·3) = ½. Of a square of 4 and its upper
    # half, P is 2/(4·2) where the half is the target, and 2/(4·4) where the square is.
    ByHand("piou", {}, NEAR, 2 / 3 + 1 - exp(-1 / 16)),
    ByHand("piou", {}, shifted(20), 2 - exp(-1)),
    ByHand("piou", {}, PAIR, 5 / 6 + 1 - exp(-1 / 4)),
    ByHand("piou", {}, ((0, 0, 4, 4), (0, 0, 4, 2)), 1 / 2 + 1 - exp(-1 / 16)),
    ByHand("piou", {}, ((0, 0, 4, 2), (0, 0, 4, 4)), 1 / 2 + 1 - exp(-1 / 64)),
    ByHand("piou", {}, ((1, 0, 2, 10), (0, 0, 1, 10)), 2 - exp(-1 / 4)),  # one pixel of a side of one: P = ½
    ByHand("piou2", {}, FAR, piou2_at(0.75, 2 - exp(-0.5625))),  # 1.81, then 1.86, 1.74, 1.52 and 1.01
    ByHand("piou2", {}, shifted(20), piou2_at(1, 2 - exp(-1))),
    ByHand("piou2", {}, shifted(25), piou2_at(1.25, 2 - exp(-1.5625))),
    ByHand("piou2", {}, shifted(30), piou2_at(1.5, 2 - exp(-2.25))),
    ByHand("piou2", {}, shifted(40), piou2_at(2, 2 - exp(-4))),
    ByHand("piou2", {"detach": False}, FAR, piou2_at(0.75, 2 - exp(-0.5625))),
    ByHand("piou2", {"lam": 1}, shifted(20), 3 * exp(-1) * exp(-exp(-2)) * (2 - exp(-1))),
    # InterpIoU: a square s away comes to (1 − a)·s, where 1 − IoU = 2 (1 − a) s/(10 + (1 − a) s).
    ByHand("interpiou", {}, NEAR, 2 / 3 + 0.2 / 10.1),
    ByHand("interpiou", {}, FAR, 1 + 0.6 / 10.3),
    ByHand("interpiou", {"a": 0.5}, FAR, 1 + 15 / 17.5),
    # Dynamic: a is 1 − IoU, 2/3 at 5; .99 without overlap; .6 where 1 − IoU is less, 2/11 at a shift of 1.
    ByHand("dinterpiou", {}, NEAR, 2 / 3 + 1 - 25 / 35),
    ByHand("dinterpiou", {}, FAR, 1 + 0.3 / 10.15),
    ByHand("dinterpiou", {}, shifted(1), 2 / 11 + 0.8 / 10.4),
    ByHand("dinterpiou", {"low": 0.1, "high": 0.5}, NEAR, 2 / 3 + 5 / 12.5),
    # UIoU: sides of 20, 5 apart: IoU 15/25, c² = 25² + 20². Sides of 5 touch: c² = 10² + 5². Centres don't move.
    ByHand("uiou", {"ratio": 2}, NEAR, 0.4 + 25 / 1025),
    ByHand("uiou", {"ratio": 0.5}, NEAR, 1 + 25 / 125),
    # PAIR with twice the sides: 8×4 about (2, 1) and 4×6 about (2, 2.5), 4×3.5 in common, enclosing box 8×6.5.
    ByHand(
        "uiou",
        {"ratio": 2},
        PAIR,
        1 - 14 / 42 + 2.25 / (8**2 + 6.5**2) + V / (1 - 14 / 42 + V) * V,
    ),
    # Extended-IoU: ½x²/s below s, x − s/2 above, x = 1 − IoU for boxes that overlap. Boxes apart along both axes, with
    # edges at 10 and 12, 3 and 5: I = 2 (10·3 − 12·5) = −60, U = 24 + 250 + 60. Mirrored along y, 27 and 25:
    # I = 2 (10·25 − 12·27) = −148, U = 24 + 250 + 148. Along x alone: I = (10 − 15)(0 + 10), or from the other side.
    ByHand("extended_iou", {}, NEAR, 2 / 3 - 0.05),
    ByHand("extended_iou", {}, ((0, 0, 10, 9.5), (0, 0, 10, 10)), 0.5 * 0.05**2 / 0.1),
    ByHand("extended_iou", {"s": 0.2}, ((0, 0, 10, 9.5), (0, 0, 10, 10)), 0.5 * 0.05**2 / 0.2),
    ByHand("extended_iou", {}, ((12, 0, 20, 3), (0, 5, 10, 30)), 1 + 60 / 334 - 0.05),
    ByHand("extended_iou", {}, ((12, 27, 20, 30), (0, 0, 10, 25)), 1 + 148 / 422 - 0.05),
    ByHand("extended_iou", {}, FAR, 1 + 50 / 250 - 0.05),
    # WIoU: R = e^(ρ²/c²). Versions 2 and 3 at a mean of 1, where β = 1 − IoU.
    ByHand("wiou", {"version": 1}, NEAR, 2 / 3 * exp(25 / 325)),
    ByHand("wiou", {"version": 1}, FAR, exp(225 / 725)),
    ByHand("wiou", {"version": 2}, NEAR, sqrt(2 / 3) * 2 / 3 * exp(25 / 325)),
    ByHand("wiou", {"version": 2, "gamma": 1}, NEAR, (2 / 3) ** 2 * exp(25 / 325)),
    ByHand("wiou", {"version": 3}, FAR, exp(225 / 725) / (3 * 1.9 ** (1 - 3))),
    ByHand("wiou", {}, NEAR, 2 / 3 * exp(25 / 325) * 2 / 3 / (3 * 1.9 ** (2 / 3 - 3))),
    ByHand("wiou", {"alpha": 1.7, "delta": 2.7}, FAR, exp(225 / 725) / (2.7 * 1.7 ** (1 - 2.7))),
    # NWD at IoU .6: squares a quarter of their side apart, d = side/4: .14, .27, .46, .71 and .92.
    *(ByHand("nwd", {}, shifted(side / 4, side), 1 - exp(-side / 4 / 12.8)) for side in (8, 16, 32, 64, 128)),
    # 4 pixels apart, in strides of 8, 16 and 32, are still .268, not .038, .019 or .010.
    *(
        ByHand("nwd", {}, shifted(4 / stride, 16 / stride), 1 - exp(-4 / 12.8), {"pixels": stride})
        for stride in (8, 16, 32)
    ),
    ByHand("nwd", {"c": 4}, shifted(4, 16), 1 - exp(-1)),
    ByHand("nwd", {}, DOUBLE, 1 - exp(-sqrt((2**2 + 2**2) / 4) / 12.8)),
    ByHand("nwd", {}, PAIR, 1 - exp(-sqrt(1.5**2 + (2**2 + 1**2) / 4) / 12.8)),
    # GCD: equal squares have D = s/side. DOUBLE: 2/4 and 2/2 along both axes, D² = ½·¼·2 (¼ + 1). PAIR: dy = 1.5,
    # 1.5²/2² + 1.5²/3², and sides 2²/4² + 2²/2² + 1²/2² + 1²/3², a quarter of that.
    ByHand("gcd", {}, shifted(4, 16), 1 - exp(-0.25)),
    ByHand("gcd", {}, shifted(32, 128), 1 - exp(-0.25)),
    ByHand("gcd", {}, FAR, 1 - exp(-1.5)),
    ByHand("gcd", {}, DOUBLE, 1 - exp(-sqrt(0.3125))),
    ByHand("gcd", {}, PAIR, 1 - exp(-sqrt((2.25 / 4 + 2.25 / 9 + (4 / 16 + 4 / 4 + 1 / 4 + 1 / 9) / 4) / 2))),
    # Inner-IoU. Squares of 20 and 10 on one centre at .75: 7.5²/15² = .25. NEAR: 2.5/12.5 = .2, and at 1.25 7.5/17.5.
    # The penalties are those of the whole boxes. Boxes up to (ratio − 1) sides apart are seen: 12 apart, .5/24.5.
    ByHand("iou", {"inner": 0.75}, ((0, 0, 20, 20), (5, 5, 15, 15)), 0.75),
    ByHand("iou", {"inner": 0.75}, ((5, 5, 15, 15), (0, 0, 20, 20)), 0.75),
    ByHand("iou", {"inner": 0.75}, NEAR, 0.8),
    ByHand("iou", {"inner": 1.25}, shifted(12), 1 - 0.5 / 24.5),
    ByHand("giou", {"inner": 0.75}, FAR, 1 + 50 / 250),
    ByHand("diou", {"inner": 0.75}, NEAR, 0.8 + 25 / 325),
    ByHand("diou", {"inner": 1.25}, NEAR, 1 - 7.5 / 17.5 + 25 / 325),
    # PAIR at .75: 3×1.5 and 1.5×2.25, 1.5×.375 in common. α has the plain IoU, 1/6.
    ByHand(
        "ciou",
        {"inner": 0.75},
        PAIR,
        1 - 0.5625 / (4.5 + 3.375 - 0.5625) + 2.25 / 32 + V / (5 / 6 + V) * V,
    ),
    ByHand("mpdiou", {"inner": 0.75}, shifted(8, 32), 1 - 16 / 32 + 128 / 819200),  # sides of 24: 16/32
    ByHand("siou", {"inner": 0.75}, NEAR, 0.8 + (1 - exp(-2 / 9)) / 2),
    # Focaler-IoU: (IoU − D)/(U − D). Nothing is left of an IoU of .9 above .8, nor of 1/6 below .2.
    ByHand("iou", {"focaler": 0.95}, NEAR, 1 - 1 / 3 / 0.95),
    ByHand("iou", {"focaler": 0.8, "focaler_low": 0.2}, NEAR, 1 - (1 / 3 - 0.2) / 0.6),
    ByHand("iou", {"focaler": 0.8, "focaler_low": 0.2}, HIGH, 0),
    ByHand("iou", {"focaler": 0.8, "focaler_low": 0.2}, PAIR, 1),
    ByHand("ciou", {"focaler": 0.95}, PAIR, 1 - 1 / 6 / 0.95 + 2.25 / 32 + V / (5 / 6 + V) * V),
    ByHand("eiou", {"focaler": 0.8, "focaler_low": 0.2}, HIGH, 0.25 / 200 + 1 / 100),
    ByHand("iou", {"inner": 0.75, "focaler": 0.8, "focaler_low": 0.1}, NEAR, 1 - 0.1 / 0.7),  # of the inner .2
    # α-IoU: each part to the power, CIoU's β = V/(1 − IoU + V) with the plain IoU.
    ByHand("iou", {"power": 3}, HIGH, 0.271),
    ByHand("giou", {"power": 3}, FAR, 1 + 0.2**3),
    ByHand("diou", {"power": 2}, NEAR, 1 - 1 / 9 + (25 / 325) ** 2),
    ByHand("ciou", {"power": 3}, PAIR, 1 - 1 / 216 + (2.25 / 32) ** 3 + (V / (5 / 6 + V) * V) ** 3),
    ByHand("diou", {"inner": 0.75, "power": 3}, NEAR, 1 - 0.2**3 + (25 / 325) ** 3),
    ByHand("iou", {"inner": 0.75, "focaler": 0.8, "focaler_low": 0.1, "power": 2}, NEAR, 1 - 1 / 49),
    # The weight IoU^γ, of the plain IoU 1/3.
    ByHand("siou", {"focal": 0.5}, NEAR, sqrt(1 / 3) * (2 / 3 + (1 - exp(-2 / 9)) / 2)),
    ByHand("iou", {"inner": 0.75, "focal": 0.5}, NEAR, sqrt(1 / 3) * 0.8),
    ByHand("diou", {"power": 2, "focal": 1}, NEAR, (1 - 1 / 9 + (25 / 325) ** 2) / 3),
    # r(β) with β = 1 − IoU = 2/3 at a mean of 1, of the plain IoU too; no e^(ρ²/c²).
    ByHand("iou", {"wise": True}, NEAR, 2 / 3 * 2 / 3 / (3 * 1.9 ** (2 / 3 - 3))),
    ByHand("diou", {"inner": 0.75, "wise": True}, NEAR, (0.8 + 25 / 325) * 2 / 3 / (3 * 1.9 ** (2 / 3 - 3))),
    ByHand("giou", {"power": 3, "wise": True}, FAR, (1 + 0.2**3) / (3 * 1.9 ** (1 - 3))),
]


def by_hand(*names: str, modified: bool = False) -> list[ByHand]:
    """Return the values by hand of some losses, those with modifiers or those without."""
    modifiers = {"inner", "focaler", "power", "focal", "wise"}
    return [case for case in BY_HAND if case.name in names and bool(case.parameters.keys() & modifiers) == modified]
