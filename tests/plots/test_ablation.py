"""What the pictures of an ablation show: the numbers given, each in its place."""

import math
from itertools import pairwise

import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from tests.odd_names import ODD
from yolo_feiou.escape import make_visible
from yolo_feiou.plots.ablation import MAX_BANDS, Dots, Line, LinePanel, draw_lines, draw_seeds
from yolo_feiou.plots.style import NARROW_WIDTH, LineLook, assign_looks, save_figure

RED, BLUE = LineLook("#D55E00", "--"), LineLook("#0072B2", "-")
LONG = "balanced_l1:alpha=0.5,gamma=1.5"


def dots(label="ciou", values=(40.0, 41.0, 42.0), group="", baseline=False, look=RED):
    return Dots(label, group, look, values, f"{label} text"[-9:], baseline)


def labels(axis):
    return [tick.get_text() for tick in axis.get_yticklabels()]


def bands(axis):
    """Left, right, top and bottom of the grey bands."""
    patches = [patch for patch in axis.patches if isinstance(patch, Rectangle)]
    return [(p.get_x(), p.get_x() + p.get_width(), p.get_y(), p.get_y() + p.get_height()) for p in patches]


def test_each_seed_is_a_dot_and_the_mean_a_bar():
    """Dots keep to the row of their variant, below each other; the bar stands at 41."""
    (axis,) = draw_seeds([dots(), dots("eiou", (39.0,), look=BLUE)], "AP, %").axes
    first, second = axis.collections
    assert [x for x, _ in first.get_offsets()] == [40, 41, 42]
    assert [y for _, y in first.get_offsets()] == pytest.approx([-0.15, 0, 0.15])
    assert second.get_offsets().tolist() == [[39, 1]]
    assert [to_hex(c.get_facecolor()[0]).upper() for c in (first, second)] == [RED.colour, BLUE.colour]
    assert [list(line.get_xdata()) for line in axis.lines] == [[41, 41], [39, 39]]
    assert labels(axis) == ["ciou", "eiou"] and axis.get_xlabel() == "AP, %"
    assert [text.get_text() for text in axis.texts] == ["ciou text", "eiou text"]
    low, high = axis.get_ylim()
    assert low > 1 > 0 > high  # the first on top


def test_the_baselines_band_is_its_deviation():
    """40, 41, 42: 41 ± 1, over the two rows of the group."""
    (axis,) = draw_seeds([dots(baseline=True), dots("eiou", (39.0,))], "AP").axes
    assert bands(axis) == [pytest.approx((40, 42, -0.5, 1.5))]
    assert labels(axis) == ["ciou (baseline)", "eiou"]


def test_each_group_has_its_band_and_its_title():
    rows = [
        dots(group="box=5", baseline=True),
        dots("eiou", group="box=5"),
        dots("ciou", (50.0, 52.0), group="box=7.5", baseline=True),
    ]
    (axis,) = draw_seeds(rows, "AP").axes
    assert bands(axis) == [
        pytest.approx((40, 42, 0.5, 2.5)),
        pytest.approx((51 - 2**0.5, 51 + 2**0.5, 3.5, 4.5)),
    ]
    assert [text.get_text() for text in axis.texts if text.get_weight() == "bold"] == ["box=5", "box=7.5"]
    assert list(axis.get_yticks()) == [1, 2, 4]


def test_a_variant_without_values_keeps_its_row():
    (axis,) = draw_seeds([dots(values=(), baseline=True), dots("eiou")], "AP").axes
    assert labels(axis) == ["ciou (baseline)", "eiou"] and len(axis.lines) == 1 and bands(axis) == []


@pytest.mark.parametrize(("number", "name"), [(1, LONG), (18, LONG), (45, LONG), (3, 3 * LONG), (3, "iou")])
def test_rows_keep_their_height(number, name):
    """However many there are, and however long their names."""
    figure = draw_seeds([dots(f"{name}{i}") for i in range(number)], "AP")
    figure.draw_without_rendering()
    (axis,) = figure.axes
    height = figure.get_size_inches()[1] * axis.get_position().height
    assert 0.33 < height / number < 0.9
    assert axis.get_position().width > 0.35  # of the picture, beside the names
    boxes = [tick.get_window_extent() for tick in axis.get_yticklabels()]
    assert all(box.x0 >= 0 for box in boxes)
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))


def test_on_a_phone_labels_are_above_their_rows():
    """In the order from top to bottom: the name, and the numbers at its right."""
    figure = draw_seeds([dots(baseline=True), dots("eiou", (39.0,))], "AP", narrow=True)
    figure.draw_without_rendering()
    (axis,) = figure.axes
    assert [text.get_text() for text in axis.texts] == ["ciou (baseline)", "ciou text", "eiou", "eiou text"]
    assert set(labels(axis)) == {""} and figure.get_size_inches()[0] == NARROW_WIDTH
    assert bands(axis) == [pytest.approx((40, 42, -0.5, 1.5))]
    boxes = [text.get_window_extent() for text in axis.texts]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1 for box in boxes)


def panel(named, **more):
    return LinePanel("a title", "epoch", "AP, %", named, **more)


