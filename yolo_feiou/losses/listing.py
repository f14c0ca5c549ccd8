"""`yolo losses`: print the table of losses."""

from __future__ import annotations

from yolo_feiou.losses.build import STOCK
from yolo_feiou.losses.table import LOSSES, LossInfo
from yolo_feiou.parameters import format_value

STOCK_MEANING = "Ultralytics' own CIoU, nothing replaced; the same as no loss= at all"


def describe_loss(info: LossInfo) -> str:
    """Return a loss in a few lines: name and meaning, parameters with default and range, source and equation."""
    parameters = [f"{p.name}={format_value(p.default)} ({p.expected})" for p in info.parameters] or ["no parameters"]
    lines = (info.meaning, *parameters, f"{info.paper}, {info.equation}")
    return f"{info.name:17}" + f"\n{'':17}".join(lines)


def print_losses() -> None:
    """Print all losses."""
    print("yolo train ... loss=NAME or loss=NAME:key=value,key=value\n")
    print(*map(describe_loss, LOSSES.values()), sep="\n\n")
    print(f"\n{STOCK:17}{STOCK_MEANING}")
