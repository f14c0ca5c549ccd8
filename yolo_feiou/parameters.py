"""Parameters of losses and arguments of commands: their types, ranges and meanings, and how `key=value` is read.

What reads and checks an argument is also what its line of help is made of: `format_arguments`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from yolo_feiou.errors import ArgumentError, YoloFeiouError, did_you_mean


@dataclass(frozen=True)
class Schedule:
    """A number that goes from `start` to `end`, linearly over a training: `A..B`, or `A..B@0.8` in a spec.

    Attributes:
        start: Its value in the first epoch.
        end: Its value in the last epoch.
        arrival: The share of the training after which it stays at `end`.
    """

    start: float
    end: float
    arrival: float = 1.0

    def __str__(self) -> str:
        return f"{format_value(self.start)}..{format_value(self.end)}" + (
            f"@{format_value(self.arrival)}" if self.arrival != 1 else ""
        )

    def at(self, progress: float) -> float:
        """Return its value at a progress from 0 to 1."""
        if progress >= self.arrival:
            return self.end
        return self.start + (self.end - self.start) * (progress / self.arrival)


Value = float | bool | str | Schedule
#: How many hours a unit of time has.
HOURS_OF_UNITS = {"m": 1 / 60, "h": 1.0, "d": 24.0}


@dataclass(frozen=True)
class Float:
    """A number from `low` to `high`, both allowed; an infinite `high` allows every finite one."""

    name: str
    default: float | Schedule
    low: float
    high: float
    meaning: str = ""

    @property
    def expected(self) -> str:
        """The allowed values, as text for messages."""
        low = format_bound(self.low)
        return (
            f"a number from {low} to {format_bound(self.high)}" if self.high < math.inf else f"a number from {low} up"
        )

    def read(self, text: str) -> float:
        """Return the number that `text` spells; ValueError if it isn't one, or is out of range."""
        value = float(text.replace("_", "?"))  # Python would take 1_0 for 10
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise ValueError(text)
        return value


@dataclass(frozen=True)
class AutoFloat:
    """A number from `low` to `high`, both allowed, or 'auto': what the training gives."""

    name: str
    default: float | str
    low: float
    high: float
    meaning: str = ""

    @property
    def expected(self) -> str:
        """The allowed values, as text for messages."""
        return f"a number from {format_bound(self.low)} to {format_bound(self.high)}, or auto"

    def read(self, text: str) -> float | str:
        """Return the number that `text` spells, or 'auto'; ValueError if it is neither, or is out of range."""
        return text if text == "auto" else Float(self.name, self.low, self.low, self.high).read(text)


@dataclass(frozen=True)
class Int:
    """A whole number from `low` to `high`, both allowed."""

    name: str
    default: int
    low: int
    high: int
    meaning: str = ""

    @property
    def expected(self) -> str:
        """The allowed values, as text for messages."""
        return f"a whole number from {self.low} to {self.high}"

    def read(self, text: str) -> int:
        """Return the number that `text` spells; ValueError if it isn't one, or is out of range."""
        value = int(text.replace("_", "?"))
        if not self.low <= value <= self.high:
            raise ValueError(text)
        return value


@dataclass(frozen=True)
class Hours:
    """A time from 0 to `high` hours: a number of hours, or one with a unit, as 8h, 30m or 2d."""

    name: str
    default: float
    high: float
    meaning: str = ""

    @property
    def expected(self) -> str:
        """The allowed values, as text for messages."""
        return f"a time up to {format_bound(self.high)} hours, like 8, 8h, 30m or 2d"

    def read(self, text: str) -> float:
        """Return the hours that `text` spells; ValueError if it spells no time, or is out of range."""
        number, unit = (text[:-1], text[-1]) if text[-1:].isalpha() else (text, "h")
        if unit not in HOURS_OF_UNITS:
            raise ValueError(text)
        hours = Float(self.name, 0, 0, math.inf).read(number) * HOURS_OF_UNITS[unit]
        return Float(self.name, 0, 0, self.high).read(repr(hours))


@dataclass(frozen=True)
class Floats:
    """One or more numbers from `low` to `high`, comma-separated."""

    name: str
    default: tuple[float, ...]
    low: float
    high: float
    meaning: str = ""

    @property
    def expected(self) -> str:
        """The allowed values, as text for messages."""
        low, high = format_bound(self.low), format_bound(self.high)
        return f"a list of numbers from {low} to {high}, like {low},{high}"

    def read(self, text: str) -> tuple[float, ...]:
        """Return the numbers that `text` spells; ValueError if one isn't a number, or is out of range."""
        return tuple(Float(self.name, self.low, self.low, self.high).read(item) for item in text.split(","))


@dataclass(frozen=True)
class Choice:
    """One of a few names."""

    name: str
    default: str
    choices: tuple[str, ...]
    meaning: str = ""

    @property
    def expected(self) -> str:
        """The allowed values, as text for messages."""
        return f"one of {', '.join(self.choices)}"

    def read(self, text: str) -> str:
        """Return `text`; ValueError if it isn't one of the choices."""
        if text not in self.choices:
            raise ValueError(text)
        return text


