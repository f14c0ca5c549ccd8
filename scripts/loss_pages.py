"""Make docs/losses/NAME.md, a page for each loss of the table, with a picture of its gradient, NAME.svg.

python scripts/loss_pages.py

All of it is what `yolo losses NAME` and `yolo check` know, and what docs/losses.md says of that loss.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from loss_formulas import FORMULAS, explain_names
from loss_uses import describe_use
from make_docs import ROOT, format_source
from markdown_tables import format_table

from yolo_feiou.checks.known import GRADIENT_REMEDIES, LABELS, MISTAKES
from yolo_feiou.escape import escape_markdown
from yolo_feiou.losses.build import read_spec
from yolo_feiou.losses.gradients import BINS, COMPARED_WITH, read_gradients
from yolo_feiou.losses.listing import AT_START, BESIDE, describe_formula
from yolo_feiou.losses.table import LOSSES, MODIFIER_MEANINGS, MODIFIERS, LossInfo
from yolo_feiou.parameters import format_value
from yolo_feiou.plots.style import LOSS_COLOURS
from yolo_feiou.storage.tables import write_text

#: Of the picture of a loss, in its units: the width of the labels, and that and the height of what is drawn.
LEFT, WIDE, HIGH = 60, 320, 240
#: By family, the overlap that its losses are shown over.
OVERLAPS = {"aligned": "IoU", "rotated": "ProbIoU"}


def main(root: Path = ROOT) -> None:
    """Write page and picture of each loss of the table, name those that change, and remove those of no loss."""
    folder = root / "docs" / "losses"
    folder.mkdir(parents=True, exist_ok=True)
    known = (root / "docs" / "losses.md").read_text(encoding="utf-8")
    for info in LOSSES.values():
        for path, text in (
            (folder / f"{info.name}.md", make_page(info, known)),
            (folder / f"{info.name}.svg", draw_size(info)),
        ):
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                write_text(path, text)
                print(f"updated docs/losses/{path.name}")
    for path in folder.iterdir():
        if path.stem not in LOSSES:
            path.unlink()
            print(f"removed docs/losses/{path.name}")


def make_page(info: LossInfo, known: str) -> str:
    """Return the page of a loss as Markdown.

    Args:
        info: Its row in the table of losses.
        known: The text of docs/losses.md.
    """
    parts = [
        f"# {LABELS[info.name]}",
        "<!-- made by scripts/loss_pages.py -->",
        f"`loss={info.name}`: {escape_markdown(info.meaning)}. Source: {format_source(info)}.",
        *describe_use(info, ROOT),
        "## Formula and range",
        *typeset_formula(info),
        *map(escape_words, describe_formula(info).split("\n\n")),
        *describe_parameters(info),
        *describe_modifiers(info),
        *describe_gradient(info),
        *describe_knowledge(info, known),
        "[All losses](../losses.md)",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def typeset_formula(info: LossInfo) -> Iterator[str]:
    """Yield the formula of a loss in TeX, and what its letters are, as GitHub and the site read it."""
    yield from (f"```math\n{line}\n```" for line in FORMULAS[info.name])
    told = (f"{', '.join(f'$`{name}`$' for name in names)}: {meaning}" for names, meaning in explain_names(info.name))
    yield f"{'; '.join(told)}."


def escape_words(text: str) -> str:
    """Return a text of a docstring as Markdown, in one line; what it has as code stays code."""
    pieces = re.split(r"(`[^`]+`)", " ".join(text.split()))
    return "".join(piece if piece.startswith("`") else escape_markdown(piece) for piece in pieces)


def describe_parameters(info: LossInfo) -> Iterator[str]:
    """Yield the table of the parameters of a loss, if it has any."""
    if info.parameters:
        yield "## Parameters"
        rows = (
            (f"`{one.name}={format_value(one.default)}`", one.expected, escape_markdown(info.meanings[one.name]))
            for one in info.parameters
        )
        yield format_table(("parameter (default)", "allowed", "what it does"), "lll", rows)


def describe_modifiers(info: LossInfo) -> Iterator[str]:
    """Yield the table of the modifiers that a loss takes, and why it takes no others."""
    yield "## Modifiers"
    rows = (
        (f"`{key}=`", MODIFIERS[key].expected, escape_markdown(info.meanings.get(key, MODIFIER_MEANINGS[key])))
        for key in MODIFIERS
        if key in info.modifiers
    )
    yield format_table(("modifier", "allowed", "what it does"), "lll", rows)
    if info.refusal:
        yield f"No others: {escape_markdown(info.refusal)}."


def describe_gradient(info: LossInfo) -> Iterator[str]:
    """Yield the table of a loss and its gradient beside CIoU's, or ProbIoU's."""
    yield "## Its size"
    (term,) = read_spec(info.name)
    start = f", {AT_START}" if term.changes else ""
    yield f"Mean loss and mean gradient, as multiples of {BESIDE[info.family]}{start}. Another size is another `box=`."
    if any(one.name == "norm" for one in info.parameters):
        yield "That is of single pairs: what a batch is divided by, `norm=`, makes another size of it."
    rows = [
        (f"{low:g} to {high:g}", *cell.split(" / "))
        for (low, high), cell in zip(BINS, read_gradients(info.family)[info.name], strict=True)
    ]
    yield format_table((OVERLAPS[info.family], "loss", "gradient"), "rrr", rows)
    beside = LABELS[COMPARED_WITH[info.family]]
    yield f"![Its gradient, and the loss itself, as multiples of {beside}'s]({info.name}.svg)"
    yield f"`yolo simulate field={info.name}` draws where it pulls a box, pushes it away, and is zero."


def draw_size(info: LossInfo) -> str:
    """Return a picture, as SVG, of the gradient of a loss (solid) and of the loss (dashed) beside the compared one.

    Both axes are those of the table: the IoU in `BINS`, and the ratio, on a logarithmic scale.
    """
    ratios = [cell.split(" / ") for cell in read_gradients(info.family)[info.name]]
    places = [LEFT + WIDE * (low + high) / 2 for low, high in BINS]
    colour = LOSS_COLOURS[info.name]
    width, height = LEFT + WIDE + 20, HIGH + 88  # fits a phone, with letters that can be read there
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for power in range(-5, 4):
        y, thickness = find_height(2.0**power), 1.6 if power == 0 else 0.6
        label = str(2**power) if power >= 0 else f"1/{2**-power}"
        lines.append(f'<path d="M{LEFT} {y:.1f}h{WIDE}" stroke="#888" stroke-width="{thickness}"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#333">{label}</text>')
    for share in (0, 0.2, 0.4, 0.6, 0.8, 1):
        x = LEFT + WIDE * share
        lines.append(f'<text x="{x:.1f}" y="{HIGH + 32}" text-anchor="middle" fill="#333">{share:g}</text>')
    overlap = OVERLAPS[info.family]
    beside = LABELS[COMPARED_WITH[info.family]]
    centre, middle = LEFT + WIDE / 2, 10 + HIGH / 2
    lines += [
        f'<text x="{centre:g}" y="{HIGH + 52}" text-anchor="middle" fill="#333">{overlap}</text>',
        f'<text x="{centre:g}" y="{HIGH + 74}" text-anchor="middle" fill="#333">gradient solid, loss dashed</text>',
        f'<text transform="translate(16 {middle:g}) rotate(-90)" text-anchor="middle" fill="#333">times '
        f"{beside}'s</text>",
    ]
    for number, dashes in ((1, ""), (0, ' stroke-dasharray="6 5"')):
        heights = [find_height(float(pair[number])) for pair in ratios]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(places, heights, strict=True))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="3"{dashes}/>')
        lines += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in zip(places, heights, strict=True)
        ]
    return "\n".join([*lines, "</svg>\n"])


def find_height(ratio: float) -> float:
    """Return where a ratio stands in the picture: 8 at its top, 1/32 at its bottom."""
    return 10 + HIGH * (3 - math.log2(min(max(ratio, 1 / 32), 8))) / 8


def describe_knowledge(info: LossInfo, known: str) -> Iterator[str]:
    """Yield what docs/losses.md says of a loss alone, and the mistakes of public code that `yolo check` knows."""
    told = re.findall(rf"^- (`{info.name}[`:].*?)(?=\n- |\n\n)", known, re.MULTILINE | re.DOTALL)
    if told:
        yield "## What to know"
        yield "\n".join(f"- {' '.join(one.split())}" for one in told)
    mistakes = {f"{one.says}: {one.remedy}" for one in MISTAKES if one.spec == info.name}
    if info.name in GRADIENT_REMEDIES:
        mistakes.add(f"right values with a wrong gradient: {GRADIENT_REMEDIES[info.name]}")
    yield "## What public copies get wrong"
    if mistakes:
        yield "As `yolo check` finds it, each with what to do:"
        yield "\n".join(f"- {escape_words(one)}." for one in sorted(mistakes))
    elif any(re.search("copied|public code", one) for one in told):
        yield "That is said above; `yolo check` tells it."
    else:
        yield "No mistake that is of this loss alone is known here."


if __name__ == "__main__":
    main()
