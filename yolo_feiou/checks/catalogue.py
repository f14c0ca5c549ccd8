"""The catalogue of checks, and how they are run on a loss."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from yolo_feiou.checks import geometry, gradients, interface, misnamed, numerics, rotated
from yolo_feiou.checks.checked_loss import CheckedLoss, LossFailed
from yolo_feiou.checks.finding import Finding
from yolo_feiou.losses.table import Family


@dataclass(frozen=True)
class Check:
    """A row of the catalogue.

    Attributes:
        name: Its name in the report.
        checked: What holds if the check passes, in one line.
        find: The check itself.
        severity: 'fault', or 'note' where a correct loss may have that property.
        gate: Whether the checks after it are meaningless if this one fails.
        by_formula: Whether it applies to recognised formulas only.
        family: What kind of boxes it is for; None for both.
    """

    name: str
    checked: str
    find: Callable[[CheckedLoss], Finding | None]
    severity: str = "fault"
    gate: bool = False
    by_formula: bool = False
    family: Family | None = None


#: All checks. Of one name, each family has one of its own.
CHECKS = (
    Check("runs", "takes float32 and float64 boxes without an error", interface.check_runs, gate=True),
    Check("shape", "one float a pair, attached, for N = 5, 1 and 0", interface.check_shape, gate=True),
    Check("backward", "its gradient can be computed", interface.check_backward, gate=True),
    Check("learns", "boxes that overlap have a gradient", gradients.check_gradient_with_overlap),
    Check("repeat", "the same boxes give the same value again", interface.check_repeatable, gate=True),
    Check("inputs", "the given boxes are not changed in place", interface.check_inputs_unchanged),
    Check("finite", "values and gradients are finite for degenerate boxes", numerics.check_finite),
    Check("xywh", "boxes moved together keep their value", geometry.check_translation),
    Check("turn", "boxes turned together keep their value", rotated.check_turn, family="rotated"),
    Check("quarter-turn", "a box as (h, w, r + π/2) keeps its value", rotated.check_quarter_turn, family="rotated"),
    Check("half-turn", "a box as (w, h, r + π) keeps its value", rotated.check_half_turn, family="rotated"),
    Check("scale", "boxes 10 and 1000 times as large keep their value", geometry.check_scale, family="aligned"),
    Check("tiny", "boxes a thousandth as large keep their value", numerics.check_tiny, family="aligned"),
    Check("identical", "identical boxes give 0", geometry.check_identical, family="aligned"),
    Check("identical", "identical boxes have no gradient", rotated.check_identical, family="rotated"),
    Check("negative", "no pair of boxes gives less than 0", geometry.check_negative),
    Check("receding", "boxes farther apart don't give a lower value, and move further", geometry.check_receding),
    Check("gradient", "equals finite differences, with detached parts held fixed", gradients.check_finite_differences),
    Check("attached", "two boxes of one size are moved together at every overlap", gradients.check_attached_weight),
    Check("step", "a step against the gradient raises the overlap", gradients.check_gradient_step),
    Check("size", "boxes about one centre approach in size", geometry.check_size, family="aligned"),
    Check("parts", "boxes that differ in one part approach in it", rotated.check_parts, family="rotated"),
    Check("reversed", "no weight (1 − IoU)^γ", misnamed.check_focus_direction, by_formula=True, family="aligned"),
    Check(
        "offset",
        "no centre offset in place of width and height",
        misnamed.check_centre_offset,
        by_formula=True,
        family="aligned",
    ),
    Check("extended", "no Extended-IoU under the name EIoU", misnamed.check_extended_iou, family="aligned"),
    Check(
        "known",
        "has the gradient of the known loss whose values it has",
        gradients.check_known_gradient,
        family="aligned",
    ),
    Check(
        "mistaken",
        "no mistake that is passed on in public copies",
        misnamed.check_known_mistake,
        family="aligned",
    ),
    Check("torch", "no function of torch is replaced, and no setting changed", interface.check_torch_unchanged),
    Check(
        "zero-gradient",
        "boxes without overlap have a gradient in their centre",
        gradients.check_gradient_without_overlap,
        "note",
        family="aligned",
    ),
    Check(
        "zero-gradient",
        "boxes 20 sides apart have a gradient",
        rotated.check_gradient_apart,
        "note",
        family="rotated",
    ),
    Check(
        "coordinates",
        "centre, sides and angle each have a gradient",
        rotated.check_coordinates,
        "note",
        family="rotated",
    ),
    Check(
        "scale",
        "boxes 10, 1000 and 0.001 times as large keep their value",
        geometry.check_scale,
        "note",
        family="rotated",
    ),
    Check("half", "float16 and bfloat16 give the value within 2 %", numerics.check_half_precision, "note"),
)


def list_checks(family: Family) -> tuple[Check, ...]:
    """Return the checks of a family of boxes, in the order in which they are run."""
    return tuple(check for check in CHECKS if check.family in (family, None))


#: By the family of boxes, those that take a moment, and that no loss may fail which is to train. A function of xyxy
#: boxes may take xywhr ones without an error: it depends on where they lie.
QUICK_CHECKS: Mapping[Family, tuple[str, ...]] = {
    "aligned": ("runs", "shape", "backward", "inputs", "finite"),
    "rotated": ("runs", "shape", "backward", "inputs", "finite", "xywh"),
}


@dataclass(frozen=True)
class CheckResults:
    """The results of all checks of a loss.

    Attributes:
        name: The user's name for the loss.
        family: What kind of boxes it was checked on.
        formula: Its formula and its name, as far as they are known; None if it is not recognised.
        results: The checks that were run, in order, each with its finding.
    """

    name: str
    family: Family
    formula: str | None
    results: tuple[tuple[Check, Finding | None], ...]

    def list_found(self, severity: str) -> list[str]:
        """Return the names of the checks of a severity that failed."""
        return [check.name for check, finding in self.results if finding and check.severity == severity]


def run_checks(subject: CheckedLoss) -> CheckResults:
    """Run all checks on a loss, in this process; `isolation.run_checks_isolated` is for untrusted code."""
    found = tuple(iter_results(subject))
    with preserve_torch_state():
        return CheckResults(subject.name, subject.family, subject.recognised, found)


@contextmanager
def preserve_torch_state() -> Iterator[None]:
    """Within the block gradients are enabled; after it that setting and the global random state are restored."""
    with torch.enable_grad(), torch.random.fork_rng(devices=[]):
        yield


def iter_results(subject: CheckedLoss, names: Container[str] | None = None) -> Iterator[tuple[Check, Finding | None]]:
    """Yield each check of its boxes with its finding; after a gate that fails, no more are run.

    The global random state, and whether gradients are enabled, are restored.

    Args:
        subject: The loss.
        names: Those of the checks to run; None for all.
    """
    for check in list_checks(subject.family):
        if names is not None and check.name not in names:
            continue
        with preserve_torch_state():
            try:
                finding = check.find(subject)
            except LossFailed as failed:
                finding = failed.finding
        yield check, finding
        if check.gate and finding:
            return
