"""scripts/loss_pages.py makes a page for each loss, and the pages that are committed are what it makes."""

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.scripts import load_script
from yolo_feiou import LOSSES
from yolo_feiou.checks.known import GRADIENT_REMEDIES, MISTAKES
from yolo_feiou.losses.gradients import BINS, read_gradients
from yolo_feiou.losses.listing import describe_formula

ROOT = Path(__file__).parents[1]
loss_pages = load_script("loss_pages")
KNOWN = (ROOT / "docs" / "losses.md").read_text(encoding="utf-8")


def read(name):
    return (ROOT / "docs" / "losses" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LOSSES)
def test_the_page_of_a_loss_is_what_make_docs_makes(name):
    assert read(name) == loss_pages.make_page(LOSSES[name], KNOWN), "run 'make docs'"
    picture = (ROOT / "docs" / "losses" / f"{name}.svg").read_text(encoding="utf-8")
    assert picture == loss_pages.draw_size(LOSSES[name]), "run 'make docs'"


def test_a_picture_has_the_ratios_of_the_csv():
    """A ratio of 1 stands on its line, 3/8 of 240 below the top at 10; half of it an eighth of 240 lower."""
    assert loss_pages.find_height(1) == 100 and loss_pages.find_height(0.5) == 130
    picture = ElementTree.fromstring(loss_pages.draw_size(LOSSES["nwd"]))
    gradient, loss = (line.get("points").split() for line in picture.iter("{http://www.w3.org/2000/svg}polyline"))
    for points, number in ((gradient, 1), (loss, 0)):
        ratios = [float(cell.split(" / ")[number]) for cell in read_gradients()["nwd"]]
        heights = [10 + 240 * (3 - math.log2(ratio)) / 8 for ratio in ratios]
        assert [float(point.split(",")[1]) for point in points] == pytest.approx(heights, abs=0.06)
    assert gradient[0].split(",")[0] == f"{60 + 320 * 0.125:.1f}"


@pytest.mark.parametrize("name", LOSSES)
def test_each_page_has_the_range(name):
    """As tests in tests/losses/ show it."""
    assert re.search(r"\bin \\\[0(\.\d+)?, ", read(name), re.IGNORECASE) or name == "kfiou"  # which is 0 nowhere


def test_each_loss_has_its_use():
    assert {*load_script("loss_uses").USES} == {*LOSSES}


def test_the_evidence_is_that_of_the_results():
    """FocalL1: the mean over both repetitions on BCCD, which docs/compare.md has, and one seed of the screening."""
    table = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    (mean, interval) = re.search(
        r"^\| focal_l1 \| \S+ \S+ \S+ \| .*? \| (\S+) \| (.*?) \|$", table, re.MULTILINE
    ).groups()
    told = read("focal_l1").partition("## When to use it")[2].partition("\n## ")[0]
    assert f"{mean} AP beside CIoU (95 %: {interval}), 6 trainings of each" in told
    assert "−0.6 AP on `bccd` (1 of each); not tested." in told
    assert "Nothing here tells whether it trains better than ProbIoU." in read("kld")
    assert "beside CIoU" not in read("ciou").partition("## When to use it")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", LOSSES)
def test_a_page_has_the_formula_in_tex(name):
    """Each line in a block of its own, as GitHub and scripts/site_hooks.py read it."""
    assert tuple(re.findall(r"^```math\n(.*)\n```$", read(name), re.MULTILINE)) == loss_pages.FORMULAS[name]


def test_each_page_is_of_a_loss():
    assert {path.stem for path in (ROOT / "docs" / "losses").iterdir()} == {*LOSSES}


@pytest.mark.parametrize("name", LOSSES)
def test_a_page_has_all_that_is_known_of_a_loss(name):
    """Each parameter and modifier once, its gradient, and the mistakes that `yolo check` knows of it."""
    info, page = LOSSES[name], read(name)
    rows = re.findall(r"^\| `(\w+)=", page, re.MULTILINE)
    assert sorted(rows) == sorted([*(one.name for one in info.parameters), *info.modifiers])
    table = page.partition("| loss | gradient |")[2].split("\n")[2:]
    sizes = [" / ".join(line.split(" | ")[1:]).strip(" |") for line in table[: len(BINS)]]
    assert tuple(sizes) == tuple(read_gradients(info.family)[name])
    mistakes = [one for one in MISTAKES if one.spec == name]
    assert all(loss_pages.escape_words(one.remedy) in page for one in mistakes)
    wrong = page.partition("## What public copies get wrong\n\n")[2]
    assert wrong.startswith("As `yolo check` finds it") is bool(mistakes or name in GRADIENT_REMEDIES)
    assert wrong.startswith("That is said above") is (name in ("eiou", "focal_eiou"))
    assert info.paper.rpartition(":")[2] in page


def test_the_size_of_a_loss_that_changes_in_a_training_is_that_at_its_start():
    """By a running mean, or by a schedule."""
    assert {name for name in LOSSES if loss_pages.AT_START in read(name)} == {"wiou", "uiou"}


def test_what_docs_losses_says_of_one_loss_is_on_its_page():
    """The list in "What to know of each", and no item of another loss."""
    known = "- `iou` is\n  one.\n- `giou:a=1`, as there, two.\n- `iou_x` is three.\n\n- `iou` is four.\n"
    assert "- `iou` is one." in loss_pages.make_page(LOSSES["iou"], known)
    assert "- `giou:a=1`, as there, two." in loss_pages.make_page(LOSSES["giou"], known)
    assert "three" not in loss_pages.make_page(LOSSES["iou"], known)
    assert "- `piou` is flat far away: at four sides its gradient is 0.0037." in read("piou")
    assert "flat far away" not in read("piou2")


def test_a_page_has_the_formula_that_yolo_losses_tells():
    """Of both functions of a weighted loss: its own, which begins at the IoU loss, and its weight's."""
    formula = read("focal_eiou").partition("## Formula and range\n\n")[2].partition("\n\n## ")[0]
    first, _, times, weight, _ = formula.split("\n\n")[len(loss_pages.FORMULAS["focal_eiou"]) + 1 :]
    assert first.startswith("1 − IoU + ρ²/c² + (w − w_t)²/C_w² + (h − h_t)²/C_h², ")
    assert times == "Times the weight:" and weight.startswith("IoU^γ, ")
    told = describe_formula(LOSSES["focal_eiou"]).split("\n\n")
    assert formula.endswith("\n\n" + "\n\n".join(loss_pages.escape_words(paragraph) for paragraph in told))


def test_pages_are_written_once_and_those_of_no_loss_go(tmp_path, capsys):
    (tmp_path / "docs" / "losses").mkdir(parents=True)
    (tmp_path / "docs" / "losses.md").write_text("# Losses\n", encoding="utf-8")
    (tmp_path / "docs" / "losses" / "gone.md").write_text("", encoding="utf-8")
    loss_pages.main(tmp_path)
    told = capsys.readouterr().out.splitlines()
    assert told == [
        *(f"updated docs/losses/{name}.{suffix}" for name in LOSSES for suffix in ("md", "svg")),
        "removed docs/losses/gone.md",
    ]
    loss_pages.main(tmp_path)
    assert capsys.readouterr().out == ""
