"""What the pictures after the paper's figures 1 to 5 show: the rows' own numbers."""

import pytest

from yolo_feiou.plots.figures_1_to_5 import (
    SEQUENTIAL_COLOURS,
    draw_curves,
    draw_layout,
    draw_regressions,
    draw_sweep,
    find_axis_range,
)
from yolo_feiou.plots.style import get_colour, save_figure


def outlines(axis):
    """The rectangles of a panel: corner, width, height and colour."""
    return [
        (*patch.get_xy(), patch.get_width(), patch.get_height(), patch.get_edgecolor()[:3]) for patch in axis.patches
    ]


def path(loss, steps=10, i=0):
    """A box that moves from (3, 2) to the left and grows."""
    return [
        {"loss": loss, "step": step, "x": 3 - step / 10 - i, "y": 2.0, "w": 1 + step / 10, "h": 2.4 + i}
        for step in range(steps + 1)
    ]


@pytest.mark.parametrize("losses", [("giou", "diou", "focal_eiou:gamma=1"), ("eiou",)])
def test_a_regression_has_a_panel_a_loss_and_the_box_at_every_fifth_of_the_steps(losses):
    """In each the target, the start, the box at every fifth of the steps, and in the title its sides at the last."""
    rows = [row for i, loss in enumerate(losses) for row in path(loss, i=i)]
    figure = draw_regressions(rows)
    assert len(figure.axes) == len(losses)
    for i, (axis, loss) in enumerate(zip(figure.axes, losses, strict=True)):
        target, *boxes = outlines(axis)
        assert target == (-0.5, -0.5, 1, 1, (0, 0, 0))
        assert len(boxes) == 6
        for box, step in zip(boxes, (0, 2, 4, 6, 8, 10), strict=True):
            row = rows[11 * i + step]
            assert box[:4] == pytest.approx((row["x"] - row["w"] / 2, 2 - row["h"] / 2, row["w"], row["h"]))
        assert axis.patches[-1].get_edgecolor() == outline_colour(loss)
        assert axis.patches[-1].get_linewidth() > axis.patches[-2].get_linewidth()
        assert axis.get_title() == f"{loss}: w 2.00, h {2.4 + i:.2f}"
        assert axis.get_xlim() == pytest.approx(find_axis_range(rows, "x", "w"))
        assert axis.get_ylim() == pytest.approx(find_axis_range(rows, "y", "h"))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["target", "start", "step 10"]


def outline_colour(loss):
    """A loss's colour as a rectangle has it."""
    from matplotlib.colors import to_rgba

    return to_rgba(get_colour(loss))


def test_few_steps_are_shown_once_each():
    """Of steps 0 to 2: 0, 1 and 2, beside the target."""
    (axis,) = draw_regressions(path("eiou", steps=2)).axes
    assert [x for x, *_ in outlines(axis)[1:]] == pytest.approx([2.5, 2.35, 2.2])


def test_reach_has_every_box_and_the_target_in_it():
    """The box of 1 × 2 about 4 ends at 4.5 and 5, the target begins at −½; a margin of .2. Then a box about −6."""
    rows = [{"x": 4, "y": 4, "w": 1, "h": 2}, {"x": 0, "y": 0, "w": 0.5, "h": 0.5}]
    assert find_axis_range(rows, "x", "w") == pytest.approx((-0.7, 4.7))
    assert find_axis_range(rows, "y", "h") == pytest.approx((-0.7, 5.2))
    assert find_axis_range([{"x": -6, "w": 1}], "x", "w") == pytest.approx((-6.7, 0.7))


@pytest.mark.parametrize("betas", [(0.4, 0.5, 0.6, 0.8, 1.0), (0.5, 0.8, 1.0), (0.8,), tuple(range(1, 10))])
def test_curves_have_a_panel_a_column_and_a_line_a_beta(betas):
    """A panel a column and a line for each β, dark to bright; more of them than colours share some."""
    rows = [{"beta": b, "x": x, "loss": 10 * b + x, "gradient": b - x} for b in betas for x in (0.1, 0.2, 0.3)]
    figure = draw_curves(rows, {"loss": "the loss", "gradient": "its slope"})
    for axis, column, title in zip(figure.axes, ("loss", "gradient"), ("the loss", "its slope"), strict=True):
        assert axis.get_title() == title
        assert [list(line.get_ydata()) for line in axis.lines] == [
            [row[column] for row in rows if row["beta"] == b] for b in betas
        ]
        assert all(list(line.get_xdata()) == [0.1, 0.2, 0.3] for line in axis.lines)
        assert [line.get_label() for line in axis.lines] == [f"β = {b:.3g}" for b in betas]
        shades = [SEQUENTIAL_COLOURS.index(line.get_color()) for line in axis.lines]
        assert shades == sorted(shades) and shades[0] == 0
        if len(betas) > 1:
            assert shades[-1] == len(SEQUENTIAL_COLOURS) - 1
        assert len(set(shades)) == min(len(betas), len(SEQUENTIAL_COLOURS))
    assert len(figure.legends[0].get_texts()) == len(betas)


