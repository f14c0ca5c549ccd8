"""The table of losses, as data: a row for each loss, each weight that a loss may have, and each modifier of losses.

A new loss is a function in this folder and a row here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from yolo_feiou.losses import focal, gaussian, iou, l1, points, rotated, wise
from yolo_feiou.parameters import AutoFloat, Choice, Flag, Float, LossParameter, Schedule, Value

#: What kind of boxes a loss is of: axis-aligned ones, xyxy, or rotated ones, xywhr.
Family = Literal["aligned", "rotated"]


@dataclass(frozen=True)
class LossInfo:
    """A row of the table.

    Attributes:
        name: Its name in a spec.
        kind: 'loss' for the loss of a pair, 'weight' for a factor of one.
        function: From a `Pair`, and the parameters by name, to one value a pair; of a loss of form 'penalty' to its
            penalties, see `losses.iou`; of one of form 'rotated' from a `RotatedPair`.
        meaning: Its formula, or what it does, in one line.
        paper: Its source.
        equation: Where in that source it is defined.
        parameters: Its hyper-parameters, with the source's defaults; those of its weight, and `norm`, among them.
        form: Of a loss, 'penalty' for 1 − IoU + penalty, 'overlap' for another function of the overlap, 'errors' for
            one of the four regression errors, 'rotated' for one of rotated boxes, 'user' for one of a user's.
        weight: Of a loss, the name of the weight on it; None for none.
        modifiers: Of a loss, the names of the modifiers that it takes.
        refusal: Of a loss, why it doesn't take the others.
        meanings: What each parameter does, by name; and a modifier that does another thing to it than to other losses.
        only_with: By the name of a parameter, the other one and its values with which alone it counts.
        rising: The names of parameters each of which must be below the next.
        gaps: By the name of a parameter, two numbers between which it must not be.
        neutral: Of a weight, the parameter and the value at which it is 1 throughout.
        needs_units: Whether the function looks at the image's size or at pixels.
    """

    name: str
    kind: Literal["loss", "weight"]
    function: Callable[..., Any]
    meaning: str
    paper: str
    equation: str
    parameters: tuple[LossParameter, ...] = ()
    form: Literal["penalty", "overlap", "errors", "rotated", "user"] = "errors"
    weight: str | None = None
    modifiers: tuple[str, ...] = ()
    refusal: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict)
    only_with: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    rising: tuple[str, ...] = ()
    gaps: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    neutral: tuple[str, Value] | None = None
    needs_units: bool = False

    @property
    def family(self) -> Family:
        """What kind of boxes it is of; a user's gets those of the model, whatever stands here."""
        return "rotated" if self.form == "rotated" else "aligned"


FEIOU = "Zhang et al., Focal and Efficient IOU Loss for Accurate Bounding Box Regression, 2021, arXiv:2101.08158"
POWERFUL_IOU = "Liu et al., Powerful-IoU, 2024, doi:10.1016/j.neunet.2023.11.041"
GAMMA = Float("gamma", 0.5, 0, 10)
WISE = (
    Choice("version", "3", ("1", "2", "3")),
    Float("alpha", 1.9, 1.01, 10),
    Float("delta", 3, 0.1, 100),
    Float("gamma", 0.5, 0, 10),
    AutoFloat("momentum", "auto", 0, 1),
)
BETA = Float("beta", 0.8, 1 / math.e, 1)
PROBIOU = "Llerena et al., Probabilistic Intersection-over-Union, 2021, arXiv:2106.06072"
FLOOR = Float("floor", 0.01, 0, 100)
FUNCTION = Choice("function", "log", ("log", "sqrt", "none"))
TAU = Float("tau", 1, 0, 100)
NORM = Choice("norm", "paper", ("paper", "tal", "mean"))
DETACH = Flag("detach", True)

