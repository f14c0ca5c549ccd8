"""The catalogue of checks, and the judgement of a loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from yolo_feiou.checks import geometry, gradients, interface, misnamed, numerics
from yolo_feiou.checks.checked_loss import LossFailed, Subject
from yolo_feiou.checks.finding import Finding
from yolo_feiou.checks.formula import Formula


@dataclass(frozen=True)
class Check:
    """A row of the catalogue.

    Attributes:
        name: What the report calls it.
        checked: What holds if nothing is found, in one line.
        find: The check itself.
        severity: 'fault', or 'note' where a sound loss may be of that kind.
        gate: Whether the checks after it mean nothing if this one finds something.
        by_formula: Whether it can judge a recognised formula alone.
    """

    name: str
    checked: str
    find: Callable[[Subject], Finding | None]
    severity: str = "fault"
    gate: bool = False
    by_formula: bool = False


CHECKS = (
    Check("runs", "takes float32 and float64 boxes without an error", interface.raises, gate=True),
    Check("shape", "one float a pair, with a graph, for N = 5, 1 and 0", interface.shape, gate=True),
    Check("backward", "its gradient can be computed", interface.backward, gate=True),
    Check("learns", "boxes that overlap have a gradient", gradients.missing),
    Check("repeat", "the same boxes give the same value again", interface.repeat, gate=True),
    Check("inputs", "the boxes it is given stay as they are", interface.inputs),
    Check("finite", "values and gradients, for boxes of every degenerate kind", numerics.finite),
    Check("xywh", "boxes moved together keep their value", geometry.moved),
    Check("scale", "boxes 10 and 1000 times as large keep their value", geometry.scaled),
    Check("tiny", "boxes a thousandth as large keep their value", numerics.tiny),
    Check("identical", "identical boxes give 0", geometry.identical),
    Check("negative", "no pair of boxes gives less than 0", geometry.negative),
    Check("receding", "boxes farther apart don't give less than nearer ones", geometry.receding),
    Check("gradient", "equals finite differences, with what is detached held fixed", gradients.wrong),
    Check("attached", "two boxes of one size are drawn together at every overlap", gradients.pushed_apart),
    Check("step", "a step against the gradient raises the IoU", gradients.lowers),
    Check("reversed", "no weight (1 − IoU)^γ", misnamed.reversed_focus, by_formula=True),
    Check("offset", "no centre offset in place of width and height", misnamed.centre_offset, by_formula=True),
    Check("extended", "no Extended-IoU under the name EIoU", misnamed.extended),
    Check("torch", "no function of torch is replaced, and no setting changed", interface.changes_torch),
    Check("dead", "boxes without overlap have a gradient", gradients.dead, "note"),
    Check("half", "float16 and bfloat16 give the value to 2 %", numerics.half, "note"),
)


@dataclass(frozen=True)
class Judgement:
    """What the catalogue says of a loss.

    Attributes:
        name: What the user calls the loss.
        formula: Its formula, or what it reads as; None if it is none that we know.
        verdicts: The checks that were made, in order, each with what it found.
    """

    name: str
    formula: Formula | str | None
    verdicts: tuple[tuple[Check, Finding | None], ...]

    def found(self, severity: str) -> list[str]:
        """Return the names of the checks of a severity that found something."""
        return [check.name for check, finding in self.verdicts if finding and check.severity == severity]


def judge(subject: Subject) -> Judgement:
    """Return what all checks say of a loss, in this process; `isolation.judge_apart` is for code of others."""
    found = tuple(verdicts(subject))
    with undisturbed():
        return Judgement(subject.name, subject.formula, found)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within the block gradients are on; after it that and the global random numbers are as they were."""
    with torch.enable_grad(), torch.random.fork_rng(devices=[]):
        yield


def verdicts(subject: Subject) -> Iterator[tuple[Check, Finding | None]]:
    """Give each check with what it finds; after a gate that finds something, no more are made.

    The global random numbers, and whether gradients are on, stay as they were.
    """
    for check in CHECKS:
        with undisturbed():
            try:
                finding = check.find(subject)
            except LossFailed as failed:
                finding = failed.finding
        yield check, finding
        if check.gate and finding:
            return
