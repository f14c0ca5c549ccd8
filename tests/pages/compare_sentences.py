"""What docs/compare.md claims of ablations, and of what they say on BCCD, and what shows it."""

from __future__ import annotations

from statistics import fmean

from tests.pages.claims import Claim, exempt, measured, row, rows, shown
from yolo_feiou.ablation.gains import BATCHES, EVERY_BATCHES
from yolo_feiou.ablation.signs import SILENCE_SECONDS
from yolo_feiou.report.comparison import SOUGHT_DIFFERENCE
from yolo_feiou.report.statistics import paired_difference
from yolo_feiou.results.arguments import MAX_GRADIENT_RATIO
from yolo_feiou.results.levels import ALPHA

BCCD = "results/bccd/results.csv"
SUMMARY = "results/bccd/report/summary.csv"
FIRST = "results/bccd/first_runs.csv"
PREFLIGHT = "results/bccd/preflight.csv"
STUDY = "results/study/summary.csv"


def claims_on_comparing() -> list[Claim]:
    """Return them."""
    return [*_compare(), *_compare_in_words(), *_table_of_ablate(), *_bccd(), *_bccd_in_words()]


def _compare() -> list[Claim]:
    return [
        shown(
            "One that fails is recorded with its reason, the others go on, and the exit status is 1.",
            *("ablation/test_command.py::test_a_run_that_raises_has_a_row_with_its_reason_and_the_other_is_done",),
            *("ablation/test_runner.py::test_a_run_that_raises_is_recorded_and_the_others_go_on",),
        ),
        shown(
            "after Ctrl-C, `kill -9` of the runner or of a run, a full disk or a failed node:",
            *(
                "ablation/test_command.py::test_an_interrupted_runner_ends_its_runs_and_says_how_to_resume",
                "ablation/test_command.py::test_the_run_of_a_runner_that_was_killed_is_resumed_by_the_same_command",
            ),
            *(
                "ablation/test_command.py::test_a_run_that_was_killed_is_resumed_at_once",
                "ablation/test_command.py::test_what_a_full_disk_stopped_is_done_by_the_same_command_once_there_is_room",
            ),
            "ablation/test_on_ray.py::test_a_run_whose_node_fails_resumes_on_another",
        ),
        shown("change one, and it is another run.", "ablation/test_grid.py::test_any_setting_changes_the_key"),
        shown(
            "A record that is damaged or was edited by hand is reported, and its run is set aside and repeated.",
            "ablation/test_store.py::test_a_damaged_file_is_named_and_its_run_set_aside",
        ),
        shown(
            "before the first run the evaluation is rehearsed, without a model and without detections,",
            *("evaluation/test_rehearsal.py::test_what_the_evaluation_refuses_is_refused_before_in_the_same_words",),
            *("ablation/test_rehearsal.py::test_a_ground_truth_that_does_not_fit_is_refused",),
        ),
        shown(
            "devices, models, types of arguments and the folder are checked too.",
            *("ablation/test_rehearsal.py::test_what_is_known_at_the_start_is_told_there",),
            *("ablation/test_rehearsal.py::test_a_device_that_is_not_there_is_refused",),
        ),
        shown(
            "A FIFO or a device among the images, on which reading would hang, is named.",
            *("yolo/test_special_files.py::test_a_fifo_among_the_images_is_named",),
            *("yolo/test_special_files.py::test_sockets_devices_and_links_to_them_are_named",),
        ),
        shown(
            "ends after `timeout=`, if that is given, as failed;",
            *("ablation/test_local.py::test_a_run_that_hangs_ends_by_the_limit_and_its_children_with_it",),
            *("ablation/test_on_ray.py::test_a_run_that_hangs_ends_by_the_limit",),
        ),
        shown(
            f"checkpoints stand still for { {1800: 'half an hour'}[SILENCE_SECONDS] } gets a line.",
            "ablation/test_runner.py::test_a_run_that_shows_no_sign_of_life_is_told_once",
        ),
        shown(
            "Two runners can share a folder.", "ablation/test_command.py::test_two_runners_in_a_folder_do_each_run_once"
        ),
        shown(
            "makes an array job of the same grid, but not with `until=`: there submit `yolo ablate` itself, several "
            "times to share the work.",
            "ablation/test_slurm.py::test_a_task_of_slurm_does_the_run_of_its_key",
            "ablation/test_slurm.py::test_an_array_of_runs_that_are_not_known_before_is_refused",
        ),
        shown(
            "gives the same to the last digit)", "evaluation/test_evaluators.py::test_both_evaluators_give_the_same_row"
        ),
        shown(
            "A metric that can't be measured is missing, never 0.",
            "evaluation/test_metrics.py::test_no_small_objects_is_missing_not_zero",
        ),
        measured(
            f"before the runs, {BATCHES} of the first {BATCHES * EVERY_BATCHES} batches", "yolo_feiou/ablation/gains.py"
        ),
        measured(f"a ratio beyond {MAX_GRADIENT_RATIO:g} is a warning.", "yolo_feiou/results/arguments.py"),
        shown(
            "sets `box` for each loss so that they agree",
            "yolo/test_gradient_norms.py::test_matched_gains_make_gradients_equal",
        ),
        shown(
            "beside CIoU's (ProbIoU's in an OBB model, GIoU's in RT-DETR),",
            "yolo/test_obb.py::test_losses_are_compared_from_end_to_end",
            "yolo/test_rtdetr.py::test_gradient_norms_are_those_of_the_main_output_and_stock_is_giou",
        ),
        shown(
            "on the assigner's positives with its scores;",
            "yolo/test_gradient_norms.py::test_a_gradient_is_the_one_that_training_has",
        ),
        shown("prints it,", "ablation/test_gains.py::test_matched_gains_are_told"),
        shown(
            "and says how much of the training that is.",
            "ablation/test_gains.py::test_the_stage_at_which_gains_agree_is_told",
        ),
        shown(
            "Focal-EIoU's falls as boxes come to overlap",
            "losses/test_box_loss.py::test_the_gradient_beside_ciou_falls_with_overlap",
        ),
        measured(f"with a {100 * (1 - ALPHA):.0f} % interval,", "yolo_feiou/results/levels.py"),
        shown(
            "a p-value corrected for the number of losses",
            "report/test_comparison.py::test_p_is_adjusted_for_all_comparisons",
        ),
        measured(
            f"a single difference of {100 * SOUGHT_DIFFERENCE:g} AP points would need.",
            "yolo_feiou/report/comparison.py",
        ),
        shown(
            f"A loss whose AP stays below {100 * SOUGHT_DIFFERENCE:g} % in all its runs has learnt nothing, and is not "
            "tested; where that holds of all, the headline says so.",
            "report/test_comparison.py::test_what_learnt_nothing_is_not_judged",
            "report/test_captions.py::test_findings_of_trainings_that_learnt_nothing_say_that_and_nothing_else",
        ),
        shown(
            "**The report needs the files alone**",
            *("report/test_read.py::test_only_the_results_are_needed",),
            *("report/test_command.py::test_a_report_is_written_whole_or_not_at_all",),
        ),
        shown(
            "the page is one file that opens anywhere, on a phone too.",
            "report/test_page.py::test_the_page_does_not_scroll_sideways",
        ),
        shown(
            "records for each epoch the IoU of the positives",
            "yolo/test_box_stats.py::test_statistics_are_shares_by_bin_of_iou",
        ),
    ]


