"""What a detector's box loss is asked for by: its gain, and what the paper leaves open."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from torch import Tensor

from yolo_feiou.detectors.config import DetectorConfig
from yolo_feiou.detectors.config_keys import REGIONS
from yolo_feiou.detectors.seam import BoxTerm
from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.losses.build import STOCK, build_loss
from yolo_feiou.losses.families import check_family

Loss = str | Callable[..., Tensor]

#: What may score the anchors of PAA.
SCORINGS = ("giou", "loss")


@dataclass(frozen=True)
class BoxOptions:
    """The box loss of a detector, see `build_detector`.

    Attributes:
        loss: Its spec, a function, or 'stock'.
        box: Its gain; None or 'auto' for the default.
        rpn: Whether the region proposal network trains with it too.
        encode: The weights of regression errors; None or 'auto' for those of the box coder.
        scoring: What scores the anchors of PAA.
    """

    loss: Loss = STOCK
    box: float | str | None = None
    rpn: bool = False
    encode: Sequence[float] | str | None = None
    scoring: str = "giou"

    @property
    def is_stock(self) -> bool:
        """Whether the detector's own box loss trains."""
        return self.loss == STOCK

    @property
    def gain(self) -> float | None:
        """The gain, None for the default."""
        return None if self.box is None or isinstance(self.box, str) else float(self.box)

    def make_term(self, stock_gain: float | None = None) -> BoxTerm:
        """Return the box term of a head, with a state of its own; for 'stock' GIoU, by default with `stock_gain`.

        Raises:
            LossSpecError: If the loss is wrong, or of rotated boxes.
            ArgumentError: If it is a user's, and can't be loaded.
        """
        if self.is_stock:
            return BoxTerm("giou", build_loss("giou"), stock_gain if self.gain is None else self.gain)
        weights = None if self.encode is None or isinstance(self.encode, str) else tuple(self.encode)
        loss = build_loss(self.loss)
        check_family(loss, "aligned")
        return BoxTerm(self.loss, loss, self.gain, weights)

    def check(self, config: DetectorConfig) -> None:
        """Raise ArgumentError if one is wrong or isn't for this detector, LossSpecError for a wrong loss."""
        if self.box not in (None, "auto") and not (_is_number(self.box) and 0 <= self.box < math.inf):
            raise ArgumentError(
                f"box={self.box} is not a number from 0 up, or auto: 1.0 for losses of errors, 2.5 for others."
            )
        if not isinstance(self.rpn, bool):
            raise ArgumentError(f"rpn={self.rpn} is not true or false.")
        if self.rpn and config.detector not in REGIONS:
            raise ArgumentError(
                f"rpn=true is for Faster and Mask R-CNN: {config.title} has no region proposal network."
            )
        if self.encode not in (None, "auto") and not _are_four(self.encode):
            raise ArgumentError(
                f"encode={self.encode} is not four numbers above 0, for x, y, width and height, as in 10,10,5,5."
            )
        if self.scoring not in SCORINGS:
            hint = did_you_mean(str(self.scoring), SCORINGS)
            raise ArgumentError(f"scoring={self.scoring} is not one of {', '.join(SCORINGS)}{hint}")
        if self.scoring != "giou" and config.detector != "paa":
            raise ArgumentError(
                f"scoring={self.scoring} is for PAA: {config.title} finds its positives without a box loss."
            )
        self.make_term()


def _are_four(values: object) -> bool:
    if not (isinstance(values, list | tuple) and len(values) == 4):
        return False
    return all(_is_number(one) and 0 < one < math.inf for one in values)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
