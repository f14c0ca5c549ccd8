"""Geometry of pairs of boxes. Each quantity is computed once, so that a loss reads like its equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, overload

import torch
from torch import Tensor

from yolo_feiou.losses.axes import Axes, along_axes, is_compiling, map_axes

Quantity = TypeVar("Quantity")


class lazy_property(Generic[Quantity]):
    """A property that is computed on first access and cached.

    Detach its value where needed; never access it first under `torch.no_grad()`, which would cache it without its
    graph. functools.cached_property takes a lock, which torch.compile can't trace.
    """

    def __init__(self, compute: Callable[[Any], Quantity]) -> None:
        self.compute, self.name, self.__doc__ = compute, compute.__name__, compute.__doc__

    @overload
    def __get__(self, pair: None, owner: type) -> lazy_property[Quantity]: ...
    @overload
    def __get__(self, pair: object, owner: type) -> Quantity: ...
    def __get__(self, pair: object | None, owner: type) -> lazy_property[Quantity] | Quantity:
        if pair is None:
            return self
        value = self.compute(pair)
        setattr(pair, self.name, value)  # shadows this descriptor from now on
        return value


class _Upcast(torch.autograd.Function):
    """Boxes in a wider dtype; in the backward pass a gradient is clamped to the range of the narrow one."""

    generate_vmap_rule = True

    @staticmethod
    def forward(boxes: Tensor, dtype: torch.dtype) -> Tensor:
        return boxes.to(dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.narrow = inputs[0].dtype

    @staticmethod  # torch declares *grad_outputs; there is one, that of the one output
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        largest = torch.finfo(ctx.narrow).max
        return gradient.clamp(-largest, largest).to(ctx.narrow), None


def upcast(boxes: Tensor, dtype: torch.dtype) -> Tensor:
    """Return boxes in `dtype`, with a finite gradient in their own."""
    return boxes if boxes.dtype == dtype else _Upcast.apply(boxes, dtype)


class Pair:
    """N predicted boxes beside their N targets; a quantity is a tensor of shape (N,), or such a pair of them: `Axes`.

    Lengths and areas are in the units of the boxes (pixels, strides, …). Half precision is upcast to float32: in fp16
    two boxes of side 181 already overflow w·h + w_t·h_t. Everything follows from the differences of the four edges,
    prediction minus target, since along one axis, with d₁ and d₂ for its two edges,

        enclosing side = w_t + (w − w_t + |d₁| + |d₂|)/2,  side of the intersection = w_t + (w − w_t − |d₁| − |d₂|)/2,

    which takes fewer operations than minima and maxima, and keeps its digits far from the origin.

    Quantities are computed when they are asked for. Unless said otherwise they have a gradient in the prediction, and a
    unit: u is that of the boxes, u² that of areas. Divide one of u by another of u, and a loss is scale-free.

    Args:
        pred: xyxy boxes, shape (N, 4). An inverted box (x2 < x1) has no area, but keeps its negative side, so that a
            loss on the sides pulls it back.
        target: xyxy boxes, shape (N, 4). A side below 1e-5 counts as 1e-5, which keeps every quotient and its
            gradient finite.
        image: Height and width of the image in pixels, for losses that depend on it.
        pixels: Pixels per unit of the boxes, a number or a tensor of shape (N,); with boxes in strides, the stride.
        reference: xyxy boxes by whose sides regression errors are measured, such as the anchors that a detector
            regresses from, shape (N, 4); None for the target's own.
        error_weights: What the four regression errors are multiplied by, in x, y, width and height.

    Attributes:
        pred: The prediction as given, in float32 at least, (N, 4), u.
        target: The target likewise.
        w,h: Sides of the prediction, u; negative where it is inverted: −2 for x1 = 5 and x2 = 3.
        w_target,h_target: Sides of the target, u, 1e-5 at least; no gradient.
        dw,dh: w − w_target and h − h_target, u; below −w_target where the prediction is inverted.
        dx,dy: Offset of the centres, prediction minus target, u; dx2 and dy2 are twice that. That of an inverted
            prediction is the middle of its two edges all the same.
        rho2: dx² + dy², u².
        intersection: Its area, u²; 0 where the prediction is inverted.
        union: Area of the union, u²; the target's where the prediction is inverted.
        iou: intersection / union, from 0 to 1, no unit; 0 where the prediction is inverted.
        cw,ch: Sides of the smallest box around both, u: the larger x2 less the smaller x1, also where the prediction
            is inverted, and so never less than w_target.
        cw2,ch2,c2: cw², ch² and their sum, u².
        corners2: Squared distances of the corners, u².
        edge_distance: Mean distance of the four edges, in sides of the target, no unit.
        pixels: Pixels in one u: in a training of YOLO the strides, (N,), otherwise the number given; no gradient.
        diagonal2: Squared diagonal of the image, u², a number or (N,); no gradient.

    Raises:
        TypeError: If the boxes are not tensors.
        ValueError: If the shapes differ, or are not (N, 4), or `pixels` or `image` doesn't fit.
    """

    def __init__(
        self,
        pred: Tensor,
        target: Tensor,
        image: Sequence[float] | Tensor | None = None,
        pixels: Tensor | float = 1.0,
        reference: Tensor | None = None,
        error_weights: Sequence[float] = (1, 1, 1, 1),
    ) -> None:
        if not (isinstance(pred, Tensor) and isinstance(target, Tensor)):
            raise TypeError(describe_types(pred, target))
        if pred.shape != target.shape or pred.ndim != 2 or pred.shape[1] != 4:
            raise ValueError(describe_shapes(pred, target, "xyxy", 4))
        if not (image is None and reference is None and pixels.__class__ is float and pixels > 0):
            check_units(len(pred), image, pixels, reference)
        self._image, self.pixels, self._reference, self.error_weights = image, pixels, reference, error_weights
        self._has_axes = False  # whether both axes are together: then what is done to both is one operation
        if not (pred.dtype is target.dtype is torch.float32):  # what both mostly are, and asking costs a microsecond
            dtype = torch.promote_types(torch.promote_types(pred.dtype, target.dtype), torch.float32)
            pred, target = upcast(pred, dtype), upcast(target, dtype)
        self.pred, self.target = pred, target
        edges, distances = _subtract(pred, target)
        x1, y1, x2, y2 = self._edges = edges
        self.dw, self.dh = x2 - x1, y2 - y1  # w − w_t, h − h_t
        x1, y1, x2, y2 = distances
        self._spread_x, self._spread_y = x1 + x2, y1 + y2
        x1, y1, x2, y2 = target.unbind(-1)
        # The one floor: no enclosing side and no union is smaller than the target's. (A literal: under torch.compile a
        # number from outside the function is an input of the graph, and costs it its vectorisation.)
        self.w_target, self.h_target = (x2 - x1).clamp(min=1e-5), (y2 - y1).clamp(min=1e-5)

    def scaled(self, ratio: float) -> Pair:
        """Return the pair with the sides of both boxes multiplied by `ratio`, each about its own centre.

        Its quantities are those of the new boxes; it has no `pred` and `target`. With d₁ and d₂ for the two
        edges along an axis, |d₁| + |d₂| is the larger of |d₁ + d₂|, which stays, and |d₁ − d₂|, which is scaled.
        """
        dw, dh = self.dw * ratio, self.dh * ratio
        spreads = torch.maximum(self.dx2.abs(), dw.abs()), torch.maximum(self.dy2.abs(), dh.abs())
        sides = self.w_target * ratio, self.h_target * ratio
        return self._derive(dw, dh, self.dx2, self.dy2, *spreads, *sides)

    def interpolated(self, share: Tensor | float) -> Pair:
        """Return the pair whose prediction has gone `share` of the way to the target: 0 is here, 1 there.

        It has no `pred` and `target`. All differences of edges are multiplied by 1 − share, so it keeps its
        digits where the two boxes almost agree.

        Args:
            share: A number, or a tensor of shape (N,).
        """
        left = 1 - share
        moved = (self.dw, self.dh, self.dx2, self.dy2, self._spread_x, self._spread_y)
        return self._derive(*(part * left for part in moved), self.w_target, self.h_target)

    def _derive(self, *parts: Tensor) -> Pair:
        pair = Pair.__new__(Pair)
        names = ("dw", "dh", "dx2", "dy2", "_spread_x", "_spread_y", "w_target", "h_target")
        for name, part in zip(names, parts, strict=True):
            setattr(pair, name, part)
        pair._image, pair.pixels, pair._has_axes = self._image, self.pixels, False
        pair._reference, pair.error_weights = self._reference, self.error_weights
        return pair

    @lazy_property
    def w(self) -> Tensor:
        """Width of the prediction; negative where it is inverted."""
        return self.w_target + self.dw

    @lazy_property
    def h(self) -> Tensor:
        """Height of the prediction; negative where it is inverted."""
        return self.h_target + self.dh

    @lazy_property
    def dx2(self) -> Tensor:
        """Twice the offset of the centres along x."""
        return self._edges[0] + self._edges[2]

    @lazy_property
    def dy2(self) -> Tensor:
        """Twice the offset of the centres along y."""
        return self._edges[1] + self._edges[3]

    @lazy_property
    def dx(self) -> Tensor:
        """Offset of the centres along x, prediction minus target."""
        return self.dx2 * 0.5

    @lazy_property
    def dy(self) -> Tensor:
        """Offset of the centres along y, prediction minus target."""
        return self.dy2 * 0.5

    @lazy_property
    def rho2(self) -> Tensor:
        """Squared distance ρ² of the centres."""
        return torch.addcmul(self.dx2 * self.dx2, self.dy2, self.dy2) * 0.25

    @lazy_property
    def cw(self) -> Tensor:
        """Width C_w of the smallest enclosing box."""
        return torch.add(self.w_target, self.dw + self._spread_x, alpha=0.5)

    @lazy_property
    def ch(self) -> Tensor:
        """Height C_h of the smallest enclosing box."""
        return torch.add(self.h_target, self.dh + self._spread_y, alpha=0.5)

    @lazy_property
    def cw2(self) -> Tensor:
        """C_w², bounded from below for inverted predictions, see `_bounded_square`."""
        return _bounded_square(self.cw, self.dw)

    @lazy_property
    def ch2(self) -> Tensor:
        """C_h², likewise."""
        return _bounded_square(self.ch, self.dh)

    @lazy_property
    def c2(self) -> Tensor:
        """Squared diagonal c² of the smallest enclosing box."""
        return self.cw2 + self.ch2

    @lazy_property
    def corners2(self) -> Tensor:
        """Squared distance of the two top left corners, and of the two bottom right ones, added up."""
        return 2 * self.rho2 + (self.dw * self.dw + self.dh * self.dh) * 0.5

    @lazy_property
    def edge_distance(self) -> Tensor:
        """Mean distance of the four edges from the target's, in sides of the target."""
        return (self._spread_x / self.w_target + self._spread_y / self.h_target) * 0.25

    @property
    def diagonal2(self) -> Tensor | float:
        """Squared diagonal H² + W² of the image, in the unit of the boxes.

        Raises:
            ValueError: If the image's size isn't known.
        """
        if self._image is None:
            raise ValueError(
                "this loss depends on the size of the image: give image=(height, width) in pixels, and pixels=, the "
                "number of pixels in a unit of the boxes, if they are in another unit"
            )
        height, width = self._image[0], self._image[1]
        return (height * height + width * width) / (self.pixels * self.pixels)

    @lazy_property
    def first_edges(self) -> Axes:
        """Left and top edge, prediction minus target."""
        return along_axes(*self._edges[:2])

    @lazy_property
    def last_edges(self) -> Axes:
        """Right and bottom edge, prediction minus target."""
        return along_axes(*self._edges[2:])

    @lazy_property
    def offsets2(self) -> Axes:
        """Twice dx and dy."""
        return along_axes(self.dx2, self.dy2)

    @lazy_property
    def differences(self) -> Axes:
        """Both differences, w − w_t and h − h_t."""
        return along_axes(self.dw, self.dh)

    @lazy_property
    def target_sides(self) -> Axes:
        """Width and height of the target."""
        return along_axes(self.w_target, self.h_target)

    @lazy_property
    def sides(self) -> Axes:
        """Width and height of the prediction; negative where it is inverted."""
        return map_axes(torch.add, self.target_sides, self.differences)

    @lazy_property
    def enclosing2(self) -> Axes:
        """C_w² and C_h²; see `cw2`."""
        self._has_axes = True
        return map_axes(_square_enclosing, self.target_sides, self.differences, self._spreads)

    @lazy_property
    def _spreads(self) -> Axes:
        return along_axes(self._spread_x, self._spread_y)

    @property
    def reference_sides(self) -> tuple[Tensor, Tensor]:
        """Width and height of the reference boxes, of the target without any; at least 1e-5."""
        if self._reference is None:
            return self.w_target, self.h_target
        x1, y1, x2, y2 = self._reference.to(self.pred.dtype).unbind(-1)
        return (x2 - x1).clamp(min=1e-5), (y2 - y1).clamp(min=1e-5)

    @lazy_property
    def intersection(self) -> Tensor:
        """Area of the intersection."""
        if self._has_axes:
            w, h = map_axes(_overlap_side, self.target_sides, self.differences, self._spreads)
        elif "cw" in self.__dict__:  # an enclosing side is longer than that of the intersection by the spread
            w, h = (self.cw - self._spread_x).relu(), (self.ch - self._spread_y).relu()
        else:
            w = _overlap_side(self.w_target, self.dw, self._spread_x)
            h = _overlap_side(self.h_target, self.dh, self._spread_y)
        return w * h

    @lazy_property
    def union(self) -> Tensor:
        """Area of the union."""
        w, h = map_axes(torch.relu, self.sides) if self._has_axes else (self.w.relu(), self.h.relu())
        return torch.addcmul(self.w_target * self.h_target - self.intersection, w, h)

    @lazy_property
    def iou(self) -> Tensor:
        """Intersection over union, in [0, 1]."""
        return self.intersection / self.union


