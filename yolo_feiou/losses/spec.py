"""The grammar of a loss spec: `name` or `name:key=value,key=value`."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from itertools import product

from yolo_feiou.errors import LossSpecError
from yolo_feiou.parameters import LossParameter, Value, format_value, read_value

#: The largest number of losses that a list may expand to: values separated by | multiply, and thirty parameters with
#: two each would exhaust any memory.
MAX_LOSSES = 1_000_000


def split_spec(spec: str) -> tuple[str, dict[str, str]]:
    """Split a spec into its name and its parameters, as text.

    Raises:
        LossSpecError: If the spec is empty, or not of the form `name` or `name:key=value,key=value`.
    """
    if not isinstance(spec, str):
        raise LossSpecError(f"a loss spec is a string like 'focal_eiou:gamma=0.5', got {type(spec).__name__} {spec!r}.")
    name, colon, rest = spec.strip().partition(":")
    given: dict[str, str] = {}
    items = [item.partition("=") for item in rest.split(",")] if colon else []
    if not name.strip() or any(not (key.strip() and equals and value.strip()) for key, equals, value in items):
        raise LossSpecError(
            f"can't read loss {spec!r}: expected 'name' or 'name:key=value,key=value', for example "
            "'focal_eiou:gamma=0.5'. 'yolo losses' lists all."
        )
    for key, _, value in items:
        if key.strip() in given:
            raise LossSpecError(f"loss {spec!r} gives '{key.strip()}' twice: give it once.")
        given[key.strip()] = value.strip()
    return name.strip(), given


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
    """Return the specs that one with values like a=1|2 expands to.

    Raises:
        LossSpecError: If they are more than `MAX_LOSSES`.
    """
    name, colon, rest = spec.partition(":")
    keys = [item.partition("=") for item in rest.split(",")]
    values = [[f"{key}{equals}{value}" for value in text.split("|")] for key, equals, text in keys]
    if (count := math.prod(map(len, values))) > MAX_LOSSES:
        raise LossSpecError(f"loss '{spec[:60]}…' expands to {count:,} losses: expected at most {MAX_LOSSES:,}.")
    return [f"{name}{colon}{','.join(words)}" for words in product(*values)]


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
        default = f"{name}:{parameter.name}={format_value(parameter.default)}"
        return f"loss '{name}': {message} The default is '{default}'; 'yolo losses' lists all."

    values: dict[str, Value] = {parameter.name: parameter.default for parameter in parameters}
    for key, text in given.items():
        values[key] = read_value(key, text, known, LossSpecError, f"loss '{name}' has no parameter", explain)
    return values
