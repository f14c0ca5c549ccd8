"""The step that a loss makes a box take, at known places about a unit square."""

import math

import pytest
import torch

from yolo_feiou.checks.catalogue import run_checks
from yolo_feiou.checks.checked_loss import CheckedLoss as Judged
from yolo_feiou.checks.report import format_report
from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.losses.build import build_loss
from yolo_feiou.simulation import field as module
from yolo_feiou.simulation.field import PLANES, ROTATED_PLANES, compute_field, compute_rotated_field
from yolo_feiou.storage.tables import read_csv


def at(spec, plane, u, v):
    """The row of one place other than the target: u and v are the reach of a grid of three by three."""
    rows = compute_field(
        build_loss(spec), 3, *({"offset": (max(abs(u), abs(v)), 1)}.get(plane) or (abs(u) or 1, abs(v) or 1))
    )
    (row,) = (row for row in rows if (row["plane"], row["u"], row["v"]) == (plane, u, v))
    return row


def kinds(rows, *planes):
    """The kinds of the places in these planes, by place, without the target itself."""
    return {(row["u"], row["v"]): row["kind"] for row in rows if row["plane"] in planes and (row["u"] or row["v"])}


@pytest.mark.parametrize(
    ("plane", "box"),
    [
        ("offset", (-0.25, -2.5, 0.75, -1.5)),  # 1 × 1 about (¼, −2)
        ("size", (-(2**-0.75), -0.125, 2**-0.75, 0.125)),  # 2^¼ × ¼
        ("both", (0.125, -0.125, 0.375, 0.125)),  # ¼ × ¼ about (¼, 0)
    ],
)
def test_a_place_is_a_box_of_its_plane(plane, box):
    """u = ¼ and v = −2."""
    (placed,) = module.place_boxes(plane, torch.tensor([[0.25, -2]], dtype=torch.float64)).tolist()
    assert placed == pytest.approx(box, abs=1e-12)


LN2 = math.log(2)


@pytest.mark.parametrize(
    ("plane", "u", "v", "iou", "du", "dv"),
    [
        # Shifted by u = v = ½: I = (1 − u)(1 − v) = ¼, IoU = I/(2 − I) = 1/7, ∂IoU = −(1 − v) · 2/(2 − I)² = −16/49.
        ("offset", 0.5, 0.5, 1 / 7, -16 / 49, -16 / 49),
        ("offset", -0.5, 0.5, 1 / 7, 16 / 49, -16 / 49),
        # By u alone: IoU = (1 − u)/(1 + u), with the slope −2/(1 + u)² = −8/9.
        ("offset", 0.5, 0, 1 / 3, -8 / 9, 0),
        # Twice as wide and high: IoU = 2^−(u + v), with the slope −ln 2/4 by each; half of both: 2^(u + v).
        ("size", 1, 1, 1 / 4, -LN2 / 4, -LN2 / 4),
        ("size", -1, -1, 1 / 4, LN2 / 4, LN2 / 4),
        # w = 2, h = ½: IoU = h/(1 + wh − h) = 1/3. By w −h²/(3/2)² = −1/9, by h (3/2 − h(w − 1))/(3/2)² = 4/9; by the
        # logarithms, times w ln 2 and h ln 2.
        ("size", 1, -1, 1 / 3, -2 / 9 * LN2, 2 / 9 * LN2),
        ("size", -1, 1, 1 / 3, 2 / 9 * LN2, -2 / 9 * LN2),
        # The one box inside the other, not in its middle: IoU = 4^−|v|, with the slope ∓ln 4/4.
        ("both", 0.2, 1, 1 / 4, 0, -LN2 / 2),
        ("both", 0.2, -1, 1 / 4, 0, LN2 / 2),
        # Sides of 2, shifted by 1.3: I = 1 · 0.2, IoU = I/(5 − I) = 1/24; by u −1 · 5/4.8².
        ("both", 1.3, 1, 1 / 24, -5 / 4.8**2, None),
    ],
)
def test_the_step_of_iou_by_hand(plane, u, v, iou, du, dv):
    """Down the gradient of 1 − IoU is up that of IoU."""
    row = at("iou", plane, u, v)
    assert row["iou"] == pytest.approx(iou, abs=1e-12)
    assert row["du"] == pytest.approx(du, abs=1e-12)
    assert dv is None or row["dv"] == pytest.approx(dv, abs=1e-12)
    assert row["size"] == pytest.approx(math.hypot(row["du"], row["dv"]), abs=1e-12)
    assert row["kind"] == "towards"


