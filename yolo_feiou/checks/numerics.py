"""Checks of arithmetic: degenerate boxes, tiny boxes, half precision."""

from __future__ import annotations

import torch

from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.finding import Finding, format_numbers, pair_at
from yolo_feiou.checks.geometry import check_scale, find_difference
from yolo_feiou.checks.pairs import sample_matched

#: What to write in the place of an operation whose value or slope is not finite.
CLAMP_REMEDY = (
    "clamp what goes into the operation: a / b.clamp(min=1e-12), x.clamp(min=1e-12) before .log(), .sqrt() or a power "
    "below 1, x.clamp(max=50) before .exp(); torch.where, nan_to_num or a clamp of its result mend the value, and "
    "leave the NaN in the gradient"
)


def check_finite(subject: CheckedLoss) -> Finding | None:
    """Find a NaN or infinite value or gradient on a degenerate pair, in a batch of its own, or in a large batch."""
    for dtype in (torch.float32, torch.float64):
        for name in subject.boxes.degenerate:
            pairs = subject.boxes.degenerate_pair(name, dtype)
            for what, numbers in zip(("value", "gradient"), subject.values_and_gradient(*pairs), strict=True):
                if not numbers.isfinite().all():
                    return Finding(
                        f"the {what} for {name} is not finite, in {str(dtype).removeprefix('torch.')}",
                        format_numbers(numbers[0]),
                        "finite numbers",
                        CLAMP_REMEDY,
                        pair_at(pairs, 0),
                    )
    pairs = subject.boxes.sample_matched(2_000)
    for what, numbers in zip(("value", "gradient"), subject.values_and_gradient(*pairs), strict=True):
        if (wrong := ~numbers.isfinite().reshape(len(numbers), -1).all(1)).any():
            i = int(wrong.nonzero()[0])
            return Finding(
                f"the {what} of {int(wrong.sum()):,} pairs in a batch of {len(wrong):,} is not finite",
                format_numbers(numbers[i]),
                "finite numbers",
                "look at what depends on the number of pairs",
                pair_at(pairs, i),
            )
    return None


def check_tiny(subject: CheckedLoss) -> Finding | None:
    """Find a value that differs between sides of 1e-3 and 1: an added eps is as large as their areas.

    1e-7 added to the union makes the IoU of two identical boxes of side 1e-3 0.909. Such sides are common in
    normalised coordinates.
    """
    if check_scale(subject):  # then the size matters in general
        return None
    unit = torch.tensor(((0, 0, 1, 1),), dtype=torch.float64)
    pred, target = (torch.cat((unit, side)) for side in sample_matched(200))
    at_one, at_milli = subject.values(pred, target), subject.magnified(1e-3).values(pred / 1e3, target / 1e3)
    if (i := find_difference(at_one, at_milli)) is None:
        return None
    return Finding(
        "boxes a thousandth the size give another value: an eps is as large as their areas",
        format_numbers(at_milli[i].item()),
        f"{format_numbers(at_one[i].item())}, as for the pair times 1000",
        "write a / b.clamp(min=1e-12) in place of a / (b + eps): it leaves every b above 1e-12 as it is",
        pair_at((pred / 1e3, target / 1e3), i),
    )


def check_half_precision(subject: CheckedLoss) -> Finding | None:
    """Find a value that half precision changes by over 2 %: in fp16 two boxes of side 181 overflow w·h + w_t·h_t."""
    boxes = subject.boxes
    for dtype in (torch.float16, torch.bfloat16):
        pred, target = (
            boxes.magnify(side.to(dtype), 32) for side in boxes.sample_matched(100)
        )  # as in pixels: sides up to 500 and more
        came, expected = subject.values(pred, target), subject.values(pred.double(), target.double())
        close = (came - expected).abs() <= 0.02 * (1 + expected.abs())  # False where it came out as NaN
        if not (bad := ~close & expected.isfinite()).any():
            continue
        i = int(bad.nonzero()[0])
        return Finding(
            f"the value is another in {str(dtype).removeprefix('torch.')}, which autocast does not upcast to float32",
            format_numbers(came[i].item()),
            format_numbers(expected[i].item()),
            "begin with pred, target = pred.float(), target.float()",
            pair_at((pred, target), i),
        )
    return None
