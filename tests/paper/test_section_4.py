"""Statements on FocalL1's gradient, on curves of its formula, and on Focal-EIoU's weight."""

import math

import pytest

from tests.paper.factories import evidence, find_statement
from yolo_feiou.paper.section_4 import CURVE_BETAS, SECTION_4, judge_peaks, read_focal_l1_curve
from yolo_feiou.paper.statement import FAILS, HOLDS, PARTLY


def curves(shift=0.0, scale=1.0):
    """Figure 2: g(x) = −αx ln(βx) up to x = 1 with α = eβ, then constant (Eq. 8); or one that is moved or scaled."""

    def gradient(beta, x):
        x = min(max(x - shift, 1e-9), 1)
        return -scale * math.e * beta * x * math.log(beta * x)

    def loss(beta, x):
        """∫ g from 0: −α (x²/2 ln(βx) − x²/4), then linear."""
        inner = min(x, 1)
        area = -math.e * beta * (inner**2 / 2 * math.log(beta * inner) - inner**2 / 4)
        return area + (x - inner) * gradient(beta, 1)

    return [
        {"beta": beta, "x": n / 100, "gradient": g, "unscaled": g / (math.e * beta), "loss": loss(beta, n / 100)}
        for beta in CURVE_BETAS
        for n in range(1, 151)
        for g in [gradient(beta, n / 100)]
    ]


def test_a_curve_is_read_at_the_nearest_error(tmp_path):
    found = evidence(tmp_path, figure2__figure2=[{"beta": 0.8, "x": x, "gradient": 10 * x} for x in (0.1, 0.2, 0.3)])
    assert [read_focal_l1_curve(found, 0.8, x) for x in (0, 0.14, 0.16, 9)] == [1, 1, 2, 3]


@pytest.mark.parametrize(("shift", "word"), [(0, HOLDS), (0.03, FAILS)])
def test_the_gradient_is_largest_at_1_over_e_beta(tmp_path, shift, word):
    found = judge_peaks(evidence(tmp_path, figure2__figure2=curves(shift)))
    assert found.word == word
    if word == HOLDS:  # 1/(eβ) = 0.7358, 0.6131, 0.4598, 0.3679
        assert found.ours.endswith("β = 0.5: 0.74, β = 0.6: 0.61, β = 0.8: 0.46, β = 1: 0.37")


@pytest.mark.parametrize(
    ("words", "word", "scaled"),
    [
        ("vanishes with the error", HOLDS, FAILS),
        ("rises rapidly", PARTLY, PARTLY),  # beyond 1 it is constant
        ("how much low-quality", HOLDS, HOLDS),
        ("scales all gradients", HOLDS, FAILS),
        ("Without α, a larger β lowers", HOLDS, HOLDS),
        ("With α, a larger β raises", HOLDS, HOLDS),
        ("is largest at", HOLDS, HOLDS),
        ("With C the loss is continuous", HOLDS, FAILS),
        ("With the largest β", HOLDS, HOLDS),
    ],
)
def test_a_statement_on_the_formula_and_on_twice_its_gradient(tmp_path, words, word, scaled):
    """Twice the gradient is no longer in (0, 1], nor that of the loss."""
    statement = find_statement(SECTION_4, words)
    for folder, scale, expected in (("one", 1, word), ("twice", 2, scaled)):
        (tmp_path / folder).mkdir()
        assert statement.judge(evidence(tmp_path / folder, figure2__figure2=curves(scale=scale))).word == expected


@pytest.mark.parametrize(
    ("words", "facts", "word"),
    [
        ("far fewer", {"setup1.good": 0.02}, HOLDS),
        ("far fewer", {"setup1.good": 0.1}, FAILS),
        ("excessively large", dict.fromkeys(("smooth_l1", "iou", "ciou", "eiou"), 2), HOLDS),
        ("excessively large", {"smooth_l1": 2, "iou": 0.5, "ciou": 2, "eiou": 2}, PARTLY),
        ("outliers dominate", {"eiou.bad_share": 0.9, "focal_eiou.bad_share": 0.8}, HOLDS),
        ("outliers dominate", {"eiou.bad_share": 0.4, "focal_eiou.bad_share": 0.8}, FAILS),
    ],
)
def test_a_statement_on_facts(tmp_path, words, facts, word):
    facts = {name if "." in name else f"{name}.bad_gradient": value for name, value in facts.items()}
    assert find_statement(SECTION_4, words).judge(evidence(tmp_path, facts)).word == word


@pytest.mark.parametrize(("detached", "attached", "word"), [(0.1, 0.8, PARTLY), (0.1, 0.1, HOLDS), (0.8, 0.8, FAILS)])
def test_the_weight_turns_the_gradient_unless_pairs_lose_iou(tmp_path, detached, attached, word):
    facts = {"eiou.bad_gradient": 2, "focal_eiou.bad_gradient": 1, "attached.limit_0.5": 0.304}
    facts |= {"detached.loses": detached, "attached.loses": attached}
    found = find_statement(SECTION_4, "turns the gradient").judge(evidence(tmp_path, facts))
    assert found.word == word and "below an IoU of 0.304 (γ = 0.5)" in found.ours
