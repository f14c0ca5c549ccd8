"""What docs/fine-tune.md and docs/several-processes.md claim, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
SCRIPTS = "distributed/test_scripts.py"


def claims_on_fine_tuning() -> list[Claim]:
    """Return those of docs/fine-tune.md."""
    return [
        shown(
            "A data YAML of Ultralytics', or a COCO JSON of your own",
            "datasets/coco/test_prepare.py::test_a_data_set_of_ones_own_is_prepared",
        ),
        shown(
            "each with its gradient as large as CIoU's at the start:",
            "yolo/test_gradient_norms.py::test_matched_gains_make_gradients_equal",
        ),
        shown("It prints the gain `box` of each,", "ablation/test_gains.py::test_matched_gains_are_told"),
        shown(
            "Where nothing is, stay with CIoU, or add seeds: the same command with more of them trains only those that "
            "are missing.",
            "ablation/test_command.py::test_a_grid_is_done_once_and_grows",
        ),
        shown(
            "What `plan=True` prints first are the runs that it would train.",
            "ablation/test_slurm.py::test_the_number_of_a_plan_chooses_that_run_alone",
        ),
        exempt("with the gain that the ablation printed.", ADVICE),
        shown(
            "A new training from your own `best.pt` needs its `loss=` again.",
            "results/test_run_record.py::"
            "test_a_fine_tune_without_a_loss_says_that_its_weights_were_trained_with_another",
        ),
        shown(
            "`best.pt` is a plain checkpoint of Ultralytics':",
            "test_checkpoint.py::test_a_python_without_us_uses_our_checkpoints",
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
            "| Slurm | `sbatch scripts/train_coco.slurm …` |".strip("| "),
            *(f"{SCRIPTS}::test_a_job_of_slurm_starts_torchrun_on_each_of_its_nodes",),
            *("ablation/test_slurm.py::test_a_task_of_slurm_does_the_run_of_its_key",),
        ),
        shown("| Ray | |".strip("| "), "ablation/test_on_ray.py::test_a_run_whose_node_fails_resumes_on_another"),
        shown(
            "The scripts and `yolo ablate` resume by the same command, with the same loss; of `yolo train` it is",
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
