"""What a check finds in a loss, and the numbers in its words."""

import re

from yolo_feiou.checks.checked_loss import CheckedLoss


def found(check, loss):
    return check(CheckedLoss(loss.__name__, loss))


def first_number(text):
    return float(re.search(r"-?[\d.]+(e-?\d+)?", text).group())
