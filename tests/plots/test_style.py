"""One colour for a loss everywhere, and files that don't change from one run to the next."""

import time
from xml.etree import ElementTree

import matplotlib
import matplotlib.backends.backend_agg
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from tests.odd_names import ODD
from yolo_feiou.escape import make_visible
from yolo_feiou.losses.build import STOCK
from yolo_feiou.losses.table import LOSSES, LossInfo
from yolo_feiou.plots import style
from yolo_feiou.plots.style import (
    COLOURS,
    DASH_STYLES,
    FAMILY_COLOURS,
    LOSS_COLOURS,
    RC_STYLE,
    SHADE_STEPS,
    SPARE_COLOURS,
    LineLook,
    assign_colours,
    assign_line_looks,
    assign_looks,
    fit_font_size,
    get_colour,
    make_panels,
    mix_shade,
    place_legend_below,
    render_svg,
    save_figure,
)


def test_every_loss_has_a_colour_and_no_two_colours_are_one():
    """Also in the eight bits that a picture has."""
    assert set(LOSS_COLOURS) == {*LOSSES, STOCK} >= set(COLOURS)
    colours = [*COLOURS.values(), *FAMILY_COLOURS, *SPARE_COLOURS]
    assert len({to_rgb(value) for value in colours}) == len(colours)


def make_loss(name, module, weight=None):
    """A loss as a module of losses/ would have it."""

    def function(pair):
        return pair.iou

    function.__module__ = f"yolo_feiou.losses.{module}"
    return LossInfo(name, "loss", function, "a loss", "a paper", "Eq. 1", weight=weight)


def test_a_new_loss_has_the_colour_of_its_family():
    """That of the first loss with the same weight, or in the same module, that has one; `b` comes before `giou`."""
    b, giou, weighted = make_loss("b", "iou"), make_loss("giou", "iou"), make_loss("focal_eiou", "iou", "iou_power")
    infos = [b, giou, make_loss("iou", "iou"), weighted, make_loss("focal_x", "iou", "iou_power")]
    assert assign_colours(infos) == {
        "b": COLOURS["giou"],
        "giou": COLOURS["giou"],
        "iou": COLOURS["iou"],
        "focal_eiou": COLOURS["focal_eiou"],
        "focal_x": COLOURS["focal_eiou"],
    }


def test_a_new_family_has_a_colour_of_its_own():
    """In the order of the table; of one more than there are colours, that of the first."""
    families = [f"family_{i}" for i in range(len(FAMILY_COLOURS) + 1)]
    infos = [make_loss("iou", "iou"), *(make_loss(f"{k}_of_{f}", f) for f in families for k in "ab")]
    found = assign_colours(infos)
    for family, expected in zip(families, [*FAMILY_COLOURS, FAMILY_COLOURS[0]], strict=True):
        assert found[f"a_of_{family}"] == found[f"b_of_{family}"] == expected
    assert found["iou"] == COLOURS["iou"]


def test_losses_of_a_family_differ_in_a_picture(monkeypatch):
    """The second has other dashes and another shade; so has the second of one of them, whatever stands between."""
    monkeypatch.setattr(style, "LOSS_COLOURS", {"a": "#808080", "b": "#808080", "c": "#111111"})
    names = ["a", "c", "b", "a:gamma=2"]
    assert [look.dash for look in assign_looks(names).values()] == ["-", "-", "--", ":"]
    assert [look.colour for look in assign_looks(names).values()] == ["#808080", "#111111", "#B9B9B9", "#4D4D4D"]
    assert [look.dash for look in assign_line_looks(names).values()] == ["-", "-", "--", ":"]


def test_a_loss_keeps_its_colour_whatever_its_parameters():
    assert get_colour("focal_eiou:gamma=2,norm=tal") == get_colour("focal_eiou") != get_colour("focal_eiou_star")


@pytest.mark.parametrize(
    ("specs", "styles"),
    [
        (["iou", "eiou"], "- -"),
        (["focal_eiou", "eiou", "focal_eiou:gamma=1", "focal_eiou:gamma=2"], "- - -- :"),
        (["eiou", "focal_eiou_star:gamma=1", "focal_eiou:gamma=1", "focal_eiou_star"], "- - - --"),
        ([f"focal_eiou:gamma={i}" for i in range(5)], "- -- : -. -"),  # four there are, and from the first again
    ],
)
def test_losses_of_one_colour_are_told_apart_by_their_dashes(specs, styles):
    looks = assign_line_looks(specs)
    assert {spec: look.dash for spec, look in looks.items()} == dict(zip(specs, styles.split(), strict=True))
    assert all(look.colour == get_colour(spec) for spec, look in list(looks.items())[:4])
    assert len(set(DASH_STYLES)) == len(DASH_STYLES)


