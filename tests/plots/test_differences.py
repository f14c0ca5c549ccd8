"""What the picture of differences shows: each number in its place, in the colour of its result."""

import pytest
from matplotlib.colors import to_hex

from tests.odd_names import ODD
from yolo_feiou.escape import make_visible
from yolo_feiou.plots.differences import RESULT_LOOKS, DifferenceRow, draw_differences
from yolo_feiou.plots.style import NARROW_WIDTH, render_svg, save_figure

UP = DifferenceRow("up", 1.5, (1.0, 2.0), True, "+1.50")
NEAR = DifferenceRow("near", 0.25, (-1.0, 1.5), None, "+0.25")
DOWN = DifferenceRow("down", -2.0, (-2.5, -1.5), False, "−2.00")
ONE = DifferenceRow("one seed", 0.5, None, None, "+0.50")


def drawn(axis):
    """By the row: the x values of what is drawn there, and its colours; the line at zero has no row of its own."""
    found = {}
    for line in axis.lines[1:]:
        xs, colours = found.setdefault(int(line.get_ydata()[0]), ([], set()))
        xs.append([float(x) for x in line.get_xdata()])
        colours.add(to_hex(line.get_color()).upper())
    return found


@pytest.mark.parametrize("narrow", [False, True])
def test_each_difference_has_its_interval_and_the_colour_of_its_result(narrow):
    """Without an interval there is the point alone; the baseline is a line at 0."""
    rows = [UP, NEAR, ONE, DOWN]
    (axis,) = draw_differences(rows, "ΔAP", narrow=narrow).axes
    assert list(axis.lines[0].get_xdata()) == [0, 0]
    assert {place: xs for place, (xs, _) in drawn(axis).items()} == {
        0: [[1, 2], [1, 2], [1.5]],
        1: [[-1, 1.5], [-1, 1.5], [0.25]],
        2: [[0.5]],
        3: [[-2.5, -1.5], [-2.5, -1.5], [-2]],
    }
    assert [colours for _, colours in drawn(axis).values()] == [{RESULT_LOOKS[row.better].colour} for row in rows]
    assert (
        len({look.colour for look in RESULT_LOOKS.values()})
        == len({look.marker for look in RESULT_LOOKS.values()})
        == 3
    )
    low, high = axis.get_ylim()
    assert low > 3 > 0 > high and axis.get_xlabel() == "ΔAP"  # the first on top


def test_labels_are_beside_the_rows_or_on_a_phone_above_them():
    wide, narrow = (draw_differences([UP, DOWN], "ΔAP", narrow=narrow) for narrow in (False, True))
    assert [tick.get_text() for tick in wide.axes[0].get_yticklabels()] == ["up", "down"]
    assert [text.get_text() for text in wide.axes[0].texts] == ["+1.50", "−2.00"]
    assert [text.get_text() for text in narrow.axes[0].texts] == ["up", "+1.50", "down", "−2.00"]
    assert {tick.get_text() for tick in narrow.axes[0].get_yticklabels()} == {""}


def test_the_legend_has_the_results_that_there_are():
    names = [
        [text.get_text() for text in draw_differences(rows, "").legends[0].get_texts()] for rows in ([UP], [DOWN, NEAR])
    ]
    assert names == [["better"], ["worse", "not shown to differ"]]


@pytest.mark.parametrize("name", ["ciou", "focal_eiou:gamma=0.5,norm=tal box=7.5", "a" * 90])
@pytest.mark.parametrize("number", [1, 45])
def test_nothing_is_cut_on_a_phone(name, number):
    """Labels keep within the figure, and off the numbers at their right."""
    figure = draw_differences(
        [DifferenceRow(name, 1, (-30, 30), None, "+1.00 (−30.00 to +30.00)")] * number, "ΔAP" * 9, narrow=True
    )
    figure.draw_without_rendering()
    (axis,) = figure.axes
    assert figure.get_size_inches()[0] == NARROW_WIDTH
    boxes = [text.get_window_extent() for text in (*axis.texts, axis.xaxis.label)]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)
    assert all(label.x1 < text.x0 for label, text in zip(boxes[:-1:2], boxes[1:-1:2], strict=True))


def test_odd_names_are_drawn_as_they_are(tmp_path):
    rows = [DifferenceRow(name, i, None, None, "") for i, name in enumerate(ODD)]
    figure = draw_differences(rows, "ΔAP")
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == [make_visible(name) for name in ODD]
    for ending in ("png", "pdf"):
        save_figure(figure, tmp_path / f"a.{ending}")
    assert render_svg(draw_differences(rows, "ΔAP", narrow=True))
