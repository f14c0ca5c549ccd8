"""The pictures of a report, each with what to see in it and what not to conclude."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from yolo_feiou.escape import make_file_name
from yolo_feiou.plots.ablation import MAX_BANDS, draw_lines, draw_seeds
from yolo_feiou.plots.differences import draw_differences
from yolo_feiou.report import epochs, series
from yolo_feiou.report.captions import name_baselines
from yolo_feiou.report.comparison import Comparison, name_compared
from yolo_feiou.report.format import format_count
from yolo_feiou.report.read import Results

BAND = (
    "The grey band is the standard deviation of single runs of the baseline; the mean difference over n seeds scatters "
    "by about √(2/n) of it by chance, and about a third of all points beyond that."
)

NO_INTERVAL = "Without a line: one common seed, the same difference in all, or nothing learnt."

RANGE = f"their range (of more than {MAX_BANDS} variants the baseline's alone)"


#: Names of the pictures, besides `over_…`.
PICTURE_NAMES = ("differences", "seeds", "thresholds", "matched_iou", "training", "positives")


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        name: Its file's name, without the ending.
        title: What it shows.
        caption: What to see in it, and what not to conclude.
        figure: It.
        narrow: The same for a phone.
    """

    name: str
    title: str
    caption: str
    figure: Figure
    narrow: Figure


def make_pictures(results: Results, comparisons: Sequence[Comparison]) -> Iterator[Picture]:
    """Yield the pictures for which there are numbers."""
    shown, metric = series.choose_shown(comparisons), name_compared(comparisons)
    if rows := series.make_differences(comparisons):
        judged = [c for c in comparisons if c.difference]
        yield _draw(
            "differences",
            f"Difference to the baseline in {metric}",
            "A point is the mean difference, paired by seed, a line its 95 % interval, which is not adjusted for the "
            "number of variants. Grey are those that are not shown to differ, which is no proof of equality: their "
            "intervals say which differences the seeds leave possible."
            + ("" if all(row.interval for row in rows) else f" {NO_INTERVAL}")
            + _left_out(len(rows) - series.MOST_ROWS, "variant"),
            partial(
                draw_differences,
                rows[: series.MOST_ROWS],
                f"Δ{metric}, percentage points (0: {name_baselines(judged)})",
            ),
        )
    yield _draw(
        "seeds",
        f"{metric} of each seed",
        "A dot is a run, a bar the mean over seeds, and the grey band the baseline's mean ± standard deviation. Where "
        "the dots of a variant overlap the band, its rank may be chance."
        + _left_out(len(comparisons) - series.MOST_ROWS, "variant"),
        partial(draw_seeds, series.make_dots(comparisons), f"{metric}, %"),
    )
    for argument in series.find_numeric_arguments([c.variant for c in comparisons]):
        yield _draw(
            f"over_{make_file_name(argument)}",
            f"{metric} over {argument}",
            "A dot is a run, a line joins the means of a loss that has several values. A loss whose best value lies at "
            "an end of the range has not been tuned, and losses compared at one value alone are compared at that "
            "value's mercy." + _left_out(len({c.variant.loss for c in comparisons}) - series.MOST_LINES, "loss"),
            partial(draw_lines, series.make_argument_panels(comparisons, argument)),
        )
    for name, title, caption, panels in (
        (
            "thresholds",
            "AP by IoU threshold",
            "Where a loss gains: finding objects (left end) or fitting their boxes (right end). The second panel "
            f"is the mean difference to the baseline, paired by seed. {BAND} Ten thresholds are looked at, none of "
            "them is tested.",
            series.make_threshold_panels(shown),
        ),
        (
            "matched_iou",
            "How well matched predictions fit",
            "The share of matched predictions in each bin of IoU; the second panel is its difference to the baseline. "
            f"{BAND} A loss with a lower recall, of the easy objects, can look better here.",
            series.make_distribution_panels(shown),
        ),
        (
            "training",
            "Validation during training",
            _describe_training(epochs.name_unit(shown)),
            epochs.make_training_panels(shown, results.curves),
        ),
        (
            "positives",
            "Positives and their gradient in training",
            f"Above, mean over seeds and {RANGE}. Below, means over the last tenth of the epochs: which "
            "positives there are, whose gradient it is, and the ratio of both (above 1: more than its "
            "share), the assigner's weights included. "
            "Positives are what the assigner picks for this very model, so a higher IoU is no better detector yet.",
            epochs.make_positives_panels(shown, results.box_stats),
        ),
    ):
        if panels:
            columns = 3 if name == "positives" else 2
            yield _draw(name, title, f"{caption} {shown.left_out}".strip(), partial(draw_lines, panels, columns))


def _draw(name: str, title: str, caption: str, draw: Callable[..., Figure]) -> Picture:
    return Picture(name, title, caption, draw(), draw(narrow=True))


def _describe_training(unit: str) -> str:
    """Return what the curves of trainings show; those of detectors beside YOLO have the table's evaluation."""
    whose, last = {
        "epoch": ("Ultralytics' own validation", ", by another evaluator"),
        "interval": ("The validation after each interval, by COCO's metrics as in the table", ""),
    }.get(unit, (f"The validation after each {unit}, of YOLO by Ultralytics' own metrics, else by COCO's", ""))
    return (
        f"{whose}, mean over seeds and {RANGE}, at those that all seeds have. It shows how fast a loss learns; the "
        f"final comparison is the table's{last}."
    )


def _left_out(number: int, noun: str) -> str:
    """Return a sentence on what a picture doesn't show, '' if it shows all."""
    return f" Left out: {format_count(number, f'further {noun}')}." if number > 0 else ""
