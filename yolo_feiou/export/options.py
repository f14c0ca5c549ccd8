"""What `yolo evaluate` and `yolo export-results` are told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolo_feiou.errors import ArgumentError
from yolo_feiou.escape import quote_command
from yolo_feiou.evaluation.options import EVALUATION_OPTIONS
from yolo_feiou.parameters import Flag, Folder, Int, Text, check_named, format_arguments, read_arguments
from yolo_feiou.results.file_names import RESULTS
from yolo_feiou.results.read import read_cells
from yolo_feiou.results.schema import REQUIRED

#: The verbs of the command, which do the same.
EVALUATE, EXPORT = "evaluate", "export-results"
EXPORT_OPTIONS = (
    Folder("out", "", meaning="the folder of results.csv; by default the one in which the runs lie"),
    Text("data", "", "the data YAML, where it is not the one that a run's args.yaml names"),
    *EVALUATION_OPTIONS,
    Text("device", "", "a device as the framework takes it, like 0 or cpu"),
    Int("batch", 0, 1, 4096, "images at a time; by default as many as each process of the run trained with"),
    Flag("onnx", False, meaning="whether the weights are exported to ONNX too, and evaluated"),
    Text("submission", "", "a name: writes a submission to COCO's evaluation server that is called so"),
)
EXPORT_USAGE = """RUN [RUN ...] [argument=value ...]

Evaluates finished runs, of YOLO with any loss or none of ours and of detectors beside it, and leaves a row for each in
out/results.csv, as 'yolo ablate' does, so that 'yolo report OUT' compares them; and a model card beside the weights.
Oriented boxes have Ultralytics' own mAP in the place of COCO's AP. ONNX is for YOLO alone. What was evaluated before,
with the same weights and in the same way, isn't again.
"""


@dataclass(frozen=True)
class ExportOptions:
    """The values of `EXPORT_OPTIONS`, by their names."""

    out: str
    data: str
    split: str
    weights: str
    evaluator: str
    annotations: str
    device: str
    batch: int
    onnx: bool
    submission: str


@dataclass(frozen=True)
class ExportRequest:
    """What a command asks for.

    Attributes:
        folders: Those of the runs, each once.
        options: The values of `EXPORT_OPTIONS`.
        out: The folder of the results.
        command: The command, as it can be typed again.
    """

    folders: Sequence[Path]
    options: ExportOptions
    out: Path
    command: str


def read_export_request(args: Sequence[str], verb: str = EXPORT) -> ExportRequest:
    """Return what the arguments of the command line ask for.

    Args:
        args: Those that follow the verb.
        verb: The verb.

    Raises:
        ArgumentError: If no run is named, an option is unknown or wrong, or `out` holds something else.
    """
    named = [arg for arg in args if "=" not in arg or Path(arg).is_dir()]
    given = read_arguments(f"yolo {verb}", [arg for arg in args if arg not in named], EXPORT_OPTIONS)
    folders = list({Path(arg).resolve(): Path(arg) for arg in named}.values())
    if not folders:
        raise ArgumentError(f"'yolo {verb}' takes the folders of runs: 'yolo {verb} runs/detect/train'.")
    check_named(named, "the folder of a run")
    values: dict[str, Any] = {option.name: option.default for option in EXPORT_OPTIONS}
    options = ExportOptions(**values | given)
    if (name := options.submission) and not re.fullmatch(r"[\w.-]+", name, re.ASCII):
        raise ArgumentError(f"submission={name} becomes part of a file's name: use letters, digits, '-', '_' and '.'.")
    out = find_out(options.out, folders)
    check_export_folder(out)
    return ExportRequest(folders, options, out, quote_command(["yolo", verb, *args]))


def find_out(named: str, folders: Sequence[Path]) -> Path:
    """Return the folder of the results: the one that is named, or the one in which all runs lie.

    Raises:
        ArgumentError: If the runs lie in several folders and none is named.
    """
    if named:
        return Path(named)
    parents = dict.fromkeys(folder.absolute().parent for folder in folders)
    if len(parents) > 1:
        raise ArgumentError("the runs lie in several folders: name one for the results, as in out=runs/coco.")
    return folders[0].parent


def check_export_folder(out: Path) -> None:
    """Raise ArgumentError if results of other origin would be overwritten."""
    for mark, what in (("ablation.json", "an ablation"), ("args.yaml", "a run, whose results.csv has its epochs")):
        if (out / mark).is_file():
            raise ArgumentError(f"{out} is the folder of {what}: name another folder with out=.")
    rows = read_cells(out / RESULTS)
    if rows and not set(REQUIRED) <= rows[0].keys():
        raise ArgumentError(f"{out / RESULTS} holds something else: name another folder with out=.")


def format_export_usage(verb: str = EXPORT) -> str:
    """Return how the command is used.

    Args:
        verb: The verb by which it is called.
    """
    other = f"'yolo {EXPORT if verb == EVALUATE else EVALUATE}' is the same command.\n\n"
    return f"yolo {verb} {EXPORT_USAGE}{other}" + format_arguments(EXPORT_OPTIONS)
