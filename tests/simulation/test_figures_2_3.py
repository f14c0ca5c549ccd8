"""FocalL1's curves, as in the paper's second and third figure."""

import math

import pytest

from yolo_feiou.simulation.figures_2_3 import CURVE_BETAS, FIGURE2, FIGURE3, focal_l1_curves
from yolo_feiou.storage.tables import read_csv


def at(beta, x):
    """The row of this β and x."""
    (row,) = (row for row in focal_l1_curves() if row["beta"] == beta and row["x"] == pytest.approx(x, abs=1e-9))
    return row


@pytest.mark.parametrize(
    ("x", "loss", "gradient"),
    [
        # α = .8 e = 2.174625462767, as the project's notes have these, from exact arithmetic
        (0.5, 0.384987736026848, -2.174625462767 * 0.5 * math.log(0.4)),
        (1.0, 0.786283189962, 0.485253648540),
        # beyond 1 a line: .786283189962 + .5 · .485253648540
        (1.5, 1.028910014232, 0.485253648540),
    ],
)
def test_a_beta_of_08_gives_the_curve_of_the_paper(x, loss, gradient):
    """The gradient before α scales it is the same over α."""
    row = at(0.8, x)
    assert row["loss"] == pytest.approx(loss, abs=1e-12)
    assert row["gradient"] == pytest.approx(gradient, abs=1e-12)
    assert row["unscaled"] == pytest.approx(gradient / 2.174625462767, abs=1e-12)


@pytest.mark.parametrize("beta", CURVE_BETAS)
def test_before_alpha_the_gradient_is_minus_x_ln_beta_x(beta):
    """Up to x = 1, and −ln β from there on."""
    rows = [row for row in focal_l1_curves() if row["beta"] == beta]
    assert [row["unscaled"] for row in rows] == pytest.approx(
        [-min(x, 1) * math.log(beta * min(x, 1)) for x in (row["x"] for row in rows)], abs=1e-12
    )
    assert [row["gradient"] for row in rows] == pytest.approx([math.e * beta * row["unscaled"] for row in rows])


def test_beta_goes_from_the_diagonal_to_a_flat_end():
    """At β = 1/e the curve is the diagonal from 1 on, with slope 1; at β = 1 it is flat."""
    assert CURVE_BETAS[0] == 1 / math.e and CURVE_BETAS[-1] == 1
    assert [at(1 / math.e, x)["gradient"] for x in (1, 1.5)] == pytest.approx([1, 1])
    assert [at(1, x)["gradient"] for x in (1, 1.5)] == [0, 0]


def test_errors_are_evenly_spaced_without_0():
    """Evenly spaced without 0, where the logarithm has none: .5, 1, 1.5, 2 for each β, in the order given."""
    rows = focal_l1_curves((0.9, 0.4), points=4, last=2)
    assert [(row["beta"], row["x"]) for row in rows] == [(beta, x) for beta in (0.9, 0.4) for x in (0.5, 1, 1.5, 2)]
    assert list(rows[0]) == ["beta", "x", "loss", "gradient", "unscaled"]
    assert {type(value) for row in rows for value in row.values()} == {float}


@pytest.mark.parametrize("subject", [FIGURE2, FIGURE3])
def test_the_command_says_where_each_gradient_peaks(subject, tmp_path):
    """At x = 1/(eβ), to the grid's hundredth, with 1: .46 for .8, .74 for .5."""
    lines = list(subject.make(tmp_path, {"beta": (0.8, 0.5)}))
    assert lines == ["β = 0.8: largest gradient 1.0000 at x = 0.46", "β = 0.5: largest gradient 1.0000 at x = 0.74"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{subject.name}.csv", f"{subject.name}.png"]
    rows = read_csv(tmp_path / f"{subject.name}.csv")
    assert len(rows) == 300 and {row["beta"] for row in rows} == {0.8, 0.5}


def test_the_command_draws_the_papers_betas_by_itself(tmp_path):
    assert [float(line.split()[2].rstrip(":")) for line in FIGURE2.make(tmp_path, {})] == pytest.approx(
        CURVE_BETAS, abs=1e-4
    )
