"""Every box loss in a criterion is found and swapped, wherever it is kept, and what can't be swapped is told."""

from collections import deque, namedtuple
from copy import deepcopy
from functools import partial

import pytest
import torch
from torch import nn
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import DetectionModel, OBBModel, PoseModel, RTDETRDetectionModel, SegmentationModel
from ultralytics.utils.loss import BboxLoss, v8DetectionLoss

from yolo_feiou import build_loss
from yolo_feiou.errors import LossNotAppliedError
from yolo_feiou.yolo import criterion as criterion_module
from yolo_feiou.yolo.bbox_loss import SwappedBboxLoss, SwappedRotatedBboxLoss
from yolo_feiou.yolo.criterion import (
    check_swapped_losses,
    find_heads,
    find_losses,
    find_predicting_loss,
    predicts_one_to_one,
    share_arguments,
    swap_losses,
)
from yolo_feiou.yolo.detr_loss import SwappedDETRLoss


def model_of(kind, yaml):
    try:
        model = kind(yaml, verbose=False)
    except FileNotFoundError:
        pytest.skip(f"this release of Ultralytics has no {yaml}")
    model.args, model.nc = get_cfg(overrides={}), model.yaml["nc"]  # as a trainer sets them
    return model


@pytest.mark.parametrize(
    ("kind", "yaml", "heads"),
    [
        (DetectionModel, "yolov3-tiny.yaml", 1),
        (DetectionModel, "yolov5n.yaml", 1),
        (DetectionModel, "yolov8n.yaml", 1),
        (DetectionModel, "yolov9t.yaml", 1),
        (DetectionModel, "yolov10n.yaml", 2),
        (DetectionModel, "yolo11n.yaml", 1),
        (DetectionModel, "yolo12n.yaml", 1),
        (DetectionModel, "yolo26n.yaml", 2),
        (SegmentationModel, "yolov8n-seg.yaml", 1),
        (SegmentationModel, "yolo26n-seg.yaml", 2),
        (PoseModel, "yolov8n-pose.yaml", 1),
        (PoseModel, "yolo26n-pose.yaml", 2),
    ],
)
def test_every_head_of_every_generation_is_swapped(kind, yaml, heads):
    model, loss = model_of(kind, yaml), build_loss("eiou")
    assert swap_losses(model, loss) == heads
    assert [type(loss) for loss in find_losses(model.criterion)] == heads * [SwappedBboxLoss]
    assert swap_losses(model, build_loss("iou")) == heads  # again, as on resume


@pytest.mark.parametrize(
    ("kind", "yaml", "ours", "count"),
    [
        (OBBModel, "yolov8n-obb.yaml", SwappedRotatedBboxLoss, 1),
        (OBBModel, "yolo26n-obb.yaml", SwappedRotatedBboxLoss, 2),
        (RTDETRDetectionModel, "rtdetr-l.yaml", SwappedDETRLoss, 1),
        (RTDETRDetectionModel, "rtdetr-resnet50.yaml", SwappedDETRLoss, 1),
    ],
)
def test_criteria_of_other_kinds_are_swapped_by_their_own(kind, yaml, ours, count):
    model, loss = model_of(kind, yaml), build_loss("eiou")
    assert swap_losses(model, loss) == count
    assert [type(loss) for loss in find_losses(model.criterion)] == count * [ours]
    assert swap_losses(model, build_loss("iou")) == count


def test_a_criterion_that_is_not_ours_is_found():
    model, loss = model_of(DetectionModel, "yolo26n.yaml"), build_loss("eiou")
    swap_losses(model, loss)
    model.criterion.one2one.bbox_loss = BboxLoss(1)
    with pytest.raises(LossNotAppliedError, match="one2one.bbox_loss is a BboxLoss, would not train with eiou"):
        check_swapped_losses(model, loss)


def test_of_two_heads_the_one_to_one_is_last():
    criterion = model_of(DetectionModel, "yolo26n.yaml").init_criterion()
    assert find_heads(criterion) == [
        (0.8, criterion.one2many.bbox_loss),
        (pytest.approx(0.2), criterion.one2one.bbox_loss),
    ]
    criterion = model_of(DetectionModel, "yolov10n.yaml").init_criterion()
    assert [loss for _, loss in find_heads(criterion)] == [criterion.one2many.bbox_loss, criterion.one2one.bbox_loss]
    criterion = model_of(DetectionModel, "yolov8n.yaml").init_criterion()
    assert find_heads(criterion) == [(1, criterion.bbox_loss)]


