"""Summarize what the runs of scripts/study.py gave: results/study/summary.csv, a row for each setting of each stage.

python scripts/study_tables.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from yolo_feiou.errors import exit_on_error
from yolo_feiou.report.result import compare
from yolo_feiou.report.statistics import holm
from yolo_feiou.report.variants import Variant
from yolo_feiou.results.file_names import RESULTS
from yolo_feiou.storage.tables import Row, write_csv
from yolo_feiou.terminal import say

RESULTS_FOLDER = Path(__file__).parents[1] / "results" / "study"
SUMMARY = "summary.csv"
#: What the differences of a stage are to: of gains, CIoU at Ultralytics' own.
BASELINES = {"gains": {"box": 7.5, "dfl": 1.5}}
#: The stages whose differences are tested; the others look.
CONFIRM = ("short", "fine", "long", "yolo26n")
METRICS = ("AP", "AP50", "AP75")


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
    comparisons = compare(folder).comparisons
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
            **{name: 100 * mean for name in METRICS if (mean := variant.spread(name).mean) is not None},
            "differences": " ".join(f"{100 * one:+.1f}" for one in differences),
            "difference": 100 * sum(differences) / len(differences) if differences else None,
            "difference_75": find_mean_difference(variant, baseline, "AP75") if differences else None,
            "sd": tested and tested.sd and 100 * tested.sd,
            "low": low and 100 * low,
            "high": high and 100 * high,
            "p": tested and tested.p,
            "p_holm": None,
        }


def is_baseline(variant: Variant, stage: str) -> bool:
    """Return whether a setting is what the others of its stage are compared with."""
    wanted = BASELINES.get(stage, {})
    return variant.loss == "ciou" and all(variant.values.get(name, value) == value for name, value in wanted.items())


def find_mean_difference(variant: Variant, baseline: Variant, metric: str) -> float | None:
    """Return the mean difference of a metric, in percentage points, over the seeds that both have."""
    mean = variant.difference(baseline, metric).mean
    return None if mean is None else 100 * mean


def main() -> None:
    """Write the summary."""
    rows = summarize(RESULTS_FOLDER)
    write_csv(RESULTS_FOLDER / SUMMARY, rows)
    say(f"{len(rows)} settings: {RESULTS_FOLDER.name}/{SUMMARY}")


if __name__ == "__main__":
    with exit_on_error():
        main()
