"""Summarize what the runs of scripts/study.py gave, and draw it.

python scripts/study_tables.py

It writes results/study/summary.csv, a row for each setting of each stage, from which scripts/make_docs.py makes the
tables of docs/study.md, and the pictures of that page in docs/study/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from markdown_tables import MISSING, format_table, read_rows
from markdown_tables import Row as Cells
from matplotlib.figure import Figure

from yolo_feiou.errors import exit_on_error
from yolo_feiou.losses.spec import scale_spec, split_spec, split_sum
from yolo_feiou.plots.differences import DifferenceRow, draw_differences
from yolo_feiou.plots.style import render_svg
from yolo_feiou.report.result import compare
from yolo_feiou.report.statistics import holm
from yolo_feiou.report.variants import Variant
from yolo_feiou.results.file_names import BOX_STATS, RESULTS
from yolo_feiou.results.levels import ALPHA
from yolo_feiou.storage.tables import Row, read_csv, write_csv
from yolo_feiou.terminal import say

ROOT = Path(__file__).parents[1]
RESULTS_FOLDER, PICTURES = ROOT / "results" / "study", ROOT / "docs" / "study"
SUMMARY = "summary.csv"
#: Ultralytics' own gains, and what the differences of a stage are to, where that isn't the tuned CIoU.
USUAL = {"box": 7.5, "dfl": 1.5}
BASELINES = {"gains": USUAL}
#: Columns of the summary that have a mean, and of these the ones that have a mean difference too.
METRICS = ("AP", "AP50", "AP75", "AP90")
BETTER, WORSE = "better", "worse"
SOUGHT = 0.5  # AP points, from which on a difference that is shown counts as better
#: What a regime is to a user.
CASES = {
    "short": "from scratch, 30 to 40 epochs",
    "fine": "fine-tuned, 15 to 20 epochs",
    "long": "from scratch, 90 to 120 epochs",
    "yolo26n": "YOLO26 from scratch, 30 to 40 epochs",
}
#: The stages whose differences are tested; the others look.
CONFIRM = tuple(CASES)
DATA = ("bccd", "cards")


def summarize(folder: Path) -> list[Row]:
    """Return a row for each setting of each stage that has results, AP and its differences in percentage points.

    Args:
        folder: That of the tables, with a folder STAGE-DATA for each.
    """
    rows = [row for path in sorted(folder.glob(f"*-*/{RESULTS}")) for row in summarize_stage(path.parent)]
    tested = [row for row in rows if row["p"] is not None]
    for row, p in zip(tested, holm([row["p"] for row in tested]), strict=True):
        row["p_holm"] = p
    return rows


def summarize_stage(folder: Path) -> Iterator[Row]:
    """Yield a row for each setting of a stage on a data set."""
    stage, data = folder.name.split("-")
    comparisons, positives = compare(folder).comparisons, read_last_epochs(folder / BOX_STATS)
    variants = [one.variant for one in comparisons]
    baseline = next(one for one in variants if is_baseline(one, stage))
    for variant in variants:
        about = next(iter(variant.runs.values()))
        ours, theirs = variant.get_by_seed("AP"), baseline.get_by_seed("AP")
        differences = [] if variant is baseline else [ours[seed] - theirs[seed] for seed in ours if seed in theirs]
        tested = variant.difference(baseline, "AP") if differences and stage in CONFIRM else None
        low, high = (tested and tested.interval) or (None, None)
        yield {
            **{"stage": stage, "data": data, "loss": variant.loss, "box": about["box"], "dfl": about["dfl"]},
            "seeds": " ".join(map(str, sorted(variant.runs))),
            **{name: 100 * value for name in METRICS if (value := variant.spread(name).mean) is not None},
            "differences": " ".join(f"{100 * one:+.1f}" for one in differences),
            **{
                name.replace("AP", "difference_").rstrip("_"): find_mean_difference(variant, baseline, name)
                if differences
                else None
                for name in METRICS
            },
            **average_box_stats(positives, variant),
            "sd": tested and tested.sd and 100 * tested.sd,
            "low": low and 100 * low,
            "high": high and 100 * high,
            "p": tested and tested.p,
            "p_holm": None,
        }


def read_last_epochs(path: Path) -> dict[str, Row]:
    """Return the row of the last epoch of each run; none without a file."""
    return {str(row["run"]): row for row in read_csv(path)} if path.is_file() else {}


def average_box_stats(positives: Mapping[str, Row], variant: Variant) -> Row:
    """Return what the positives of a setting are in the last epoch, means over its seeds.

    Those are their IoU, and which share of the gradient's norm those below an IoU of .5 have.
    """
    rows = [positives[run["run"]] for run in variant.runs.values() if run["run"] in positives]
    low = [sum(row[f"grad_{start:02}"] for start in range(0, 50, 10)) for row in rows]
    return {
        "positives_iou": mean(row["iou_mean"] for row in rows) if rows else None,
        "gradient_below_50": 100 * mean(low) if rows else None,
    }


def list_gains(root: Path) -> str:
    """Return the table of losses at several gains: mean AP of each data set, and of both."""
    found: dict[tuple[str, str, str], dict[str, Cells]] = {}
    for row in read_rows(root / "results" / "study" / SUMMARY):
        if row["stage"] == "gains":
            found.setdefault((row["loss"], row["box"], row["dfl"]), {})[row["data"]] = row
    rows = []
    for (loss, box, dfl), of in sorted(found.items(), key=lambda one: (one[0][0], *map(float, one[0][1:]))):
        both = mean(float(row["AP"]) for row in of.values())
        cells = [show(of[data], name) if data in of else MISSING for data in DATA for name in ("AP", "seeds")]
        rows.append((f"`{loss}`", box, dfl, *cells, f"{both:.1f}" if len(of) == len(DATA) else MISSING))
    titles = [title for data in DATA for title in (f"AP, {data}", "seeds")]
    return format_table(("loss", "box", "dfl", *titles, "AP, mean of both"), "l" + "r" * (3 + 2 * len(DATA)), rows)


def list_screening(root: Path) -> str:
    """Return the table of the candidates: their differences to CIoU in AP, by seed, and in AP75."""
    found: dict[str, dict[str, Cells]] = {}
    for row in read_rows(root / "results" / "study" / SUMMARY):
        if row["stage"] == "screen" and row["loss"] != "ciou":
            found.setdefault(row["loss"], {})[row["data"]] = row
    names = ("box", "differences", "difference_75")
    rows = [
        (f"`{loss}`", *(show(of[data], name) if data in of else MISSING for data in DATA for name in names))
        for loss, of in sorted(found.items(), key=lambda one: -float(one[1]["bccd"]["difference"]))
    ]
    titles = [title for data in DATA for title in (f"box, {data}", "ΔAP by seed", "ΔAP75, mean")]
    return format_table(("loss", *titles), "l" + "rrr" * len(DATA), rows)


def list_repeats(root: Path) -> str:
    """Return the table of trainings that two stages have in common: the same settings and seed, run twice."""
    rows = []
    for data in DATA:
        first, second = (
            {
                (row["box"], row["dfl"], row["seed"]): 100 * float(row["AP"])
                for row in read_rows(root / "results" / "study" / f"{stage}-{data}" / RESULTS)
                if row["loss"] == "ciou" and row["AP"]
            }
            for stage in ("gains", "screen")
        )
        for setting in sorted(first.keys() & second.keys()):
            aps = (first[setting], second[setting])
            rows.append((data, *setting, *(f"{ap:.1f}" for ap in aps), f"{aps[1] - aps[0]:+.1f}".replace("-", "−")))
    titles = ("data", "box", "dfl", "seed", "AP, first stage", "AP, screening", "difference")
    return format_table(titles, "lrrrrrr", rows)


def list_confirmation(root: Path) -> str:
    """Return the table of the finalist against the tuned CIoU, by regime and data set."""
    rows = []
    for row in read_rows(root / "results" / "study" / SUMMARY):
        if row["stage"] in CONFIRM and row["loss"] != "ciou":
            seeds = str(len(row["differences"].split()))
            interval = f"{show(row, 'low')} to {show(row, 'high')}" if row["low"] else MISSING
            numbers = (show(row, "difference"), interval, show(row, "p_holm"), show(row, "difference_75"))
            rows.append((row["stage"], row["data"], name_setting(row), seeds, *numbers))
    titles = ("regime", "data", "setting", "seeds", "ΔAP", "95 %", "p, Holm", "ΔAP75")
    return format_table(titles, "lllrrrrr", rows)


def list_mechanism(root: Path) -> str:
    """Return the table of where differences lie: by IoU threshold, and in the positives of the last epoch."""
    columns = ("difference", "difference_50", "difference_75", "difference_90", "positives_iou", "gradient_below_50")
    rows = [
        (row["stage"], row["data"], name_setting(row), *(show(row, name) for name in columns))
        for row in read_rows(root / "results" / "study" / SUMMARY)
        if row["stage"] in (*CONFIRM, "mechanism")
    ]
    titles = ("ΔAP", "ΔAP50", "ΔAP75", "ΔAP90", "positives' IoU", "gradient of IoU < .5, %")
    return format_table(("stage", "data", "setting", *titles), "lllrrrrrr", rows)


def list_advice(root: Path) -> str:
    """Return the table of what the confirmation shows to a user: a row for each setting of each regime."""
    found: dict[tuple[str, str], list[Cells]] = {}
    tuned = ""
    for row in read_rows(root / "results" / "study" / SUMMARY):
        if row["stage"] in CONFIRM and row["difference"]:
            found.setdefault((row["stage"], row["loss"]), []).append(row)
        elif row["stage"] in CONFIRM:
            tuned = name_setting(row)
    rows = []
    for (stage, _), of in sorted(found.items(), key=lambda one: (CONFIRM.index(one[0][0]), one[0][1])):
        told = {row["data"]: describe_interval(row) for row in of}
        rows.append((CASES[stage], name_setting(of[0]), *(told.get(data, MISSING) for data in DATA), advise(of)))
    titles = (f"ΔAP, `{data}` (95 %)" for data in DATA)
    return format_table(("trained", f"with, beside {tuned}", *titles, "shown"), "lllll", rows)


def advise(rows: Sequence[Cells]) -> str:
    """Return what is shown of a setting in a regime, given its row for each data set."""
    verdicts = {row["data"]: verdict for row in rows if (verdict := judge(row))}
    return ", ".join(f"{verdict} on `{data}`" for data, verdict in verdicts.items()) or "nothing"


def judge(row: Cells) -> str:
    """Return what is shown of a setting beside the tuned CIoU once all comparisons are counted; '' for nothing."""
    if not row["p_holm"] or float(row["p_holm"]) >= ALPHA:
        return ""
    difference = float(row["difference"])
    return WORSE if difference < 0 else BETTER if difference >= SOUGHT else f"{BETTER}, by less than {SOUGHT:g} AP,"


def name_setting(row: Mapping[str, Any]) -> str:
    """Return a setting as one types it: a factor of its loss is part of the gain, so that weights add up to 1.

    `dfl` is left out where it is Ultralytics' own.
    """
    factor = sum(float(split_spec(term)[1].get("weight", "1")) for term in split_sum(row["loss"]))
    loss = re.sub("[:,]weight=1$", "", scale_spec(row["loss"], 1 / factor))
    dfl = "" if float(row["dfl"]) == USUAL["dfl"] else f" dfl={float(row['dfl']):g}"
    return f"`loss={loss} box={float(row['box']) * factor:.4g}{dfl}`"


def describe_difference(row: Cells) -> str:
    """Return a difference to the tuned CIoU as a line: setting, data, mean, interval and seeds."""
    return f"{name_setting(row)} on `{row['data']}`: {describe_interval(row)}"


def describe_interval(row: Cells) -> str:
    """Return the mean of a difference to the tuned CIoU, with its interval and seeds."""
    interval = f" ({show(row, 'low')} to {show(row, 'high')})" if row["low"] else ""
    return f"{show(row, 'difference')}{interval}, {len(row['differences'].split())} seeds"


def show(row: Cells, name: str) -> str:
    """Return a cell for people: one decimal of AP, two digits of p, a sign for differences."""
    if not row[name]:
        return MISSING
    if name in ("seeds", "differences"):
        return row[name].lstrip("'").replace("-", "−")
    forms = {"p_holm": ".2g", "box": ".4g", "positives_iou": ".3f"}
    usual = "+.1f" if name.startswith(("difference", "low", "high")) else ".1f"
    told = f"{float(row[name]):{forms.get(name, usual)}}"
    return "0.0" if told in ("+0.0", "-0.0") else told.replace("-", "−")


def make_pictures(folder: Path, rows: Sequence[Row]) -> Iterator[tuple[str, Figure]]:
    """Yield the pictures for which there are results, with the names of their files.

    Args:
        folder: That of the tables.
        rows: The summary.
    """
    for stage, name in (("gains", "over_box"), *((stage, "thresholds") for stage in CONFIRM)):
        for data in (data for data in DATA if (folder / f"{stage}-{data}" / RESULTS).is_file()):
            yield f"{stage}-{data}.svg", compare(folder / f"{stage}-{data}").plot(name, narrow=True)
    if confirmed := [row for row in rows if row["stage"] in CONFIRM and row["difference"] is not None]:
        yield (
            "confirmation.svg",
            draw_differences([*map(make_row, confirmed)], "ΔAP, percentage points (0: tuned CIoU)", narrow=True),
        )


def make_row(row: Row) -> DifferenceRow:
    """Return how a confirmation is drawn; it is shown to differ by its adjusted p, as the plan says."""
    shown = row["p_holm"] is not None and row["p_holm"] < ALPHA
    return DifferenceRow(
        label=f"{row['stage']}, {row['data']}: {name_setting(row).strip('`').removeprefix('loss=')}",
        mean=row["difference"],
        interval=(row["low"], row["high"]) if row["low"] is not None else None,
        better=row["difference"] > 0 if shown else None,
        text=f"{row['difference']:+.1f}".replace("-", "−"),
    )


def is_baseline(variant: Variant, stage: str) -> bool:
    """Return whether a setting is what the others of its stage are compared with."""
    wanted = BASELINES.get(stage, {})
    return variant.loss == "ciou" and all(variant.values.get(name, value) == value for name, value in wanted.items())


def find_mean_difference(variant: Variant, baseline: Variant, metric: str) -> float | None:
    """Return the mean difference of a metric, in percentage points, over the seeds that both have."""
    found = variant.difference(baseline, metric).mean
    return None if found is None else 100 * found


def main() -> None:
    """Write the summary and the pictures."""
    rows = summarize(RESULTS_FOLDER)
    write_csv(RESULTS_FOLDER / SUMMARY, rows)
    PICTURES.mkdir(exist_ok=True)
    for name, figure in make_pictures(RESULTS_FOLDER, rows):
        (PICTURES / name).write_bytes(render_svg(figure, "white"))
    say(f"{len(rows)} settings: {RESULTS_FOLDER.name}/{SUMMARY}; the pictures are in docs/{PICTURES.name}")


if __name__ == "__main__":
    with exit_on_error():
        main()
