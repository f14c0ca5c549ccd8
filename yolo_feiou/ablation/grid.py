"""From the arguments of a command to the runs of a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from yolo_feiou.errors import ArgumentError, UnknownLossError, did_you_mean
from yolo_feiou.escape import quote_command
from yolo_feiou.framework import Framework
from yolo_feiou.losses.build import shorten_spec
from yolo_feiou.losses.families import describe_unknown_loss, suggest_family
from yolo_feiou.losses.spec import find_repeated, split_list
from yolo_feiou.results.fingerprints import fingerprint_files
from yolo_feiou.results.settings import TrainingSettings, digest_settings

#: Names under which the lists of losses and seeds are given too.
ALIASES = {"losses": "loss", "seeds": "seed"}
#: Arguments of a training that a grid can't have, and why.
RESERVED_ARGUMENTS = {
    **dict.fromkeys(("project", "name", "exist_ok", "save_dir"), "is handed out by the ablation, whose folder is out="),
    **dict.fromkeys(("resume", "mode", "save"), "is handed out by the ablation"),
    "val": "is needed as it is, since best.pt is chosen by it",
    "time": "would let the load of the machine decide how long a loss may train",
}

#: Arguments of which one value may be a list, so that a comma may mean either.
LIST_ARGUMENTS = ("classes", "freeze", "encode")


@dataclass(frozen=True)
class Run(TrainingSettings):
    """One training of a grid.

    Attributes:
        defaults: All arguments of the framework with their defaults: an argument that is given with its default makes
            no other run. A run that is read from its folder has none: its key is `RunFolder.key`.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def settings(self) -> dict[str, Any]:
        """What makes the run what it is, see `identify`."""
        return self.identify(self.defaults)

    @property
    def key(self) -> str:
        """Ten digits that stand for all settings: a run whose settings changed has another key.

        Spelling doesn't count: an argument given with its default changes nothing.
        """
        return digest_settings(self.settings)

    @property
    def name(self) -> str:
        """What its folder is called: its place in the grid, for people, and its key."""
        words = [str(self.arguments[key]) if key == "loss" else f"{key}{self.arguments[key]}" for key in self.swept]
        readable = "_".join(words) or str(self.arguments["loss"])
        return f"{make_name_part(readable)}-{self.key}"

    @property
    def varied(self) -> str:
        """Its loss, and its values of all else that varies in the grid, as they are typed."""
        keys = dict.fromkeys(("loss", *self.swept))
        return quote_command([f"{key}={self.arguments[key]}" for key in keys])


def expand_grid(texts: Mapping[str, str], framework: Framework, gain: str = "same") -> list[Run]:
    """Return the runs of a grid: every combination of the values that are lists.

    `losses=` lists losses and `seeds=` seeds; any other training argument may be a list too, as in box=2.5,5,7.5. A
    list in brackets is one value, as the framework reads it.

    Args:
        texts: Arguments as on the command line, key to text.
        framework: What trains the runs.
        gain: 'same' or 'matched', see `Run`.

    Raises:
        ArgumentError: If an argument is unknown, is handed out by the runner, lists a value twice, or `box` is a list
            although it is to be matched.
        LossSpecError: If a loss is wrong.
    """
    model = texts.get("model", "")
    values = {
        ALIASES.get(key, key): parse_list(ALIASES.get(key, key), text, framework, model) for key, text in texts.items()
    }
    values.setdefault("loss", ["ciou"])
    values.setdefault("seed", [0])
    if gain == "matched" and len(values.get("box", ())) > 1:
        raise ArgumentError("gain=matched sets box= for each loss: give one value of box, or use gain=same.")
    if gain == "matched" and values.get("box", [framework.defaults()["box"]]) == ["auto"]:
        raise ArgumentError("gain=matched needs the gain of CIoU: give box=2.5, its gain in detectors with box=auto.")
    swept = tuple(sorted((key for key, several in values.items() if len(several) > 1), key=make_sort_key))
    rows = product(*([(key, value) for value in values[key]] for key in sorted(values, key=make_sort_key)))
    defaults = framework.defaults()
    return [Run(dict(row), swept, gain, fingerprint_files(dict(row), framework.find_data), defaults) for row in rows]


