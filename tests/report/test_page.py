"""The page: in a browser, and as text."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.report.detector_rows import table_3
from tests.report.factories import failed, write
from yolo_feiou.escape import escape_latex
from yolo_feiou.report.command import report
from yolo_feiou.storage.tables import read_csv, write_csv


def change(rows):
    """One run failed, one was resumed."""
    rows[2]["resumed"] = True
    return [*rows[:4], failed(rows[4]), *rows[5:]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A report with all there is to show."""
    of = tmp_path_factory.mktemp("made <up> & more")
    write(
        of, losses=("ciou", "eiou", "focal_eiou:gamma=0.5,norm=tal"), seeds=(9, 10, 11), change=change, box=(5.0, 7.5)
    )
    report([str(of), "baseline=ciou@box=7.5"])
    return of / "report"


@pytest.fixture(scope="module")
def detectors(tmp_path_factory):
    """A report of the paper's five detectors."""
    of = tmp_path_factory.mktemp("detectors")
    write_csv(of / "results.csv", table_3())
    report([str(of)])
    return of / "report"


@pytest.fixture
def opened(browser, folder):
    """A function that opens the page in a window of that width; what goes wrong on it is in `page.trouble`."""
    pages = []

    def open_page(width=1280, scheme="light", folder=folder):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = context.new_page()
        page.trouble = []
        page.on("console", lambda message: page.trouble.append(message.text))
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.on("request", lambda request: check(page, request.url, folder))
        page.goto((folder / "index.html").as_uri())
        pages.append((context, page))
        return page

    def check(page, url, folder):
        if not url.startswith("data:") and url != (folder / "index.html").as_uri():
            page.trouble.append(url)

    yield open_page
    for context, page in pages:
        assert page.trouble == []
        context.close()


def column(page, index):
    """The texts of a column of the table of runs."""
    return page.locator(f"#runs tbody tr > :nth-child({index + 1})").all_inner_texts()