#: By the number of coordinates of a box, which boxes those are, and how to find the losses of them.
KINDS = {
    4: "xyxy boxes, (N, 4), are for losses such as ciou and eiou: 'yolo losses task=detect' lists them",
    5: "rotated boxes, xywhr, (N, 5), are for losses such as probiou and kld: 'yolo losses task=obb' lists them",
}


def describe_types(pred: object, target: object) -> str:
    """Return the message on boxes that are not tensors."""
    kinds = f"{type(pred).__name__} and {type(target).__name__}"
    return f"got {kinds}: expected pred and target as torch tensors, see torch.as_tensor"


def describe_shapes(pred: Tensor, target: Tensor, form: str, width: int) -> str:
    """Return the message on boxes of a wrong shape; for the boxes of other losses, with those losses.

    Args:
        pred: Predicted boxes.
        target: Their targets.
        form: What the coordinates of a box are, as in 'xyxy'.
        width: The number of coordinates that a box must have.
    """
    message = (
        f"got boxes of shape {tuple(pred.shape)} and {tuple(target.shape)}: expected pred and target as {form} boxes "
        f"of the same shape (N, {width})"
    )
    other = pred.shape[1] if pred.ndim == 2 and pred.shape == target.shape else width
    return f"{message}; {KINDS[other]}" if other != width and other in KINDS else message