def test_a_line_is_drawn_with_its_band_and_dots():
    line = Line(RED, [1, 2, 3], [4, math.nan, 6], low=[3, 3, 5], high=[5, 6, 7], dots=[(1, 4.5), (3, 5.5)])
    figure = draw_lines([panel({"ciou": line, "eiou": Line(BLUE, [1, 2, 3], [1, 2, 3])})])
    (axis,) = figure.axes
    first, second = axis.lines
    assert list(first.get_xdata()) == [1, 2, 3] and list(first.get_ydata())[::2] == [4, 6]
    assert (first.get_color(), first.get_linestyle(), second.get_color()) == (RED.colour, "--", BLUE.colour)
    band, points = axis.collections
    assert sorted({(x, y) for x, y in band.get_paths()[0].vertices}) == [(1, 3), (1, 5), (2, 3), (2, 6), (3, 5), (3, 7)]
    assert points.get_offsets().tolist() == [[1, 4.5], [3, 5.5]]
    assert (axis.get_title(), axis.get_xlabel(), axis.get_ylabel()) == ("a title", "epoch", "AP, %")


def test_a_line_has_its_marker_in_all_panels():
    """Although the second panel lacks the first line; where points are many there are none."""
    one, other = (Line(look, [1, 2], [1, 2]) for look in (RED, BLUE))
    many = Line(BLUE, list(range(16)), list(range(16)))
    first, second, third = draw_lines([panel({"a": one, "b": other}), panel({"b": other}), panel({"b": many})]).axes
    a, b = (line.get_marker() for line in first.lines)
    assert a != b and [line.get_marker() for line in (*second.lines, *third.lines)] == [b, "None"]


def test_a_band_about_zero_is_as_wide_as_the_deviation():
    figure = draw_lines([panel({"ciou": Line(RED, [1, 2], [0.5, 1])}, around_zero=[2, 3])])
    (axis,) = figure.axes
    corners = {(x, y) for x, y in axis.collections[0].get_paths()[0].vertices}
    assert corners == {(1, -2), (1, 2), (2, -3), (2, 3)}


def test_of_many_lines_the_first_alone_has_a_band():
    def shown(number):
        many = {str(i): Line(RED, [1, 2], [i, i], low=[i, i], high=[i + 1, i + 1]) for i in range(number)}
        return len(draw_lines([panel(many)]).axes[0].collections)

    assert (shown(MAX_BANDS), shown(MAX_BANDS + 1)) == (MAX_BANDS, 1)


def test_one_legend_for_all_panels():
    """A line that the first panel lacks is in it too."""
    one, other = (
        panel({"ciou": Line(RED, [1], [1])}),
        panel({"ciou": Line(RED, [1], [1]), "eiou": Line(BLUE, [1], [2])}),
    )
    figure = draw_lines([one, other, one], columns=2)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["ciou", "eiou"]
    assert [handle.get_color() for handle in legend.legend_handles] == [RED.colour, BLUE.colour]
    assert len(figure.axes) == 3 and len(draw_lines([one]).axes) == 1


@pytest.mark.parametrize(("number", "name"), [(13, LONG), (13, "a"), (1, "a" * 90), (2, "iou")])
def test_the_legend_fits_below_the_panels(number, name):
    """Within the picture, below the panels, which keep most of it."""
    named = {f"{name}{i}": Line(RED, [1, 2], [i, i]) for i in range(number)}
    figure = draw_lines([panel(named)] * 2)
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0
    assert all(axis.get_tightbbox().y0 >= box.y1 for axis in figure.axes)
    assert all(axis.get_window_extent().height > 250 for axis in figure.axes)


@pytest.mark.parametrize(("number", "name"), [(13, LONG), (13, "a"), (1, "a" * 90)])
def test_on_a_phone_panels_are_below_each_other(number, name):
    """The title, which names the baseline, and the legend are as wide as the figure at most."""
    named = {f"{name}{i}": Line(RED, [1, 2], [i, i]) for i in range(number)}
    shown = [LinePanel(f"Difference to {name}", "epoch", "AP, %", named)] * 3
    figure = draw_lines(shown, 3, narrow=True)
    figure.draw_without_rendering()
    tops = [axis.get_window_extent() for axis in figure.axes]
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(tops)) and figure.get_size_inches()[0] == NARROW_WIDTH
    boxes = [figure.legends[0].get_window_extent(), *(axis.title.get_window_extent() for axis in figure.axes)]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(box.height > 150 for box in tops)


def test_losses_look_different_from_each_other():
    """As many as a panel has at most, of one name or none that is known."""
    names = [
        "ciou",
        *(f"focal_eiou:gamma={i}" for i in range(12)),
        "my.py:loss",
        "unheard",
        "unseen:delta=3",
        "a b",
        "",
    ]
    assert len(set(assign_looks(names).values())) == len(names)


def test_odd_names_are_drawn_as_they_are(tmp_path):
    """Beside the dots and in the legend; matplotlib itself would leave out a line whose name begins with _."""
    look = assign_looks(ODD)
    figure = draw_seeds([dots(name, group=name, look=look[name]) for name in ODD], "AP")
    assert labels(figure.axes[0]) == [make_visible(name) for name in ODD]
    save_figure(figure, tmp_path / "dots.png")
    figure = draw_lines([LinePanel("a", "b", "c", {name: Line(look[name], [0, 1], [1, 2]) for name in ODD})])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [*ODD]
    save_figure(figure, tmp_path / "lines.png")
