"""Each planted mistake is found, by its own check, and sound losses pass: ours, and independent ones."""

from __future__ import annotations

import functools

import pytest
import torch

from tests import rotated_reference
from tests.checks import faulty_field_losses, faulty_losses, faulty_rotated_losses
from tests.specs import ALL
from yolo_feiou.checks.catalogue import CHECKS, list_checks, run_checks
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import ALIGNED_LOSSES, ROTATED_LOSSES

pytestmark = pytest.mark.usefixtures("torch_as_it_is")

# The mistaken loss, the check that must find it, a loss without the mistake, and the other faults that it has by right.
PLANTED = [
    (faulty_losses.takes_one, "runs", faulty_losses.eiou, ()),
    (faulty_losses.mean, "shape", faulty_losses.eiou, ()),
    (faulty_losses.column, "shape", faulty_losses.eiou, ()),
    (faulty_losses.squeezed, "shape", faulty_losses.eiou, ()),
    (faulty_losses.all_against_all, "shape", faulty_losses.plain_iou, ()),
    (faulty_losses.coordinates, "shape", faulty_losses.eiou, ()),
    (faulty_losses.detached, "shape", faulty_losses.eiou, ()),
    (faulty_losses.counted, "shape", faulty_losses.eiou, ()),
    (faulty_losses.listed, "shape", faulty_losses.eiou, ()),
    (faulty_losses.never_empty, "shape", faulty_losses.eiou, ()),
    (faulty_losses.broken_backward, "backward", faulty_losses.square, ()),
    (faulty_losses.noisy, "repeat", faulty_losses.eiou, ()),
    (faulty_losses.remembers, "repeat", faulty_losses.eiou, ()),
    (faulty_losses.writes_pred, "inputs", faulty_losses.eiou, ()),
    (faulty_losses.writes_target, "inputs", faulty_losses.eiou, ()),
    (faulty_losses.unguarded, "finite", faulty_losses.eiou, ()),
    (faulty_losses.root, "finite", faulty_losses.guarded_root, ()),
    (faulty_losses.nan_to_num, "finite", faulty_losses.eiou, ()),
    (faulty_losses.nonempty_only, "finite", faulty_losses.eiou, ()),
    (faulty_losses.as_corner_and_size, "xywh", faulty_losses.eiou, ()),
    (faulty_losses.as_centre_and_size, "xywh", faulty_losses.eiou, ()),
    (faulty_losses.pixels, "scale", faulty_losses.eiou, ()),
    (faulty_losses.sides_in_pixels, "scale", faulty_losses.eiou, ("step",)),
    (faulty_losses.eps_added, "tiny", faulty_losses.eiou, ()),
    (faulty_losses.similarity, "identical", faulty_losses.plain_iou, ("step", "size")),
    (faulty_losses.constant, "identical", faulty_losses.plain_iou, ()),
    (faulty_losses.left_the_graph, "learns", faulty_losses.eiou, ("known",)),
    (faulty_losses.log_without_minus, "negative", faulty_losses.log_with_minus, ("receding", "step", "size")),
    (faulty_losses.unclamped, "receding", faulty_losses.eiou, ()),
    (faulty_losses.wrong_backward, "gradient", faulty_losses.square, ()),
    (faulty_losses.attached, "attached", faulty_losses.focal_eiou, ("step", "size")),
    (faulty_losses.iou_detached, "step", faulty_losses.eiou, ("known",)),
    (faulty_losses.uphill, "step", faulty_losses.eiou, ("size", "known")),
    (faulty_losses.sides_signed, "size", faulty_losses.eiou, ()),
    (faulty_losses.reversed_focus, "reversed", faulty_losses.focal_eiou, ()),
    (faulty_losses.centre_offset, "offset", faulty_losses.eiou, ()),
    (faulty_losses.focal_centre_offset, "offset", faulty_losses.focal_eiou, ()),
    (faulty_losses.smoothed_as_eiou, "extended", faulty_losses.eiou, ()),
    (faulty_losses.unsmoothed_as_eiou, "extended", faulty_losses.plain_iou, ()),
    (faulty_losses.replaces_a_function, "torch", faulty_losses.eiou, ()),
    (faulty_losses.focal_eiou, "zero-gradient", faulty_losses.focal_over_the_batch, ()),
    (faulty_losses.in_half, "half", faulty_losses.in_float32, ()),
    (faulty_field_losses.times_a_column, "shape", faulty_losses.plain_iou, ()),
    (faulty_field_losses.relative_nwd_with_nan, "finite", faulty_field_losses.relative_nwd, ()),
    (faulty_field_losses.nwd_in_strides, "scale", faulty_field_losses.relative_nwd, ()),
    (faulty_field_losses.mpdiou_in_strides, "scale", faulty_losses.plain_iou, ()),
    (faulty_field_losses.inner_iou_of_xywh, "xywh", faulty_field_losses.inner_iou, ()),
    (faulty_field_losses.shape_iou_of_xywh, "xywh", faulty_field_losses.shape_iou, ()),
    (faulty_field_losses.piou2_attached, "receding", faulty_field_losses.piou2, ("size",)),
    (
        faulty_field_losses.siou_of_mmdetection,
        "mistaken",
        faulty_field_losses.siou,
        ("negative", "receding", "step"),
    ),
    (faulty_field_losses.wiou_all_detached, "known", faulty_field_losses.wiou, ()),
    (faulty_field_losses.wiou_c_attached, "known", faulty_field_losses.wiou, ()),
    (faulty_field_losses.wiou3_reversed, "mistaken", faulty_field_losses.wiou3, ()),
    (faulty_field_losses.interpiou_reversed, "mistaken", faulty_field_losses.interpiou, ()),
    (faulty_field_losses.interpiou_reversed_and_iou, "mistaken", faulty_field_losses.interpiou, ()),
    (faulty_field_losses.mmdetection_eiou, "extended", faulty_losses.eiou, ()),
]
# The same of rotated boxes; the loss without the mistake is Bhattacharyya's, unless it is another.
PLANTED_ROTATED = [
    (faulty_rotated_losses.of_all_pairs, "shape", ()),
    (faulty_rotated_losses.without_floor, "finite", ()),
    (faulty_rotated_losses.as_corners, "xywh", ("turn", "quarter-turn", "attached", "step")),
    (faulty_rotated_losses.turned_the_other_way, "turn", ()),
    (faulty_rotated_losses.in_degrees, "turn", ("quarter-turn", "half-turn", "parts")),
    (faulty_rotated_losses.by_coordinates_of_half_turns, "quarter-turn", ("turn",)),
    (faulty_rotated_losses.by_coordinates, "half-turn", ("turn", "quarter-turn", "parts")),
    (faulty_rotated_losses.sides_exchanged, "identical", ("parts",)),
    (faulty_rotated_losses.log_without_minus, "negative", ("receding", "step", "parts")),
    (faulty_rotated_losses.falling_with_distance, "receding", ("attached", "step")),
    (faulty_rotated_losses.wrong_backward, "gradient", ()),
    (faulty_rotated_losses.attached, "attached", ("receding", "step", "parts")),
    (faulty_rotated_losses.similarity, "step", ("receding", "parts")),
    (faulty_rotated_losses.uphill, "step", ("receding", "parts")),
    (faulty_rotated_losses.angle_reversed, "parts", ("gradient",)),
    (faulty_rotated_losses.sides_reversed, "parts", ("gradient", "step")),
    (faulty_rotated_losses.exponential, "zero-gradient", ()),
    (faulty_rotated_losses.of_the_shapes, "coordinates", ()),
    (faulty_rotated_losses.without_angle, "coordinates", ()),
    (faulty_rotated_losses.with_floor, "scale", ()),
    (faulty_rotated_losses.centre_in_pixels, "scale", ()),
    (faulty_rotated_losses.in_half, "half", ()),
]


