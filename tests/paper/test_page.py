"""docs/paper.md is what its command makes of the files beside it."""

import re
import runpy
from pathlib import Path

import pytest

from tests.paper.coco_results import runs, write
from yolo_feiou.paper.page import PAGE_SECTIONS, make_page
from yolo_feiou.paper.statement import FAILS, HOLDS, MAKE_PAPER, PARTLY, UNDECIDED, UNTESTED
from yolo_feiou.simulation.claims import CLAIMS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def text():
    return make_page(DOCS / "paper", ROOT / "results")


def test_the_page_is_up_to_date(text):
    assert (DOCS / "paper.md").read_text(encoding="utf-8") == text, "run `python scripts/paper.py page`"


def test_every_link_leads_to_a_file(text):
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("http")]
    assert len(links) > 20
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_every_result_comes_from_the_command(text):
    commands = runpy.run_path(str(ROOT / "scripts" / "paper.py"))["COMMANDS"]
    assert set(re.findall(r"\(paper/([^/)]+)/", text)) <= set(commands)
    assert {path.name for path in (DOCS / "paper").iterdir() if path.is_dir()} == set(commands)


def test_the_command_of_a_statement_can_be_typed():
    """One or several, each `make paper` or a verb and its arguments."""
    commands = [one for _, group, _ in PAGE_SECTIONS for statement in group for one in statement.shown.split("; ")]
    assert [one for one in commands if not re.fullmatch(rf"{MAKE_PAPER}|yolo [a-z]+( \w+=[^\s,]\S*)+", one)] == []


def test_every_statement_has_its_row_and_a_result_of_the_five(text):
    statements = [statement for _, group, _ in PAGE_SECTIONS for statement in group]
    rows = [line for line in text.splitlines() if re.match(r"\| .* \| (✅|🔶|❌|❔|⏳) ", line)]
    words = [re.search(r"(✅|🔶|❌|❔|⏳) ([^|]+) \|", row)[2] for row in rows]
    assert len(rows) == len(statements) + len(CLAIMS)
    assert set(words) <= {HOLDS, PARTLY, FAILS, UNDECIDED, UNTESTED}
    assert f"{len(rows)} statements: ✅ {words.count(HOLDS)} holds" in text


def test_runs_on_coco_are_judged_and_stand_in_the_tables(tmp_path):
    rows = [*runs("atss", "stock", 0.386, (0, 0, 0)), *runs("atss", "focal_eiou", 0.396)]
    text = make_page(DOCS / "paper", write(tmp_path, *rows))
    (line,) = [line for line in text.splitlines() if "improves five detectors" in line]
    assert f"❔ {UNDECIDED} |" in line and "ATSS +1.0" in line and f"❔ 1 {UNDECIDED}" in text
    assert "| ours: ATSS* | 39.6" in text and "wrote: 6 runs." in text
    assert "wrote: none so far." in make_page(DOCS / "paper", tmp_path / "nothing")


def test_known_results(text):
    def result(says):
        (row,) = [line for line in text.splitlines() if says in line]
        return re.search(r"(✅|🔶|❌|❔|⏳) ([^|]+) \|", row)[2]

    assert result("Without overlap the IoU loss is always zero") == FAILS
    assert result("so positive for a box that is too narrow") == FAILS
    assert result("opposite signs") == HOLDS
    assert result("An anchor with w = 1, h = 2.4") == HOLDS
    assert result("EIoU regresses more accurately") == HOLDS
    assert result("the error of Focal-EIoU is larger") == PARTLY
    assert result("Focal-EIoU has the lowest error") == PARTLY
    assert result("Focal-EIoU improves five detectors") == UNTESTED
