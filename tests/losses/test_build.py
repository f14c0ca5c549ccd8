"""The table of losses: complete, consistent, and helpful about what it doesn't have."""

from __future__ import annotations

import inspect
import math
import re

import pytest
import torch
from torch import Tensor

from tests import field_reference, reference, rotated_reference
from tests.reference import tensor
from yolo_feiou.errors import LossSpecError
from yolo_feiou.losses import focal, gaussian, iou, l1, points, rotated
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import LOSSES, LossInfo
from yolo_feiou.parameters import AutoFloat, Choice, Flag, Float, Parameter, Schedule, Value, format_value

PARAMETERS = [(info, parameter) for info in LOSSES.values() for parameter in info.parameters]
IDS = [f"{info.name}-{parameter.name}" for info, parameter in PARAMETERS]
PAIRS = (
    tensor((0, 0, 4, 2), (0, 0, 10, 10), (1, 2, 9, 11), (0, 0, 1, 1), (2, 2, 5, 7)),
    tensor((1, 1, 3, 4), (0, 0, 10, 10), (0, 0, 10, 9), (5, 5, 7, 6), (2, 1, 6, 6)),
)
ROTATED_PAIRS = (
    tensor((0, 0, 4, 2, 1), (0, 0, 9, 10, 0), (1, 2, 9, 5, 0.5), (0, 0, 1, 2, -1), (2, 2, 5, 7, 2)),
    tensor((1, 1, 3, 4, 0), (0, 0, 9, 10, 0), (0, 2, 8, 6, 0.2), (5, 5, 2, 1, 0.3), (2, 1, 6, 6, 0.4)),
)


def pairs_of(info: LossInfo) -> tuple[Tensor, Tensor]:
    """Return five pairs of the boxes that a loss is of."""
    return PAIRS if info.family == "aligned" else ROTATED_PAIRS


#: The ends of ranges that hang on another parameter.
ENDS = {
    "dinterpiou-low": ["low=0,high=0.999", "low=0.998,high=0.999"],
    "dinterpiou-high": ["low=0,high=0.001", "low=0,high=0.999"],
    "wiou-gamma": ["version=2,gamma=0", "version=2,gamma=10"],
}
IMAGE = {"image": (20, 30)}


def settings_of(info: LossInfo, parameter: Parameter) -> list[str]:
    """Return specs with the ends of a parameter's range, or all its values."""
    if isinstance(parameter, Float | AutoFloat):
        texts = [repr(parameter.low), repr(parameter.high)]
    else:
        texts = list(parameter.choices) if isinstance(parameter, Choice) else ["true", "false"]
    ends = ENDS.get(f"{info.name}-{parameter.name}", [f"{parameter.name}={text}" for text in texts])
    return [f"{info.name}:{end}" for end in ends]


def test_the_table_has_the_losses_of_the_reference_under_their_names() -> None:
    """The losses there are; a name is its own key."""
    aligned = {*reference.LOSS, *field_reference.LOSS, *field_reference.PENALTIES}
    assert set(LOSSES) == {*aligned, *rotated_reference.LOSS}
    assert all(info.name == name for name, info in LOSSES.items())


@pytest.mark.parametrize("info", LOSSES.values(), ids=LOSSES)
def test_every_row_is_filled_in(info: LossInfo) -> None:
    """One line of meaning, a paper with its year and arXiv number, and where in it; no line says what another does."""
    assert info.meaning
    assert "\n" not in info.meaning
    assert re.search(r"\b(19|20)\d\d, (arXiv:\d{4}\.\d{4,5}|doi:10\.\d{4}/\S+)$", info.paper)
    assert re.search(r"(Eq\.|Alg\.|Sec\.|App\.) \w|\(paper unread", info.equation)
    assert all(parameter.name in {"norm", "detach", *info.meanings} for parameter in info.parameters)
    assert [other.meaning for other in LOSSES.values()].count(info.meaning) == 1


def test_every_function_of_the_package_is_in_the_table() -> None:
    """Each loss in losses/ is a row under its own name."""
    functions = {
        name
        for module in (iou, l1, focal, points, gaussian, rotated)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
    }
    helpers = {"encode", "extended_log", "focal_l1_curve", "iou_power", "focal_log", "overlap_loss", "safe_sqrt"}
    helpers.add("probiou_power")
    assert {name for name in functions if not name.startswith("_")} - LOSSES.keys() == helpers


