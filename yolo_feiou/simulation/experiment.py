"""An experiment of `yolo simulate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.build import build_aligned, shorten_spec
from yolo_feiou.losses.spec import find_repeated, split_list
from yolo_feiou.parameters import Parameter, Text

ArgumentValues = dict[str, Any]


@dataclass(frozen=True)
class Experiment:
    """An experiment.

    Attributes:
        name: Of its results.
        meaning: What it shows, in a line.
        arguments: The arguments that it takes.
        make: Writes its results into a folder, given the values of those arguments that the user gave, and yields
            lines for the terminal.
        files: Names of the files that it writes.
    """

    name: str
    meaning: str
    arguments: tuple[Parameter, ...]
    make: Callable[[Path, ArgumentValues], Iterator[str]]
    files: tuple[str, ...]


def make_losses_argument(*default: str) -> Text:
    """Return the argument that lists losses."""
    return Text("losses", ",".join(default), "a list of losses, like iou,eiou,focal_eiou:gamma=1")


def get_losses(values: ArgumentValues, *default: str) -> tuple[str, ...]:
    """Return the losses that the user listed, else the default ones.

    Raises:
        ArgumentError: If one is there twice, whatever its spelling.
        LossSpecError: If one is wrong, or of rotated boxes.
    """
    if "losses" not in values:
        return default
    losses = split_list(values["losses"])
    if (twice := find_repeated([shorten_spec(loss) for loss in losses])) is not None:
        raise ArgumentError(f"losses={values['losses']}: '{losses[twice]}' is there twice, spelled otherwise.")
    for loss in losses:
        build_aligned(loss)
    return tuple(losses)
