"""What the gain of the box loss was in the runs of a report, and what it stands against: comparing losses alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from yolo_feiou.report.comparison import Comparison
from yolo_feiou.report.format import format_count, format_decimal, format_list
from yolo_feiou.report.read import Results
from yolo_feiou.report.variants import MATCHED, Variant, show_value
from yolo_feiou.results.arguments import MAX_GRADIENT_RATIO, name_gradient_reference
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
    unknown = same - {row.get("loss") for row in results.preflight} - {"ciou", "probiou", "stock"}
    if unknown:
        beside = name_gradient_reference([row["loss"] for row in results.done])
        yield (
            f"How large the gradients of {format_list(sorted(unknown))} are beside {beside}'s was not measured: a "
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
    """Yield a sentence for each loss whose gradient is far from CIoU's, or at gains of box=auto from the baseline's."""
    same = {row["loss"] for row in results.done if row.get("gain") != MATCHED}
    baselines = dict.fromkeys(comparison.baseline.loss for comparison in comparisons if comparison.baseline)
    by_model = _group_auto_gains(results.done)
    for measured in _group_preflight(results.preflight):
        gains = by_model.get(Path(str(measured[0].get("model") or "")).name, {})
        ratios = {row["loss"]: row["gradient_ratio"] for row in measured if isinstance(row["gradient_ratio"], float)}
        base = next((loss for loss in baselines if loss in gains and loss in ratios), None)
        if base is not None and len({*gains.values()}) > 1:
            yield from _at_their_gains(ratios, gains, base)
            continue
        for loss, ratio in ratios.items():
            if loss in same and not 1 / MAX_GRADIENT_RATIO <= ratio <= MAX_GRADIENT_RATIO:
                yield (
                    f"At the same gain the gradient of {loss} is {format_decimal(ratio, 2)} times "
                    f"{name_gradient_reference(ratios)}'s in size: a "
                    "difference may come from that, and not from the shape of the loss (gain=matched takes it out)."
                )


def _at_their_gains(ratios: Mapping[str, float], gains: Mapping[str, float], base: str) -> Iterator[str]:
    """Yield a sentence for each loss whose gradient times its gain is far from the baseline's times its own."""
    for loss, ratio in ratios.items():
        size = ratio * gains[loss] / (ratios[base] * gains[base]) if loss in gains and ratios[base] else 1.0
        if not 1 / MAX_GRADIENT_RATIO <= size <= MAX_GRADIENT_RATIO:
            yield (
                f"With the gains that trained ({show_value(gains[loss])}, and {show_value(gains[base])} for {base}) "
                f"the gradient of {loss} is {format_decimal(size, 2)} times {base}'s in size: a difference may come "
                "from that, and not from the shape of the loss (gain=matched box=2.5 takes it out)."
            )


def _group_auto_gains(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return by the model's file what `find_auto_gains` gives."""
    models: dict[str, list[Row]] = {}
    for row in rows:
        models.setdefault(Path(str(row.get("model") or "")).name, []).append(row)
    return {model: gains for model, of in models.items() if (gains := find_auto_gains(of))}


def _group_preflight(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows that were measured together: of one folder, model, data and image size."""
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row.get("loss") and "gradient_ratio" in row:
            found.setdefault(tuple(row.get(name) for name in ("folder", "model", "data", "imgsz")), []).append(row)
    return list(found.values())
