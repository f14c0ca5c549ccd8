"""The paper's statements on its figures 6 and 7, each as a comparison of recorded numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yolo_feiou.losses.build import read_spec
from yolo_feiou.storage.tables import Row

COMPARED_LOSSES = ("iou", "giou", "ciou")  # the losses that the paper compares its own with


@dataclass(frozen=True)
class LossCurve:
    """The recorded steps of one loss in a simulation.

    Attributes:
        steps: Its rows, in the order of the steps.
    """

    steps: list[Row]

    def last(self, column: str) -> float:
        """Return the column's value after the last step."""
        return self.steps[-1][column]

    def average(self, column: str) -> float:
        """Return the column's mean over the steps: of the error, the lower the faster it fell."""
        return sum(row[column] for row in self.steps[1:]) / (len(self.steps) - 1)

    def spread(self, low: str, high: str) -> float:
        """Return the distance of two quantiles after the last step."""
        return self.last(high) - self.last(low)


@dataclass(frozen=True)
class Claim:
    """A statement on a figure: one loss, by one measure, is below or above others.

    Attributes:
        figure: 6 or 7; the simulation is setup 1 or 2.
        says: The statement, in our words.
        measure: The name of the compared quantity.
        value: Computes it from a loss's curve.
        loss: 'eiou' or 'focal_eiou', whose value is …
        order: … 'below' or 'above' that of each of …
        others: … these.
    """

    figure: int
    says: str
    measure: str
    value: Callable[[LossCurve], float]
    loss: str
    order: str
    others: tuple[str, ...]

    def judge(self, rows: list[Row], focal: str = "focal_eiou") -> tuple[bool, str]:
        """Return whether the statement holds in these rows, and a text with the figures.

        Args:
            rows: Of a simulation of the claim's setup, with IoU, GIoU, CIoU, EIoU and `focal`.
            focal: The spec used as Focal-EIoU.
        """

        def figure(loss: str) -> float:
            spec = focal if loss == "focal_eiou" else loss
            return self.value(LossCurve([row for row in rows if row["loss"] == spec]))

        ours, theirs = figure(self.loss), {loss: figure(loss) for loss in self.others}
        nearest = (min if self.order == "below" else max)(theirs, key=theirs.__getitem__)
        holds = ours < theirs[nearest] if self.order == "below" else ours > theirs[nearest]
        return holds, f"{self.measure}: {self.loss} {ours:.4g}, {nearest} {theirs[nearest]:.4g}"


def error_average(course: LossCurve) -> float:
    """The error, averaged over the steps."""
    return course.average("error")


def error_last(course: LossCurve) -> float:
    """The error after the last step."""
    return course.last("error")


def good_share(course: LossCurve) -> float:
    """The share of IoU above 0.9 after the last step."""
    return course.last("share_90")


def best_average(course: LossCurve) -> float:
    """The mean IoU of the best 5 %, averaged over the steps."""
    return course.average("iou_best")


def mean_last(course: LossCurve) -> float:
    """The mean IoU after the last step."""
    return course.last("iou_mean")


def lower_tail(course: LossCurve) -> float:
    """The distance of the median IoU from its 5 % quantile after the last step."""
    return course.spread("iou_05", "iou_50")


ALL_BUT_FOCAL = (*COMPARED_LOSSES, "eiou")
CLAIMS = (
    Claim(
        6,
        "EIoU converges faster than IoU, GIoU and CIoU",
        "error, average over the steps",
        error_average,
        "eiou",
        "below",
        COMPARED_LOSSES,
    ),
    Claim(
        6,
        "EIoU regresses more accurately than IoU, GIoU and CIoU",
        "error after the last step",
        error_last,
        "eiou",
        "below",
        COMPARED_LOSSES,
    ),
    Claim(
        6,
        "the error of Focal-EIoU is larger than that of EIoU",
        "error after the last step",
        error_last,
        "focal_eiou",
        "above",
        ("eiou",),
    ),
    Claim(
        6,
        "Focal-EIoU has far more high-quality examples than the other four",
        "share of IoU > 0.9",
        good_share,
        "focal_eiou",
        "above",
        ALL_BUT_FOCAL,
    ),
    Claim(
        6,
        "its high-quality examples are far better",
        "IoU of the best 5 %, average over the steps",
        best_average,
        "focal_eiou",
        "above",
        ALL_BUT_FOCAL,
    ),
    Claim(
        7,
        "Focal-EIoU converges fastest",
        "error, average over the steps",
        error_average,
        "focal_eiou",
        "below",
        ALL_BUT_FOCAL,
    ),
    Claim(
        7,
        "Focal-EIoU has the lowest error",
        "error after the last step",
        error_last,
        "focal_eiou",
        "below",
        ALL_BUT_FOCAL,
    ),
    Claim(
        7,
        "it improves high-quality examples much faster than the others",
        "IoU of the best 5 %, average over the steps",
        best_average,
        "focal_eiou",
        "above",
        ALL_BUT_FOCAL,
    ),
    Claim(
        7,
        "it has a longer tail than EIoU",
        "IoU, from the 5 % quantile to the median",
        lower_tail,
        "focal_eiou",
        "above",
        ("eiou",),
    ),
    Claim(7, "its mean IoU is much higher than EIoU's", "mean IoU", mean_last, "focal_eiou", "above", ("eiou",)),
    Claim(
        7,
        "it has many more high-quality anchors than EIoU",
        "share of IoU > 0.9",
        good_share,
        "focal_eiou",
        "above",
        ("eiou",),
    ),
)


def is_focal_eiou(spec: str) -> bool:
    """Return whether a loss is Focal-EIoU, whatever its parameters; not with what the paper doesn't have."""
    terms = read_spec(spec)
    return len(terms) == 1 and terms[0].info.name == "focal_eiou" and not terms[0].modifiers


def check_claims(rows: list[Row], setup: int) -> list[str]:
    """Return a line for each statement on a setup's figure whose losses are in the rows.

    With several forms of Focal-EIoU each gets its own lines, which name it; EIoU's statements come once.
    """
    losses = list(dict.fromkeys(row["loss"] for row in rows))
    forms = [loss for loss in losses if is_focal_eiou(loss)]
    lines = []
    for claim in CLAIMS:
        named = {claim.loss, *claim.others}
        for form in forms if "focal_eiou" in named else ("",):
            needed = {form if loss == "focal_eiou" else loss for loss in named}
            if claim.figure == setup + 5 and needed <= set(losses):
                holds, figures = claim.judge(rows, form)
                which = f" [{form}]" if form and len(forms) > 1 else ""
                lines.append(f"{'holds ' if holds else 'fails '} {claim.says} ({figures}){which}")
    return lines
