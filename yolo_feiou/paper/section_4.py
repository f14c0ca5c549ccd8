"""Statements of section 4: FocalL1 and Focal-EIoU."""

from __future__ import annotations

import math
from itertools import pairwise

from yolo_feiou.paper.evidence import Evidence
from yolo_feiou.paper.statement import Statement, Verdict, simply, under

FIGURE2, FIGURE3 = "yolo simulate figure=2", "yolo simulate figure=3"
BETAS = (1 / math.e, 0.5, 0.6, 0.8, 1.0)


def slope(evidence: Evidence, beta: float, x: float, column: str = "gradient") -> float:
    """Return FocalL1's gradient at the error nearest to x."""
    return min(evidence.curve(beta), key=lambda row: abs(row["x"] - x))[column]


def tops(evidence: Evidence) -> dict[float, tuple[float, float]]:
    """Return where the gradient is largest, and how large, for each β."""
    best = {beta: max(evidence.curve(beta), key=lambda row: row["gradient"]) for beta in BETAS}
    return {beta: (row["x"], row["gradient"]) for beta, row in best.items()}


def peaks(evidence: Evidence) -> Verdict:
    """Judge x* = 1/(eβ)."""
    found = tops(evidence)
    figures = ", ".join(f"β = {beta:.2g}: {x:.2f}" for beta, (x, _) in found.items())
    return simply(all(abs(x - 1 / (math.e * beta)) <= 0.011 for beta, (x, _) in found.items()), figures)


def falls_with_beta(evidence: Evidence, x: float, column: str) -> Verdict:
    """Judge whether a gradient at x falls as β rises."""
    found = [slope(evidence, beta, x, column) for beta in BETAS]
    figures = ", ".join(f"{value:.2f}" for value in found)
    return simply(all(a > b for a, b in pairwise(found)), f"at x = {x:g}, β from 1/e to 1: {figures}")


def outliers(evidence: Evidence) -> Verdict:
    """Judge whether pairs of low IoU have the larger gradients."""
    ratio = {loss: evidence[f"{loss}.bad_gradient"] for loss in ("smooth_l1", "iou", "ciou", "eiou")}
    figures = ", ".join(f"{loss} {value:.2f}" for loss, value in ratio.items())
    return under(
        {loss: value > 1 for loss, value in ratio.items()},
        f"mean gradient of IoU ≤ 0.5 over that of the others: {figures}",
    )


