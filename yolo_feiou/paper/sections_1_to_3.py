"""Statements of sections 1 to 3: the losses on overlap."""

from __future__ import annotations

from yolo_feiou.paper.evidence import Evidence
from yolo_feiou.paper.statement import Result, Statement, judge_once, judge_under

SETUP1_COMMAND = "yolo simulate setup=1"
FIGURE1_COMMAND = "yolo simulate figure=1 losses=giou,diou,ciou,eiou"


def judge_slowest(evidence: Evidence, loss: str, others: tuple[str, ...]) -> Result:
    """Judge whether a loss falls more slowly than others in setup 1."""
    course = {name: evidence.course("setup1", name).last("error") for name in (loss, *others)}
    figures = ", ".join(f"{name} {error:.2f}" for name, error in course.items())
    return judge_once(all(course[loss] > course[other] for other in others), f"error after 200 steps: {figures}")


def format_sides(evidence: Evidence, loss: str) -> str:
    """Return a loss's sides at the end of figure 1."""
    end = evidence.end(loss)
    return f"{loss} w {end['w']:.2f}, h {end['h']:.2f}"


SECTION_1 = [
    Statement(
        "Eq. 1",
        "Smooth ℓ1 is 0.5x²/β below β and |x| − 0.5β above, with β = 1.",
        "",
        lambda e: judge_once(e["smooth_l1.gap"] < 1e-9, f"`smooth_l1` differs by at most {e['smooth_l1.gap']:.0e}"),
    ),
    Statement(
        "§1",
        "ℓn losses are biased to large boxes, being unnormalised.",
        "",
        lambda e: judge_under(
            {
                "differences in pixels": e["l1.scale_pixels"] > 2,
                "the encoding relative to a box that detectors use": e["l1.scale"] > 2,
            },
            f"For tenfold boxes ℓ1 grows {e['l1.scale_pixels']:.3g}-fold in pixels, {e['l1.scale']:.3g}-fold encoded",
        ),
    ),
    Statement(
        "Eq. 2",
        "Losses based on IoU are 1 − IoU plus a penalty R, which is not negative.",
        "",
        lambda e: judge_once(
            e["penalty.least"] > -1e-9, f"smallest R of 80,000: {e['penalty.least']:.1g}, which is rounding"
        ),
    ),
    Statement(
        "§1",
        "They don't depend on the boxes' scale.",
        "",
        lambda e: judge_once(e["scale.gap"] < 1e-9, f"tenfold boxes change them by at most {e['scale.gap']:.0e}"),
    ),
    Statement(
        "Fig. 1",
        "An anchor with w = 1, h = 2.4 goes to w = 1.64, h = 2.84 in 50 iterations of CIoU. The offset of the centres "
        "is not given; with one that gives these numbers (many do, so the figure is not identifiable):",
        "w 1.64, h 2.84",
        lambda e: judge_once(
            round(e.end("ciou")["w"], 2) == 1.64 and round(e.end("ciou")["h"], 2) == 2.84, format_sides(e, "ciou")
        ),
        FIGURE1_COMMAND,
    ),
    Statement(
        "Fig. 1",
        "EIoU brings both sides nearer to the target's 1 × 1 than GIoU and CIoU do. (It grows w too, and "
        "no box arrives.)",
        "",
        lambda e: judge_once(
            all(
                abs(e.end("eiou")[side] - 1) < abs(e.end(loss)[side] - 1) for side in "wh" for loss in ("giou", "ciou")
            ),
            f"{format_sides(e, 'eiou')}; {format_sides(e, 'giou')}",
        ),
        FIGURE1_COMMAND,
    ),
]

SECTION_2 = [
    Statement(
        "§2.2",
        "Balanced ℓ1 raises the gradients of good examples, and cannot suppress those of outliers.",
        "",
        lambda e: judge_once(
            e["balanced_l1.slope_far"] >= e["smooth_l1.slope_far"] > e["focal_l1.slope_far"],
            f"gradient at an error of 2: balanced ℓ1 {e['balanced_l1.slope_far']:.2f}, smooth ℓ1 "
            f"{e['smooth_l1.slope_far']:.2f}, FocalL1 {e['focal_l1.slope_far']:.2f}",
        ),
    ),
]

