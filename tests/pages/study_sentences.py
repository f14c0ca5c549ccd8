"""What docs/study.md claims after its plan, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import ROOT, Claim, exempt, measured, rows, shown
from yolo_feiou.report.comparison import SOUGHT_DIFFERENCE
from yolo_feiou.report.statistics import count_needed_seeds

STUDY = "results/study/summary.csv"
LIMITS = (
    "Two real data sets of some 200 training images each, at 160 pixels, with a small model.",
    "Of `shapes` there is no result.",
    "Long trainings, YOLO26, and on `cards` fine-tuning and the last stage are planned above, and not trained yet.",
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
            "Its confirmation in short trainings is complete, on `test`, and in fine-tuned ones on `bccd`;",
            "test_readme.py::test_no_comparison_of_the_study_is_shown_once_all_are_counted",
        ),
        exempt("the others aren't trained yet.", "what is left to do"),
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
    def get(stage: str, data: str, loss: str) -> dict[str, str]:
        (found,) = (r for r in rows(STUDY) if (r["stage"], r["data"], r["loss"]) == (stage, data, loss))
        return found

    def points(row: dict[str, str]) -> str:
        return f"{abs(float(row['difference'])):.1f}"

    def p(row: dict[str, str]) -> str:
        return f"{float(row['p_holm']):.2g}"

    def count_needed(row: dict[str, str]) -> int:
        return count_needed_seeds(float(row["sd"]) / 100, SOUGHT_DIFFERENCE)

    eiou = [get("short", data, "eiou:weight=0.46") for data in ("bccd", "cards")]
    tuned = get("fine", "bccd", "eiou:weight=0.46")
    usual = [get(*of, "ciou:weight=4") for of in (("fine", "bccd"), ("short", "bccd"), ("short", "cards"))]
    sides = [get("mechanism", "bccd", loss) for loss in ("eiou:weight=0.46", "diou:weight=0.46", "diou")]
    least = min((r for r in rows(STUDY) if r["p_holm"]), key=lambda r: float(r["p_holm"]))
    assert least == tuned and all(float(one["low"]) < 0 < float(one["high"]) for one in eiou)
    assert all(float(one) > 0 for one in tuned["differences"].lstrip("'").split())
    assert all(float(one) < 0 for one in usual[2]["differences"].lstrip("'").split())
    assert [float(one["difference"]) > 0 for one in (*usual, *sides)] == [True, True, False, True, False, True]
    assert {one["seeds"] for one in sides} == {"100 101 102 103"}
    return [
        shown(
            "**Nothing is shown once all six comparisons that are done are counted**, and further ones can only raise "
            "these p.",
            "test_readme.py::test_no_comparison_of_the_study_is_shown_once_all_are_counted",
        ),
        measured(
            "Nearest to it is EIoU in fine-tuned trainings on `bccd`: with as large a gradient as the tuned CIoU it "
            f"lies {points(tuned)} AP above it, and above it at each of {len(tuned['differences'].split())} seeds; p "
            f"is {p(tuned)} after Holm.",
            STUDY,
        ),
        measured(
            f"In short trainings it lies {points(eiou[0])} and {points(eiou[1])} AP above, and its intervals hold 0.",
            STUDY,
        ),
        measured(
            f"Ultralytics' own `box=7.5` lies {points(usual[0])} AP above `box=1.875` in fine-tuned trainings on "
            f"`bccd`, and {points(usual[1])} in short ones there, but {points(usual[2])} AP below it on `cards`, at "
            f"each of {len(usual[2]['differences'].split())} seeds; p is {p(usual[0])}, {p(usual[1])} and "
            f"{p(usual[2])}.",
            STUDY,
        ),
        exempt(
            "So which of these two gains is ahead differs between the data sets, and neither is shown to be.",
            "what the differences and p say",
        ),
        exempt("Intervals are not adjusted for the number of comparisons.", "how the sequential test makes them"),
        measured(
            f"**Power.** By the spreads of EIoU's differences in short trainings, {100 * SOUGHT_DIFFERENCE:g} AP would "
            f"take {count_needed(eiou[0])} seeds on `bccd` and {count_needed(eiou[1])} on `cards` in one t test of a "
            f"fixed number, and there were {len(eiou[0]['differences'].split())}:",
            STUDY,
        ),
        exempt("a gain of that size is neither shown nor excluded.", "what the intervals say"),
        measured(
            f"The intervals exclude more than {float(eiou[0]['high']):.1f} and {float(eiou[1]['high']):.1f} AP.", STUDY
        ),
        measured(
            "In fine-tuned trainings on `bccd` the differences spread less, and it would take "
            f"{count_needed(tuned)} seeds for EIoU and {count_needed(usual[0])} for CIoU at `box=7.5`;",
            STUDY,
        ),
        exempt("the sequential test and the count of comparisons ask for more.", "what both are for"),
        measured(
            "The last stage is complete on `bccd`. At the confirmation's first four seeds EIoU lies "
            f"{points(sides[0])} AP above the tuned CIoU. Without its sides, which is DIoU, it lies "
            f"{points(sides[1])} below at the same gain, and {points(sides[2])} above at the tuned CIoU's.",
            STUDY,
        ),
        exempt("So the explanation by the sides is not refuted there; four seeds don't show it.", "by the plan's rule"),
    ]
