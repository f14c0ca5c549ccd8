"""Make the pages of the repository fit into one site; mkdocs calls these functions, see mkdocs.yml.

The pages link to each other and to files by their places in the repository, as a reader of the repository needs it.
The site has README.md as its first page, data/README.md and CONTRIBUTING.md as further ones, and copies of the files
that pages link to in `repository/`. Formulas in TeX become MathML, which browsers draw without a script.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
#: Pages that don't lie in docs/, by their place in the repository, with their name on the site.
PAGES = {"README.md": "index.md", "data/README.md": "data.md", "CONTRIBUTING.md": "contributing.md"}
#: A link or an image: its text, where it leads, and the part of a page after a #.
LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s#:]+)(?P<part>#[^)\s]*)?\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
#: A formula as GitHub reads it, in a block of its own; and one within a line, as its Markdown becomes HTML.
FORMULA, INLINE_FORMULA = re.compile(r"```math\n(.*?)\n```", re.DOTALL), re.compile(r"\$<code>([^<]+)</code>\$")
#: What counts in a search more or less than its words, by the start of its name: the page of a loss before those that
#: name it among others, and the reference of Python, which names them all, last.
BOOSTS = {"losses/": 4, "python.md": 0.5}
#: A picture in HTML, which a phone shows too small to read what is written in it.
IMAGE = re.compile(r'<img [^>]*src="([^"]+)"[^>]*>')


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the page of each loss below that of all, in its order."""
    names = re.findall(r"\]\(losses/(\w+)\.md\)", read_page("docs/losses.md"))
    pages = ["losses.md", *({name: f"losses/{name}.md"} for name in dict.fromkeys(names))]
    config.nav = [{"Losses": pages} if item == {"Losses": "losses.md"} else item for item in config.nav or []]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside of docs/, and the files that pages link to."""
    from mkdocs.structure.files import File  # only the build has mkdocs

    for source, name in PAGES.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    sources = [*PAGES, *(f"docs/{file.src_uri}" for file in files.documentation_pages() if file.generated_by is None)]
    linked = {target for source in sources for target in find_files(read_page(source), source)}
    for report in [target for target in linked if target.endswith("/report/index.html")]:
        linked |= {path.relative_to(ROOT).as_posix() for path in (ROOT / report).parent.glob("*.csv")}  # it names them
    for target in sorted(linked):
        files.append(File.generated(config, place(target), abs_src_path=str(ROOT / target)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Return a page with links, formulas, and bars in the code of tables as the site's Markdown has them."""
    if boost := next((boost for start, boost in BOOSTS.items() if page.file.src_uri.startswith(start)), None):
        page.meta["search"] = {"boost": boost}
    sources = {name: source for source, name in PAGES.items()}
    source = sources.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    return unescape_bars(draw_formulas(place_links(markdown, source)))


def on_page_content(html: str, **_: object) -> str:
    """Return the HTML of a page with the formulas within its lines, and each picture a link to itself."""
    return IMAGE.sub(r'<a href="\1">\g<0></a>', draw_inline_formulas(html))


def read_page(source: str) -> str:
    """Return a page, by its place in the repository."""
    return (ROOT / source).read_text(encoding="utf-8")


def find_files(markdown: str, source: str) -> Iterator[str]:
    """Yield the files outside of docs/ that a page links to, but for pages, by their places in the repository."""
    for link in LINK.finditer(CODE.sub("", markdown)):
        target = resolve(link["target"], source)
        if (ROOT / target).is_file() and not target.startswith("docs/") and target not in PAGES:
            yield target


def place_links(markdown: str, source: str) -> str:
    """Return a page with each link leading to its place on the site.

    One to a folder, of which the site has no page, becomes its text. One to nothing stays, and the build refuses it.

    Args:
        markdown: The page.
        source: Its place in the repository.
    """

    def lead(link: re.Match[str]) -> str:
        target = resolve(link["target"], source)
        if (ROOT / target).is_dir():
            return link["text"]
        if not (ROOT / target).is_file():
            return link[0]
        relative = posixpath.relpath(place(target), posixpath.dirname(place(source)) or ".")
        return f"{link['image']}[{link['text']}]({relative}{link['part'] or ''})"

    kept = re.split(r"(```.*?```)", markdown, flags=re.DOTALL)
    return "".join(part if part.startswith("```") else LINK.sub(lead, part) for part in kept)


def resolve(target: str, source: str) -> str:
    """Return where in the repository a link of a page leads."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))


def place(target: str) -> str:
    """Return the place on the site of a page or file of the repository."""
    if target in PAGES:
        return PAGES[target]
    return target.removeprefix("docs/") if target.startswith("docs/") else f"repository/{target}"


def draw_formulas(markdown: str) -> str:
    """Return a page with the formulas that stand in blocks as MathML."""
    return FORMULA.sub(lambda tex: f'<div class="formula">{convert_formula(tex[1], display="block")}</div>', markdown)


def draw_inline_formulas(html: str) -> str:
    """Return a page's HTML with the formulas within lines as MathML, which Markdown would take for blocks."""
    return INLINE_FORMULA.sub(lambda tex: convert_formula(unescape(tex[1])), html)


def convert_formula(tex: str, display: Literal["block", "inline"] = "inline") -> str:
    """Return a formula in TeX as MathML.

    Its bars become fences, as brackets are: latex2mathml takes them for operators, which stand apart.
    """
    from latex2mathml.converter import convert  # only the build has it

    return convert(tex.replace(r"\lvert", r"\left|").replace(r"\rvert", r"\right|"), display=display)


def unescape_bars(markdown: str) -> str:
    r"""Return a page in which code in tables has | for \|: Python-Markdown divides no cell there."""
    lines = markdown.split("\n")
    return "\n".join(
        re.sub(r"`[^`]+`", lambda code: code[0].replace("\\|", "|"), line) if line.startswith("|") else line
        for line in lines
    )