def make_sort_key(key: str) -> tuple[bool, bool, str]:
    """Return what to sort arguments by: the loss first, the seed last."""
    return (key != "loss", key == "seed", key)


def parse_list(key: str, text: str, framework: Framework, model: str = "") -> list[Any]:
    """Return the values that an argument lists, read as the framework reads them.

    Args:
        key: The argument.
        text: Its values.
        framework: What trains.
        model: The model, by whose boxes the misspelled name of a loss is put right.
    """
    if key == "loss":
        losses = split_list(text)
        try:
            same = [shorten_spec(loss) for loss in losses]
        except UnknownLossError as error:
            raise UnknownLossError(describe_unknown_loss(error.name, suggest_family(model)), error.name) from None
        if (twice := find_repeated(same)) is not None:
            raise ArgumentError(f"losses={text}: '{losses[twice]}' is there twice, spelled otherwise: name it once.")
        return same
    if key in RESERVED_ARGUMENTS:
        raise ArgumentError(f"{key}= {RESERVED_ARGUMENTS[key]}: leave it out.")
    known = framework.defaults()
    if key not in known:
        raise ArgumentError(f"'{key}' is not a training argument{did_you_mean(key, [*known, *ALIASES])}")
    values = [framework.parse_value(word) for word in (text.split(",") if text[:1] not in ("[", "(") else [text])]
    if any(value == "" for value in values):
        raise ArgumentError(f"{key}={text} has an empty value: list values as {key}=a,b.")
    if key == "seed" and (wrong := [value for value in values if type(value) is not int or value < 0]):
        raise ArgumentError(f"seeds={text}: {wrong[0]} is not a whole number from 0: list seeds as seeds=0,1,2.")
    if (twice := find_repeated(values)) is not None:
        raise ArgumentError(f"{key}={text} lists {values[twice]} twice: each run is made once.")
    return values


def make_name_part(text: str, allowed: str = "._=-", most: int = 80) -> str:
    """Return a text as part of a file's name: letters, digits and what is allowed, in so many bytes at most.

    It doesn't begin with a dot, which would hide the file, nor with a hyphen, which commands take for an option.
    """
    plain = "".join(c if c.isalnum() or c in allowed else "-" for c in text)
    plain = plain.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")
    return f"_{plain[1:]}" if plain[:1] in (".", "-") else plain


def describe_lists(runs: Sequence[Run]) -> list[str]:
    """Return a line for each argument of which one value may be a list, and that has several values in a grid."""
    lines = []
    for key in (key for key in runs[0].swept if key in LIST_ARGUMENTS):
        values = list(dict.fromkeys(str(run.arguments[key]) for run in runs))
        lines.append(
            f"{key}={','.join(values)} is taken for {len(values)} values, with runs of their own. One value that lists "
            f"them is {key}=[{','.join(values)}]."
        )
    return lines


def describe_spellings(losses: str) -> list[str]:
    """Return a line on the losses of a list that go by another spec than they are given by, see `shorten_spec`."""
    given = split_list(losses) if losses else []
    told = [f"'{loss}' is '{spec}'" for loss in given if (spec := shorten_spec(loss)) != loss]
    if not told:
        return []
    return [f"losses go by their shortest specs, without parameters that have their default: {', '.join(told)}."]


def count_variants(runs: Sequence[Run]) -> int:
    """Return how many combinations a grid compares: those of all that varies but the seed."""
    keys = [key for key in runs[0].swept if key != "seed"]
    return len({tuple(str(run.arguments[key]) for key in keys) for run in runs})
