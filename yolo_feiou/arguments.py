"""Arguments of our own verbs: `key=value` words, as everywhere in Ultralytics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.losses.spec import Number, Parameter, spell


@dataclass(frozen=True)
class Whole:
    """An argument that is a whole number from `low` to `high`, both allowed."""

    name: str
    default: int
    low: int
    high: int

    @property
    def expected(self) -> str:
        """The values there are, in words."""
        return f"a whole number from {self.low} to {self.high}"

    def read(self, text: str) -> int:
        """Return the number that `text` spells; ValueError if it is none, or out of range."""
        value = int(text.replace("_", "?"))
        if not self.low <= value <= self.high:
            raise ValueError(text)
        return value


@dataclass(frozen=True)
class Text:
    """An argument that is any text."""

    name: str
    default: str
    expected: str = "text"

    def read(self, text: str) -> str:
        """Return `text`; ValueError if it is empty."""
        if not text:
            raise ValueError(text)
        return text


@dataclass(frozen=True)
class Numbers:
    """An argument that is one or more numbers from `low` to `high`, parted by commas."""

    name: str
    default: tuple[float, ...]
    low: float
    high: float

    @property
    def expected(self) -> str:
        """The values there are, in words."""
        return f"a list of numbers from {self.low:.4g} to {self.high:.4g}, like {self.low:.4g},{self.high:.4g}"

    def read(self, text: str) -> tuple[float, ...]:
        """Return the numbers that `text` spells; ValueError if one is none, or out of range."""
        return tuple(Number(self.name, self.low, self.low, self.high).read(word) for word in text.split(","))


Argument = Parameter | Whole | Text | Numbers


def read_arguments(verb: str, words: Sequence[str], arguments: Sequence[Argument]) -> dict[str, Any]:
    """Return the values of those arguments that the words give, read and checked.

    Raises:
        ArgumentError: If a word is not `key=value`, or its key or value is none of those there are, or comes twice.
    """
    known = {argument.name: argument for argument in arguments}
    values: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.lstrip("-").partition("=")
        if not equals:
            raise ArgumentError(f"'{verb}' takes arguments like {next(iter(known))}=…, got '{word}'.")
        if key not in known:
            raise ArgumentError(
                f"'{verb}' has no argument '{key}'{did_you_mean(key, known)} It has {', '.join(known)}."
            )
        if key in values:
            raise ArgumentError(f"'{verb}' got {key}= twice: give it once.")
        try:
            values[key] = known[key].read(text)
        except ValueError:
            raise ArgumentError(f"{key}={text} is not {known[key].expected}.") from None
    return values


def shown(default: object) -> str:
    """Return a default as the user would type it."""
    values = default if isinstance(default, tuple) else (default,)
    return ",".join(spell(value) if isinstance(value, float) else str(value) for value in values)