def test_all_pictures_are_in_the_page(opened, folder):
    page = opened()
    widths = page.locator("img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert len(widths) == len(list(folder.glob("*.png"))) == len(list(folder.glob("*.pdf"))) == 7 and min(widths) > 500


@pytest.mark.parametrize(("width", "narrow"), [(390, 7), (690, 7), (900, 1), (1280, 0)])
def test_pictures_have_a_layout_for_the_width_of_the_window(opened, width, narrow):
    """Below 700 pixels the narrow one, whose text is about as large as that of the page; of six panels below 974.

    Three panels in a row are 16.8 inches wide, for which the page wants 58 pixels each.
    """
    page = opened(width)
    shown = page.locator("figure").evaluate_all(
        """figures => figures.map(figure => {
            const image = figure.querySelector("img");
            const source = figure.querySelector("source").srcset;
            return [image.currentSrc === source, image.clientWidth / image.naturalWidth, image.complete];
        })"""
    )
    assert [complete for *_, complete in shown] == [True] * 7
    assert sum(is_narrow for is_narrow, *_ in shown) == narrow
    # 13 points are 17.3 pixels at the size that the picture says it has
    assert min(17.3 * scale for _, scale, _ in shown) > 10


def test_nothing_is_cut_on_a_phone(opened, folder, detectors):
    """Each element ends within the window, unless it is in a box that scrolls; and no box hides what is in it."""
    for of in (folder, detectors):
        page = opened(390, folder=of)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") == 390  # long commands too
        cut = page.evaluate(
            """() => [...document.querySelectorAll("body *")].filter(element => {
                if (element.closest(".scroll")?.contains(element) && !element.matches(".scroll")) return false;
                const box = element.getBoundingClientRect();
                const hides = getComputedStyle(element).overflowX !== "visible" && !element.matches(".scroll");
                return box.left < 0 || box.right > innerWidth || (hides && element.scrollWidth > element.clientWidth);
            }).map(element => element.outerHTML.slice(0, 80))"""
        )
        assert cut == []
        assert page.locator("main *").count() > 500


def shade(page, box):
    """How dark the last column of pixels of a box is, on average: 0 is the ground."""
    place = box.bounding_box()
    clip = {"x": place["x"] + place["width"] - 3, "y": place["y"] + place["height"] / 2, "width": 2, "height": 60}
    pixels = cv2.imdecode(np.frombuffer(page.screenshot(clip=clip, full_page=True), np.uint8), cv2.IMREAD_COLOR)
    return 255 - float(np.median(pixels))


def test_a_table_shows_that_there_is_more_of_it(opened):
    """Its edge is shaded until it is scrolled to its end, and the names of its rows stay where they are."""
    page = opened(390)
    box = page.locator(".scroll", has=page.locator("#comparison"))
    name, difference = (box.locator(f"tbody tr:first-child > :nth-child({n})") for n in (1, 2))
    left, right = (cell.bounding_box()["x"] for cell in (name, difference))
    assert shade(page, box) > 40
    end = box.evaluate("box => { box.scrollLeft = 1e6; return box.scrollLeft; }")
    assert shade(page, box) == 0
    assert (
        end > 100 and name.bounding_box()["x"] == left and difference.bounding_box()["x"] == pytest.approx(right - end)
    )
    assert name.evaluate("cell => getComputedStyle(cell).backgroundColor") == "rgb(255, 255, 255)"  # hides what passes


def test_names_of_variants_are_one_column(opened):
    """The first, which stays in sight."""
    page = opened()
    for table in ("comparison", "losses", "fit"):
        heads = page.locator(f"#{table} thead th").all_inner_texts()
        assert heads[0].rstrip(" ↕") == "Method" and "box" not in [head.rstrip(" ↕") for head in heads]
        assert "eiou box=5" in page.locator(f"#{table} tbody th").all_inner_texts()


def test_the_comparison_is_in_the_order_of_the_difference(opened, browser, folder):
    """Without scripts too; a click on a column sorts by that, and the baseline is where 0 is."""
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto((folder / "index.html").as_uri())
    page = opened()
    rows = {row["loss"] + f" box={row['box']:g}": row["difference"] for row in read_csv(folder / "summary.csv")}
    order = sorted(rows, key=lambda label: -(rows[label] or 0))
    assert len(set(rows.values())) == 6  # no two are the same
    names = "#comparison tbody th"
    assert plain.locator(names).all_inner_texts() == page.locator(names).all_inner_texts() == order
    context.close()
    head = page.locator("#comparison thead th").nth(1)
    assert head.inner_text().startswith("ΔAP") and head.get_attribute("aria-sort") == "descending"
    head.locator("button").click()
    assert page.locator(names).all_inner_texts() == order[::-1] and head.get_attribute("aria-sort") == "ascending"
    page.locator("#comparison thead th button").first.click()
    assert page.locator(names).all_inner_texts() == sorted(order, key=natural)
    assert head.get_attribute("aria-sort") is None


@pytest.mark.parametrize("width", [390, 1280])
def test_detections_fit_the_window_and_turn_around(opened, ablation, width):
    """Baseline and variant are side by side on a phone too; the largest gain is first, after a click last."""
    report([str(ablation)])
    page = opened(width, folder=ablation / "report")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    left, right = (page.locator("#detections li:first-child svg").nth(n).bounding_box() for n in (0, 1))
    assert left["y"] == right["y"] and left["x"] + left["width"] < right["x"]
    assert right["x"] + right["width"] <= width and left["width"] == pytest.approx(left["height"] * 1.5, abs=1)
    names = page.locator("#detections p").all_inner_texts()
    assert names[0].endswith("+30.48")
    assert page.locator("#turn").inner_text() == "Largest loss first"
    page.locator("#turn").click()
    assert page.locator("#turn").inner_text() == "Largest gain first"
    assert page.locator("#detections p").all_inner_texts() == names[::-1]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_answer_comes_first(opened, width):
    """The sentence and its picture on the first screen; then where losses gain, before any table."""
    page = opened(width)
    tops = [
        page.locator(selector).first.bounding_box()["y"]
        for selector in ("h1", "p.lead", "#differences", "#thresholds", "table", "#seeds")
    ]
    assert tops == sorted(tops) and tops[2] < 400


def test_no_path_of_this_machine_is_in_a_report(folder):
    """Neither in the page nor in pictures, although the command had the absolute one."""
    assert folder.is_absolute()
    for path in folder.iterdir():
        assert str(folder.parent.parent).encode() not in path.read_bytes(), path.name
    assert "yolo report &#39;…/" in (folder / "index.html").read_text(encoding="utf-8")


def natural(text):
    """What to sort words by that have numbers in them: a9 before a10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


@pytest.mark.parametrize("name", ["AP", "seed", "run", "reason"])
def test_a_click_sorts_and_another_one_reverses(opened, name):
    """Numbers by size (9, 10, 11), words as words, and what is missing last both times."""
    page = opened()
    heads = [text.rstrip(" ↕") for text in page.locator("#runs thead th").all_inner_texts()]
    place = heads.index(name)
    head = page.locator("#runs thead th").nth(place)
    before = column(page, place)
    there = [text for text in before if text != "–"]
    expected = sorted(there, key=float if name in ("AP", "seed") else natural)
    assert before != expected
    for direction in ("ascending", "descending", "ascending"):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == direction
        shown = column(page, place)
        assert shown[: len(there)] == (expected if direction == "ascending" else expected[::-1])
        assert set(shown[len(there) :]) <= {"–"} and len(shown) == len(before) == 18
    assert page.locator("#runs [aria-sort]").count() == 1


def test_the_keyboard_sorts_too(opened):
    page = opened()
    page.locator("#runs thead th button").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#runs thead th").first.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator("#runs thead th").nth(1).get_attribute("aria-sort") == "ascending"
    assert page.locator("#runs thead th").first.get_attribute("aria-sort") is None


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_does_not_scroll_sideways(opened, width):
    page = opened(width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    wide = page.locator(".scroll").evaluate_all(
        "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth).length"
    )
    assert (wide > 0) is (width == 390) or width == 1280  # wide tables scroll in boxes of their own


@pytest.mark.parametrize("width", [390, 1200])
def test_the_papers_table_stands_beside_ours(opened, detectors, width):
    """A number and its neighbour are on one line; the page keeps its width, the wide table scrolls."""
    page = opened(width, folder=detectors)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    rows = page.locator("#paper_table3 tbody tr")
    assert rows.count() == 10 and rows.nth(7).locator("th").inner_text() == "ATSS*"
    assert rows.nth(7).locator("td").all_inner_texts()[:4] == ["focal_eiou", "39.7", "35.1 ± 0.2", "2"]
    heights = rows.evaluate_all("rows => rows.map(row => row.getBoundingClientRect().height)")
    assert max(heights) < 40


def test_it_is_dark_where_the_reader_is(opened):
    ground = [
        opened(scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert ground == ["rgb(255, 255, 255)", "rgb(22, 24, 27)"]


def test_the_first_lines_say_what_was_found(opened):
    page = opened()
    lead = page.locator("p.lead").all_inner_texts()
    assert len(lead) == 2
    assert lead[0].startswith("Against ciou box=7.5, ") and lead[1].startswith(
        "Seed variance: over 3 seeds the AP of ciou"
    )
    page.locator("a[href='#warnings']").click()
    warnings = page.locator("#warnings + ul li").all_inner_texts()
    assert page.locator("a[href='#warnings']").inner_text() == f"{len(warnings)} warnings"
    assert any("CUDA out of memory <b>" in warning for warning in warnings)


def test_all_text_is_escaped(folder):
    """A reason and a folder's name with markup; and nothing in the page asks for a thing elsewhere."""
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "CUDA out of memory &lt;b&gt;" in text and "<b>" not in text
    assert "made &lt;up&gt; &amp; more" in text and "<up>" not in text
    text = re.sub('data:image/svg[^"]+', "data:", text)
    assert not re.findall(r"(?:src|href|srcset)=[\"'](?!data:|#)", text) and "http" not in text and "url(" not in text
    assert text.startswith("<!DOCTYPE html>")


@pytest.mark.slow
def test_the_same_results_give_the_same_bytes(folder, tmp_path):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    report([str(folder.parent), "baseline=ciou@box=7.5"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_template_is_in_the_package():
    assert (Path(report.__code__.co_filename).parent / "page.html.j2").is_file()


def end_by_itself(rows, losses=("ciou", "iou", "eiou")):
    """Rows of an ablation that gave these losses seeds until enough was said."""
    cells = {"until": 0.5, "max_seeds": 20, "race": False}
    return [{**row, **(cells if row["loss"] in losses else dict.fromkeys(cells))} for row in rows]


@pytest.mark.parametrize("ended", [("ciou", "iou", "eiou"), ("iou",)])
def test_the_page_text_and_files_agree_on_sequential_comparisons(tmp_path, capsys, ended):
    """Of an ablation that ended by itself, and where some comparisons had a fixed number of seeds."""
    write(tmp_path, losses=("ciou", "iou", "eiou"), change=lambda rows: end_by_itself(rows, ended))
    report([str(tmp_path)])
    folder, text, fixed = tmp_path / "report", capsys.readouterr().out, len(ended) == 1
    page, table, tex = (
        (folder / name).read_text("utf-8") for name in ("index.html", "comparison.md", "comparison.tex")
    )
    summary = {row["loss"]: row for row in read_csv(folder / "summary.csv")}
    for words in ("The test is Student’s paired t test", "resamples of the differences", "95 %, bootstrap"):
        assert (words in page) is fixed
    assert ("95 %, bootstrap" in table) is fixed
    assert "(Jennison and Turnbull, J. R. Statist. Soc. B 51, 1989)" in page
    assert "p values are adjusted after Holm" in page
    for part in (page, table, tex):
        assert "repeated confidence interval of the difference" in part and ("For iou, seeds" in part) is fixed
    assert not any("%, t" in part for part in (page, table, tex, text))
    assert [summary[loss]["max_seeds"] for loss in ("iou", "eiou")] == [20, "" if fixed else 20]
    assert (summary["iou"]["bootstrap_low"], summary["eiou"]["bootstrap_low"] != "") == ("", fixed)
    low = f"{100 * summary['iou']['interval_low']:+.2f}".replace("-", "−")
    assert all(f"{low} to " in part for part in (page, table, text)) and f"{escape_latex(low)} to " in tex


def test_what_ratios_are_to_is_named(tmp_path):
    """As the rows of the preflight say; in those of an earlier version it was CIoU."""

    def say(*columns):
        of = write(tmp_path / str(len(columns)), losses=("giou", "eiou"), seeds=(0, 1))
        given = [{"loss": loss, "gradient_ratio": 1.0, **dict(columns)} for loss in ("giou", "eiou")]
        write_csv(of / "preflight.csv", given)
        report([str(of)])
        return (of / "report" / "index.html").read_text()

    assert "Ratios are to CIoU in the same batches" in say()
    assert "Ratios are to GIoU in the same batches" in say(("reference", "giou"))
