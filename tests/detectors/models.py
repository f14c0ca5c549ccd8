"""Small detectors, batches for them, and what holds for each."""

import copy

import torch
from torchvision.models.detection import FasterRCNN, MaskRCNN, RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

from yolo_feiou.detectors.seam import BoxTerm
from yolo_feiou.losses.build import build_loss

SIZE = 96


def term(spec, box=None):
    return BoxTerm(spec, build_loss(spec), box)


def backbone():
    return resnet_fpn_backbone(backbone_name="resnet18", weights=None, trainable_layers=5)


def retinanet():
    """ResNet-18 with three anchors of one size a location."""
    sizes = tuple((side,) for side in (16, 32, 64, 96, 128))
    anchors = AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * 5)
    return RetinaNet(backbone(), 2, anchor_generator=anchors, min_size=SIZE, max_size=SIZE)


def rcnn(kind):
    sizes = {"rpn_pre_nms_top_n_train": 100, "rpn_post_nms_top_n_train": 50, "box_batch_size_per_image": 32}
    return kind(backbone(), 3, min_size=SIZE, max_size=SIZE, **sizes)


def dense(kind, spec="giou", box=2.0):
    """ATSS or PAA on ResNet-18, for labels from 0."""
    pyramid = resnet_fpn_backbone(
        backbone_name="resnet18",
        weights=None,
        trainable_layers=5,
        returned_layers=[2, 3, 4],
        extra_blocks=LastLevelP6P7(256, 256),
    )
    return kind(pyramid, 2, term(spec, box), min_size=SIZE, max_size=SIZE)


MODELS = {
    "retinanet": retinanet,
    "faster_rcnn": lambda: rcnn(FasterRCNN),
    "mask_rcnn": lambda: rcnn(MaskRCNN),
}


def batch(images=2, objects=(3, 1), seed=0):
    """Images with so many objects each: sides from 16 to 48, some of them overlap."""
    random = torch.Generator().manual_seed(seed)
    targets = []
    for count in objects[:images]:
        corner = torch.rand(count, 2, generator=random) * 40
        boxes = torch.cat((corner, corner + 16 + 32 * torch.rand(count, 2, generator=random)), 1)
        masks = torch.zeros(count, SIZE, SIZE, dtype=torch.uint8)
        for mask, (x1, y1, x2, y2) in zip(masks, boxes.int().tolist(), strict=True):
            mask[y1:y2, x1:x2] = 1
        labels = torch.randint(1, 2, (count,), generator=random)
        targets.append({"boxes": boxes, "labels": labels, "masks": masks})
    return [torch.rand(3, SIZE, SIZE, generator=random) for _ in range(images)], targets


def losses_of(model, images, targets):
    """All losses of a batch, and the gradient of their sum; BatchNorm and sampling start alike."""
    torch.manual_seed(0)
    model.train().zero_grad()
    losses = model(images, targets)
    sum(losses.values()).backward()
    grads = {name: parameter.grad for name, parameter in model.named_parameters()}
    return losses, grads


def assert_stock_through_the_seam_is_stock(name, replace, spec, key):
    """Of a single image; `key` is the name of the box loss."""
    torch.manual_seed(0)
    stock = MODELS[name]()
    ours = copy.deepcopy(stock)
    replace(ours, box_term := term(spec))
    images, targets = batch(images=1)
    (expected, grads), (found, own) = losses_of(stock, images, targets), losses_of(ours, images, targets)
    assert expected.keys() == found.keys() and expected[key] > 0 and box_term.calls == 1
    for loss, value in expected.items():
        torch.testing.assert_close(found[loss], value, rtol=1e-6, atol=1e-6)
    assert grads.keys() == own.keys()
    for parameter, value in grads.items():  # a small entry is a sum of large ones, rounded as these are
        torch.testing.assert_close(
            own[parameter], value, rtol=1e-4, atol=1e-5 * value.abs().max().item(), msg=parameter
        )
    assert ours.state_dict().keys() == stock.state_dict().keys()


def assert_another_loss_trains(name, replace, spec, key):
    """It has a gradient in every parameter, and is 0, attached, in a batch without objects; the model still detects."""
    model = MODELS[name]()
    replace(model, term(spec))
    losses, grads = losses_of(model, *batch())
    assert losses[key] > 0
    assert all(grad is not None and grad.isfinite().all() for grad in grads.values())
    losses, grads = losses_of(model, *batch(objects=(0, 0)))
    assert losses[key] == 0 and losses[key].requires_grad
    assert all(grad is not None and grad.isfinite().all() for grad in grads.values())
    assert model.eval()([torch.rand(3, 64, 64)])[0]["boxes"].shape[1] == 4


def assert_positives_have_the_size_of_their_image(model, *box_terms):
    """Of two images of other shapes, resized to 96 × 60 and 64 × 96; objects are 48 and 40 high there."""
    model.transform.max_size = SIZE
    images, targets = [torch.rand(3, 80, 50), torch.rand(3, 32, 48)], batch(objects=(1, 1))[1]
    for target, box, shape in zip(targets, ([5.0, 10, 30, 50], [10.0, 4, 30, 24]), ((80, 50), (32, 48)), strict=True):
        target.update(boxes=torch.tensor([box]), masks=torch.ones(1, *shape, dtype=torch.uint8))
    seen = []
    for box_term in box_terms:
        box_term.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    losses_of(model, images, targets)
    assert len(seen) == len(box_terms)
    for positives in seen:
        heights = (positives.target[:, 3] - positives.target[:, 1]).round().tolist()
        assert {(height, *size) for height, size in zip(heights, positives.image.T.tolist(), strict=True)} == {
            (48, 96, 60),
            (40, 64, 96),
        }
