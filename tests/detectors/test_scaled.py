"""torchvision's own losses with a gain."""

import copy

import pytest
import torch

from tests.detectors.models import MODELS, batch, losses_of
from yolo_feiou.detectors.scaled import ScaledFasterRCNN, ScaledMaskRCNN, ScaledRetinaNet

KINDS = {"retinanet": ScaledRetinaNet, "faster_rcnn": ScaledFasterRCNN, "mask_rcnn": ScaledMaskRCNN}


@pytest.mark.parametrize("name", KINDS)
def test_a_loss_is_multiplied_and_no_other(name):
    torch.manual_seed(0)
    stock = MODELS[name]()
    scaled = copy.deepcopy(stock)
    scaled.__class__ = KINDS[name]
    key = "bbox_regression" if name == "retinanet" else "loss_box_reg"
    expected, _ = losses_of(stock, *batch())
    plain, _ = losses_of(copy.deepcopy(scaled), *batch())
    scaled.gains = {key: 3.0}
    found, _ = losses_of(scaled, *batch())
    assert found.keys() == expected.keys() and expected[key] > 0
    for loss, value in expected.items():
        assert torch.equal(plain[loss], value)
        assert torch.equal(found[loss], value * (3 if loss == key else 1))


def test_detections_are_as_they_are():
    torch.manual_seed(0)
    model = MODELS["retinanet"]()
    images = [torch.rand(3, 64, 64)]
    (expected,) = model.eval()(images)
    model.__class__, model.gains = ScaledRetinaNet, {"boxes": 5.0, "scores": 2.0}
    assert all(torch.equal(found, expected[key]) for key, found in model(images)[0].items())
