"""A table as Markdown, as LaTeX, and as plain text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from yolo_feiou.escape import escape_latex, escape_markdown, make_visible

TABLE_MARK = "†"


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        text: What it says.
        bold: Whether it stands out.
        mark: Whether it has the mark that a note of the table explains.
        value: The number it says, for sorting; None for words, and where it is missing.
    """

    text: str
    bold: bool = False
    mark: bool = False
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: A word for files and labels.
        caption: What it shows, and under which conditions.
        columns: Titles of the columns.
        numeric: Whether a column holds numbers, and no words.
        groups: Its rows, in groups that a line parts.
        notes: Sentences below it.
        descending: The column in whose order its rows are, the largest first; None where they have another order.
    """

    name: str
    caption: str
    columns: Sequence[str]
    numeric: Sequence[bool]
    groups: Sequence[Sequence[Sequence[Cell]]]
    notes: Sequence[str] = ()
    descending: int | None = None


def sort_descending(table: Table, title: str) -> Table:
    """Return a table with its rows in one group, by the values of a column, the largest first and missing ones last."""
    column = table.columns.index(title)
    rows = [row for group in table.groups for row in group]
    values = [-math.inf if (value := row[column].value) is None else value for row in rows]
    order = sorted(range(len(rows)), key=lambda i: values[i], reverse=True)
    return replace(table, groups=[[rows[i] for i in order]], descending=column)


def render_markdown(table: Table) -> str:
    """Return the table as Markdown, its caption above and its notes below."""
    lines = [
        escape_markdown(table.caption),
        "",
        f"| {' | '.join(map(escape_markdown, table.columns))} |",
        f"|{'|'.join('--:' if numeric else ':--' for numeric in table.numeric)}|",
    ]
    for row in (row for group in table.groups for row in group):
        cells = [escape_markdown(cell.text) + f" {TABLE_MARK}" * cell.mark for cell in row]
        cells = [f"**{text}**" if cell.bold else text for text, cell in zip(cells, row, strict=True)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, *(line for note in table.notes for line in ("", escape_markdown(note)))]) + "\n"


def render_latex(table: Table, of: str = "") -> str:
    r"""Return the table as a LaTeX float, for \input, shrunk to fit; it needs the packages booktabs and graphicx.

    Args:
        table: The table.
        of: What it is of; a word that keeps labels of several reports apart.
    """
    return "\n".join(_latex_lines(table, of)) + "\n"


def render_lines(table: Table) -> Iterator[str]:
    """Yield a table as lines of text."""
    cells = [table.columns, *([cell.text for cell in row] for group in table.groups for row in group)]
    rows = [[make_visible(text) for text in row] for row in cells]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        columns = zip(row, widths, table.numeric, strict=True)
        yield "  ".join(f"{text:{'>' if right else '<'}{width}}" for text, width, right in columns).rstrip()


def _latex_lines(table: Table, of: str) -> Iterator[str]:
    yield "% needs \\usepackage{booktabs,graphicx}"
    yield from (
        r"\begin{table}",
        r"\centering",
        r"\small",
        r"\setlength{\belowcaptionskip}{4pt}",
        f"\\caption{{{escape_latex(table.caption)}}}",
    )
    yield f"\\label{{tab:{f'{of}-' if of else ''}{table.name}}}"
    yield r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
    yield f"\\begin{{tabular}}{{{''.join('c' if numeric else 'l' for numeric in table.numeric)}}}"
    yield r"\toprule"
    yield " & ".join(map(_title, table.columns)) + r" \\"
    for group in table.groups:
        yield r"\midrule"
        yield from (" & ".join(map(_latex_cell, row)) + r" \\" for row in group)
    yield from (r"\bottomrule", r"\end{tabular}}")
    for note in table.notes:
        yield rf"\par\smallskip\begin{{minipage}}{{\linewidth}}\footnotesize {escape_latex(note)}\end{{minipage}}"
    yield r"\end{table}"


def _latex_cell(cell: Cell) -> str:
    text = escape_latex(cell.text)
    return (f"\\textbf{{{text}}}" if cell.bold else text) + escape_latex(TABLE_MARK) * cell.mark


def _title(text: str) -> str:
    """Return a column's title; AP_S and AP50 with an index, as papers print them."""
    if index := re.fullmatch(r"AP_?(\d+|[SML])(.*)", text):
        return (f"AP$_{index[1]}$" if len(index[1]) == 1 else f"AP$_{{{index[1]}}}$") + escape_latex(index[2])
    return escape_latex(text)