def check_units(
    count: int, image: Sequence[float] | Tensor | None, pixels: Tensor | float, reference: Tensor | None
) -> None:
    """Raise ValueError unless units and references fit so many pairs, see `Pair`."""
    if image is not None and not (hasattr(image, "__len__") and len(image) == 2):
        raise ValueError(f"got image={image!r}: expected its height and width in pixels, as in image=(480, 640)")
    numbers = (pixels, *image) if isinstance(image, tuple | list) else (pixels,)
    if any(isinstance(number, float | int) and not number > 0 for number in numbers):
        raise ValueError(f"got pixels={pixels!r} and image={image!r}: expected numbers above 0")
    if isinstance(pixels, Tensor) and pixels.ndim and pixels.shape != (count,):
        raise ValueError(
            f"got pixels of shape {tuple(pixels.shape)} for {count} pairs: expected a number, or ({count},)"
        )
    if reference is not None and reference.shape != (count, 4):
        raise ValueError(f"got reference boxes of shape {tuple(reference.shape)}: expected {(count, 4)}, one a pair")


def _subtract(pred: Tensor, target: Tensor) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """Return the differences of the four edges, and their absolute values, each of shape (N,)."""
    if is_compiling():  # a loop over columns that another loop wrote is seldom vectorised
        edges = [one - other for one, other in zip(pred.unbind(-1), target.unbind(-1), strict=True)]
        return edges, [edge.abs() for edge in edges]
    difference = pred - target
    return difference.unbind(-1), difference.abs().unbind(-1)


def _overlap_side(target: Tensor, difference: Tensor, spread: Tensor) -> Tensor:
    return torch.add(target, difference - spread, alpha=0.5).relu()


def _square_enclosing(target: Tensor, difference: Tensor, spread: Tensor) -> Tensor:
    return _bounded_square(torch.add(target, difference + spread, alpha=0.5), difference)


def _bounded_square(enclosing: Tensor, difference: Tensor) -> Tensor:
    """Return C² + 10⁻¹⁷ d² for the enclosing side C and the difference of the sides d, which is detached.

    It is C² to the last bit, also in float64, where |d| ≤ C, so for every prediction that is not inverted. An inverted
    one can differ by any multiple of C: this bounds d²/C² by 10¹⁷, whose gradient float32 still holds.
    """
    d = difference.detach()
    return torch.addcmul(enclosing * enclosing, d, d, value=1e-17)
