"""What stands against comparing the runs of a report: sentences for its reader."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from yolo_feiou.report.comparison import SOUGHT_DIFFERENCE, Comparison
from yolo_feiou.report.format import format_count, format_list, format_percent
from yolo_feiou.report.gains import list_gain_warnings
from yolo_feiou.report.read import Results
from yolo_feiou.report.variants import Value, Variant, find_most_seeds, show_value, show_values, split_by_trainer
from yolo_feiou.results.arguments import NEUTRAL_ARGUMENTS
from yolo_feiou.results.levels import ROUNDING
from yolo_feiou.results.main_metric import MAP_OBB, find_main_metric, get_score, name_metrics
from yolo_feiou.results.schema import MUST_AGREE, find_dependent
from yolo_feiou.storage.tables import Row

MIN_SEEDS = 3  # below this many a standard deviation says next to nothing
#: Settings of the evaluation that a detector may have of its own.
OWN_SETTINGS = ("eval_conf", "eval_iou", "eval_max_det", "eval_imgsz", "eval_batch")
#: What to name of two recipes, of the arguments that YOLO and other detectors both have.
COMMON_ARGUMENTS = ("imgsz", "batch", "lr0")
FEW_OBJECTS = 30  # objects, below which the AP of a size hangs on single ones


def list_warnings(results: Results, comparisons: Sequence[Comparison]) -> list[str]:
    """Return what a reader must know before comparing the variants, a sentence each."""
    variants = [comparison.variant for comparison in comparisons]
    told = [
        *results.notes,
        *_unfinished(results),
        *_empty(results.done),
        *_seeds(variants),
        *_more_seeds(comparisons),
        *_without_baseline(comparisons),
        *_metrics(results.done),
        *_models(results, [*variants[0].values]),
        *_circumstances(results.done, [*variants[0].values]),
        *_arguments(results, [*variants[0].values]),
        *list_gain_warnings(results, comparisons),
        *_single_runs(results.done),
        *_ground_truth(results.done),
        *_few_objects(results.done),
    ]
    return list(dict.fromkeys(told))


def describe_device(device: str) -> str:
    """Return what kind of device a `device=` is, whatever its number: 'cpu', '1 GPU', '2 GPUs'."""
    numbers = re.fullmatch(r"\[?((cuda:)?\d+([,\s]+(cuda:)?\d+)*)\]?", device)
    return format_count(len(re.findall(r"(?:cuda:)?\d+", numbers[1])), "GPU") if numbers else device


def _empty(rows: Sequence[Row]) -> Iterator[str]:
    empty = [row["run"] for row in rows if row.get("detections") == 0]
    wrong = [row["run"] for row in rows if row.get("detections") != 0 and get_score(row) == 0]
    low = [row["run"] for row in rows if 0 < (get_score(row) or 0) < SOUGHT_DIFFERENCE]
    for runs, lack, score in (
        (empty, "without a single detection", "0"),
        (wrong, "without a single correct detection", "0"),
        (low, "almost without a correct detection", f"less than {format_percent(SOUGHT_DIFFERENCE)} %"),
    ):
        if runs:
            told = f"{format_count(len(runs), 'run')} of {len(rows)} {lack}, trained too little or broken"
            metric = name_metrics(find_main_metric(row) for row in rows if row["run"] in runs)
            yield f"{told}: {format_list(runs, 5)}. Their {metric} of {score} compares nothing."


def _unfinished(results: Results) -> Iterator[str]:
    left = [row for row in results.rows if row["status"] != "done"]
    if left:
        told = [f"{row['run']} ({row.get('reason') or row['status'] or 'no status'})" for row in left]
        yield f"{format_count(len(left), 'run')} of {len(results.rows)} not done, and left out: {format_list(told, 5)}."


def _seeds(variants: Sequence[Variant]) -> Iterator[str]:
    numbers = [len(variant.runs) for variant in variants]
    fixed = [variant for variant in variants if variant.most_seeds is None]  # others have as many as they needed
    most = max((len(variant.runs) for variant in fixed), default=0)
    if fewer := [f"{v.label} ({len(v.runs)})" for v in fixed if len(v.runs) < most]:
        yield f"Fewer seeds than the {most} of others: {format_list(fewer)}."
    if min(numbers) < MIN_SEEDS:
        few = format_count(sum(n < MIN_SEEDS for n in numbers), "variant")
        yield f"{few} of {len(variants)} with fewer than {MIN_SEEDS} seeds: a standard deviation of so few says little."
    for variant in variants:
        of, metric = variant.spread(variant.metric), name_metrics([variant.metric])
        if of.sd is not None and of.sd <= ROUNDING and of.mean:  # for a mean of 0 see `_empty`
            yield f"All {of.n} seeds of {variant.label} have the same {metric}: does the seed have an effect?"


def _more_seeds(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Yield a sentence for sequential comparisons with more seeds than they might get."""
    sequential = [
        (c.variant.label, c.difference.n, most)
        for c in comparisons
        if c.baseline and c.difference and (most := find_most_seeds(c.variant, c.baseline))
    ]
    if more := [f"{label} ({n} of max_seeds={most})" for label, n, most in sequential if n > most]:
        yield (
            f"More common seeds than were to be added: {format_list(more)}. Their intervals and p values are those for "
            "that many, and err as often as they say only if the number was chosen beforehand."
        )


