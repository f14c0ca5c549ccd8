"""The update rule by hand, in every reading; the step sizes; what a trajectory must not depend on."""

import pytest
import torch
from torchvision.ops import box_convert

from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import ALIGNED_LOSSES
from yolo_feiou.simulation.conditions import Conditions
from yolo_feiou.simulation.descent import compute_iou, descend, list_step_sizes
from yolo_feiou.simulation.setups import SETUPS, Reading

#: 10 × 10. A box of w × h inside it and about its centre has IoU = wh/100 and, the sides of the enclosing box being
#: the target's, EIoU = 1 − wh/100 + ((w − 10)² + (h − 10)²)/100, so the gradient
#: ∂w = −h/100 + 2(w − 10)/100, and ∂h likewise; by the centre it is 0.
TARGET = (5.0, 5.0, 10.0, 10.0)


def batches(*groups):
    """Batches of boxes, each given as its centre and sides, as `descend` takes them."""
    return box_convert(torch.tensor(groups, dtype=torch.float64), "cxcywh", "xyxy")


def step(spec, groups, rate=1.0, **reading):
    """Where boxes about TARGET are after one step: their centres and sides."""
    boxes = batches(*groups)
    target = batches([TARGET]).expand_as(boxes)
    (after,) = descend(build_loss(spec), boxes, target, [rate], Reading(**reading))
    return box_convert(after, "xyxy", "cxcywh").tolist()


def close(*groups):
    """These centres and sides, to 12 digits."""
    return [[pytest.approx(box, abs=1e-12) for box in group] for group in groups]


def test_a_box_in_its_target_grows_by_the_other_side():
    """IoU = wh/100 wherever the box lies inside, so the gradient by (x, y, w, h) is (0, 0, −h/100, −w/100): from 2 × 4
    about (4, 6), a step of μ = ½ makes w 2 + ½ · .04 and h 4 + ½ · .02."""
    assert step("iou", [[(4, 6, 2, 4)]], 0.5) == close([(4, 6, 2.02, 4.01)])


def test_corners_take_twice_the_step_in_the_sides():
    """By x1 and x2 the gradient is ±h/100, so μ = ½ moves each by ½ · .04 outwards, and the width by twice that."""
    assert step("iou", [[(4, 6, 2, 4)]], 0.5, update="xyxy") == close([(4, 6, 2.04, 4.02)])


def test_the_factor_is_2_minus_iou():
    """IoU = 8/100, so the step is multiplied by 1.92."""
    assert step("iou", [[(4, 6, 2, 4)]], 0.5, factor="2-iou") == close([(4, 6, 2 + 1.92 * 0.02, 4 + 1.92 * 0.01)])


def test_all_four_move():
    """ℓ1 = |Δx|/10 + |Δy|/10 + |ln(w/10)| + |ln(h/10)|: at (7, 4, 4, 20) the gradient is (1/10, −1/10, −1/4, 1/20)."""
    assert step("l1", [[(7, 4, 4, 20)]]) == close([(6.9, 4.1, 4.25, 19.95)])


def test_all_four_corners_move():
    """x1 = x − w/2 and x2 = x + w/2, so ∂x1 = ∂x/2 − ∂w = .05 + .25, ∂x2 = .05 − .25, ∂y1 = −.05 − .05, and ∂y2 =
    −.05 + .05: from (5, −6, 9, 14) to (4.7, −5.9, 9.2, 14), which is 4.5 × 19.9 about (6.95, 4.05)."""
    assert step("l1", [[(7, 4, 4, 20)]], update="xyxy") == close([(6.95, 4.05, 4.5, 19.9)])


def test_the_mean_of_a_batch_moves_each_of_its_n_pairs_by_1_nth():
    """Of three: a third of .04 and .02; the other two, which are as their target, stay."""
    group = [(4, 6, 2, 4), TARGET, TARGET]
    assert step("iou", [group], reduce="mean")[0][0] == pytest.approx((4, 6, 2 + 0.04 / 3, 4 + 0.02 / 3), abs=1e-12)
    assert step("iou", [group], reduce="sum")[0][0] == pytest.approx((4, 6, 2.04, 4.02), abs=1e-12)


SMALL, LARGE = (5, 5, 4, 1), (5, 5, 8, 8)  # IoU .04 and .64, √IoU .2 and .8, whose sum is 1


def test_a_step_of_eiou_is_its_gradient():
    """∂ = (−.01 − .12, −.04 − .18) = (−.13, −.22) for 4 × 1, and −.08 − .04 = −.12 for both sides of 8 × 8."""
    assert step("eiou", [[SMALL, LARGE]]) == close([(5, 5, 4.13, 1.22), (5, 5, 8.12, 8.12)])