SECTION_3 = [
    Statement(
        "Eq. 3",
        "The IoU loss is not negative, symmetric, and keeps the triangle inequality.",
        "",
        lambda e: judge_once(
            e["iou.least"] >= 0 and e["iou.symmetry_gap"] < 1e-9 and e["iou.triangle_least"] >= 0,
            f"smallest loss {e['iou.least']:.2f}; asymmetry {e['iou.symmetry_gap']:.0e}; smallest slack of 20,000 "
            f"triangles {e['iou.triangle_least']:.3f}",
        ),
    ),
    Statement(
        "§3.1.1",
        "Without overlap the IoU loss is always zero. (A slip: it is constant, so its gradient is zero.)",
        "0",
        lambda e: judge_once(e["iou.apart"] == 0, f"loss {e['iou.apart']:g}, gradient {e['iou.apart_step']:g}"),
    ),
    Statement(
        "§3.1.1",
        "The IoU loss converges slowly.",
        "",
        lambda e: judge_slowest(e, "iou", ("giou", "ciou", "eiou")),
        SETUP1_COMMAND,
    ),
    Statement(
        "Eq. 4, §3.1.2",
        "Without overlap GIoU enlarges the box. (So does every loss with a distance over the enclosing box.)",
        "",
        lambda e: judge_once(
            e["giou.apart_grows"] > 0.5,
            "share of pairs whose area a step increases: "
            + ", ".join(f"{loss} {e[f'{loss}.apart_grows']:.0%}" for loss in ("giou", "diou", "ciou", "eiou")),
        ),
    ),
    Statement(
        "§3.1.2",
        "GIoU's penalty is zero where one box contains the other.",
        "0",
        lambda e: judge_once(e["giou.contained_penalty"] < 1e-9, f"at most {e['giou.contained_penalty']:.0e}"),
    ),
    Statement(
        "§3.1.2",
        "With overlap it is small, so that GIoU degrades to IoU.",
        "",
        lambda e: judge_under(
            {f"pairs of an IoU above {p / 100:g}": e[f"giou.penalty_{p}"] < 0.1 for p in (50, 70, 30, 0)},
            "median penalty of random pairs of an IoU above 0, .3, .5, .7: "
            + ", ".join(f"{e[f'giou.penalty_{p}']:.2f}" for p in (0, 30, 50, 70)),
        ),
    ),
    Statement(
        "§3.1.2",
        "GIoU still converges slowly. (Against EIoU; it is faster than CIoU.)",
        "",
        lambda e: judge_slowest(e, "giou", ("eiou",)),
        SETUP1_COMMAND,
    ),
    Statement(
        "Eq. 4",
        "GIoU is 1 − IoU + |C − (A ∪ B)|/|C|.",
        "",
        lambda e: judge_once(e["giou.gap"] < 1e-6, f"differs from torchvision's by {e['giou.gap']:.1g} at most"),
    ),
    Statement(
        "Eq. 5",
        "CIoU is 1 − IoU + ρ²/c² + αv. (With α detached, which the paper doesn't say.)",
        "",
        lambda e: judge_once(
            e["ciou.stock_gap"] < 1e-4, f"differs from Ultralytics' own by {e['ciou.stock_gap']:.1g} at most"
        ),
    ),
    Statement(
        "Eq. 6",
        "∂v/∂w = 8/π² (atan(w_t/h_t) − atan(w/h)) h/(w² + h²), so positive for a box that is too narrow. (A slip: the "
        "sign of both lines.)",
        "+0.1124",
        lambda e: judge_once(e["v.slope_w"] > 0, f"{e['v.slope_w']:.4f} at w = 1, h = 2.4 against a square"),
    ),
    Statement(
        "§3.1.3",
        "∂v/∂w = −(h/w) ∂v/∂h: opposite signs.",
        "−2.4",
        lambda e: judge_once(abs(e["v.slope_ratio"] + 2.4) < 1e-6, f"ratio {e['v.slope_ratio']:.4f} there"),
    ),
    Statement(
        "§3.1.3",
        "v = 0 for all boxes of the target's aspect ratio, whatever their size.",
        "0",
        lambda e: judge_once(e["v.same_ratio"] < 1e-9, f"αv at most {e['v.same_ratio']:.1g}"),
    ),
    Statement(
        "§3.1.3",
        "So if CIoU increases one side it decreases the other, even where both are too small.",
        "always",
        lambda e: judge_once(
            all(e[f"ciou.opposite_{case}"] > 0.5 for case in ("small", "large", "apart")),
            f"by the whole loss in {e['ciou.opposite_small']:.0%} of overlapping pairs with both sides too small, "
            f"{e['ciou.opposite_large']:.0%} with both too large, {e['ciou.opposite_apart']:.0%} of pairs apart and "
            f"too small (EIoU {e['eiou.opposite_small']:.0%}, {e['eiou.opposite_large']:.0%}, "
            f"{e['eiou.opposite_apart']:.0%}): v alone always does, the other terms outweigh it",
        ),
    ),
    Statement(
        "§3.1.3",
        "In figure 1 it is v that makes CIoU's box grow.",
        "",
        lambda e: judge_once(
            abs(e.end("ciou")["w"] - e.end("diou")["w"]) > 0.5 * (e.end("ciou")["w"] - 1),
            f"{format_sides(e, 'diou')} without v: it is ρ²/c² that grows it",
        ),
        FIGURE1_COMMAND,
    ),
    Statement(
        "§3.1.3",
        "CIoU converges faster than the losses before it, IoU and GIoU.",
        "",
        lambda e: judge_under(
            {
                f"setup 1 and {name}": e.course("setup1", "ciou").last("error")
                < e.course("setup1", name.lower()).last("error")
                for name in ("IoU", "GIoU")
            },
            ", ".join(f"{loss} {e.course('setup1', loss).last('error'):.2f}" for loss in ("iou", "giou", "ciou")),
        ),
        SETUP1_COMMAND,
    ),
    Statement(
        "Eq. 7",
        "EIoU is the sum of three parts; so it lies in [0, 3.25].",
        "",
        lambda e: judge_once(
            e["eiou.gap"] < 1e-9 and e["eiou.least"] >= 0 and e["eiou.largest"] <= 3.25,
            f"differs from the terms written out by {e['eiou.gap']:.1g} at most; {e['eiou.least']:.2f} to "
            f"{e['eiou.largest']:.2f} over 40,000 random pairs",
        ),
    ),
    Statement(
        "§3.2",
        "EIoU directly lessens the differences of the sides.",
        "",
        lambda e: judge_once(
            all(e["eiou.sides"] > e[f"{loss}.sides"] for loss in ("giou", "diou", "ciou")),
            "pairs both of whose sides a step improves: "
            + ", ".join(f"{loss} {e[f'{loss}.sides']:.0%}" for loss in ("giou", "diou", "ciou", "eiou"))
            + "; but it moves the centres apart in "
            + f"{e['eiou.recedes']:.0%} of them (GIoU {e['giou.recedes']:.0%}, CIoU {e['ciou.recedes']:.0%})",
        ),
    ),
]
