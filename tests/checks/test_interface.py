"""What a loss accepts and returns: the finding says what came, and what is expected."""

from __future__ import annotations

import pytest

from tests.checks import faulty_losses
from tests.checks.findings import found
from yolo_feiou.checks import interface
from yolo_feiou.checks.checked_loss import CheckedLoss, LossFailed


@pytest.mark.parametrize(
    ("loss", "came"),
    [
        (faulty_losses.mean, "a scalar"),
        (faulty_losses.column, "shape (5, 1)"),
        (faulty_losses.all_against_all, "shape (5, 5)"),
        (faulty_losses.coordinates, "shape (5, 4)"),
        (faulty_losses.listed, "list"),
        (faulty_losses.detached, "float32, without a graph"),
        (faulty_losses.counted, "int64, without a graph"),
    ],
)
def test_another_shape_or_type_is_shown_as_it_came(loss, came):
    finding = found(interface.check_shape, loss)
    assert finding.came == came
    assert finding.expected == "shape (5,), an attached float tensor"


def test_the_shape_is_tried_for_one_pair_and_for_none():
    finding = found(interface.check_shape, faulty_losses.squeezed)
    assert (finding.message, finding.came) == ("not one value a pair, for N = 1", "a scalar")
    with pytest.raises(LossFailed) as caught:
        found(interface.check_shape, faulty_losses.never_empty)
    assert caught.value.finding.expected == "a tensor of shape (0,)"


def test_a_target_that_is_changed_in_place_is_shown_as_it_came_back():
    """(x1, y1, x2, y2) came back as (x1, y1, w, h)."""
    finding = found(interface.check_inputs_unchanged, faulty_losses.writes_target)
    x1, y1, x2, y2 = finding.pair[1]
    assert finding.message == "it changes the target in place"
    assert finding.came == f"({x1:.4g}, {y1:.4g}, {x2 - x1:.4g}, {y2 - y1:.4g})"


def test_values_that_change_are_both_shown():
    """The second call gives 2 more: 1.5 becomes 3.5."""
    calls = []

    def counts(pred, target):
        calls.append(pred)
        return 2 * len(calls) - 0.5 + 0 * pred[:, 0]

    assert found(interface.check_repeatable, counts).came == "1.5, then 3.5"


@pytest.mark.usefixtures("torch_as_it_is")
def test_a_replaced_function_of_torch_is_named():
    subject = CheckedLoss("it", faulty_losses.replaces_a_function)
    assert interface.check_torch_unchanged(subject) is None
    interface.check_runs(subject)
    finding = interface.check_torch_unchanged(subject)
    assert finding.came == "changed: torch.nn.functional.huber_loss" and finding.pair is None
