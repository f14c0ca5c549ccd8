r"""The formula of each loss in TeX, for its page.

tests/test_loss_formulas.py computes them on random pairs, beside the losses. So they keep to what tests/tex.py reads:
each line gives a name its value, the last one L, the loss of a pair; a sum over t is over the four regression errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from yolo_feiou.losses.table import LOSSES

IOU = r"\mathrm{IoU}"
IOU_A, IOU_R = f"{IOU}_a", f"{IOU}_r"
PLAIN = rf"1 - {IOU}"
DIOU = rf"{PLAIN} + \frac{{\rho^2}}{{c^2}}"
ASPECT = r"v = \frac{4}{\pi^2} \left(\arctan \frac{w_t}{h_t} - \arctan \frac{w}{h}\right)^2"
EIOU = rf"{DIOU} + \frac{{(w - w_t)^2}}{{C_w^2}} + \frac{{(h - h_t)^2}}{{C_h^2}}"
INNER_EIOU = rf"L_{{\mathrm{{EIoU}}}} = {EIOU}"
SHARES = tuple(rf"\omega_{s} = \frac{{\lvert {s} - {s}_t \rvert}}{{\max({s}, {s}_t)}}" for s in "wh")
EDGES = (
    *(
        rf"P_{e} = \frac{{\lvert {e}_1 - {e}_{{t1}} \rvert + \lvert {e}_2 - {e}_{{t2}} \rvert}}{{4 {side}_t}}"
        for e, side in ("xw", "yh")
    ),
    "P = P_x + P_y",
)
ERRORS = (
    *(rf"t_{c} = \frac{{{c} - {c}_t}}{{{side}_t}}" for c, side in ("xw", "yh")),
    *(rf"t_{side} = \ln \frac{{{side}}}{{{side}_t}}" for side in "wh"),
)
#: The curve of FocalL1, and what makes its parts meet.
CURVE = (
    r"\begin{cases} -\frac{\alpha %s^2 (2 \ln(\beta %s) - 1)}{4} & %s \le 1 \\ -\alpha \ln(\beta) %s + C & \text{else} "
    r"\end{cases}"
)
CURVE_CONSTANTS = (r"\alpha = e \beta", r"C = \frac{\alpha (2 \ln \beta + 1)}{4}")
OFFSET = r"d^{\top} \Sigma_t^{-1} d"
BHATTACHARYYA = (
    r"D = \frac{1}{4} d^{\top} (\Sigma_p + \Sigma_t)^{-1} d"
    r" + \frac{1}{2} \ln \frac{\lvert \Sigma_p + \Sigma_t \rvert}"
    r"{4 \sqrt{\lvert \Sigma_p \rvert \lvert \Sigma_t \rvert}}"
)
COMPRESSED = (r"f = \ln(1 + D)", r"L = 1 - \frac{1}{\tau + f}")

FORMULAS: Mapping[str, tuple[str, ...]] = {
    "iou": (f"L = {PLAIN}",),
    "giou": (rf"L = {PLAIN} + \frac{{C_w C_h - U}}{{C_w C_h}}",),
    "diou": (f"L = {DIOU}",),
    "ciou": (ASPECT, rf"\alpha = \frac{{v}}{{{PLAIN} + v}}", rf"L = {DIOU} + \alpha v"),
    "eiou": (f"L = {EIOU}",),
    "focal_eiou": (INNER_EIOU, rf"L = {IOU}^{{\gamma}} L_{{\mathrm{{EIoU}}}}"),
    "focal_eiou_star": (INNER_EIOU, rf"L = -({PLAIN})^{{\gamma}} \ln({IOU}) L_{{\mathrm{{EIoU}}}}"),
    "focal_eiou_v1": (f"x = {EIOU}", *CURVE_CONSTANTS, "L = " + CURVE % (("x",) * 4)),
    "siou": (
        r"\Lambda = \frac{2 \lvert (x - x_t) (y - y_t) \rvert}{\rho^2}",
        r"\Delta = 2 - e^{-(2 - \Lambda) \frac{(x - x_t)^2}{C_w^2}} - e^{-(2 - \Lambda) \frac{(y - y_t)^2}{C_h^2}}",
        *SHARES,
        r"\Omega = (1 - e^{-\omega_w})^{\theta} + (1 - e^{-\omega_h})^{\theta}",
        rf"L = {PLAIN} + \frac{{\Delta + \Omega}}{{2}}",
    ),
    "wiou": (
        rf"\beta = \frac{{{PLAIN}}}{{m}}",
        r"r = \frac{\beta}{\delta \alpha^{\beta - \delta}}",
        rf"L = r e^{{\frac{{\rho^2}}{{c^2}}}} ({PLAIN})",
    ),
    "mpdiou": (
        *(rf"d_{i} = \sqrt{{(x_{i} - x_{{t{i}}})^2 + (y_{i} - y_{{t{i}}})^2}}" for i in (1, 2)),
        rf"L = {PLAIN} + \frac{{d_1^2 + d_2^2}}{{W^2 + H^2}}",
    ),
    "shapeiou": (
        *(rf"k_{c} = \frac{{2 {s}_t^s}}{{w_t^s + h_t^s}}" for c, s in ("xh", "yw")),
        *SHARES,
        r"\Omega = (1 - e^{-k_x \omega_w})^4 + (1 - e^{-k_y \omega_h})^4",
        rf"L = {PLAIN} + \frac{{k_x (x - x_t)^2 + k_y (y - y_t)^2}}{{c^2}} + \frac{{\Omega}}{{2}}",
    ),
    "piou": (*EDGES, rf"L = {PLAIN} + 1 - e^{{-P^2}}"),
    "piou2": (
        *EDGES,
        r"q = e^{-P}",
        rf"L = 3 \lambda q e^{{-(\lambda q)^2}} ({PLAIN} + 1 - e^{{-P^2}})",
    ),
    "interpiou": (rf"L = {PLAIN} + 1 - {IOU_A}",),
    "dinterpiou": (
        rf"a = \min(\max({PLAIN}, \mathrm{{low}}), \mathrm{{high}})",
        rf"L = {PLAIN} + 1 - {IOU_A}",
    ),
    "uiou": (
        ASPECT,
        rf"\alpha = \frac{{v}}{{1 - {IOU_R} + v}}",
        rf"L = 1 - {IOU_R} + \frac{{\rho^2}}{{c_r^2}} + \alpha v",
    ),
    "nwd": (r"d = \sqrt{\rho^2 + \frac{(w - w_t)^2 + (h - h_t)^2}{4}}", r"L = 1 - e^{-\frac{d}{c}}"),
    "gcd": (
        *(
            rf"D_{c} = \left(\frac{{1}}{{{s}^2}} + \frac{{1}}{{{s}_t^2}}\right)"
            rf" \left(({c} - {c}_t)^2 + \frac{{({s} - {s}_t)^2}}{{4}}\right)"
            for c, s in ("xw", "yh")
        ),
        r"L = 1 - e^{-\sqrt{\frac{D_x + D_y}{2}}}",
    ),
    "extended_iou": (
        *(rf"i_{e} = \min({e}_2, {e}_{{t2}}) - \max({e}_1, {e}_{{t1}})" for e in "xy"),
        *(rf"g_{e} = \min(i_{e}, 0)" for e in "xy"),
        *(rf"b_{e} = \lvert {e}_1 - {e}_{{t1}} \rvert" for e in "xy"),
        r"I = i_x i_y + g_x g_y + 2 (b_x g_y + b_y g_x)",
        r"z = 1 - \frac{I}{w h + w_t h_t - I}",
        r"L = \begin{cases} \frac{z^2}{2 s} & z < s \\ z - \frac{s}{2} & \text{else} \end{cases}",
    ),
    "focal_l1": (*ERRORS, *CURVE_CONSTANTS, r"L = \sum_{t} " + CURVE % ((r"\lvert t \rvert",) * 4)),
    "l1": (*ERRORS, r"L = \sum_{t} \lvert t \rvert"),
    "smooth_l1": (
        *ERRORS,
        r"L = \sum_{t} \begin{cases} \frac{t^2}{2 \beta} & \lvert t \rvert < \beta \\ \lvert t \rvert - \frac{\beta}{2}"
        r" & \text{else} \end{cases}",
    ),
    "balanced_l1": (
        *ERRORS,
        r"b = e^{\frac{\gamma}{\alpha}} - 1",
        r"C = \beta \left(\frac{\gamma}{b} - \alpha\right)",
        r"L = \sum_{t} \begin{cases} \frac{\alpha}{b} (b \lvert t \rvert + \beta)"
        r" \ln(b \frac{\lvert t \rvert}{\beta} + 1)"
        r" - \alpha \lvert t \rvert & \lvert t \rvert < \beta \\ \gamma \lvert t \rvert + C & \text{else} \end{cases}",
    ),
    "probiou": (BHATTACHARYYA, r"L = \sqrt{1 - e^{-D} + 10^{-7}}"),
    "kld": (
        rf"D = \frac{{1}}{{2}} \left({OFFSET} + \operatorname{{tr}}(\Sigma_t^{{-1}} \Sigma_p) - 2"
        r" - \ln \frac{\lvert \Sigma_p \rvert}{\lvert \Sigma_t \rvert}\right)",
        *COMPRESSED,
    ),
    "gwd": (
        r"D = d^{\top} d + \operatorname{tr}(\Sigma_p + \Sigma_t"
        r" - 2 (\Sigma_p^{\frac{1}{2}} \Sigma_t \Sigma_p^{\frac{1}{2}})^{\frac{1}{2}})",
        *COMPRESSED,
    ),
    "bd": (BHATTACHARYYA, *COMPRESSED),
    "kfiou": (
        r"\Sigma = \Sigma_p (\Sigma_p + \Sigma_t)^{-1} \Sigma_t",
        r"K = \frac{\sqrt{\lvert \Sigma \rvert}}"
        r"{\sqrt{\lvert \Sigma_p \rvert} + \sqrt{\lvert \Sigma_t \rvert} - \sqrt{\lvert \Sigma \rvert}}",
        rf"L = e^{{1 - K}} - 1 + \ln(1 + {OFFSET})",
    ),
}
#: What stands in formulas beside the parameters of a loss.
MEANINGS: Mapping[tuple[str, ...], str] = {
    ("x", "y"): "centre of the prediction",
    ("w", "h"): "sides of the prediction",
    ("x_t", "y_t"): "centre of the target",
    ("w_t", "h_t"): "sides of the target",
    ("x_1", "y_1", "x_2", "y_2"): "left, top, right and bottom edge of the prediction",
    ("x_{t1}", "y_{t1}", "x_{t2}", "y_{t2}"): "those of the target",
    (IOU,): "intersection over union of both",
    (IOU_A,): "that of the target and of the prediction that has gone the share a of the way to it",
    (IOU_R, "c_r"): "IoU, and diagonal of the enclosing box, of both boxes with their sides multiplied by r",
    ("U",): "area of the union",
    (r"\rho",): "distance of the centres",
    ("c",): "diagonal of the smallest box around both",
    ("C_w", "C_h"): "sides of the smallest box around both",
    ("W", "H"): "sides of the image",
    ("m",): "running mean of 1 − IoU",
    ("d",): "offset of the centres",
    (r"\Sigma_p", r"\Sigma_t"): "covariances of the prediction and of the target",
}
#: By loss, the parameters that are written otherwise than by their own letter.
PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "shapeiou": {"s": "scale"},
    "piou2": {r"\lambda": "lam"},
    "uiou": {"r": "ratio"},
}
#: What is no name, and a name with its subscript.
COMMAND = re.compile(
    r"\\(?:begin|end|text|operatorname)\{\w+\}|\\sum_\{t\}"
    r"|\\(?:frac|sqrt|left|right|ln|arctan|lvert|rvert|max|min|le|top)(?![a-zA-Z])"
)
NAME = re.compile(r"(?:\\mathrm\{\w+\}|\\[a-zA-Z]+|[a-zA-Z])(?:_(?:\{(?:[^{}]|\{[^{}]*\})*\}|\w))?")


def find_names(line: str) -> list[str]:
    """Return the names of a line, in its order."""
    return NAME.findall(COMMAND.sub(" ", line))


def explain_names(name: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the names in the formula of a loss that no line of it defines, with what they are.

    Of its parameters these are those that have another name there.
    """
    lines, letters = FORMULAS[name], PARAMETERS.get(name, {})
    known = {find_names(line)[0] for line in lines} | {one.name for one in LOSSES[name].parameters}
    unknown = {one for line in lines for one in find_names(line)} - known
    for names, meaning in MEANINGS.items():
        if found := tuple(one for one in names if one in unknown):
            yield found, meaning
    yield from (((letter,), f"the parameter `{parameter}`") for letter, parameter in letters.items())