def _without_baseline(comparisons: Sequence[Comparison]) -> Iterator[str]:
    if alone := [comparison.variant.label for comparison in comparisons if comparison.baseline is None]:
        there = (spelled for c in comparisons if c.is_baseline and (spelled := _spell_baseline(c.variant)))
        across = f" baseline={spelled} compares across them." if (spelled := next(there, "")) else ""
        yield f"Nothing to compare with, since the baseline lacks these values: {format_list(alone)}.{across}"


def _spell_baseline(variant: Variant) -> str:
    """Return a variant as `baseline=` takes it, empty if that can't tell a value: none, or one with a divider."""
    loss, values = str(variant.values.get("loss", "")), show_values(variant.others)
    if None in variant.values.values() or any("," in value for value in values):
        return ""
    return f"{loss}@{','.join(values)}"


def _models(results: Results, swept: Sequence[str]) -> Iterator[str]:
    """Yield what can't be compared where there are several models: YOLO beside others, and settings of their own."""
    rows, sides = results.done, split_by_trainer(results.done)
    own = _find_own_settings(rows, swept)
    told = [_list_values(name, rows) for name in own]
    if len(sides) > 1:
        names = [format_list(_distinct(side, "model") or _distinct(side, "detector")) for side in sides]
        values = {name: [_distinct(side, name) for side in sides] for name in COMMON_ARGUMENTS}
        recipes = [name for name, (ours, theirs) in values.items() if ours and theirs and ours != theirs]
        differing = "; ".join([*(_list_values(name, rows) for name in recipes), *told])
        yield (
            f"YOLO ({names[0]}) and other detectors ({names[1]}) stand side by side, each trained by a recipe of its "
            f"own and evaluated with its own settings{f' ({differing})' if differing else ''}: compare losses within a "
            "model, never one model with another."
        )
    elif told:
        yield f"Models are evaluated with settings of their own ({'; '.join(told)}): compare losses within a model."