@pytest.mark.parametrize(("info", "parameter"), PARAMETERS, ids=IDS)
def test_defaults_are_in_their_range(info: LossInfo, parameter: Parameter) -> None:
    """And of their type, so that the spec an error proposes is one that builds."""
    if not isinstance(parameter.default, Schedule):
        assert parameter.read(format_value(parameter.default)) == parameter.default
    version = "version=2," if (info.name, parameter.name) == ("wiou", "gamma") else ""
    assert isinstance(build_loss(f"{info.name}:{version}{parameter.name}={format_value(parameter.default)}"), BoxLoss)


@pytest.mark.parametrize(
    ("spec", "default"),
    [
        ("focal_eiou", "focal_eiou:gamma=0.5,norm=paper,detach=true"),  # the paper, sections 5.2 and 5.4.3
        ("focal_eiou_star", "focal_eiou_star:gamma=0.5,norm=paper"),
        ("focal_eiou_v1", "focal_eiou_v1:beta=0.8"),  # the paper, section 5.4.2
        ("focal_l1", "focal_l1:beta=0.8"),
        ("smooth_l1", "smooth_l1:beta=1"),  # Fast R-CNN, Eq. 3
        ("balanced_l1", "balanced_l1:alpha=0.5,gamma=1.5"),  # Libra R-CNN, section 3.3
    ],
)
def test_defaults_are_the_papers(spec: str, default: str) -> None:
    """The bare name and the papers' values are one and the same loss."""
    assert repr(build_loss(spec)) == repr(build_loss(default))
    assert torch.equal(build_loss(spec)(*PAIRS), build_loss(default)(*PAIRS))
    assert build_loss(spec).mean(*PAIRS) == build_loss(default).mean(*PAIRS)


@pytest.mark.parametrize(("info", "parameter"), PARAMETERS, ids=IDS)
def test_the_ends_of_every_range_build_and_are_finite(info: LossInfo, parameter: Parameter) -> None:
    """Values, mean and gradients, of pairs with IoU from 0 to 1."""
    for spec in settings_of(info, parameter):
        loss = build_loss(spec).eval()
        for dtype in (torch.float32, torch.float64):
            pred, target = (boxes.to(dtype) for boxes in pairs_of(info))
            pred.requires_grad_()
            for value in (loss(pred, target, **IMAGE).sum(), loss.mean(pred, target, **IMAGE)):
                assert value.isfinite()
                assert torch.autograd.grad(value, pred, retain_graph=True)[0].isfinite().all()


@pytest.mark.parametrize(("info", "parameter"), PARAMETERS, ids=IDS)
def test_every_parameter_has_an_effect(info: LossInfo, parameter: Parameter) -> None:
    """The ends of its range differ in the value or the gradient of the mean: no parameter is lost on its way."""
    outcomes = []
    for spec in settings_of(info, parameter):
        pred, target = (boxes.clone() for boxes in pairs_of(info))
        pred.requires_grad_()
        loss = build_loss(spec).train(parameter.name == "momentum")
        mean = loss.mean(pred, target, torch.linspace(0.1, 0.9, 5), **IMAGE)
        outcomes.append(torch.cat((mean.detach()[None], torch.autograd.grad(mean, pred)[0].flatten())))
    for i, outcome in enumerate(outcomes):
        assert all(not torch.allclose(outcome, other) for other in outcomes[:i])


@pytest.mark.parametrize(("info", "parameter"), [row for row in PARAMETERS if isinstance(row[1], Float | AutoFloat)])
def test_beyond_the_ends_raises(info: LossInfo, parameter: Float | AutoFloat) -> None:
    """Just below and just above, and what is no number; the message names the loss, the value and the range."""
    for text in (repr(parameter.low - 1e-3), repr(parameter.high + 1e-3), "nan", "much"):
        message = f"loss '{info.name}': {parameter.name}={text} is not a number from "
        with pytest.raises(LossSpecError, match=f"^{re.escape(message)}"):
            build_loss(f"{info.name}:{parameter.name}={text}")


