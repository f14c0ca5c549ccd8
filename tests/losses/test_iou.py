"""The overlap losses: values by hand, against exact arithmetic and torchvision, and how they behave."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import assume, given, settings
from torch import Tensor
from torchvision import ops

from tests import reference
from tests.reference import Box, Exact, boxes, slope, tensor
from yolo_feiou.losses import iou
from yolo_feiou.losses.boxes import Pair

Loss = Callable[[Tensor, Tensor], Tensor]
NAMES = ["iou", "giou", "diou", "ciou", "eiou"]

# pred 4×2, target 2×3: intersection 2, union 12, enclosing box 4×4 (c² = 32), centres 1.5 apart.
PRED, TARGET = (0, 0, 4, 2), (1, 1, 3, 4)
V = 4 / math.pi**2 * (math.atan(2 / 3) - math.atan(4 / 2)) ** 2
BY_HAND = {
    "iou": 5 / 6,
    "giou": 13 / 12,  # 5/6 + (16 − 12)/16
    "diou": 347 / 384,  # 5/6 + 2.25/32
    "ciou": 347 / 384 + V / (5 / 6 + V) * V,
    "eiou": 467 / 384,  # 347/384 + (4 − 2)²/16 + (2 − 3)²/16
}


def of(name: str) -> Loss:
    """Return a loss as a function of two tensors of boxes."""
    return lambda pred, target: iou.overlap_loss(Pair(pred, target), getattr(iou, name))


@pytest.mark.parametrize("name", NAMES)
def test_values_by_hand(name: str) -> None:
    """The pair above has the value worked out beside it."""
    assert of(name)(tensor(PRED), tensor(TARGET)).item() == pytest.approx(BY_HAND[name], abs=1e-15)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_values_are_exact(name: str, pred: Box, target: Box) -> None:
    """float64 is within 1e-12 of exact arithmetic, whatever the position and the shapes of the two boxes."""
    assert of(name)(tensor(pred), tensor(target)).item() == pytest.approx(
        reference.value(name, pred, target), rel=0, abs=1e-12
    )


def away_from_kinks(pred: Box, target: Box) -> bool:
    """Tell whether no edge of one box lies on an edge of the other, where the losses have a kink."""
    return all(pred[i] != target[j] for i in range(4) for j in (i, (i + 2) % 4))


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_gradients_are_exact(name: str, pred: Box, target: Box) -> None:
    """The gradient is that of the definition, by differences at 40 digits; CIoU's α is held, as its paper has it."""
    assume(away_from_kinks(pred, target))
    held = {"alpha": reference.aspect_weight(Exact(pred, target))} if name == "ciou" else {}
    expected = reference.gradient(lambda e: reference.LOSS[name](e, **held), pred, target)
    assert slope(of(name), tensor(pred), tensor(target))[0].tolist() == pytest.approx(expected, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("name", ["iou", "giou", "diou", "eiou"])
def test_gradcheck(name: str) -> None:
    """PyTorch's own finite differences agree, in both boxes: an overlap, boxes apart, one inside the other."""
    pred = tensor(PRED, (0, 0, 2, 5), (1, 1, 2, 4)).requires_grad_()
    target = tensor((1.1, 1.2, 3.3, 4), (4, 7, 9, 8), (0.5, 0.2, 6, 5)).requires_grad_()
    assert torch.autograd.gradcheck(of(name), (pred, target))


def random_boxes(seed: int) -> Tensor:
    """Return 200 boxes, none of them square, with sides of 100 to 1000; about half of all pairs overlap."""
    random = torch.Generator().manual_seed(seed)
    corner, side = (1000 * torch.rand(200, 2, dtype=torch.float64, generator=random) for _ in "cs")
    return torch.cat((corner, corner + 0.9 * side + 100), -1)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("giou", ops.generalized_box_iou_loss),
        ("diou", ops.distance_box_iou_loss),
        ("ciou", ops.complete_box_iou_loss),
    ],
)
def test_equals_torchvision(name: str, theirs: Callable[..., Tensor]) -> None:
    """Value and gradient equal torchvision's on boxes that are not square, so that the aspect term counts."""
    pred, target = random_boxes(1), random_boxes(2)
    torch.testing.assert_close(of(name)(pred, target), theirs(pred, target, eps=0), rtol=0, atol=1e-12)
    expected = slope(lambda *pair: theirs(*pair, eps=0), pred, target)
    torch.testing.assert_close(slope(of(name), pred, target), expected, rtol=1e-9, atol=1e-12)
    assert (of("ciou")(pred, target) - of("diou")(pred, target)).mean() > 0.005


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(box=boxes())
def test_identical_boxes_give_0(name: str, box: Box) -> None:
    """Exactly 0, in float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        assert of(name)(tensor(box).to(dtype), tensor(box).to(dtype)).item() == 0


@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_each_loss_is_in_its_range(pred: Box, target: Box) -> None:
    """IoU is in [0, 1], GIoU and DIoU in [0, 2], EIoU in [0, 3.25] and at least DIoU, as the docstrings say."""
    loss = {name: of(name)(tensor(pred), tensor(target)).item() for name in NAMES}
    assert 0 <= loss["iou"] <= 1
    assert loss["iou"] - 1e-12 <= loss["giou"] <= 2
    assert loss["iou"] <= loss["diou"] <= 2
    assert loss["diou"] <= loss["ciou"]
    assert loss["diou"] <= loss["eiou"] <= 3.25


def test_the_bound_of_mpdiou_is_reached_across_the_image() -> None:
    """Two specks in opposite corners: an IoU of 0, and both distances are the diagonal."""
    pair = Pair(tensor((0, 0, 1e-3, 1e-3)), tensor((640, 384, 640, 384)), image=(384, 640))
    assert iou.overlap_loss(pair, iou.mpdiou).item() == pytest.approx(3, abs=1e-4)


def test_the_bound_of_eiou_is_reached() -> None:
    """A speck in the corner of a box of side 1: IoU 0, ρ²/c² → (½² + ½²)/2 = ¼, and both sides differ by all of C."""
    assert of("eiou")(tensor((0, 0, 1e-6, 1e-6)), tensor((0, 0, 1, 1))).item() == pytest.approx(3.25, abs=1e-5)


@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_eiou_is_diou_and_two_side_terms(pred: Box, target: Box) -> None:
    """EIoU − DIoU = (w − w_t)²/C_w² + (h − h_t)²/C_h², and nothing else."""
    e = Exact(pred, target)
    sides = (e.w - e.wt) ** 2 / e.cw**2 + (e.h - e.ht) ** 2 / e.ch**2
    pair = tensor(pred), tensor(target)
    assert (of("eiou")(*pair) - of("diou")(*pair)).item() == pytest.approx(float(sides), abs=1e-14)


def centre_offset(e: Exact) -> float:
    """EIoU with the centre's offset where the sides' differences belong, as two public versions have it."""
    return float(reference.diou(e) + (e.dx / e.cw) ** 2 + (e.dy / e.ch) ** 2)


def extended_iou(e: Exact) -> float:
    """MMDetection's EIoULoss, which is Extended-IoU, for two boxes that overlap: smooth-ℓ1 of 1 − IoU from 0.1 on."""
    return float(1 - e.iou) - 0.5 * 0.1


