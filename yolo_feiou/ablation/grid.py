"""From the words of a command to the runs of a grid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from ultralytics.cfg import DEFAULT_CFG_DICT, smart_value

from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.registry import loss_to_train
from yolo_feiou.spec import split_list

#: Arguments of Ultralytics that the runner hands out by itself, or that say where results go.
OWN = ("project", "name", "exist_ok", "save_dir", "resume", "mode", "task")


@dataclass(frozen=True)
class Run:
    """One training of a grid.

    Attributes:
        arguments: All its arguments for Ultralytics, `loss` and `seed` among them, and nothing that could change
            between machines (where results go, the device).
        axes: Those that differ between the runs of the grid.
    """

    arguments: Mapping[str, Any]
    axes: tuple[str, ...]

    @property
    def key(self) -> str:
        """Ten digits that stand for all arguments: a run whose settings changed has another key."""
        return hashlib.sha256(json.dumps(dict(sorted(self.arguments.items()))).encode()).hexdigest()[:10]

    @property
    def name(self) -> str:
        """What its folder is called: its place in the grid, for people, and its key."""
        words = [str(self.arguments[axis]) if axis == "loss" else f"{axis}{self.arguments[axis]}" for axis in self.axes]
        readable = "_".join(words) or str(self.arguments["loss"])
        return "".join(c if c.isalnum() or c in "._=-" else "-" for c in readable)[:80] + f"-{self.key}"


def expand(words: Mapping[str, str]) -> list[Run]:
    """Return the runs of a grid: every combination of the values that are lists.

    `losses=` lists losses and `seeds=` seeds; any other training argument may be a list too, as in box=2.5,5,7.5. A
    list in brackets is one value, as Ultralytics reads it.

    Args:
        words: Arguments as on the command line, key to text.

    Raises:
        ArgumentError: If an argument is unknown, is handed out by the runner, or lists a value twice.
        LossSpecError: If a loss is wrong.
    """
    values = {key: listed(key, text) for key, text in words.items()}
    values.setdefault("loss", ["ciou"])
    values.setdefault("seed", [0])
    axes = tuple(sorted((key for key, several in values.items() if len(several) > 1), key=order))
    rows = product(*([(key, value) for value in values[key]] for key in sorted(values, key=order)))
    return [Run(dict(row), axes) for row in rows]


def order(key: str) -> tuple[bool, bool, str]:
    """Return what to sort arguments by: the loss first, the seed last."""
    return (key != "loss", key == "seed", key)


def listed(key: str, text: str) -> list[Any]:
    """Return the values that an argument lists, read as Ultralytics reads them."""
    if key == "loss":
        losses = split_list(text)
        for loss in losses:
            loss_to_train(loss)
        return losses
    if key in OWN:
        raise ArgumentError(f"{key}= is handed out by the ablation: leave it out, and name the folder with out=.")
    if key not in DEFAULT_CFG_DICT:
        raise ArgumentError(
            f"'{key}' is no training argument{did_you_mean(key, [*DEFAULT_CFG_DICT, 'losses', 'seeds'])}"
        )
    values = [smart_value(word) for word in (text.split(",") if text[:1] not in ("[", "(") else [text])]
    if any(value == "" for value in values):
        raise ArgumentError(f"{key}={text} has an empty value: list values as {key}=a,b.")
    if twice := [value for i, value in enumerate(values) if value in values[:i]]:
        raise ArgumentError(f"{key}={text} lists {twice[0]} twice: each run is made once.")
    return values
