"""What docs/coco.md claims of the way from the data to a table, and what shows it."""

from __future__ import annotations

import yaml

from tests.pages.claims import ROOT, Claim, exempt, measured, rows, shown


def claims_on_the_way_of_coco() -> list[Claim]:
    """Return them."""
    return [*_coco(), *_coco_in_words()]


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
            "`yolo evaluate` prints a table of AP, AP50, AP75, AP_S, AP_M and AP_L, and `yolo report` "
            "compares the losses.",
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


def _coco_in_words() -> list[Claim]:
    scripts = "distributed/test_scripts.py"
    return [
        shown("To see the whole way in minutes without a GPU,", "test_coco_way.py::test_five_commands_lead_to_a_table"),
        shown(
            "`source=FOLDER missing=skip` for the second line,",
            "datasets/coco/test_prepare.py::test_missing_images_are_refused_or_left_out",
        ),
        shown(
            "So short a training detects nothing, and the table says 0.0;",
            "report/test_warnings.py::test_runs_that_detect_nothing_are_named",
        ),
        shown(
            "what is clipped or left out is counted.",
            "datasets/coco/test_convert.py::test_what_is_left_out_and_clipped_is_counted",
        ),
        shown(
            "Any COCO JSON of your own too:", "datasets/coco/test_prepare.py::test_a_data_set_of_ones_own_is_prepared"
        ),
        shown(
            "which takes all GPUs;",
            "distributed/test_launch.py::test_a_process_has_the_devices_of_its_node",
            f"{scripts}::test_a_dry_run_prints_the_command",
        ),
        shown("several nodes by", f"{scripts}::test_each_of_several_nodes_has_the_same_command"),
        shown(
            "Slurm by `sbatch train_coco.slurm …`.",
            f"{scripts}::test_a_job_of_slurm_starts_torchrun_on_each_of_its_nodes",
        ),
        shown(
            "evaluated on the official JSON;",
            "evaluation/test_source.py::test_coco_is_evaluated_on_the_json_of_its_yaml",
        ),
        shown(
            "Runs of detectors beside YOLO are exported by the same command, but for ONNX.",
            "export/test_detector_runs.py::test_yolo_and_a_detector_are_exported_by_one_command",
            "export/test_detector_runs.py::test_onnx_is_refused_before_anything_is_evaluated",
        ),
        shown(
            "with loss, data, commit, versions, metrics and licence;",
            "export/test_card.py::test_a_card_says_what_the_weights_are",
        ),
    ]
