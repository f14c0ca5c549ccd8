"""`yolo check my_loss.py:my_function`: the verb of the command line."""

from __future__ import annotations

from yolo_feiou.checks.catalogue import judge
from yolo_feiou.checks.report import report
from yolo_feiou.checks.subject import Subject
from yolo_feiou.errors import ArgumentError
from yolo_feiou.registry import LOSSES
from yolo_feiou.user_loss import load_loss


def check(words: list[str]) -> int:
    """Print the judgement of each loss, and return 1 if one has a fault, otherwise 0.

    Args:
        words: Losses: 'file.py:function', or a spec of our own table, or 'all' for the whole table.

    Raises:
        ArgumentError: If there is no word, an unknown option, or a function that can't be had.
        LossSpecError: If a spec is wrong.
    """
    if not words:
        raise ArgumentError("check takes a loss: 'yolo check my_loss.py:my_function', or 'yolo check focal_eiou'.")
    if options := [word for word in words if word.startswith("-")]:
        raise ArgumentError(f"check takes losses alone, got {options[0]}: 'yolo check my_loss.py:my_function'.")
    names = [*LOSSES] if words == ["all"] else words
    subjects = [Subject(name, load_loss(name)) for name in names]  # all, before the first is judged
    status = 0
    for subject in subjects:
        judgement = judge(subject)
        print(report(judgement))
        status |= bool(judgement.found("fault"))
    return status
