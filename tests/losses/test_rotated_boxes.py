"""The geometry of a pair of rotated boxes, and of the two as Gaussians."""

from __future__ import annotations

import math
import re

import pytest
import torch

from tests import rotated_reference
from tests.rotated_reference import covariance, draw, mp, offset, root, tensor, trace
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.rotated_boxes import RotatedPair
from yolo_feiou.losses.table import ALIGNED_LOSSES, ROTATED_LOSSES

# The prediction is 6×2 at (5, 1), turned by 90°: its width lies along y. The target is 4×8 at the origin, not turned.
# Variances with divisor 4 and no floor are 9 and 1, and 4 and 16: the deviations are (3, 1) and (2, 4).
PRED, TARGET = (5, 1, 6, 2, math.pi / 2), (0, 0, 4, 8, 0)
BY_HAND = {
    "s1": 3,
    "s2": 1,
    "t1": 2,
    "t2": 4,
    "area_spread": (3 + 8) ** 2 / (4 * 3 * 8) - 1,
    # The covariances are diag(1, 9) and diag(4, 16): their sum diag(5, 25) has 125, and the roots are 3 and 8.
    "spread": 125 / (4 * 3 * 8) - 1,
    "mahalanobis2": 5**2 / 5 + 1**2 / 25,
    "bhattacharyya": (5 + 1 / 25) / 4 + math.log(125 / 96) / 2,
    "wasserstein2": 26 + (1 - 2) ** 2 + (3 - 4) ** 2,
    "target_mahalanobis2": 25 / 4 + 1 / 16,
    "pred_mahalanobis2": 25 / 1 + 1 / 9,
    "divergence": (25 / 4 + 1 / 16 + 1 / 4 + 9 / 16 - 2 + math.log(64 / 9)) / 2,
    "reverse_divergence": (25 + 1 / 9 + 4 / 1 + 16 / 9 - 2 + math.log(9 / 64)) / 2,
}
OF_THE_PAIR = {"dx": 5, "dy": 1, "rho2": 26, "sin2": 1, "cos2": 0}


@pytest.mark.parametrize("name", BY_HAND)
def test_quantities_of_the_gaussians_by_hand(name):
    gaussians = RotatedPair(tensor(PRED), tensor(TARGET)).as_gaussians(4, 0)
    assert getattr(gaussians, name).tolist() == pytest.approx([BY_HAND[name]], rel=1e-14)


def test_quantities_of_the_pair_by_hand():
    pair = RotatedPair(tensor(PRED), tensor(TARGET))
    for name, expected in OF_THE_PAIR.items():
        assert getattr(pair, name).tolist() == pytest.approx([expected], abs=1e-15)
    assert torch.cat(pair.target_offsets2).tolist() == [25, 1]
    assert torch.cat(pair.pred_offsets2).tolist() == pytest.approx([1, 25], abs=1e-14)  # its width lies along y


def test_quantities_are_those_of_the_matrices():
    """Of boxes of all kinds: determinants, traces and roots of the covariances, in 50 digits."""
    pred, target = draw(5)
    gaussians = RotatedPair(pred, target).as_gaussians(4, 0.01)
    for i, (one, other) in enumerate(zip(pred.tolist(), target.tolist(), strict=True)):
        first, second = covariance(one, 4, 0.01), covariance(other, 4, 0.01)
        d, half = offset(one, other), root(first)
        expected = {
            "spread": mp.det(first + second) / (4 * mp.sqrt(mp.det(first) * mp.det(second))) - 1,
            "mahalanobis2": rotated_reference.mahalanobis2(d, first + second),
            "pred_mahalanobis2": rotated_reference.mahalanobis2(d, first),
            "wasserstein2": (d.T * d)[0] + trace(first) + trace(second) - 2 * trace(root(half * second * half)),
        }
        for name, value in expected.items():
            assert getattr(gaussians, name)[i].item() == pytest.approx(float(value), rel=1e-11, abs=1e-14), name


def test_a_quantity_is_computed_once_with_its_graph():
    """Also the Gaussians themselves, of one divisor and floor."""
    pred = tensor(PRED).requires_grad_()
    pair = RotatedPair(pred, tensor(TARGET))
    assert pair.as_gaussians(12, 0.01) is pair.as_gaussians(12, 0.01) is not pair.as_gaussians(4, 0.01)
    assert pair.as_gaussians(4, 0).spread is pair.as_gaussians(4, 0).spread and pair.rho2 is pair.rho2
    (grad,) = torch.autograd.grad(pair.as_gaussians(4, 0).bhattacharyya.sum(), pred)
    assert grad.any()


