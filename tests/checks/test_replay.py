"""Finite differences with what is detached held fixed, as autograd has it."""

from __future__ import annotations

import pytest
import torch
from torch.overrides import _get_current_function_mode_stack

from tests.checks import faulty_losses
from tests.reference import slope
from yolo_feiou.checks.pairs import sample_disjoint, sample_matched
from yolo_feiou.checks.replay import Constants, finite_differences

PRED, TARGET = sample_matched(6)


def size(pred):
    """Something that a weight could be: not linear, and of all coordinates."""
    return (pred * torch.tensor((1.0, 2, 3, 4))).sum(1).square()


@torch.no_grad()
def weight_without_graph(pred):
    weight = size(pred).sqrt()
    weight.mul_(2)  # in place, on what left the graph
    return weight + 1


def under_a_block(pred):
    with torch.no_grad():
        held = size(pred)
        with torch.enable_grad():
            kept = size(pred)
    return held * kept


def switched_by_hand(pred):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    weight = size(pred)
    torch.set_grad_enabled(before)
    return weight


def overwritten(pred):
    """`x.detach_()` as a statement: its result is not what the loss goes on with."""
    weight = size(pred)
    weight.detach_()
    return weight


def changed_in_place(pred):
    weight = size(pred).detach()
    weight *= 2
    return weight


WAYS_OUT = {
    "detach": lambda pred: size(pred).detach(),
    "detach, and changed in place": changed_in_place,
    "torch.detach": lambda pred: torch.detach(size(pred)),
    "detach_": lambda pred: size(pred).detach_(),
    "torch.detach_": lambda pred: torch.detach_(size(pred)),
    "detach_, as a statement": overwritten,
    "data": lambda pred: size(pred).data,
    "no_grad": under_a_block,
    "no_grad above a function": weight_without_graph,
    "set_grad_enabled": switched_by_hand,
    "item": lambda pred: size(pred).mean().item(),
    "float": lambda pred: float(size(pred).mean()),
    "tolist": lambda pred: torch.stack([torch.full((), x) for x in size(pred).double().tolist()]),
    "numpy": lambda pred: torch.from_numpy(size(pred).numpy(force=True)),
    "torch.tensor": lambda pred: torch.tensor(size(pred)),
    "new_tensor": lambda pred: pred.new_tensor(size(pred)),
    "a Function": lambda pred: faulty_losses.Square.apply(size(pred)),
    "a Function under no_grad": torch.no_grad()(lambda pred: faulty_losses.Square.apply(size(pred))),
    "nothing": size,
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's own, at some of these ways
@pytest.mark.parametrize("way", WAYS_OUT)
def test_differences_are_autograds(way):
    """A weight that left the graph in this way, on a loss that didn't; and both parts of it move the values."""

    def loss(pred, target):
        return WAYS_OUT[way](pred) * (pred - target).square().sum(1)

    expected = slope(loss, PRED, TARGET)
    torch.testing.assert_close(finite_differences(loss, PRED, TARGET, 1e-5), expected, rtol=1e-6, atol=1e-6)
    if way not in ("nothing", "a Function"):  # a naive difference is another: what is held does count
        moved = PRED + 1e-5 * torch.eye(4, dtype=torch.float64)[0]
        naive = (loss(moved, TARGET) - loss(PRED, TARGET)).sum() / 1e-5
        assert abs(naive - expected[:, 0].sum()) > 0.1 * abs(naive)


def test_a_detached_weight_is_held_fixed_and_a_wrong_backward_shows():
    """Focal-EIoU's gradient agrees though its values' doesn't; a backward that gives half of it doesn't agree."""
    pairs = sample_matched(8)
    for loss in (faulty_losses.focal_eiou, faulty_losses.ciou_alpha_held, faulty_losses.square):
        torch.testing.assert_close(finite_differences(loss, *pairs, 1e-6), slope(loss, *pairs), rtol=1e-6, atol=1e-8)
    wrong = slope(faulty_losses.wrong_backward, *pairs)
    torch.testing.assert_close(
        finite_differences(faulty_losses.wrong_backward, *pairs, 1e-6), 2 * wrong, rtol=1e-6, atol=1e-8
    )


def test_a_loss_of_the_whole_batch_has_the_differences_of_each_pair():
    """W/mean(W)·L with W attached: each prediction moves the loss of every pair."""

    def loss(pred, target):
        weight = faulty_losses.geometry(pred, target).iou
        return weight / weight.mean() * faulty_losses.eiou(pred, target)

    pairs = sample_matched(5)
    torch.testing.assert_close(finite_differences(loss, *pairs, 1e-6), slope(loss, *pairs), rtol=1e-6, atol=1e-8)


def test_a_huge_value_does_not_spoil_the_others():
    """1e13 has a resolution of 0.002 in float64: a difference of sums would be off by thousands."""

    def loss(pred, target):
        return faulty_losses.eiou(pred, target) * torch.where(pred[:, 0] == pairs[0][0, 0], 1e13, 1)

    pairs = sample_matched(5)
    expected = slope(faulty_losses.eiou, *pairs)[1:]
    torch.testing.assert_close(finite_differences(loss, *pairs, 1e-6)[1:], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    "other_way",
    [lambda x: x.sum().detach(), lambda x: x, lambda x: x.detach() * x.detach(), lambda x: x.sum().item()],
)
def test_a_branch_has_no_slope(other_way):
    """Where one side of the difference takes another way, with other constants, nothing is said: NaN."""

    def loss(pred, target):
        x = pred[:, 0]
        return x * (x.detach() if x.sum() > 0 else other_way(x))

    at_the_branch = torch.tensor([[0.0, 0, 1, 1], [0, 0, 1, 1]], dtype=torch.float64)
    assert finite_differences(loss, at_the_branch, at_the_branch, 1e-6).isnan().all(0).tolist() == [
        True,
        False,
        False,
        False,
    ]


def test_no_mode_of_torch_stays_on():
    """Neither after a call, nor after an error."""
    finite_differences(faulty_losses.eiou, *sample_disjoint(1), 1e-6)
    with pytest.raises(TypeError):
        finite_differences(faulty_losses.takes_one, *sample_disjoint(1), 1e-6)
    assert _get_current_function_mode_stack() == []
    with Constants() as constants:
        torch.ones(1).detach()
    assert len(constants.kept) == 1
