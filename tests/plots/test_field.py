"""What the picture of a gradient field shows: each place's kind, size and direction where the place is."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.quiver import Quiver

from yolo_feiou.plots.field import ANGLE_LABEL, PLANE_LABELS, REGION_STYLES, draw_field
from yolo_feiou.plots.style import save_figure

PLANES = ("offset", "size", "both")


def table(points=3):
    """Rows of three planes, u and v from −1 to 1, in which no two places are alike: a step of length 5 + u + 3v, in
    the second plane 10 and in the third 20 more, along (.6, −.8). It is said to be 'away' where u is 1 and v below it,
    'dead' (and 0) in the lower left corner, and 'broken' in the upper left one."""
    rows = []
    for i, plane in enumerate(PLANES):
        for u in np.linspace(-1, 1, points).tolist():
            for v in np.linspace(-1, 1, points).tolist():
                kind = "dead" if u == v == -1 else "away" if u == 1 and v < 1 else "towards"
                kind = "broken" if (u, v) == (-1, 1) else kind
                live = kind != "dead"
                row = {
                    "plane": plane,
                    "u": u,
                    "v": v,
                    "size": (5 + 10 * i + u + 3 * v) * live,
                    "kind": kind,
                    "iou": 0.5,
                }
                rows.append(row | {"du": 0.6 * row["size"], "dv": -0.8 * row["size"]})
    return rows


def cells(mesh):
    """The values of a mesh that are not masked, by the middle of their cell."""
    corners = mesh.get_coordinates()
    middles = (corners[:-1, :-1] + corners[1:, 1:]) / 2
    values = np.ma.masked_invalid(mesh.get_array()).reshape(middles.shape[:2])
    return {
        (round(float(u), 6) + 0.0, round(float(v), 6) + 0.0): float(values[i, j])
        for i, row in enumerate(middles)
        for j, (u, v) in enumerate(row)
        if not np.ma.getmaskarray(values)[i, j]
    }


@pytest.mark.parametrize("points", [2, 3, 6])
def test_sizes_and_kinds_are_where_they_belong(points):
    """The blue field has every place; red is where it leads away, and there alone; so with grey and a zero gradient."""
    rows = table(points)
    figure = draw_field(rows, "giou")
    for axis, plane in zip(figure.axes, PLANES, strict=False):
        place = {(round(row["u"], 6), round(row["v"], 6)): row for row in rows if row["plane"] == plane}
        size, *regions = (mesh for mesh in axis.collections if isinstance(mesh, QuadMesh))
        assert cells(size) == pytest.approx({key: row["size"] for key, row in place.items()})
        for mesh, (kind, (tint, _, _)) in zip(regions, REGION_STYLES.items(), strict=True):
            assert set(cells(mesh)) == {key for key, row in place.items() if row["kind"] == kind} != set()
            assert {tuple(value[:3]) for value in mesh.get_cmap()(np.linspace(0, 1, 3))} == {to_rgb(tint)}


def test_what_has_a_colour_is_told_apart():
    """Also from the blue of the sizes."""
    assert len({tint for tint, _, _ in REGION_STYLES.values()}) == len(REGION_STYLES) == 3
    red, _, blue = to_rgb(REGION_STYLES["away"][0])
    assert red > blue


def test_arrows_have_one_length_and_the_steps_direction():
    """None where there is no step."""
    (axis, *_) = draw_field(table(), "giou").axes
    (arrows,) = (item for item in axis.collections if isinstance(item, Quiver))
    live = ~np.broadcast_to(arrows.Umask, arrows.U.shape)
    places = [tuple(place) for place, shown in zip(arrows.XY.tolist(), live, strict=True) if shown]
    assert sorted(places) == sorted((u, v) for u in (-1, 0, 1) for v in (-1, 0, 1) if (u, v) != (-1, -1))
    assert arrows.U[live] == pytest.approx([0.6] * 8)
    assert arrows.V[live] == pytest.approx([-0.8] * 8)


@pytest.mark.parametrize(("points", "arrows", "shown"), [(6, 6, 6), (6, 3, 3), (7, 2, 3), (5, 17, 5)])
def test_about_as_many_arrows_as_asked(points, arrows, shown):
    """Every point, every second of 6, every third of 7."""
    (axis, *_) = draw_field(table(points), "giou", arrows).axes
    (quiver,) = (item for item in axis.collections if isinstance(item, Quiver))
    assert len(quiver.XY) == shown * shown


def test_the_planes_have_titles_and_one_scale():
    """The three planes share the scale of the sizes, whose top is the 98 % quantile."""
    rows = table()
    figure = draw_field(rows, "focal_eiou:gamma=1")
    assert figure.get_suptitle().startswith("focal_eiou:gamma=1: ")
    top = np.quantile([row["size"] for row in rows], 0.98)
    for axis, plane in zip(figure.axes, PLANES, strict=False):
        assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_title()) == PLANE_LABELS[plane]
        size = next(mesh for mesh in axis.collections if isinstance(mesh, QuadMesh))
        assert size.get_clim() == (0, top)
        (target,) = axis.lines
        assert (*target.get_xdata(), *target.get_ydata()) == (0, 0)
    assert len(figure.axes) == 4  # and the colour bar
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "leads away from the target",
        "zero gradient",
        "non-finite gradient",
    ]


def test_the_planes_are_those_of_the_rows_and_angles_are_in_degrees():
    """Their rows have radians."""
    names = {"offset": "along", "size": "across", "both": "scaled"}
    figure = draw_field([row | {"plane": names[row["plane"]]} for row in table()], "kld")
    for axis, plane in zip(figure.axes, names.values(), strict=False):
        assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_title()) == PLANE_LABELS[plane]
        assert axis.get_ylabel() == ANGLE_LABEL
        ticks = dict(zip((text.get_text() for text in axis.get_yticklabels()), axis.get_yticks(), strict=True))
        assert (ticks["45°"], ticks["−90°"]) == pytest.approx((np.pi / 4, -np.pi / 2))


@pytest.mark.parametrize("value", [np.inf, np.nan])
@pytest.mark.parametrize("everywhere", [False, True])
def test_what_is_not_finite_leaves_the_scale_to_the_rest(tmp_path, value, everywhere):
    """And has no arrow; where nothing is finite, all is black."""
    rows = [
        row | dict.fromkeys(("du", "dv", "size"), value) | {"kind": "broken"}
        if everywhere or row["kind"] == "broken"
        else row
        for row in table()
    ]
    figure = draw_field(rows, "mine.py:loss")
    save_figure(figure, tmp_path / "field.png")
    size, _, _, broken = (mesh for mesh in figure.axes[0].collections if isinstance(mesh, QuadMesh))
    finite = [row["size"] for row in rows if row["kind"] != "broken"]
    assert size.get_clim() == (0, np.quantile(finite, 0.98) if finite else 1)
    assert set(cells(broken)) == {(row["u"], row["v"]) for row in rows if row["kind"] == "broken"}
    (quiver,) = (item for item in figure.axes[0].collections if isinstance(item, Quiver))
    assert np.count_nonzero(quiver.Umask) == (9 if everywhere else 2)  # that without a step has none either


def test_a_field_without_any_gradient_can_be_drawn(tmp_path):
    """As that of a loss that is constant: grey everywhere."""
    rows = [row | {"du": 0.0, "dv": 0.0, "size": 0.0, "kind": "dead"} for row in table()]
    figure = draw_field(rows, "iou")
    save_figure(figure, tmp_path / "field.png")
    _, away, dead, broken = (mesh for mesh in figure.axes[0].collections if isinstance(mesh, QuadMesh))
    assert cells(away) == cells(broken) == {} and len(cells(dead)) == 9
