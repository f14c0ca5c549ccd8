"""What docs/commands.md and docs/python.md claim, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, shown

FOLDERS, SIMULATE = "lightning/test_folders.py", "simulation/test_command.py"
ADVICE = "it tells the reader what to do or where to look, and claims nothing"


def claims_on_commands() -> list[Claim]:
    """Return those of docs/commands.md."""
    return [
        shown(
            "What `yolo help` and the verbs of this package print of their arguments;",
            "test_make_docs.py::test_the_page_of_commands_has_what_each_prints_of_its_arguments",
            "test_make_docs.py::test_pages_are_what_make_docs_makes",
        ),
        shown(
            "`yolo export-results` is `yolo evaluate`.",
            "export/test_options.py::test_the_usage_has_a_line_for_each_option",
        ),
        shown(
            "`yolo train` and the other commands of Ultralytics take all arguments that Ultralytics documents, and "
            "`--help` tells them after ours, which are below.",
            "test_make_docs.py::test_the_page_of_commands_has_what_each_prints_of_its_arguments",
            "yolo/test_mode_help.py::test_ours_are_first_and_all_of_a_training_are_there",
            "test_cli.py::test_each_verb_has_help_however_it_is_asked_for",
            *("test_cli.py::test_help_adds_ours_to_stocks", "test_cli.py::test_cfg_command_prints_stocks_defaults"),
        ),
        shown(
            "`train`, `val` and `predict`, of detectors beside YOLO too |",
            f"{FOLDERS}::test_a_folder_has_a_name_and_a_number",
            "lightning/test_command.py::test_a_training_says_its_loss_and_what_comes_next_and_the_next_has_a_number",
        ),
        shown(
            "`yolo ablate` | `runs/ablate/NAME` |",
            "ablation/test_command.py::test_a_grid_is_done_once_and_grows",
            "ablation/test_command.py::test_a_folder_that_holds_something_else_is_refused",
        ),
        shown(
            "`yolo simulate` | `runs/simulate/NAME`, with a number if need be |",
            f"{SIMULATE}::test_without_out_results_go_to_a_new_folder_each_time",
            f"{SIMULATE}::test_results_go_into_a_folder_that_is_there_and_replace_none",
        ),
        shown(
            "`yolo evaluate`, `yolo export-results` | the folder in which the runs lie;",
            "export/test_options.py::test_results_go_to_the_folder_in_which_all_runs_lie",
        ),
        shown(
            "model cards and ONNX beside the weights | a run's row is replaced;",
            "export/test_command.py::test_new_weights_replace_the_row",
            "export/test_command.py::test_a_card_that_was_edited_stays",
        ),
        shown("files that are not its own are named |", "export/test_options.py::test_words_that_are_refused"),
        shown(
            "`yolo report` | `FOLDER/report` | an earlier report is replaced;",
            "report/test_command.py::test_a_report_is_written_whole_or_not_at_all",
        ),
        shown(
            "other files in the way are named |",
            "report/test_command.py::test_files_of_others_are_not_overwritten_and_an_earlier_report_is",
        ),
        shown(
            "`yolo prepare` | nowhere: `out=` is needed | the same command goes on, or has nothing to do;",
            "datasets/coco/test_command.py::test_the_same_command_again_finds_it_whole",
            "datasets/coco/test_command.py::test_what_this_command_did_not_make_is_not_overwritten",
            "datasets/voc/test_command.py::test_what_is_not_its_own_or_changed_since_stays",
        ),
        shown(
            "`runs` is Ultralytics' folder of runs, which `yolo settings` shows.",
            *(f"{SIMULATE}::test_without_out_results_go_to_a_new_folder_each_time",),
        ),
        shown(
            "All but the first row take another folder by `out=FOLDER`, and their last lines say where the results "
            "are.",
            *("test_parameters.py::test_every_out_is_a_folder", f"{SIMULATE}::test_a_simulation_from_end_to_end"),
            "export/test_command.py::test_several_runs_give_rows_a_table_and_a_report",
            "report/test_command.py::test_a_report_writes_its_files_and_prints_what_the_summary_says",
            "ablation/test_command.py::test_a_grid_is_done_once_and_grows",
        ),
        shown(
            "`losses`, `recipes` and `check` write no file.",
            "test_cli.py::test_what_only_prints_writes_nothing",
        ),
        exempt("The arguments of detectors beside YOLO are in [their table](detectors.md).", ADVICE),
    ]


def claims_on_python() -> list[Claim]:
    """Return those of docs/python.md, but for what mkdocstrings takes from docstrings."""
    return [
        exempt("What is imported from `yolo_feiou`, and the losses as functions.", ADVICE),
        shown(
            "The site that `make docs` builds has their docstrings here;",
            "test_site_hooks.py::test_the_site_is_built_strictly_and_asks_no_other_host",
        ),
        exempt("elsewhere `help(yolo_feiou.build_loss)` tells that of one.", ADVICE),
        shown(
            "Trainers for Ultralytics' own class,",
            "yolo/test_trainer.py::test_training_stops_if_a_criterion_is_replaced",
            "test_package.py::test_the_python_page_has_every_public_name",
        ),
        shown(
            "A loss of a model of oriented boxes gets `yolo_feiou.losses.rotated_boxes.RotatedPair` in its place:",
            "losses/user/test_function.py::test_for_a_check_of_a_task_it_has_that_tasks_boxes",
        ),
        exempt("The losses of the table, each by its name, and what a row of it has:", ADVICE),
    ]
