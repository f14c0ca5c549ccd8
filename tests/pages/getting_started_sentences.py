"""What docs/getting-started.md claims, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
AFFAIR = "of other people's software and rights, as its owners say"


def claims_on_the_start() -> list[Claim]:
    """Return them."""
    return [*_use(), *_use_in_words()]


def _use() -> list[Claim]:
    return [
        shown(
            "(rank −1: in a single process)",
            "test_cli.py::test_a_training_with_a_loss_says_so_and_its_weights_validate",
        ),
        exempt(
            "**Which loss, and at which `box=`?** [The README](../README.md#which-loss-and-at-which-box) says as far "
            "as results here go, with two commands to find out on your data.",
            "where to look",
        ),
        exempt("Words are explained in the [glossary](glossary.md).", "where to look"),
        shown(
            "The command line overrides the recipe.", "test_cli.py::test_the_command_trains_with_the_loss_of_a_recipe"
        ),
        shown(
            "`yolo recipes` lists them all, for `yolo ablate` too, and `yolo recipes focal_l1` prints one.",
            "yolo/test_recipe_listing.py::test_each_recipe_has_a_line_under_what_takes_it",
            "yolo/test_recipe_listing.py::test_one_that_is_named_is_printed_with_its_place",
        ),
        shown("are found by name", "yolo/test_command.py::test_our_files_are_found_by_name_and_the_users_own_go_first"),
        shown("with xyxy boxes (N, 4):", "losses/test_boxes.py::test_shapes_that_do_not_fit_raise"),
        shown("the images are made on first use", "yolo/test_splits.py::test_a_data_set_of_ours_is_found_by_name"),
        exempt(
            "**In a container**: the first lines of [`Dockerfile`](../Dockerfile) say how to build an image and run "
            "it, which [was not tried](not-tried.md).",
            ADVICE,
        ),
        shown(
            "lists all losses, and `yolo losses siou` tells parameters, ranges and the source of one.",
            "losses/test_listing.py::test_every_loss_has_one_line_with_its_meaning",
            "losses/test_listing.py::test_a_name_tells_all_of_its_loss",
        ),
        shown(
            "Ctrl-C ends a training with a line that has the command to resume it: `yolo train resume "
            "model=…/last.pt`, or says that no epoch was finished.",
            *("yolo/test_interruption.py::test_a_real_training_ends_in_a_line_and_its_command_resumes",),
            *("yolo/test_interruption.py::test_the_line_names_the_command_that_resumes",),
        ),
        shown(
            "makes a row of each, and `yolo report runs/both` a report.",
            "export/test_command.py::test_several_runs_give_rows_a_table_and_a_report",
        ),
        exempt("One seed tells little: [Compare losses](compare.md) over several.", ADVICE),
        shown(
            "It resumes with the loss that the run began with, and refuses another.",
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


def _use_in_words() -> list[Claim]:
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
