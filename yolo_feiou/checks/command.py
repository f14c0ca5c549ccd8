"""`yolo check my_loss.py:my_function`: the verb of the command line."""

from __future__ import annotations

from collections.abc import Iterable

from yolo_feiou.checks.isolation import run_checks_isolated
from yolo_feiou.checks.report import format_report
from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.families import TASK_FAMILIES
from yolo_feiou.losses.table import LOSSES
from yolo_feiou.parameters import Choice, Float, asks_for_help, format_arguments, read_arguments, split_arguments

#: Timeout in seconds of loading a loss, and of checking it; those of the table take a fifth of a second.
TIMEOUT_ARGUMENT = Float("timeout", 300.0, 0.1, 1e6, "seconds that loading, and checking, of a loss may take")

#: Whose boxes losses are checked on; without it those of the table are on their own.
TASK_ARGUMENT = Choice(
    "task",
    "",
    tuple(TASK_FAMILIES),
    "whose boxes a loss is checked on; by default its own, and axis-aligned ones for a function",
)
CHECK_USAGE = """yolo check LOSS [LOSS ...] [argument=value ...]

Looks for known mistakes in losses. LOSS is a function of your own, as my_loss.py:my_function, a spec of the table, as
focal_eiou:gamma=1, or all. The exit status is 1 if one has a fault.

"""


def check_losses(args: list[str], table: Iterable[str] = LOSSES) -> int:
    """Print the results of each loss, and return 1 if one has a fault, otherwise 0.

    Each is checked in a process of its own: one that exits, hangs, or exhausts memory has a fault.

    Args:
        args: Losses: 'file.py:function', or a spec of the table, or 'all' for all of it; 'timeout=60', the seconds that
            loading and checking of each may take; and 'task=obb' to check a function on rotated boxes, and of 'all'
            those of rotated boxes alone.
        table: The losses that 'all' stands for.

    Raises:
        ArgumentError: If there is no loss, an unknown option, or a function that can't be loaded.
        LossSpecError: If a spec is wrong, or of other boxes than those of the task.
    """
    if asks_for_help(args):
        print(CHECK_USAGE + format_arguments((TIMEOUT_ARGUMENT, TASK_ARGUMENT)))
        return 0
    given, args = split_arguments(args)
    values = read_arguments("yolo check", given, [TIMEOUT_ARGUMENT, TASK_ARGUMENT])
    seconds, task = values.get("timeout", TIMEOUT_ARGUMENT.default), values.get("task")
    if not args:
        raise ArgumentError("got no loss: expected 'yolo check my_loss.py:my_function', or 'yolo check focal_eiou'.")
    if options := [arg for arg in args if arg.startswith("-")]:
        raise ArgumentError(
            f"got {options[0]}, expected losses only: 'yolo check my_loss.py:my_function [task=obb] [timeout=SECONDS]'."
        )
    status = 0
    if args == ["all"]:
        args = [name for name in table if task is None or LOSSES[name].family == TASK_FAMILIES[task]]
    for checked in run_checks_isolated(args, seconds, task):
        print(format_report(checked))
        status |= bool(checked.list_found("fault"))
    return status
