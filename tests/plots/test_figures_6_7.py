"""What the pictures of a simulation show: the rows' own numbers."""

import pytest
from matplotlib.colors import to_rgb, to_rgba

from yolo_feiou.plots.figures_6_7 import draw_error_curves, draw_iou_boxes, group_by_loss
from yolo_feiou.plots.style import get_colour, save_figure

LOSSES = ("iou", "focal_eiou", "focal_eiou:gamma=1")


def table(losses=LOSSES, steps=20):
    """Rows in which every number is another: .001 a step, .03 a loss, .1 from one quantile to the next."""
    rows = []
    for i, loss in enumerate(losses):
        for step in range(steps + 1):
            base = 0.03 * i + 0.001 * step
            quantiles = {f"iou_{q:02}": base + 0.1 * k for k, q in enumerate((5, 25, 50, 75, 95), 1)}
            rows.append({"loss": loss, "step": step, "error": 30 - 10 * base, "iou_mean": base + 0.33, **quantiles})
    return rows


def test_rows_by_loss_keep_their_order():
    rows = [{"loss": loss, "i": i} for i, loss in enumerate(["b", "a", "b", "a"])]
    assert list(group_by_loss(rows).items()) == [("b", [rows[0], rows[2]]), ("a", [rows[1], rows[3]])]


@pytest.mark.parametrize("losses", [LOSSES, LOSSES[:1]])
def test_an_error_curve_ends_with_its_value_in_the_legend(losses):
    """A line a loss, in its colour, with its dashes; its last value is in the legend."""
    rows = table(losses)
    figure = draw_error_curves(rows, "Setup 2")
    (axis,) = figure.axes
    assert figure.get_suptitle() == "Setup 2"
    for line, (loss, steps) in zip(axis.lines, group_by_loss(rows).items(), strict=True):
        assert list(line.get_xdata()) == list(range(21))
        assert list(line.get_ydata()) == [row["error"] for row in steps]
        assert line.get_color() == get_colour(loss)
        assert line.get_label() == f"{loss}  {steps[-1]['error']:.4g}"
    assert [line.get_linestyle() for line in axis.lines] == ["-", "-", "--"][: len(losses)]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [line.get_label() for line in axis.lines]


def drawn(axis):
    """The boxes of a panel: step, whisker, box, median, box, whisker, mean; each from its own artist."""
    medians = [line for line in axis.lines if line.get_linewidth() == 2 and line.get_color() == "black"]
    means = [line for line in axis.lines if line.get_marker() == "o"]
    boxes = [patch.get_path().vertices for patch in axis.patches]
    whiskers = [line for line in axis.lines if line not in medians + means and len(set(line.get_xdata())) == 1]
    lows, highs = whiskers[::2], whiskers[1::2]
    found = []
    for median, mean, box, low, high in zip(medians, means, boxes, lows, highs, strict=True):
        (step,), (average,), (middle,) = mean.get_xdata(), mean.get_ydata(), set(median.get_ydata())
        assert [low.get_xdata()[0], high.get_xdata()[0], sum(median.get_xdata()) / 2] == pytest.approx([step] * 3)
        assert low.get_ydata()[0] == box[:, 1].min() and high.get_ydata()[0] == box[:, 1].max()
        found.append((step, low.get_ydata()[1], box[:, 1].min(), middle, box[:, 1].max(), high.get_ydata()[1], average))
    return found


@pytest.mark.parametrize("losses", [LOSSES, LOSSES[:1]])
@pytest.mark.parametrize(
    ("steps", "boxes", "shown"),
    [(20, 10, range(0, 21, 2)), (20, 4, range(0, 21, 5)), (3, 10, range(4)), (7, 3, [0, 2, 5, 7])],
)
def test_iou_boxes_have_the_quantiles_of_their_steps(losses, steps, boxes, shown):
    """A panel a loss; a box has the rows' quantiles, at `boxes` + 1 steps from the first to the last."""
    rows = table(losses, steps)
    figure = draw_iou_boxes(rows, "Setup 2", boxes)
    assert figure.get_suptitle() == "Setup 2"
    for axis, (loss, group) in zip(figure.axes, group_by_loss(rows).items(), strict=True):
        columns = ("step", "iou_05", "iou_25", "iou_50", "iou_75", "iou_95", "iou_mean")
        assert drawn(axis) == [tuple(group[step][column] for column in columns) for step in shown]
        assert axis.get_title().replace("\n", "") == loss
        assert {patch.get_facecolor() for patch in axis.patches} == {to_rgba(to_rgb(get_colour(loss)), 0.6)}
        low, high = axis.get_ylim()
        assert low < 0 and high > max(row["iou_95"] for row in rows)


@pytest.mark.parametrize("number", [1, 5, 6, 7, 11])
def test_a_panel_for_each_loss_however_many(number):
    """In their order, and none without a loss."""
    losses = [f"focal_eiou:gamma={i}" for i in range(number)]
    figure = draw_iou_boxes(table(losses, 2), "many")
    assert [axis.get_title().replace("\n", "") for axis in figure.axes] == losses
    assert [drawn(axis)[0][3] for axis in figure.axes] == pytest.approx([0.03 * i + 0.3 for i in range(number)])


@pytest.mark.parametrize("losses", [LOSSES, LOSSES[:1]])
@pytest.mark.parametrize("steps", [1, 20])
def test_both_can_be_saved(tmp_path, losses, steps):
    for draw in (draw_error_curves, draw_iou_boxes):
        save_figure(draw(table(losses, steps), "title"), tmp_path / "picture.png")
        assert (tmp_path / "picture.png").stat().st_size > 5_000