SWEPT = [
    *((parameter, loss) for parameter, losses in {"beta": ("focal_l1", "focal_eiou_v1")}.items() for loss in losses),
    ("gamma", "focal_eiou"),
]


@pytest.mark.parametrize("setups", [(1, 2), (2,)])
def test_a_sweep_has_a_row_a_parameter_and_a_line_a_loss(setups):
    """A row a parameter; for each setup the error and the share; a line for each loss."""
    rows = [
        {
            **{"setup": setup, "parameter": parameter, "value": value, "loss": loss},
            **{"error": 100 * setup + value + len(loss), "share_90": value / setup / len(loss)},
        }
        for setup in setups
        for parameter, loss in SWEPT
        for value in (0.4, 0.6, 0.9)
    ]
    figure = draw_sweep(rows)
    panels = iter(figure.axes)
    for parameter, label in (("beta", "β"), ("gamma", "γ")):
        for setup in setups:
            for column, title in (("error", "ℓ1 error after the last step"), ("share_90", "share of IoU > 0.9")):
                axis = next(panels)
                assert axis.get_title() == f"setup {setup}: {title}"
                assert axis.get_xlabel() == label
                losses = [loss for name, loss in SWEPT if name == parameter]
                for line, loss in zip(axis.lines, losses, strict=True):
                    picked = [r for r in rows if (r["setup"], r["parameter"], r["loss"]) == (setup, parameter, loss)]
                    assert list(line.get_xdata()) == [0.4, 0.6, 0.9]
                    assert list(line.get_ydata()) == [row[column] for row in picked]
                    assert (line.get_color(), line.get_label()) == (get_colour(loss), loss)
    assert next(panels, None) is None


@pytest.mark.parametrize("setups", [(1, 2), (2,)])
def test_a_layout_has_a_panel_a_setup_with_its_boxes(setups):
    """A panel a setup, with its points, one point's anchors and the targets, those on top."""
    rows = [
        {"setup": setup, "kind": kind, "x": 10.0 + setup, "y": 9.0, "w": w, "h": 2 * w}
        for setup in setups
        for kind, w in (("target", 4.0), ("anchor", 6.0), ("anchor", 8.0), ("point", 0.0), ("point", 0.0))
    ]
    figure = draw_layout(rows)
    for axis, setup in zip(figure.axes, setups, strict=True):
        x = 10 + setup
        assert [box[:4] for box in outlines(axis)] == [
            (x - 3, 3, 6, 12),
            (x - 4, 1, 8, 16),
            (x - 2, 5, 4, 8),
        ]
        assert outlines(axis)[2][4] == (0, 0, 0) != outlines(axis)[0][4] == outlines(axis)[1][4]
        (points,) = axis.collections
        assert points.get_offsets().tolist() == [[x, 9]] * 2
        assert axis.get_title() == f"setup {setup}: 2 points, one point's anchors, the targets"
        assert axis.get_xlim() == axis.get_ylim()


def test_all_can_be_saved(tmp_path):
    swept = {"setup": 1, "parameter": "gamma", "value": 0.5, "loss": "focal_eiou", "error": 1.0, "share_90": 0.1}
    box = {"setup": 1, "kind": "target", "x": 10.0, "y": 10.0, "w": 4.0, "h": 2.0}
    for i, figure in enumerate(
        (
            draw_regressions(path("eiou", 1)),
            draw_curves([{"beta": 0.8, "x": 0.5, "loss": 0.1}], {"loss": "L"}),
            draw_sweep([swept]),
            draw_layout([box, box | {"kind": "point"}]),
        )
    ):
        save_figure(figure, tmp_path / f"{i}.png")
        assert (tmp_path / f"{i}.png").stat().st_size > 3_000
