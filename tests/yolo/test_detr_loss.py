"""RT-DETR's criterion with another loss in the place of GIoU."""

from copy import deepcopy

import pytest
import torch
from torch import nn
from ultralytics.models.utils.loss import RTDETRDetectionLoss
from ultralytics.nn.tasks import RTDETRDetectionModel

from tests.detr import write_rtdetr
from yolo_feiou.errors import LossNotAppliedError
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import LOSSES
from yolo_feiou.yolo.criterion import swap_losses
from yolo_feiou.yolo.detr_loss import SwappedDETRLoss, describe_layers, to_corners


def make_boxes(count):
    generator = torch.Generator().manual_seed(0)
    pred, target = torch.rand(2, count, 4, generator=generator) * 0.3 + 0.2
    return pred.requires_grad_(), target


@pytest.mark.parametrize("postfix", ["", "_aux", "_dn"])
def test_giou_is_stocks(postfix):
    pred, target = make_boxes(20)
    stock = RTDETRDetectionLoss(nc=3, use_vfl=True)
    ours = SwappedDETRLoss(stock, build_loss("giou"))
    assert ours.vfl is stock.vfl and ours.matcher is stock.matcher and ours.loss_gain == stock.loss_gain
    expected = stock._get_loss_bbox(pred, target, postfix)
    found = ours._get_loss_bbox(pred, target, postfix)
    assert list(found) == list(expected) == [f"loss_bbox{postfix}", f"loss_giou{postfix}"]
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)
    grads = [torch.autograd.grad(terms[f"loss_giou{postfix}"], pred)[0] for terms in (found, expected)]
    torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-6)
    assert ours.calls == 1


def test_l1_stays_and_the_gain_is_that_of_giou():
    pred, target = make_boxes(6)
    stock = RTDETRDetectionLoss(nc=3)
    found = SwappedDETRLoss(stock, build_loss("eiou"))._get_loss_bbox(pred, target)
    assert found["loss_bbox"] == stock._get_loss_bbox(pred, target)["loss_bbox"]
    corners = [torch.cat([box[:, :2] - box[:, 2:] / 2, box[:, :2] + box[:, 2:] / 2], 1) for box in (pred, target)]
    torch.testing.assert_close(found["loss_giou"], 2 * build_loss("eiou")(*corners).mean())


def test_no_objects_give_zeros_with_the_graph_of_stocks():
    """Older releases have none."""
    pred, stock = torch.rand(0, 4, requires_grad=True), RTDETRDetectionLoss(nc=3)
    expected = stock._get_loss_bbox(pred, torch.rand(0, 4))
    loss = SwappedDETRLoss(stock, build_loss("eiou"))
    found = loss._get_loss_bbox(pred, torch.rand(0, 4))
    assert all(value == 0 for value in found.values()) and loss.calls == 0
    assert {name: value.requires_grad for name, value in found.items()} == {
        name: value.requires_grad for name, value in expected.items()
    }


#: Of 64 × 96 pixels: two objects in the first image, one in the second.
OBJECTS = [(0.5, 0.5, 0.4, 0.4), (0.2, 0.3, 0.2, 0.3), (0.6, 0.6, 0.7, 0.7)]
#: What a model of an encoder and two decoder layers owes: in training both denoise too; else the last one alone counts.
OWED_IN_TRAINING, OWED_ELSE = 3 + 2, 2


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(0)
    made = RTDETRDetectionModel(write_rtdetr(tmp_path), nc=3, verbose=False).train()
    made.nc = 3  # as a trainer sets it
    return made


def make_batch(objects=3, shape=(64, 96)):
    random = torch.Generator().manual_seed(0)
    return {
        "img": torch.rand(2, 3, *shape, generator=random),
        "batch_idx": torch.tensor([0.0, 0, 1])[:objects],
        "cls": torch.tensor([[0.0], [2], [1]])[:objects],
        "bboxes": torch.tensor(OBJECTS)[:objects],
    }


def compute(model, objects=3):
    """All terms of a batch by name, on the same denoised boxes each time."""
    criterion, seen = model.criterion, []
    handle = criterion.register_forward_hook(lambda module, inputs, output: seen.append(output))
    torch.manual_seed(1)
    try:
        model.loss(make_batch(objects))
    finally:
        handle.remove()
    return seen[0]


def swap(model, spec):
    assert swap_losses(model, build_loss(spec)) == 1
    model.criterion.image = (64, 96)
    return model.criterion


def test_all_terms_with_giou_are_stocks(model):
    model.criterion = model.init_criterion()
    expected = compute(model)
    ours = swap(model, "giou")
    found = compute(model)
    assert list(found) == list(expected)
    for name, value in expected.items():
        if "giou" in name:
            torch.testing.assert_close(found[name], value, rtol=1e-5, atol=1e-6)
        else:
            assert found[name] == value
    assert ours.calls == ours.owed == OWED_IN_TRAINING and ours.batches == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rtdetr-l.yaml", "rtdetr-x.yaml", "rtdetr-resnet50.yaml", "rtdetr-resnet101.yaml"])
