"""For trainings that Ultralytics starts as commands of its own: they must know our arguments too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.training_arguments import OURS

STOCK_MODULE = "ultralytics.cfg.__init__"  # what `python -m` runs for the tuner and for several data sets


@contextmanager
def our_arguments() -> Iterator[None]:
    """Within the block, Ultralytics' argument checks know ours, and the commands that it starts are ours."""
    if OURS.keys() <= DEFAULT_CFG_DICT.keys():  # a block within the block
        yield
        return
    stock_run = subprocess.run

    def run(command: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(command, list) and command[1:3] == ["-m", STOCK_MODULE]:
            command = [sys.executable, "-m", "yolo_feiou", *command[3:]]
        return stock_run(command, *args, **kwargs)

    DEFAULT_CFG_DICT.update(OURS)
    subprocess.run = run
    try:
        yield
    finally:
        for key in OURS:
            del DEFAULT_CFG_DICT[key]
        subprocess.run = stock_run
