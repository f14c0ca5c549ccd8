"""What a simulated loss is told that a training would know: the size of the image, of objects, and the progress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.build import build_aligned, build_loss, read_spec
from yolo_feiou.parameters import Float, Floats, Parameter, Schedule


@dataclass(frozen=True)
class Conditions:
    """The conditions of a simulation. Its boxes have a unit of their own, and no image.

    Attributes:
        image: Height and width of the image in pixels.
        side: Side of the targets, √area, in pixels.
        t: Progress of the training, from 0 to 1, at which scheduled numbers are taken.
    """

    image: tuple[float, ...] = (640, 640)
    side: float = 32
    t: float = 0

    def __post_init__(self) -> None:
        if len(self.image) != 2:
            raise ArgumentError(
                f"image={','.join(map('{:g}'.format, self.image))}: expected height and width, as in image=480,640."
            )

    def build(self, spec: str) -> BoxLoss:
        """Return the loss of a spec, of axis-aligned boxes, as it is at `t`, see `prepare`.

        Raises:
            ArgumentError: If a parameter follows from a training set.
            LossSpecError: If the spec is wrong, or of rotated boxes.
        """
        return self.prepare(build_aligned(spec), spec)

    def prepare(self, loss: BoxLoss, spec: str) -> BoxLoss:
        """Return a loss, given with its spec, as it is at `t`; a running mean stays as it is at its start.

        Raises:
            ArgumentError: If a parameter follows from a training set.
        """
        if loss.needs_mean_side:
            raise ArgumentError(
                f"{spec}: c=auto is the mean size of a training set's objects; there is none here: give c in pixels."
            )
        loss.set_progress(self.t)
        return loss.eval()

    def units(self, area: float = 1) -> dict[str, Any]:
        """Return what a loss in pixels is told, as keyword arguments of `BoxLoss.mean`.

        Args:
            area: Area of the targets in the unit of the boxes.
        """
        return {"image": self.image, "pixels": self.side / area**0.5}

    def tell(self, specs: Sequence[str]) -> Iterator[str]:
        """Yield a line for each loss that depends on them."""
        height, width = self.image
        for spec in specs:
            loss = build_loss(spec)
            if loss.needs_units and loss.family == "aligned":  # of rotated boxes the field tells it
                yield (
                    f"{spec}: in an image of {height:g} × {width:g} pixels, with targets of {self.side:g} × "
                    f"{self.side:g} pixels (image=, side=)"
                )
            if loss.has_state:
                yield f"{spec}: its running mean stays at 1"
            if any(isinstance(value, Schedule) for term in read_spec(spec) for value in _values(term)):
                yield f"{spec}: as it is at t={self.t:g} of a training (t=)"


def _values(term: Any) -> Iterator[Any]:
    yield from term.values.values()
    yield from term.modifiers.values()


def conditions_arguments() -> tuple[Parameter, ...]:
    """Return the arguments that set the conditions."""
    return (
        Floats("image", Conditions.image, 1, 1e5, "height and width of the image in pixels, for losses that ask"),
        Float("side", Conditions.side, 1e-3, 1e5, "√(wh) of the target in pixels, for losses that ask"),
        Float("t", Conditions.t, 0, 1, "the share of a training that is done, for losses with a schedule"),
    )


def get_conditions(values: Mapping[str, Any]) -> Conditions:
    """Return the conditions that the user's arguments set, else the defaults; raises as `Conditions` does."""
    return Conditions(**{key: values[key] for key in ("image", "side", "t") if key in values})
