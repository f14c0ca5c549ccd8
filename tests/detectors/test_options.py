"""What the box loss of a detector is asked for by."""

import pytest

from yolo_feiou.detectors.config import DetectorConfig
from yolo_feiou.detectors.config_keys import DETECTORS
from yolo_feiou.detectors.options import BoxOptions
from yolo_feiou.errors import ArgumentError, LossSpecError


def of(detector):
    return DetectorConfig.from_dict({"detector": detector})


@pytest.mark.parametrize(
    ("options", "detector", "message"),
    [
        ({"box": -1}, "atss", r"box=-1 is not a number from 0 up, or auto"),
        ({"box": "high"}, "atss", "box=high is not a number"),
        ({"box": True}, "atss", "box=True is not a number"),
        ({"box": float("nan")}, "atss", "box=nan is not a number"),
        ({"rpn": "yes"}, "faster_rcnn", "rpn=yes is not true or false"),
        ({"rpn": True}, "retinanet", "rpn=true is for Faster and Mask R-CNN: RetinaNet has no region proposal network"),
        ({"rpn": True}, "paa", "PAA has no region proposal network"),
        ({"encode": (1, 1, 1)}, "retinanet", r"encode=\(1, 1, 1\) is not four numbers above 0"),
        (
            {"encode": (1, 1, 1, 0)},
            "retinanet",
            "is not four numbers above 0, for x, y, width and height, as in 10,10,5,5",
        ),
        ({"encode": "1111"}, "retinanet", "is not four numbers"),
        ({"scoring": "gioo"}, "paa", "scoring=gioo is not one of giou, loss: did you mean 'giou'?"),
        ({"scoring": "loss"}, "atss", "scoring=loss is for PAA: ATSS finds its positives without a box loss"),
    ],
)
def test_what_does_not_fit_says_why(options, detector, message):
    with pytest.raises(ArgumentError, match=message):
        BoxOptions(**options).check(of(detector))


def test_a_wrong_loss_is_told():
    with pytest.raises(LossSpecError, match="did you mean 'focal_eiou'"):
        BoxOptions("focal_eoiu").check(of("atss"))
    with pytest.raises(LossSpecError, match="'kld' is of rotated boxes, and this model has axis-aligned boxes: choose"):
        BoxOptions("kld").check(of("atss"))


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("loss", ["stock", "focal_eiou", "l1"])
def test_what_counts_for_some_losses_alone_is_no_mistake(detector, loss):
    """So a grid of losses can have one `encode` and `rpn`."""
    BoxOptions(loss, "auto", "rcnn" in detector, (10, 10, 5, 5)).check(of(detector))
    BoxOptions(loss, 0, scoring="loss" if detector == "paa" else "giou").check(of(detector))


@pytest.mark.parametrize(
    ("options", "gain"),
    [
        ({"loss": "stock"}, 2.0),
        ({"loss": "stock", "box": 3}, 3.0),
        ({"loss": "stock", "box": "auto"}, 2.0),
        ({"loss": "giou"}, 2.5),
        ({"loss": "giou", "box": "auto"}, 2.5),
        ({"loss": "l1"}, 1.0),
        ({"loss": "l1", "box": 0.5}, 0.5),
    ],
)
def test_a_term_has_the_gain(options, gain):
    """Stock's own is 2.0."""
    assert BoxOptions(**options).make_term(2.0).box == gain


def test_terms_do_not_share_their_state():
    options = BoxOptions("wiou:momentum=0.5")
    (one,), (other,) = options.make_term().buffers(), options.make_term().buffers()
    assert one is not other


def test_a_term_has_the_weights_of_errors():
    assert BoxOptions("l1", encode=[10, 10, 5, 5]).make_term().error_weights == (10, 10, 5, 5)
    assert BoxOptions("l1").make_term().error_weights is None
