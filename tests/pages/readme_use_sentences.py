"""What the README says in words alone of use, comparisons, COCO and simulations, sentence by sentence.

Sentences with figures are in readme_use.py.
"""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
AFFAIR = "of other people's software and rights, as its owners say"
PURPOSE = "says what the package is for"
BY_HAND = "done by hand, in a network namespace without any network"
CHOICE = "says how something was chosen"


def claims_on_use_in_words() -> list[Claim]:
    """Return them."""
    return [
        *_first_page(),
        *_use(),
        *_compare(),
        *_table_of_ablate(),
        *_detectors(),
        *_coco(),
        *_judge(),
    ]


def _detectors() -> list[Claim]:
    return [
        exempt(
            "The paper's evidence is on five detectors that aren't YOLO: RetinaNet, Faster R-CNN, Mask R-CNN, ATSS and "
            "PAA.",
            "it is what the paper says",
        ),
        shown(
            "They train with the same losses, by the same commands, into the same tables:",
            "lightning/test_command.py::test_a_training_leaves_its_files",
            "detectors/test_build.py::test_a_step_trains_with",
        ),
        exempt(
            "[`docs/detectors.md`](docs/detectors.md) has their models, arguments and curves, and what the paper "
            "leaves open.",
            "it tells the reader where to look",
        ),
    ]


def _first_page() -> list[Claim]:
    return [
        exempt("For users who fine-tune on their own data, and for authors of ablation tables.", PURPOSE),
        exempt("This start was chosen to match the paper's; does the rest of its evidence hold up?", CHOICE),
        exempt(
            "Each takes minutes on two CPU cores, after an install of a few gigabytes into `.venv`, from where `. "
            ".venv/bin/activate` puts the command `yolo` into your shell. `make demo` needs no GPU, and no network "
            "after the install.",
            BY_HAND,
        ),
        shown(
            "Its images go where Ultralytics keeps data sets;",
            "datasets/test_shapes.py::test_the_images_go_where_ultralytics_keeps_data_sets",
        ),
        exempt("`yolo settings` shows and sets that folder, `datasets_dir`, and the one for runs.", AFFAIR),
    ]


def _use() -> list[Claim]:
    record = "results/test_run_record.py"
    return [
        shown("That is all.", "test_cli.py::test_a_training_with_a_loss_says_so_and_its_weights_validate"),
        shown(
            "`yolo` is Ultralytics' own command with one argument more.",
            *("test_cli.py::test_help_adds_ours_to_stocks", "test_cli.py::test_cfg_command_prints_stocks_defaults"),
        ),
        shown(
            "**The same string everywhere**",
            *(
                "losses/test_spec.py::test_what_is_spelled_is_read_back",
                "yolo/test_trainer.py::test_unfinished_checkpoint_records_the_loss",
            ),
            *(
                "test_cli.py::test_the_command_trains_with_the_loss_of_a_recipe",
                "yolo/test_model.py::test_a_recipe_is_found_by_name",
            ),
        ),
        shown("with Ultralytics' own class", "yolo/test_trainer.py::test_loss_trains_validates_and_is_recorded"),
        shown("`import yolo_feiou` patches nothing.", "test_package.py::test_import_of_trainers_patches_nothing"),
        shown(
            "is what Ultralytics says when it is asked without our `YOLO`, trainer or command.",
            *("yolo/test_default_cfg.py::test_without_it_all_is_ultralytics_own",),
            *("test_resume.py::test_stock_refuses_to_resume_a_run_with_a_loss_which_ours_then_resumes",),
        ),
        shown(
            "`data=shapes.yaml` works in any command;",
            *(
                "test_cli.py::test_a_training_with_a_loss_says_so_and_its_weights_validate",
                "yolo/test_configs.py::test_names_are_found_with_and_without_suffix",
            ),
        ),
        shown(
            "Plain `data=shapes` is a data set of your own, if you have one of that name.",
            *("yolo/test_configs.py::test_a_bare_name_is_the_users_own_file_where_there_is_one",),
            *("yolo/test_configs.py::test_a_bare_name_is_the_users_data_set_in_ultralytics_folder_unless_we_made_it",),
        ),
        shown(
            "leaves nothing of ours in its arguments,",
            "yolo/test_model.py::test_a_training_as_stocks_leaves_nothing_of_ours_in_its_files",
        ),
        shown(
            "Only resuming carries the loss along: a new run from a `best.pt` needs its `loss=` again. Without one it "
            "says with which loss these weights were trained;",
            f"{record}::test_a_fine_tune_without_a_loss_says_that_its_weights_were_trained_with_another",
        ),
        shown(
            "the file itself tells (`model.yolo_feiou`), in stock Ultralytics too.",
            f"{record}::test_a_python_without_us_reads_the_loss_too",
        ),
        shown(
            "**Tuning** takes a loss too:", "yolo/test_model.py::test_tuning_keeps_the_loss_in_the_processes_it_starts"
        ),
        shown(
            "There the loss can be tuned itself:",
            "yolo/test_model.py::test_ray_tunes_with_the_loss_and_the_loss_itself",
        ),
        shown(
            "is in its folder's `provenance.json`, written once: what was asked for, all arguments, the starting "
            "weights and their checksum, the data, the loss, versions, commit and machine, and an entry for each time "
            "that it was resumed.",
            *(
                f"{record}::test_a_record_holds_what_is_read_again",
                f"{record}::test_files_are_recorded_with_their_contents",
            ),
            f"{record}::test_a_resume_adds_an_entry_and_changes_nothing_else",
        ),
        shown(
            "Ultralytics rewrites `args.yaml` on resume;",
            "ablation/test_rows.py::test_the_record_goes_before_an_args_yaml_that_a_resume_wrote_anew",
        ),
        shown(
            'rows, model cards and reports read this file, and where it is missing they say "not recorded".',
            *("export/test_runs.py::test_what_a_resume_wrote_anew_is_not_recorded",),
            *("export/test_card.py::test_a_resumed_fine_tune_has_what_it_began_with_on_its_card",),
            "ablation/test_rows.py::test_without_any_sessions_they_are_not_recorded",
        ),
        shown(
            "Checkpoints are plain Ultralytics checkpoints.",
            "test_checkpoint.py::test_a_python_without_us_uses_our_checkpoints",
        ),
        exempt(
            "They are pickles: to load one, as training, validation, `yolo ablate` and the export of results do just "
            "as Ultralytics does, runs the code that it names, so take none from a source that you don't trust.",
            ADVICE,
        ),
        exempt(
            "Two packages bring a script of that name, and the installer decides which one wins: after pip it is ours, "
            "after uv it can be Ultralytics'.",
            AFFAIR,
        ),
        shown("are the same command under names", "test_readme.py::test_the_commands_call_one_function"),
    ]


