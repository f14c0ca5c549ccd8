"""The boxes of the two setups: how many, how large, where, and which of them make a batch."""

import math
from dataclasses import fields

import pytest
import torch
from torchvision.ops import box_convert

from yolo_feiou.losses.boxes import Pair
from yolo_feiou.simulation.setups import CENTRE, READINGS, SETUPS, Reading


def centred(pairs):
    """Anchors and targets as (pairs, 4): centre and sides."""
    return [box_convert(boxes.reshape(-1, 4), "xyxy", "cxcywh") for boxes in pairs]


def sides(boxes):
    """The different widths and heights there are, rounded, in order."""
    return sorted({(round(w, 9), round(h, 9)) for _, _, w, h in boxes.tolist()})


@pytest.mark.parametrize(("number", "pairs"), [(1, 343_000), (2, 2_700)])
def test_as_many_pairs_as_the_paper_has(number, pairs):
    """1,000 points × 7 scales × 7 ratios × 7 targets, and 100 points × 3 scales × 3 ratios × 3 targets."""
    setup = SETUPS[number]
    anchors, targets = setup.pairs(setup.points, Reading())
    assert anchors.shape == targets.shape == (1, pairs, 4)
    assert anchors.dtype == targets.dtype == torch.float64


@pytest.mark.parametrize(("number", "anchors", "targets"), [(1, 49, 7), (2, 9, 3)])
def test_every_anchor_of_a_point_meets_every_target_once(number, anchors, targets):
    pairs = torch.cat(SETUPS[number].pairs(2, Reading()), -1)[0]
    assert len(pairs.unique(dim=0)) == len(pairs) == 2 * anchors * targets
    assert len(pairs[:, :4].unique(dim=0)) == 2 * anchors
    assert len(pairs[:, 4:].unique(dim=0)) == targets


def test_targets_have_the_area_and_the_ratios():
    """w = √(100 r), h = √(100/r): for r = 1/4, 5 × 20; 1/3, √33.3 × √300; 1/2, √50 × √200; 1, 10 × 10; then turned."""
    tall = [(5, 20), (math.sqrt(100 / 3), math.sqrt(300)), (math.sqrt(50), math.sqrt(200))]
    seven = [*tall, (10, 10), *[(h, w) for w, h in tall]]
    first, second = (centred(SETUPS[number].pairs(3, Reading()))[1] for number in (1, 2))
    assert sides(first) == sorted((round(w, 9), round(h, 9)) for w, h in seven)
    assert sides(second) == sorted((round(seven[i][0], 9), round(seven[i][1], 9)) for i in (1, 3, 5))
    for targets in (first, second):
        assert targets[:, :2].sub(10).abs().max() < 1e-12


@pytest.mark.parametrize(
    ("number", "areas", "ratios"),
    [
        (1, (50, 67, 75, 100, 133, 150, 200), (1 / 4, 1 / 3, 1 / 2, 1, 2, 3, 4)),
        (2, (50, 100, 150), (1 / 3, 1, 3)),
    ],
)
def test_anchors_have_each_area_in_each_ratio(number, areas, ratios):
    """In per cent of the target's 100."""
    anchors, _ = centred(SETUPS[number].pairs(1, Reading()))
    found = {(round(w * h, 6), round(w / h, 6)) for _, _, w, h in anchors.tolist()}
    assert found == {(area, round(ratio, 6)) for area in areas for ratio in ratios}


def test_an_area_of_1_makes_all_sides_a_tenth_and_leaves_the_centres():
    """√(1/100) = 1/10."""
    for plain, small in zip(
        centred(SETUPS[1].pairs(2, Reading())), centred(SETUPS[1].pairs(2, Reading(area=1))), strict=True
    ):
        assert torch.allclose(small[:, :2], plain[:, :2], rtol=0, atol=1e-12)
        assert torch.allclose(small[:, 2:], plain[:, 2:] / 10, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("number", "side"), [(1, 20), (2, 2.5)])
def test_points_fill_the_square_about_the_centre(number, side):
    """Of n = 4,000 uniform points each quarter has n/4 ± 5σ, σ = √(n · 3/16) = 27.4; a coordinate's extremes are
    within 1 % of the edges, but for a chance of 4 · 0.99⁴⁰⁰⁰ = 1e-17."""
    points = SETUPS[number].spread(4000, "square", 0) - CENTRE
    assert points.shape == (4000, 2)
    assert (abs(points) <= side / 2).all()
    assert points.min(0) == pytest.approx([-side / 2] * 2, rel=0.02)
    assert points.max(0) == pytest.approx([side / 2] * 2, rel=0.02)
    for right in (True, False):
        for upper in (True, False):
            quarter = ((points[:, 0] > 0) == right) & ((points[:, 1] > 0) == upper)
            assert quarter.sum() == pytest.approx(1000, abs=5 * 27.4)


