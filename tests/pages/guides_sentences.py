"""What docs/fine-tune.md and docs/several-processes.md claim, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, measured, rows, shown
from yolo_feiou.report.comparison import SOUGHT_DIFFERENCE

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
CURVES = "results/bccd/curves.csv"
SCRIPTS = "distributed/test_scripts.py"


def claims_on_fine_tuning() -> list[Claim]:
    """Return those of docs/fine-tune.md."""
    return [
        exempt("`data=` takes a data YAML of Ultralytics'.", "Ultralytics' own"),
        shown(
            "VOC XML, or a COCO JSON of your own, become one by",
            "datasets/voc/test_command.py::test_ultralytics_reads_what_the_xml_say",
            "datasets/coco/test_prepare.py::test_a_data_set_of_ones_own_is_prepared",
        ),
        shown(
            "The YAML is `datasets/mine/mine.yaml`.",
            "datasets/voc/test_command.py::test_ultralytics_reads_what_the_xml_say",
            "datasets/coco/test_prepare.py::test_a_data_set_of_ones_own_is_prepared",
        ),
        shown(
            "VOC images are split by chance, the same way for the same `seed=`, or by their own lists",
            "datasets/voc/test_splits.py::test_the_order_is_that_of_sha_256",
            "datasets/voc/test_splits.py::test_lists_are_followed_and_names_without_image_counted",
        ),
        shown(
            "Both count what they leave out: of VOC also objects that are marked as difficult",
            "datasets/voc/test_command.py::test_what_is_left_out_is_said",
            "datasets/coco/test_prepare.py::test_real_data_are_what_ultralytics_then_reads",
        ),
        exempt(
            "Which losses are worth a try, [a table](../README.md#which-loss-and-at-which-box) says as far as results "
            "here go.",
            ADVICE,
        ),
        shown(
            "each with its gradient as large as CIoU's at the start:",
            "yolo/test_gradient_norms.py::test_matched_gains_make_gradients_equal",
        ),
        shown("It prints the gain `box` of each,", "ablation/test_gains.py::test_matched_gains_are_told"),
        shown(
            "and the report says whether any is shown to be better on `val`, the split that is evaluated unless "
            "`split=test` is given, with an interval.",
            "evaluation/test_options.py::test_without_a_word_best_weights_are_evaluated_on_val_by_the_fast_evaluator",
        ),
        shown(
            "Where nothing is, stay with CIoU, or add seeds: the same command with more of them trains only those that "
            "are missing.",
            "ablation/test_command.py::test_a_grid_is_done_once_and_grows",
        ),
        shown(
            "in the place of `seeds=` it adds them by itself ([how](ablation.md)), until each difference is shown or "
            "known to half an AP point, or the next run would go beyond 8 hours.",
            "ablation/test_until.py::test_seeds_are_added_and_it_says_why_each_comparison_ended",
            "ablation/test_until.py::test_a_budget_is_told_with_what_is_open",
            "ablation/test_sequential.py::test_a_run_that_would_go_beyond_the_budget_is_none",
        ),
        shown(
            "`plan=True` lists the runs and trains nothing; with `until=` it lists those that come first, and says "
            "how many there may be.",
            "ablation/test_slurm.py::test_the_number_of_a_plan_chooses_that_run_alone",
            "ablation/test_until.py::test_a_plan_lists_what_begins_and_how_much_there_may_be",
        ),
        exempt("with the loss that you chose, and the gain that the ablation printed for it.", ADVICE),
        shown(
            "In another ablation without `gain=matched`, where all losses share `box`, a factor `weight=` has the same "
            "effect: `smooth_l1:weight=1.8`.",
            "losses/test_build.py::test_a_weight_multiplies_a_single_loss",
        ),
        shown(
            "Each run of the ablation has its own weights too, `runs/mine/train/RUN/weights/best.pt`.",
            "ablation/test_run_folder.py::test_weights_lie_beside_the_folders_of_runs",
        ),
        exempt(
            "with the folder that the training printed: it lies in `runs_dir` of Ultralytics' settings, unless you "
            "gave `project=`.",
            "where Ultralytics puts its runs",
        ),
        shown(
            "A new training from your own `best.pt` needs its `loss=` again.",
            "results/test_run_record.py::"
            "test_a_fine_tune_without_a_loss_says_that_its_weights_were_trained_with_another",
        ),
        shown(
            "Ctrl-C ends it with a line that has the command to resume it,",
            "yolo/test_interruption.py::test_a_real_training_ends_in_a_line_and_its_command_resumes",
        ),
        *_little_data(),
        exempt(
            "The loss was chosen on `val`, so its AP there is a little too good. That of the images that nothing was "
            "chosen on:",
            "the usual reason for a split of its own",
        ),
        shown(
            "Of several trainings, with a loss of ours or none, `yolo report runs/final` then makes a report.",
            "export/test_command.py::test_several_runs_give_rows_a_table_and_a_report",
        ),
        shown(
            "Where their gains differ it says which `baseline=` compares across them.",
            "report/test_warnings.py::test_the_baseline_that_compares_across_is_told_as_it_is_read",
        ),
        shown(
            "`best.pt` is a plain checkpoint of Ultralytics':",
            "test_checkpoint.py::test_a_python_without_us_uses_our_checkpoints",
        ),
        shown(
            "In its place `yolo evaluate runs/detect/train onnx=True` exports to ONNX too, and fails if that has "
            "another AP;",
            "export/test_onnx.py::test_the_onnx_has_the_ap_of_the_weights",
            "export/test_onnx.py::test_an_onnx_that_does_something_else_is_not_kept",
        ),
        shown("it needs `pip install '.[export]'`.", "export/test_onnx.py::test_without_the_packages_nothing_begins"),
    ]


def _little_data() -> list[Claim]:
    curves = rows(CURVES)
    blind = [int(r["epoch"]) for r in curves if float(r["metrics/mAP50-95(B)"]) < SOUGHT_DIFFERENCE]
    epoch = max(blind) + 1
    seconds = sorted(float(r["time"]) for r in curves if int(r["epoch"]) == epoch)
    return [
        exempt("One line for some 200 images, without pretrained weights, on a CPU, with any `loss=`:", ADVICE),
        exempt(
            "By default Ultralytics gathers the gradients of `nbs=64` images for one step, which makes few steps in an "
            "epoch of so few images, and AP stays at 0 for many epochs.",
            "Ultralytics' own; in a training of 12 epochs on BCCD with its defaults AP was 0 in the first 6",
        ),
        exempt("With these settings on BCCD's 205 images to train on,", "what data/README.md has of BCCD"),
        measured(
            f"AP was above {100 * SOUGHT_DIFFERENCE:g} % ({SOUGHT_DIFFERENCE:g} in `results.csv`) in all "
            f"{len({r['run'] for r in curves})} trainings from epoch {epoch} on, "
            f"which took {seconds[0]:.0f} to {seconds[-1]:.0f} s to reach, two at a time on two CPU cores",
            CURVES,
        ),
        shown(
            "`yolo ablate` takes the same arguments, and `cfg=ablation/bccd.yaml` has them.",
            "test_readme.py::test_the_settings_for_little_data_are_those_of_the_recipe",
        ),
    ]


def claims_on_several_processes() -> list[Claim]:
    """Return those of docs/several-processes.md."""
    return [
        shown(
            "| GPUs in one machine |".strip("| "),
            *(f"{SCRIPTS}::test_a_dry_run_prints_the_command",),
            *("ablation/test_options.py::test_every_device_has_a_run_before_one_has_a_second",),
        ),
        shown("| several nodes | the same", f"{SCRIPTS}::test_each_of_several_nodes_has_the_same_command"),
        shown(
            "| Slurm | `sbatch train_coco.slurm …` |".strip("| "),
            *(f"{SCRIPTS}::test_a_job_of_slurm_starts_torchrun_on_each_of_its_nodes",),
            *("ablation/test_slurm.py::test_a_task_of_slurm_does_the_run_of_its_key",),
        ),
        shown("| Ray | |".strip("| "), "ablation/test_on_ray.py::test_a_run_whose_node_fails_resumes_on_another"),
        shown(
            "The three scripts are commands too, which pip installs beside `yolo`, each with `--help`",
            *("test_package.py::test_an_installed_wheel_finds_its_files",),
            *(f"{SCRIPTS}::test_help_is_what_the_script_begins_with",),
        ),
        shown(
            "`sbatch` finds its own on the PATH: activate the environment before.",
            f"{SCRIPTS}::test_the_scripts_need_nothing_else_of_the_repository",
        ),
        shown(
            "In a checkout they lie in `scripts/`.",
            f"{SCRIPTS}::test_a_job_takes_the_script_of_the_checkout_that_it_is_submitted_from",
        ),
        shown(
            "They and `yolo ablate` resume by the same command, with the same loss; of `yolo train` it is",
            *(f"{SCRIPTS}::test_the_same_command_is_the_same_training_unless_told_otherwise",),
            *("ablation/test_command.py::test_the_run_of_a_runner_that_was_killed_is_resumed_by_the_same_command",),
            "test_resume.py::test_a_run_killed_in_its_second_epoch_resumes_with_its_loss",
        ),
        exempt(
            "What each prints, costs and needs: [one node](coco.md#one-node), [several nodes](coco.md#several-nodes), "
            "[Slurm](coco.md#slurm), [ablations](compare.md), and what limits larger clusters, "
            "[Beyond one node](scaling.md).",
            ADVICE,
        ),
        shown(
            "Each process says at the start which loss it trains.",
            "distributed/test_nodes.py::test_two_nodes_train_as_one_process_does",
        ),
        exempt(
            "Nothing here was run on GPUs or on a cluster: [What was not tried](not-tried.md).",
            "it says what was not done",
        ),
    ]