@pytest.mark.parametrize(
    ("defaults", "arguments", "end2end", "expected"),
    [
        ({"nms": None}, {}, False, False),  # a release by which the one-to-many head predicts
        ({"nms": None}, {"nms": True}, False, False),
        ({"nms": None}, {"nms": False}, False, True),
        ({"nms": None, "end2end": None}, {"nms": None, "end2end": True}, True, False),
        ({"nms": False, "end2end": None}, {"nms": False, "end2end": None}, True, True),  # the model's own choice
        ({"nms": False, "end2end": None}, {"nms": False, "end2end": False}, True, False),
        ({"nms": False, "end2end": None}, {"nms": False, "end2end": True}, False, True),
        ({"nms": False}, {"nms": False}, True, True),  # without a choice
        ({"nms": False}, {"nms": False}, False, False),
    ],
)
def test_the_head_that_predicts_is_that_of_the_release_and_its_arguments(
    monkeypatch, defaults, arguments, end2end, expected
):
    monkeypatch.setattr(criterion_module, "DEFAULT_CFG_DICT", defaults)
    model = nn.Linear(1, 1)
    model.end2end = end2end
    assert predicts_one_to_one(model, Holder(**arguments)) is expected


@pytest.mark.parametrize(("given", "found"), [({"nms": None}, "one2many"), ({"nms": False}, "one2one")])
def test_the_loss_of_the_head_that_predicts_is_found(monkeypatch, given, found):
    monkeypatch.setattr(criterion_module, "DEFAULT_CFG_DICT", {"nms": None})
    model = model_of(DetectionModel, "yolo26n.yaml")
    swap_losses(model, build_loss("eiou"))
    assert find_predicting_loss(model, Holder(**given)) is getattr(model.criterion, found).bbox_loss
    single = model_of(DetectionModel, "yolov8n.yaml")
    assert find_predicting_loss(single, Holder(**given)) is single.criterion.bbox_loss


class Holder:
    """What a user's criterion may be: anything with attributes."""

    def __init__(self, **parts):
        vars(self).update(parts)


class Slotted:
    __slots__ = ("inner",)

    def __init__(self, inner):
        self.inner = inner


class OfTheClass:
    bbox_loss = BboxLoss(16)


class Module(nn.Module):
    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


Two = namedtuple("Two", "many one")

#: By name, a criterion that keeps one box loss of stock's, and how to get at it.
KEPT = {
    "attribute": (lambda loss: Holder(bbox_loss=loss), lambda c: c.bbox_loss),
    "another name": (lambda loss: Holder(boxes=loss), lambda c: c.boxes),
    "in a user's class": (lambda loss: Holder(inner=Holder(bbox_loss=loss)), lambda c: c.inner.bbox_loss),
    "list": (lambda loss: Holder(parts=[1, [loss]]), lambda c: c.parts[1][0]),
    "tuple": (lambda loss: Holder(parts=(1, (loss,))), lambda c: c.parts[1][0]),
    "named tuple": (lambda loss: Holder(parts=Two(None, loss)), lambda c: c.parts.one),
    "dict": (lambda loss: Holder(parts={"one": {2: loss}}), lambda c: c.parts["one"][2]),
    "set": (lambda loss: Holder(parts={loss}), lambda c: next(iter(c.parts))),
    "frozen set": (lambda loss: Holder(parts=frozenset([loss])), lambda c: next(iter(c.parts))),
    "deque": (lambda loss: Holder(parts=deque([loss])), lambda c: c.parts[0]),
    "slot": (lambda loss: Holder(part=Slotted(loss)), lambda c: c.part.inner),
    "module": (lambda loss: Module(bbox_loss=loss), lambda c: c.bbox_loss),
    "ModuleList": (lambda loss: Module(parts=nn.ModuleList([loss])), lambda c: c.parts[0]),
    "ModuleDict": (lambda loss: Module(parts=nn.ModuleDict({"one": loss})), lambda c: c.parts["one"]),
    "list of a module": (lambda loss: Module(parts=[loss]), lambda c: c.parts[0]),
    "partial": (lambda loss: Holder(of=partial(loss)), lambda c: c.of.func),
    "argument of a partial": (lambda loss: Holder(of=partial(max, loss)), lambda c: c.of.args[0]),
    "bound method": (lambda loss: Holder(of=loss.forward), lambda c: c.of.__self__),
    "the criterion is a list": (lambda loss: [Holder(bbox_loss=loss)], lambda c: c[0].bbox_loss),
    "attribute of the class": (lambda loss: OfTheClass(), lambda c: c.bbox_loss),
}


def holding(criterion):
    """A model, as far as the search needs one, with a criterion."""
    model = nn.Linear(1, 1)
    model.criterion = criterion
    return model


