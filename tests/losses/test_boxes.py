"""The geometry of a pair."""

from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given, settings

from tests.reference import Box, Exact, boxes, tensor
from yolo_feiou.losses.boxes import Pair, lazy_property

# pred 4×2 at the origin, target 2×3 with corner (1, 1): the overlap is [1, 3]×[1, 2], the enclosing box [0, 4]×[0, 4],
# the centres are (2, 1) and (2, 2.5).
PRED, TARGET = (0, 0, 4, 2), (1, 1, 3, 4)
BY_HAND = {
    "w": 4,
    "h": 2,
    "w_target": 2,
    "h_target": 3,
    "dw": 2,
    "dh": -1,
    "dx": 0,
    "dy": -1.5,
    "dx2": 0,
    "dy2": -3,
    "rho2": 2.25,
    "cw": 4,
    "ch": 4,
    "cw2": 16,
    "ch2": 16,
    "c2": 32,
    "intersection": 2,
    "union": 8 + 6 - 2,
    "iou": 2 / 12,
    "corners2": 2 + 5,
    "target_sides": [[2], [3]],
    "differences": [[2], [-1]],
    "offsets2": [[0], [-3]],
    "sides": [[4], [2]],
    "enclosing2": [[16], [16]],
    "first_edges": [[-1], [-1]],
    "last_edges": [[1], [-2]],
    "edge_distance": (1 + 1) / (4 * 2) + (1 + 2) / (4 * 3),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_quantities_by_hand(name: str) -> None:
    """Each quantity has the value worked out above, and no quantity is missing there."""
    value = BY_HAND[name]
    assert getattr(Pair(tensor(PRED), tensor(TARGET)), name).tolist() == (value if isinstance(value, list) else [value])
    public = {key for key, entry in vars(Pair).items() if isinstance(entry, lazy_property) and key[0] != "_"}
    assert public <= BY_HAND.keys()


@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_quantities_are_exact(pred: Box, target: Box) -> None:
    """On a grid no operation but the division of the IoU rounds, in float32 as in float64."""
    exact = Exact(pred, target)
    for dtype in (torch.float32, torch.float64):
        pair = Pair(tensor(pred).to(dtype), tensor(target).to(dtype))
        for ours, theirs in (("w", "w"), ("h", "h"), ("cw", "cw"), ("ch", "ch"), ("rho2", "rho2"), ("c2", "c2")):
            assert getattr(pair, ours).item() == getattr(exact, theirs)
        assert (pair.intersection.item(), pair.union.item()) == (exact.inter, exact.union)
        assert pair.iou.item() == pytest.approx(float(exact.iou), rel=1e-6 if dtype is torch.float32 else 1e-15)
        assert Pair(tensor(pred).to(dtype), tensor(target).to(dtype)).iou.item() == pair.iou.item()  # without cw


@settings(deadline=None)
@given(pred=boxes(), target=boxes())
def test_far_from_the_origin_no_digit_is_lost(pred: Box, target: Box) -> None:
    """Moved by 2^20, where float32 still resolves an eighth, a pair has the same IoU and enclosing box to the bit."""
    near = Pair(tensor(pred).float(), tensor(target).float())
    far = Pair(tensor(pred).float() + 2**20, tensor(target).float() + 2**20)
    for name in ("iou", "union", "cw", "ch", "rho2"):
        assert torch.equal(getattr(near, name), getattr(far, name))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_iou_is_from_0_to_1(dtype: torch.dtype) -> None:
    """Over random pairs of all sizes, equal but for rounding every second time, no IoU leaves [0, 1]."""
    random = torch.Generator().manual_seed(0)
    corner, log_side = (torch.rand(2, 10000, 2, generator=random, dtype=torch.float64) for _ in "cs")
    pred, target = torch.cat((corner, corner + 10 ** (4 * log_side - 3)), -1)
    target[::2] = pred[::2] * (1 + 1e-6 * torch.randn(5000, 4, generator=random, dtype=torch.float64))
    iou = Pair(pred.to(dtype), target.to(dtype)).iou
    assert 0 <= iou.min() < 0.01
    assert 0.99 < iou.max() <= 1


@pytest.mark.parametrize("side", [1e-3, 1e-6, 0, 1e6])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_identical_boxes_have_iou_1(dtype: torch.dtype, side: float) -> None:
    """At any size, none included. An eps of 1e-7 added to the union would make it 0.909 at a side of 1e-3."""
    box = tensor((0, 0, side, side)).clamp(max=torch.finfo(dtype).max).to(dtype)
    assert Pair(box, box).iou.item() == 1


def test_half_precision_is_raised() -> None:
    """fp16 boxes of side 200 overflow in w·h + w_t·h_t = 80000; raised first, IoU is 180·200/(80000 − 36000) = 9/11."""
    pred, target = torch.tensor([[0.0, 0, 200, 200]]).half(), torch.tensor([[20.0, 0, 220, 200]]).half()
    assert Pair(pred, target).iou.item() == pytest.approx(9 / 11, rel=1e-6)
    assert Pair(pred, target).iou.dtype == Pair(pred.bfloat16(), target).iou.dtype == torch.float32
    assert Pair(pred.double(), target).iou.dtype == Pair(pred, target.double()).iou.dtype == torch.float64
    assert Pair(pred.int(), target.int()).iou.dtype == torch.float32


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ({"image": 640}, "got image=640: expected its height and width in pixels"),
        ({"image": (0, 640)}, "expected numbers above 0"),
        ({"pixels": -5.0}, "got pixels=-5.0 and image=None: expected numbers above 0"),
        ({"pixels": torch.ones(2)}, r"got pixels of shape \(2,\) for 1 pairs"),
    ],
)
def test_units_that_can_not_be_are_refused(units: dict[str, object], message: str) -> None:
    box = tensor((0, 0, 1, 1))
    with pytest.raises(ValueError, match=message):
        Pair(box, box, **units)


