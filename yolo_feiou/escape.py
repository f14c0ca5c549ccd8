"""Escape text of others: one function for each format that it is written to.

Names of data, models, losses, runs and folders may hold anything: `$`, quotes, brackets, newlines, escape sequences.
Each function takes such a text, and returns it escaped, so that one format shows it character by character. HTML is
escaped by jinja2 (`report/page.py`), pictures by `plots/style.py`, CSV by `csv` and `escape_formula`.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable

#: Characters that change the direction of the text around them.
BIDIRECTIONAL = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")
#: Categories of Unicode that are invisible and may act: control, surrogates, line and paragraph separators.
INVISIBLE = frozenset(("Cc", "Cs", "Zl", "Zp"))

MARKDOWN = re.compile(r"[\\|*<`\[\]~$&]|(?<![^\W_])_|_(?![^\W_])")  # in a word, as in focal_eiou, _ is no markup
LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
    "±": r"$\pm$",
    "−": r"$-$",
    "–": "--",
    "≥": r"$\ge$",
    "×": r"$\times$",
    "Δ": r"$\Delta$",
    "√": r"$\surd$",
    "’": "'",
    "†": r"$^\dagger$",
    "[": "{[}",  # after \\ and \midrule it would begin an option
    "]": "{]}",
    "*": "{*}",  # after \\ too
    "-": "-{}",  # before another one: no dash
    "'": "'{}",
    "`": "`{}",
}
#: What a spreadsheet evaluates as a formula, and what `escape_formula` turns it into.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
TEX = re.compile(r"-(?=-)|'(?=')|`(?=[`'])|[^\w\s\-'`]|_", re.ASCII)


def make_visible(text: str) -> str:
    r"""Return a text on one line, with invisible characters and terminal controls as escape sequences: \n, \x1b."""
    return "".join(
        _escape_character(c) if unicodedata.category(c) in INVISIBLE or c in BIDIRECTIONAL else c for c in text
    )


def escape_markdown(text: str) -> str:
    """Return a text for Markdown, as GitHub reads it, within a line or the cell of a table."""
    return MARKDOWN.sub(r"\\\g<0>", make_visible(text))


def escape_markdown_code(text: str) -> str:
    """Return a text as a code span of Markdown, outside tables."""
    text = make_visible(text)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def escape_latex(text: str) -> str:
    """Return a text for LaTeX, within a paragraph, an argument or the cell of a table."""
    return TEX.sub(lambda found: LATEX.get(found[0], found[0]), make_visible(text))


def quote_command(args: Iterable[str]) -> str:
    """Return a command of these arguments in one line, as bash and zsh read it."""
    return " ".join(shlex.quote(arg) if make_visible(arg) == arg else _quote_ansi(arg) for arg in args)


def escape_formula(text: str) -> str:
    """Return a text for the cell of a CSV that people open in a spreadsheet, where `=`, `+`, `-` or `@` make a formula.

    Such a text, which could run a command there, and would be saved as its result, has an apostrophe before it.
    `plain_text` removes it.
    """
    return f"'{text}" if FORMULA.match(text) else text


def unescape_formula(cell: str) -> str:
    """Return the text that `escape_formula` escaped."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def make_file_name(text: str) -> str:
    """Return a text as the name of a file or folder, or a part of one: letters, digits, `_`, `.` and `-` stay."""
    return "".join(c if c.isalnum() or c in "_.-" else "-" for c in text)


def _escape_character(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _quote_ansi(arg: str) -> str:
    return f"$'{make_visible(arg.replace(chr(92), chr(92) * 2)).replace(chr(39), chr(92) + chr(39))}'"