def _compare_in_words() -> list[Claim]:
    return [
        shown(
            "with any training argument of Ultralytics', lists where you want to compare:",
            *(
                "ablation/test_grid.py::test_every_combination_is_there_once_in_order",
                "ablation/test_options.py::test_arguments_are_split_into_grid_and_options",
            ),
        ),
        shown(
            "**Each run is an ordinary run of Ultralytics'** in a process and a folder of its own, evaluated on the "
            "split",
            "ablation/test_command.py::test_a_grid_is_done_once_and_grows",
        ),
        shown(
            "A run is known by its settings, the contents of the data and model YAML among them;",
            "ablation/test_options.py::test_two_projects_with_a_file_of_one_name_have_two_folders_and_two_keys",
        ),
        shown(
            "taken up elsewhere if its node is lost;",
            "ablation/test_on_ray.py::test_a_run_whose_node_fails_resumes_on_another",
        ),
        shown(
            "All need a folder that all nodes share.",
            "ablation/test_on_ray.py::test_a_run_whose_folder_its_node_does_not_have_fails_with_what_to_do",
        ),
        shown(
            "evaluator, version, conf, iou and max_det are in each row, and whether areas are those of the JSON or "
            "of the boxes.",
            *("yolo/test_evaluate.py::test_a_trained_model_gives_a_row",),
            *("evaluation/test_metrics.py::test_the_row_names_its_evaluator",),
            "evaluation/test_truth.py::test_areas_come_from_the_json_where_it_has_them",
        ),
        shown(
            "sizes of images, areas, classes and flags are checked, and only what the model was trained on counts.",
            *("datasets/coco/test_sizes.py::test_other_sizes_are_refused_with_their_likely_cause",),
            *("evaluation/test_areas.py::test_areas_that_can_not_be_are_those_of_the_boxes",),
            *("evaluation/test_truth.py::test_a_flag_of_text_is_read_and_never_taken_for_true",),
            "evaluation/test_object_classes.py::test_categories_that_the_model_does_not_have_are_named_and_not_averaged",
        ),
        shown(
            "Beside it: the IoU of matched predictions.",
            "evaluation/test_matched.py::test_the_row_has_shares_of_matches_and_recall",
        ),
        shown(
            "tables come as Markdown, LaTeX (booktabs) and CSV;",
            *(
                "report/test_render.py::test_latex_has_a_cell_for_each_column_and_a_line_between_groups",
                "report/test_render.py::test_markdown_parsed_back",
            ),
            "report/test_command.py::test_a_report_writes_its_files_and_prints_what_the_summary_says",
        ),
        shown("compares all gains with that one.", "report/test_baseline.py::test_across_other_swept_arguments"),
        shown(
            "The same comparison for a notebook, from the CSV files alone:",
            *("report/test_result.py::test_as_text_it_is_what_the_command_prints",),
            *("report/test_result.py::test_it_is_public_and_needs_no_ultralytics",),
            *("report/test_result.py::test_nothing_is_written", "report/test_result.py::test_a_figure_by_its_name"),
            "report/test_result.py::test_a_table_of_pandas_has_the_columns_of_the_summary",
        ),
        exempt("How many seeds?", "a question"),
        shown(
            "`until=0.5` in the place of `seeds=` begins with two and adds more until each difference is shown, or "
            "known to half an AP point;",
            "ablation/test_options.py::test_a_study_has_the_variants_of_its_grid_and_two_first_seeds",
            "ablation/test_sequential.py::test_a_difference_that_is_shown_ends_a_comparison",
            "ablation/test_sequential.py::test_a_narrow_interval_ends_a_comparison_and_its_width_is_that_of_any_look",
        ),
        shown(
            "`max_seeds=20` and `budget=8h` bound that, and `race=True` asks for the best loss alone:",
            "ablation/test_sequential.py::test_all_seeds_end_a_comparison",
            "ablation/test_until.py::test_a_budget_is_told_with_what_is_open",
            "ablation/test_sequential.py::test_a_race_ends_for_who_is_beaten_and_a_shown_difference_ends_it_for_the_last",
        ),
        shown(
            "`seeds=3` is refused with what to give in its place, since it may mean three seeds or the seed 3.",
            "ablation/test_options.py::test_a_mistake_is_named_with_its_argument",
            "ablation/test_options.py::test_one_seed_is_named_by_seed_or_in_a_list",
        ),
        shown(
            "Trainings that you have already, with a loss of ours or none, become rows by",
            "export/test_command.py::test_several_runs_give_rows_a_table_and_a_report",
        ),
        shown("lists the columns of `results.csv`.", "test_make_docs.py::test_pages_are_what_make_docs_makes"),
    ]