def test_a_floor_is_added_to_each_variance():
    gaussians = RotatedPair(tensor(PRED), tensor(TARGET)).as_gaussians(4, 7)
    (found,) = torch.stack((gaussians.s1, gaussians.s2, gaussians.t1, gaussians.t2)).T.tolist()
    assert found == pytest.approx([4, math.sqrt(8), math.sqrt(11), math.sqrt(23)], rel=1e-15)


def test_a_variance_is_at_least_1e_10():
    gaussians = RotatedPair(tensor((0, 0, 0, 1e-9, 0)), tensor((0, 0, 1, -1e-9, 0))).as_gaussians(4, 0)
    assert torch.cat((gaussians.s1, gaussians.s2, gaussians.t1, gaussians.t2)).tolist() == pytest.approx(
        [1e-5, 1e-5, 0.5, 1e-5], rel=1e-15
    )


def test_needles_across_do_not_overflow():
    """Deviations of 5e5 and 1e-5, 90° apart: (s₁t₁ − s₂t₂)²/4s₁s₂t₁t₂ is (2.5e11)²/100, in float32."""
    pair = RotatedPair(tensor((0, 0, 1e6, 0, math.pi / 2)).float(), tensor((0, 0, 1e6, 0, 0)).float())
    assert pair.as_gaussians(4, 0).spread.item() == pytest.approx(2.5e21 / 4, rel=1e-5)


def test_a_divergence_is_never_below_0():
    """In float32, of sides that differ by some ulps."""
    random = torch.Generator().manual_seed(0)
    target = torch.rand(100_000, 5, generator=random) + 0.5
    pred = target.clone()
    pred[:, 2:4] *= 1 + 1e-7 * torch.randn(100_000, 2, generator=random)
    gaussians = RotatedPair(pred, target).as_gaussians(4, 0.01)
    for values in (gaussians.divergence, gaussians.reverse_divergence, gaussians.spread, gaussians.wasserstein2):
        assert values.min() == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_upcast_with_a_gradient_in_its_range(dtype):
    """A square of 300 overflows float16, and so would a gradient of 2e8."""
    pred = torch.tensor([[300.0, 0, 300, 300, 0]], dtype=dtype, requires_grad=True)
    pair = RotatedPair(pred, torch.zeros(1, 5, dtype=dtype))
    assert pair.rho2.dtype == torch.float32 and pair.rho2.item() == 90_000
    (pair.rho2 * 1e6).sum().backward()
    assert pred.grad.dtype == dtype and pred.grad.isfinite().all() and pred.grad[0, 0] > 6e4


def test_boxes_that_do_not_fit_are_told_with_the_losses_that_take_them():
    """Rotated ones of an axis-aligned loss, and the other way round; the losses that are named are of that family."""
    message = "got boxes of shape (3, 4) and (3, 4): expected pred and target as rotated xywhr boxes of the same shape "
    with pytest.raises(ValueError, match=f"^{re.escape(message)}") as error:
        RotatedPair(torch.zeros(3, 4), torch.zeros(3, 4))
    assert str(error.value).endswith(
        "(N, 5); xyxy boxes, (N, 4), are for losses such as ciou and eiou: 'yolo losses task=detect' lists them"
    )
    assert {"ciou", "eiou"} <= ALIGNED_LOSSES.keys()
    with pytest.raises(ValueError, match=r"as xyxy boxes of the same shape \(N, 4\); rotated boxes, xywhr") as error:
        Pair(torch.zeros(3, 5), torch.zeros(3, 5))
    assert str(error.value).endswith("such as probiou and kld: 'yolo losses task=obb' lists them")
    assert {"probiou", "kld"} <= ROTATED_LOSSES.keys()
    for shapes in (((2, 5), (3, 5)), ((5,), (5,)), ((1, 3, 5), (1, 3, 5)), ((2, 6), (2, 6)), ((2, 4), (2, 5))):
        with pytest.raises(ValueError, match=r"same shape \(N, 5\)$"):
            RotatedPair(*map(torch.zeros, shapes))


def test_units_that_do_not_fit_are_told():
    boxes = torch.zeros(3, 5)
    with pytest.raises(ValueError, match=r"pixels of shape \(2,\) for 3 pairs"):
        RotatedPair(boxes, boxes, pixels=torch.ones(2))
    with pytest.raises(ValueError, match=r"pixels=0 and image=None: expected numbers above 0"):
        RotatedPair(boxes, boxes, pixels=0)
    with pytest.raises(TypeError, match=r"^got ndarray and Tensor: expected pred and target as torch tensors"):
        RotatedPair(boxes.numpy(), boxes)
