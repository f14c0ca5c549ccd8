"""Recognising a formula by its values."""

from __future__ import annotations

import math

import pytest
import torch

from tests.checks import faulty_losses
from yolo_feiou import build_loss
from yolo_feiou.checks.formula import FOCAL_WEIGHTS, TERMS, Formula, find_best_power, recognise
from yolo_feiou.checks.pairs import sample_matched
from yolo_feiou.losses.boxes import Pair

PAIRS = sample_matched(400)
EIOU = "1 − IoU + ρ²/c² + Δw²/C_w² + Δh²/C_h²"


def recognised(loss):
    return str(recognise(*PAIRS, loss(*PAIRS).double()))


@pytest.mark.parametrize(
    ("spec", "formula"),
    [
        ("iou", "1 − IoU"),
        ("giou", "1 − IoU + (A_C − U)/A_C"),
        ("diou", "1 − IoU + ρ²/c²"),
        ("ciou", "1 − IoU + ρ²/c² + αv"),
        ("eiou", EIOU),
        *((f"focal_eiou:gamma={gamma}", f"IoU^{gamma} · ({EIOU})") for gamma in (0.1, 0.25, 0.37, 2, 7)),
        ("focal_eiou:gamma=1", f"IoU · ({EIOU})"),
        ("focal_eiou_star", f"−(1 − IoU)^0.5 ln IoU · ({EIOU})"),
        ("focal_eiou_star:gamma=2", f"−(1 − IoU)^2 ln IoU · ({EIOU})"),
        *((name, "None") for name in ("focal_eiou_v1", "focal_l1", "l1", "smooth_l1", "balanced_l1")),
    ],
)
def test_the_formulas_of_our_own_losses_are_recognised(spec, formula):
    assert recognised(build_loss(spec)) == formula


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        (faulty_losses.focal_eiou, f"IoU^0.5 · ({EIOU})"),
        (faulty_losses.in_float32, EIOU),
        (faulty_losses.eps_added, EIOU),
        (faulty_losses.ciou_alpha_held, "1 − IoU + ρ²/c² + αv"),
        (faulty_losses.reversed_focus, f"(1 − IoU)^0.5 · ({EIOU})"),
        (faulty_losses.focal_centre_offset, "IoU · (1 − IoU + ρ²/c² + Δx²/C_w² + Δy²/C_h²)"),
        (faulty_losses.smoothed_as_eiou, "smooth-ℓ1(1 − IoU)"),
        (faulty_losses.similarity, "IoU"),
        (faulty_losses.constant, "2 − IoU"),
        (lambda *pairs: 2.5 * faulty_losses.focal_eiou(*pairs), f"2.5 · IoU^0.5 · ({EIOU})"),
        (lambda *pairs: 0.3 + 0.5 * faulty_losses.plain_iou(*pairs), "0.8 − 0.5·IoU"),
        (lambda *pairs: -faulty_losses.similarity(*pairs).log(), "−ln IoU"),
        (lambda *pairs: -faulty_losses.similarity(*pairs), "−IoU"),
        (lambda *pairs: faulty_losses.plain_iou(*pairs) ** 1.5, "(1 − IoU)^1.5"),
        (lambda *pairs: faulty_losses.plain_iou(*pairs) * 0, "None"),
        (lambda *pairs: faulty_losses.plain_iou(*pairs) * math.nan, "None"),
        (lambda *pairs: faulty_losses.eiou(*pairs) + 1e-3 * faulty_losses.plain_iou(*pairs).sin(), "None"),
    ],
)
def test_the_formulas_of_losses_of_others_are_recognised(loss, formula):
    assert recognised(loss) == formula


def test_any_formula_of_two_to_four_terms_is_recognised():
    """24 of them by chance, each with its weight: the same terms come back, and the coefficients to 1 %.

    A formula of 1, IoU and ln IoU alone is left out: IoU^γ · IoU is IoU^(γ + 1), so its weight is not to be known.
    """
    random = torch.Generator().manual_seed(0)
    for i in range(24):
        some = torch.randperm(len(TERMS), generator=random)[: 2 + i % 3].sort().values.tolist()
        if max(some) < 3:
            continue
        coefficients = (0.5 + torch.rand(len(some), generator=random)).tolist()
        terms = {list(TERMS)[j]: c for j, c in zip(some, coefficients, strict=True)}
        weight = list(FOCAL_WEIGHTS)[i % 4]
        formula = Formula(weight, 0.7 if weight else 0, terms)
        found = recognise(*PAIRS, formula(*PAIRS))
        assert (found.weight, *found.terms) == (weight, *terms)
        assert found.gamma == pytest.approx(formula.gamma, rel=1e-3)
        assert list(found.terms.values()) == pytest.approx(coefficients, rel=1e-2)


def test_terms_are_told_apart():
    """With a condition number of 2400, residuals of 1e-7 (float32) move a coefficient by 1e-3 at most."""
    pair = Pair(*PAIRS)
    columns = torch.stack([term(pair) for term in TERMS.values()], 1)
    assert torch.linalg.cond(columns / columns.norm(dim=0)) < 5000


@pytest.mark.parametrize("power", [0, 0.1, 0.5, 3.3, 8])
def test_the_best_power_is_found_in_the_whole_range(power):
    assert find_best_power(lambda gamma: abs(gamma - power)) == pytest.approx(power, abs=1e-6)