SECTION_4 = [
    Statement(
        "§4",
        "Among anchors, high-quality examples are far fewer than low-quality ones.",
        "",
        lambda e: simply(e["setup1.good"] < 0.1, f"{e['setup1.good']:.1%} of setup 1's pairs have an IoU above 0.5"),
    ),
    Statement("§4", "Outliers have excessively large gradients.", "", outliers),
    Statement(
        "§4",
        "So outliers dominate the gradient.",
        "",
        lambda e: simply(
            e["eiou.bad_share"] > 0.5,
            f"{e['eiou.bad_share']:.0%} of the sum of EIoU's gradients in setup 1, by their number; "
            f"{e['focal_eiou.bad_share']:.0%} of Focal-EIoU's",
        ),
    ),
    Statement(
        "§4.1, 1",
        "The gradient of FocalL1 vanishes with the error.",
        "0",
        lambda e: simply(
            slope(e, 0.8, 0.01) < 0.15,
            f"g(0.01) = {slope(e, 0.8, 0.01):.3f}, g(0.1) = {slope(e, 0.8, 0.1):.3f}, β = 0.8",
        ),
        FIGURE2,
    ),
    Statement(
        "§4.1, 2",
        "It rises rapidly at small errors and falls gradually at large ones.",
        "",
        lambda e: under(
            {
                "up to x = 1": slope(e, 0.8, 0.1) > 0.4 and slope(e, 0.8, 0.9) < slope(e, 0.8, 0.5),
                "beyond": slope(e, 0.8, 1.4) < slope(e, 0.8, 1.1) - 1e-9,
            },
            f"β = 0.8: {slope(e, 0.8, 0.1):.2f} at 0.1, {slope(e, 0.8, 0.5):.2f} at 0.5, {slope(e, 0.8, 0.9):.2f} at "
            f"0.9, and constant {slope(e, 0.8, 1.4):.2f} from 1 on",
        ),
        FIGURE2,
    ),
    Statement(
        "§4.1, 3",
        "β controls how much low-quality examples are inhibited.",
        "",
        lambda e: falls_with_beta(e, 1.4, "gradient"),
        FIGURE2,
    ),
    Statement(
        "§4.1, 4",
        "α = eβ scales all gradients into (0, 1]. (The text's “f(x*) = 1” should be g(x*) = 1.)",
        "1",
        lambda e: simply(
            all(abs(top - 1) < 1e-3 for _, top in tops(e).values()),
            "largest gradients " + ", ".join(f"{top:.4f}" for _, top in tops(e).values()),
        ),
        FIGURE2,
    ),
    Statement(
        "Fig. 3",
        "Without α, a larger β lowers the gradients of high-quality examples too.",
        "",
        lambda e: falls_with_beta(e, 0.1, "unscaled"),
        FIGURE3,
    ),
    Statement(
        "Fig. 2b, §5.4.2",
        "With α, a larger β raises the gradients of high-quality examples.",
        "",
        lambda e: simply(
            all(slope(e, a, 0.1) < slope(e, b, 0.1) for a, b in pairwise(BETAS)),
            "at x = 0.1, β from 1/e to 1: " + ", ".join(f"{slope(e, beta, 0.1):.2f}" for beta in BETAS),
        ),
        FIGURE2,
    ),
    Statement("Eq. 8", "The gradient is largest at x* = 1/(eβ).", "1/(eβ)", peaks, FIGURE2),
    Statement(
        "Eq. 9",
        "With C the loss is continuous at x = 1 (and its slope too).",
        "",
        lambda e: simply(
            abs(slope(e, 0.8, 0.99, "loss") + 0.02 * slope(e, 0.8, 1.0) - slope(e, 0.8, 1.01, "loss")) < 1e-3
            and abs(slope(e, 0.8, 0.99) - slope(e, 0.8, 1.01)) < 0.02,
            f"β = 0.8: loss {slope(e, 0.8, 0.99, 'loss'):.3f}, {slope(e, 0.8, 1.0, 'loss'):.3f}, "
            f"{slope(e, 0.8, 1.01, 'loss'):.3f} at 0.99, 1, 1.01",
        ),
        FIGURE2,
    ),
    Statement(
        "Fig. 2",
        "With the largest β the loss rises first and then stays; so outliers never come back.",
        "0",
        lambda e: simply(abs(slope(e, 1, 1.4)) < 1e-9, f"gradient {slope(e, 1, 1.4):.2g} beyond 1, β = 1"),
        FIGURE2,
    ),
    Statement(
        "§4.2",
        "EIoU's gradient becomes very small as EIoU goes to 0.",
        "→ 0",
        lambda e: simply(
            e["eiou.slope_99"] < e["eiou.slope_50"],
            f"shifted unit squares: {e['eiou.slope_10']:.2f}, {e['eiou.slope_50']:.2f}, {e['eiou.slope_90']:.2f}, "
            f"{e['eiou.slope_99']:.2f} at IoU .1, .5, .9, .99: it rises",
        ),
    ),
    Statement(
        "§4.2",
        "So FocalL1's curve of EIoU (v1) weakens the good examples. (It does: by its own slope, g(L) → 0.)",
        "",
        lambda e: simply(
            e["focal_eiou_v1.slope_99"] < e["focal_eiou_v1.slope_50"],
            f"v1 at IoU .1, .5, .9, .99: {e['focal_eiou_v1.slope_10']:.2f}, {e['focal_eiou_v1.slope_50']:.2f}, "
            f"{e['focal_eiou_v1.slope_90']:.2f}, {e['focal_eiou_v1.slope_99']:.2f}",
        ),
    ),
    Statement(
        "Eq. 10",
        "The weight IoU^γ turns the gradient to high-quality examples. (The weight must be outside the graph, which "
        "the paper doesn't say.)",
        "",
        lambda e: under(
            {
                "the weight outside the graph": e["focal_eiou.bad_gradient"] < e["eiou.bad_gradient"]
                and e["detached.loses"] < 0.2,
                "the weight inside it": e["attached.loses"] < 0.2,
            },
            f"mean gradient of pairs with IoU ≤ 0.5 over that of the others: EIoU {e['eiou.bad_gradient']:.2f}, "
            f"Focal-EIoU {e['focal_eiou.bad_gradient']:.2f}. But inside the graph {e['attached.loses']:.0%} of "
            f"overlapping pairs lose IoU by a small step (outside {e['detached.loses']:.0%}), and shifted squares are "
            f"pushed apart below an IoU of {e['attached.limit_0.5']:.3f} (γ = 0.5)",
        ),
    ),
]
