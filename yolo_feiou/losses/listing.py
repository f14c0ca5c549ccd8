"""`yolo losses`: the table of losses, some of them by a pattern, or one in full."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.losses.build import STOCK, LossTerm, build_sum, read_spec
from yolo_feiou.losses.families import FAMILY_LOSSES, TASK_FAMILIES, check_family
from yolo_feiou.losses.gradients import BINS, compare_with_baseline, format_gradients, read_gradients
from yolo_feiou.losses.names import PREFIXES, SPELLINGS, normalise_name, resolve_name
from yolo_feiou.losses.table import LOSSES, MODIFIER_MEANINGS, MODIFIERS, WEIGHTS, Family, LossInfo
from yolo_feiou.parameters import (
    Choice,
    LossParameter,
    asks_for_help,
    format_arguments,
    format_value,
    read_arguments,
    split_arguments,
)

STOCK_MEANING = (
    "the model's own, nothing replaced, as without loss=: CIoU in YOLO, ProbIoU in OBB models, GIoU in RT-DETR, ATSS "
    "and PAA, ℓ1 in RetinaNet, smooth ℓ1 in R-CNNs"
)
#: What 'stock' is with each family of boxes.
STOCK_MEANINGS: dict[Family, str] = {
    "aligned": STOCK_MEANING,
    "rotated": "the model's own ProbIoU, nothing replaced; the same as no loss= at all",
}
#: Models that someone may take for a task, by their names in `normalise_name`'s spelling.
DETECTING_MODELS = {
    **dict.fromkeys(("rtdetr", "rt_detr"), "RT-DETR"),
    **dict.fromkeys(("world", "yolo_world", "yoloworld"), "YOLO-World"),
    "yoloe": "YOLOE",
}
TASK = Choice("task", "", tuple(TASK_FAMILIES), "lists the losses of a task alone; by default those of all")
USAGE = "yolo train ... loss=NAME or loss=NAME:key=value,key=value, and several joined by + for their sum"
LISTING_USAGE = """yolo losses [NAME ...] [argument=value ...]

Lists the box losses; of one that is named, as siou or focal_eiou:gamma=1, formula, source, parameters and modifiers; of
a pattern, as 'inner*', the names that match.

