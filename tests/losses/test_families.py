"""Losses of axis-aligned boxes and of rotated ones: which fits, and what is told of one that doesn't."""

from __future__ import annotations

import pytest

from yolo_feiou import LOSSES
from yolo_feiou.errors import LossSpecError
from yolo_feiou.losses.build import build_aligned, build_loss, load_loss, loss_to_train, read_spec
from yolo_feiou.losses.families import (
    FAMILY_LOSSES,
    TASK_FAMILIES,
    check_family,
    describe_other_family,
    describe_unknown_loss,
    find_family,
    suggest_family,
)


def test_the_families_are_the_table():
    """In its order, the rotated ones last; each builds as what it is."""
    assert [name for infos in FAMILY_LOSSES.values() for name in infos] == [*LOSSES]
    assert all(build_loss(name).family == family for family, infos in FAMILY_LOSSES.items() for name in infos)
    assert [*FAMILY_LOSSES["rotated"]] == ["probiou", "kld", "gwd", "bd", "kfiou"]
    assert [task for task, family in TASK_FAMILIES.items() if family == "rotated"] == ["obb"]


def test_a_loss_of_other_boxes_is_told_with_those_that_fit():
    kld, both = build_loss("kld:tau=2"), build_loss("ciou:weight=0.5+smooth_l1:beta=0.5")
    assert describe_other_family(kld, "aligned").startswith(
        "loss 'kld' is of rotated boxes, and this model has axis-aligned boxes: choose one of iou, giou, diou, ciou, "
    )
    assert describe_other_family(both, "rotated", "task=obb has") == (
        "loss 'ciou+smooth_l1' is of axis-aligned boxes, and task=obb has rotated boxes: choose one of probiou, kld, "
        "gwd, bd, kfiou."
    )
    check_family(kld, "rotated")
    check_family(both, "aligned")
    with pytest.raises(LossSpecError, match="^loss 'kld' is of rotated boxes, and this model has axis-aligned boxes"):
        check_family(kld, "aligned")


def test_a_training_takes_the_losses_of_its_boxes():
    """Axis-aligned ones unless it says otherwise; a function of one's own is of those that there are."""
    assert loss_to_train("kld", "rotated").family == "rotated" and loss_to_train("stock", "rotated") is None
    assert loss_to_train(lambda pair: 1 - pair.iou).family == "aligned"
    assert loss_to_train(lambda pair: pair.rho2, None).family == "aligned"
    assert loss_to_train(lambda pair: pair.rho2, "rotated").family == "rotated"
    with pytest.raises(LossSpecError, match="'kld' is of rotated boxes, and this model has axis-aligned boxes"):
        loss_to_train("kld")
    with pytest.raises(LossSpecError, match="'eiou' is of axis-aligned boxes, and this model has rotated boxes"):
        loss_to_train("eiou", "rotated")


def test_a_check_takes_both_or_those_of_its_task():
    assert load_loss("probiou:focal=1").family == load_loss("probiou", "obb").family == "rotated"
    assert load_loss("eiou").family == load_loss("eiou", "pose").family == "aligned"
    with pytest.raises(LossSpecError, match="'probiou' is of rotated boxes, and task=segment has axis-aligned boxes: "):
        load_loss("probiou:focal=1", "segment")


def test_the_papers_simulations_take_axis_aligned_ones():
    assert build_aligned("eiou").family == "aligned"
    with pytest.raises(LossSpecError, match="'kld' is of rotated boxes, and the paper's simulations have axis-aligned"):
        build_aligned("kld:tau=2")


def test_the_family_of_a_sum():
    infos = [term.info for term in read_spec("kld+bd")]
    assert find_family(infos, "kld+bd") == "rotated"
    own = read_spec(lambda pair: pair.rho2)[0].info
    assert find_family([own, *infos], "x") == "rotated" and find_family([own], "x") is None, "it fits any"
    with pytest.raises(
        LossSpecError, match=r"^loss 'x' adds losses of rotated boxes, kld, bd, and of axis-aligned ones, l1: "
    ):
        find_family([*infos, LOSSES["l1"]], "x")


@pytest.mark.parametrize(
    ("model", "task", "expected"),
    [
        ("yolo11n-obb.pt", "", "rotated"),
        ("a/YOLOv8n-OBB.yaml", "", "rotated"),
        ("yolov8n.yaml", "", "aligned"),
        ("rtdetr-l.pt", "", "aligned"),
        ("best.pt", "", None),
        ("", "", None),
        ("best.pt", "obb", "rotated"),
        ("yolo11n-obb.pt", "detect", "aligned"),
    ],
)
def test_the_boxes_of_a_model_are_guessed_by_task_or_name(model, task, expected):
    assert suggest_family(model, task) == expected


@pytest.mark.parametrize(
    ("name", "family", "message"),
    [
        ("kdl", None, "unknown loss 'kdl': did you mean 'kld'? 'yolo losses' lists all."),
        ("kdl", "rotated", "unknown loss 'kdl': did you mean 'kld'? 'yolo losses task=obb' lists all."),
        ("kdl", "aligned", "unknown loss 'kdl'. 'yolo losses' lists all."),
        ("probeiou", "aligned", "unknown loss 'probeiou': did you mean 'piou'? 'yolo losses' lists all."),
        ("giou_rotated", None, "unknown loss 'giou_rotated'. 'yolo losses task=obb' lists all."),
        ("eoiu", "rotated", "unknown loss 'eoiu'. 'yolo losses task=obb' lists all."),
    ],
)
def test_a_misspelled_name_is_put_right_by_losses_of_the_models_boxes(name, family, message):
    assert describe_unknown_loss(name, family) == message


def test_a_training_puts_names_right_by_its_models_boxes():
    for given in ({"family": "rotated"}, {"family": None, "near": "rotated"}):
        with pytest.raises(LossSpecError, match="did you mean 'kld'.*task=obb"):
            loss_to_train("kdl", **given)


@pytest.mark.parametrize(
    ("spec", "ends"),
    [
        ("kld:inner=0.7", "averaged. No loss of rotated boxes does."),
        ("focal_eiou_star:focal=1", "dinterpiou, uiou, nwd, gcd, extended_iou."),
        ("wiou:wise=true", "it has the weight of wise= already, "),
    ],
)
def test_a_refused_modifier_is_for_losses_of_the_same_boxes(spec, ends):
    with pytest.raises(LossSpecError, match="doesn't take") as error:
        build_loss(spec)
    assert ends in str(error.value) and "kld, " not in str(error.value)
