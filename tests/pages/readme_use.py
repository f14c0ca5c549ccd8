"""What the README claims of use: losses by name, comparisons, COCO, simulations."""

from __future__ import annotations

import re

import yaml

from tests.pages.claims import ROOT, Claim, exempt, measured, rows, shown
from yolo_feiou.ablation.gains import BATCHES, EVERY_BATCHES
from yolo_feiou.ablation.signs import SILENCE_SECONDS
from yolo_feiou.checks.child import MEMORY_LIMIT
from yolo_feiou.checks.command import TIMEOUT_ARGUMENT
from yolo_feiou.report.comparison import SOUGHT_DIFFERENCE
from yolo_feiou.report.levels import ALPHA
from yolo_feiou.results.arguments import MAX_GRADIENT_RATIO
from yolo_feiou.simulation.run import Simulation

FIGURE, SIMULATED = "docs/paper/figure1/figure1.csv", "benchmarks/simulation.csv"
READINGS = "docs/paper/readings/readings.csv"


def claims_on_use() -> list[Claim]:
    """Return them."""
    return [*_first_page(), *_use(), *_compare(), *_coco(), *_judge()]


def _first_page() -> list[Claim]:
    course = {loss: [r for r in rows(FIGURE) if r["loss"] == loss] for loss in ("giou", "diou", "ciou", "eiou")}
    areas = {loss: [float(r["w"]) * float(r["h"]) for r in of] for loss, of in course.items()}
    (w0, h0), (w1, h1) = ((float(course["eiou"][i]["w"]), float(course["eiou"][i]["h"])) for i in (0, -1))
    python = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())[1]
    reached = re.search(r"map50 < ([\d.]+):", (ROOT / "scripts" / "demo.py").read_text())[1]
    return [
        exempt(
            "Parameters, modifiers as in `eiou:inner=0.75`, sums, schedules, units, state, and the losses as functions "
            "are in [`docs/losses.md`](docs/losses.md).",
            "it tells the reader where to look, and claims nothing",
        ),
        exempt(
            "`paper unread`: the formula was not compared with the text of the paper.",
            "it says what the table's authors did not do",
        ),
        shown("on the unmodified pip package", "test_package.py::test_import_of_trainers_patches_nothing"),
        shown(
            "exactly as in [Focal and Efficient IOU Loss]",
            *("losses/test_iou.py::test_values_are_exact", "losses/test_focal.py::test_values_are_exact"),
            *("losses/test_l1.py::test_values_are_exact", "losses/test_box_loss.py::test_eq_11_is_exact"),
        ),
        measured(f"takes {len(course['eiou']) - 1} steps towards its target (black) under four losses.", FIGURE),
        measured(
            f"make it larger: its area of {areas['ciou'][0]:.1f} times the target's becomes "
            f"{areas['giou'][-1]:.1f}, {areas['diou'][-1]:.1f} and "
            f"{areas['ciou'][-1]:.1f}. EIoU brings its height from "
            f"{h0:.2f} to {h1:.2f}, while its width goes from {w0:.2f} to {w1:.2f} on the way, and its area ends at "
            f"{areas['eiou'][-1]:.1f}.",
            FIGURE,
        ),
        shown("has a result for every statement in it", "paper/test_page.py::test_the_page_is_up_to_date"),
        measured(f"Python ≥ {python},", "pyproject.toml"),
        measured(f"It ends with the mAP50, which must reach {reached},", "scripts/demo.py"),
    ]


