"""Faster and Mask R-CNN: torchvision's smooth ℓ1 through the seam, and other losses."""

import pytest

from tests.detectors.models import (
    MODELS,
    assert_another_loss_trains,
    assert_positives_have_the_size_of_their_image,
    assert_stock_through_the_seam_is_stock,
    term,
)
from yolo_feiou.detectors.rcnn import replace_box_loss

KEY = "loss_box_reg"


@pytest.mark.parametrize("name", ["faster_rcnn", "mask_rcnn"])
def test_stock_through_the_seam_is_stock(name):
    """A smooth ℓ1 with its bend at 1/9 of deltas times 10 and 5, over all sampled regions."""
    assert_stock_through_the_seam_is_stock(name, replace_box_loss, "smooth_l1:beta=0.1111111111", KEY)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["faster_rcnn", "mask_rcnn"])
@pytest.mark.parametrize("spec", ["focal_eiou", "wiou:momentum=0.1", "nwd:c=32"])
def test_another_loss_trains(name, spec):
    assert_another_loss_trains(name, replace_box_loss, spec, KEY)


def test_positives_have_the_size_of_their_image():
    model = MODELS["faster_rcnn"]()
    replace_box_loss(model, box_term := term("mpdiou"))
    assert_positives_have_the_size_of_their_image(model, box_term)