def test_a_sum_and_a_published_name_have_the_colour_of_their_loss():
    assert get_colour("siou:weight=0.5+smooth_l1:weight=0.5") == get_colour("inner_siou") == COLOURS["siou"]
    assert get_colour("piou_v2") == get_colour("piou2:detach=false")
    assert get_colour("siou+l1") == COLOURS["siou"]
    assert assign_looks(["ciou:weight=0.5+l1", "inner_siou x"]) == {
        "ciou:weight=0.5+l1": LineLook(COLOURS["ciou"], "-"),
        "inner_siou x": LineLook(COLOURS["siou"], "-"),
    }
    for spec in ("unheard", "", "my_loss.py:f"):
        assert get_colour(spec) == SPARE_COLOURS[0]


@pytest.mark.parametrize("assign", [assign_looks, assign_line_looks])
def test_all_losses_are_told_apart_in_one_picture(assign):
    """All of the table beside seven forms of a loss, by colour, shade and dashes."""
    forms = ("inner=0.75", "focaler=0.95", "focal=0.5", "focal=0.5,norm=tal", "wise=true", "weight=0.5")
    specs = [*LOSSES, *(f"siou:{form}" for form in forms), "siou:weight=0.5+l1:weight=0.5"]
    assert len({(to_rgb(look.colour), look.dash) for look in assign(specs).values()}) == len(specs)


def test_looks_are_the_losses_colours_at_first():
    """The second of a name has other dashes and a shade, whatever stands between; words may follow the loss."""
    found = assign_looks(["focal_eiou:gamma=1", "ciou", "focal_eiou", "ciou box=5"])
    assert found["focal_eiou:gamma=1"] == LineLook(COLOURS["focal_eiou"], "-")
    assert found["ciou"] == LineLook(COLOURS["ciou"], "-")
    assert found["focal_eiou"] == LineLook(mix_shade(COLOURS["focal_eiou"], SHADE_STEPS[1]), "--")
    assert found["ciou box=5"] == LineLook(mix_shade(COLOURS["ciou"], SHADE_STEPS[1]), "--")


def test_what_is_no_loss_of_the_table_has_a_spare_colour():
    names = ["my_loss.py:my_function", "ciou", "unheard:theta=4", "box=5", "can't: be read"]
    spare = [name for name in names if name != "ciou"]
    assert {name: look.colour for name, look in assign_looks(names).items() if name != "ciou"} == dict(
        zip(spare, SPARE_COLOURS, strict=False)
    )
    assert not set(SPARE_COLOURS) & {*COLOURS.values(), *FAMILY_COLOURS}


def test_looks_repeat_late():
    """A dozen of one colour, and as many spare colours with each look, are told apart."""
    for names in ([f"ciou:x={i}" for i in range(12)], [f"x{i}" for i in range(12 * len(SPARE_COLOURS))]):
        assert len(set(assign_looks(names).values())) == len(names)


def test_shades_are_mixed_with_white_and_black():
    """Half-way from a grey of 128 to white is 191.5, to black 64."""
    assert (mix_shade("#808080", 0), mix_shade("#808080", 0.5), mix_shade("#808080", -0.5)) == (
        "#808080",
        "#C0C0C0",
        "#404040",
    )


@pytest.mark.parametrize("share", [{}, {"sharey": True}])
def test_panels_are_as_many_and_as_large_as_asked(share):
    figure, axes = make_panels(2, 3, 9, 4, "a title", **share)
    assert [axis.get_subplotspec().num1 for axis in axes] == list(range(6))  # row by row
    assert tuple(figure.get_size_inches()) == (9, 4)
    assert figure.get_suptitle() == "a title"
    axes[0].set_ylim(3, 7)
    assert (axes[5].get_ylim() == (3, 7)) is bool(share)


def test_the_style_is_of_our_pictures_alone():
    """Legible on a slide; matplotlib is left as it was."""
    before = {key: matplotlib.rcParams[key] for key in RC_STYLE}
    _, (axis,) = make_panels(1, 1, 4, 3)
    assert axis.title.get_fontsize() == 13 == axis.xaxis.label.get_fontsize()
    assert not axis.spines["top"].get_visible() and axis.spines["left"].get_visible()
    assert {key: matplotlib.rcParams[key] for key in RC_STYLE} == before != RC_STYLE


