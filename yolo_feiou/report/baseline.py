"""What variants are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.report.variants import Value, Variant, named, spelled
from yolo_feiou.storage.tables import parse_number

#: The losses that are the baseline if no other is named, the first that there is.
USUAL = ("ciou", "stock")


@dataclass(frozen=True)
class Baseline:
    """The values of axes that make a variant the baseline.

    Attributes:
        values: Those values. A variant's baseline has them, and its own values of all other axes.
    """

    values: Mapping[str, Value]

    def of(self, variant: Variant, variants: Sequence[Variant]) -> Variant | None:
        """Return the baseline of a variant, which may be itself; None if there is no such one."""
        wanted = {**variant.values, **self.values}
        return next((other for other in variants if other.values == wanted), None)

    @property
    def label(self) -> str:
        """Its name for people."""
        loss = [str(self.values["loss"])] if "loss" in self.values else []
        return " ".join([*loss, *named({axis: v for axis, v in self.values.items() if axis != "loss"})])


def find_baseline(text: str, variants: Sequence[Variant]) -> Baseline:
    """Return the baseline that a text names.

    Args:
        text: `LOSS`, `LOSS@axis=value,axis=value` or `@axis=value`. Without @ a variant is compared with the one of
            that loss that has its own values of the other axes; axes after @ are fixed. Empty for the default: `ciou`
            if it is there, otherwise `stock`, otherwise the first loss; where the loss is no axis, the first value of
            the first axis.
        variants: All variants.

    Raises:
        ArgumentError: If it names a loss, axis or value that is not there, or no variant has them all.
    """
    axes = list(variants[0].values)
    if not text:
        return Baseline(_default(axes, variants))
    loss, at, rest = text.partition("@")
    values: dict[str, Value] = {}
    if loss:
        values["loss"] = _loss(loss, axes, variants)
    for word in rest.split(",") if at else []:
        axis, _, value = word.partition("=")
        values[axis] = _axis(axis, value, text, variants)
    baseline = Baseline(values)
    if not any(variant.has(values) for variant in variants):
        raise ArgumentError(f"baseline={text}: no finished run is {baseline.label}. There are {_list(variants)}.")
    return baseline


def _default(axes: Sequence[str], variants: Sequence[Variant]) -> dict[str, Value]:
    if "loss" not in axes:
        return {axis: variants[0].values[axis] for axis in axes[:1]}
    losses = [variant.loss for variant in variants]
    return {"loss": next((loss for loss in USUAL if loss in losses), losses[0])}


def _loss(loss: str, axes: Sequence[str], variants: Sequence[Variant]) -> str:
    losses = list(dict.fromkeys(variant.loss for variant in variants))
    if "loss" not in axes:
        other = f"; name another axis, as in baseline=@{axes[0]}=…" if axes else ", and differ by their seed alone"
        raise ArgumentError(f"baseline={loss}: all runs have the loss {losses[0]}{other}.")
    if loss not in losses:
        raise ArgumentError(
            f"baseline={loss}: no finished run has that loss{did_you_mean(loss, losses)} There are {', '.join(losses)}."
        )
    return loss


def _axis(axis: str, text: str, whole: str, variants: Sequence[Variant]) -> Value:
    axes = [name for name in variants[0].values if name != "loss"]
    if axis not in axes:
        raise ArgumentError(
            f"baseline={whole}: '{axis}' is no axis of these runs{did_you_mean(axis, axes)} "
            f"After @ come {', '.join(axes) or 'none here'}."
        )
    values = list(dict.fromkeys(variant.values[axis] for variant in variants))
    value = text if text in values else parse_number(text)
    if value not in values:
        raise ArgumentError(f"baseline={whole}: no run has {axis}={text}; there are {', '.join(map(spelled, values))}.")
    return value


def _list(variants: Sequence[Variant]) -> str:
    return ", ".join(variant.label for variant in variants)
