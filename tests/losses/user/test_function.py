"""A user's function: its parameters, and what it may take and return."""

import sys

import pytest
import torch

from tests.losses.user.own import OWN, PRED, TARGET
from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.losses.build import build_loss, load_loss, loss_to_train, shorten_spec
from yolo_feiou.losses.rotated_boxes import RotatedPair


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        # |4 − 2| + |4 − 2| = 4 for the second pair, whose IoU is 4/16
        ("own.py:f", [0, 2 * 8]),
        ("own.py:f:power=1", [0, 8]),
        ("own.py:f:k=0.5,power=1,mode=mean", [0, 0.5]),
        ("own.py:f:half=true,power=2", [0, 16]),
        ("own.py:f:k=1..3,power=1", [0, 4]),
        ("own.py:of_pair", [0, 0.75]),
        ("own.py:of_pair:scale=2,focal=0.5", [0, 0.5 * 2 * 0.75]),
        ("own.py:annotated:other=4", [4, 1]),
        ("own.py:module:shift=1", [1, 5]),
        ("own.py:keyed:much=3", [0, 6]),
        ("iou:weight=2+own.py:of_pair:weight=0.5", [0, 2.5 * 0.75]),
        ("own.py:of_pair+own.py:annotated", [3, 1.5]),
    ],
)
def test_a_spec_names_a_function_with_its_parameters(own, spec, values):
    assert build_loss(spec)(PRED, TARGET).tolist() == values


def test_scheduled_numbers_change_over_a_training(own):
    loss = build_loss("own.py:f:k=1..3,power=1")
    loss.set_progress(0.5)
    assert loss(PRED, TARGET).tolist() == [0, 8]


def test_the_canonical_spec_leaves_out_defaults(own):
    assert shorten_spec("own.py:f:k=2,mode=mean,power=1.5,half=false") == "own.py:f:mode=mean"
    assert str(build_loss("own.py:of_pair:focal=1")) == "<BoxLoss own.py:of_pair (scale=1, focal=1)>"


def test_what_a_pair_does_not_have_is_told():
    """A loss of one argument that takes the pair for boxes, and one that wants the boxes of a scaled pair."""

    def sums(boxes):
        return boxes.sum(1)

    def scales(pair):
        return pair.scaled(0.5).pred.sum(1)

    def errs(pair):
        return torch.nothing(pair.iou)

    with pytest.raises(AttributeError, match="a Pair has no 'sum': .* one of two gets boxes of shape"):
        build_loss(sums)(PRED, TARGET)
    with pytest.raises(AttributeError, match="a scaled or interpolated Pair has no 'pred'"):
        build_loss(scales)(PRED, TARGET)
    with pytest.raises(AttributeError, match="module 'torch' has no attribute 'nothing'"):
        build_loss(errs)(PRED, TARGET)


def test_one_of_a_package(own, monkeypatch):
    """Whatever has no '.py:' and isn't in the table."""
    (own / "my_package").mkdir()
    (own / "my_package" / "of.py").write_text(OWN)
    assert build_loss("my_package.of:f:power=1")(PRED, TARGET).tolist() == [0, 8]
    with pytest.raises(ArgumentError, match=r"there is no module my_package.off in "):
        build_loss("my_package.off:f")
    with pytest.raises(LossSpecError, match="a function of your own is 'file.py:f' or 'package.module:f'"):
        build_loss("my_package.of")
    for name in [name for name in sys.modules if name.startswith("my_package")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        (
            "own.py:f:kk=2",
            LossSpecError,
            r"has no parameter 'kk': did you mean 'k'\? It has k, power, mode, half, focal",
        ),
        ("own.py:f:k=two", LossSpecError, "k=two is not a number"),
        ("own.py:f:half=1", LossSpecError, "half=1 is not true or false"),
        ("own.py:keyed:wide=1", LossSpecError, "has no parameter 'wide'"),
        ("own.py:f:inner=0.75", LossSpecError, "doesn't take inner=: it is a loss of your own"),
        ("own.py:f:wise=true", LossSpecError, "doesn't take wise=: it is a loss of your own"),
        (
            "own.py:bare",
            ArgumentError,
            r"takes eps without a default: expected a function \(pred, target\) or \(pair\)",
        ),
        ("own.py:weighed", ArgumentError, "has a parameter 'weight', which every loss has as a modifier"),
        ("own.py:trained", ArgumentError, "is a module with parameters, which no optimizer would train"),
        ("own:f", LossSpecError, "a function in a file is 'own.py:f', and one in a package 'package.own:f'"),
        ("own.py:nothing", ArgumentError, "takes 0 arguments: expected a function"),
        ("own.py:Module", ArgumentError, "is a class: name a function"),
        ("own.py:f+own.py:f:k=2", LossSpecError, "has the term 'own.py:f' twice"),
    ],
)
def test_what_does_not_fit_is_named(own, spec, error, message):
    with pytest.raises(error, match=message):
        build_loss(spec)


def test_another_shape_is_an_error_where_it_would_broadcast(own):
    message = r"own.py:column returned shape \(2, 1\) for 2 pairs: expected shape \(2,\), one value a pair"
    with pytest.raises(ArgumentError, match=message):
        build_loss("own.py:column").mean(PRED, TARGET, torch.ones(2))


def test_for_a_check_the_function_is_as_it_is(own):
    assert load_loss("own.py:column")(PRED, TARGET).shape == (2, 1)
    assert load_loss("own.py:f:power=1")(PRED, TARGET).tolist() == [0, 8]
    assert load_loss("own.py:of_pair")(PRED.half(), TARGET.half()).tolist() == [0, 0.75]
    assert repr(load_loss("own.py:f:focal=1+l1")) == repr(build_loss("own.py:f:focal=1+l1"))