def _use() -> list[Claim]:
    return [
        shown(
            "(rank −1: in a single process)",
            "test_cli.py::test_a_training_with_a_loss_says_so_and_its_weights_validate",
        ),
        shown(
            "The command line overrides the recipe.", "test_cli.py::test_the_command_trains_with_the_loss_of_a_recipe"
        ),
        shown("are found by name", "yolo/test_command.py::test_our_files_are_found_by_name_and_the_users_own_go_first"),
        shown("with xyxy boxes (N, 4):", "losses/test_boxes.py::test_shapes_that_do_not_fit_raise"),
        shown("the images are made on first use", "yolo/test_splits.py::test_a_data_set_of_ours_is_found_by_name"),
        shown(
            "lists all losses, and `yolo losses siou` tells parameters, ranges and the source of one.",
            "losses/test_listing.py::test_every_loss_has_one_line_with_its_meaning",
            "losses/test_listing.py::test_a_name_tells_all_of_its_loss",
        ),
        shown(
            "resumes with the loss that the run began with, and refuses another.",
            *("test_resume.py::test_a_run_killed_in_its_second_epoch_resumes_with_its_loss",),
            *("test_resume.py::test_resume_takes_no_other_loss",),
        ),
        shown(
            "stock `yolo` refuses it,",
            "test_resume.py::test_stock_refuses_to_resume_a_run_with_a_loss_which_ours_then_resumes",
        ),
        shown("and stock resumes it.", "test_resume.py::test_stock_resumes_a_run_of_ours_that_has_no_loss"),
        shown(
            "They load, predict, validate and export where this package is not installed.",
            "test_checkpoint.py::test_a_python_without_us_uses_our_checkpoints",
        ),
        shown("no code of it runs.", "storage/test_checkpoint_reader.py::test_no_code_of_it_runs"),
        shown("puts ours in place.", "yolo/test_doctor.py::test_stocks_yolo_is_reported_and_fixed"),
    ]


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
            "ends after `timeout=` hours, if that is given, as failed;",
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
            "makes an array job of the same grid.",
            "ablation/test_slurm.py::test_a_task_of_slurm_does_the_run_of_its_key",
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
        measured(f"with a {100 * (1 - ALPHA):.0f} % interval,", "yolo_feiou/report/levels.py"),
        shown(
            "a p-value corrected for the number of losses",
            "report/test_comparison.py::test_p_is_adjusted_for_all_comparisons",
        ),
        measured(
            f"a single difference of {100 * SOUGHT_DIFFERENCE:g} AP would need.", "yolo_feiou/report/comparison.py"
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


def _coco() -> list[Claim]:
    long, short = (yaml.safe_load((ROOT / "cfg" / "coco" / name).read_text()) for name in ("yolov8.yaml", "1x.yaml"))
    gpus = sorted({int(r["gpus"]) for r in rows("benchmarks/scaling_model.csv")})
    assert "labels_gb_a_machine_10m_images" in rows("benchmarks/scaling_model.csv")[0]
    return [
        shown(
            "What would fail with any run fails before the first is evaluated.",
            *("export/test_rehearsal.py::test_what_is_wrong_with_the_last_run_is_told_before_the_first_is_evaluated",),
        ),
        shown(
            "From the data to a table of AP, AP50, AP75, AP_S, AP_M and AP_L.",
            "test_coco_way.py::test_five_commands_lead_to_a_table",
        ),
        exempt(
            "the table says 0.0; what it shows is the way.",
            "a synthetic run of two epochs: the report says so of any that detects nothing",
        ),
        shown(
            "fetched with sizes and checksums, resumed where it broke off;",
            "datasets/coco/test_download.py::test_a_download_resumes_where_it_broke_off",
        ),
        shown("labels exact to float32,", "datasets/coco/test_convert.py::test_real_labels_are_exact"),
        shown(
            "losses, weights and AP equal those of one process on the same batches",
            "distributed/test_nodes.py::test_two_nodes_train_as_one_process_does",
        ),
        shown("costs an epoch at most:", "distributed/test_nodes.py::test_a_failed_worker_costs_an_epoch_at_most"),
        shown(
            "Once that is finished it says so, and trains nothing.",
            "distributed/test_scripts.py::test_a_training_that_is_finished_is_not_begun_again",
        ),
        measured(
            f"({long['epochs']} epochs, {long['optimizer']}, total batch {long['batch']})", "cfg/coco/yolov8.yaml"
        ),
        measured(f"{short['epochs']} epochs. A batch or learning rate", "cfg/coco/1x.yaml"),
        shown(
            "gives a warning, with what linear scaling suggests.",
            "yolo/test_recipe_warning.py::test_a_warning_says_what_is_left_and_what_would_go_with_it",
        ),
        shown(
            "fails if that has another AP;", "export/test_onnx.py::test_an_onnx_that_does_something_else_is_not_kept"
        ),
        shown(
            "writes the zip that COCO's server takes", "export/test_submission.py::test_a_submission_is_what_coco_loads"
        ),
        measured(f"for {gpus[1]} and {gpus[2]} GPUs and 10 million images", "benchmarks/scaling_model.csv"),
    ]


def _judge() -> list[Claim]:
    whole = [r for r in rows(SIMULATED) if r["pairs"] == "343000"]
    seconds = sum(float(r["milliseconds"]) for r in whole) * Simulation.steps / 1000
    return [
        measured(
            f"the paper's {int(whole[0]['pairs']):,} pairs over {Simulation.steps} "
            f"steps with five losses, has {seconds:.0f} s of steps "
            "on two CPU cores",
            SIMULATED,
        ),
        measured(f"the statements under {len(rows(READINGS))} interpretations of what the paper leaves open", READINGS),
        shown(
            "the same seed gives the same CSV, to the last digit",
            "simulation/test_command.py::test_the_same_command_gives_the_same_bytes",
        ),
        shown(
            "against the mistakes found in public code:",
            "checks/test_catalogue.py::test_each_mistake_is_found_by_its_own_check",
        ),
        shown(
            "It names the formula if it knows it",
            "checks/test_formula.py::test_any_formula_of_two_to_four_terms_is_recognised",
        ),
        shown(
            "and the loss of the table, whatever the code (`that is DIoU: loss=diou`),",
            *(
                "checks/test_known.py::test_the_formulas_of_losses_of_others_are_recognised",
                "checks/test_known.py::test_losses_of_the_table",
            ),
        ),
        shown(
            f"in a process of its own, with {TIMEOUT_ARGUMENT.default:.0f} seconds (`timeout=60` for others) and, on "
            "Linux, "
            f"{MEMORY_LIMIT >> 30} GiB of memory beyond what Python takes:",
            *("checks/test_isolation.py::test_whatever_a_loss_does_it_ends_in_a_report",),
            *("checks/test_child.py::test_the_readme_has_the_limits",),
        ),
        shown("and exits with 1 if there is one.", "checks/test_command.py::test_a_function_with_a_fault_exits_with_1"),
        shown("`yolo check all` checks our own.", "checks/test_command.py::test_all_checks_every_loss_of_the_table"),
    ]