def test_boxes_are_read_as_xyxy() -> None:
    """(10, 10, 20, 20) and (15, 10, 25, 20) share half a side: IoU 1/3. Read as corner and size it would be 1/2."""
    assert Pair(tensor((10, 10, 20, 20)), tensor((15, 10, 25, 20))).iou.item() == 1 / 3


@pytest.mark.parametrize(
    ("pred", "target", "iou"),
    [
        ((0, 0, 1, 1), (1, 0, 2, 1), 0),  # they touch
        ((0, 0, 1, 1), (3, 3, 4, 4), 0),  # apart in both directions: two negative sides must not make an area
        ((0, 0, 4, 4), (1, 1, 2, 2), 1 / 16),  # inside
        ((2, 2, 2, 4), (0, 0, 4, 4), 0),  # no width
        ((3, 3, 1, 1), (0, 0, 4, 4), 0),  # inverted in both directions: (−2)(−2) is no area
    ],
)
def test_iou_is_exact_for_boxes_that_touch_contain_or_have_no_area(pred: Box, target: Box, iou: float) -> None:
    """The IoU of pairs that touch, lie apart, contain each other, or have no area."""
    assert Pair(tensor(pred), tensor(target)).iou.item() == iou


def test_inverted_box_has_no_area_but_keeps_its_sides() -> None:
    """(3, 3, 1, 1) has sides −2 and area 0, so the union with a box of area 16 is 16."""
    pair = Pair(tensor((3, 3, 1, 1)), tensor((0, 0, 4, 4)))
    assert (pair.w.item(), pair.h.item(), pair.union.item()) == (-2, -2, 16)


def test_arrays_are_refused_by_name() -> None:
    message = r"^got ndarray and Tensor: expected pred and target as torch tensors, see torch\.as_tensor$"
    with pytest.raises(TypeError, match=message):
        Pair(torch.zeros(2, 4).numpy(), torch.zeros(2, 4))


def test_sides_of_the_target_have_a_floor() -> None:
    """A target of no size, or inverted, counts as 1e-5 wide and high."""
    pair = Pair(tensor((0, 0, 1, 1), (0, 0, 1, 1)), tensor((0.5, 0.5, 0.5, 0.5), (1, 1, 0, 0)))
    assert pair.w_target.tolist() == pair.h_target.tolist() == [1e-5, 1e-5]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@given(pred=boxes(), target=boxes())
def test_squares_of_the_enclosing_sides_are_exact_unless_a_box_is_inverted(
    dtype: torch.dtype, pred: Box, target: Box
) -> None:
    """The bound for inverted predictions changes no bit of any other, one without size included."""
    for box in (pred, (pred[0], pred[1], pred[0], pred[1])):
        pair = Pair(tensor(box).to(dtype), tensor(target).to(dtype))
        assert torch.equal(pair.cw2, pair.cw * pair.cw)
        assert torch.equal(pair.ch2, pair.ch * pair.ch)


def test_an_inverted_side_counts_at_most_so_much() -> None:
    """C_w is 1e-5 and w − w_t is −1e15: (w − w_t)²/C_w² would be 1e40, and infinite in float32; it is 1e17."""
    pair = Pair(torch.tensor([[1e15, 0, 0, 1]]), torch.tensor([[0.0, 0, 0, 1]]))
    assert pair.cw.item() == pytest.approx(1e-5)
    assert (pair.dw * pair.dw / pair.cw2).item() == pytest.approx(1e17, rel=1e-6)


@pytest.mark.parametrize(
    ("pred", "target"),
    [((2, 4), (3, 4)), ((2, 4), (1, 4)), ((2, 6), (2, 6)), ((4,), (4,)), ((1, 2, 4), (1, 2, 4)), ((0,), (0,))],
)
def test_shapes_that_do_not_fit_raise(pred: tuple[int, ...], target: tuple[int, ...]) -> None:
    """The error names both shapes and the one expected; (2, 4) against (1, 4) is not broadcast."""
    message = f"got boxes of shape {pred} and {target}: expected pred and target as xyxy boxes of the same shape (N, 4)"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Pair(torch.zeros(pred), torch.zeros(target))


def test_each_quantity_is_computed_once() -> None:
    """The second reading gives the very tensor of the first."""
    pair = Pair(tensor(PRED), tensor(TARGET))
    assert pair.union is pair.union