def test_one_legend_for_all_panels():
    figure, axes = make_panels(1, 2, 6, 3)
    for axis in axes:
        axis.plot([0, 1], label="one")
        axis.plot([1, 0], label="other")
    place_legend_below(figure, axes[0])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["one", "other"]


def picture(height=1):
    """A small picture."""
    figure, (axis,) = make_panels(1, 1, 3, 2)
    axis.plot([0, height])
    return figure


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-")])
def test_the_same_picture_is_the_same_bytes(tmp_path, ending, start):
    for name, height in (("one", 1), ("again", 1), ("other", 2)):
        save_figure(picture(height), tmp_path / f"{name}.{ending}")
    one, again, other = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "again", "other"))
    assert one.startswith(start) and b"matplotlib" not in one.lower() and b"Date" not in one
    assert one == again != other


def test_an_svg_is_the_same_for_the_same_figure_and_its_text_is_text():
    """Without a time, a ground, or the name of a program; what is markup in a name is none there."""
    figure, again = picture(1), picture(1)
    for of in (figure, again):
        of.axes[0].set_title("a <b>$x$ & c")
    svg = render_svg(figure)
    assert svg == render_svg(again) != render_svg(picture(2))
    root = ElementTree.fromstring(svg)
    assert "a <b>$x$ & c" in [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert not list(root.iter("{http://www.w3.org/2000/svg}metadata"))
    assert b"fill: #ffffff" not in svg and b"Matplotlib" not in svg


@pytest.mark.parametrize("ending", ["pdf", "svg"])
def test_fonts_are_letters_and_no_outlines(tmp_path, ending):
    """What publishers take: TrueType, and no Type 3; an SVG has none, and a reader's device its own."""
    save_figure(picture(), tmp_path / "a.pdf")
    written = (tmp_path / "a.pdf").read_bytes() if ending == "pdf" else render_svg(picture())
    assert (
        (b"/Subtype /Type3" not in written and b"/CIDFontType2" in written) if ending == "pdf" else b"<text" in written
    )


def test_a_font_shrinks_where_a_line_is_too_long():
    """At size 12 a letter is .62 · 12 / 72 = .1033 inches wide: 20 of them need 2.07, and 1 inch is for 5.81."""
    assert fit_font_size("a" * 20, 3, 12) == 12
    assert fit_font_size("a" * 20, 1, 12) == pytest.approx(72 / (20 * 0.62))
    assert fit_font_size("", 1, 12) == 12


def test_a_picture_is_there_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    def half(figure, path, **options):
        path.write_bytes(b"half")
        raise OSError("the disk is full")

    save_figure(picture(), tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    monkeypatch.setattr(Figure, "savefig", half)
    for name in ("a.png", "b.png"):
        with pytest.raises(OSError, match="the disk is full"):
            save_figure(picture(), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == before


def test_looks_of_many_take_no_longer_than_their_number():
    names = [f"eiou ({n})" for n in range(40_000)] + [f"else {n}" for n in range(20_000)]
    began = time.process_time()
    assert len(assign_looks(names)) == len(names)  # half a second; compared with all before, minutes
    assert time.process_time() - began < 20


@pytest.mark.parametrize("name", ODD)
def test_text_is_never_mathematics(tmp_path, name, monkeypatch):
    """In a title, on an axis, in a legend, beside it and on a tick: what is drawn is the name."""
    drawn = []
    draw = matplotlib.backends.backend_agg.RendererAgg.draw_text

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        drawn.append((s, ismath))
        draw(self, gc, x, y, s, prop, angle, ismath, mtext)

    monkeypatch.setattr(matplotlib.backends.backend_agg.RendererAgg, "draw_text", draw_text)
    figure, (axis,) = make_panels(1, 1, 6, 4, name)
    axis.plot([0, 1e-9], label=f"l {name}")
    axis.set_title(name)
    axis.set_xlabel(name)
    axis.text(0, 0, name)
    axis.set_xticks([0, 1], [f"t {make_visible(name)}", ""])
    place_legend_below(figure, axis)
    save_figure(figure, tmp_path / "a.png")
    texts = [text for text, _ in drawn]
    assert texts.count(make_visible(name)) == 4  # suptitle, title, axis, text
    assert {f"l {make_visible(name)}", f"t {make_visible(name)}"} <= set(texts)
    assert not any(ismath for _, ismath in drawn)