@pytest.mark.parametrize(("gamma", "threshold"), [(0.25, 0.175), (0.5, 0.304), (1, 0.477), (2, 0.654)])
def test_an_attached_weight_pushes_apart_below_an_iou(gamma, threshold):
    """Known to three digits. Squares shifted by u have an IoU of (1 − u)/(1 + u), so u = (1 − IoU)/(1 + IoU)."""
    for iou, kind in ((threshold + 0.001, "towards"), (threshold - 0.001, "away")):
        u = (1 - iou) / (1 + iou)
        for spec, expected in (
            (f"focal_eiou:gamma={gamma},detach=false", kind),
            (f"focal_eiou:gamma={gamma}", "towards"),
        ):
            for side in (u, -u):
                row = at(spec, "offset", side, 0)
                assert row["iou"] == pytest.approx(iou)
                assert row["kind"] == expected
                assert (row["du"] * side > 0) is (expected == "away")


def test_eiou_has_no_zero_gradient_and_never_leads_away():
    """Anywhere but at the target."""
    assert set(kinds(compute_field(build_loss("eiou")), *PLANES).values()) == {"towards"}


@pytest.mark.parametrize("spec", ["iou", "focal_eiou", "focal_eiou:detach=false", "focal_eiou:gamma=2"])
def test_the_gradient_is_zero_where_no_overlap_is(spec):
    """1 − IoU is constant there, and a weight of IoU^γ is 0: for squares, from one side off on."""
    rows = compute_field(build_loss(spec), 17)
    assert {place for place, kind in kinds(rows, "offset").items() if kind == "dead"} == {
        (i / 4, j / 4) for i in range(-8, 9) for j in range(-8, 9) if max(abs(i), abs(j)) >= 4
    }
    assert "dead" not in kinds(rows, "size").values()
    assert all((row["kind"] == "dead") is (row["iou"] == 0) for row in rows if row["u"] or row["v"])


def test_the_weight_that_counts_bad_boxes_has_no_zero_gradient():
    assert "dead" not in kinds(compute_field(build_loss("focal_eiou_star"), 9), *PLANES).values()


@pytest.mark.parametrize("spec", ["giou", "ciou", "eiou", "focal_eiou:detach=false", "focal_l1"])
def test_a_field_has_the_symmetry_of_the_square(spec):
    """Mirrored places have the mirrored step: left and right, and, in offset and size, x and y."""
    steps = {(row["plane"], row["u"], row["v"]): (row["du"], row["dv"]) for row in compute_field(build_loss(spec), 9)}
    for (plane, u, v), (du, dv) in steps.items():
        if plane != "size":
            assert steps[plane, -u, v] == pytest.approx((-du, dv), abs=1e-12)
        if plane != "both":
            assert steps[plane, v, u] == pytest.approx((dv, du), abs=1e-12)
        if plane == "offset":
            assert steps[plane, u, -v] == pytest.approx((du, -dv), abs=1e-12)


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ((-3, 4), "towards"),  # (2, 1) · (−3, 4) = −2
        ((3, -4), "away"),  # 2
        ((-1, 2), "towards"),  # across is not away
        ((0, 0), "dead"),
        ((1e-13, 0), "dead"),
    ],
)
def test_a_row_by_hand(step, kind):
    row = module.make_field_row("both", (2, 1), step, 0.25)
    assert row == {
        **{"plane": "both", "u": 2, "v": 1, "du": step[0], "dv": step[1], "iou": 0.25, "kind": kind},
        "size": pytest.approx(math.hypot(*step)),
    }


def test_the_grid_goes_from_minus_to_plus_its_reach():
    """u from −offset to offset and v from −octaves to octaves, where they are offsets and doublings."""
    rows = compute_field(build_loss("eiou"), points=5, offset=1, octaves=3)
    for plane, u, v in (("offset", 1, 1), ("size", 3, 3), ("both", 1, 3)):
        places = [(row["u"], row["v"]) for row in rows if row["plane"] == plane]
        assert places == [(i * u / 2, j * v / 2) for i in range(-2, 3) for j in range(-2, 3)]
    assert len(rows) == 3 * 25


