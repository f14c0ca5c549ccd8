"""From what a YAML says of a detector to a model with a box loss in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from torch import nn
from torchvision.models.detection.faster_rcnn import FasterRCNN
from torchvision.models.detection.mask_rcnn import MaskRCNN
from torchvision.models.detection.retinanet import RetinaNet, RetinaNetHead

from yolo_feiou.detectors import rcnn, retinanet
from yolo_feiou.detectors.backbone import GROUPS, build_backbone
from yolo_feiou.detectors.config import DetectorConfig
from yolo_feiou.detectors.dense_detectors import ATSS, PAA
from yolo_feiou.detectors.options import BoxOptions, Loss
from yolo_feiou.detectors.precision import FloatAnchors, raise_outputs
from yolo_feiou.detectors.rpn import replace_rpn_loss
from yolo_feiou.detectors.scaled import ScaledFasterRCNN, ScaledLosses, ScaledMaskRCNN, ScaledRetinaNet
from yolo_feiou.detectors.seam import OVERLAP_GAIN
from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.build import STOCK
from yolo_feiou.losses.user.registry import find_sources

#: Longest side of an image for a shortest side of 800, as on COCO.
LONGEST, SHORTEST = 1333, 800
#: What `imgsz` is at least.
SMALLEST = 32
#: The keys of box losses: of RetinaNet, ATSS and PAA, of the head of an R-CNN, and of its proposals.
BOX_LOSS, ROI_LOSS, RPN_LOSS = "bbox_regression", "loss_box_reg", "loss_rpn_box_reg"
#: The gains of the detectors' own box losses: those of their authors' code, and 1 in torchvision's.
STOCK_GAINS: Mapping[str, float] = {
    **{"retinanet": 1.0, "faster_rcnn": 1.0, "mask_rcnn": 1.0},
    **{"atss": ATSS.STOCK_GAIN, "paa": PAA.STOCK_GAIN},
}
_R_CNNS = {"faster_rcnn": (FasterRCNN, ScaledFasterRCNN), "mask_rcnn": (MaskRCNN, ScaledMaskRCNN)}


def build_detector(
    config: DetectorConfig,
    num_classes: int,
    *,
    loss: Loss = STOCK,
    box: float | str | None = None,
    imgsz: int = SHORTEST,
    rpn: bool = False,
    encode: Sequence[float] | str | None = None,
    scoring: str = "giou",
    load_weights: bool = True,
) -> nn.Module:
    """Return a detector that trains with a box loss: a model of `torchvision.models.detection`.

    It takes and gives what those do: images in [0, 1] of any size, targets with `boxes`, `labels` and, for Mask R-CNN,
    `masks`. Anchors and the outputs of its heads are in float32 under autocast, too.

    Args:
        config: What it is made of.
        num_classes: Number of classes, without a background.
        loss: The spec of the box loss, or a function. 'stock' is torchvision's own: ℓ1 in RetinaNet, smooth ℓ1 in
            R-CNNs; for ATSS and PAA that of their authors, GIoU.
        box: The gain of the box loss. None or 'auto' is 1.0 for a loss of regression errors and 2.5 for any other,
            after Zhang et al. (2021), section 5.2; for 'stock' its own: 2.0 in ATSS, 1.3 in PAA, 1 in torchvision's,
            which are then the same to the last bit.
        imgsz: What the shorter side of an image is resized to, in pixels, unless the longer one would then be above
            imgsz · 1333/800.
        rpn: Whether the region proposal network of an R-CNN trains with the loss and gain as well. The paper doesn't
            say; authors of IoU losses left it alone.
        encode: What a loss of regression errors multiplies the errors in x, y, width and height by, which are in sides
            of the anchor and logarithms. None or 'auto' is the weights of the detector's box coder: (1, 1, 1, 1) in
            RetinaNet and the proposal network, (10, 10, 5, 5) in the head of an R-CNN, in ATSS and PAA. What the head
            predicts, and how it is decoded, stays: only the loss changes. Other losses and 'stock' don't look at it.
        scoring: What scores the anchors of PAA beside the class: 'giou', as its paper, or 'loss', the box loss without
            its weights and gain, as the authors' code does with theirs.
        load_weights: False leaves the backbone's weights random, for a model that is loaded from a checkpoint.

    Returns:
        The model, with attributes beside torchvision's:

        - `first_label`: the label of the first class, 1 where 0 is the background;
        - `needs_masks`: whether its targets must have `masks`;
        - `box_loss_names`: the keys of its losses in which `loss` is.

        `seam.find_box_terms` gives its box terms: none for 'stock' of torchvision's three.

    Raises:
        ArgumentError: If an argument is out of its range, or isn't for this detector.
        LossSpecError: If the loss is wrong.
        MissingFileError: If weights of the backbone aren't there and can't be fetched.
        DataError: If they don't fit.
    """
    if not (isinstance(num_classes, int) and num_classes > 0):
        raise ArgumentError(f"got {num_classes!r} classes: expected a whole number from 1 up, without a background.")
    if not (isinstance(imgsz, int) and not isinstance(imgsz, bool) and imgsz >= SMALLEST):
        raise ArgumentError(f"imgsz={imgsz} is not a whole number from {SMALLEST} up, the shorter side in pixels.")
    options = BoxOptions(loss, box, rpn, encode, scoring)
    options.check(config)  # before weights are fetched
    backbone = build_backbone(config, load_weights=load_weights)
    sizes = {"min_size": imgsz, "max_size": round(imgsz * LONGEST / SHORTEST)}
    build = {"retinanet": build_retinanet, "atss": build_square, "paa": build_square}.get(config.detector, build_rcnn)
    model, names = build(config, backbone, num_classes, options, sizes)
    attributes = {"first_label": config.first_label, "needs_masks": config.needs_masks, "box_loss_names": names}
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


def find_gain(detector: str, loss: str, box: float | str | None = None) -> float:
    """Return what the box loss of a detector is multiplied by in its training.

    Args:
        detector: Its name, as 'atss'.
        loss: The spec of the box loss. A function of the user's isn't loaded: it is no loss of regression errors.
        box: As in `build_detector`.

    Raises:
        LossSpecError: If the loss is wrong.
    """
    if isinstance(box, int | float):
        return float(box)
    if loss == STOCK:
        return STOCK_GAINS[detector]
    return OVERLAP_GAIN if find_sources(loss) else BoxOptions(loss).make_term().box


Built = tuple[nn.Module, tuple[str, ...]]


def build_retinanet(
    config: DetectorConfig, backbone: nn.Module, num_classes: int, options: BoxOptions, sizes: Mapping[str, Any]
) -> Built:
    """Return torchvision's RetinaNet, and the keys of its box losses."""
    anchors = build_anchors(config)
    head = None
    if config.head_norm == "group":
        per_location = anchors.num_anchors_per_location()[0]
        norm = partial(nn.GroupNorm, GROUPS)
        head = RetinaNetHead(backbone.out_channels, per_location, num_classes, norm_layer=norm)
    kind = ScaledRetinaNet if options.is_stock and options.gain is not None else RetinaNet
    model = kind(
        backbone,
        num_classes,
        anchor_generator=anchors,
        head=head,
        score_thresh=config.score_threshold,
        nms_thresh=config.nms,
        detections_per_img=config.detections,
        topk_candidates=cast(int, config.candidates),
        **sizes,
    )
    if not options.is_stock:
        retinanet.replace_box_loss(model, options.make_term())
    raise_outputs(model.head)
    return scale(model, (BOX_LOSS,), options), (BOX_LOSS,)


