"""The functions that are made from rows of the table: their signatures, docstrings and errors."""

from __future__ import annotations

import inspect

import pytest
import torch

from tests.reference import overlapping
from yolo_feiou.errors import LossSpecError
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.functions import make_function
from yolo_feiou.losses.table import LOSSES, MODIFIERS

FUNCTIONS = {name: make_function(info) for name, info in LOSSES.items()}


@pytest.mark.parametrize("name", LOSSES)
def test_a_function_takes_what_its_loss_takes(name: str) -> None:
    """Its own parameters with the table's defaults, its modifiers with none, and no parameter of a training."""
    info, parameters = LOSSES[name], inspect.signature(FUNCTIONS[name]).parameters
    training = {"norm", "momentum", "weight"}
    own = {p.name: p.default for p in info.parameters if p.name not in training}
    assert [*parameters][:3] == ["boxes1", "boxes2", "reduction"]
    for key, default in own.items():
        assert parameters[key].default == (2 if name == "uiou" else default)  # outside of a training: of 2..0.5, 2
        assert info.meanings[key][1:] in FUNCTIONS[name].__doc__.replace("\n            ", " ")
    modifiers = {key for key in parameters if key in MODIFIERS and key not in own}
    assert modifiers == set(info.modifiers) - training - own.keys()
    assert all(parameters[key].default is None for key in modifiers)
    assert ("image" in parameters, "pixels" in parameters) == (name == "mpdiou", name in ("mpdiou", "nwd", "gwd"))
    assert (", shape (..., 5)." in FUNCTIONS[name].__doc__) == (info.family == "rotated")
    assert info.paper in FUNCTIONS[name].__doc__.replace("\n", " ")


def test_a_wrong_call_is_told() -> None:
    """A parameter that is unknown, out of range or counts for nothing; boxes and reductions that don't fit."""
    pred, target = overlapping()
    ciou, wiou = FUNCTIONS["ciou"], FUNCTIONS["wiou"]
    with pytest.raises(TypeError, match=r"ciou_loss\(\) has no parameter 'iner': did you mean 'inner'\?"):
        ciou(pred, target, iner=0.7)
    with pytest.raises(TypeError, match=r"ciou_loss\(\) has no parameter 'image'"):
        ciou(pred, target, image=(9, 9))
    with pytest.raises(LossSpecError, match=r"inner=0\.4 is not a number from 0\.5 to 1\.5"):
        ciou(pred, target, inner=0.4)
    with pytest.raises(LossSpecError, match=r"gamma= counts for nothing with version=3"):
        wiou(pred, target, gamma=1)
    with pytest.raises(ValueError, match=r"mean= counts for nothing in ciou"):
        ciou(pred, target, mean=0.5)
    with pytest.raises(ValueError, match=r"reduction='avg': expected 'none', 'mean' or 'sum'"):
        ciou(pred, target, "avg")
    with pytest.raises(ValueError, match=r"boxes of shape \(5, 4\) and \(4, 4\)"):
        ciou(pred, target[:4])
    with pytest.raises(ValueError, match=r"boxes of shape \(5, 3\)"):
        ciou(pred[:, :3], target[:, :3])
    with pytest.raises(ValueError, match=r"boxes1 and boxes2 as rotated xywhr boxes of the same shape \(\.\.\., 5\)$"):
        FUNCTIONS["kld"](pred, target)
    with pytest.raises(TypeError, match=r"got list and Tensor: expected boxes1"):
        ciou(pred.tolist(), target)
    with pytest.raises(ValueError, match=r"give image=\(height, width\)"):
        FUNCTIONS["mpdiou"](pred, target)


def test_the_running_mean_is_an_argument() -> None:
    """It stands for the state: WIoU v2 at γ = 0.5 is (mean)^−0.5 of that at 1, and 1 is the default."""
    pred, target = overlapping()
    wiou = FUNCTIONS["wiou"]
    at_one = wiou(pred, target, version=2, mean=1.0)
    assert torch.equal(wiou(pred, target, version="2"), at_one)
    torch.testing.assert_close(wiou(pred, target, version=2, mean=torch.tensor(0.25)), 2 * at_one)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(
            FUNCTIONS["ciou"](pred, target, wise=True, mean=0.25), FUNCTIONS["ciou"](pred, target, wise=True)
        )


def test_parameters_are_those_of_a_spec() -> None:
    pred, target = overlapping()
    expected = build_loss("siou:theta=2,inner=0.75,focal=1")(pred, target)
    assert torch.equal(FUNCTIONS["siou"](pred, target, theta=2, inner=0.75, focal=1), expected)
    assert torch.equal(FUNCTIONS["ciou"](pred, target, wise=False, inner=None), build_loss("ciou")(pred, target))


@pytest.mark.skipif(not hasattr(torch.compiler, "is_compiling"), reason="torch before 2.3 can't tell that it compiles")
def test_compiled_functions_do_not_check() -> None:
    """The grammar can't be traced: an inner of 0.4, which is refused otherwise, is computed."""
    pred, target = overlapping()
    torch._dynamo.reset()
    compiled = torch.compile(FUNCTIONS["iou"], fullgraph=True, backend="eager")
    assert compiled(pred, target, inner=0.4).shape == (5,)
