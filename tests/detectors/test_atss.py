"""ATSS' assigner against a plain one in exact fractions, and by hand."""

import pytest
import torch
from hypothesis import given, settings

from tests.detectors import reference
from tests.detectors.scenes import PYRAMID, SCENES, boxes_of, scenes, tensors
from yolo_feiou.detectors import atss


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_assigned_as_by_the_reference(name, dtype):
    levels, objects, per_location = SCENES[name]
    assigned = atss.assign(*tensors(levels, objects, dtype), per_location)
    assert assigned.dtype == torch.int64
    assert assigned.tolist() == reference.atss(levels, objects, per_location)


@settings(deadline=None, max_examples=60)
@given(scenes())
def test_a_random_scene_is_assigned_as_by_the_reference(scene):
    """Half pixels: areas are exact in float64, so that equal IoUs are equal."""
    levels, objects, per_location = scene
    assert atss.assign(*tensors(levels, objects), per_location).tolist() == reference.atss(*scene)


def test_scenes_have_positives_and_objects_without():
    """What the comparison above sees: each object of most scenes has positives, and of some has none."""
    found = {name: set(reference.atss(*scene)) - {-1} for name, scene in SCENES.items()}
    assert found["overlapping"] == {0, 1, 2}
    assert found["concentric"] == {1, 2}  # most anchors near the smallest contain it, so that their IoUs are equal
    assert found["one object twice"] == {0}
    assert found["no centre inside"] == found["one anchor"] == found["no object"] == set()
    assert found["tiny"] == {0}  # (51, 51, 53, 53) has the centre 52 of stride 8; the others lie between centres


def row(*ious):
    """Anchors of width 100·IoU and height 100, with the centre (50, 50) of the object (0, 0, 100, 100)."""
    return [(50 - 50 * iou, 0, 50 + 50 * iou, 100) for iou in ious]


OBJECT = (0, 0, 100, 100)


def test_the_threshold_divides_by_n_minus_1():
    """IoUs 1/4, 34/64, 38/64, 1/4, 1/4: mean 3/8, squares of deviations 3/64 + 100/4096 + 196/4096 = .11914.

    The threshold is 3/8 + √(.11914/4) = .5476; divided by n it would be .5294, and 34/64 = .53125 positive.
    """
    anchors = row(1 / 4, 34 / 64, 38 / 64, 1 / 4, 1 / 4)
    assert atss.assign(*tensors([anchors], [OBJECT])).tolist() == [-1, -1, 0, -1, -1]


def test_more_than_half_with_the_same_highest_iou_leave_an_object_without_anchors():
    """IoUs 1/2, 1/2, 1/2, 1/4: mean 7/16, deviation √((3·(1/16)² + (3/16)²)/3) = 1/8: 9/16 is above all of them."""
    assert atss.assign(*tensors([row(1 / 2, 1 / 2, 1 / 2, 1 / 4)], [OBJECT])).tolist() == [-1] * 4


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count", range(2, 10))
def test_equal_ious_are_all_positive(dtype, count):
    """Their deviation is 0, and their mean themselves: whether it rounds up must not decide."""
    anchors, objects = tensors([row(*[0.3] * count)], [OBJECT], dtype)
    assert atss.assign(anchors, objects).tolist() == [0] * count


def test_a_single_candidate_is_not_positive():
    """Its standard deviation, 0/0, is undefined; no warning of torch."""
    assert atss.assign(*tensors([row(1)], [OBJECT])).tolist() == [-1]


@pytest.mark.parametrize(("shift", "positive"), [(0.005, False), (0.02, True)])
@pytest.mark.parametrize("side", [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_a_centre_is_inside_by_more_than_a_hundredth_of_a_pixel(shift, positive, side):
    """The centre is `shift` within one side of the object; another anchor, far off, makes a threshold."""
    x, y = side[0] * (50 - shift) + 50, side[1] * (50 - shift) + 50
    near, far = (x - 30, y - 30, x + 30, y + 30), (900, 900, 960, 960)
    second = [(900, 900, 960, 960)] * 9  # lowers the mean
    assert atss.assign(*tensors([[near, far], second], [OBJECT])).tolist()[0] == (0 if positive else -1)


def test_an_anchor_goes_to_the_object_of_higher_iou():
    """The anchor is the best of both, as the others don't touch them: IoU 1/4 with the first, 4/9 with the second."""
    anchors = [(0, 0, 10, 10)] + [(500, 500, 510, 510)] * 8
    objects = [(0, 0, 20, 20), (0, 0, 15, 15), (0, 0, 20, 20)]
    assert atss.assign(*tensors([anchors], objects)).tolist() == [1] + [-1] * 8


def test_of_equally_near_anchors_the_first_are_candidates():
    """16 anchors with one centre; the first 9 are candidates, and the IoU of the fourth stands out among them.

    Were others taken, the twelfth, a perfect one, would be.
    """
    anchors = row(*[0.25] * 3, 0.75, *[0.25] * 7, 1, *[0.25] * 4)
    expected = [-1] * 16
    expected[3] = 0
    assert atss.assign(*tensors([anchors], [OBJECT])).tolist() == expected


def test_nine_candidates_for_each_anchor_of_a_location():
    """The twelfth of the same anchors is a candidate of 27, see above, and the best."""
    anchors = row(*[0.25] * 3, 0.75, *[0.25] * 7, 1, *[0.25] * 4)
    assigned = atss.assign(*tensors([anchors], [OBJECT]), 3).tolist()
    assert [place for place, number in enumerate(assigned) if number == 0] == [3, 11]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.int32])
def test_narrow_dtypes_are_computed_in_single_precision(dtype):
    """Whole numbers up to 256 are exact in all of them."""
    levels, objects = [PYRAMID[0]], SCENES["overlapping"][1]
    assigned = atss.assign(*tensors(levels, objects, dtype))
    assert assigned.tolist() == reference.atss(levels, objects)


def test_inputs_stay_as_they_are_and_get_no_graph():
    anchors, objects = tensors(*SCENES["overlapping"][:2])
    objects.requires_grad_()
    before = [level.clone() for level in anchors]
    assert not atss.assign(anchors, objects).requires_grad
    assert all(torch.equal(one, other) for one, other in zip(anchors, before, strict=True))


def test_what_does_not_fit_says_so():
    with pytest.raises(TypeError, match="one tensor a level"):
        atss.assign(boxes_of([OBJECT]), boxes_of([OBJECT]))
    with pytest.raises(ValueError, match="anchors_per_location=0"):
        atss.assign([boxes_of([OBJECT])], boxes_of([OBJECT]), 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", SCENES)
def test_a_gpu_assigns_as_the_cpu(name):
    levels, objects, per_location = SCENES[name]
    anchors, boxes = tensors(levels, objects, torch.float32)
    there = atss.assign([level.cuda() for level in anchors], boxes.cuda(), per_location)
    assert there.is_cuda
    assert there.tolist() == atss.assign(anchors, boxes, per_location).tolist()
