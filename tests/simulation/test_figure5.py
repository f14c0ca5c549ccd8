"""The boxes of both setups, as in the paper's fifth figure."""

import math

import pytest

from yolo_feiou.simulation import figure5
from yolo_feiou.simulation.setups import SETUPS
from yolo_feiou.storage.tables import read_csv


@pytest.mark.parametrize(("number", "counts"), [(1, (7, 49, 1000)), (2, (3, 9, 100))])
def test_targets_one_points_anchors_and_all_points(number, counts):
    rows = figure5.make_boxes(number)
    groups = [[row for row in rows if row["kind"] == kind] for kind in ("target", "anchor", "point")]
    assert tuple(map(len, groups)) == counts
    assert {row["setup"] for row in rows} == {number}
    targets, anchors, points = groups
    assert {(round(row["x"], 9), round(row["y"], 9)) for row in targets} == {(10, 10)}
    assert {round(row["w"] * row["h"], 6) for row in targets} == {100}
    assert {round(row["w"] * row["h"], 6) for row in anchors} == set(SETUPS[number].scales)
    assert len({(round(row["x"], 9), round(row["y"], 9)) for row in anchors}) == 1
    assert {(row["w"], row["h"]) for row in points} == {(0, 0)}
    side = SETUPS[number].side / 2
    assert all(abs(row[key] - 10) <= side for row in points for key in "xy")


@pytest.mark.parametrize("number", SETUPS)
def test_the_points_are_the_simulations_and_the_first_has_the_anchors(number):
    rows = figure5.make_boxes(number, seed=5)
    points = [(row["x"], row["y"]) for row in rows if row["kind"] == "point"]
    assert points == [tuple(point) for point in SETUPS[number].spread(SETUPS[number].points, "square", 5).tolist()]
    assert points != [(row["x"], row["y"]) for row in figure5.make_boxes(number) if row["kind"] == "point"]
    for row in rows:
        if row["kind"] == "anchor":
            assert (row["x"], row["y"]) == pytest.approx(points[0], abs=1e-12)


def test_setup_2s_targets_have_their_ratios():
    """√(100 r) by √(100/r) for r = 1/3, 1 and 3, the narrowest first."""
    sides = [(row["w"], row["h"]) for row in figure5.make_boxes(2) if row["kind"] == "target"]
    narrow = (math.sqrt(100 / 3), math.sqrt(300))
    assert sorted(sides) == [pytest.approx(side) for side in (narrow, (10, 10), narrow[::-1])]


def test_the_command_counts_the_pairs(tmp_path):
    assert list(figure5.write_figure5(tmp_path, {"seed": 3})) == [
        "setup 1: 1000 points × 49 anchors × 7 targets = 343,000 pairs",
        "setup 2: 100 points × 9 anchors × 3 targets = 2,700 pairs",
    ]
    rows = read_csv(tmp_path / "figure5.csv")
    assert len(rows) == 7 + 49 + 1000 + 3 + 9 + 100
    assert rows[-1]["x"] == pytest.approx(figure5.make_boxes(2, 3)[-1]["x"])
    assert (tmp_path / "figure5.png").stat().st_size > 10_000
