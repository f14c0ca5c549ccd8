"""The table of losses, and the way from a spec to a loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from yolo_feiou.errors import LossSpecError, did_you_mean
from yolo_feiou.losses import focal, iou, l1
from yolo_feiou.losses.box_loss import BoxLoss, PairFunction
from yolo_feiou.losses.spec import read_parameters, split
from yolo_feiou.parameters import Choice, Flag, Float, Parameter, Value, spell

Parts = tuple[PairFunction, PairFunction | None, str]  # loss, focal weight, norm


@dataclass(frozen=True)
class LossInfo:
    """A row of the table.

    Attributes:
        name: The loss's name in a spec.
        parts: From the parameters to the loss of a pair, its focal weight (or None), and the norm of a batch.
        meaning: What the loss does, in one line.
        paper: Its source.
        equation: Where in that source it is defined.
        parameters: Its hyper-parameters, with the source's defaults.
    """

    name: str
    parts: Callable[..., Parts]
    meaning: str
    paper: str
    equation: str
    parameters: tuple[Parameter, ...] = ()

    def build(self, **values: Value) -> BoxLoss:
        """Return the loss with these values of its parameters."""
        described = ", ".join(f"{key}={spell(value)}" for key, value in values.items())
        return BoxLoss(*self.parts(**values), description=f"{self.name} ({described})" if described else self.name)


def plain(loss: Callable[..., Tensor]) -> Callable[..., Parts]:
    """A loss that takes all parameters itself and has no focal weight."""
    return lambda **values: (partial(loss, **values), None, "tal")


def weighted(loss: PairFunction, weight: Callable[..., Tensor]) -> Callable[..., Parts]:
    """A loss under a focal weight, which takes all parameters but the norm."""

    def parts(norm: str, **values: Value) -> Parts:
        return loss, partial(weight, **values), norm

    return parts


def focal_power(loss: PairFunction) -> Callable[..., Parts]:
    """A loss under the weight IoU^γ; with γ = 0 no weight is left, and its sums are those of the loss alone."""

    def parts(gamma: float, norm: str, detach: bool) -> Parts:
        if gamma == 0:
            return loss, None, "mean" if norm == "mean" else "tal"
        return weighted(loss, focal.iou_power)(norm=norm, gamma=gamma, detach=detach)

    return parts


FEIOU = "Zhang et al., Focal and Efficient IOU Loss for Accurate Bounding Box Regression, 2021, arXiv:2101.08158"
GAMMA = Float("gamma", 0.5, 0, 10)
BETA = Float("beta", 0.8, 1 / math.e, 1)
NORM = Choice("norm", "paper", ("paper", "tal", "mean"))

LOSSES: dict[str, LossInfo] = {
    info.name: info
    for info in (
        LossInfo(
            "iou",
            plain(iou.iou),
            "1 − IoU",
            "Yu et al., UnitBox, 2016, arXiv:1608.01471",
            "in the form of arXiv:2101.08158, Eq. 3",
        ),
        LossInfo(
            "giou",
            plain(iou.giou),
            "IoU plus the share of the enclosing box that neither fills",
            "Rezatofighi et al., Generalized Intersection over Union, 2019, arXiv:1902.09630",
            "Alg. 1",
        ),
        LossInfo(
            "diou",
            plain(iou.diou),
            "IoU plus the distance of the centres",
            "Zheng et al., Distance-IoU Loss, 2020, arXiv:1911.08287",
            "Eq. 7",
        ),
        LossInfo(
            "ciou",
            plain(iou.ciou),
            "DIoU plus the aspect ratio; YOLO's own, with guards",
            "Zheng et al., Distance-IoU Loss, 2020, arXiv:1911.08287",
            "Eq. 8-11",
        ),
        LossInfo("eiou", plain(iou.eiou), "DIoU plus width and height, each by itself", FEIOU, "Eq. 7"),
        LossInfo(
            "focal_eiou",
            focal_power(iou.eiou),
            "EIoU weighted by IoU^gamma: good boxes count more",
            FEIOU,
            "Eq. 10, 11",
            (GAMMA, NORM, Flag("detach", True)),
        ),
        LossInfo(
            "focal_eiou_star",
            weighted(iou.eiou, focal.focal_log),
            "EIoU weighted by −(1 − IoU)^gamma ln IoU: bad boxes count more",
            FEIOU,
            "Sec. 5.4.3",
            (GAMMA, NORM),
        ),
        LossInfo(
            "focal_eiou_v1", plain(focal.focal_eiou_v1), "the curve of FocalL1 of EIoU", FEIOU, "Eq. 9 on 7", (BETA,)
        ),
        LossInfo(
            "focal_l1", plain(l1.focal_l1), "ℓ1 with a slope that peaks at small errors", FEIOU, "Eq. 8, 9", (BETA,)
        ),
        LossInfo(
            "l1",
            plain(l1.l1),
            "sum of the absolute errors",
            "Girshick et al., R-CNN, 2014, arXiv:1311.2524",
            "App. C (encoding)",
        ),
        LossInfo(
            "smooth_l1",
            plain(l1.smooth_l1),
            "ℓ1 with a parabola up to beta",
            "Girshick, Fast R-CNN, 2015, arXiv:1504.08083",
            "Eq. 3",
            (Float("beta", 1.0, 0, 100),),
        ),
        LossInfo(
            "balanced_l1",
            plain(l1.balanced_l1),
            "ℓ1 with a slope that rises fast, and ends at gamma",
            "Pang et al., Libra R-CNN, 2019, arXiv:1904.02701",
            "Eq. 9, 10",
            (Float("alpha", 0.5, 0.2, 5), Float("gamma", 1.5, 0.1, 5)),
        ),
    )
}


#: The names of all parameters; none is an argument of Ultralytics.
PARAMETERS = {parameter.name for info in LOSSES.values() for parameter in info.parameters}

#: The spec of Ultralytics' own box loss, for training: nothing is swapped.
STOCK = "stock"


def loss_to_train(spec: str | None) -> BoxLoss | None:
    """Return the loss that training swaps in, None for 'stock' and for None; otherwise as `build_loss`."""
    return None if spec is None or spec == STOCK else build_loss(spec)


def shortest(spec: str) -> str:
    """Return the shortest spelling of a spec, without parameters that have their default; otherwise as `build_loss`."""
    if loss_to_train(spec) is None:
        return STOCK
    name, given = split(spec)
    parameters = LOSSES[name].parameters
    values = read_parameters(name, given, parameters)
    changed = [f"{p.name}={spell(values[p.name])}" for p in parameters if values[p.name] != p.default]
    return f"{name}:{','.join(changed)}" if changed else name


def build_loss(spec: str) -> BoxLoss:
    """Return the loss that a spec names.

    Args:
        spec: `name` or `name:key=value,key=value`, for example 'focal_eiou:gamma=0.5'. `LOSSES` is the table of names.

    Raises:
        LossSpecError: If the spec can't be read, or names no loss, parameter or value there is.
    """
    name, given = split(spec)
    if name == STOCK:
        raise LossSpecError("'stock' is Ultralytics' own box loss, for training alone: 'ciou' is ours of that kind.")
    if name not in LOSSES:
        raise LossSpecError(f"unknown loss '{name}'{did_you_mean(name, [*LOSSES, STOCK])} 'yolo losses' lists all.")
    return LOSSES[name].build(**read_parameters(name, given, LOSSES[name].parameters))
