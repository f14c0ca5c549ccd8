"""Claims of a page, each bound to what shows it: cells of a CSV, a test, or a reason why neither can.

A claim is a piece of the page as it should stand there, its numbers taken from their source. A number that no claim has
in it is a mistake of the page, or of its list of claims, and so is a sentence of which nothing is claimed. What one
types (code, commands, addresses) claims nothing, and tables that scripts/make_docs.py makes have tests of their own.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What one types, the numbers of a list, generated tables, and what mkdocstrings takes from docstrings.
TYPED = re.compile(
    r"<!-- generated: .*?<!-- end -->|```.*?```|(?<=\n\n)(?: {4}[^\n]*\n+)+|`[^`]*`|(?<=\])\([^)]*\)|^ *\d+\. |"
    r"^::: [^\n]*(?:\n {4}[^\n]*)*",
    re.DOTALL | re.MULTILINE,
)
#: What divides a page: empty lines, and where an item of a list or a row of a table begins.
BLOCK = re.compile(r"\n\s*\n|\n(?= *(?:[-*] |\d+\. |\|))")
#: What divides a block: the end of a sentence, or a semicolon, but not an abbreviation.
END = re.compile(r"(?<!Eq\.)(?<!al\.)(?<=[.;?!])[*_)”\"]*\s+")
NUMBER = re.compile(r"(?<![\w.#])\d(?:[\d,.]*\d)?(?:e[+-]?\d+)?")


@dataclass(frozen=True)
class Claim:
    """A piece of a page.

    Attributes:
        text: The words, as the page should have them; a part of a line `| … |` stands for the whole table.
        files: What its numbers come from.
        tests: What shows it, as `file.py::test`.
        reason: Why there is neither.
    """

    text: str
    files: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    reason: str = ""


def measured(text: str, *files: str) -> Claim:
    """Return a claim whose numbers come from files."""
    return Claim(text, files=files)


def shown(text: str, *tests: str) -> Claim:
    """Return a claim that tests show."""
    return Claim(text, tests=tests)


def exempt(text: str, reason: str) -> Claim:
    """Return a claim that nothing here can show."""
    return Claim(text, reason=reason)


def mistakes(page: str, claims: list[Claim]) -> list[str]:
    """Return what is wrong with a page: claims that it has not, and numbers that are no claim's."""
    covered, found = bytearray(len(page)), []
    for claim in claims:
        places = [*re.finditer(_pattern(claim.text), page)]
        if not places:
            found.append(f"not there: {claim.text!r} (by {', '.join(claim.files or claim.tests) or claim.reason})")
        for place in places:
            start, end = _table(page, place) if claim.text.startswith("| ") else place.span()
            covered[start:end] = b"\1" * (end - start)
    for typed in TYPED.finditer(page):
        covered[typed.start() : typed.end()] = b"\1" * (typed.end() - typed.start())
    found += [
        f"no claim has the number {number[0]}: …{page[max(0, number.start() - 60) : number.end() + 40]}…"
        for number in NUMBER.finditer(page)
        if not covered[number.start()]
    ]
    return found


def unbound(page: str, claims: list[Claim]) -> list[str]:
    """Return the sentences of a page of which no file and no test shows anything, and that have no reason either.

    A sentence ends at its full stop or semicolon; a row of a table is one. It is bound where a claim that something
    shows has a part of it, or where those that have a reason have all of it: the name of a licence is no sentence.
    """
    bound, told = bytearray(len(page)), bytearray(len(page))
    for claim in claims:
        for place in re.finditer(_pattern(claim.text), page):
            start, end = _table(page, place) if claim.text.startswith("| ") else place.span()
            (told if claim.reason else bound)[start:end] = b"\1" * (end - start)
    typed = TYPED.sub(lambda code: code[0] if code[0].lstrip()[0].isdigit() else re.sub(r"\S", "x", code[0]), page)
    return [
        " ".join(page[start:end].split())
        for start, end in _sentences(typed)
        if not any(bound[start:end])
        and not all(told[start + word.start()] for word in re.finditer(r"\w", typed[start:end]) if word[0] != "x")
    ]


def without_evidence(claims: list[Claim]) -> list[str]:
    """Return the files and tests of claims that are not there, and claims that have none and no reason."""
    missing = [f"nothing shows {claim.text!r}" for claim in claims if not (claim.files or claim.tests or claim.reason)]
    missing += [file for claim in claims for file in claim.files if not (ROOT / file).is_file()]
    for test in (test for claim in claims for test in claim.tests):
        file, _, name = test.partition("::")
        if name not in _tests(ROOT / "tests" / file):
            missing.append(f"tests/{test}")
    return missing


@cache
def rows(file: str) -> list[dict[str, str]]:
    """Return the rows of a CSV, each cell as it is written."""
    with open(ROOT / file, newline="", encoding="utf-8") as content:
        return list(csv.DictReader(content))


def row(file: str, **cells: str) -> dict[str, str]:
    """Return the one row of a CSV that has these cells."""
    (found,) = (row for row in rows(file) if all(row[key] == value for key, value in cells.items()))
    return found


@cache
def _tests(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def _pattern(text: str) -> str:
    """Return a pattern for a text, wherever its lines end."""
    return r"\s+".join(map(re.escape, text.split()))


def _table(page: str, place: re.Match[str]) -> tuple[int, int]:
    """Return where the table about a place begins and ends."""
    return page.rfind("\n\n", 0, place.start()), (page + "\n\n").find("\n\n", place.end())


def _sentences(page: str) -> Iterator[tuple[int, int]]:
    """Yield where each sentence begins and ends, on a page without code: in it are words."""
    for block in _parts(BLOCK, page, 0, len(page)):
        text = page[slice(*block)].strip()
        header = text.startswith("|") and re.match(r"\s*\|[ :|-]+\|\s*(\n|$)", page[block[1] :])
        if text.startswith(("#", "![")) or header:
            continue
        for start, end in [block] if text.startswith("|") else _parts(END, page, *block):
            if len(re.findall(r"(?!x+\b)[^\W\d_]{2,}", page[start:end])) > 1:
                yield start, end


def _parts(divider: re.Pattern[str], page: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for found in divider.finditer(page, start, end):
        yield start, found.start()
        start = found.end()
    yield start, end
