"""What docs/faq.md, docs/not-tried.md and docs/glossary.md claim, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
UNDONE = "it says what was not done"
FIELD = "words of the field, as they are used here"
PROOF = "yolo/test_proof.py"
STOCK = "test_resume.py::test_stock_refuses_to_resume_a_run_with_a_loss_which_ours_then_resumes"


def claims_on_questions() -> list[Claim]:
    """Return those of docs/faq.md."""
    return [*_training(), *_numbers(), *_runs()]


def _training() -> list[Claim]:
    return [
        shown("Stock Ultralytics ran, and not this package.", STOCK),
        shown(
            "`yolo-feiou doctor` tells which `yolo` that is, and `yolo-feiou doctor --fix` puts ours in place;",
            "yolo/test_doctor.py::test_stocks_yolo_is_reported_and_fixed",
        ),
        shown("is the same command under a name of its own.", "test_readme.py::test_the_commands_call_one_function"),
        exempt(
            "In Python, import `YOLO` from `yolo_feiou`, or give `trainer=` ([Getting started](getting-started.md)).",
            ADVICE,
        ),
        shown(
            "The line `Box loss:` at the start says which one, in how many criteria, and in which process.",
            "test_cli.py::test_a_training_with_a_loss_says_so_and_its_weights_validate",
        ),
        shown(
            "If it is taken away later, the training stops before that epoch is saved.",
            f"{PROOF}::test_a_loss_that_is_lost_in_the_only_epoch_ends_the_training_before_anything_of_it_is_written",
            f"{PROOF}::test_what_was_trained_before_the_loss_is_lost_stays_and_is_no_more_than_that",
        ),
        shown(
            "So results that are nearly equal don't mean that `loss=` was ignored: the mean gradients of `iou`, "
            "`giou`, `diou`, `focal_eiou`, `siou`, `mpdiou`, `shapeiou`, `piou`, `interpiou` and `extended_iou` are "
            "within a tenth of CIoU's where boxes overlap by an IoU of 0.6 or more",
            "test_readme.py::test_the_page_names_the_losses_that_are_near_ciou_where_boxes_overlap",
        ),
        shown(
            "No. It ranks by CIoU, or ProbIoU, as before, and so do the scores that weigh the box loss",
            "yolo/test_trainer.py::test_the_seam_changes_nothing_but_the_loss",
        ),
        exempt(
            "Look at the size of the gradient first: at one gain `box=`, another loss is another share of the whole "
            "loss.",
            ADVICE,
        ),
        shown(
            "measures it and sets `box` for each",
            "yolo/test_gradient_norms.py::test_matched_gains_make_gradients_equal",
        ),
        exempt("Then look at the seeds: a difference from one seed is no result.", ADVICE),
    ]


def _numbers() -> list[Claim]:
    return [
        exempt("## AP is 0", "a question"),
        shown(
            "Values and gradients of the losses here are finite for boxes of any kind.",
            *("test_every_loss.py::test_finite_for_every_kind_of_box",),
            *("test_every_loss.py::test_finite_for_boxes_drawn_from_the_whole_range",),
        ),
        exempt(
            "So a NaN comes from elsewhere, most often from a learning rate that is too high or from half precision in "
            "the network: try `lr0=` lower, then `amp=False`.",
            ADVICE,
        ),
        shown(
            "looks for NaN at degenerate boxes.",
            "checks/test_catalogue.py::test_each_mistake_is_found_by_its_own_check",
        ),
        shown(
            "boxes in half precision are raised to float32 before the loss is computed, and the gradient comes back in "
            "theirs.",
            *("losses/test_boxes.py::test_half_precision_is_raised",),
            *("test_torch_features.py::test_half_precision_is_that_of_its_boxes",),
        ),
        shown(
            "The model detects nothing, or nothing correctly: `yolo report` says which.",
            *("report/test_warnings.py::test_runs_that_detect_nothing_are_named",),
            "report/test_warnings.py::test_runs_that_detect_nothing_correctly_are_named_and_nothing_else_is_said_of_them",
        ),
        exempt(
            "A training from scratch needs some hundred steps before that changes, and a few more epochs are the first "
            "thing to try. If not even `loss=stock` gets above 0, the labels or their classes don't fit the data YAML.",
            ADVICE,
        ),
        shown(
            "The detections are those of Ultralytics' own validator.",
            "yolo/test_detect.py::test_detections_are_those_of_ultralytics_own_json",
        ),
        shown(
            "AP is made of them by COCO's rules, with at most 100 an image, and by COCO's code or one that gives the "
            "same;",
            "evaluation/test_evaluators.py::test_both_evaluators_give_the_same_row",
            "evaluation/test_evaluators.py::test_both_are_what_pycocotools_says_of_the_files",
        ),
        exempt("Ultralytics computes its mAP in its own way.", "Ultralytics' code"),
        exempt("For a model that has hardly learned, both can lie far apart.", "seen in a trial of two epochs"),
        exempt("Compare AP with AP.", ADVICE),
        shown(
            "What can't be measured is missing, and never 0:",
            "evaluation/test_metrics.py::test_no_small_objects_is_missing_not_zero",
        ),
        exempt("Only if the losses and their gains are the same.", "two units can't be compared"),
        shown(
            "Compare AP, or the IoU of matched predictions that [`results.csv`](columns.md) has.",
            "evaluation/test_matched.py::test_the_row_has_shares_of_matches_and_recall",
        ),
    ]


def _runs() -> list[Claim]:
    return [
        exempt(
            "Where Ultralytics keeps them: `yolo settings` shows `runs_dir`, which lies below the folder that you are "
            "in unless it is a whole path.",
            "Ultralytics' own setting",
        ),
        exempt(
            "With an environment inside a git checkout, as `make install` makes it, Ultralytics sets it to that "
            "checkout's `runs` when it starts for the first time, wherever you are.",
            "Ultralytics' own setting, by the git repository that its files lie in",
        ),
        shown(
            "`yolo ablate` puts each grid into a folder below `ablate/` there, or into `out=`, and `yolo simulate` "
            "into `simulate/`.",
            "ablation/test_options.py::test_the_folder_is_that_of_all_losses_and_seeds_and_of_no_other_settings",
            "simulation/test_command.py::test_without_out_results_go_to_a_new_folder_each_time",
        ),
        shown(
            "resumes with the loss that the run began with.",
            "test_resume.py::test_a_run_killed_in_its_second_epoch_resumes_with_its_loss",
        ),
        shown(
            "`yolo ablate` and `train_coco.sh` resume by the same command again.",
            "ablation/test_command.py::test_the_run_of_a_runner_that_was_killed_is_resumed_by_the_same_command",
            "distributed/test_scripts.py::test_the_same_command_is_the_same_training_unless_told_otherwise",
        ),
        exempt(
            "How near that comes to a run without a cut: [COCO](coco.md#a-resumed-run-and-one-without-a-cut).", ADVICE
        ),
        shown(
            "Yes, in stock Ultralytics, without this package.",
            "test_checkpoint.py::test_a_python_without_us_uses_our_checkpoints",
        ),
        shown(
            "None was shown to be better than CIoU here in a way that held up when it was trained again",
            "test_readme.py::test_a_lead_on_bccd_did_not_hold_up_on_another_machine",
            "test_readme.py::test_over_both_trainings_on_bccd_no_loss_is_shown_to_differ",
        ),
        shown(
            "In a [study](study.md) none of the differences is shown so far, once all are counted, and the largest is "
            "one of the gain.",
            "test_readme.py::test_no_comparison_of_the_study_is_shown_once_all_are_counted",
        ),
        shown(
            "A training step with `loss=focal_eiou` takes as long as one of stock's:",
            "test_readme.py::test_a_step_with_our_loss_takes_what_one_of_stock_takes",
        ),
    ]


def claims_on_what_was_not_tried() -> list[Claim]:
    """Return those of docs/not-tried.md."""
    return [
        exempt("So that nobody takes silence for a result.", ADVICE),
        exempt("| several machines | namespaces of the network on one machine |", UNDONE),
        exempt("| Python 3.12 and newer | all tests on 3.11, the core tests on 3.10 too |", UNDONE),
        shown(
            "a wheel is built from the files that it copies",
            "test_project_files.py::test_the_image_has_what_the_package_is_built_from",
        ),
        shown(
            "the commands that they run, on one machine",
            "test_project_files.py::test_a_workflow_runs_commands_that_are_there",
            "test_project_files.py::test_ci_runs_what_must_pass_before_a_change_lands",
        ),
        shown(
            "the command that `make` would run is tested",
            "test_demo.py::test_torch_without_cuda_is_from_the_index_of_its_authors",
        ),
    ]


def claims_on_words() -> list[Claim]:
    """Return those of docs/glossary.md."""
    said = ("As these words are used here.", "| AR | average recall,", "in 95 % of cases |")
    return [exempt(text, FIELD) for text in said]
