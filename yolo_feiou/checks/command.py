"""`yolo check my_loss.py:my_function`: the verb of the command line."""

from __future__ import annotations

from collections.abc import Iterable

from yolo_feiou.checks.isolation import run_checks_isolated
from yolo_feiou.checks.report import format_report
from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.table import ALIGNED_LOSSES
from yolo_feiou.parameters import Float, read_arguments

#: Timeout in seconds of loading a loss, and of checking it; those of the table take a fifth of a second.
TIMEOUT_ARGUMENT = Float("timeout", 300.0, 0.1, 1e6)


def check_losses(args: list[str], table: Iterable[str] = ALIGNED_LOSSES) -> int:
    """Print the results of each loss, and return 1 if one has a fault, otherwise 0.

    Each is checked in a process of its own: one that exits, hangs, or exhausts memory has a fault.

    Args:
        args: Losses: 'file.py:function', or a spec of the table, or 'all' for all of it that are of axis-aligned boxes;
            and 'timeout=60', the seconds that loading and checking of each may take.
        table: The losses that 'all' stands for.

    Raises:
        ArgumentError: If there is no loss, an unknown option, or a function that can't be loaded.
        LossSpecError: If a spec is wrong, or of rotated boxes.
    """
    given = [arg for arg in args if arg.startswith("timeout=")]
    seconds = read_arguments("yolo check", given, [TIMEOUT_ARGUMENT]).get("timeout", TIMEOUT_ARGUMENT.default)
    args = [arg for arg in args if arg not in given]
    if not args:
        raise ArgumentError("got no loss: expected 'yolo check my_loss.py:my_function', or 'yolo check focal_eiou'.")
    if options := [arg for arg in args if arg.startswith("-")]:
        raise ArgumentError(
            f"got {options[0]}, expected losses only: 'yolo check my_loss.py:my_function [timeout=SECONDS]'."
        )
    status = 0
    for checked in run_checks_isolated([*table] if args == ["all"] else args, seconds):
        print(format_report(checked))
        status |= bool(checked.list_found("fault"))
    return status