"""
ROTATED_TITLE = "of rotated boxes (task=obb):"
AT_START = "at the start of a training, where the running mean is 1 and schedules begin"
HINT = """
yolo losses NAME tells its formula, source, parameters and modifiers; yolo losses 'inner*' lists by a pattern, published
names too; yolo losses task=obb lists those of a task."""
#: Whose gradient a loss's is shown beside, and what orders the pairs.
BESIDE: dict[Family, str] = {
    "aligned": "CIoU's, by the IoU of the boxes",
    "rotated": "ProbIoU's, by the ProbIoU of the boxes",
}


def print_losses(words: Sequence[str] = ()) -> None:
    """Print all losses, one line each; those whose names match a pattern; or one in full.

    Args:
        words: Patterns with *, ? or [, specs, and 'task=obb' or the like for the losses of that task alone.

    Raises:
        LossSpecError: If nothing matches a pattern, a spec is of another task, or as `build_loss` does for any other
            word.
        ArgumentError: If the task is unknown, or given twice, or another argument is given.
    """
    if asks_for_help(words):
        print(LISTING_USAGE + format_arguments([TASK]))
        return
    given, words = split_arguments(words)
    for word in (word for word in given if word.startswith("task=")):
        if model := DETECTING_MODELS.get(normalise_name(word.removeprefix("task="))):
            raise ArgumentError(f"{word}: {model} trains with the losses of task=detect, so 'yolo losses task=detect'.")
    task = read_arguments("yolo losses", given, [TASK]).get("task")
    if not words:
        print(USAGE, "", *list_table(TASK_FAMILIES[task] if task else None), HINT, sep="\n")
    for number, word in enumerate(words):
        print(*[""] * bool(number), *describe_word(word, task), sep="\n")


def list_table(family: Family | None) -> list[str]:
    """Return a line for each loss of a family; None for all, those of rotated boxes in a group of their own."""
    lines = []
    for one, infos in FAMILY_LOSSES.items():
        if family in (None, one):
            title = ["", ROTATED_TITLE] if one == "rotated" and family is None else []
            lines += [*title, *list_lines({name: info.meaning for name, info in infos.items()})]
    return [*lines, "", *list_lines({STOCK: STOCK_MEANINGS[family or "aligned"]})]


def describe_word(word: str, task: str | None = None) -> list[str]:
    """Return what is printed on a pattern or a spec, as lines; for a task, only its losses fit."""
    family = TASK_FAMILIES[task] if task else None
    if set(word) & {*"*?["}:
        meanings = find_names(word, family)
        if not meanings:
            of_task = f" with task={task}" if task else ""
            raise LossSpecError(f"no loss has a name like '{word}'{of_task}. 'yolo losses' lists all.")
        return list_lines(meanings)
    if normalise_name(word) == STOCK:
        return list_lines({STOCK: STOCK_MEANINGS[family or "aligned"]})
    if normalise_name(word) in TASK_FAMILIES:
        raise LossSpecError(f"'{word}' is a task: 'yolo losses task={normalise_name(word)}' lists its losses.")
    if model := DETECTING_MODELS.get(normalise_name(word)):
        raise LossSpecError(f"'{word}' is a model: {model} has the losses that 'yolo losses task=detect' lists.")
    terms = read_spec(word)
    if family:
        check_family(build_sum(terms, family), family, f"task={task} has")
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


def find_names(pattern: str, family: Family | None = None) -> dict[str, str]:
    """Return the names that match a pattern, with a meaning each: of the table, and published ones with their spec.

    Args:
        pattern: The pattern, with *, ? or [.
        family: That of the losses; None for all.
    """
    known = LOSSES if family is None else FAMILY_LOSSES[family]
    published = [f"{prefix}_{name}" for prefix, (key, _) in PREFIXES.items() for name in list_takers(key)]
    meanings = {name: info.meaning for name, info in known.items()}
    meanings |= {STOCK: STOCK_MEANINGS[family or "aligned"]}
    meanings |= {
        name: f"is {spell_published(name)}: {LOSSES[resolved[0]].meaning}"
        for name in (*published, *SPELLINGS)
        if name not in LOSSES and (resolved := resolve_name(name)) and resolved[0] in known
    }
    return {name: meaning for name, meaning in meanings.items() if fnmatchcase(name, normalise_name(pattern))}


def list_takers(modifier: str) -> list[str]:
    """Return the names of the losses that take a modifier."""
    return [name for name, info in LOSSES.items() if modifier in info.modifiers]


def spell_published(name: str) -> str:
    """Return the spec that a published name stands for, as short as can be."""
    return "+".join(term.spec for term in read_spec(name))


def describe_term(term: LossTerm) -> list[str]:
    """Return a loss in full: formula, source, parameters, modifiers, and its gradient beside CIoU's or ProbIoU's."""
    info = term.info
    lines = [f"{info.name:17}{info.meaning}", f"{'source':17}{info.paper}, {info.equation}"]
    if info.form != "user":
        lines += ["", *describe_formula(info).splitlines(), ""]
    for parameter in info.parameters:
        value = term.values[parameter.name]
        meaning = info.meanings.get(parameter.name, "a parameter of yours")
        lines.append(describe_parameter(parameter, f"{parameter.name}={format_value(value)}", meaning))
    if not info.parameters:
        lines.append(f"{'parameters':17}none")
    lines += ["", "modifiers"]
    for key in (key for key in MODIFIERS if key in info.modifiers):
        given = f"{key}={format_value(term.modifiers[key])}" if key in term.modifiers else f"{key}="
        lines.append(describe_parameter(MODIFIERS[key], given, info.meanings.get(key, MODIFIER_MEANINGS[key])))
    if info.refusal:
        lines.append(f"no others: {info.refusal}")
    if info.form != "user":
        known = read_gradients(info.family) if term.spec == info.name else {}
        cells = known.get(info.name) or format_gradients(compare_with_baseline(term.spec))
        lines += ["", f"mean loss / mean gradient beside {BESIDE[info.family]}, of {term.spec}"]
        lines += [AT_START] * term.changes
        lines.append("".join(f"{f'{low:g} to {high:g}':>15}" for low, high in BINS))
        lines.append("".join(f"{cell:>15}" for cell in cells))
    return lines


def describe_formula(info: LossInfo) -> str:
    """Return what the docstrings of a loss of the table, and of its weight, say of its formula, as paragraphs."""
    functions = [info.function, *([WEIGHTS[info.weight].function] if info.weight else [])]
    texts = (re.split(r"\n\n(?:Args|Returns|Raises):", inspect.getdoc(function) or "")[0] for function in functions)
    return ("1 − IoU + " if info.form == "penalty" else "") + "\n\nTimes the weight:\n\n".join(texts)


def describe_parameter(parameter: LossParameter, given: str, meaning: str) -> str:
    """Return a line on a parameter: as it is given, its meaning and its range."""
    return f"  {given:14} {meaning} ({parameter.expected})"
