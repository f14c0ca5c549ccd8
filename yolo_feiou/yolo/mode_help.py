"""The help of Ultralytics' modes: ours first, then its own arguments, as its installed release describes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ultralytics.utils import DEFAULT_CFG_PATH

from yolo_feiou.parameters import Parameter, format_argument
from yolo_feiou.results.arguments import EXTRA_PARAMETERS
from yolo_feiou.yolo.default_cfg import list_extra_arguments

#: On what device a mode runs, and where its results go.
PLACE = ("device", "project", "name", "exist_ok")
DETECTION = ("conf", "iou", "max_det")
PRECISION = ("quantize", "half", "int8")  # the first of newer releases, the others of older ones
PICTURES = ("Predict", "Visualize")
ALL_ARGUMENTS = "'yolo cfg' lists all arguments of Ultralytics."
BESIDE_YOLO = "Detectors beside YOLO have arguments of their own: give model= too, and --help."


@dataclass(frozen=True)
class ModeHelp:
    """What is said of a mode.

    Attributes:
        usage: How it is used.
        about: What it does, and what of it has to do with this package.
        sections: The sections of Ultralytics' table that it reads, by the first word of their titles.
        names: What it reads of others.
        after: What is said at the end.
        ours: The arguments that this package adds.
        unread: What it doesn't read of those sections.
    """

    usage: str
    about: str
    sections: tuple[str, ...]
    names: tuple[str, ...]
    after: str = ALL_ARGUMENTS
    ours: tuple[Parameter, ...] = ()
    unread: tuple[str, ...] = ()

    def reads(self, section: str, name: str) -> bool:
        """Return whether the mode reads an argument."""
        return name in self.names or (section in self.sections and name not in self.unread)


MODE_HELP = {
    "train": ModeHelp(
        "yolo train model=MODEL data=DATA [loss=LOSS] [argument=value ...] [cfg=RECIPE.yaml]",
        "",
        ("", "Train", "Val/Test", "Hyperparameters"),
        (),
        "'yolo losses' lists the losses, 'yolo recipes' the recipes for cfg=. Detectors beside YOLO have arguments of "
        "their own:\n'yolo train model=retinanet.yaml --help'.",
        EXTRA_PARAMETERS,
    ),
    "val": ModeHelp(
        "yolo val model=WEIGHTS.pt data=DATA [argument=value ...]",
        "Evaluates weights by Ultralytics' metrics. Those that were trained with loss= need nothing here, and val has\n"
        "no loss=. COCO's AP, and a row for a report: yolo evaluate RUN.",
        ("Val/Test",),
        ("model", "data", "batch", "imgsz", "workers", *PLACE, "augment", "agnostic_nms", "classes"),
        f"{ALL_ARGUMENTS}\n{BESIDE_YOLO}",
        unread=("val",),
    ),
    "predict": ModeHelp(
        "yolo predict model=WEIGHTS.pt source=IMAGES [argument=value ...]",
        "Detects objects in images and videos. Weights that were trained with loss= need nothing here.",
        PICTURES,
        ("model", "batch", "imgsz", *PLACE, *DETECTION),
        f"{ALL_ARGUMENTS}\n{BESIDE_YOLO}",
    ),
    "track": ModeHelp(
        "yolo track model=WEIGHTS.pt source=VIDEO [argument=value ...]",
        "Follows objects through a video. Weights that were trained with loss= need nothing here.",
        PICTURES,
        ("model", "imgsz", *PLACE, *DETECTION, "tracker"),
    ),
    "export": ModeHelp(
        "yolo export model=WEIGHTS.pt format=onnx [argument=value ...]",
        "Exports weights. Those that were trained with loss= need nothing here. ONNX whose AP is compared with that\n"
        "of the weights, and a model card: yolo export-results RUN onnx=True.",
        ("Export",),
        ("model", "data", "batch", "imgsz", "device", "nms", *PRECISION),
    ),
    "benchmark": ModeHelp(
        "yolo benchmark model=WEIGHTS.pt data=DATA [argument=value ...]",
        "Exports weights to each format, and measures its speed and metrics. Those that were trained with loss= need\n"
        "nothing here.",
        (),
        ("model", "data", "imgsz", "device", "verbose", "format", *PRECISION),
    ),
}


def format_stock_mode_help(mode: str) -> str:
    """Return the help on a mode of Ultralytics': a line for each argument with default and meaning, ours with range.

    Args:
        mode: One of `MODE_HELP`.
    """
    told = MODE_HELP[mode]
    text = DEFAULT_CFG_PATH.read_text(encoding="utf-8")
    stock = iter_stock_lines(text, told.reads, has_titles=not told.names)
    return "\n".join([*iter_own_lines(told), *stock, "", told.after])


def iter_own_lines(told: ModeHelp) -> Iterator[str]:
    """Yield the lines of the help on a mode that are before Ultralytics' arguments."""
    yield f"{told.usage}\n"
    if told.about:
        yield f"{told.about}\n"
    known = list_extra_arguments()
    yield from (format_argument(parameter) for parameter in told.ours if parameter.name in known)


def iter_stock_lines(text: str, reads: Callable[[str, str], bool], has_titles: bool = True) -> Iterator[str]:
    """Yield a line for each argument of Ultralytics' that a mode reads.

    Args:
        text: Ultralytics' YAML of defaults, whose comments say what each argument means.
        reads: Says, of the first word of a section's title and the name of an argument, whether the mode reads it.
        has_titles: Whether the title of each section stands above its arguments.
    """
    section = title = ""
    for line in text.splitlines():
        if found := re.match(r"# (\w.*?) -{5,}", line):
            section, title = found[1].partition(" ")[0], found[1] if has_titles else ""
        elif found := re.match(r"(\w+):\s*([^#]*?)\s*#\s*(.*)", line):
            if found[1] in ("mode", "cfg") or not reads(section, found[1]):
                continue
            if title:
                yield f"\n{title}"
                title = ""
            yield f"    {f'{found[1]}={found[2]}':28} {found[3]}"