def test_a_focal_batch_by_hand():
    """Eq. 11, Σ WL/Σ W with the weights .2 and .8 outside the graph: each pair moves by W/Σ W of its own gradient,
    .2 · (.13, .22) and .8 · .12, times N = 2 where a batch counts as a sum."""
    assert step("focal_eiou", [[SMALL, LARGE]], reduce="mean") == close([(5, 5, 4.026, 1.044), (5, 5, 8.096, 8.096)])
    assert step("focal_eiou", [[SMALL, LARGE]]) == close([(5, 5, 4.052, 1.088), (5, 5, 8.192, 8.192)])


def test_a_focal_batch_with_the_weight_attached():
    """d(Σ WL/Σ W) = W dL + (L − M) dW, Σ W being 1 and M = Σ WL. L = .96 + .36 + .81 = 2.13 and .36 + .08 = .44, so M =
    .426 + .352 = .778. dW = dIoU/(2W): (.01, .04)/.4 = (.025, .1), and .08/1.6 = .05.
    4 × 1: (−.026 + 1.352 · .025, −.044 + 1.352 · .1) = (.0078, .0912), which makes it smaller, away from its target.
    8 × 8: −.096 − .338 · .05 = −.1129."""
    assert step("focal_eiou:detach=false", [[SMALL, LARGE]], reduce="mean") == close(
        [(5, 5, 3.9922, 0.9088), (5, 5, 8.1129, 8.1129)]
    )


def test_without_normalisation_each_pair_moves_by_its_own_weight():
    """Eq. 10 alone, Σ WL/N · N: .2 · (.13, .22) and .8 · .12, whatever else is in the batch."""
    expected = close([(5, 5, 4.026, 1.044), (5, 5, 8.096, 8.096)])
    assert step("focal_eiou:norm=mean", [[SMALL, LARGE]]) == expected
    assert [step("focal_eiou:norm=mean", [[box]])[0][0] for box in (SMALL, LARGE)] == expected[0]


def test_each_batch_is_normalised_by_itself():
    """Alone in its batch a pair has W/Σ W = 1, and moves as with EIoU."""
    assert step("focal_eiou", [[SMALL], [LARGE]]) == close([(5, 5, 4.13, 1.22)], [(5, 5, 8.12, 8.12)])


APART = (40, 5, 4, 1)


@pytest.mark.parametrize("empty", ["mean", "still"])
def test_a_batch_without_overlap_moves_by_the_plain_mean_or_not_at_all(empty):
    """Eq. 11 is 0/0 where no pair overlaps: its limit is the plain mean, so EIoU's step; or nothing moves. A batch
    with some overlap has W = 0 for the pair apart in either case, and W/Σ W = 1, times N = 2, for the other."""
    groups = [[APART, APART], [APART, SMALL]]
    alone = step("eiou", groups)[0] if empty == "mean" else [list(APART)] * 2
    assert alone != close([APART, APART])[0] or empty == "still"
    assert step("focal_eiou", groups, empty=empty) == close(alone, [APART, (5, 5, 4.26, 1.44)])


def test_a_batch_with_some_overlap_moves_as_ever():
    """The weight that counts bad boxes is 16 for the pair apart, which moves too."""
    group = [[APART, SMALL]]
    still = step("focal_eiou_star", group, empty="still")
    assert still == step("focal_eiou_star", group) != close(group[0])


def test_a_weight_that_overlap_does_not_make_keeps_its_boxes_moving():
    """Without overlap the weight of Focal-EIoU* is −1 · ln 1e-7, not 0: nothing is 0/0."""
    still = step("focal_eiou_star", [[APART, APART]], empty="still")
    assert still == step("focal_eiou_star", [[APART, APART]]) != close([APART, APART])[0]


def test_a_loss_without_a_weight_never_stands_still():
    """`empty` is for focal losses; γ = 0 leaves no weight."""
    for spec in ("eiou", "focal_eiou:gamma=0"):
        ((box,),) = step(spec, [[APART]], empty="still")
        assert box == step("eiou", [[APART]])[0][0] != pytest.approx(APART, abs=1e-3)


def test_step_sizes_are_those_of_the_paper():
    """T = 200: .1 up to t = 160 = .8 T, .01 as long as t < 180 = .9 T, then .001."""
    schedule = list_step_sizes(200)
    assert len(schedule) == 200
    assert schedule[:160] == [0.1] * 160  # t = 1 … 160
    assert schedule[160:179] == [0.01] * 19  # t = 161 … 179
    assert schedule[179:] == [0.001] * 21  # t = 180 … 200


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 10, 35, 70, 199, 1000])
def test_step_sizes_fall_at_the_same_shares_of_any_number_of_steps(steps):
    """In whole numbers: t ≤ .8 T is 10 t ≤ 8 T."""
    assert list_step_sizes(steps) == [
        0.1 if 10 * t <= 8 * steps else 0.01 if 10 * t < 9 * steps else 0.001 for t in range(1, steps + 1)
    ]