def _metrics(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a sentence if some runs are of oriented boxes and some are not."""
    oriented = sum(find_main_metric(row) == MAP_OBB for row in rows)
    if 0 < oriented < len(rows):
        yield (
            f"{format_count(oriented, 'run')} of {len(rows)} have Ultralytics' own mAP of oriented boxes, the others "
            "COCO's AP of upright ones: two metrics, and no run with one of them is compared with a run with the other."
        )


def _find_own_settings(rows: Sequence[Row], swept: Sequence[str]) -> list[str]:
    """Return the settings of the evaluation that differ between models, and not within one, where these are swept."""
    part = next((name for name in ("model", "detector") if name in swept), None)
    if not part:
        return []
    within = [[row for row in rows if row.get(part) == model] for model in {row.get(part) for row in rows}]
    return [
        name
        for name in OWN_SETTINGS
        if len(_distinct(rows, name)) > 1 and all(len(_distinct(of, name)) <= 1 for of in within)
    ]


def _list_values(name: str, rows: Sequence[Row]) -> str:
    return f"{name} {format_list(_distinct(rows, name), 5)}"


def _distinct(rows: Sequence[Row], name: str) -> list[str]:
    """Return the values of a column, each once; one that isn't recorded is none."""
    return list(dict.fromkeys(show_value(row[name]) for row in rows if row.get(name) is not None))


def _circumstances(rows: Sequence[Row], swept: Sequence[str]) -> Iterator[str]:
    expected = {*find_dependent(swept), *_find_own_settings(rows, swept)}
    for name in MUST_AGREE:
        if name not in expected and name not in swept:
            yield from _differing(name, [row.get(name) for row in rows])
    if "device" not in swept:
        yield from _differing("device", [row.get("device") and describe_device(str(row["device"])) for row in rows])


def _differing(name: str, values: Sequence[Value]) -> Iterator[str]:
    """Yield a sentence if there is more than one value; one that isn't recorded is none."""
    counts = Counter(show_value(value) for value in values if value is not None)
    if len(counts) > 1:
        told = [f"{value} ({format_count(n, 'run')})" for value, n in counts.items()]
        yield f"Runs differ in {name}: {format_list(told, 5)}."


def _arguments(results: Results, swept: Sequence[str]) -> Iterator[str]:
    listed = {argument for row in results.rows for argument in str(row.get("axes") or "").split()}
    parting = ("model", "detector") if len(split_by_trainer(results.done)) > 1 else ()
    for argument in swept:
        if argument not in listed and argument not in ("loss", "gain", *parting):
            yield f"Runs differ in {argument} although no ablation varied it: it counts as swept, never averaged over."
    for name in results.arguments:
        if name in NEUTRAL_ARGUMENTS and name not in swept:
            yield from _differing(name, [row.get(name) for row in results.done])


def _few_objects(rows: Sequence[Row]) -> Iterator[str]:
    for size in "SML":
        numbers = {row[f"objects_{size}"] for row in rows if row.get(f"objects_{size}") is not None}
        if numbers and 0 < min(numbers) < FEW_OBJECTS:
            yield f"AP_{size} rests on {format_count(int(min(numbers)), 'object')}: it says next to nothing."


def _single_runs(rows: Sequence[Row]) -> Iterator[str]:
    if blind := [f"{row['run']} ({show_value(row['unread'])})" for row in rows if row.get("unread")]:
        yield f"Images of the evaluation could not be read: {format_list(blind, 5)}."
    if resumed := [row["run"] for row in rows if _true(row.get("resumed"))]:
        told = f"{format_count(len(resumed), 'run')} interrupted, and resumed from a checkpoint"
        yield f"{told}: {format_list(resumed, 5)}."
    for metric in dict.fromkeys(map(find_main_metric, rows)):
        if lacking := [row["run"] for row in rows if find_main_metric(row) == metric and row.get(metric) is None]:
            name = name_metrics([metric])
            yield f"{format_count(len(lacking), 'run')} done but without {name}: {format_list(lacking, 5)}."


def _ground_truth(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what is peculiar to the ground truth of runs."""
    for name, unusual, told in (
        ("ignored_categories", bool, "Categories that the model does not have are not counted"),
        (
            "truth_scale",
            lambda value: value not in (None, 1),
            "Boxes were scaled from the JSON's images to the files by",
        ),
        ("areas_replaced", bool, "Areas in the JSON that can't be, in place of which those of boxes count"),
        ("unlisted", bool, "Images that the JSON doesn't list count as images without objects"),
    ):
        if counts := Counter(show_value(row[name]) for row in rows if unusual(row.get(name))):
            values = [f"{value} ({format_count(n, 'run')})" for value, n in counts.items()]
            yield f"{told}: {format_list(values, 5)}."


def _true(value: object) -> bool:
    """Return whether a cell says yes, as a word or as a number of times."""
    return str(value).lower() not in ("none", "false", "no", "0", "0.0")
