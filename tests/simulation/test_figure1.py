"""One anchor that follows a loss, as in the paper's first figure."""

import pytest

from yolo_feiou.simulation import figure1
from yolo_feiou.simulation.figure1 import ANCHOR, compute_trajectories
from yolo_feiou.storage.tables import read_csv


def sides(spec, **options):
    """Centre and sides of the anchor after the last step."""
    *_, last = compute_trajectories([spec], **options)
    return tuple(last[key] for key in "xywh")


@pytest.mark.parametrize(
    ("spec", "w", "h", "digits"),
    [
        ("ciou", 1.640, 2.840, 3),  # the paper's own two
        ("diou", 1.61, 2.86, 2),  # these from a prototype that shares no code with the package
        ("giou", 2.47, 2.63, 2),
        ("eiou", 1.44, 1.50, 2),
        ("focal_eiou", 1.44, 1.50, 2),  # alone in its batch it is EIoU, in the limit
    ],
)
def test_the_sides_after_50_steps_are_those_of_the_paper(spec, w, h, digits):
    assert sides(spec)[2:] == pytest.approx((w, h), abs=0.51 * 10**-digits)


@pytest.mark.parametrize("spec", ["iou", "focal_eiou:norm=mean"])
def test_without_overlap_iou_and_eq_10_move_nothing(spec):
    assert sides(spec) == pytest.approx(ANCHOR, abs=1e-15)


def test_from_one_centre_ciou_does_not_grow():
    """The reason for the offset: with plain steps it ends at (1.00, 1.02), by the same prototype."""
    assert sides("ciou", anchor=(0, 0, 1, 2.4), factor="1") == pytest.approx((0, 0, 1.00, 1.02), abs=0.005)


def test_a_step_is_the_rate_times_the_factor_times_the_gradient():
    """A unit square as target and a box in it, .5 × .25 about (.1, −.2): IoU = wh = 1/8, so the gradient is (0, 0,
    −.25, −.5); the rate is .2, and the factor 1, or 2 − 1/8."""
    box = (0.1, -0.2, 0.5, 0.25)
    assert sides("iou", anchor=box, steps=1, rate=0.2, factor="1") == pytest.approx((0.1, -0.2, 0.55, 0.35))
    assert sides("iou", anchor=box, steps=1, rate=0.2) == pytest.approx((0.1, -0.2, 0.59375, 0.4375))


def test_a_trajectory_has_a_row_for_each_loss_and_step():
    rows = compute_trajectories(["giou", "eiou"], steps=3)
    assert [(row["loss"], row["step"]) for row in rows] == [(loss, i) for loss in ("giou", "eiou") for i in range(4)]
    for i in (0, 4):
        assert tuple(rows[i][key] for key in "xywh") == pytest.approx(ANCHOR, abs=1e-15)
    assert sides("giou", steps=3) == tuple(rows[3][key] for key in "xywh")
    assert compute_trajectories(["eiou"], steps=2) == rows[4:7]  # more steps go on from there


def test_the_command_writes_and_says_what_the_losses_reach(tmp_path):
    lines = list(figure1.write_figure1(tmp_path, {}))
    assert lines[1] == "ciou: after 50 steps centre (2.800, 1.470), w 1.640, h 2.840"
    assert [line.partition(":")[0] for line in lines[:3]] == ["giou", "ciou", "eiou"]
    assert "1.64 and 2.84" in lines[3] and "not identifiable" in lines[3]
    rows = read_csv(tmp_path / "figure1.csv")
    assert len(rows) == 3 * 51
    assert rows[101]["loss"] == "ciou" and rows[101]["w"] == pytest.approx(1.640, abs=0.0005)
    assert (tmp_path / "figure1.png").stat().st_size > 10_000


def test_the_command_takes_another_anchor(tmp_path):
    """Each of x, y, w and h in its place."""
    values = {"losses": "iou", "x": 7.0, "y": -6.0, "w": 2.0, "h": 3.0, "steps": 2, "rate": 5.0, "factor": "1"}
    (line, _) = figure1.write_figure1(tmp_path, values)
    assert line == "iou: after 2 steps centre (7.000, -6.000), w 2.000, h 3.000"
    box = compute_trajectories(["giou"], (7, -6, 2, 3), 2, 5, "1")[-1]
    (line, _) = figure1.write_figure1(tmp_path, values | {"losses": "giou"})
    assert line == "giou: after 2 steps centre ({x:.3f}, {y:.3f}), w {w:.3f}, h {h:.3f}".format(**box)
    assert box["w"] != pytest.approx(compute_trajectories(["giou"], (7, -6, 2, 3), 2, 5)[-1]["w"])