@pytest.mark.parametrize(("name", "parameters"), reference.CASES, ids=reference.SPECS)
def test_a_spec_builds_the_loss_it_names(name: str, parameters: dict[str, float]) -> None:
    """By value, against the independent definitions: no row holds another's function."""
    expected = [
        reference.value(name, *pair, **parameters) for pair in zip(*(box.tolist() for box in PAIRS), strict=True)
    ]
    assert build_loss(reference.spec(name, parameters))(*PAIRS).tolist() == pytest.approx(
        expected, rel=1e-12, abs=1e-12
    )


def test_a_weight_multiplies_a_single_loss() -> None:
    torch.testing.assert_close(build_loss("smooth_l1:weight=1.8")(*PAIRS), 1.8 * build_loss("smooth_l1")(*PAIRS))


@pytest.mark.parametrize(
    ("spec", "parameters", "expected"),
    [
        ("focal_eiou", {"gamma": 1}, "focal_eiou:gamma=1"),
        ("focal_eiou:norm=tal", {"gamma": 1e-5, "detach": False}, "focal_eiou:norm=tal,gamma=1e-05,detach=false"),
        ("wiou", {"version": 2, "momentum": "auto", "gamma": None}, "wiou:version=2"),
        ("smooth_l1", {"weight": 1e5}, "smooth_l1:weight=100000"),
        ("uiou", {"ratio": Schedule(2, 1)}, "uiou:ratio=2..1"),
        ("ciou+l1", {"gamma": None}, "ciou+l1"),
    ],
)
def test_parameters_may_be_keywords(spec: str, parameters: dict[str, Value | None], expected: str) -> None:
    """The loss is that of the spec with them; None is as if it weren't given."""
    assert build_loss(spec, **parameters).description == build_loss(expected).description


def test_keywords_that_do_not_fit_are_told() -> None:
    with pytest.raises(LossSpecError, match="gives 'gamma' twice"):
        build_loss("focal_eiou:gamma=1", gamma=2)
    with pytest.raises(LossSpecError, match="is a sum: write gamma=2 into the term"):
        build_loss("focal_eiou+l1", gamma=2)
    with pytest.raises(LossSpecError, match="inner=1e20 is not a number from 0.5 to 1.5. An example is"):
        build_loss("iou", inner=1e20)
    with pytest.raises(LossSpecError, match="no parameter 'gama': did you mean 'gamma'"):
        build_loss("focal_eiou", gama=2)
    for value, message in [
        ([1, 2], r"gamma=\[1, 2\] is no parameter of a loss"),
        ("1+l1", "gamma='1\\+l1' is more than a value"),
        ("1,norm=tal", "is more than a value"),
        (10**400, "gamma=inf is not a number from 0 to 10"),
    ]:
        with pytest.raises(LossSpecError, match=message):
            build_loss("focal_eiou", gamma=value)
    with pytest.raises(LossSpecError, match=r"it goes into the call, as in loss\(pred, target, image="):
        build_loss("mpdiou", image=(640, 640))
    with pytest.raises(LossSpecError, match="which is built already"):
        build_loss(build_loss("eiou"))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        # at half time u = 0.2 and d = 0.3; the ends alone are in order
        ("iou:focaler=0.9..0.2@0.5,focaler_low=0.5..0.1", "focaler_low=0.5..0.1 must be below focaler=0.9..0.2@0.5"),
        ("dinterpiou:low=0..0.9@0.1,high=0.5..0.95", "low=0..0.9@0.1 must be below high=0.5..0.95 throughout"),
        ("ciou:weight=0..0", "is 0 at 0% of a training"),
        ("ciou:weight=0..1", "is 0 at 0% of a training"),
        ("ciou:weight=1..0@0.8+iou:weight=0", "is 0 at 80% of a training"),
        ("ciou:weight=1..0+l1:weight=1..0@0.5", "is 0 at 100% of a training"),
    ],
)
def test_schedules_that_meet_in_between_are_refused(spec: str, message: str) -> None:
    with pytest.raises(LossSpecError, match=message):
        build_loss(spec)


