"""Statements of section 4: FocalL1 and Focal-EIoU."""

from __future__ import annotations

import math
from itertools import pairwise

from yolo_feiou.paper.evidence import Evidence
from yolo_feiou.paper.statement import Result, Statement, judge_once, judge_under
from yolo_feiou.simulation.figures_2_3 import CURVE_BETAS

FIGURE2, FIGURE3 = "yolo simulate figure=2", "yolo simulate figure=3"


def read_focal_l1_curve(evidence: Evidence, beta: float, x: float, column: str = "gradient") -> float:
    """Return FocalL1's gradient at the error nearest to x."""
    return min(evidence.curve(beta), key=lambda row: abs(row["x"] - x))[column]


def find_largest_gradients(evidence: Evidence) -> dict[float, tuple[float, float]]:
    """Return where the gradient is largest, and how large, for each β."""
    best = {beta: max(evidence.curve(beta), key=lambda row: row["gradient"]) for beta in CURVE_BETAS}
    return {beta: (row["x"], row["gradient"]) for beta, row in best.items()}


def judge_peaks(evidence: Evidence) -> Result:
    """Judge x* = 1/(eβ)."""
    found = find_largest_gradients(evidence)
    figures = ", ".join(f"β = {beta:.2g}: {x:.2f}" for beta, (x, _) in found.items())
    return judge_once(all(abs(x - 1 / (math.e * beta)) <= 0.011 for beta, (x, _) in found.items()), figures)


def judge_fall_with_beta(evidence: Evidence, x: float, column: str) -> Result:
    """Judge whether a gradient at x falls as β rises."""
    found = [read_focal_l1_curve(evidence, beta, x, column) for beta in CURVE_BETAS]
    figures = ", ".join(f"{value:.2f}" for value in found)
    return judge_once(all(a > b for a, b in pairwise(found)), f"at x = {x:g}, β from 1/e to 1: {figures}")


def judge_outliers(evidence: Evidence) -> Result:
    """Judge whether pairs of low IoU have the larger gradients."""
    ratio = {loss: evidence[f"{loss}.bad_gradient"] for loss in ("smooth_l1", "iou", "ciou", "eiou")}
    figures = ", ".join(f"{loss} {value:.2f}" for loss, value in ratio.items())
    return judge_under(
        {loss: value > 1 for loss, value in ratio.items()},
        f"mean gradient of IoU ≤ 0.5 over that of the others: {figures}",
    )


