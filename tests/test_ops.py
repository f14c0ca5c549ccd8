"""`yolo_feiou.ops` has a function for each loss, after torchvision's convention."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchvision.ops import complete_box_iou_loss, distance_box_iou_loss, generalized_box_iou_loss

from tests.reference import overlapping
from tests.specs import IMAGE, InImage
from yolo_feiou import LOSSES, ops
from yolo_feiou.losses.table import ALIGNED_LOSSES


def units(name: str) -> dict[str, object]:
    return {"image": IMAGE} if name == "mpdiou" else {}


def pairs(name: str) -> tuple[Tensor, Tensor]:
    """Five pairs of the boxes that a loss is of; those that are rotated have x2 and y2 for their sides."""
    pred, target = overlapping()
    if name in ALIGNED_LOSSES:
        return pred, target
    angle = torch.linspace(-1, 2, 5, dtype=pred.dtype)[:, None]
    return torch.cat((pred, angle), 1), torch.cat((target, angle.flip(0)), 1)


@pytest.mark.parametrize("name", LOSSES)
def test_a_function_is_its_loss(name: str) -> None:
    """Values, plain mean and sum, with any leading dimensions, and for a single pair."""
    pred, target = pairs(name)
    width = pred.shape[1]
    function, expected = getattr(ops, f"{name}_loss"), InImage(name)(pred, target)
    assert torch.equal(function(pred, target, **units(name)), expected)
    assert torch.equal(function(pred, target, "mean", **units(name)), expected.mean())
    assert torch.equal(function(pred, target, reduction="sum", **units(name)), expected.sum())
    shaped = function(pred[:4].reshape(2, 1, 2, width), target[:4].reshape(2, 1, 2, width), **units(name))
    assert torch.equal(shaped, expected[:4].reshape(2, 1, 2))
    torch.testing.assert_close(function(pred[0], target[0], **units(name)), expected[0])
    assert function(pred[:0], target[:0], "mean", **units(name)).item() == 0


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ops.giou_loss, generalized_box_iou_loss),
        (ops.diou_loss, distance_box_iou_loss),
        (ops.ciou_loss, complete_box_iou_loss),
    ],
)
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_called_as_torchvisions_it_gives_what_torchvision_gives(ours, theirs, reduction: str) -> None:
    """To 1e-6: theirs adds an eps of 1e-7 to its denominators."""
    pred, target = overlapping()
    torch.testing.assert_close(ours(pred, target, reduction), theirs(pred, target, reduction), rtol=1e-6, atol=1e-6)


def test_pixels_of_another_shape_are_refused() -> None:
    """As many numbers in another order would give each pair the scale of another one."""
    boxes = torch.rand(2, 3, 4)
    with pytest.raises(ValueError, match=r"got pixels of shape \(3, 2\) for boxes of shape \(2, 3, 4\)"):
        ops.nwd_loss(boxes, boxes, pixels=torch.ones(3, 2))


def test_pixels_may_be_given_for_each_pair() -> None:
    """In the shape of the result: boxes in strides of 8 and 16 have the loss that they have in pixels."""
    pred, target = overlapping()
    strides = torch.tensor([8.0, 16, 8, 16, 8], dtype=pred.dtype)
    for function, options in ((ops.nwd_loss, {}), (ops.mpdiou_loss, {"image": IMAGE})):
        ours = function(
            (pred / strides[:, None])[None], (target / strides[:, None])[None], pixels=strides[None], **options
        )
        torch.testing.assert_close(ours[0], function(pred, target, **options))


def test_all_of_them_are_exported() -> None:
    assert ops.__all__ == [f"{name}_loss" for name in LOSSES]
    assert all(callable(getattr(ops, name)) for name in ops.__all__)