#: The parameters that losses share: what they do to a loss follows its own computation, in this order.
MODIFIERS: Mapping[str, LossParameter] = {
    parameter.name: parameter
    for parameter in (
        Float("inner", 0.75, 0.5, 1.5),
        Float("focaler", 0.95, 0.01, 1),
        Float("focaler_low", 0, 0, 0.99),
        Float("power", 3, 0.1, 5),
        Float("focal", 0.5, 0, 10),
        NORM,
        DETACH,
        Flag("wise", False),
        Float("weight", 1, 0, math.inf),
    )
}
#: Those without which a loss is as if they weren't there, whatever default they have here.
ABSENT = ("inner", "focaler", "power", "focal")
NORM_MEANING = (
    "what the sum over a batch is divided by: paper, the weights; tal, the target scores of YOLO's task-aligned "
    "assigner; mean, the number of pairs"
)
#: What each modifier does.
MODIFIER_MEANINGS = {
    "inner": "the IoU is that of both boxes, their sides multiplied by this (Inner-IoU)",
    "focaler": "the IoU is (IoU − focaler_low)/(focaler − focaler_low), clamped to [0, 1] (Focaler-IoU)",
    "focaler_low": "see focaler",
    "power": "the exponent of every term (α-IoU)",
    "focal": "times IoU^focal, the weight of Focal-EIoU",
    "norm": f"with focal, {NORM_MEANING}",
    "detach": "whether the weight is detached, with focal",
    "wise": "times the weight of WIoU v3",
    "weight": "factor in a sum",
}
#: The modifiers that count beside another one alone.
DEPENDENT_MODIFIERS = {"focaler_low": "focaler", "norm": "focal", "detach": "focal"}
WEIGHING = ("focal", "norm", "detach", "wise", "weight")
REPLACING = ("inner", "focaler", "focaler_low", *WEIGHING)
POWER = ("power", *REPLACING)
#: Those of rotated losses, and what else is the same in all of them.
ROTATED = ("focal", "norm", "detach", "weight")
ROTATED_REFUSAL = "it compares two Gaussians, which have no IoU that could be replaced, raised to a power or averaged"
ROTATED_MEANINGS = {
    "floor": "added to each variance, in squared units of the boxes, in training strides²",
    "focal": "times ProbIoU^focal, the weight of Focal-EIoU with ProbIoU for the IoU",
}
DISTANCE_MEANINGS = {
    "function": "f: log is ln(1 + D), sqrt √D, none D itself",
    "tau": "the larger, the flatter; 0 is f(D) itself, which has no bound",
    **ROTATED_MEANINGS,
}