# Four anchors with two targets each, some of which they overlap with; two batches of four.
BOXES = batches(
    [(7.5, 8, 6, 14), (7.5, 8, 6, 14), (12.5, 11, 10, 5), (12.5, 11, 10, 5)],
    [(22, 9, 7, 7), (22, 9, 7, 7), (9, 4, 16, 13), (9, 4, 16, 13)],
)
TARGETS = batches([(10, 10, 5, 20), (10, 10, 12, 8)] * 2, [(10, 10, 5, 20), (10, 10, 12, 8)] * 2)
SPECS = [
    *(*ALIGNED_LOSSES, "focal_eiou:detach=false", "focal_eiou:norm=mean", "wiou:version=1", "wiou:version=2"),
    *("siou:inner=0.75", "ciou:power=3", "nwd:wise=true", "mpdiou:weight=0.5+smooth_l1:weight=0.5"),
]
OVER_THE_BATCH = {"focal_eiou", "focal_eiou:detach=false", "focal_eiou_star"}  # those that Eq. 11 normalises
RATES = [0.7, 0.5, 0.3]
UNITS = {"image": (48, 64), "pixels": 2.0}


def last(spec, boxes, targets, schedule=RATES, units=UNITS, **reading):
    """Where boxes are after the last step."""
    *_, after = descend(Conditions().build(spec), boxes, targets, schedule, Reading(**reading), **units)
    return after


def agree(one, other, accuracy=1e-11):
    """Whether boxes are the same, but for rounding."""
    return torch.allclose(one, other, rtol=0, atol=accuracy)


@pytest.mark.parametrize("spec", SPECS)
def test_a_step_is_the_gradient_by_centre_and_sides(spec):
    """Taken by autograd in those very coordinates, of the loss that training minimises, times N."""
    for boxes, targets in zip(BOXES, TARGETS, strict=True):
        place = box_convert(boxes, "xyxy", "cxcywh").requires_grad_()
        mean = Conditions().build(spec).mean(box_convert(place, "cxcywh", "xyxy"), targets, **UNITS)
        (slope,) = torch.autograd.grad(mean, place)
        expected = box_convert(place.detach() - 0.7 * 4 * slope, "cxcywh", "xyxy")
        assert slope.abs().max() > 1e-3
        assert agree(last(spec, boxes[None], targets[None], [0.7])[0], expected)


@pytest.mark.parametrize("update", ["xywh", "xyxy"])
@pytest.mark.parametrize("spec", SPECS)
def test_moving_both_boxes_moves_the_trajectory(spec, update):
    shift = torch.tensor([30.0, -7, 30, -7], dtype=torch.float64)
    moved = last(spec, BOXES + shift, TARGETS + shift, update=update)
    assert agree(moved, last(spec, BOXES, TARGETS, update=update) + shift)


def flip(boxes):
    """Boxes mirrored in the y axis: x1 and x2 change sign and places."""
    x1, y1, x2, y2 = boxes.unbind(-1)
    return torch.stack((-x2, y1, -x1, y2), -1)


def turn(boxes):
    """Boxes mirrored in the diagonal: x and y change places."""
    return boxes[..., [1, 0, 3, 2]]


@pytest.mark.parametrize("mirror", [flip, turn])
@pytest.mark.parametrize("factor", ["1", "2-iou"])
@pytest.mark.parametrize("spec", SPECS)
def test_a_mirrored_pair_goes_the_mirrored_way(spec, factor, mirror):
    mirrored = last(spec, mirror(BOXES), mirror(TARGETS), factor=factor)
    assert agree(mirrored, mirror(last(spec, BOXES, TARGETS, factor=factor)))


@pytest.mark.parametrize("update", ["xywh", "xyxy"])
@pytest.mark.parametrize("spec", SPECS)
def test_boxes_k_times_as_large_take_k_times_the_step_at_k2_times_the_rate(spec, update):
    """L(kB) = L(B), so the gradient by kB is 1/k of that by B; losses in pixels are told the smaller unit."""
    k = 3
    finer = {**UNITS, "pixels": UNITS["pixels"] / k}
    scaled = last(spec, k * BOXES, k * TARGETS, [k * k * rate for rate in RATES], finer, update=update)
    assert agree(scaled, k * last(spec, BOXES, TARGETS, update=update))


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("spec", SPECS)
def test_the_order_of_pairs_and_batches_does_not_matter(spec, reduce):
    pairs, groups = [2, 0, 3, 1], [1, 0]
    shuffled = last(spec, BOXES[groups][:, pairs], TARGETS[groups][:, pairs], reduce=reduce)
    assert agree(shuffled, last(spec, BOXES, TARGETS, reduce=reduce)[groups][:, pairs])


