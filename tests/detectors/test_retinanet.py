"""RetinaNet: torchvision's ℓ1 through the seam, and other losses."""

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
from yolo_feiou.detectors.retinanet import replace_box_loss
from yolo_feiou.detectors.seam import decode_positives

KEY = "bbox_regression"


def test_stock_through_the_seam_is_stock():
    """Of an image by itself, whose positives torchvision averages over, too."""
    assert_stock_through_the_seam_is_stock("retinanet", replace_box_loss, "l1", KEY)


def test_the_mean_over_images_is_a_score_of_each_positive():
    """torchvision averages over the positives of each image, then over images."""
    model = MODELS["retinanet"]()
    images, targets = batch()
    outputs = []
    head = model.head.regression_head
    stock = head.compute_loss

    def keep(*arguments):
        outputs.append(arguments)
        return stock(*arguments)

    head.compute_loss = keep
    expected = losses_of(model, images, targets)[0]["bbox_regression"]
    ((given, found, anchors, matched),) = outputs
    positive = [index >= 0 for index in matched]
    positives = decode_positives(
        head.box_coder,
        [one[p] for one, p in zip(found["bbox_regression"], positive, strict=True)],
        [one[p] for one, p in zip(anchors, positive, strict=True)],
        [target["boxes"][index[p]] for target, index, p in zip(given, matched, positive, strict=True)],
        scores=torch.cat([torch.full((int(p.sum()),), 1 / int(p.sum())) for p in positive]),
        total=torch.tensor(2.0),
    )
    torch.testing.assert_close(term("l1")(positives), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["focal_eiou", "wiou:momentum=0.1", "nwd:c=32"])
def test_another_loss_trains(spec):
    assert_another_loss_trains("retinanet", replace_box_loss, spec, KEY)


def test_positives_have_the_size_of_their_image():
    model = MODELS["retinanet"]()
    replace_box_loss(model, box_term := term("mpdiou"))
    assert_positives_have_the_size_of_their_image(model, box_term)
