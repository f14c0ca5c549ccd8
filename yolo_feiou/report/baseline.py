"""What variants are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from yolo_feiou.errors import ArgumentError, YoloFeiouError, did_you_mean
from yolo_feiou.losses.build import STOCK, shorten_spec
from yolo_feiou.losses.spec import split_variant
from yolo_feiou.report.variants import Value, Variant, show_value, show_values
from yolo_feiou.storage.tables import parse_number

#: The losses that are the baseline if no other is named, the first that there is, by the loss that models have of their
#: own: CIoU is YOLO's, ProbIoU that of oriented boxes, GIoU RT-DETR's, and each detector beside YOLO has its own.
USUAL: Mapping[str, tuple[str, ...]] = {
    "ciou": ("ciou", STOCK),
    "probiou": ("probiou", STOCK),
    "giou": ("giou", STOCK, "ciou"),
    STOCK: (STOCK, "ciou"),
}


@dataclass(frozen=True)
class Baseline:
    """The values of swept arguments that make a variant the baseline.

    Attributes:
        values: Those values. A variant's baseline has them, and its own values of all other swept arguments.
        by_own_loss: The same for variants whose models have another loss of their own, by that loss.
    """

    values: Mapping[str, Value]
    by_own_loss: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def find_for(self, variant: Variant, variants: Sequence[Variant]) -> Variant | None:
        """Return the baseline of a variant, which may be itself; None if there is no such one with its metric."""
        wanted = {**variant.values, **self.by_own_loss.get(variant.own_loss, self.values)}
        return next((other for other in variants if other.values == wanted and other.metric == variant.metric), None)

    @property
    def label(self) -> str:
        """Its name for people."""
        loss = [str(self.values["loss"])] if "loss" in self.values else []
        return " ".join([*loss, *show_values({name: v for name, v in self.values.items() if name != "loss"})])


def find_baseline(text: str, variants: Sequence[Variant]) -> Baseline:
    """Return the baseline that a text names.

    Args:
        text: `LOSS`, `LOSS@argument=value,argument=value` or `@argument=value`. Without @ a variant is compared with
            the one of that loss that has its own values of the other swept arguments; those after @ are fixed. Empty
            for the default, by the loss that the model has of its own, see `USUAL`: `ciou` if it is there, `giou` of
            RT-DETR and `probiou` of oriented boxes, otherwise `stock`, otherwise the first loss; `stock` before `ciou`
            for detectors beside YOLO; where the loss isn't swept, the first value of the first swept argument.
        variants: All variants.

    Raises:
        ArgumentError: If it names a loss, swept argument or value that is not there, or no variant has them all.
    """
    swept = list(variants[0].values)
    if not text:
        by_own = {own: [v for v in variants if v.own_loss == own] for own in USUAL}
        found = {own: _default(swept, members, USUAL[own]) for own, members in by_own.items() if members}
        if "loss" in swept:
            return Baseline(next(iter(found.values())), found)
        return Baseline(_default(swept, variants, ()))
    loss, rest = split_variant(text)
    values: dict[str, Value] = {}
    if loss:
        values["loss"] = _loss(loss, swept, variants)
    for word in rest.split(",") if rest is not None else []:
        name, _, value = word.partition("=")
        values[name] = _argument(name, value, text, variants)
    baseline = Baseline(values)
    if not any(variant.has_values(values) for variant in variants):
        raise ArgumentError(f"baseline={text}: no finished run is {baseline.label}. There are {_list(variants)}.")
    return baseline


def _default(swept: Sequence[str], variants: Sequence[Variant], usual: Sequence[str]) -> dict[str, Value]:
    if "loss" not in swept:
        return {name: variants[0].values[name] for name in swept[:1]}
    losses = [variant.loss for variant in variants]
    return {"loss": next((loss for loss in usual if loss in losses), losses[0])}


def _loss(loss: str, swept: Sequence[str], variants: Sequence[Variant]) -> str:
    losses = list(dict.fromkeys(variant.loss for variant in variants))
    if "loss" not in swept:
        other = f"; name what is swept, as in baseline=@{swept[0]}=…" if swept else ", and differ by their seed alone"
        raise ArgumentError(f"baseline={loss}: all runs have the loss {losses[0]}{other}.")
    if loss not in losses:
        with suppress(YoloFeiouError):  # it may be spelled in another way than the runs have it
            if (spec := shorten_spec(loss)) in losses:
                return spec
        raise ArgumentError(
            f"baseline={loss}: no finished run has that loss{did_you_mean(loss, losses)} There are {', '.join(losses)}."
        )
    return loss


def _argument(name: str, text: str, whole: str, variants: Sequence[Variant]) -> Value:
    swept = [name for name in variants[0].values if name != "loss"]
    if name not in swept:
        raise ArgumentError(
            f"baseline={whole}: '{name}' is not swept in these runs{did_you_mean(name, swept)} "
            f"After @ come {', '.join(swept) or 'none here'}."
        )
    values = list(dict.fromkeys(variant.values[name] for variant in variants))
    value = text if text in values else parse_number(text)
    if value not in values:
        raise ArgumentError(
            f"baseline={whole}: no run has {name}={text}; there are {', '.join(map(show_value, values))}."
        )
    return value


def _list(variants: Sequence[Variant]) -> str:
    return ", ".join(variant.label for variant in variants)