def test_a_step_of_each_model_of_ultralytics(name):
    """The encoder, six decoder layers, and each of these once more for denoised boxes."""
    made = RTDETRDetectionModel(name, nc=3, verbose=False).train()
    made.nc = 3
    ours = swap(made, "focal_eiou")
    loss, _ = made.loss(make_batch(shape=(128, 128)))  # 336 places: older releases need as many as there are queries
    loss.sum().backward()
    assert loss.sum().isfinite() and ours.calls == ours.owed == 7 + 6
    assert describe_layers(made) == " (the encoder, 6 decoder layers, 6 of denoising)"


def test_validation_owes_the_encoder_and_the_last_layer(model):
    ours = swap(model, "eiou")
    model.eval()
    with torch.no_grad():
        model.loss(make_batch())
    assert ours.calls == ours.owed == OWED_ELSE


def test_without_auxiliary_losses_the_main_output_and_its_denoised_boxes_count(model):
    ours = swap(model, "eiou")
    ours.aux_loss = False
    model.loss(make_batch())
    assert ours.calls == ours.owed == 2


def test_without_objects_nothing_is_owed_and_all_have_a_graph(model):
    ours = swap(model, "eiou")
    total, _ = model.loss(make_batch(0))
    total.backward()
    assert (ours.calls, ours.owed, ours.batches) == (0, 0, 1)


@pytest.mark.parametrize("spec", ["mpdiou", "nwd", "eiou+mpdiou:focal=1,norm=paper"])
def test_a_loss_in_pixels_is_told_those_of_the_image_that_the_network_sees(model, spec):
    """Height 64 and width 96, so x and w are multiplied by 96."""
    ours, calls = swap(model, spec), []
    ours.register_forward_pre_hook(lambda module, inputs: calls.clear())
    stock_term = RTDETRDetectionLoss._get_loss_bbox

    def keep(self, pred, target, postfix=""):
        calls.append((pred, target))
        return stock_term(self, pred, target, postfix)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RTDETRDetectionLoss, "_get_loss_bbox", keep)
        found = compute(model)
    assert len(calls) == OWED_IN_TRAINING

    def expect(pred, target):
        corners = []
        for boxes in (pred, target):
            x, y, w, h = (boxes * torch.tensor([96.0, 64, 96, 64])).unbind(1)
            corners.append(torch.stack((x - w / 2, y - h / 2, x + w / 2, y + h / 2), 1))
        return 2 * build_loss(spec).mean(*corners, image=(64, 96))

    main, *layers = [expect(*pairs) for pairs in calls[:3]]
    torch.testing.assert_close(found["loss_giou"], main)
    torch.testing.assert_close(found["loss_giou_aux"], sum(layers))
    torch.testing.assert_close(found["loss_giou_dn"], expect(*calls[3]))


def test_a_loss_in_pixels_without_the_size_of_the_images_stops(model):
    swap(model, "nwd").image = None
    with pytest.raises(LossNotAppliedError, match=r"nwd \(c=12.8\) is in pixels, and nothing has told SwappedDETRLoss"):
        model.loss(make_batch())


def test_the_norm_is_that_of_each_call():
    """focal_eiou with norm=paper: Σ WL / Σ W of the call's own pairs, times the gain 2."""
    pred, target = make_boxes(9)
    ours = SwappedDETRLoss(RTDETRDetectionLoss(nc=3), build_loss("focal_eiou:norm=paper"))
    pairs = to_corners(pred), to_corners(target)
    weights, losses = Pair(*pairs).iou.detach() ** 0.5, build_loss("eiou")(*pairs)
    for part in (slice(0, 4), slice(4, 9)):
        expected = 2 * (weights[part] * losses[part]).sum() / weights[part].sum()
        torch.testing.assert_close(ours._get_loss_bbox(pred[part], target[part])["loss_giou"], expected)
    by_scores, mean = (
        SwappedDETRLoss(RTDETRDetectionLoss(nc=3), build_loss(f"focal_eiou:norm={norm}"))._get_loss_bbox(pred, target)
        for norm in ("tal", "mean")
    )
    assert by_scores["loss_giou"] == mean["loss_giou"]


def mean_absolute_error(pred, target):
    """A loss of a user's own, in the unit of the boxes."""
    return (pred - target).abs().mean(1)


#: All losses of axis-aligned boxes; a running mean stays at its start, so that two batches have the same loss.
ALIGNED = ["wiou:momentum=0" if name == "wiou" else name for name, info in LOSSES.items() if info.family == "aligned"]


