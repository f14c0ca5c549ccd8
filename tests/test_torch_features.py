"""What of torch works with every loss: torch.compile, vmap, double backward, half precision."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.reference import tensor
from tests.specs import COMBINED, IMAGE, MODIFIED, SUMS, VARIANTS, InImage
from yolo_feiou import ops
from yolo_feiou.losses.boxes import upcast
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import LOSSES

#: The losses, their variants, a modified one of each kind, and sums.
SPECS = [*LOSSES, *VARIANTS, *(spec for spec in MODIFIED if spec.startswith("ciou:")), *COMBINED, *SUMS]
SPECS += ["probiou:focal=0.5", "kld:direction=target_pred,tau=0,function=sqrt", "kfiou:function=log+bd:tau=2"]
#: Pairs that overlap, touch nothing and lie apart; every number is exact in bfloat16, which has 8 bits.
PRED = [(0, 0, 8, 6), (2, 1, 9, 7), (1, 1, 5, 9), (20, 20, 26, 25), (3, 3, 4, 4)]
TARGET = [(1, 1, 7, 9), (2, 2, 8, 5), (0, 3, 6, 8), (2, 3, 8, 10), (0, 0, 8, 9)]
#: Of rotated boxes these are the centre and the sides, and those the angles.
ANGLES = [(0.5, 0.25), (-1, 1.5), (0, 0.75), (2, 1.875), (0.25, 3)]


def pairs(spec: str, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Return pairs of the boxes that a loss is of."""
    pred, target = tensor(*PRED).to(dtype), tensor(*TARGET).to(dtype)
    if build_loss(spec).family == "aligned":
        return pred, target
    angles = torch.tensor(ANGLES, dtype=dtype).T[..., None]
    sides = torch.tensor([1, 1, 0.5, 0.5], dtype=dtype)
    return torch.cat((pred * sides, angles[0]), 1), torch.cat(((target + 1) * sides, angles[1]), 1)


def slope(loss, pred: Tensor, target: Tensor) -> Tensor:
    pred = pred.clone().requires_grad_()
    return torch.autograd.grad(loss(pred, target).sum(), pred)[0]


@pytest.mark.parametrize("spec", SPECS)
def test_vmap_gives_what_a_loop_gives(spec: str) -> None:
    """Over batches of pairs: values, and gradients with respect to each batch, also of boxes in half precision."""
    loss = InImage(spec)
    for dtype in (torch.float64, torch.float16):
        pred, target = (torch.stack((box, box + 1, box.flip(0))) for box in pairs(spec, dtype))
        gradient = torch.func.grad(lambda p, t: loss(p, t).sum())
        torch.testing.assert_close(torch.vmap(loss)(pred, target), torch.stack([*map(loss, pred, target)]))
        mapped = torch.vmap(gradient)(pred, target)
        assert mapped.dtype == dtype
        torch.testing.assert_close(mapped, torch.stack([slope(loss, *pair) for pair in zip(pred, target, strict=True)]))


@pytest.mark.parametrize("spec", SPECS)
def test_second_derivatives_are_right(spec: str) -> None:
    """Those of autograd are finite differences of the gradient, away from kinks; what is detached is so in both."""
    loss, (pred, target) = InImage(spec), pairs(spec)
    pred = pred + torch.linspace(0.01, 0.23, pred.numel(), dtype=torch.float64).reshape(pred.shape)
    direction = torch.linspace(-1, 1, pred.numel(), dtype=torch.float64).reshape(pred.shape).sin()
    moved = pred.clone().requires_grad_()
    (grad,) = torch.autograd.grad(loss(moved, target).sum(), moved, create_graph=True)
    if not grad.requires_grad:  # a constant slope
        second = torch.zeros_like(pred)
    else:
        (second,) = torch.autograd.grad((grad * direction).sum(), moved)
    assert second.isfinite().all()
    if detached(spec):
        return
    step = 1e-5
    expected = (slope(loss, pred + step * direction, target) - slope(loss, pred - step * direction, target)) / (
        2 * step
    )
    torch.testing.assert_close((second * direction).sum(), (expected * direction).sum(), rtol=1e-5, atol=1e-7)


def detached(spec: str) -> bool:
    """Return whether a loss holds something constant, so that its gradient isn't that of its value."""
    held = ("ciou", "uiou", "wiou", "piou2", "dinterpiou", "focal_eiou", "focal_eiou_star")
    words = ("focal=", "wise=")
    names = {term.partition(":")[0] for term in spec.split("+")}
    return bool(names & {*held}) or any(word in spec for word in words)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("spec", SPECS)
