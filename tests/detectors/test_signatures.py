"""What this package relies on in torchvision, whose detection models are beta: names, arguments, and their order.

If one of these fails with a new torchvision: compare the class in yolo_feiou/detectors that overrides the method with
torchvision's new code, change it, run tests/detectors, and only then change the line here.
"""

import inspect

import pytest
from torchvision.models.detection import fcos, retinanet, roi_heads, rpn, transform
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler, BoxCoder, Matcher
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

from yolo_feiou.detectors import rcnn
from yolo_feiou.detectors import rpn as proposals

OVERRIDDEN = {
    (retinanet.RetinaNetRegressionHead, "compute_loss"): "targets head_outputs anchors matched_idxs",
    (roi_heads.RoIHeads, "select_training_samples"): "proposals targets",
    (roi_heads.RoIHeads, "forward"): "features proposals image_shapes targets",
    (rpn.RegionProposalNetwork, "assign_targets_to_anchors"): "anchors targets",
    (rpn.RegionProposalNetwork, "compute_loss"): "objectness pred_bbox_deltas labels regression_targets",
    (fcos.FCOS, "compute_loss"): "targets head_outputs anchors num_anchors_per_level",
    (fcos.FCOS, "postprocess_detections"): "head_outputs anchors image_shapes",
    (AnchorGenerator, "forward"): "image_list feature_maps",
    (BalancedPositiveNegativeSampler, "__call__"): "matched_idxs",
    (BoxCoder, "decode_single"): "rel_codes boxes",
    (transform.GeneralizedRCNNTransform, "forward"): "images targets",
}
CONSTRUCTED = {
    retinanet.RetinaNetRegressionHead: "in_channels num_anchors",
    fcos.FCOSClassificationHead: "in_channels num_anchors num_classes",
    fcos.FCOSRegressionHead: "in_channels num_anchors",
    AnchorGenerator: "sizes aspect_ratios",
    Matcher: "high_threshold low_threshold allow_low_quality_matches",
}


def advise(what, found, expected):
    return (
        f"torchvision's {what} takes {found}, and yolo_feiou/detectors was written for {expected}. Read its new code "
        f"({inspect.getsourcefile(roi_heads)} and beside it), mend the class "
        "that overrides it, then this line; or pin an older torchvision."
    )


@pytest.mark.parametrize(("owner", "method"), OVERRIDDEN, ids=lambda part: getattr(part, "__name__", part))
def test_a_method_takes_what_it_did(owner, method):
    expected = ["self", *OVERRIDDEN[owner, method].split()]
    found = list(inspect.signature(getattr(owner, method)).parameters)
    assert found == expected, advise(f"{owner.__name__}.{method}", found, expected)


@pytest.mark.parametrize("kind", CONSTRUCTED, ids=lambda kind: kind.__name__)
def test_a_class_is_made_from_what_it_was(kind):
    expected = CONSTRUCTED[kind].split()
    found = list(inspect.signature(kind).parameters)[: len(expected)]
    assert found == expected, advise(kind.__name__, found, expected)


@pytest.mark.parametrize(
    ("kind", "arguments", "optional"),
    [
        (roi_heads.RoIHeads, rcnn._ARGUMENTS, {"keypoint_roi_pool", "keypoint_head", "keypoint_predictor"}),
        (rpn.RegionProposalNetwork, proposals._ARGUMENTS, set()),
    ],
    ids=["RoIHeads", "RegionProposalNetwork"],
)
def test_all_that_a_part_is_made_of_is_handed_on(kind, arguments, optional):
    """But for key points, which no detector here has."""
    found = set(inspect.signature(kind).parameters)
    assert found == set(arguments) | optional, advise(kind.__name__, found, set(arguments) | optional)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            retinanet.RetinaNet,
            "min_size max_size anchor_generator head score_thresh nms_thresh detections_per_img topk_candidates",
        ),
        (retinanet.RetinaNetHead, "in_channels num_anchors num_classes norm_layer"),
        (
            fcos.FCOS,
            "min_size max_size anchor_generator head score_thresh nms_thresh detections_per_img topk_candidates",
        ),
        (resnet_fpn_backbone, "backbone_name weights norm_layer trainable_layers returned_layers extra_blocks"),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_named_arguments_are_there(kind, names):
    found = set(inspect.signature(kind).parameters)
    assert set(names.split()) <= found, advise(kind.__name__, found, names)