@dataclass(frozen=True)
class Flag:
    """True or false."""

    name: str
    default: bool
    expected: str = "true or false"
    meaning: str = ""

    def read(self, text: str) -> bool:
        """Return the boolean that `text` spells, in any case; ValueError if it spells none."""
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"


@dataclass(frozen=True)
class Text:
    """Any text."""

    name: str
    default: str
    expected: str = "text"
    meaning: str = ""

    def read(self, text: str) -> str:
        """Return `text`; ValueError if it is empty."""
        if not text:
            raise ValueError(text)
        return text


@dataclass(frozen=True)
class Folder(Text):
    """The path of a folder; `~` is the user's own, which not every shell replaces behind a `=`."""

    expected: str = "a folder"

    def read(self, text: str) -> str:
        """Return the path; ValueError if it is empty."""
        return os.path.expanduser(super().read(text))


#: The kinds of parameters that a loss may have.
LossParameter = Float | AutoFloat | Choice | Flag | Text
Parameter = LossParameter | Int | Floats | Hours
#: The kinds of parameters that one reader knows.
AnyParameter = TypeVar("AnyParameter", bound=Parameter)


def format_bound(number: float) -> str:
    """Return a bound of a range in four digits, as a spec could have it: without a +."""
    return f"{number:.4g}".replace("e+0", "e").replace("e-0", "e-")


def format_value(value: Value) -> str:
    """Return a value as a spec has it: 0.5, true, paper, 1e20 (a + joins losses)."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | Schedule):
        return str(value)
    try:
        return repr(float(value)).removesuffix(".0").replace("e+", "e")
    except OverflowError:  # a whole number beyond the range of a float, which no parameter takes
        return "inf"


def format_default(default: object) -> str:
    """Return the default of an argument as the user would type it: the values of a list in four digits at most."""
    if isinstance(default, tuple):
        return ",".join(map(format_bound, default))
    return format_value(default) if isinstance(default, float) else str(default)


def format_argument(parameter: Parameter) -> str:
    """Return an argument's line of help: its default as it is typed, its meaning, and what it may be.

    Where the default leaves no room, the rest is on a second line, in the same column.
    """
    default = format_default(parameter.default)
    try:
        parameter.read(default)
    except ValueError:  # a default that stands for "as is usual", which nobody can type
        default = ""
    if isinstance(parameter, Text):
        told = parameter.meaning or parameter.expected
    else:
        told = f"{parameter.meaning} ({parameter.expected})" if parameter.meaning else parameter.expected
    typed = f"{parameter.name}={default}"
    return f"    {typed:28} {told}" if len(typed) <= 28 else f"    {typed}\n{'':33}{told}"


def format_arguments(parameters: Sequence[Parameter]) -> str:
    """Return the help on the arguments of a command: a line for each."""
    return "\n".join(map(format_argument, parameters))


def asks_for_help(args: Sequence[str]) -> bool:
    """Return whether one of the words of a command asks for its help: help as its first, -h or --help anywhere."""
    return args[:1] == ["help"] or any(arg in ("-h", "--help", "-help", "--h") for arg in args)


def check_named(words: Sequence[str], what: str) -> None:
    """Raise ArgumentError if a word that names something is empty, as "$folder" of a variable that isn't set."""
    if "" in words:
        raise ArgumentError(f"got '' in the place of {what}: is a variable of the shell empty?")


def split_arguments(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return those words of a command that are `key=value`, and the others, as specs of losses, eiou:inner=0.7 too."""
    given = [word for word in words if "=" in word and word.lstrip("-").partition("=")[0].isidentifier()]
    return given, [word for word in words if word not in given]


def read_value(
    key: str,
    text: str,
    parameters: Mapping[str, AnyParameter],
    error: type[YoloFeiouError],
    unknown: str,
    explain: Callable[[str, AnyParameter], str] = lambda message, _: message,
) -> Any:
    """Return the value of one parameter, read and checked.

    Args:
        key: Its name, as given.
        text: Its value, as given.
        parameters: All known parameters, by name.
        error: The error to raise.
        unknown: The start of the message on an unknown name, as in "loss 'iou' has no parameter".
        explain: From the message on a wrong value, and the parameter, to the whole message.
    """
    if key not in parameters:
        has = f"It has {', '.join(parameters)}." if parameters else "It has none."
        raise error(f"{unknown} '{key}'{did_you_mean(key, parameters)} {has}")
    parameter = parameters[key]
    try:
        return parameter.read(text)
    except ValueError:
        raise error(explain(f"{key}={text} is not {parameter.expected}.", parameter)) from None


def read_arguments(verb: str, args: Sequence[str], parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the values of those arguments that a command line gives as `key=value`, read and checked.

    Raises:
        ArgumentError: If one is not `key=value`, or its key is unknown, its value not allowed, or it is given twice.
    """
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, Any] = {}
    for arg in args:
        key, equals, text = arg.lstrip("-").partition("=")
        if not equals:
            raise ArgumentError(f"'{verb}' takes arguments like {next(iter(known))}=…, got '{arg}'.")
        value = read_value(key, text, known, ArgumentError, f"'{verb}' has no argument")
        if key in values:
            raise ArgumentError(f"'{verb}' got {key}= twice: give it once.")
        values[key] = value
    return values