def _table_of_ablate() -> list[Claim]:
    options = "ablation/test_options.py"
    return [
        shown(
            "one value, or several, comma-separated; every combination",
            "ablation/test_grid.py::test_every_combination_is_there_once_in_order",
        ),
        shown(
            "where a list gives several values; the command line overrides it",
            f"{options}::test_a_yaml_lists_values_and_the_command_line_overrides_it",
        ),
        shown(
            "one folder for all losses and seeds of the same settings",
            f"{options}::test_the_folder_is_that_of_all_losses_and_seeds_and_of_no_other_settings",
        ),
        shown(
            "runs at a time; devices handed out; runs on one GPU; GPUs for one run",
            f"{options}::test_every_device_has_a_run_before_one_has_a_second",
        ),
        shown(
            "if they change, only the evaluation is repeated",
            "ablation/test_runner.py::test_another_evaluation_is_done_anew",
        ),
        shown("the gain `box`; leave the measurement out", "ablation/test_gains.py::test_gains_are_matched"),
        shown(
            "| on a Ray cluster |".strip("| "),
            "ablation/test_on_ray.py::test_a_run_whose_node_fails_resumes_on_another",
        ),
        shown(
            "[seeds are added](ablation.md) until comparisons are answered",
            "ablation/test_until.py::test_seeds_are_added_and_it_says_why_each_comparison_ended",
        ),
        shown(
            "how long a run may take each time that it is begun; any time by default",
            *("ablation/test_local.py::test_a_run_that_hangs_ends_by_the_limit_and_its_children_with_it",),
            "ablation/test_local.py::test_without_a_limit_a_run_that_hangs_is_left_alone",
        ),
        shown(
            "print the runs with their numbers and keys; do the one of that number or key alone",
            *(
                f"{options}::test_one_run_is_chosen_by_number_or_key",
                "ablation/test_slurm.py::test_the_number_of_a_plan_chooses_that_run_alone",
            ),
        ),
    ]