@functools.cache
def judged(loss, family="aligned"):
    return run_checks(CheckedLoss(getattr(loss, "__name__", "remembers"), loss, family=family))


severity = {family: {check.name: check.severity for check in list_checks(family)} for family in ("aligned", "rotated")}


@pytest.mark.parametrize(
    ("mistake", "name", "right", "others"), PLANTED, ids=[getattr(row[0], "__name__", "remembers") for row in PLANTED]
)
def test_each_mistake_is_found_by_its_own_check(mistake, name, right, others):
    """No other fault is found but those listed, and the loss without the mistake passes that check."""
    kind = severity["aligned"][name]
    assert name in judged(mistake).list_found(kind)
    assert {name, *judged(mistake).list_found("fault")} == {name, *others}
    assert name not in judged(right).list_found(kind)


@pytest.mark.parametrize(
    ("mistake", "name", "others"), PLANTED_ROTATED, ids=[row[0].__name__ for row in PLANTED_ROTATED]
)
def test_each_mistake_of_rotated_boxes_is_found_by_its_own_check(mistake, name, others):
    kind = severity["rotated"][name]
    assert name in judged(mistake, "rotated").list_found(kind)
    assert {name, *judged(mistake, "rotated").list_found("fault")} == {name, *others}
    assert name not in judged(faulty_rotated_losses.sound, "rotated").list_found(kind)


def test_each_check_has_a_planted_mistake():
    """Of those for both families in one of them at least."""
    assert {name for _, name, _, _ in PLANTED} == set(severity["aligned"])
    assert {check.name for check in CHECKS if check.family == "rotated"} <= {name for _, name, _ in PLANTED_ROTATED}


def test_a_name_is_one_check_of_a_family():
    assert {check.family for check in CHECKS} == {"aligned", "rotated", None}
    for family, checks in severity.items():
        assert len(checks) == len(list_checks(family))
        assert [check for check in CHECKS if check.family in (family, None)] == [*list_checks(family)]


@pytest.mark.parametrize("loss", faulty_losses.SOUND + faulty_field_losses.SOUND, ids=lambda loss: loss.__name__)
def test_sound_losses_of_others_pass(loss):
    assert judged(loss).list_found("fault") == []