def _compare() -> list[Claim]:
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
            "Both need a folder that all nodes share.",
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
            "hours that a run may take each time that it is begun; none by default",
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


def _coco() -> list[Claim]:
    scripts = "distributed/test_scripts.py"
    return [
        shown("To see the whole way in minutes without a GPU,", "test_coco_way.py::test_five_commands_lead_to_a_table"),
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
            "Slurm by `sbatch scripts/train_coco.slurm …`.",
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


def _judge() -> list[Claim]:
    command, field = "simulation/test_command.py", "simulation/test_field.py"
    return [
        shown(
            "and leaves a CSV, the settings and pictures in `runs/simulate/`.",
            *(f"{command}::test_each_subject_has_its_files",),
            *(f"{command}::test_without_out_results_go_to_a_new_folder_each_time",),
        ),
        shown("`points=20` gives a first impression.", f"{command}::test_a_simulation_from_end_to_end"),
        shown(
            "error and IoU over the steps, and whether each statement of the paper on them holds",
            *(
                "simulation/test_run.py::test_a_simulation_has_a_row_for_each_step_of_each_loss",
                f"{command}::test_the_figures_of_the_simulations_are_their_setups",
            ),
            "simulation/test_figures_6_7.py::test_a_subject_makes_all_its_files_and_judges_the_papers_statements",
        ),
        shown("the paper's other figures:", f"{command}::test_each_subject_has_its_files"),
        shown(
            "the gradient over a grid of offsets and sizes", f"{field}::test_the_grid_goes_from_minus_to_plus_its_reach"
        ),
        shown(
            "any losses of the table;",
            "simulation/test_figure4.py::test_the_command_takes_values_for_both_setups",
            "losses/test_spec.py::test_a_comma_begins_a_loss_unless_a_parameter_follows",
        ),
        shown(
            "the interpretation of the paper, as a whole or option by option",
            "simulation/test_figures_6_7.py::test_every_argument_has_its_effect",
        ),
        shown(
            "| a function of yours | `my_loss.py:my_function`, in all of them |",
            f"{field}::test_a_function_of_the_users_has_its_field",
            "checks/test_command.py::test_a_function_that_passes_exits_with_0",
            "simulation/test_command.py::test_a_function_of_the_users_is_simulated",
        ),
        shown(
            "A note is not a fault:", "checks/test_report.py::test_a_fault_has_its_details_below_it_and_a_note_its_line"
        ),
        exempt("This is not a sandbox: the function has your permissions.", ADVICE),
    ]
