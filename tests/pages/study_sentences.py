"""What docs/study.md claims after its plan, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import ROOT, Claim, exempt, measured, rows, shown
from yolo_feiou.report.comparison import SOUGHT_DIFFERENCE
from yolo_feiou.report.statistics import count_needed_seeds

STUDY = "results/study/summary.csv"
SHOWN = "test_readme.py::test_the_study_shows_nothing_of_the_short_trainings_once_all_are_counted"
LIMITS = (
    "Two real data sets of some 200 training images each, at 160 pixels, with a small model.",
    "Of `shapes` there is no result.",
    "Long trainings, fine-tuning and YOLO26 are planned above, and not trained yet.",
    "Fine-tuning from published weights can't be tried where this runs.",
    "The tuned CIoU was chosen on `val` by two seeds, at the lowest gain that was tried;",
    "a lower one may be better still.",
    "A p or an interval is of these data sets, this model and these settings;",
    "seeds are all that varies.",
)
PLAN = "the plan, written before the runs: tests/test_study.py compares it with the commands"


def claims_on_study() -> list[Claim]:
    """Return those of docs/study.md; each paragraph before its results is part of the plan."""
    plan, _, _ = (ROOT / "docs" / "study.md").read_text(encoding="utf-8").partition("\n## Results")
    return [
        *(exempt(paragraph, PLAN) for paragraph in plan.split("\n\n")),
        shown(
            "The first stage: losses at several gains, in AP on `val`.",
            "test_study.py::test_every_command_is_one_that_yolo_ablate_takes",
        ),
        shown(
            "A faint dot is a run, and a line joins the means over seeds;",
            "plots/test_ablation.py::test_a_line_is_drawn_with_its_band_and_dots",
        ),
        exempt("on `bccd`, and below on `cards`:", "the names of the pictures"),
        shown(
            "The screening: differences to the tuned CIoU in percentage points of AP on `val`, at gains that give each "
            "loss as large a gradient at the start.",
            "test_study.py::test_every_command_is_one_that_yolo_ablate_takes",
            "test_study_tables.py::test_tables_show_what_the_summary_says",
        ),
        shown(
            "Nothing of it is tested; it chooses what is confirmed.",
            "test_study.py::test_the_finalist_is_best_over_both_data_sets_and_needs_all_runs_of_both",
        ),
        shown(
            "The two stages have trainings of the tuned CIoU in common.",
            "test_study_tables.py::test_repeats_are_of_the_same_setting_and_seed",
        ),
        exempt(
            "Some of them were run on two processors, where sums are rounded in another way, so that the same settings "
            "and the same seed end at another AP:",
            "told by those who ran them: the rows of that time name the architecture alone",
        ),
        shown(
            "The finalist, by the rule of the plan, is `eiou` at `box=0.8625`, the mean of its two matched gains: as "
            "`eiou:weight=0.46` beside the tuned CIoU.",
            "test_study.py::test_the_finalist_is_the_one_that_the_page_names",
        ),
        shown(
            "Its confirmation in short trainings is complete, on `test`;",
            "test_readme.py::test_the_study_shows_nothing_of_the_short_trainings_once_all_are_counted",
        ),
        exempt("the other regimes aren't trained yet.", "what is left to do"),
        shown(
            "Intervals and p are those of the sequential test, which hold at each look:",
            "test_study_tables.py::test_tables_show_what_the_summary_says",
            "report/test_sequential.py::test_intervals_hold_at_the_same_time_whatever_mean_and_spread",
        ),
        *_confirmed(),
        shown(
            "By IoU threshold, with the IoU of the positives in the last epoch, and the share of the box gradient that "
            "positives below an IoU of 0.5 have.",
            "test_study_tables.py::test_where_differences_lie_is_of_all_thresholds_and_of_the_last_epoch",
        ),
        exempt("Nothing of it is tested.", "as the table shows"),
        *(exempt(limit, "a limit of the plan above, or what is left to do") for limit in LIMITS),
    ]


def _confirmed() -> list[Claim]:
    found = {
        (one["data"], one["loss"].partition(":")[0]): one
        for one in rows(STUDY)
        if one["stage"] == "short" and one["difference"]
    }
    usual, eiou = found["cards", "ciou"], [found[data, "eiou"] for data in ("bccd", "cards")]
    first, second = (float(one["difference"]) for one in eiou)
    needed = [count_needed_seeds(float(one["sd"]) / 100, SOUGHT_DIFFERENCE) for one in eiou]
    assert all(float(one["low"]) < 0 < float(one["high"]) for one in eiou) and float(usual["high"]) < 0
    return [
        shown("**Nothing is shown once all comparisons are counted.**", SHOWN),
        shown(
            "CIoU at Ultralytics' own `box=7.5` lies "
            f"{-float(usual['difference']):.1f} AP below `box=1.875` on `cards`, and below it at each of "
            f"{len(usual['differences'].split())} seeds.",
            SHOWN,
        ),
        exempt("Nearest to it is the gain:", "the least p of the table"),
        measured(
            "Its interval, which is not adjusted for the number of comparisons, ends below 0; p is "
            f"{float(usual['p_holm']):.2g} after Holm.",
            STUDY,
        ),
        measured(f"On `bccd` it lies {float(found['bccd', 'ciou']['difference']):.1f} AP above.", STUDY),
        measured(
            f"EIoU with as large a gradient as the tuned CIoU lies {first:.1f} and {second:.1f} AP above it, and its "
            "intervals hold 0.",
            STUDY,
        ),
        measured(
            f"**Power.** By the spreads of EIoU's differences, {100 * SOUGHT_DIFFERENCE:g} AP would take {needed[0]} "
            f"seeds on `bccd` and {needed[1]} on `cards` in a t test of a fixed number, and there were "
            f"{len(eiou[0]['differences'].split())}:",
            STUDY,
        ),
        exempt("a gain of that size is neither shown nor excluded.", "what the intervals say"),
        measured(
            f"The intervals exclude more than {float(eiou[0]['high']):.1f} and {float(eiou[1]['high']):.1f} AP.", STUDY
        ),
    ]