@pytest.mark.parametrize("loss", faulty_rotated_losses.SOUND, ids=lambda loss: loss.__name__)
def test_sound_losses_of_rotated_boxes_of_others_pass(loss):
    assert judged(loss, "rotated").list_found("fault") == []


#: What has a fault by definition: a weight in the graph pushes boxes apart, near ones (IoU^γ) or far ones (PIoU v2).
FAULTY = {
    **{
        spec: ["attached", "step", "size"]
        for spec in ALL
        if "detach=false" in spec and not spec.startswith("focal_eiou:gamma=0,")
    },
    "piou2:detach=false": ["receding", "size"],
}


#: Losses that have no gradient for boxes apart, by name or with the parameters for which that is so; PIoU, 1 − e^(−P²),
#: for the farthest of 200, FocalL1 with β = 1, which ignores outliers, for those with an error above 1 in each.
STILL_APART = ("iou", "focal_eiou_v1:beta=1", "piou", "piou2", "focal_l1:beta=1")
#: Those whose weight is in the graph, or grows with the distance.
NOT_STILL = ("piou2:detach=false", "piou:wise=true")


def expected_notes(spec):
    """Without overlap a weight IoU^γ, the IoU itself and the flat end of v1's curve have no slope, by definition."""
    terms = [term for term in spec.split("+") if "weight=0" not in term.split(",") and not term.endswith(":weight=0")]
    still = all(
        "focal=" in term
        or term in STILL_APART
        or (term.partition(":")[0] in STILL_APART and term not in NOT_STILL)
        or (term.partition(":")[0] == "focal_eiou" and "gamma=0," not in term)
        for term in terms
    )
    return ["zero-gradient"] if still else []


@pytest.mark.parametrize("spec", [pytest.param(s, marks=[pytest.mark.slow] * (s not in ALIGNED_LOSSES)) for s in ALL])
def test_our_own_losses_pass(spec):
    checked = run_checks(CheckedLoss(spec, build_loss(spec)))
    assert checked.list_found("fault") == FAULTY.get(spec, [])
    assert checked.list_found("note") == expected_notes(spec)


#: Those with a weight, in sums, and one whose weight is 0.
ROTATED = [
    *(f"{name}:focal={gamma}" for name in ROTATED_LOSSES for gamma in (0.25, 2)),
    *("kld+gwd:weight=0.2", "bd:weight=0.5+kfiou:focal=0.5", "kfiou:centre=false,focal=1", "probiou+bd:weight=0"),
]


def expected_rotated_notes(spec):
    """A weight and ProbIoU end at a distance, what has a floor has a unit, and KFIoU alone is of the shapes.

    GWD is told pixels: that of the floor is
    seen at a thousandth of the size.
    """
    terms = [term for term in spec.split("+") if not term.endswith(":weight=0")]
    ends = all("focal=" in term or term.startswith("probiou") for term in terms)
    still = all("centre=false" in term for term in terms)
    has_unit = not all("floor=0" in term.split(",")[-1].split(":")[-1] and "floor=0." not in term for term in terms)
    notes = {"zero-gradient": ends, "coordinates": still, "scale": has_unit}
    return [name for name, noted in notes.items() if noted]


@pytest.mark.parametrize(
    "spec",
    [*ROTATED_LOSSES, *(pytest.param(spec, marks=pytest.mark.slow) for spec in [*rotated_reference.SPECS, *ROTATED])],
)
def test_our_own_losses_of_rotated_boxes_pass(spec):
    checked = run_checks(CheckedLoss(spec, build_loss(spec)))
    assert checked.family == "rotated"
    assert checked.list_found("fault") == []
    assert checked.list_found("note") == expected_rotated_notes(spec)


@pytest.mark.parametrize("name", ROTATED_LOSSES)
def test_a_weight_of_probiou_in_the_graph_is_found(name):
    """Boxes of a low ProbIoU are pushed apart, near ones and far ones, whatever the loss; KFIoU is large near too."""
    spec = f"{name}:focal=0.5,detach=false"
    assert {"receding", "step"} <= {*run_checks(CheckedLoss(spec, build_loss(spec))).list_found("fault")}


@pytest.mark.parametrize("gamma", [0.1, 0.25, 0.5, 1, 2])
def test_our_weight_attached_is_found(gamma):
    spec = f"focal_eiou:gamma={gamma},detach=false"
    assert run_checks(CheckedLoss(spec, build_loss(spec))).list_found("fault") == ["attached", "step", "size"]


def test_after_a_gate_nothing_more_is_tried():
    assert [check.name for check, _ in judged(faulty_losses.mean).results] == ["runs", "shape"]


def test_torch_is_left_as_it_was():
    """Random numbers that the loss draws come from a copy, and gradients are on for it alone."""
    torch.manual_seed(0)
    before = torch.get_rng_state()
    with torch.no_grad():
        assert run_checks(CheckedLoss("noisy", faulty_losses.noisy)).list_found("fault") == ["repeat"]
        assert run_checks(CheckedLoss("eiou", faulty_losses.eiou)).list_found("fault") == []
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_same_each_time():
    one, other = (run_checks(CheckedLoss("attached", faulty_losses.attached)) for _ in "ab")
    assert one == other