def test_the_command_says_how_much_has_a_zero_gradient(tmp_path):
    """Offsets of −1, −½, 0, ½ and 1: of 25 places 9 overlap, and the one in the middle is the target, which isn't
    counted, so 8 of 24 are alive. (A row is a pair's own step, and leaves Eq. 11's normalisation out.)"""
    subject = module.make_field_experiment("focal_eiou:gamma=1")
    assert subject.name == "field-focal_eiou-gamma-1"
    lines = list(subject.make(tmp_path, {"points": 5, "offset": 1.0, "octaves": 1.0}))
    assert (
        lines[0]
        == "focal_eiou:gamma=1, plane offset: towards 33.3%, away 0.0%, zero gradient 66.7%, non-finite gradient 0.0%"
    )
    assert [line.split()[2] for line in lines[:-1]] == ["offset:", "size:", "both:"]
    assert len(read_csv(tmp_path / "field.csv")) == 75
    assert (tmp_path / "field.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("iou", "100.0% of the boxes without overlap have a zero gradient in their centre: they stay apart"),
        ("giou", "boxes without overlap have a gradient in their centre"),
        ("kld:focal=1", "boxes 5 or more sides apart have a zero gradient, and stay apart"),
        ("kld", "boxes 20 sides apart have a gradient"),
    ],
)
def test_the_command_says_what_check_says_of_boxes_without_overlap(tmp_path, spec, message):
    *_, last = module.make_field_experiment(spec).make(tmp_path, {"points": 3})
    assert last == f"{spec}, zero-gradient: {message}"
    assert f" zero-gradient: {message}" in format_report(run_checks(Judged(spec, build_loss(spec))))


def rotated_row(spec, plane, u, v, **given):
    """The row of one place of rotated boxes, of which the grid has 9 × 9."""
    rows = compute_rotated_field(build_loss(spec), 9, **given)
    return next(row for row in rows if row["plane"] == plane and (row["u"], row["v"]) == pytest.approx((u, v)))


@pytest.mark.parametrize(
    ("plane", "box"),
    [("along", (1.5, 0, 6, 2, -2)), ("across", (0, 0.5, 6, 2, -2)), ("scaled", (0, 0, 6 * 2**0.25, 2 * 2**0.25, -2))],
)
def test_a_place_is_a_rotated_box_of_its_plane(plane, box):
    """u = ¼ and v = −2, about a target of 6 × 2."""
    place = torch.tensor([[0.25, -2]], dtype=torch.float64)
    assert module.place_rotated_boxes(plane, 6, 2, place).tolist() == [pytest.approx(box)]


def test_the_step_of_a_rotated_box_by_the_chain_rule():
    """A loss with the slopes 2, 3, 5, 7 and 11; the target has √(wh) = 6 and is 4 times as wide as high: 12 × 3.

    u is in widths of 12 and in heights of 3; of u doublings w = 12 · 2^u has the slope 12 · 2^u ln 2, h likewise.
    """
    slopes = torch.tensor((2, 3, 5, 7, 11), dtype=torch.float64)
    rows = compute_rotated_field(lambda pred, target: pred @ slopes, 5, 1, 1, 4, 6)
    assert [row["plane"] for row in rows] == [plane for plane in ROTATED_PLANES for _ in range(25)]
    for row in rows:
        sides = (5 * 12 + 7 * 3) * 2 ** row["u"] * LN2
        assert row["du"] == pytest.approx({"along": -24, "across": -9, "scaled": -sides}[row["plane"]])
        assert row["dv"] == -11
        assert abs(row["u"]) <= 1 and abs(row["v"]) <= math.pi / 2
    assert {row["v"] for row in rows} == {i * math.pi / 4 for i in (-2, -1, 0, 1, 2)}
    centre = [row for row in rows if row["u"] == row["v"] == 0]
    assert [row["probiou"] for row in centre] == pytest.approx([1] * 3, abs=1e-3)


def test_the_pull_of_kld_by_hand():
    """D = ½(x²/(w/2)² + y²/(h/2)² + sin²Δ (16 + 1/16 − 2)) for boxes of one size, 4 times as wide as high.

    So by u, x = uw: −4u, the same across; by Δ: −½ · 14.0625 sin 2Δ, whatever the offset.
    """
    for plane in ("along", "across"):
        row = rotated_row("kld:function=none,tau=0,floor=0", plane, 1.5, math.pi / 4)
        assert (row["du"], row["dv"]) == pytest.approx((-6, -7.03125))
        assert row["kind"] == "towards"


def test_a_square_is_not_turned():
    rows = compute_rotated_field(build_loss("kld"), 5, ratio=1)
    assert [row["dv"] for row in rows if row["plane"] != "across"] == pytest.approx([0] * 50, abs=1e-12)