def test_a_pair_has_the_image_and_pixels(own):
    (own / "sized.py").write_text("def f(pair):\n    return pair.rho2 / pair.diagonal2 * pair.pixels\n")
    loss = build_loss("sized.py:f")
    assert loss.needs_units and not build_loss("own.py:f").needs_units
    # ρ² = 2; the image's diagonal is 5 px long, in units of 5 px: 2/1·5
    assert loss(PRED, TARGET, image=(3, 4), pixels=5.0).tolist() == [0, 10]


def test_a_function_itself(own):
    def mine(pred, target, k=3):
        return k * (pred - target)[:, 2]

    assert build_loss(mine)(PRED, TARGET).tolist() == [0, 6]
    assert build_loss(lambda pair: pair.iou)(PRED, TARGET).tolist() == [1, 0.25]
    assert str(build_loss(mine)) == "<BoxLoss mine (k=3)>"


#: The second one is 3 and 4 off its target along x and y, so that ρ² = 25; the target is turned by 0.5.
ROTATED_PRED = torch.tensor([[5.0, 5, 4, 2, 0.5], [8, 9, 4, 2, 0.5]])
ROTATED_TARGET = torch.tensor([[5.0, 5, 4, 2, 0.5], [5, 5, 4, 2, 0.5]])
ROTATED = """
def of_boxes(pred, target, k=2):
    assert pred.shape[1] == 5
    return k * (pred - target)[:, :2].pow(2).sum(1)


def of_pair(pair, scale=1.0):
    return scale * pair.rho2 * pair.pixels


def annotated(both: "RotatedPair", other=3):
    return both.rho2 * other


def wants_iou(pair):
    return 1 - pair.iou


def column(pred, target):
    return (pred - target).abs().sum(1, keepdim=True)
"""


@pytest.fixture
def rotated(own):
    (own / "turned.py").write_text(ROTATED)
    return own


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        ("turned.py:of_boxes", [0, 50]),
        ("turned.py:of_boxes:k=1..3", [0, 25]),
        ("turned.py:of_pair:scale=0.5", [0, 4 * 25]),
        ("turned.py:annotated", [0, 75]),
        ("turned.py:of_boxes+turned.py:of_pair:weight=0.5", [0, 50 + 100]),
    ],
)
def test_a_function_gets_the_rotated_boxes_of_a_model_that_has_them(rotated, spec, values):
    loss = loss_to_train(spec, "rotated")
    assert loss.family == "rotated"
    assert loss(ROTATED_PRED, ROTATED_TARGET, pixels=8.0).tolist() == values


def test_a_sum_with_a_loss_of_the_table_is_of_its_boxes(rotated):
    """Whatever the model has, which is told then as of any loss."""
    both = build_loss("kld:weight=2+turned.py:of_boxes:k=1")
    kld = build_loss("kld")(ROTATED_PRED, ROTATED_TARGET)
    torch.testing.assert_close(both(ROTATED_PRED, ROTATED_TARGET), 2 * kld + torch.tensor([0.0, 25]))
    with pytest.raises(LossSpecError, match=r"'kld\+turned.py:of_boxes' is of rotated boxes, and this model has axis-"):
        loss_to_train("kld+turned.py:of_boxes", "aligned")
    with pytest.raises(LossSpecError, match="'eiou.turned.py:of_boxes' is of axis-aligned boxes, and this model has"):
        loss_to_train("eiou+turned.py:of_boxes", "rotated")


def test_the_focal_weight_of_a_function_of_rotated_boxes_is_a_power_of_probiou(rotated):
    """Eq. 11 with the ProbIoU that Ultralytics has, of floor 0.01."""
    overlap = 1 - build_loss("probiou")(ROTATED_PRED, ROTATED_TARGET)
    for loss in (
        loss_to_train("turned.py:of_boxes:focal=0.5", "rotated"),
        build_loss("kld:weight=0+turned.py:of_boxes:focal=0.5"),
    ):
        torch.testing.assert_close(loss(ROTATED_PRED, ROTATED_TARGET), overlap.sqrt() * torch.tensor([0.0, 50]))
        expected = overlap[1].sqrt() * 50 / overlap.sqrt().sum()
        torch.testing.assert_close(loss.mean(ROTATED_PRED, ROTATED_TARGET), expected)


def test_what_is_wrong_with_rotated_boxes_is_told(rotated):
    with pytest.raises(AttributeError, match="a RotatedPair has no 'iou': it has pred, target, rho2, .* shape .N, 5"):
        loss_to_train("turned.py:wants_iou", "rotated")(ROTATED_PRED, ROTATED_TARGET)
    with pytest.raises(ArgumentError, match=r"returned shape \(2, 1\) .* 'yolo check turned.py:column task=obb' tells"):
        loss_to_train("turned.py:column", "rotated")(ROTATED_PRED, ROTATED_TARGET)


def test_for_a_check_of_a_task_it_has_that_tasks_boxes(rotated):
    """With a modifier it is what trains."""
    assert load_loss("turned.py:of_boxes", "obb")(ROTATED_PRED, ROTATED_TARGET).tolist() == [0, 50]
    assert load_loss("turned.py:of_pair", "obb").keywords == {"pair": RotatedPair}
    assert load_loss("turned.py:of_boxes:weight=2", "obb")(ROTATED_PRED, ROTATED_TARGET).tolist() == [0, 100]