def test_schedules_that_keep_apart_are_allowed() -> None:
    for spec in ("iou:focaler=0.9..0.5@0.5,focaler_low=0.1..0.4", "ciou:weight=0..1+l1:weight=1..0"):
        assert build_loss(spec).description
    assert build_loss("l1", weight=1e20)(*PAIRS).max() > 1e19


def test_descriptions_are_specs_in_other_words() -> None:
    """Name and parameters of a description, put together as a spec, give the loss again."""
    for spec in (*LOSSES, "focal_eiou:gamma=2,detach=false", "focal_l1:beta=0.5"):
        loss = build_loss(spec)
        name, _, rest = loss.description.partition(" (")
        again = build_loss(name + (":" + rest.rstrip(")").replace(" ", "") if rest else ""))
        assert again.description == loss.description
        pairs = PAIRS if loss.family == "aligned" else ROTATED_PAIRS
        assert torch.equal(again(*pairs, **IMAGE), loss(*pairs, **IMAGE))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("focal_eoiu", "unknown loss 'focal_eoiu': did you mean 'focal_eiou'? 'yolo losses' lists all."),
        ("zzz", "unknown loss 'zzz'. 'yolo losses' lists all."),
        ("focal_eoiu:gamma=1", "unknown loss 'focal_eoiu': did you mean 'focal_eiou'? 'yolo losses' lists all."),
        (
            "focal_eiou:gama=1",
            "loss 'focal_eiou' has no parameter 'gama': did you mean 'gamma'? It has gamma, norm, detach, inner, "
            "focaler, focaler_low, weight.",
        ),
        (
            "eiou:gamma=1",
            "loss 'eiou' has no parameter 'gamma'. It has inner, focaler, focaler_low, focal, norm, detach, wise, "
            "weight.",
        ),
        (
            "focal_eiou:gamma=11",
            "loss 'focal_eiou': gamma=11 is not a number from 0 to 10. "
            "The default is 'focal_eiou:gamma=0.5'; 'yolo losses focal_eiou' tells more.",
        ),
        (
            "focal_eiou:norm=sum",
            "loss 'focal_eiou': norm=sum is not one of paper, tal, mean. "
            "The default is 'focal_eiou:norm=paper'; 'yolo losses focal_eiou' tells more.",
        ),
        (
            "focal_eiou:detach=0",
            "loss 'focal_eiou': detach=0 is not true or false. "
            "The default is 'focal_eiou:detach=true'; 'yolo losses focal_eiou' tells more.",
        ),
        (
            "focal_l1:beta=0.3",
            "loss 'focal_l1': beta=0.3 is not a number from 0.3679 to 1. "
            "The default is 'focal_l1:beta=0.8'; 'yolo losses focal_l1' tells more.",
        ),
        ("focal_eiou:gamma=1,gamma=2", "loss 'focal_eiou:gamma=1,gamma=2' gives 'gamma' twice: give it once."),
        (
            "",
            "can't read loss '': expected 'name' or 'name:key=value,key=value', for example 'focal_eiou:gamma=0.5'. "
            "'yolo losses' lists all.",
        ),
        (None, "a loss spec is a string like 'focal_eiou:gamma=0.5', got NoneType None."),
    ],
)
def test_errors_say_what_came_what_is_expected_and_what_to_do(spec: object, message: str) -> None:
    """What came, what is expected and what to do, word for word; a ValueError."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$") as error:
        build_loss(spec)
    assert isinstance(error.value, LossSpecError)


def test_the_lowest_beta_is_1_over_e() -> None:
    """Eq. 8 allows β in [1/e, 1], both ends, and nothing below."""
    beta = next(parameter for parameter in LOSSES["focal_l1"].parameters if parameter.name == "beta")
    assert (beta.low, beta.high) == (1 / math.e, 1)


def test_flags_and_choices_are_typed() -> None:
    """The description of a loss shows its flag as the spec spells it."""
    assert build_loss("focal_eiou:detach=FALSE").description == "focal_eiou (gamma=0.5, norm=paper, detach=false)"
    assert [type(parameter) for parameter in LOSSES["focal_eiou"].parameters] == [Float, Choice, Flag]