@pytest.mark.parametrize("spec", ["probiou", "kld", "gwd", "bd", "kfiou"])
def test_a_rotated_field_has_the_symmetry_of_the_rectangle(spec):
    """Mirrored offsets and angles have the mirrored step; far from the target nothing of it is non-finite."""
    steps = {(row["plane"], row["u"], row["v"]): row for row in compute_rotated_field(build_loss(spec), 9)}
    for (plane, u, v), row in steps.items():
        mirrored = steps[plane, u, -v]
        assert (mirrored["du"], mirrored["dv"]) == pytest.approx((row["du"], -row["dv"]), abs=1e-12)
        if plane != "scaled":
            mirrored = steps[plane, -u, v]
            assert (mirrored["du"], mirrored["dv"]) == pytest.approx((-row["du"], row["dv"]), abs=1e-12)
        assert row["kind"] != "broken"


def test_the_command_tells_of_rotated_boxes(tmp_path):
    """A target of 64 × 16 pixels is 8 × 2 strides. GWD in pixels: across, d² = (16u)², −∂/∂u = −512u. It is 0 at ±90°
    without an offset, where nothing turns: 2 of 8 places, the target left out."""
    subject = module.make_field_experiment("gwd:function=none,tau=0,floor=0")
    assert [argument.name for argument in subject.arguments] == ["points", "offset", "octaves", "ratio", "side", "t"]
    lines = list(subject.make(tmp_path, {"points": 3, "offset": 1.0}))
    assert lines[0].endswith(": boxes in strides of 8 pixels, targets of √(wh) = 32 pixels (side=)")
    assert [line.split()[2] for line in lines[1:-1]] == ["along:", "across:", "scaled:"]
    assert lines[2].endswith(
        ": towards 75.0%, away 0.0%, zero gradient 25.0%, non-finite gradient 0.0%, angle pulled away 0.0%"
    )
    rows = read_csv(tmp_path / "field.csv")
    (row,) = (row for row in rows if (row["plane"], row["u"], row["v"]) == ("across", 1, 0))
    assert row["du"] == pytest.approx(-512) and 0 < row["probiou"] < 1
    assert (tmp_path / "field.png").stat().st_size > 10_000
    list(subject.make(tmp_path, {"points": 3, "offset": 1.0, "side": 64.0, "ratio": 1.0}))
    rows = read_csv(tmp_path / "field.csv")
    assert next(row for row in rows if row["plane"] == "across" and row["u"] == 1)["du"] == pytest.approx(-2 * 64**2)


def test_an_attached_weight_pulls_the_angle_away(tmp_path):
    """Of boxes that are crossed ProbIoU is low, where a weight in the graph pushes apart."""
    subject = module.make_field_experiment("kld:focal=1,detach=false")
    *_, scaled, _ = subject.make(tmp_path, {"points": 9})
    assert float(scaled.rpartition(" ")[2].strip("%")) > 30
    *_, scaled, _ = module.make_field_experiment("kld:focal=1").make(tmp_path, {"points": 9})
    assert scaled.endswith("angle pulled away 0.0%")


def test_a_wrong_loss_shows_before_anything_is_written():
    with pytest.raises(LossSpecError, match="did you mean 'eiou'"):
        module.make_field_experiment("eoiu")


USERS = """
def attached(pred, target):
    loss = build_loss("eiou")(pred, target)
    return (1 - build_loss("iou")(pred, target)) ** 0.5 * loss

def total(pred, target):
    return (pred - target).sum()

from yolo_feiou import build_loss
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_loss.py").write_text(USERS)
    return tmp_path / "my_loss.py"


def test_a_function_of_the_users_has_its_field(file, tmp_path):
    """The power 1/2 of an IoU of 0 has an infinite slope, and 0 · ∞ is NaN: non-finite where boxes don't overlap."""
    lines = list(
        module.make_field_experiment("my_loss.py:attached").make(tmp_path, {"points": 5, "offset": 1.0, "octaves": 1.0})
    )
    rows = read_csv(tmp_path / "field.csv")
    assert lines[0].endswith(", non-finite gradient 66.7%")  # 16 of 24 places
    assert {row["iou"] for row in rows if row["kind"] == "broken"} == {0}


def test_a_users_function_that_gives_no_value_a_pair(file, tmp_path):
    with pytest.raises(ArgumentError, match=r"not one value a pair: a scalar\. 'yolo check my_loss\.py:total' tells"):
        list(module.make_field_experiment("my_loss.py:total").make(tmp_path, {}))
    assert {path.name for path in tmp_path.iterdir()} == {"my_loss.py"}
