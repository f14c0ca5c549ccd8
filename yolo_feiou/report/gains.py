"""What the gain of the box loss was in the runs of a report, and what it stands against: comparing losses alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from yolo_feiou.losses.build import STOCK
from yolo_feiou.report.comparison import Comparison
from yolo_feiou.report.format import format_count, format_decimal, format_list
from yolo_feiou.report.read import Results
from yolo_feiou.report.variants import MATCHED, Variant, show_value
from yolo_feiou.results.arguments import MAX_GRADIENT_RATIO
from yolo_feiou.results.own_loss import (
    REFERENCE_NAMES,
    find_own_loss,
    is_rtdetr_run,
    name_gradient_reference,
    spell_factor,
)
from yolo_feiou.results.schema import SIZES
from yolo_feiou.storage.tables import Row

#: The `box` of runs whose gain follows from their loss and detector.
AUTO = "auto"


def list_gain_warnings(results: Results, comparisons: Sequence[Comparison]) -> list[str]:
    """Return what a reader must know of gains and gradients before comparing the variants, a sentence each."""
    variants = [comparison.variant for comparison in comparisons]
    return [*_compare_gains(results, variants), *_compare_gradients(results, comparisons)]


def describe_gains(rows: Sequence[Row]) -> list[str]:
    """Return what a caption says of the gain: 'same', 'matched', or 'auto: 2 and 2.5' where box=auto chose."""
    chosen = [row for row in rows if find_auto_gains([row])]
    numbers = sorted({gain for row in chosen for gain in find_auto_gains([row]).values()})
    others = dict.fromkeys(show_value(row["gain"]) for row in rows if row not in chosen and row.get("gain") is not None)
    return [*others, *([f"auto: {format_list([*map(show_value, numbers)])}"] if numbers else [])]


def find_auto_gains(rows: Iterable[Row]) -> dict[str, float]:
    """Return by loss what box=auto made of the gain, of rows of one model that say so."""
    return {
        str(row["loss"]): row["box_used"]
        for row in rows
        if row.get("box") == AUTO and row.get("gain") != MATCHED and isinstance(row.get("box_used"), float)
    }


def _compare_gains(results: Results, variants: Sequence[Variant]) -> Iterator[str]:
    """Yield what differs in the gains."""
    gains = Counter(str(row["gain"]) for row in results.done if row.get("gain"))
    if len(gains) > 1:
        told = format_list([f"{gain} ({format_count(n, 'run')})" for gain, n in gains.items()])
        yield f"The gain of the box loss is {told}: a loss gains or loses by that alone, so compare within one of them."
    for variant in variants:
        boxes = dict.fromkeys(row.get("box") for row in variant.runs.values() if row.get("gain") == MATCHED)
        if len(boxes) > 1:
            yield f"The seeds of {variant.label} have different gains: box={format_list([*map(show_value, boxes)])}."
    same = {row["loss"] for row in results.done if row.get("gain") != MATCHED}
    beside = {own if (own := find_own_loss(row)) in REFERENCE_NAMES else "ciou" for row in results.done}
    if unknown := same - {row.get("loss") for row in results.preflight} - {STOCK} - beside:
        names = format_list([f"{name}'s" for loss, name in REFERENCE_NAMES.items() if loss in beside])
        yield (
            f"How large the gradients of {format_list(sorted(unknown))} are beside {names} was not measured: a "
            "difference may come from the gain alone."
        )
    for model, gains in _group_auto_gains(results.done).items():
        if len({*gains.values()}) > 1:
            told = format_list([f"{show_value(gain)} for {loss}" for loss, gain in gains.items()], 5)
            yield (
                f"The gain of the box loss is not the same, since box=auto sets it{f' in {model}' if model else ''}: "
                f"{told}. A difference may come from that; one number, as box=2.5, trains all losses alike."
            )


def _compare_gradients(results: Results, comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Yield a sentence for each loss whose gradient is far from the reference's, or where gains differ the baseline's.

    What makes up for it is `gain=matched`, and a factor of the loss where `box` does nothing.
    """
    same = {row["loss"] for row in results.done if row.get("gain") != MATCHED}
    baselines = dict.fromkeys(comparison.baseline.loss for comparison in comparisons if comparison.baseline)
    by_model = _group_auto_gains(results.done)
    groups = group_preflight(results.preflight)
    for measured in groups:
        model = Path(str(measured[0].get("model") or "")).name
        gains = by_model.get(model, {})
        ratios = {row["loss"]: row["gradient_ratio"] for row in measured if isinstance(row["gradient_ratio"], float)}
        where = _tell_apart(measured, groups)
        base = next((loss for loss in baselines if loss in gains and loss in ratios), None)
        if base is not None and len({*gains.values()}) > 1:
            yield from _at_their_gains(ratios, gains, base, where)
            continue
        trained = [row for row in results.done if Path(str(row.get("model") or "")).name == model]
        ignores_gain = any(map(is_rtdetr_run, trained or [{"model": model}]))
        matched = f"gain=matched box={show_value(next(iter(gains.values())))}" if gains else "gain=matched"
        for loss, ratio in ratios.items():
            if loss in same and not 1 / MAX_GRADIENT_RATIO <= ratio <= MAX_GRADIENT_RATIO:
                cure = f"{spell_factor(loss, ratio) if ignores_gain and ratio else matched} takes it out"
                yield (
                    f"At the same gain the gradient of {loss} is {format_decimal(ratio, 2)} times "
                    f"{name_gradient_reference(measured)}'s in size{where}: a difference may come from that, and not "
                    f"from the shape of the loss ({cure if ratio else 'no gain takes it out'})."
                )


def _tell_apart(measured: Sequence[Row], groups: Sequence[Sequence[Row]]) -> str:
    """Return what rows that were measured together don't share with the other groups, as ' with imgsz=160'."""
    differ = [name for name in measured[0] if name not in SIZES and len({str(of[0].get(name)) for of in groups}) > 1]
    told = [f"{name}={Path(show_value(measured[0][name])).name}" for name in differ]
    return f" with {format_list(told)}" if told else ""


def _at_their_gains(ratios: Mapping[str, float], gains: Mapping[str, float], base: str, where: str) -> Iterator[str]:
    """Yield a sentence for each loss whose gradient times its gain is far from the baseline's times its own."""
    for loss, ratio in ratios.items():
        size = ratio * gains[loss] / (ratios[base] * gains[base]) if loss in gains and ratios[base] else 1.0
        if not 1 / MAX_GRADIENT_RATIO <= size <= MAX_GRADIENT_RATIO:
            yield (
                f"With the gains that trained ({show_value(gains[loss])}, and {show_value(gains[base])} for {base}) "
                f"the gradient of {loss} is {format_decimal(size, 2)} times {base}'s in size{where}: a difference may "
                "come from that, and not from the shape of the loss (gain=matched box=2.5 takes it out)."
            )


def _group_auto_gains(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return by the model's file what `find_auto_gains` gives."""
    models: dict[str, list[Row]] = {}
    for row in rows:
        models.setdefault(Path(str(row.get("model") or "")).name, []).append(row)
    return {model: gains for model, of in models.items() if (gains := find_auto_gains(of))}


def group_preflight(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows that were measured together: of one folder, data, model and whatever else is told."""
    names = dict.fromkeys(name for row in rows for name in row if name not in SIZES)
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row.get("loss") and "gradient_ratio" in row:
            found.setdefault(tuple(row.get(name) for name in names), []).append(row)
    return list(found.values())