@pytest.mark.parametrize("mistake", [centre_offset, extended_iou])
def test_eiou_is_not_its_namesakes(mistake: Callable[[Exact], float]) -> None:
    """On the pair of this file each public mistake is at least 0.15 away from Eq. 7."""
    assert abs(mistake(Exact(PRED, TARGET)) - BY_HAND["eiou"]) > 0.15
    assert abs(mistake(Exact(PRED, TARGET)) - of("eiou")(tensor(PRED), tensor(TARGET)).item()) > 0.15


def test_eiou_sees_sides_where_the_centres_agree() -> None:
    """Concentric 2×2 and 4×4: 1 − 4/16 + 0 + (2/4)² + (2/4)² = 1.25. With the centre's offset it would be 0.75."""
    assert of("eiou")(tensor((1, 1, 3, 3)), tensor((0, 0, 4, 4))).item() == 1.25


def test_iou_has_no_gradient_without_overlap_and_the_others_do() -> None:
    """Two boxes apart: IoU is constantly 1; each other loss draws the prediction to the right, towards its target."""
    pair = tensor((0, 0, 1, 1)), tensor((5, 0, 6, 1))
    assert of("iou")(*pair).item() == 1
    assert not slope(of("iou"), *pair).any()
    for name in ("diou", "ciou", "eiou"):
        x1, _, x2, _ = slope(of(name), *pair)[0]
        assert x1 + x2 < 0
    assert slope(of("giou"), *pair)[0, 2] < 0  # GIoU grows the box towards the target


def test_the_gradient_of_the_aspect_term_is_minus_that_of_the_paper() -> None:
    """∂v/∂w = −.11240739 at w = 1, h = 2.4 against a square, where the paper's Eq. 6 has the other sign.

    v = 4/π² (π/4 − atan(w/h))², so ∂v/∂w = −8/π² (π/4 − atan(1/2.4)) 2.4/(1 + 2.4²). Both boxes share their centre, so
    CIoU − DIoU = αv, and moving x1 and x2 apart by dw changes v alone, α being held.
    """
    pair = tensor((-0.5, -1.2, 0.5, 1.2)), tensor((-0.5, -0.5, 0.5, 0.5))
    v = 4 / math.pi**2 * (math.pi / 4 - math.atan(1 / 2.4)) ** 2
    alpha = v / (1 - 1 / 2.4 + v)
    grad = slope(lambda *pair: of("ciou")(*pair) - of("diou")(*pair), *pair)[0] / alpha
    assert ((grad[2] - grad[0]) / 2).item() == pytest.approx(-0.11240739, abs=1e-8)
    assert ((grad[3] - grad[1]) / 2).item() == pytest.approx(0.11240739 / 2.4, abs=1e-8)


@settings(deadline=None)
@given(box=boxes(), target=boxes())
def test_eiou_pulls_an_inverted_box_back(box: Box, target: Box) -> None:
    """With x2 < x1 and y2 < y1, a step against the gradient widens the box, wherever it lies."""
    x1, y1, x2, y2 = slope(of("eiou"), tensor((box[2], box[3], box[0], box[1])), tensor(target))[0]
    assert x1 > x2
    assert y1 > y2


def test_ciou_is_guarded() -> None:
    """Identical boxes, and boxes without width, height or both, give a finite value and gradient (0/0 otherwise)."""
    pred = tensor((0, 0, 2, 3), (0, 0, 0, 3), (0, 0, 2, 0), (1, 1, 1, 1))
    for target in (pred, tensor((0, 0, 2, 3)).expand(4, 4)):
        assert of("ciou")(pred, target).isfinite().all()
        assert slope(of("ciou"), pred, target).isfinite().all()
    assert not slope(of("ciou"), pred[:1], pred[:1]).any()
