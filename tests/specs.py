"""All losses of axis-aligned boxes, and their variants that need a test of their own."""

from __future__ import annotations

import itertools
from typing import Any

from torch import Tensor

from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import ALIGNED_LOSSES

GAMMAS = (0, 0.25, 0.5, 1, 2)
NORMS = ("paper", "tal", "mean")
FOCAL = [
    f"focal_eiou:gamma={gamma},norm={norm},detach={detach}"
    for gamma, norm, detach in itertools.product(GAMMAS, NORMS, ("true", "false"))
]
STAR = [f"focal_eiou_star:gamma={gamma},norm={norm}" for gamma, norm in itertools.product(GAMMAS, NORMS)]
#: At least one for each modifier, with each loss that takes it.
SAMPLES = {
    "inner": "inner=0.75",
    "focaler": "focaler=0.95",
    "focaler_low": "focaler=0.8,focaler_low=0.2",
    "power": "power=3",
    "focal": "focal=0.5",
    "wise": "wise=true",
}
MODIFIED = [
    f"{info.name}:{sample}"
    for info in ALIGNED_LOSSES.values()
    for key, sample in SAMPLES.items()
    if key in info.modifiers
]
COMBINED = [
    "ciou:inner=1.25,focaler=0.9,focaler_low=0.1,power=2,focal=1,norm=tal",
    "giou:power=0.5,wise=true",
    "focal_eiou:inner=0.75,detach=false",
    "siou:inner=0.5,focaler=1,focal=0.5",
]
SUMS = [
    "ciou:weight=0.5+smooth_l1:weight=0.5",
    "focal_eiou+l1:weight=0",
    "nwd:weight=0.3+eiou:inner=0.75,weight=0.7+focal_l1:weight=0.1",
]
VARIANTS = [
    *("focal_l1:beta=1", "focal_eiou_v1:beta=1", "smooth_l1:beta=0", "wiou:version=1", "wiou:version=2"),
    *("piou2:detach=false", "shapeiou:scale=1", "uiou:ratio=0.5", "siou:theta=2", "interpiou:a=0.9"),
]
ALL = [*ALIGNED_LOSSES, *FOCAL, *STAR, *VARIANTS, *MODIFIED, *COMBINED, *SUMS]
#: Height and width in pixels of the image that the boxes of tests are in.
IMAGE = (480, 640)


def names_of(spec: str) -> set[str]:
    """Return the names of the losses in a spec."""
    return {term.partition(":")[0] for term in spec.split("+")}


class InImage:
    """A loss in an image of that size, whose state stays as it is."""

    def __init__(self, spec: str) -> None:
        self.loss = build_loss(spec).eval()

    def __call__(self, pred: Tensor, target: Tensor) -> Tensor:
        return self.loss(pred, target, image=IMAGE)

    def mean(self, pred: Tensor, target: Tensor, scores: Tensor | None = None, **kwargs: Any) -> Tensor:
        return self.loss.mean(pred, target, scores, image=IMAGE, **kwargs)