def test_half_precision_is_that_of_its_boxes(spec: str, dtype: torch.dtype) -> None:
    """The loss is computed in float32, so it is float32's to the bit; the gradient is rounded to the boxes' dtype."""
    loss, (pred, target) = InImage(spec), pairs(spec, dtype)
    assert torch.equal(loss(pred, target), loss(pred.float(), target.float()))
    grad = slope(loss, pred, target)
    assert grad.dtype == dtype
    torch.testing.assert_close(grad, slope(loss, pred.float(), target.float()).to(dtype))


def test_the_upcast_of_half_precision_can_be_mapped_and_derived_twice() -> None:
    """Under vmap its gradient is clamped to float16's range, 65,504; its second derivative is that of what follows."""
    boxes = torch.tensor([[1.0, 2], [3, 4]], dtype=torch.float16)

    def cube(box: Tensor) -> Tensor:
        return (upcast(box, torch.float32) ** 3).sum()

    gradient = torch.func.grad(cube)
    assert torch.vmap(gradient)(boxes).tolist() == [[3, 12], [27, 48]]
    assert torch.vmap(torch.func.grad(lambda box: 1e6 * cube(box)))(boxes).tolist() == [[65504, 65504]] * 2
    assert torch.vmap(torch.func.grad(lambda box: gradient(box).float().sum()))(boxes).tolist() == [[6, 12], [18, 24]]


@pytest.mark.slow
@pytest.mark.parametrize("spec", [*LOSSES, *COMBINED, *SUMS, "probiou:focal=0.5"])
def test_every_loss_is_one_graph_for_all_numbers_of_pairs(spec: str) -> None:
    """With fullgraph and dynamic, from 2 pairs on; traced with its gradient, not compiled to machine code.

    As many pairs as a box has coordinates would be taken for one number, and a graph of its own.
    """
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    loss = InImage(spec)
    compiled = torch.compile(loss, fullgraph=True, dynamic=True, backend="aot_eager")
    for count in (5 if build_loss(spec).family == "aligned" else 4, 3, 2):
        pred, target = (box[:count].clone() for box in pairs(spec, torch.float32))
        torch.testing.assert_close(slope(compiled, pred, target), slope(loss, pred, target))
        assert (counters["stats"]["unique_graphs"], len(counters["graph_break"])) == (1, 0)


@pytest.mark.slow
def test_compiled_losses_give_what_eager_gives() -> None:
    """By the default backend, several in one function, values and gradients to 1e-5; others in test_every_loss.py.

    benchmarks/box_loss.py compiles all.
    """
    losses = [InImage(spec) for spec in ("siou", "wiou", "mpdiou", "dinterpiou", "gcd", "extended_iou")]

    def evaluate(pred: Tensor, target: Tensor) -> Tensor:
        return sum(loss(pred, target) for loss in losses)

    torch._dynamo.reset()
    compiled = torch.compile(evaluate, fullgraph=True, dynamic=True)
    for count in (5, 3):
        pred, target = (box[:count].clone() for box in pairs("siou", torch.float32))
        moved = pred.requires_grad_()
        values, expected = compiled(moved, target), evaluate(moved, target)
        torch.testing.assert_close(values, expected, rtol=1e-5, atol=1e-5)
        grads = (torch.autograd.grad(value.sum(), moved)[0] for value in (values, expected))
        torch.testing.assert_close(*grads, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_functions_compile_whole(name: str) -> None:
    """`yolo_feiou.ops`, by itself and inside another function, with parameters written there."""
    units = {"image": IMAGE} if name == "mpdiou" else {}
    function, (pred, target) = getattr(ops, f"{name}_loss"), pairs(name, torch.float32)
    torch._dynamo.reset()
    compiled = torch.compile(function, fullgraph=True, dynamic=True, backend="aot_eager")
    torch.testing.assert_close(compiled(pred, target, "mean", **units), function(pred, target, "mean", **units))


@pytest.mark.slow
def test_functions_compile_with_parameters() -> None:
    def evaluate(pred: Tensor, target: Tensor) -> Tensor:
        ours = ops.ciou_loss(pred, target, "mean", inner=0.75, focal=0.5, detach=False, wise=False)
        return ours + ops.wiou_loss(pred, target, "sum", version=2, gamma=1.0, mean=0.4)

    pred, target = pairs("ciou", torch.float32)
    torch._dynamo.reset()
    compiled = torch.compile(evaluate, fullgraph=True, dynamic=True, backend="aot_eager")
    torch.testing.assert_close(compiled(pred, target), evaluate(pred, target))
    torch.testing.assert_close(slope(compiled, pred, target), slope(evaluate, pred, target))