TABLE = (
    LossInfo(
        "iou",
        "loss",
        iou.iou,
        "1 − IoU",
        "Yu et al., UnitBox, 2016, arXiv:1608.01471",
        "in the form of arXiv:2101.08158, Eq. 3",
        form="penalty",
        modifiers=POWER,
    ),
    LossInfo(
        "giou",
        "loss",
        iou.giou,
        "IoU loss + share of the enclosing box that neither fills",
        "Rezatofighi et al., Generalized Intersection over Union, 2019, arXiv:1902.09630",
        "Alg. 1",
        form="penalty",
        modifiers=POWER,
    ),
    LossInfo(
        "diou",
        "loss",
        iou.diou,
        "IoU loss + ρ²/c²: the distance of the centres",
        "Zheng et al., Distance-IoU Loss, 2020, arXiv:1911.08287",
        "Eq. 7",
        form="penalty",
        modifiers=POWER,
    ),
    LossInfo(
        "ciou",
        "loss",
        iou.ciou,
        "DIoU + αv: the aspect ratio; YOLO's own, with guards against NaN",
        "Zheng et al., Distance-IoU Loss, 2020, arXiv:1911.08287",
        "Eq. 8-11",
        form="penalty",
        modifiers=POWER,
    ),
    LossInfo(
        "eiou",
        "loss",
        iou.eiou,
        "DIoU + (w − w_t)²/C_w² + (h − h_t)²/C_h²: width and height, each by itself",
        FEIOU,
        "Eq. 7",
        form="penalty",
        modifiers=REPLACING,
    ),
    LossInfo(
        "focal_eiou",
        "loss",
        iou.eiou,
        "IoU^gamma · EIoU: good boxes count more",
        FEIOU,
        "Eq. 10, 11",
        (GAMMA, NORM, DETACH),
        form="penalty",
        weight="iou_power",
        modifiers=("inner", "focaler", "focaler_low", "weight"),
        refusal="it is eiou:focal= already, with gamma= for focal=",
        meanings={
            "gamma": "exponent of the weight IoU^gamma; 0 is EIoU",
            "norm": NORM_MEANING,
            "detach": "whether the weight is detached",
        },
    ),
    LossInfo(
        "focal_eiou_star",
        "loss",
        iou.eiou,
        "−(1 − IoU)^gamma ln(IoU) · EIoU: bad boxes count more",
        FEIOU,
        "Sec. 5.4.3",
        (GAMMA, NORM),
        form="penalty",
        weight="focal_log",
        modifiers=("weight",),
        refusal="it has a weight of its own",
        meanings={"gamma": "exponent of 1 − IoU in the weight", "norm": NORM_MEANING},
    ),
    LossInfo(
        "focal_eiou_v1",
        "loss",
        focal.focal_eiou_v1,
        "the curve of FocalL1 of EIoU",
        FEIOU,
        "Eq. 9 on 7",
        (BETA,),
        form="overlap",
        modifiers=("weight",),
        refusal="it is focal by its curve",
        meanings={"beta": "the larger, the less a large loss counts"},
    ),
    LossInfo(
        "siou",
        "loss",
        iou.siou,
        "IoU loss + (distance, by the angle between the centres, + shape)/2",
        "Gevorgyan, SIoU Loss, 2022, arXiv:2205.12740",
        "Eq. 1-9",
        (Float("theta", 4, 2, 6),),
        form="penalty",
        modifiers=REPLACING,
        meanings={"theta": "the larger, the less small errors of the shape count"},
    ),
    LossInfo(
        "wiou",
        "loss",
        points.wiou,
        "e^(ρ²/c²) · IoU loss, times a weight by the running mean of the IoU loss",
        "Tong et al., Wise-IoU, 2023, arXiv:2301.10051",
        "Eq. 5-11",
        WISE,
        form="overlap",
        weight="wise",
        modifiers=("weight",),
        refusal="it has the weight of wise= already, whose level Eq. 11 of Focal-EIoU, as in focal=, would cancel",
        meanings={
            "version": "1: no weight; 2: high-IoU pairs count less; 3: outliers count less too",
            "alpha": "the larger, the less outliers count",
            "delta": "outlier degree, IoU loss over its mean, at which a pair counts 1",
            "gamma": "exponent of the outlier degree",
            "momentum": "of the running mean; auto: 5 % of its start are left after a third of the epochs",
        },
        only_with={
            "alpha": ("version", ("3",)),
            "delta": ("version", ("3",)),
            "gamma": ("version", ("2",)),
            "momentum": ("version", ("2", "3")),
        },
    ),
    LossInfo(
        "mpdiou",
        "loss",
        iou.mpdiou,
        "IoU loss + (d₁² + d₂²)/(W² + H²): distances of two corners, by the image's diagonal",
        "Ma and Xu, MPDIoU, 2023, arXiv:2307.07662",
        "(paper unread)",
        form="penalty",
        modifiers=REPLACING,
        needs_units=True,
    ),
    LossInfo(
        "shapeiou",
        "loss",
        iou.shapeiou,
        "IoU loss + distance and shape, each weighted by the target's aspect ratio",
        "Zhang and Zhang, Shape-IoU, 2023, arXiv:2312.17663",
        "(paper unread; the authors' code)",
        (Float("scale", 0, 0, 2),),
        form="penalty",
        modifiers=REPLACING,
        meanings={"scale": "exponent of the aspect ratio; 0: no weights"},
    ),
    LossInfo(
        "piou",
        "loss",
        points.piou,
        "IoU loss + 1 − e^(−P²), P the mean distance of the edges in box widths",
        POWERFUL_IOU,
        "(paper unread; the authors' code)",
        form="overlap",
        modifiers=WEIGHING,
    ),
    LossInfo(
        "piou2",
        "loss",
        points.piou2,
        "PIoU · 3x e^(−x²), x = lam e^(−P): boxes of middling distance count more",
        POWERFUL_IOU,
        "(paper unread; the authors' code)",
        (Float("lam", 1.3, 0.5, 3), DETACH),
        form="overlap",
        modifiers=WEIGHING,
        meanings={
            "lam": "the larger, the farther off are the boxes that count most",
            "detach": "whether the weight is detached; false, as the authors' code has it, repels far boxes",
        },
    ),
    LossInfo(
        "interpiou",
        "loss",
        points.interpiou,
        "IoU loss + that of the box which went the share a of the way to its target",
        "Liu et al., InterpIoU, 2025, arXiv:2507.12420",
        "(paper unread)",
        (Float("a", 0.98, 0, 0.999),),
        form="overlap",
        modifiers=WEIGHING,
        meanings={"a": "share of the way; the gradient reaches gaps of 1/(1 − a) sides"},
    ),
    LossInfo(
        "dinterpiou",
        "loss",
        points.dinterpiou,
        "InterpIoU with a = 1 − IoU, clamped to [low, high] and detached",
        "Liu et al., InterpIoU, 2025, arXiv:2507.12420",
        "(paper unread)",
        (Float("low", 0.6, 0, 0.999), Float("high", 0.99, 0, 0.999)),
        form="overlap",
        modifiers=WEIGHING,
        meanings={"low": "smallest share of the way", "high": "largest share of the way"},
        rising=("low", "high"),
    ),
    LossInfo(
        "uiou",
        "loss",
        points.uiou,
        "CIoU of both boxes, their sides multiplied by ratio",
        "Luo et al., Unified-IoU, 2024, arXiv:2408.06636",
        "(paper unread; the authors' code)",
        (Float("ratio", Schedule(2, 0.5), 0.25, 4),),
        form="overlap",
        modifiers=WEIGHING,
        meanings={"ratio": "above 1 low-IoU boxes count more, below 1 high-IoU boxes"},
    ),
    LossInfo(
        "nwd",
        "loss",
        gaussian.nwd,
        "1 − e^(−d/c), d the Wasserstein distance of two Gaussians, in pixels",
        "Wang et al., A Normalized Gaussian Wasserstein Distance for Tiny Object Detection, 2021, arXiv:2110.13389",
        "Eq. 8",
        (AutoFloat("c", 12.8, 0.1, 1e4),),
        form="overlap",
        modifiers=WEIGHING,
        meanings={"c": "a length in pixels; auto: mean √area of the training set's objects"},
        needs_units=True,
    ),
    LossInfo(
        "gcd",
        "loss",
        gaussian.gcd,
        "1 − e^(−D), D the distance of two Gaussians in sides of both",
        "Guan et al., Gaussian Combined Distance, 2025, arXiv:2510.27649",
        "(paper unread; the authors' code)",
        form="overlap",
        modifiers=WEIGHING,
    ),
    LossInfo(
        "extended_iou",
        "loss",
        points.extended_iou,
        "smooth ℓ1 of 1 − I/U with an intersection that goes on below 0; MMDetection's EIoU",
        "Peng and Yu, Systematic IoU-Related Method, 2021, doi:10.1109/TIP.2021.3077144",
        "(paper unread; MMDetection's code)",
        (Float("s", 0.1, 0.001, 1),),
        form="overlap",
        modifiers=WEIGHING,
        meanings={"s": "loss up to which it is a parabola"},
    ),
    LossInfo(
        "focal_l1",
        "loss",
        l1.focal_l1,
        "ℓ1 with the slope −αx ln(beta x), which peaks at small errors",
        FEIOU,
        "Eq. 8, 9",
        (BETA,),
        modifiers=("weight",),
        refusal="it is a loss of regression errors, not of an overlap",
        meanings={"beta": "the larger, the less large errors count"},
    ),
    LossInfo(
        "l1",
        "loss",
        l1.l1,
        "sum of the absolute errors",
        "Girshick et al., R-CNN, 2014, arXiv:1311.2524",
        "App. C (encoding)",
        modifiers=("weight",),
        refusal="it is a loss of regression errors, not of an overlap",
    ),
    LossInfo(
        "smooth_l1",
        "loss",
        l1.smooth_l1,
        "ℓ1 with a parabola up to beta",
        "Girshick, Fast R-CNN, 2015, arXiv:1504.08083",
        "Eq. 3",
        (Float("beta", 1.0, 0, 100),),
        modifiers=("weight",),
        refusal="it is a loss of regression errors, not of an overlap",
        meanings={"beta": "error up to which it is a parabola"},
    ),
    LossInfo(
        "balanced_l1",
        "loss",
        l1.balanced_l1,
        "ℓ1 with a slope that rises fast, and ends at gamma",
        "Pang et al., Libra R-CNN, 2019, arXiv:1904.02701",
        "Eq. 9, 10",
        (Float("alpha", 0.5, 0.2, 5), Float("gamma", 1.5, 0.1, 5), Float("beta", 1.0, 1e-3, 100)),
        modifiers=("weight",),
        refusal="it is a loss of regression errors, not of an overlap",
        meanings={
            "alpha": "the smaller, the more small errors count",
            "gamma": "slope of large errors",
            "beta": "where they begin",
        },
    ),
    LossInfo(
        "probiou",
        "loss",
        rotated.probiou,
        "√(1 − e^(−D)), D the Bhattacharyya distance of two Gaussians; Ultralytics' own for rotated boxes",
        PROBIOU,
        "(paper unread; Ultralytics' code)",
        (FLOOR,),
        form="rotated",
        modifiers=ROTATED,
        refusal=ROTATED_REFUSAL,
        meanings=ROTATED_MEANINGS,
    ),
    LossInfo(
        "kld",
        "loss",
        rotated.kld,
        "1 − 1/(tau + f(D)), D the Kullback-Leibler divergence of two Gaussians",
        "Yang et al., High-Precision Bounding Box via Kullback-Leibler Divergence, 2021, arXiv:2106.01883",
        "(paper unread)",
        (Choice("direction", "pred_target", ("pred_target", "target_pred")), FUNCTION, TAU, FLOOR),
        form="rotated",
        modifiers=ROTATED,
        refusal=ROTATED_REFUSAL,
        meanings={
            "direction": "pred_target is D(N_p‖N_t), by the target's sides; target_pred is D(N_t‖N_p)",
            **DISTANCE_MEANINGS,
        },
        gaps={"tau": (0, 1)},
    ),
    LossInfo(
        "gwd",
        "loss",
        rotated.gwd,
        "1 − 1/(tau + f(D)), D the squared Wasserstein distance of two Gaussians, in pixels",
        "Yang et al., Rotated Object Detection with Gaussian Wasserstein Distance, 2021, arXiv:2101.11952",
        "(paper unread)",
        (FUNCTION, TAU, FLOOR),
        form="rotated",
        modifiers=ROTATED,
        refusal=ROTATED_REFUSAL,
        meanings=DISTANCE_MEANINGS,
        gaps={"tau": (0, 1)},
        needs_units=True,
    ),
    LossInfo(
        "bd",
        "loss",
        rotated.bd,
        "1 − 1/(tau + f(D)), D the Bhattacharyya distance of two Gaussians",
        PROBIOU,
        "(paper unread)",
        (FUNCTION, TAU, FLOOR),
        form="rotated",
        modifiers=ROTATED,
        refusal=ROTATED_REFUSAL,
        meanings=DISTANCE_MEANINGS,
        gaps={"tau": (0, 1)},
    ),
    LossInfo(
        "kfiou",
        "loss",
        rotated.kfiou,
        "e^(1 − KFIoU) − 1, the KFIoU of two Gaussians' shapes, + ln(1 + squared distance in target sides)",
        "Yang et al., The KFIoU Loss for Rotated Object Detection, 2022, arXiv:2201.12558",
        "(paper unread)",
        (Choice("function", "exp", ("exp", "log", "linear")), Flag("centre", True), FLOOR),
        form="rotated",
        modifiers=ROTATED,
        refusal=ROTATED_REFUSAL,
        meanings={
            "function": "exp is e^(1 − KFIoU) − 1, log −ln KFIoU, linear 1 − KFIoU; no choice gives 0 for identical "
            "boxes",
            "centre": "whether the distance of the centres counts; without it nothing moves a centre",
            **ROTATED_MEANINGS,
        },
    ),
    LossInfo(
        "iou_power",
        "weight",
        focal.iou_power,
        "IoU^gamma: high-IoU boxes count more",
        FEIOU,
        "Eq. 10",
        (GAMMA, DETACH),
        neutral=("gamma", 0),
    ),
    LossInfo(
        "probiou_power",
        "weight",
        rotated.probiou_power,
        "ProbIoU^gamma: pairs of a high ProbIoU count more",
        FEIOU,
        "Eq. 10, of ProbIoU",
        (GAMMA, DETACH, FLOOR),
        neutral=("gamma", 0),
    ),
    LossInfo(
        "focal_log",
        "weight",
        focal.focal_log,
        "−(1 − IoU)^gamma ln(IoU): bad boxes count more",
        FEIOU,
        "Sec. 5.4.3",
        (GAMMA,),
    ),
    LossInfo(
        "wise",
        "weight",
        wise.wise_weight,
        "by the outlier degree: IoU loss over its running mean",
        "Tong et al., Wise-IoU, 2023, arXiv:2301.10051",
        "Eq. 8-11",
        WISE,
        neutral=("version", "1"),
    ),
)

LOSSES = {info.name: info for info in TABLE if info.kind == "loss"}
#: The spec of the model's own box loss, for training: nothing is replaced.
STOCK = "stock"
#: Those of axis-aligned boxes, and those of rotated ones.
ALIGNED_LOSSES = {name: info for name, info in LOSSES.items() if info.family == "aligned"}
ROTATED_LOSSES = {name: info for name, info in LOSSES.items() if info.family == "rotated"}
WEIGHTS = {info.name: info for info in TABLE if info.kind == "weight"}
#: The names of the parameters of all losses, modifiers among them.
PARAMETER_NAMES = {parameter.name for info in LOSSES.values() for parameter in info.parameters} | MODIFIERS.keys()
