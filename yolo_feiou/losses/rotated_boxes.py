"""Geometry of pairs of rotated boxes, and of the Gaussians that losses take them for.

Nothing is the difference of two large terms: distances of two Gaussians are sums of positive ones in their standard
deviations. So boxes that almost agree keep their digits, and nothing overflows float32 for sides from 0 to 1e4 and
centres 1e5 apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from yolo_feiou.losses.boxes import Pair, check_units, describe_shapes, describe_types, lazy_property, upcast


class RotatedPair:
    """N predicted rotated boxes beside their N targets; a quantity is a tensor of shape (N,).

    A box is xywhr: its centre, its width and height, and the angle in radians by which it is turned, from x towards y.
    Angles may be any; a box is the same with its sides exchanged and turned by π/2, and turned by π. Half precision is
    upcast to float32.

    Args:
        pred: xywhr boxes, shape (N, 5). A side below 0 counts as its absolute value; at 0 it has no gradient.
        target: xywhr boxes, shape (N, 5).
        image: Height and width of the image in pixels; no loss of rotated boxes depends on it.
        pixels: Pixels per unit of the boxes, a number or a tensor of shape (N,); with boxes in strides, the stride.
        reference: As for `Pair`, whose arguments these are: no loss of rotated boxes measures errors of single sides.
        error_weights: Likewise.

    Attributes:
        pred: The prediction as given, in float32 at least, (N, 5).
        target: The target likewise.
        pixels: Pixels per unit, as given.
        dx,dy: Offset of the centres, prediction minus target.
        rho2: dx² + dy².
        sin2,cos2: sin² and cos² of the difference of the angles.
        pred_offsets2: Squared offset of the centres along the prediction's width, and along its height.
        target_offsets2: Likewise along the target's sides.

    Raises:
        TypeError: If the boxes are not tensors.
        ValueError: If the shapes differ, or are not (N, 5), or `pixels` or `image` doesn't fit.
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
        if pred.shape != target.shape or pred.ndim != 2 or pred.shape[1] != 5:
            raise ValueError(describe_shapes(pred, target, "rotated xywhr", 5))
        check_units(len(pred), image, pixels, None)
        dtype = torch.promote_types(torch.promote_types(pred.dtype, target.dtype), torch.float32)
        self.pred, self.target, self.pixels = upcast(pred, dtype), upcast(target, dtype), pixels
        self._gaussians: dict[tuple[float, float], Gaussians] = {}

    def as_gaussians(self, divisor: float, floor: float) -> Gaussians:
        """Return both boxes as Gaussians: along each side the variance is side²/divisor + floor.

        Args:
            divisor: 12 for the variance of a uniform distribution over the box, 4 for half a side as the deviation.
            floor: In squared units of the boxes, 0 or more.
        """
        key = (divisor, floor)
        if key not in self._gaussians:
            self._gaussians[key] = Gaussians(self, divisor, floor)
        return self._gaussians[key]

    @lazy_property
    def dx(self) -> Tensor:
        """Offset of the centres along x, prediction minus target."""
        return self.pred[:, 0] - self.target[:, 0]

    @lazy_property
    def dy(self) -> Tensor:
        """Offset of the centres along y, prediction minus target."""
        return self.pred[:, 1] - self.target[:, 1]

    @lazy_property
    def rho2(self) -> Tensor:
        """Squared distance ρ² of the centres."""
        return self.dx * self.dx + self.dy * self.dy

    @lazy_property
    def sin2(self) -> Tensor:
        """sin² of the difference of the angles."""
        sine = self._turn.sin()
        return sine * sine

    @lazy_property
    def cos2(self) -> Tensor:
        """cos² of the difference of the angles."""
        cosine = self._turn.cos()
        return cosine * cosine

    @lazy_property
    def pred_offsets2(self) -> tuple[Tensor, Tensor]:
        """Squared offset of the centres along the prediction's width, and along its height."""
        return self._square_offsets(self.pred[:, 4])

    @lazy_property
    def target_offsets2(self) -> tuple[Tensor, Tensor]:
        """Squared offset of the centres along the target's width, and along its height."""
        return self._square_offsets(self.target[:, 4])

    @lazy_property
    def _turn(self) -> Tensor:
        return self.pred[:, 4] - self.target[:, 4]

    def _square_offsets(self, angle: Tensor) -> tuple[Tensor, Tensor]:
        sine, cosine = angle.sin(), angle.cos()
        along, across = self.dx * cosine + self.dy * sine, self.dy * cosine - self.dx * sine
        return along * along, across * across