def build_rcnn(
    config: DetectorConfig, backbone: nn.Module, num_classes: int, options: BoxOptions, sizes: Mapping[str, Any]
) -> Built:
    """Return torchvision's Faster or Mask R-CNN, and the keys of its box losses."""
    stock, scaled = _R_CNNS[config.detector]
    model = (scaled if options.is_stock and options.gain is not None else stock)(
        backbone,
        num_classes + 1,  # and the background
        rpn_anchor_generator=build_anchors(config),
        rpn_pre_nms_top_n_train=config.proposals,
        rpn_post_nms_top_n_train=config.proposals,
        rpn_pre_nms_top_n_test=config.test_proposals,
        rpn_post_nms_top_n_test=config.test_proposals,
        box_score_thresh=config.score_threshold,
        box_nms_thresh=config.nms,
        box_detections_per_img=config.detections,
        box_batch_size_per_image=config.regions,
        **sizes,
    )
    names = (ROI_LOSS, RPN_LOSS) if options.rpn else (ROI_LOSS,)
    if not options.is_stock:
        rcnn.replace_box_loss(model, options.make_term())
        if options.rpn:
            replace_rpn_loss(model, options.make_term())
    raise_outputs(model.get_submodule("rpn.head"), model.get_submodule("roi_heads.box_predictor"))
    return scale(model, names, options), names


def build_square(
    config: DetectorConfig, backbone: nn.Module, num_classes: int, options: BoxOptions, sizes: Mapping[str, Any]
) -> Built:
    """Return ATSS or PAA, and the keys of its box losses."""
    kind = {"atss": ATSS, "paa": PAA}[config.detector]
    arguments: dict[str, Any] = {"scores_by_loss": options.scoring == "loss"} if kind is PAA else {}
    model = kind(
        backbone,
        num_classes,
        options.make_term(kind.STOCK_GAIN),
        anchor_scale=config.anchor_scale,
        score_thresh=config.score_threshold,
        nms_thresh=config.nms,
        detections_per_img=config.detections,
        topk_candidates=cast(int, config.candidates),
        **arguments,
        **sizes,
    )
    raise_outputs(model.head)
    return model, (BOX_LOSS,)


def scale(model: nn.Module, names: Sequence[str], options: BoxOptions) -> nn.Module:
    """Return a model of torchvision's, with the gain that is asked for of its own box losses."""
    if isinstance(model, ScaledLosses) and options.gain is not None:
        model.gains = dict.fromkeys(names, options.gain)
    return model


def build_anchors(config: DetectorConfig) -> FloatAnchors:
    """Return torchvision's anchors of these sizes and ratios, in float32."""
    sizes, ratios = config.anchor_sizes or (), config.aspect_ratios or ()
    return FloatAnchors(sizes, (ratios,) * len(sizes))
