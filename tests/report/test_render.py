"""Tables as Markdown and LaTeX: parsed back, and compiled."""

import re
import shutil
import subprocess

import pytest

from tests.odd_names import ODD
from yolo_feiou.escape import escape_latex, escape_markdown, make_visible
from yolo_feiou.report.render import Cell, Table, render_latex, render_lines, render_markdown, sort_descending

NASTY = "a_b%c&d#e$f{g}h~i^j\\k<l>m|n"
TABLE = Table(
    "losses",
    f"A caption with {NASTY} ± − – ≥ × Δ √ ’",
    ["box", "Method", "AP", "AP50", "AP_S"],
    [False, False, True, True, True],
    [
        [[Cell("5"), Cell("ciou", mark=True), Cell("37.5 ± 0.2", bold=True), Cell("56.1"), Cell("–")]],
        [[Cell("7.5"), Cell("focal_eiou:gamma=1"), Cell("37.4"), Cell("−0.3", bold=True), Cell("< 0.001")]],
    ],
    ["A note.", "† Another_one."],
)


def test_markdown_parsed_back():
    lines = render_markdown(TABLE).splitlines()
    assert lines[0].startswith("A caption with a_b%c")
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    assert rows == [
        ["box", "Method", "AP", "AP50", "AP_S"],
        ["5", "ciou †", "**37.5 ± 0.2**", "56.1", "–"],
        ["7.5", "focal_eiou:gamma=1", "37.4", "**−0.3**", "\\< 0.001"],
    ]
    assert lines[3] == "|:--|:--|--:|--:|--:|"
    assert lines[-4:] == ["", "A note.", "", "† Another_one."]


def test_markdown_escapes_what_would_be_markup():
    text = render_markdown(Table("x", "", ["a|b*c<d`e[f\\g"], [False], [[[Cell("x|y")]]]))
    assert "| a\\|b\\*c\\<d\\`e\\[f\\\\g |" in text and "| x\\|y |" in text


def test_latex_has_a_cell_for_each_column_and_a_line_between_groups():
    """As many cells in each row as columns; every special character escaped; a line between groups."""
    text = render_latex(TABLE)
    assert re.search(r"\\begin\{tabular\}\{llccc\}", text)
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")].splitlines()[1:]
    assert [line for line in body if line == r"\midrule"] == [r"\midrule"] * 2
    rows = [re.split(r"(?<!\\) & ", line.removesuffix(r" \\")) for line in body if line != r"\midrule"]
    assert rows == [
        ["box", "Method", "AP", "AP$_{50}$", "AP$_S$"],
        ["5", r"ciou$^\dagger$", r"\textbf{37.5 $\pm$ 0.2}", "56.1", "--"],
        ["7.5", r"focal\_eiou:gamma=1", "37.4", r"\textbf{$-$0.3}", "$<$ 0.001"],
    ]
    (caption,) = re.findall(r"\\caption\{(.*)\}$", text, re.MULTILINE)
    assert caption == (
        r"A caption with a\_b\%c\&d\#e\$f\{g\}h\textasciitilde{}i\textasciicircum{}j\textbackslash{}k$<$l$>$m$|$n "
        r"$\pm$ $-$ -- $\ge$ $\times$ $\Delta$ $\surd$ '"
    )
    assert text.count(r"\begin{minipage}") == text.count(r"\end{minipage}") == 2
    assert text.isascii()


@pytest.mark.slow
def test_latex_compiles(tmp_path):
    """In a document of its own, with the two packages that the table asks for, and no wider than the page."""
    if not shutil.which("pdflatex"):
        pytest.skip("no pdflatex on this machine")
    packages = re.search(r"\\usepackage\{\S+\}", render_latex(TABLE))[0]
    document = "\\documentclass{article}%s\\begin{document}%s\\end{document}"
    wide = Table("wide", "", ["x" * 20] * 20, [True] * 20, [[[Cell("1")] * 20]])
    (tmp_path / "a.tex").write_text(document % (packages, render_latex(TABLE) + render_latex(wide)))
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "a.pdf").stat().st_size > 1000 and "Overfull" not in done.stdout


@pytest.mark.parametrize("name", ODD)
def test_a_name_is_one_cell_in_every_format(name):
    """A row has as many cells as the table has columns, and the name is among them."""
    table = Table("x", name, ["first", "second"], [False, True], [[[Cell(name), Cell("1", bold=True)]]], [name])
    assert len(render_markdown(table).splitlines()) == 7 and len(render_latex(table).splitlines()) == 17
    (row,) = (line for line in render_markdown(table).splitlines() if line.endswith(" | **1** |"))
    assert row == f"| {escape_markdown(name)} | **1** |"
    assert f"{escape_latex(name)} & \\textbf{{1}} \\\\" in render_latex(table).splitlines()
    header, body = render_lines(table)
    assert body.startswith(make_visible(name)) and len(header) == len(body)


def test_a_title_with_an_index_keeps_its_words():
    titles = ["AP", "AP50, ours", "AP_S", "AP_S, ours", "ΔAP, ours"]
    table = Table("t", "c", titles, [True] * 5, [])
    line = next(line for line in render_latex(table).splitlines() if line.endswith(r"\\"))
    assert line == r"AP & AP$_{50}$, ours & AP$_S$ & AP$_S$, ours & $\Delta$AP, ours \\"


def test_a_sorted_table_has_one_group_and_missing_values_last():
    """What has the same value, or none, keeps its order."""
    values = [[None, 1.0], [3.0, None, -2.0, 1.0]]
    groups = [[[Cell(f"{g}{i}"), Cell("x", value=of)] for i, of in enumerate(group)] for g, group in enumerate(values)]
    table = sort_descending(Table("a", "A.", ["name", "AP"], [False, True], groups, ["A note."]), "AP")
    (rows,) = table.groups
    assert [row[0].text for row in rows] == ["10", "01", "13", "12", "00", "11"]
    assert (table.descending, table.notes) == (1, ["A note."])
