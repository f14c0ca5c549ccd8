"""`yolo losses`: the table of losses, some of them by a pattern, or one in full."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from yolo_feiou.errors import LossSpecError
from yolo_feiou.losses.build import STOCK, LossTerm, read_spec
from yolo_feiou.losses.gradients import BINS, compare_with_ciou, format_gradients, read_gradients
from yolo_feiou.losses.names import PREFIXES, SPELLINGS, normalise_name, resolve_name
from yolo_feiou.losses.table import LOSSES, MODIFIER_MEANINGS, MODIFIERS, WEIGHTS
from yolo_feiou.parameters import LossParameter, format_value

STOCK_MEANING = "Ultralytics' own CIoU, nothing replaced; the same as no loss= at all"
USAGE = "yolo train ... loss=NAME or loss=NAME:key=value,key=value, and several joined by + for their sum"
AT_START = "at the start of a training, where the running mean is 1 and schedules begin"
HINT = """
yolo losses NAME tells its formula, source, parameters and modifiers; yolo losses 'inner*' lists by a pattern, published
names too."""


def print_losses(words: Sequence[str] = ()) -> None:
    """Print all losses, one line each; those whose names match a pattern; or one in full.

    Args:
        words: Patterns with *, ? or [, and specs.

    Raises:
        LossSpecError: If nothing matches a pattern, or as `build_loss` does for any other word.
    """
    if not words:
        print(USAGE, "", *list_lines({name: info.meaning for name, info in LOSSES.items()}), sep="\n")
        print("", *list_lines({STOCK: STOCK_MEANING}), HINT, sep="\n")
    for number, word in enumerate(words):
        print(*[""] * bool(number), *describe_word(word), sep="\n")


def describe_word(word: str) -> list[str]:
    """Return what is printed on a pattern or a spec, as lines."""
    if set(word) & {*"*?["}:
        meanings = find_names(word)
        if not meanings:
            raise LossSpecError(f"no loss has a name like '{word}'. 'yolo losses' lists all.")
        return list_lines(meanings)
    if normalise_name(word) == STOCK:
        return list_lines({STOCK: STOCK_MEANING})
    terms = read_spec(word)
    lines = (
        [] if "+".join(term.spec for term in terms) == word else [f"{word} is {'+'.join(t.spec for t in terms)}", ""]
    )
    for number, term in enumerate(terms):
        lines += [*[""] * bool(number), *describe_term(term)]
    return lines


def list_lines(meanings: dict[str, str]) -> list[str]:
    """Return a line for each name with its meaning."""
    width = max(17, *(len(name) + 1 for name in meanings))
    return [f"{name:{width}}{meaning}" for name, meaning in meanings.items()]


def find_names(pattern: str) -> dict[str, str]:
    """Return the names that match a pattern, with a meaning each: of the table, and published ones with their spec."""
    published = [f"{prefix}_{name}" for prefix, (key, _) in PREFIXES.items() for name in list_takers(key)]
    meanings = {name: info.meaning for name, info in LOSSES.items()}
    meanings |= {STOCK: STOCK_MEANING}
    meanings |= {
        name: f"is {spell_published(name)}: {LOSSES[resolved[0]].meaning}"
        for name in (*published, *SPELLINGS)
        if name not in LOSSES and (resolved := resolve_name(name))
    }
    return {name: meaning for name, meaning in meanings.items() if fnmatchcase(name, normalise_name(pattern))}


def list_takers(modifier: str) -> list[str]:
    """Return the names of the losses that take a modifier."""
    return [name for name, info in LOSSES.items() if modifier in info.modifiers]


def spell_published(name: str) -> str:
    """Return the spec that a published name stands for, as short as can be."""
    return "+".join(term.spec for term in read_spec(name))


def describe_term(term: LossTerm) -> list[str]:
    """Return a loss in full: formula, source, parameters, modifiers, and its gradient beside CIoU's."""
    info = term.info
    lines = [f"{info.name:17}{info.meaning}", f"{'source':17}{info.paper}, {info.equation}"]
    if info.form != "user":
        functions = [info.function, *([WEIGHTS[info.weight].function] if info.weight else [])]
        lines += ["", *(line for function in functions for line in describe_function(function)), ""]
    for parameter in info.parameters:
        value = term.values[parameter.name]
        meaning = info.meanings.get(parameter.name, "a parameter of yours")
        lines.append(describe_parameter(parameter, f"{parameter.name}={format_value(value)}", meaning))
    if not info.parameters:
        lines.append(f"{'parameters':17}none")
    lines += ["", "modifiers"]
    for key in (key for key in MODIFIERS if key in info.modifiers):
        given = f"{key}={format_value(term.modifiers[key])}" if key in term.modifiers else f"{key}="
        lines.append(describe_parameter(MODIFIERS[key], given, MODIFIER_MEANINGS[key]))
    if info.refusal:
        lines.append(f"no others: {info.refusal}")
    if info.form != "user":
        cells = (
            read_gradients()[info.name] if term.spec == info.name else format_gradients(compare_with_ciou(term.spec))
        )
        lines += ["", f"mean loss / mean gradient beside CIoU's, by the IoU of the boxes, of {term.spec}"]
        lines += [f"{AT_START}"] * (info.weight == "wise" or "wise" in term.modifiers or ".." in term.description)
        lines.append("".join(f"{f'{low:g} to {high:g}':>15}" for low, high in BINS))
        lines.append("".join(f"{cell:>15}" for cell in cells))
    return lines


def describe_function(function: Callable[..., object]) -> list[str]:
    """Return what the docstring of a loss's function, or of a weight's, says of its formula, as lines."""
    text = re.split(r"\n\n(?:Args|Returns|Raises):", inspect.getdoc(function) or "")[0]
    return text.splitlines()


def describe_parameter(parameter: LossParameter, given: str, meaning: str) -> str:
    """Return a line on a parameter: as it is given, its meaning and its range."""
    return f"  {given:15}{meaning} ({parameter.expected})"