@pytest.mark.parametrize("spec", SPECS)
def test_batches_do_not_know_of_each_other(spec):
    together = last(spec, BOXES, TARGETS)
    for i in range(2):
        assert agree(together[i : i + 1], last(spec, BOXES[i : i + 1], TARGETS[i : i + 1]))


@pytest.mark.parametrize("spec", SPECS)
def test_a_pair_goes_its_own_way_unless_eq_11_weighs_the_batch(spec):
    """Each pair in a batch of its own, against four in each of two."""
    single = last(spec, BOXES.reshape(8, 1, 4), TARGETS.reshape(8, 1, 4)).reshape(2, 4, 4)
    if spec in OVER_THE_BATCH:
        assert not agree(single, last(spec, BOXES, TARGETS), 0.01)
    else:
        assert agree(single, last(spec, BOXES, TARGETS))


@pytest.mark.parametrize("spec", ["mpdiou", "nwd"])
def test_losses_in_pixels_are_not_scale_free(spec):
    assert not agree(last(spec, BOXES, TARGETS, units={**UNITS, "pixels": 1.0}), last(spec, BOXES, TARGETS), 0.01)


def test_the_literal_reading_is_the_default():
    literal = last("focal_eiou", BOXES, TARGETS)
    (*_, plain) = descend(build_loss("focal_eiou"), BOXES, TARGETS, RATES)
    assert torch.equal(plain, literal)
    assert not agree(last("focal_eiou", BOXES, TARGETS, factor="2-iou"), literal, 0.01)


def test_a_trajectory_has_a_place_for_each_rate_and_leaves_the_start_alone():
    start = BOXES.clone()
    path = list(descend(build_loss("eiou"), start, TARGETS, RATES, Reading()))
    assert len(path) == len(RATES)
    assert all(boxes.shape == start.shape and not boxes.requires_grad for boxes in path)
    assert not any(agree(one, other, 1e-3) for one, other in zip([start, *path], path, strict=False))
    assert torch.equal(start, BOXES)
    assert torch.equal(path[-1], last("eiou", path[0], TARGETS, RATES[1:]))  # a step follows from the boxes alone


def test_a_path_of_many_steps_in_setup_2_stays_in_its_precision():
    boxes, targets = (pair.float() for pair in SETUPS[2].pairs(1, Reading()))
    after = last("focal_eiou", boxes, targets, [0.1] * 5)
    assert after.dtype == torch.float32
    assert agree(after.double(), last("focal_eiou", boxes.double(), targets.double(), [0.1] * 5), 1e-4)


@pytest.mark.parametrize("update", ["xywh", "xyxy"])
def test_eiou_brings_boxes_to_their_targets(update):
    """However far apart they were: 300 long steps leave less than a twentieth of the error."""
    end = last("eiou", BOXES, TARGETS, [3] * 300, update=update)
    before, after = ((boxes - TARGETS).abs().sum() for boxes in (BOXES, end))
    assert after < before / 20


def test_iou_has_the_shape_of_the_batches():
    """A quarter of the target inside it: 25/100; the same box: 1; elsewhere: 0."""
    boxes = batches([(5, 5, 5, 5), TARGET], [APART, TARGET])
    assert compute_iou(boxes, batches([TARGET]).expand_as(boxes)).tolist() == [[0.25, 1], [0, 1]]


@pytest.mark.parametrize("other", [{}, {"factor": "2-iou"}, {"update": "xyxy"}, {"empty": "still"}])
@pytest.mark.parametrize("spec", ["ciou", "focal_eiou"])
def test_a_mean_over_n_is_made_up_for_by_n_times_the_rate(spec, other):
    quick = last(spec, BOXES, TARGETS, [4 * rate for rate in RATES], reduce="mean", **other)
    assert agree(quick, last(spec, BOXES, TARGETS, reduce="sum", **other))


def test_the_pairs_above_have_what_the_tests_need():
    """Overlap of many sizes, and none. The last anchor is (1, −2.5, 17, 10.5), its first target (7.5, 0, 12.5, 20): 5 ×
    10.5 = 52.5 of 208 + 100."""
    overlaps = Pair(BOXES.reshape(-1, 4), TARGETS.reshape(-1, 4)).iou
    assert (overlaps == 0).sum() == 2
    assert (overlaps > 0.1).sum() == 6
    assert overlaps[6] == pytest.approx(52.5 / (308 - 52.5))
