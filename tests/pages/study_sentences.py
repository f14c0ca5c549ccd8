"""What docs/study.md claims after its plan, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import ROOT, Claim, exempt, shown

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
        exempt(
            "Its confirmation is under way: what stands here is as far as it has gone, on `test`, and no regime is "
            "judged before its runs are complete.",
            "what is left to do",
        ),
        shown(
            "Intervals and p are those of the sequential test, which hold at each look:",
            "test_study_tables.py::test_tables_show_what_the_summary_says",
            "report/test_sequential.py::test_intervals_hold_at_the_same_time_whatever_mean_and_spread",
        ),
    ]
