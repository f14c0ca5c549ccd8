"""What an assigner takes: shapes, dtypes, messages."""

import pytest
import torch

from yolo_feiou.detectors.levels import count_candidates, join_levels, require_boxes

BOXES = torch.tensor([[0.0, 0, 8, 8]])


def test_levels_are_joined_in_order():
    joined, boxes = join_levels([BOXES, BOXES[:0], BOXES + 1], BOXES)
    assert joined.tolist() == [[0, 0, 8, 8], [1, 1, 9, 9]]
    assert boxes.tolist() == BOXES.tolist()


@pytest.mark.parametrize(
    ("anchors", "boxes", "both"),
    [
        (torch.bfloat16, torch.float16, torch.float32),
        (torch.int64, torch.int64, torch.float32),
        (torch.float32, torch.float64, torch.float64),
        (torch.float64, torch.float16, torch.float64),
    ],
)
def test_both_have_one_dtype_of_single_precision_at_least(anchors, boxes, both):
    assert [some.dtype for some in join_levels([BOXES.to(anchors)], BOXES.to(boxes))] == [both, both]


def test_no_level_at_all():
    assert join_levels([], BOXES)[0].shape == (0, 4)


def test_nine_candidates_for_each_anchor_of_a_location():
    assert [count_candidates(1), count_candidates(3)] == [9, 27]
    with pytest.raises(ValueError, match=r"got anchors_per_location=0: expected an integer from 1 on"):
        count_candidates(0)


def test_anchors_without_levels_say_so():
    with pytest.raises(TypeError, match="got a tensor as anchors: expected a list with one tensor a level"):
        join_levels(BOXES, BOXES)
    with pytest.raises(TypeError, match="got a list with other things as anchors"):
        join_levels([[[0, 0, 8, 8]]], BOXES)


def test_boxes_of_another_shape_say_so():
    with pytest.raises(ValueError, match=r"got anchors\[1\] of shape \(4,\): expected xyxy boxes of shape \(N, 4\)"):
        join_levels([BOXES, BOXES[0]], BOXES)
    with pytest.raises(ValueError, match=r"got boxes of shape \(1, 3\)"):
        join_levels([BOXES], BOXES[:, :3])
    with pytest.raises(TypeError, match="got kept as list: expected a torch tensor"):
        require_boxes("kept", [[0, 0, 8, 8]])


def test_another_device_says_so():
    with pytest.raises(ValueError, match=r"got anchors\[0\] on meta and boxes on cpu: expected one device"):
        join_levels([BOXES.to("meta")], BOXES)