def test_points_fill_the_disc_about_the_centre():
    """Half of the disc's area, so n/2 ± 5σ of the points, σ = √n/2 = 31.6, lies within 3/√2 of the centre; so does
    n/2 to the right of it, and above it."""
    x, y = (SETUPS[1].spread(4000, "disc", 0) - CENTRE).T
    radius = (x * x + y * y) ** 0.5
    assert 2.99 < radius.max() <= 3
    assert (radius < 3 / math.sqrt(2)).sum() == pytest.approx(2000, abs=158)
    assert (x > 0).sum() == pytest.approx(2000, abs=158)
    assert (y > 0).sum() == pytest.approx(2000, abs=158)


def test_setup_2_keeps_its_square():
    assert (SETUPS[2].spread(50, "disc", 4) == SETUPS[2].spread(50, "square", 4)).all()


@pytest.mark.parametrize("region", ["square", "disc"])
def test_the_seed_makes_the_boxes(region):
    one, again, other = (SETUPS[1].pairs(4, Reading(region=region), seed)[0] for seed in (3, 3, 4))
    assert torch.equal(one, again)
    assert not torch.isclose(one, other).any()


def test_anchors_stand_on_their_points():
    """All 9 × 3 pairs of the first point, then all of the second, in whatever batches they are."""
    points = torch.from_numpy(SETUPS[2].spread(2, "square", 0))
    for batch in ("all", "point", "anchor", "target"):
        anchors, _ = centred(SETUPS[2].pairs(2, Reading(batch=batch)))
        assert torch.allclose(anchors[:, :2], points.repeat_interleave(27, 0), rtol=0, atol=1e-12)


def test_every_pair_is_in_a_batch_whatever_a_batch_is():
    plain, *others = (
        torch.cat(SETUPS[2].pairs(2, Reading(batch=batch)), -1).reshape(-1, 8).unique(dim=0)
        for batch in ("all", "point", "anchor", "target")
    )
    assert plain.shape == (54, 8)
    for other in others:
        assert torch.equal(other, plain)


@pytest.mark.parametrize(
    ("batch", "batches", "size", "points", "anchors", "targets"),
    [
        ("all", 1, 4 * 27, 4, 4 * 9, 3),
        ("point", 4, 27, 1, 9, 3),
        ("anchor", 4 * 9, 3, 1, 1, 3),
        ("target", 4 * 3, 9, 1, 9, 1),
    ],
)
def test_a_batch_has_the_pairs_of_its_kind(batch, batches, size, points, anchors, targets):
    """Of 4 points with 9 anchors and 3 targets each: the different ones of each kind in every batch."""
    boxes, goals = SETUPS[2].pairs(4, Reading(batch=batch))
    assert boxes.shape == goals.shape == (batches, size, 4)
    for group, goal in zip(boxes, goals, strict=True):
        centres = box_convert(group, "xyxy", "cxcywh")[:, :2]
        assert len({(round(x, 9), round(y, 9)) for x, y in centres.tolist()}) == points
        assert len(group.unique(dim=0)) == anchors
        assert len(goal.unique(dim=0)) == targets


def test_named_readings_are_as_described():
    """The literal one is the default; `best` is the one that the project's notes describe: boxes of area 1, setup 1's
    points in the disc, a plain step of centre and sides, Eq. 11 over one point's pairs and the other losses averaged
    over them, a batch without overlap at rest."""
    assert READINGS["literal"] == Reading()
    assert READINGS["best"] == Reading(1, "disc", "1", "xywh", "point", "mean", "still")
    assert [field.name for field in fields(Reading)] == [
        "area",
        "region",
        "factor",
        "update",
        "batch",
        "reduce",
        "empty",
    ]


def test_a_reading_is_spelled_in_the_words_of_the_command():
    spelled = "area=1 region=disc factor=1 update=xywh batch=point reduce=mean empty=still"
    assert str(READINGS["best"]) == spelled
    for area, spelled in ((2.5, "2.5"), (1.0, "1"), (1, "1")):
        assert str(Reading(area=area)).startswith(f"area={spelled} region=square ")


def test_boxes_overlap_at_the_start_as_far_as_the_setups_say():
    """In setup 2 centres are at most 1.25 off along an axis, and the shortest sides are √(50/3) = 4.08 and √(100/3) =
    5.77: two boxes share at least 2.04 + 2.89 − 1.25 = 3.68 along each, so 13.5 of at most 150 + 100, an IoU of .054.
    In setup 1 some don't overlap."""
    assert Pair(*(boxes[0] for boxes in SETUPS[2].pairs(100, Reading()))).iou.min() > 0.054
    assert Pair(*(boxes[0] for boxes in SETUPS[1].pairs(100, Reading()))).iou.min() == 0
