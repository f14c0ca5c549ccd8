"""Checks of the formula: valid losses that are not the intended one."""

from __future__ import annotations

import torch
from torch import Tensor

from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.finding import Finding, format_numbers, pair_at
from yolo_feiou.checks.formula import FORMULA_TOLERANCE, Formula, smooth_l1_curve
from yolo_feiou.checks.known import find_mistake
from yolo_feiou.checks.pairs import sample_all
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import build_loss

#: The side terms that the centre's offset replaces by mistake.
SIDE_TERMS = {"Δx²/C_w²": "Δw²/C_w²", "Δy²/C_h²": "Δh²/C_h²"}
LOW_IOU_PAIR = ((2.0, 1.0, 6.0, 5.0), (0.0, 0.0, 4.0, 3.0))  # IoU 1/6
CONCENTRIC_PAIR = ((1.0, 1.0, 3.0, 3.0), (0.0, 0.0, 4.0, 4.0))


def check_focus_direction(subject: CheckedLoss) -> Finding | None:
    """Find the weight (1 − IoU)^γ: low-IoU boxes count more, where Focal-EIoU has IoU^γ.

    A loss of the IoU alone is exempt, since (1 − IoU)^γ · (1 − IoU) is as well a power of the IoU loss; and
    −(1 − IoU)^γ ln IoU is the paper's own Focal-EIoU*.
    """
    formula = subject.formula
    if formula is None or formula.weight != "(1 − IoU)^γ" or formula.terms.keys() <= {"1", "IoU", "ln IoU"}:
        return None
    right = Formula("IoU^γ", formula.gamma, formula.terms)
    return Finding(
        f"the focus is reversed, low-IoU boxes count more: {formula}",
        format_numbers(subject.value_at(*LOW_IOU_PAIR)),
        f"{format_numbers(evaluate_formula(right, LOW_IOU_PAIR))}, by {right} (arXiv:2101.08158, Eq. 10)",
        "the weight is iou.detach() ** gamma",
        LOW_IOU_PAIR,
    )


def check_centre_offset(subject: CheckedLoss) -> Finding | None:
    """Find EIoU with the centre's offset along each axis in place of the differences of width and height."""
    formula = subject.formula
    if formula is None or not any(
        offset in formula.terms and side not in formula.terms for offset, side in SIDE_TERMS.items()
    ):
        return None
    terms = {SIDE_TERMS.get(name, name): coefficient for name, coefficient in formula.terms.items()}
    right = Formula(formula.weight, formula.gamma, terms)
    return Finding(
        f"the offset of the centres is in place of the differences of the sides: {formula}",
        f"{format_numbers(subject.value_at(*CONCENTRIC_PAIR))}, as if the sides were equal",
        f"{format_numbers(evaluate_formula(right, CONCENTRIC_PAIR))}, by {right} (arXiv:2101.08158, Eq. 7)",
        "(w − w_t)²/C_w² + (h − h_t)²/C_h² with the widths and heights, next to ρ²/c² of the centres",
        CONCENTRIC_PAIR,
    )


def check_known_mistake(subject: CheckedLoss) -> Finding | None:
    """Find a loss as it is passed on with a mistake, see `known.MISTAKES`."""
    pairs = sample_all()
    values = subject.values(*pairs)
    if (mistake := find_mistake(pairs, values)) is None:
        return None
    right = build_loss(mistake.spec).eval()(*pairs).detach()
    i = int((values - right).abs().argmax())
    return Finding(
        mistake.says,
        format_numbers(values[i]),
        f"{format_numbers(right[i])}, as with loss={mistake.spec}",
        mistake.remedy,
        pair_at(pairs, i),
    )


def evaluate_formula(formula: Formula, pair: tuple[tuple[float, ...], tuple[float, ...]]) -> float:
    """Return the value of a formula for one pair, given as numbers."""
    return formula(*torch.tensor(pair, dtype=torch.float64)[:, None]).item()


def check_extended_iou(subject: CheckedLoss) -> Finding | None:
    """Find Extended-IoU under the name EIoU, which is Efficient IoU. A function with 'extended' in its name passes."""
    if "extended" in subject.name.lower():
        return None
    pairs = sample_all()
    values, loss = subject.values(*pairs), 1 - extended_iou(Pair(*pairs))
    for candidate in (loss, smooth_l1_curve(loss)):
        if (values - candidate).norm() < FORMULA_TOLERANCE * candidate.norm():
            return Finding(
                "this is Extended-IoU, in which the intersection of disjoint boxes is negative: expected Efficient IoU",
                format_numbers(subject.value_at(*CONCENTRIC_PAIR)),
                "1.25, by 1 − IoU + ρ²/c² + Δw²/C_w² + Δh²/C_h² (arXiv:2101.08158, Eq. 7)",
                "use Eq. 7 if EIoU is meant, and name it extended if not",
                CONCENTRIC_PAIR,
            )
    return None


def extended_iou(pair: Pair) -> Tensor:
    """IoU with an intersection that is negative for boxes apart; Peng & Yu, Systematic IoU-Related Method (2021).

    Along each axis let m₁ ≤ m₂ be the two inner edges of the four, counted from the outer left one. The intersection is
    (m₂ − m₁)_x (m₂ − m₁)_y where the boxes overlap along both axes, −(m₂ − m₁)_x (m₁ + m₂)_y where they are apart
    along x alone, likewise along y, and the sum of these two where they are apart along both.
    """
    edges = torch.stack((pair.pred[:, :2], pair.pred[:, 2:], pair.target[:, :2], pair.target[:, 2:]))
    first, low, high, _ = edges.sort(0).values
    gap_x, gap_y = (high - low).unbind(1)
    sum_x, sum_y = (high + low - 2 * first).unbind(1)
    apart_x, apart_y = (edges[[0, 2]].amax(0) > edges[[1, 3]].amin(0)).unbind(1)
    beyond = apart_x * gap_x * sum_y + apart_y * gap_y * sum_x
    overlap = torch.where(apart_x | apart_y, -beyond, gap_x * gap_y)
    return overlap / (pair.w * pair.h + pair.w_target * pair.h_target - overlap)
