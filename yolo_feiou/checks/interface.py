"""Checks of the interface: what the loss accepts, and what it returns."""

from __future__ import annotations

import torch

from yolo_feiou.checks.checked_loss import CheckedLoss, describe_output
from yolo_feiou.checks.finding import Finding, format_numbers, pair_at
from yolo_feiou.checks.torch_state import GRADIENTS_SETTING
from yolo_feiou.errors import first_three


def check_runs(subject: CheckedLoss) -> Finding | None:
    """Find an error on ordinary boxes, which `CheckedLoss.raw` turns into a finding."""
    for dtype in (torch.float32, torch.float64):
        subject.raw(*(side.to(dtype) for side in subject.boxes.sample_matched(5)))
    return None


def check_shape(subject: CheckedLoss) -> Finding | None:
    """Find another output than one float a pair, attached: most often a mean, a column, or an N × N matrix."""
    for n in (5, 1, 0):
        pred, target = (side.float() for side in subject.boxes.sample_matched(n))
        values = subject.raw(pred.requires_grad_().clone(), target)
        if not isinstance(values, torch.Tensor) or values.shape != (n,):
            what, came = "not one value a pair", describe_output(values)
            remedy = explain_shape(values, n)
        elif not values.requires_grad:  # as no integer can
            what, came = "no gradient", f"{str(values.dtype).removeprefix('torch.')}, without a graph"
            remedy = "compute with the tensors given; detach, .data, .item() and no_grad are for parts of the loss only"
        else:
            continue
        pair = pair_at((pred, target), 0) if n else None
        return Finding(f"{what}, for N = {n}", came, f"shape ({n},), an attached float tensor", remedy, pair)
    return None


def explain_shape(values: object, n: int) -> str:
    """Return what to do about an output that is not one value for each of n pairs."""
    if values is None:
        return "nothing is returned: end the function with 'return', and the loss"
    if isinstance(values, torch.Tensor) and values.ndim == 2 and n > 1 and values.shape[1] > 1:
        if values.shape == (n, n):
            return "(N,) times (N, 1) makes N × N, a loss N times too large: .squeeze(-1) makes both (N,)"
        return "one value a coordinate: .sum(1) makes it one a pair"
    return "leave sums and means to the caller; a column (N, 1) becomes (N,) by .squeeze(-1)"


def check_backward(subject: CheckedLoss) -> Finding | None:
    """Find an error of the backward pass on ordinary boxes, likewise."""
    subject.gradient(*subject.boxes.sample_matched(5))
    return None


def check_repeatable(subject: CheckedLoss) -> Finding | None:
    """Find values that change at a second call, so that no comparison is valid: it is random, or has state."""
    pairs = subject.boxes.sample_matched(20)
    first, second = subject.values(*pairs), subject.values(*pairs)
    if not (changed := (first - second).abs() > 1e-9).any():
        return None
    i = int(changed.nonzero()[0])
    return Finding(
        "the same boxes give another value at the second call, so no other check is valid",
        f"{format_numbers(first[i].item())}, then {format_numbers(second[i].item())}",
        "the same value",
        "draw no random numbers; for the check, freeze the state that the loss keeps between calls",
        pair_at(pairs, i),
    )


def check_inputs_unchanged(subject: CheckedLoss) -> Finding | None:
    """Find arguments changed in place: training uses the target boxes afterwards, for DFL among others."""
    for i, name in enumerate(("prediction", "target")):
        before = subject.boxes.sample_matched(20)
        after = tuple(side.clone() for side in before)
        subject.raw(*after)
        if (changed := (before[i] != after[i]).any(1)).any():
            k = int(changed.nonzero()[0])
            return Finding(
                f"it changes the {name} in place",
                format_numbers(after[i][k]),
                format_numbers(before[i][k]),
                "use copies: x.clamp(min=0) instead of x.clamp_(min=0), x = x + y instead of x += y",
                pair_at(before, k),
            )
    return None


def check_torch_unchanged(subject: CheckedLoss) -> Finding | None:
    """Find functions of torch that it replaces, or settings that it changes, when it is imported or called."""
    called = [
        change for change in subject.before.changes() if change != GRADIENTS_SETTING
    ]  # which are on for the checks
    if not (changes := list(dict.fromkeys([*subject.loading, *called]))):
        return None
    return Finding(
        "it changes torch, and so the whole training that it is used in",
        f"changed: {first_three(changes)}",
        "torch as it was before the loss was imported",
        "use functions of your own, and pass dtype and device where tensors are created",
    )