def _bccd() -> list[Claim]:
    (epochs,), (size,), (images,) = ({r[key] for r in rows(BCCD)} for key in ("epochs", "imgsz", "images"))
    (pairs,) = {r["pairs"] for r in rows(SUMMARY) if r["pairs"]}
    ciou = [100 * float(r["AP"]) for r in rows(BCCD) if r["loss"] == "ciou"]
    sd = 100 * float(row(SUMMARY, loss="ciou")["AP_sd"])
    tested = [r for r in rows(SUMMARY) if r["verdict"] != "baseline"]
    (better,) = (r for r in tested if r["verdict"] == "better")
    assert better["loss"] == "focal_l1" and float(better["p_holm"]) < 0.05
    others = [r for r in tested if r["verdict"].startswith("not distinguishable with ")]
    assert len(others) == len(tested) - 1
    needed = [int(float(r["seeds_needed"])) for r in tested]

    def lead(loss: str, metric: str) -> float:
        return 100 * (
            fmean(float(r[metric]) for r in rows(BCCD) if r["loss"] == loss)
            - fmean(float(r[metric]) for r in rows(BCCD) if r["loss"] == "ciou")
        )

    better_by, low, high = (
        f"{100 * float(better[name]):.2f}" for name in ("difference", "interval_low", "interval_high")
    )
    return [
        exempt("BCCD, 364 microscope images", "the count of the data set's own authors; see also data/README.md"),
        measured(
            f"{epochs} epochs at {size} px, {pairs} seeds, on the {images} images of the split `test`", *(BCCD, SUMMARY)
        ),
        measured(f"made the {len(rows(BCCD))} runs", BCCD),
        shown("all of one commit", "test_readme.py::test_runs_on_bccd_are_of_one_command_at_one_commit"),
        measured(
            f"FocalL1 is shown to be better in AP, by {better_by} ({low} to {high}); of the other {len(others)} none "
            "is shown to differ, which is no proof of equality.",
            SUMMARY,
        ),
        *_bccd_again(),
        measured(
            f"over {len(ciou)} seeds CIoU's AP is {fmean(ciou):.1f} ± {sd:.1f}, its best seed "
            f"{max(ciou) - min(ciou):.1f} percentage points",
            *(BCCD, SUMMARY),
        ),
        measured(
            f"A difference of {100 * SOUGHT_DIFFERENCE:g} AP would "
            f"take {min(needed)} to {max(needed)} seeds, by the spreads seen.",
            SUMMARY,
        ),
        measured(
            f"FocalL1 and smooth ℓ1 lie {lead('focal_l1', 'AP50'):.1f} and {lead('smooth_l1', 'AP50'):.1f} "
            f"percentage points above CIoU in AP50, and {-lead('focal_l1', 'AP85'):.1f} and "
            f"{-lead('smooth_l1', 'AP85'):.1f} below it in AP85, of which much cancels in AP. "
            f"EIoU does so too, and less: {lead('eiou', 'AP50'):.1f} above, and {-lead('eiou', 'AP85'):.1f} below.",
            BCCD,
        ),
        shown(
            "the losses of the ℓ kind gain low-IoU boxes and lose high-IoU ones.",
            "test_readme.py::test_losses_of_the_l_kind_trade_high_iou_for_low_iou_boxes",
        ),
        shown(
            "under smooth ℓ1 they have less than their share.",
            "test_readme.py::test_high_iou_boxes_have_less_than_their_share_under_smooth_l1_alone",
        ),
    ]


