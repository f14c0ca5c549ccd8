"""Quantities along both axes: one tensor, or one an axis where the code is compiled, of the same values."""

import pytest
import torch

from yolo_feiou.losses import axes

X, Y = torch.tensor([1.0, 2, 3]), torch.tensor([4.0, 5, 6])


@pytest.mark.parametrize("compiling", [False, True])
def test_both_forms_have_the_same_values(monkeypatch, compiling):
    monkeypatch.setattr(axes, "is_compiling", lambda: compiling)
    both = axes.along_axes(X, Y)
    assert isinstance(both, tuple) is compiling
    x, y = axes.map_axes(lambda one, other: one * other + 1, both, both)
    assert (x.tolist(), y.tolist()) == ([2, 5, 10], [17, 26, 37])
    assert axes.sum_axes(both).tolist() == [5, 7, 9]
