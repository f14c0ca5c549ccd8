"""The help of `yolo train`: our arguments first, then Ultralytics' own, as its installed release describes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ultralytics.utils import DEFAULT_CFG_PATH

from yolo_feiou.parameters import format_argument
from yolo_feiou.results.arguments import EXTRA_PARAMETERS
from yolo_feiou.yolo.default_cfg import list_extra_arguments

TRAINING_USAGE = """yolo train model=MODEL data=DATA [loss=LOSS] [argument=value ...] [cfg=RECIPE.yaml]

"""
AFTER = """
'yolo losses' lists the losses, 'yolo recipes' the recipes for cfg=. Detectors beside YOLO have arguments of their own:
'yolo train model=retinanet.yaml --help'."""
#: Sections of Ultralytics' table that no training reads, by the first word of their titles.
OTHER_SECTIONS = ("Predict", "Visualize", "Export", "Tracker", "Custom")


def format_training_help() -> str:
    """Return the help on `yolo train`: a line for each argument with default and meaning, ours with their range too."""
    ours = [parameter for parameter in EXTRA_PARAMETERS if parameter.name in list_extra_arguments()]
    text = DEFAULT_CFG_PATH.read_text(encoding="utf-8")
    return TRAINING_USAGE + "\n".join([*map(format_argument, ours), *iter_stock_lines(text), AFTER])


def iter_stock_lines(text: str) -> Iterator[str]:
    """Yield a line for each argument of Ultralytics' that a training reads, under the title of its section.

    Args:
        text: Ultralytics' YAML of defaults, whose comments say what each argument means.
    """
    title, wanted = "", True
    for line in text.splitlines():
        if section := re.match(r"# (\w.*?) -{5,}", line):
            title, wanted = section[1], section[1].partition(" ")[0] not in OTHER_SECTIONS
        elif wanted and (found := re.match(r"(\w+):\s*([^#]*?)\s*#\s*(.*)", line)) and found[1] not in ("mode", "cfg"):
            if title:
                yield f"\n{title}"
                title = ""
            yield f"    {f'{found[1]}={found[2]}':28} {found[3]}"