SECTION_4 = [
    Statement(
        "§4",
        "Among anchors, high-quality examples are far fewer than low-quality ones.",
        "",
        lambda e: judge_once(
            e["setup1.good"] < 0.1, f"{e['setup1.good']:.1%} of setup 1's pairs have an IoU above 0.5"
        ),
    ),
    Statement("§4", "Outliers have excessively large gradients.", "", judge_outliers),
    Statement(
        "§4",
        "So outliers dominate the gradient.",
        "",
        lambda e: judge_once(
            e["eiou.bad_share"] > 0.5,
            f"{e['eiou.bad_share']:.0%} of the sum of EIoU's gradients in setup 1, by their number; "
            f"{e['focal_eiou.bad_share']:.0%} of Focal-EIoU's",
        ),
    ),
    Statement(
        "§4.1, 1",
        "The gradient of FocalL1 vanishes with the error.",
        "0",
        lambda e: judge_once(
            read_focal_l1_curve(e, 0.8, 0.01) < 0.15,
            f"g(0.01) = {read_focal_l1_curve(e, 0.8, 0.01):.3f}, "
            f"g(0.1) = {read_focal_l1_curve(e, 0.8, 0.1):.3f}, β = 0.8",
        ),
        FIGURE2,
    ),
    Statement(
        "§4.1, 2",
        "It rises rapidly at small errors and falls gradually at large ones.",
        "",
        lambda e: judge_under(
            {
                "up to x = 1": read_focal_l1_curve(e, 0.8, 0.1) > 0.4
                and read_focal_l1_curve(e, 0.8, 0.9) < read_focal_l1_curve(e, 0.8, 0.5),
                "beyond": read_focal_l1_curve(e, 0.8, 1.4) < read_focal_l1_curve(e, 0.8, 1.1) - 1e-9,
            },
            f"β = 0.8: {read_focal_l1_curve(e, 0.8, 0.1):.2f} at 0.1, {read_focal_l1_curve(e, 0.8, 0.5):.2f} at 0.5, "
            f"{read_focal_l1_curve(e, 0.8, 0.9):.2f} at "
            f"0.9, and constant {read_focal_l1_curve(e, 0.8, 1.4):.2f} from 1 on",
        ),
        FIGURE2,
    ),
    Statement(
        "§4.1, 3",
        "β controls how much low-quality examples are inhibited.",
        "",
        lambda e: judge_fall_with_beta(e, 1.4, "gradient"),
        FIGURE2,
    ),
    Statement(
        "§4.1, 4",
        "α = eβ scales all gradients into (0, 1]. (The text's `f(x*) = 1` should be `g(x*) = 1`.)",
        "1",
        lambda e: judge_once(
            all(abs(top - 1) < 1e-3 for _, top in find_largest_gradients(e).values()),
            "largest gradients " + ", ".join(f"{top:.4f}" for _, top in find_largest_gradients(e).values()),
        ),
        FIGURE2,
    ),
    Statement(
        "Fig. 3",
        "Without α, a larger β lowers the gradients of high-quality examples too.",
        "",
        lambda e: judge_fall_with_beta(e, 0.1, "unscaled"),
        FIGURE3,
    ),
    Statement(
        "Fig. 2b, §5.4.2",
        "With α, a larger β raises the gradients of high-quality examples.",
        "",
        lambda e: judge_once(
            all(read_focal_l1_curve(e, a, 0.1) < read_focal_l1_curve(e, b, 0.1) for a, b in pairwise(CURVE_BETAS)),
            "at x = 0.1, β from 1/e to 1: "
            + ", ".join(f"{read_focal_l1_curve(e, beta, 0.1):.2f}" for beta in CURVE_BETAS),
        ),
        FIGURE2,
    ),
    Statement("Eq. 8", "The gradient is largest at x* = 1/(eβ).", "1/(eβ)", judge_peaks, FIGURE2),
    Statement(
        "Eq. 9",
        "With C the loss is continuous at x = 1 (and its slope too).",
        "",
        lambda e: judge_once(
            abs(
                read_focal_l1_curve(e, 0.8, 0.99, "loss")
                + 0.02 * read_focal_l1_curve(e, 0.8, 1.0)
                - read_focal_l1_curve(e, 0.8, 1.01, "loss")
            )
            < 1e-3
            and abs(read_focal_l1_curve(e, 0.8, 0.99) - read_focal_l1_curve(e, 0.8, 1.01)) < 0.02,
            f"β = 0.8: loss {read_focal_l1_curve(e, 0.8, 0.99, 'loss'):.3f}, "
            f"{read_focal_l1_curve(e, 0.8, 1.0, 'loss'):.3f}, "
            f"{read_focal_l1_curve(e, 0.8, 1.01, 'loss'):.3f} at 0.99, 1, 1.01",
        ),
        FIGURE2,
    ),
    Statement(
        "Fig. 2",
        "With the largest β the loss rises first and then stays; so outliers never come back.",
        "0",
        lambda e: judge_once(
            abs(read_focal_l1_curve(e, 1, 1.4)) < 1e-9, f"gradient {read_focal_l1_curve(e, 1, 1.4):.2g} beyond 1, β = 1"
        ),
        FIGURE2,
    ),
    Statement(
        "§4.2",
        "EIoU's gradient becomes very small as EIoU goes to 0.",
        "→ 0",
        lambda e: judge_once(
            e["eiou.slope_99"] < e["eiou.slope_50"],
            f"shifted unit squares: {e['eiou.slope_10']:.2f}, {e['eiou.slope_50']:.2f}, {e['eiou.slope_90']:.2f}, "
            f"{e['eiou.slope_99']:.2f} at IoU .1, .5, .9, .99: it rises",
        ),
    ),
    Statement(
        "§4.2",
        "So FocalL1's curve of EIoU (v1) weakens the good examples. (It does: by its own slope, g(L) → 0.)",
        "",
        lambda e: judge_once(
            e["focal_eiou_v1.slope_99"] < e["focal_eiou_v1.slope_50"],
            f"v1 at IoU .1, .5, .9, .99: {e['focal_eiou_v1.slope_10']:.2f}, {e['focal_eiou_v1.slope_50']:.2f}, "
            f"{e['focal_eiou_v1.slope_90']:.2f}, {e['focal_eiou_v1.slope_99']:.2f}",
        ),
    ),
    Statement(
        "Eq. 10",
        "The weight IoU^γ turns the gradient to high-quality examples. (The weight must be detached, which the "
        "paper doesn't say.)",
        "",
        lambda e: judge_under(
            {
                "the weight detached": e["focal_eiou.bad_gradient"] < e["eiou.bad_gradient"]
                and e["detached.loses"] < 0.2,
                "the weight attached": e["attached.loses"] < 0.2,
            },
            f"mean gradient of pairs with IoU ≤ 0.5 over that of the others: EIoU {e['eiou.bad_gradient']:.2f}, "
            f"Focal-EIoU {e['focal_eiou.bad_gradient']:.2f}. But attached {e['attached.loses']:.0%} of overlapping "
            f"pairs lose IoU by a small step (detached {e['detached.loses']:.0%}), and shifted squares are pushed "
            f"apart below an IoU of {e['attached.limit_0.5']:.3f} (γ = 0.5)",
        ),
    ),
]