def _bccd_again() -> list[Claim]:
    def lead(file: str) -> list[float]:
        of = {(r["loss"], r["seed"]): 100 * float(r["AP"]) for r in rows(file)}
        return [of["focal_l1", seed] - of["ciou", seed] for seed in "012"]

    gradient = {r["loss"]: float(r["gradient_ratio"]) for r in rows(PREFLIGHT)}
    matched = row(STUDY, stage="screen", data="bccd", loss="focal_l1")
    assert matched["seeds"] == "0" and lead(BCCD) != lead(FIRST)
    both = paired_difference([*lead(FIRST), *lead(BCCD)], [0.0] * 6)
    assert both.interval and both.interval[0] < 0 < both.interval[1]
    return [
        exempt("What other gains than `box=7.5` do there, [the study](study.md) shows.", "where to look"),
        shown(
            "The grey band is CIoU's mean ± standard deviation, a bar the mean of a loss:",
            "plots/test_ablation.py::test_the_baselines_band_is_its_deviation",
        ),
        exempt("**It doesn't hold up.**", "the sum of what follows"),
        exempt(
            "The same losses and seeds had been trained before, by an earlier commit on another machine",
            "the columns machine and git_commit of both files",
        ),
        exempt(
            "A seed gives the same training on the same kind of processor alone ([study](study.md)), so these are as "
            "good as further seeds:",
            "the table of docs/study.md on repeated trainings",
        ),
        measured(f"Before, FocalL1 was {fmean(lead(FIRST)):.1f} AP above CIoU,", FIRST),
        measured("over all six pairs its interval has 0 in it.", FIRST, BCCD),
        measured(
            "Its gradient at the start of a training is "
            f"{gradient['focal_l1']:.2f} times CIoU's at the same gain besides "
            f"([`preflight.csv`](../results/bccd/preflight.csv)), Focal-EIoU's {gradient['focal_eiou']:.2f} times;",
            PREFLIGHT,
        ),
        measured(
            f"FocalL1 was {-float(matched['difference']):.1f} AP below CIoU in [the study](study.md), with one seed.",
            STUDY,
        ),
        exempt(
            "So three seeds and a p below .05 are a reason to train more of them, not to change the loss.", "advice"
        ),
    ]


def _bccd_in_words() -> list[Claim]:
    shares = "test_make_docs.py::test_shares_of_the_gradient_are_means_over_the_last_epochs"
    return [
        shown(
            "Settings and versions are in",
            "ablation/test_rows.py::test_a_row_says_what_it_was_and_what_came_out",
        ),
        shown(
            "makes all tables, pictures and [the page](../results/bccd/report/index.html) again",
            "report/test_read.py::test_only_the_results_are_needed",
        ),
        exempt(
            "Published differences of ±0.3 from one seed are far below what a seed alone does here.",
            "the size of what papers claim, the tables in docs/paper.md among them",
        ),
        shown("Where the gradient comes from differs as well.", shares),
        shown("have this share of the norm of the box gradient:", shares),
        exempt(
            "The paper wants good boxes to dominate the gradient, and reweighs EIoU for that.", "the paper, section 4"
        ),
        shown(
            "In YOLO they do so already, under CIoU as under Focal-EIoU,",
            "test_readme.py::test_high_iou_boxes_have_most_of_the_gradient_but_under_the_losses_of_the_l_kind",
        ),
    ]