@pytest.mark.parametrize("where", KEPT)
def test_a_box_loss_is_swapped_wherever_it_is_kept(where):
    make, get = KEPT[where]
    model, loss = holding(make(BboxLoss(16))), build_loss("eiou")
    with pytest.raises(LossNotAppliedError, match="would not train with eiou"):
        check_swapped_losses(model, loss)
    assert swap_losses(model, loss) == 1
    assert get(model.criterion).box_loss is loss
    assert check_swapped_losses(model, loss) == [get(model.criterion)]
    assert type(OfTheClass.bbox_loss) is BboxLoss  # another criterion's too


def test_cycles_end_and_a_shared_box_loss_stays_shared():
    stock = BboxLoss(16)
    criterion = Holder(one=Holder(bbox_loss=stock), many=Holder(bbox_loss=stock))
    criterion.one.parent = criterion.parents = [criterion]
    model = holding(criterion)
    assert swap_losses(model, build_loss("eiou")) == 1
    assert criterion.one.bbox_loss is criterion.many.bbox_loss


class MyBboxLoss(BboxLoss):
    pass


class MyLoss(v8DetectionLoss):
    """A user's own criterion, with stock's box loss."""


class MyHead:
    """A user's own class of head, which computes its box loss by itself."""

    def __init__(self):
        self.assigner = nn.Identity()


def test_a_users_subclass_of_the_criterion_is_swapped(release):
    release("8.4.0")  # older ones have no E2ELoss
    from ultralytics.utils.loss import E2ELoss

    model = model_of(DetectionModel, "yolo26n.yaml")
    model.criterion = E2ELoss(model, MyLoss)
    assert swap_losses(model, build_loss("eiou")) == 2
    assert type(model.criterion.one2one.bbox_loss) is type(model.criterion.one2many.bbox_loss) is SwappedBboxLoss


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (Holder(bbox_loss=MyBboxLoss(16)), "one2one.bbox_loss is a MyBboxLoss"),
        (Holder(bbox_loss=nn.L1Loss()), r"one2one.bbox_loss \(L1Loss\) has no box loss"),
        (Holder(bbox_loss=[]), r"one2one.bbox_loss \(list\) has no box loss"),
        (MyHead(), r"one2one \(MyHead\) has no box loss"),
    ],
)
def test_of_two_heads_one_of_the_users_own_class_is_told_and_nothing_is_swapped(head, message):
    model = holding(Holder(one2many=Holder(bbox_loss=BboxLoss(16)), one2one=head))
    with pytest.raises(LossNotAppliedError, match=message):
        swap_losses(model, build_loss("eiou"))
    assert type(model.criterion.one2many.bbox_loss) is BboxLoss


def test_heads_that_share_what_holds_the_box_loss_have_one():
    shared = Holder(bbox_loss=BboxLoss(16))
    heads = [Holder(assigner=nn.Identity(), shared=shared), Holder(assigner=nn.Identity(), shared=shared)]
    assert swap_losses(holding(Holder(heads=heads)), build_loss("eiou")) == 1


@pytest.mark.parametrize("criterion", [None, Holder(), lambda preds, batch: (0, 0)])
def test_a_model_without_any_box_loss_is_refused(criterion):
    with pytest.raises(LossNotAppliedError, match="has lost its criterion|has no box loss"):
        check_swapped_losses(holding(criterion), build_loss("eiou"))


def test_a_search_changes_nothing():
    criterion = OfTheClass()
    find_losses(criterion)
    assert not vars(criterion)


class Assigner(nn.Module):
    """Returns a mask of positives in the place where stock's assigner does."""

    def forward(self, mask):
        return None, None, None, mask, None


def test_a_swapped_loss_counts_the_batches_that_have_positives_for_it_and_a_copy_counts_its_own():
    model = holding(Holder(assigner=Assigner(), bbox_loss=BboxLoss(16)))
    swap_losses(model, build_loss("eiou"))
    swap_losses(model, build_loss("iou"))  # again, as on resume
    for mask in ([False, False], [True, False], [True, True]):
        model.criterion.assigner(torch.tensor(mask))
    loss = model.criterion.bbox_loss
    assert (loss.assignments, int(loss.owed), loss.calls) == (3, 2, 0)
    copied = deepcopy(model).criterion
    copied.assigner(torch.tensor([True]))
    assert (copied.bbox_loss.assignments, loss.assignments) == (4, 3)


@pytest.mark.parametrize("yaml", ["yolov8n.yaml", "yolo26n.yaml"])
def test_a_copy_of_a_criterion_reads_the_arguments_that_the_criterion_reads(yaml):
    model = model_of(DetectionModel, yaml)
    criterion = model.init_criterion()
    copied = deepcopy(criterion)
    share_arguments(criterion, copied)
    model.args.box = 1.25
    parts = [copied.one2one, copied.one2many] if hasattr(copied, "one2one") else [copied]
    assert [part.hyp.box for part in parts] == [1.25] * len(parts)
