"""The region proposal network: torchvision's smooth ℓ1 through the seam, and other losses."""

import copy

import pytest
import torch

from tests.detectors.models import (
    MODELS,
    assert_another_loss_trains,
    assert_positives_have_the_size_of_their_image,
    assert_stock_through_the_seam_is_stock,
    batch,
    losses_of,
    term,
)
from yolo_feiou.detectors.rpn import replace_rpn_loss

KEY = "loss_rpn_box_reg"


@pytest.mark.parametrize("name", ["faster_rcnn", "mask_rcnn"])
def test_stock_through_the_seam_is_stock(name):
    """A smooth ℓ1 with its bend at 1/9 of deltas, over all sampled anchors."""
    assert_stock_through_the_seam_is_stock(name, replace_rpn_loss, "smooth_l1:beta=0.1111111111", KEY)


def test_stock_of_two_images_is_stock():
    """Positives of the second image have its own deltas, anchors and objects."""
    torch.manual_seed(0)
    stock = MODELS["faster_rcnn"]()
    ours = copy.deepcopy(stock)
    replace_rpn_loss(ours, term("smooth_l1:beta=0.1111111111"))
    for objects in ((3, 1), (0, 2)):
        expected, found = (losses_of(model, *batch(objects=objects))[0] for model in (stock, ours))
        torch.testing.assert_close(found[KEY], expected[KEY], rtol=1e-5, atol=1e-7)


def test_another_loss_changes_no_other():
    """The sample is drawn once, and the head of regions sees the same proposals."""
    torch.manual_seed(0)
    stock = MODELS["faster_rcnn"]()
    ours = copy.deepcopy(stock)
    replace_rpn_loss(ours, term("giou"))
    expected, found = (losses_of(model, *batch())[0] for model in (stock, ours))
    assert [key for key in expected if not torch.equal(expected[key], found[key])] == [KEY]


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["focal_eiou", "wiou:momentum=0.1", "nwd:c=32"])
def test_another_loss_trains(spec):
    assert_another_loss_trains("faster_rcnn", replace_rpn_loss, spec, KEY)


def test_positives_have_the_size_of_their_image():
    model = MODELS["faster_rcnn"]()
    replace_rpn_loss(model, box_term := term("mpdiou"))
    assert_positives_have_the_size_of_their_image(model, box_term)


def test_proposals_are_as_they_are():
    """Of 7 before NMS and 5 after it."""
    torch.manual_seed(0)
    model = MODELS["faster_rcnn"]().eval()
    model.rpn._pre_nms_top_n, model.rpn._post_nms_top_n = {"testing": 7}, {"testing": 5}
    images, _ = model.transform([torch.rand(3, 64, 64)])
    features = model.backbone(images.tensors)
    (expected,), _ = model.rpn(images, features)
    replace_rpn_loss(model, term("giou"))
    (found,), _ = model.eval().rpn(images, features)
    assert len(found) == 5 and torch.equal(found, expected)
