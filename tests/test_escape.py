"""What is written of odd names is what they are, in every format."""

import re
import subprocess

import pytest

from tests.odd_names import FORBIDDEN, ODD
from yolo_feiou.escape import (
    LATEX,
    escape_formula,
    escape_latex,
    escape_markdown,
    escape_markdown_code,
    make_file_name,
    make_visible,
    quote_command,
    unescape_formula,
)

markdown_it = pytest.importorskip("markdown_it", reason="rich brings it")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain ± – γ é 日本 \\ $", "plain ± – γ é 日本 \\ $"),
        ("a\nb\r\t", "a\\nb\\r\\t"),
        ("\x1b[31m\x9b\x00", "\\x1b[31m\\x9b\\x00"),
        ("\u202e\u2028\u2067", "\\u202e\\u2028\\u2067"),
        ("\udcff", "\\udcff"),
    ],
)
def test_visible_spells_what_shows_nothing(text, seen):
    assert make_visible(text) == seen


def read(source):
    """The text that CommonMark with tables and strikethrough shows of a source, without any markup in it."""
    parser = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    (inline,) = (token for token in parser.parse(source) if token.type == "inline" and token.content.startswith("x"))
    assert {token.type for token in inline.children} <= {"text", "text_special", "code_inline"}
    return "".join(token.content for token in inline.children)


@pytest.mark.parametrize("name", ODD)
def test_markdown_shows_the_name(name):
    """In a line, in a cell, and as code; GitHub takes $ and what is between two for mathematics."""
    assert read(f"x {escape_markdown(name)} x") == f"x {make_visible(name)} x"
    assert read(f"| a |\n|---|\n| x {escape_markdown(name)} x |") == f"x {make_visible(name)} x"
    assert read(f"x {escape_markdown_code(name)} x") == f"x {make_visible(name)} x"
    assert not re.search(r"(?<!\\)\$", escape_markdown(name))


def test_names_of_losses_are_left_as_they_are():
    assert escape_markdown("focal_eiou:gamma=0.5,norm=tal") == "focal_eiou:gamma=0.5,norm=tal"


#: What of a LaTeX source is written otherwise.
WRITTEN = re.compile(r"\\text\w+\{\}|\$[^$]*\$|\\[&%$#_{}]|\{[][*]\}|[-'`]\{\}")


@pytest.mark.parametrize("name", ODD)
def test_latex_reads_back_as_the_name(name):
    """Undone, it is the name; no character is left that is a command, and no ligature."""
    source, meant = escape_latex(name), {written: character for character, written in LATEX.items()}
    assert WRITTEN.sub(lambda found: meant[found[0]], source) == make_visible(name)
    assert not re.search(r"[\\{}$&#^_~%\[\]*]|--|``|''", WRITTEN.sub("", source))


def test_latex_has_no_option_at_the_start_of_a_row_and_no_ligature():
    r"""After \\ a [ or * would be read as an argument; -- would be a dash."""
    assert escape_latex("[0]") == "{[}0{]}" and escape_latex("*") == "{*}"
    assert escape_latex("a--b c-d") == "a-{}-b c-d"


@pytest.mark.parametrize("name", ODD)
def test_a_shell_reads_the_word(name):
    """Bash gives it back, from one line that a terminal can show."""
    line = quote_command(["printf", "%s|", name, "next"])
    assert line == make_visible(line)
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=True)
    expected = name.encode("utf-8", "surrogateescape")
    if name.isascii() or "\udcff" not in name:  # bash writes such a half as three bytes
        assert done.stdout == expected + b"|next|"


def test_words_without_need_are_not_quoted():
    assert quote_command(["yolo", "report", "runs/a b"]) == "yolo report 'runs/a b'"


@pytest.mark.parametrize("name", ODD)
def test_a_file_name_leads_nowhere(name):
    assert not set(make_file_name(f"../{name}")) & set("/\\$`'\"|<>*" + FORBIDDEN)


@pytest.mark.parametrize("text", [*ODD, "=1", "+1", "@a", "'=1", "''-a", "\r=1", "'", "'a", "a'=1", ""])
def test_a_cell_is_no_formula_and_gives_the_text_back(text):
    cell = escape_formula(text)
    assert cell[:1] not in tuple("=+-@\t\r") and unescape_formula(cell) == text
    assert text.startswith("'") or unescape_formula(cell.removeprefix("'")) == text, "as a spreadsheet may save it"
