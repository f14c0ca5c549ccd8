"""scripts/site_hooks.py makes one site of the repository's pages, and the pages have no broken link."""

import importlib.util
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.scripts import load_script
from yolo_feiou.losses.table import LOSSES

ROOT = Path(__file__).parents[1]
hooks = load_script("site_hooks")
SOURCES = [*hooks.PAGES, *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md")))]


@pytest.mark.parametrize("source", SOURCES)
def test_links_of_a_page_lead_to_what_is_there(source):
    page = hooks.CODE.sub("", hooks.read_page(source))
    targets = [hooks.resolve(link["target"], source) for link in hooks.LINK.finditer(page)]
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_page_and_example_is_linked_to():
    """By another page: in the repository there is no menu that would lead to it."""
    linked = {
        hooks.resolve(link["target"], source)
        for source in SOURCES
        for link in hooks.LINK.finditer(hooks.CODE.sub("x", hooks.read_page(source)))
        if hooks.resolve(link["target"], source) != source
    }
    examples = {path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").iterdir() if path.is_file()}
    assert len(linked) > 20 and {*SOURCES, *examples, "Dockerfile"} - {"README.md"} <= linked


def test_a_link_leads_to_its_place_on_the_site():
    """To a page of docs/ or beside it, a part of one, a file, and a folder, which has no page; code stays."""
    page = (
        "[a](docs/coco.md), [`b`](data/README.md#labels), ![c](docs/paper/figure1/figure1.png), [d](cfg/eiou.yaml),\n"
        "[`cfg/`](cfg), [e](https://a.b/c.md), [f](none.md)\n\n```\n[a](docs/coco.md)\n```\n"
    )
    assert hooks.place_links(page, "README.md") == (
        "[a](coco.md), [`b`](data.md#labels), ![c](paper/figure1/figure1.png), [d](repository/cfg/eiou.yaml),\n"
        "`cfg/`, [e](https://a.b/c.md), [f](none.md)\n\n```\n[a](docs/coco.md)\n```\n"
    )
    assert hooks.place_links("[a](../README.md) [b](../cfg/eiou.yaml) [c](coco.md)", "docs/losses.md") == (
        "[a](index.md) [b](repository/cfg/eiou.yaml) [c](coco.md)"
    )
    assert hooks.place_links("[a](../losses.md)", "docs/losses/eiou.md") == "[a](../losses.md)"


def test_files_that_pages_link_to_come_along():
    page = "[a](../cfg/eiou.yaml) [b](../README.md) [c](coco.md) [d](../cfg) [e](none.csv) `[f](../cfg/ciou.yaml)`"
    assert [*hooks.find_files(page, "docs/losses.md")] == ["cfg/eiou.yaml"]


def test_a_bar_in_the_code_of_a_table_is_one():
    assert hooks.unescape_bars("| `a\\|b` | c\\|d |\n`a\\|b`") == "| `a|b` | c\\|d |\n`a\\|b`"


def test_a_picture_leads_to_itself():
    assert hooks.on_page_content('<p><img alt="a" src="b/c.svg" /></p>') == (
        '<p><a href="b/c.svg"><img alt="a" src="b/c.svg" /></a></p>'
    )


def test_a_formula_is_mathml():
    pytest.importorskip("latex2mathml")
    before, block, after = hooks.draw_formulas("a $`w_t`$\n\n```math\nL = \\frac{1}{2}\n```\n\n`$x`").split("\n\n")
    assert block.startswith('<div class="formula"><math') and "<mfrac>" in block and 'display="block"' in block
    assert (before, after) == ("a $`w_t`$", "`$x`")
    page = hooks.draw_inline_formulas("<p>a $<code>w_t</code>$, <code>$x</code> and $1</p>")
    assert re.fullmatch("<p>a <math.*<msub><mi>w</mi><mi>t</mi>.*</math>, <code>\\$x</code> and \\$1</p>", page)


def test_bars_of_a_formula_stand_at_what_they_enclose():
    pytest.importorskip("latex2mathml")
    formula = hooks.convert_formula(r"\lvert t \rvert")
    assert formula.count('form="prefix"') == formula.count('form="postfix"') == 1


class Addresses(HTMLParser):
    """What a page loads, or links to."""

    def __init__(self):
        super().__init__()
        self.loaded, self.linked = [], []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag in ("script", "img", "iframe") and named.get("src"):
            self.loaded.append(named["src"])
        if tag == "link" and named.get("rel") not in ("canonical", "prev", "next"):
            self.loaded.append(named.get("href") or "")
        if tag == "a":
            self.linked.append(named.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built strictly."""
    if not all(importlib.util.find_spec(name) for name in ("mkdocs", "material", "mkdocstrings", "latex2mathml")):
        pytest.skip("the site needs the extra docs")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.slow
def test_the_site_is_built_strictly_and_asks_no_other_host(site):
    """Every page and loss of it is there, no link is broken, and a page is all that it needs."""
    pages = [path for path in site.rglob("*.html") if "repository" not in path.parts and path.name != "404.html"]
    assert {"index", "getting-started", "losses", "python", "data", "contributing"} <= {path.stem for path in pages}
    for path in pages:
        found = Addresses()
        found.feed(path.read_text(encoding="utf-8"))
        assert [address for address in found.loaded if re.match(r"(https?:)?//", address)] == [], path
        local = [address.partition("#")[0] for address in found.linked if not re.match(r"\w+:|//", address)]
        assert [address for address in local if address and not (path.parent / address).exists()] == [], path
    assert (site / "search" / "search_index.json").is_file(), "which a page may fetch from a server alone"
    assert "build_loss" in (site / "python.html").read_text(encoding="utf-8")
    assert "focal_eiou_loss" in (site / "python.html").read_text(encoding="utf-8")


#: The pages of the site; those of losses have one form.
PAGES = [
    *(Path(source).stem for source in hooks.PAGES.values()),
    *(path.stem for path in sorted((ROOT / "docs").glob("*.md"))),
    *("losses/siou", "losses/balanced_l1", "losses/kld"),
]


@pytest.mark.slow
def test_a_search_finds_the_page_of_a_loss_by_its_name(site):
    """As `loss=NAME` is written there: by the words into which the search divides the text of a page."""
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    pages = {entry["location"]: entry for entry in index["docs"]}
    for name in LOSSES:
        page = pages[f"losses/{name}.html"]
        assert name in re.split(index["config"]["separator"], re.sub("<[^>]*>", "", page["text"])), name
        assert page["boost"] > 1


@pytest.mark.slow
def test_steps_of_a_page_are_one_list(site):
    page = (site / "contributing.html").read_text(encoding="utf-8")
    assert page.partition("A new loss in ten minutes<")[2].partition("<h2")[0].count("\n<li>\n") == 6


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_runs_off_the_screen_and_no_name_is_broken(browser, site, width):
    """Code of a language wraps, pictures are there, a name in a table stands in one line.

    Wide tables scroll in their boxes, and so does what a command prints.
    """
    page, blocks = browser.new_page(viewport={"width": width, "height": 800}), 0
    for name in PAGES:
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
        code = page.locator(".highlight:not(.language-text) pre > code")
        blocks += code.count()
        assert code.evaluate_all("all => all.filter(e => e.scrollWidth > e.clientWidth).length") == 0, name
        assert page.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)") == [], name
        names = page.locator("td code").filter(has_text=re.compile(r"^[\w=]+$"))
        broken = names.evaluate_all("all => all.filter(e => e.getClientRects().length > 1).map(e => e.textContent)")
        assert broken == [], name
    assert blocks > 20
    page.close()


@pytest.mark.slow
def test_a_wide_table_shows_on_a_phone_that_it_goes_on(browser, site):
    """By a shadow at its right, which its own background doesn't hide."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((site / "index.html").as_uri())
    styles = page.locator(".md-typeset__scrollwrap").evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => [getComputedStyle(e).backgroundImage, "
        "getComputedStyle(e.querySelector('table')).backgroundColor])"
    )
    assert styles and all("rgba(0, 0, 0, 0.35)" in image for image, _ in styles)
    assert {colour for _, colour in styles} == {"rgba(0, 0, 0, 0)"}
    page.close()
