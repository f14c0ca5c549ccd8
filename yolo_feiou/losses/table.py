"""The table of losses, as data: a row for each loss, and for each weight that a loss may have.

A new loss is a function in this folder and a row here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from yolo_feiou.losses import focal, iou, l1
from yolo_feiou.parameters import Choice, Flag, Float, LossParameter, Value


@dataclass(frozen=True)
class LossInfo:
    """A row of the table.

    Attributes:
        name: Its name in a spec.
        kind: 'loss' for the loss of a pair, 'weight' for a factor of one.
        function: From a `Pair`, and the parameters by name, to one value a pair.
        meaning: Its formula, or what it does, in one line.
        paper: Its source.
        equation: Where in that source it is defined.
        parameters: Its hyper-parameters, with the source's defaults; those of its weight, and `norm`, among them.
        weight: Of a loss, the name of the weight on it; None for none.
        neutral: Of a weight, the parameter and the value at which it is 1 throughout.
    """

    name: str
    kind: Literal["loss", "weight"]
    function: Callable[..., Tensor]
    meaning: str
    paper: str
    equation: str
    parameters: tuple[LossParameter, ...] = ()
    weight: str | None = None
    neutral: tuple[str, Value] | None = None


FEIOU = "Zhang et al., Focal and Efficient IOU Loss for Accurate Bounding Box Regression, 2021, arXiv:2101.08158"
GAMMA = Float("gamma", 0.5, 0, 10)
BETA = Float("beta", 0.8, 1 / math.e, 1)
NORM = Choice("norm", "paper", ("paper", "tal", "mean"))
DETACH = Flag("detach", True)

TABLE = (
    LossInfo(
        "iou",
        "loss",
        iou.iou,
        "1 − IoU",
        "Yu et al., UnitBox, 2016, arXiv:1608.01471",
        "in the form of arXiv:2101.08158, Eq. 3",
    ),
    LossInfo(
        "giou",
        "loss",
        iou.giou,
        "IoU loss + share of the enclosing box that neither fills",
        "Rezatofighi et al., Generalized Intersection over Union, 2019, arXiv:1902.09630",
        "Alg. 1",
    ),
    LossInfo(
        "diou",
        "loss",
        iou.diou,
        "IoU loss + ρ²/c²: the distance of the centres",
        "Zheng et al., Distance-IoU Loss, 2020, arXiv:1911.08287",
        "Eq. 7",
    ),
    LossInfo(
        "ciou",
        "loss",
        iou.ciou,
        "DIoU + αv: the aspect ratio; YOLO's own, with guards against NaN",
        "Zheng et al., Distance-IoU Loss, 2020, arXiv:1911.08287",
        "Eq. 8-11",
    ),
    LossInfo(
        "eiou",
        "loss",
        iou.eiou,
        "DIoU + (w − w_t)²/C_w² + (h − h_t)²/C_h²: width and height, each by itself",
        FEIOU,
        "Eq. 7",
    ),
    LossInfo(
        "focal_eiou",
        "loss",
        iou.eiou,
        "IoU^gamma · EIoU: good boxes count more",
        FEIOU,
        "Eq. 10, 11",
        (GAMMA, NORM, DETACH),
        weight="iou_power",
    ),
    LossInfo(
        "focal_eiou_star",
        "loss",
        iou.eiou,
        "−(1 − IoU)^gamma ln(IoU) · EIoU: bad boxes count more",
        FEIOU,
        "Sec. 5.4.3",
        (GAMMA, NORM),
        weight="focal_log",
    ),
    LossInfo(
        "focal_eiou_v1", "loss", focal.focal_eiou_v1, "the curve of FocalL1 of EIoU", FEIOU, "Eq. 9 on 7", (BETA,)
    ),
    LossInfo(
        "focal_l1",
        "loss",
        l1.focal_l1,
        "ℓ1 with the slope −αx ln(beta x), which peaks at small errors",
        FEIOU,
        "Eq. 8, 9",
        (BETA,),
    ),
    LossInfo(
        "l1",
        "loss",
        l1.l1,
        "sum of the absolute errors",
        "Girshick et al., R-CNN, 2014, arXiv:1311.2524",
        "App. C (encoding)",
    ),
    LossInfo(
        "smooth_l1",
        "loss",
        l1.smooth_l1,
        "ℓ1 with a parabola up to beta",
        "Girshick, Fast R-CNN, 2015, arXiv:1504.08083",
        "Eq. 3",
        (Float("beta", 1.0, 0, 100),),
    ),
    LossInfo(
        "balanced_l1",
        "loss",
        l1.balanced_l1,
        "ℓ1 with a slope that rises fast, and ends at gamma",
        "Pang et al., Libra R-CNN, 2019, arXiv:1904.02701",
        "Eq. 9, 10",
        (Float("alpha", 0.5, 0.2, 5), Float("gamma", 1.5, 0.1, 5)),
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
        "focal_log",
        "weight",
        focal.focal_log,
        "−(1 − IoU)^gamma ln(IoU): bad boxes count more",
        FEIOU,
        "Sec. 5.4.3",
        (GAMMA,),
    ),
)

LOSSES = {info.name: info for info in TABLE if info.kind == "loss"}
WEIGHTS = {info.name: info for info in TABLE if info.kind == "weight"}
#: The names of the parameters of all losses; none is an argument of Ultralytics.
PARAMETER_NAMES = {parameter.name for info in LOSSES.values() for parameter in info.parameters}
