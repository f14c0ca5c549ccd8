"""The grammar of a loss spec: terms joined by '+', each `name` or `name:key=value,key=value`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Sequence
from itertools import product
from typing import cast

from yolo_feiou.errors import LossSpecError
from yolo_feiou.losses.table import ABSENT
from yolo_feiou.parameters import AutoFloat, Float, LossParameter, Schedule, Value, format_value, read_value

#: The largest number of losses that a list may expand to: values separated by | multiply, and thirty parameters with
#: two each would exhaust any memory.
MAX_LOSSES = 1_000_000
#: Where a sum is split: a name or a file follows, so that no number is, as in 1e+5.
PLUS = re.compile(r"\+(?=\s*(?:[A-Za-z_./~]|[^+,=]*\.py:))")
#: An @, with what stands before it if it is that of a schedule, 0..0.5@0.8: no argument's name begins with a digit.
AT = re.compile(r"(?P<schedule>\.\.[^@,+]*@(?=\s*[\d.]))|@")


def split_sum(spec: str) -> list[str]:
    """Split a spec into its terms, as in 'ciou:weight=0.5+smooth_l1:weight=0.5'.

    Raises:
        LossSpecError: If it is not a string, or a term is empty or there twice.
    """
    if not isinstance(spec, str):
        raise LossSpecError(f"a loss spec is a string like 'focal_eiou:gamma=0.5', got {type(spec).__name__} {spec!r}.")
    terms = [term.strip() for term in PLUS.split(spec)]
    if (twice := find_repeated(terms)) is not None:
        raise LossSpecError(f"loss {spec!r} has the term '{terms[twice]}' twice: name it once, with weight=2.")
    return terms


def split_spec(term: str) -> tuple[str, dict[str, str]]:
    """Split a term into its name and its parameters, as text. The name of a user's function is all up to its last ':'.

    Raises:
        LossSpecError: If the term is empty, or not of the form `name` or `name:key=value,key=value`.
    """
    name, rest = split_name(term.strip())
    given: dict[str, str] = {}
    items = [item.partition("=") for item in rest.split(",")] if rest is not None else []
    if not name.strip() or any(not (key.strip() and equals and value.strip()) for key, equals, value in items):
        if rest and rest.isidentifier():
            raise LossSpecError(
                f"can't read loss {term!r}: expected 'name:key=value'; a function in a file is '{name}.py:{rest}', and "
                f"one in a package 'package.{name}:{rest}'."
            )
        decimals = any(key.strip().isdigit() and not equals for key, equals, _ in items[1:])
        raise LossSpecError(
            f"can't read loss {term!r}: expected 'name' or 'name:key=value,key=value', for example "
            f"'focal_eiou:gamma=0.5'{', with a decimal point' * decimals}. 'yolo losses' lists all."
        )
    if name.strip().endswith("+"):
        raise LossSpecError(f"can't read loss {term!r}: a loss is missing after the +.")
    if "|" in name:
        raise LossSpecError(
            f"can't read loss {term!r}: | stands between values, as in gamma=0.5|1. For several losses use commas: "
            f"losses={name.replace('|', ',')}."
        )
    for key, _, value in items:
        if key.strip() in given:
            raise LossSpecError(f"loss {term!r} gives '{key.strip()}' twice: give it once.")
        if "|" in value:
            raise LossSpecError(
                f"loss {term!r} has several values for '{key.strip()}': only a list of losses, losses=, expands them."
            )
        given[key.strip()] = value.strip()
    return name.strip(), given


def split_name(term: str) -> tuple[str, str | None]:
    """Split a term at the ':' before its parameters; None for a term without that ':'.

    What names a file, up to its last '.py:', or a module, with a '.' in it, has another ':' before its function.
    """
    file, marker, rest = term.rpartition(".py:")
    if marker:
        function, colon, parameters = rest.partition(":")
        return file + marker + function, parameters if colon else None
    name, colon, rest = term.partition(":")
    if colon and "." in name and "=" not in name:
        function, colon, rest = rest.partition(":")
        name = f"{name}:{function}"
    return name, rest if colon else None


def split_variant(text: str) -> tuple[str, str | None]:
    """Split 'LOSS@argument=value' at the @ after its loss, which may have one itself, in a schedule or a file's path.

    Returns:
        The spec of the loss, and what follows it; None for a text without that @.
    """
    for found in AT.finditer(text, text.rfind(".py:") + 1):
        if not found["schedule"]:
            return text[: found.start()], text[found.end() :]
    return text, None


def scale_spec(spec: str, factor: float) -> str:
    """Return the spec of a loss times a factor: each term with `weight=`, to two digits. Functions aren't loaded.

    Raises:
        LossSpecError: As `split_spec`.
        ValueError: If a weight is no number.
    """
    terms = []
    for term in split_sum(spec):
        name, given = split_spec(term)
        ends, at, arrival = given.get("weight", "1").partition("@")
        scaled = [format_value(float(f"{float(end) * factor:.2g}")) for end in ends.split("..")]
        given["weight"] = "..".join(scaled) + at + arrival
        terms.append(f"{name}:{','.join(f'{key}={value}' for key, value in given.items())}")
    return "+".join(terms)


def split_list(text: str) -> list[str]:
    """Split a list of specs, as in 'iou,focal_eiou:gamma=0.5|1,norm=tal', which gives three.

    A comma begins a new loss unless `key=value` follows it; values separated by | give a loss each.

    Raises:
        LossSpecError: If the list is empty, has a loss twice, or expands to more than `MAX_LOSSES`.
    """
    groups: list[list[str]] = []
    for word in text.split(","):
        if groups and "=" in word.partition(":")[0]:
            groups[-1].append(word.strip())
        elif word.strip():
            groups.append([word.strip()])
    specs = [one for words in groups for one in expand_alternatives(",".join(words))]
    if not specs:
        raise LossSpecError("got no loss: expected some, as in losses=ciou,eiou,focal_eiou:gamma=1.")
    if (twice := find_repeated(specs)) is not None:
        raise LossSpecError(f"the list of losses has '{specs[twice]}' twice: name it once.")
    return specs


def expand_alternatives(spec: str) -> list[str]:
    """Return the specs that one with values like a=1|2 expands to; those of several parameters and terms multiply.

    Raises:
        LossSpecError: If they are more than `MAX_LOSSES`, or | stands outside of values.
    """
    parts: list[list[str]] = []  # text, alternatives, text, …
    for number, term in enumerate(PLUS.split(spec)):
        name, rest = split_name(term)
        if "|" in name:
            split_spec(term)  # which refuses it
        parts.append(["+" * bool(number) + name + ":" * (rest is not None)])
        for place, item in enumerate(rest.split(",") if rest is not None else ()):
            key, equals, text = item.partition("=")
            parts.append([f"{',' * bool(place)}{key}{equals}{value}" for value in text.split("|")])
    if (count := math.prod(map(len, parts))) > MAX_LOSSES:
        raise LossSpecError(f"loss '{spec[:60]}…' expands to {count:,} losses: expected at most {MAX_LOSSES:,}.")
    return ["".join(words) for words in product(*parts)]


def find_repeated(values: Sequence[object]) -> int | None:
    """Return the position of the first repeated value, in linear time; None if all differ."""
    seen: set[object] = set()
    for i, value in enumerate(values):
        key = value if isinstance(value, Hashable) else repr(value)
        if key in seen:
            return i
        seen.add(key)
    return None


def read_parameters(name: str, given: dict[str, str], parameters: Sequence[LossParameter]) -> dict[str, Value]:
    """Return the values of all parameters of a loss: those given, read and checked, and the defaults of the others.

    Raises:
        LossSpecError: If a parameter is unknown, or its value is of the wrong type or out of range.
    """
    known = {parameter.name: parameter for parameter in parameters}

    def explain(message: str, parameter: LossParameter) -> str:
        example = f"'{name}:{parameter.name}={format_value(parameter.default)}'"
        said = f"An example is {example}" if parameter.name in ABSENT else f"The default is {example}"
        return f"loss '{name}': {message} {said}; 'yolo losses {name}' tells more."

    def read(key: str, text: str) -> Value:
        return read_value(key, text, known, LossSpecError, f"loss '{name}' has no parameter", explain)

    values: dict[str, Value] = {parameter.name: parameter.default for parameter in parameters}
    for key, text in given.items():
        is_number = isinstance(known.get(key), Float | AutoFloat)
        if is_number and "+" in text:
            raise LossSpecError(
                f"loss '{name}': {key}={text} has a +, which joins losses: write the number without it."
            )
        values[key] = read_schedule(key, text, read) if is_number and ".." in text else read(key, text)
    return values


def read_schedule(key: str, text: str, read: Callable[[str, str], Value]) -> Value:
    """Return the schedule that 'A..B' or 'A..B@C' spells.

    Args:
        key: The parameter.
        text: Its value.
        read: Reads one number of that parameter, and refuses any other.

    Raises:
        LossSpecError: If one of the numbers is wrong, or `C` isn't above 0 and at most 1.
    """
    if "..." in text:
        raise LossSpecError(f"{key}={text} has three points: a schedule is A..B, as in 0..0.5.")
    ends, at, arrival = text.partition("@")
    start, _, end = ends.partition("..")
    if not (start and end) or ".." in end:
        raise LossSpecError(f"{key}={text}: a schedule goes from a number to a number, as in 0..0.5@0.8.")
    numbers = [read(key, number) for number in (start, end)]
    try:
        share = Float("arrival", 1, 0.001, 1).read(arrival) if at else 1.0
    except ValueError:
        raise LossSpecError(
            f"{key}={text} arrives at {arrival or 'nothing'}: expected a share of the training, above 0 and at most 1, "
            "as in 0..0.5@0.8."
        ) from None
    if not all(isinstance(number, float) for number in numbers):
        raise LossSpecError(f"{key}={text}: a schedule goes from a number to a number, as in 0..0.5@0.8.")
    first, last = cast("list[float]", numbers)
    return Schedule(first, last, share)