@pytest.mark.parametrize("spec", [*ALIGNED, mean_absolute_error, "ciou+nwd"])
def test_whoever_looks_on_sees_the_main_output_in_pixels_and_changes_nothing(model, spec):
    ours, seen = swap(model, spec), []
    alone = compute(model)
    ours.on_positives = seen.append
    assert {name: value.item() for name, value in compute(model).items()} == {
        name: value.item() for name, value in alone.items()
    }
    (positives,) = seen
    assert 2 * positives.mean(ours.box_loss) == alone["loss_giou"], "what is seen isn't what trains"
    assert positives.image == (64, 96) and positives.total == len(positives.scores) == 3
    sides = positives.target[:, 2:] - positives.target[:, :2]
    torch.testing.assert_close(sides.sort(0).values[:, 0], torch.tensor([0.2, 0.4, 0.7]) * 96)
    torch.testing.assert_close(sides.sort(0).values[:, 1], torch.tensor([0.3, 0.4, 0.7]) * 64)


def test_a_function_of_ones_own_gets_pixels(model):
    """Height 64 and width 96; it gives what the boxes of stock's own ℓ1 term are apart, side by side."""
    ours, seen = swap(model, mean_absolute_error), []
    ours.on_positives = seen.append
    found = compute(model)["loss_giou"]
    pred, target = seen[0].pred, seen[0].target
    widest = torch.tensor([0.2, 0.4, 0.7]) * 96
    torch.testing.assert_close((target[:, 2] - target[:, 0]).sort().values, widest)
    torch.testing.assert_close(found, 2 * (pred - target).abs().mean())
    ours.image = None
    with pytest.raises(LossNotAppliedError, match="is in pixels, and nothing has told SwappedDETRLoss the size"):
        compute(model)


def test_a_running_mean_moves_once_a_batch_by_the_main_output_in_training_alone(model):
    ours, seen = swap(model, "wiou:momentum=0.5"), []
    mean = ours.box_loss.running_means[0]
    with torch.no_grad():
        model.loss(make_batch())
    assert mean.value == 1
    ours.on_positives = seen.append
    model.train()  # of which the criterion is a part
    model.loss(make_batch())
    expected = 0.5 + 0.5 * (1 - Pair(seen[0].pred, seen[0].target).iou).mean()
    torch.testing.assert_close(mean.value, expected.detach())


def test_processes_without_objects_take_part_in_the_update_of_a_running_mean(model, monkeypatch):
    ours, seen = swap(model, "wiou:momentum=0.5"), []
    monkeypatch.setattr(type(ours.box_loss), "observe", lambda self, pred, target: seen.append(len(pred)))
    for objects in (0, 3):
        model.loss(make_batch(objects))
    assert seen == [0, 3]


def test_the_criterion_adds_nothing_to_what_the_model_saves(model):
    names = set(model.state_dict())
    ours = swap(model, "wiou:momentum=0.5")
    assert set(model.state_dict()) == names and not list(ours.parameters())
    copy = deepcopy(model).half()
    assert copy.criterion.box_loss is not ours.box_loss
    assert copy.criterion.box_loss.running_means[0].value.dtype == torch.float32


def test_swapping_again_takes_the_place_of_ours(model):
    first = swap(model, "wiou:momentum=0.5")
    first.loss_gain = {**first.loss_gain, "giou": 3}
    second = swap(model, "eiou")
    assert second is not first and second.box_loss.description == "eiou" and second.loss_gain["giou"] == 3
    assert isinstance(second, SwappedDETRLoss) and second.matcher is first.matcher and second.calls == 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("spec", ["focal_eiou", "nwd", "wiou:momentum=0.5"])
def test_half_precision_is_finite(dtype, spec):
    pred, target = make_boxes(20)
    pred = pred.detach().to(dtype).requires_grad_()
    ours = SwappedDETRLoss(RTDETRDetectionLoss(nc=3), build_loss(spec))
    ours.image = (640, 640)
    term = ours._get_loss_bbox(pred, target.to(dtype))["loss_giou"]
    term.backward()
    assert term.dtype == torch.float32 and term.isfinite() and pred.grad.isfinite().all()
    assert term == ours._get_loss_bbox(pred.detach().float(), target.to(dtype).float())["loss_giou"]


def test_a_training_under_bf16_autocast_is_finite(model):
    swap(model, "focal_eiou")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        total, _ = model.loss(make_batch())
    total.backward()
    assert total.isfinite() and all(one.grad.isfinite().all() for one in model.parameters() if one.grad is not None)


def test_the_line_at_the_start_says_in_how_many_outputs(model):
    assert describe_layers(model) == " (the encoder, 2 decoder layers, 2 of denoising)"
    assert describe_layers(model, compiled=True) == " (the encoder, 2 decoder layers)"
    model.model[-1].num_denoising = 0
    assert describe_layers(model) == " (the encoder, 2 decoder layers)"
    assert describe_layers(nn.Linear(1, 1)) == ""