#: What a loss is of.
AnyPair = Pair | RotatedPair


class Gaussians:
    """The boxes of a pair as Gaussians; a quantity is a tensor of shape (N,).

    Args:
        pair: The boxes.
        divisor: See `RotatedPair.as_gaussians`.
        floor: Likewise. A variance is at least 1e-10, also without a floor.

    Attributes:
        pair: The boxes.
        s1: Standard deviation of the prediction along its width.
        s2: Along its height.
        t1: Of the target along its width.
        t2: Along its height.
    """

    def __init__(self, pair: RotatedPair, divisor: float, floor: float) -> None:
        self.pair = pair
        # One by one: a target has no gradient in training, and what is computed of it alone costs no backward pass.
        self.s1, self.s2 = _find_deviations(pair.pred, divisor, floor)
        self.t1, self.t2 = _find_deviations(pair.target, divisor, floor)

    @lazy_property
    def areas(self) -> tuple[Tensor, Tensor]:
        """√|Σ_p| = s₁s₂ and √|Σ_t| = t₁t₂."""
        return self.s1 * self.s2, self.t1 * self.t2

    @lazy_property
    def area_spread(self) -> Tensor:
        """(√|Σ_p| + √|Σ_t|)²/(4√(|Σ_p||Σ_t|)) − 1 for the covariances Σ_p and Σ_t: 0 where their areas are the same."""
        prediction, target = self.areas
        difference = prediction - target
        return difference / prediction * difference / target * 0.25

    @lazy_property
    def spread(self) -> Tensor:
        """|Σ|/(4√(|Σ_p||Σ_t|)) − 1 for the sum Σ of the covariances Σ_p and Σ_t: 0 where these are the same.

        With the difference Δ of the angles and √(|Σ_p||Σ_t|) = s₁s₂t₁t₂,

            |Σ| − 4√(|Σ_p||Σ_t|) = (s₁s₂ − t₁t₂)² + cos²Δ (s₁t₂ − s₂t₁)² + sin²Δ (s₁t₁ − s₂t₂)².
        """
        prediction, target = self.areas
        # Divided by one area between the factors of each square: the slope by 1/s₁s₂t₁t₂ would overflow.
        straight, crossed = self.s1 * self.t2 - self.s2 * self.t1, self.s1 * self.t1 - self.s2 * self.t2
        aspects = straight / prediction * straight * self.pair.cos2 + crossed / prediction * crossed * self.pair.sin2
        return self.area_spread + aspects / target * 0.25

    @lazy_property
    def mahalanobis2(self) -> Tensor:
        """dᵀ(Σ_p + Σ_t)⁻¹d for the offset d of the centres.

        It is dᵀ adj(Σ_p) d + dᵀ adj(Σ_t) d over |Σ_p + Σ_t|, each in its own box's frame, where adj exchanges the
        variances; both are divided by 4s₁s₂t₁t₂, so that no product of four deviations is there.
        """
        along, across = self.pair.pred_offsets2
        prediction = (along * (self.s2 / self.s1) + across * (self.s1 / self.s2)) / self.t1 / self.t2
        along, across = self.pair.target_offsets2
        target = (along * (self.t2 / self.t1) + across * (self.t1 / self.t2)) / self.s1 / self.s2
        return (prediction + target) * 0.25 / (1 + self.spread)

    @lazy_property
    def bhattacharyya(self) -> Tensor:
        """Bhattacharyya distance: ⅛ dᵀΣ̄⁻¹d + ½ ln(|Σ̄|/√(|Σ_p||Σ_t|)) with the mean Σ̄ of the covariances."""
        return self.mahalanobis2 * 0.25 + self.spread.log1p() * 0.5

    @lazy_property
    def wasserstein2(self) -> Tensor:
        """Squared Wasserstein distance ρ² + tr(Σ_p + Σ_t − 2(Σ_p^½ Σ_t Σ_p^½)^½), in squared units of the boxes.

        With K = s₁t₁ + s₂t₂, L = s₁t₂ + s₂t₁ and M² = K² cos²Δ + L² sin²Δ the trace is

            s₁² + s₂² + t₁² + t₂² − 2M = (s₁ − t₁)² + (s₂ − t₂)² + 2 sin²Δ (K² − L²)/(K + M),

        for |Δ| ≤ 45°, where the last term takes at most 70 % off the others; a box turned by more has its sides
        exchanged. K² − L² is (s₁² − s₂²)(t₁² − t₂²).
        """
        exchanged = self.pair.sin2 > self.pair.cos2
        s1, s2 = torch.where(exchanged, self.s2, self.s1), torch.where(exchanged, self.s1, self.s2)
        sin2 = torch.where(exchanged, self.pair.cos2, self.pair.sin2)
        cos2 = torch.where(exchanged, self.pair.sin2, self.pair.cos2)
        k, other = s1 * self.t1 + s2 * self.t2, s1 * self.t2 + s2 * self.t1
        m = (k * k * cos2 + other * other * sin2).sqrt()
        excess = (s1 - s2) * (s1 + s2) * (self.t1 - self.t2) * (self.t1 + self.t2)
        d1, d2 = s1 - self.t1, s2 - self.t2
        return self.pair.rho2 + d1 * d1 + d2 * d2 + 2 * sin2 * (excess / (k + m))

    @lazy_property
    def target_mahalanobis2(self) -> Tensor:
        """dᵀΣ_t⁻¹d for the offset d of the centres."""
        return _measure_offset(self.pair.target_offsets2, self.t1, self.t2)

    @lazy_property
    def pred_mahalanobis2(self) -> Tensor:
        """dᵀΣ_p⁻¹d for the offset d of the centres."""
        return _measure_offset(self.pair.pred_offsets2, self.s1, self.s2)

    @lazy_property
    def divergence(self) -> Tensor:
        """Kullback-Leibler divergence D(N_p‖N_t) = ½(dᵀΣ_t⁻¹d + tr(Σ_t⁻¹Σ_p) − 2 − ln(|Σ_p|/|Σ_t|))."""
        shape = self._compare_shapes(self.s1, self.s2, self.t1, self.t2)
        return (self.target_mahalanobis2 + shape) * 0.5

    @lazy_property
    def reverse_divergence(self) -> Tensor:
        """Kullback-Leibler divergence D(N_t‖N_p), likewise."""
        shape = self._compare_shapes(self.t1, self.t2, self.s1, self.s2)
        return (self.pred_mahalanobis2 + shape) * 0.5

    def _compare_shapes(self, s1: Tensor, s2: Tensor, t1: Tensor, t2: Tensor) -> Tensor:
        """Return tr(Σ_t⁻¹Σ_s) − 2 − ln(|Σ_s|/|Σ_t|), the mean, by cos²Δ and sin²Δ, of what it is at 0° and at 90°."""
        straight = _exceed_log(s1, t1) + _exceed_log(s2, t2)
        crossed = _exceed_log(s1, t2) + _exceed_log(s2, t1)
        return self.pair.cos2 * straight + self.pair.sin2 * crossed


def _find_deviations(boxes: Tensor, divisor: float, floor: float) -> tuple[Tensor, Tensor]:
    """Return the standard deviations of xywhr boxes along their widths, and along their heights."""
    sides = boxes[:, 2:4]
    along, across = (sides * sides / divisor + floor).clamp(min=1e-10).sqrt().unbind(-1)
    return along, across


def _measure_offset(offsets2: tuple[Tensor, Tensor], first: Tensor, second: Tensor) -> Tensor:
    """Return the squared offsets along two axes in the deviations there, added up."""
    along, across = offsets2
    return along / first / first + across / second / second


def _exceed_log(s: Tensor, t: Tensor) -> Tensor:
    """Return x − 1 − ln x for x = s²/t², which is 0 for s = t and positive otherwise, also rounded."""
    excess = ((s - t) / t) * ((s + t) / t)  # x − 1, which rounds to −1 for a tiny x
    logarithm = torch.where(excess > -0.5, excess.clamp(min=-0.5).log1p(), 2 * (s / t).log())
    return excess - logarithm
