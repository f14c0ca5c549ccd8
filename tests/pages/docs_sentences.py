"""What docs/coco.md, docs/scaling.md and docs/columns.md say in words, sentence by sentence, and what shows it."""

from __future__ import annotations

from tests.pages.claims import Claim, exempt, measured, shown
from yolo_feiou.ablation.gains import BATCHES, EVERY_BATCHES

ADVICE = "it tells the reader what to do or where to look, and claims nothing"
AFFAIR = "of other people's software and clusters, as their documentation says"
HARDWARE = "there was no GPU and no cluster at hand"
PAPER = "the paper's own settings, or why ours differ"
ONCE = "seen once, on the machine that the page names"
NODES, SCRIPTS = "distributed/test_nodes.py", "distributed/test_scripts.py"
LOST = f"{NODES}::test_a_failed_worker_costs_an_epoch_at_most"
EQUAL = f"{NODES}::test_two_nodes_train_as_one_process_does"
AGAIN = f"{SCRIPTS}::test_the_same_command_is_the_same_training_unless_told_otherwise"


def claims_on_coco_in_words() -> list[Claim]:
    """Return those of docs/coco.md."""
    return [*_training(), *_nodes(), *_lost(), *_resumed(), *_processes(), *_recipes()]


def _training() -> list[Claim]:
    return [
        exempt(
            "For users with one GPU or a cluster who want rows to compare with the paper's. Data come first "
            "([`data/README.md`](../data/README.md)); what limits a larger cluster is in "
            "[`scaling.md`](scaling.md).",
            ADVICE,
        ),
        exempt("One command in three forms.", ADVICE),
        shown(
            "All take any argument of `yolo train` after the recipe, and all say at the start,",
            *(f"{SCRIPTS}::test_a_dry_run_prints_the_command", EQUAL),
            "yolo/test_distributed.py::test_ultralytics_launcher_rebuilds_our_trainer_in_its_workers",
        ),
        shown(
            "It must be a multiple of the number of processes.",
            "yolo/test_distributed.py::test_a_batch_that_has_no_equal_parts_is_refused",
        ),
        shown(
            "The first is Ultralytics' own launcher.",
            "yolo/test_distributed.py::test_ultralytics_launcher_on_gpus_of_one_node_is_left_alone",
        ),
        shown(
            "after a power cut it resumes the run, while that is being trained it refuses, and once it is finished "
            "it says so and does nothing.",
            *(AGAIN, "distributed/test_resume.py::test_a_run_that_is_being_trained_is_left_alone"),
            f"{SCRIPTS}::test_a_training_that_is_finished_is_not_begun_again",
        ),
        shown("`ID=name` gives a training a name of its own.", AGAIN),
        shown(
            "Unknown arguments, losses, recipes and data are refused before any process starts.",
            f"{SCRIPTS}::test_a_mistake_is_said_once_before_any_process_starts",
        ),
        shown(
            "The scripts take `model=retinanet.yaml` and the other [detectors beside YOLO](detectors.md) as well, then "
            "without a recipe of YOLO's.",
            f"{SCRIPTS}::test_a_detector_beside_yolo_has_no_recipe_of_yolo",
            f"{SCRIPTS}::test_a_job_of_a_detector_is_requeued_and_resumes",
        ),
    ]


def _nodes() -> list[Claim]:
    slurm = f"{SCRIPTS}::test_a_job_whose_time_runs_out_is_requeued_and_resumes"
    return [
        shown(
            "The same on each of them, with a name for the training",
            f"{SCRIPTS}::test_each_of_several_nodes_has_the_same_command",
        ),
        shown(
            "which is, with `TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1` in the environment,",
            f"{SCRIPTS}::test_each_of_several_nodes_has_the_same_command",
        ),
        exempt(
            "Without that variable torchrun brings processes together again in a store that still has the "
            "addresses of the failed ones, and they fail "
            "([pytorch#135712](https://github.com/pytorch/pytorch/issues/135712));",
            AFFAIR,
        ),
        shown(
            "we warn of it at the start.",
            "distributed/test_launch.py::test_processes_that_could_not_meet_again_are_known",
        ),
        exempt(
            "Nodes with several network devices need the name of one: `NCCL_SOCKET_IFNAME=eth0`, on CPU "
            "`GLOO_SOCKET_IFNAME`.",
            AFFAIR,
        ),
        shown("Rank 0 alone names the run's folder, writes into it and logs.", EQUAL),
        shown("Others need to see the folder only when a run resumes from its checkpoint:", EQUAL, LOST),
        exempt("Data may be on each node's own disk, or on a shared one.", ADVICE),
        shown(
            "There one node scans the labels and writes the cache first,",
            "distributed/test_group.py::test_the_first_node_works_first",
        ),
        shown("Two minutes before its time is over, and on SIGTERM to its script, the job is requeued", slurm),
        exempt(
            "There is none for the signal itself: Ultralytics writes one at the end of each epoch, and can't "
            "resume in the middle of one, so at most an epoch is done again. Where other jobs may take its place, "
            "Slurm needs `PreemptMode=REQUEUE`.",
            AFFAIR,
        ),
        shown("The script was run with stand-ins for Slurm's commands,", slurm),
        shown("Ultralytics' own lines, from rank 0 alone, but for the line above, which each process prints.", EQUAL),
        shown("After a worker failed, torchrun's own log says which it was,", LOST),
        exempt("No GPU was at hand for this page.", HARDWARE),
        shown(
            "What our loss adds to a step doesn't show beside the noise",
            "test_readme.py::test_a_step_with_our_loss_takes_what_one_of_stock_takes",
        ),
        exempt(
            "Here, on two CPU cores: 32 images of COCO, 2 epochs at 64 px with two processes, 16 s, nearly all of it "
            "for the start of the processes;",
            ONCE,
        ),
    ]


def _lost() -> list[Claim]:
    return [
        shown("torchrun stops all processes and restarts them.", LOST),
        shown(
            "They find the run that they began by `--rdzv-id`",
            "distributed/test_resume.py::test_a_run_is_found_by_the_same_command_and_id",
        ),
        shown(
            "one without a checkpoint yet begins again in the same folder.",
            "distributed/test_resume.py::test_a_run_without_a_checkpoint_begins_in_its_folder",
        ),
        shown("`results.csv` has each epoch once.", LOST),
        exempt("`--max-restarts` counts for each node by itself.", AFFAIR),
    ]


def _resumed() -> list[Claim]:
    state = "yolo/test_resume_state.py"
    return [
        shown(
            "Beside `last.pt` lies `epoch3.state` while a run isn't finished:",
            f"{state}::test_a_state_is_there_until_the_run_is_finished_and_fits_its_checkpoint",
        ),
        shown(
            "That has the EMA's weights in half precision in the place of the model's own,",
            *(f"{state}::test_from_the_checkpoint_alone_a_run_resumes_and_says_that_it_differs",),
            "yolo/test_random_state.py::test_random_numbers_continue_where_they_were",
        ),
        exempt(
            "On GPUs worker processes load the images, and their random numbers are not saved: weights, momentum, EMA "
            "and the scaler of AMP are as they were, order and augmentation of the images from there on differ, "
            "and a line at the start says so. This was not run on a GPU, where kernels may differ from run to run as "
            "well.",
            HARDWARE,
        ),
        shown(
            "Resumed with another number of processes,",
            f"{state}::test_in_another_number_of_processes_weights_and_momentum_resume_and_a_line_says_what_does_not",
        ),
        shown(
            "which a line says.",
            f"{state}::test_in_another_number_of_processes_weights_and_momentum_resume_and_a_line_says_what_does_not",
        ),
        shown(
            "From `last.pt` alone, as in stock Ultralytics, a run resumes as it always did,",
            *(f"{state}::test_from_the_checkpoint_alone_a_run_resumes_and_says_that_it_differs",),
            f"{state}::test_a_state_of_another_checkpoint_is_passed_over",
        ),
        shown(
            "It goes when the run is finished.",
            f"{state}::test_a_state_is_there_until_the_run_is_finished_and_fits_its_checkpoint",
        ),
        shown(
            "A disk that is too full for it doesn't stop the training.",
            f"{state}::test_a_disk_that_is_too_full_for_the_state_doesnt_stop_the_training",
        ),
    ]


def _processes() -> list[Claim]:
    return [
        shown("it makes a run on N ranks another one than a run on one,", EQUAL),
        shown("What follows is as in any DistributedDataParallel, and in stock Ultralytics;", EQUAL),
        shown("| a loss is divided by |", EQUAL),
        shown("So the comparison takes the single process through the very parts of the batch", EQUAL),
        exempt(
            "Each image is seen once in an epoch if their number is a multiple of the ranks'; otherwise up to N − 1 "
            "are seen twice.",
            "so torch's sampler does it",
        ),
        shown("Unlike stock, `results.csv` has the mean of the training loss over all ranks", EQUAL),
        shown("The validation after the last epoch is done as those before, by all ranks on the best weights;", EQUAL),
        exempt(
            "stock's own, after `device=0,1`, fuses the model first, and for COCO runs the official evaluator.", AFFAIR
        ),
        exempt("For figures to publish take `yolo evaluate`, which is the same for all.", ADVICE),
    ]


def _recipes() -> list[Claim]:
    return [
        exempt(
            "What counts is the ratio to the other terms, and that each loss has its own size: take `yolo ablate … "
            "box=2.5,5,7.5`, or `gain=matched`, before you believe a difference ([Compare losses](compare.md), "
            '"The gain counts").',
            ADVICE,
        ),
        shown(
            "`batch=`, `lr0=` and `optimizer=` other than the recipe's are warned of,",
            "yolo/test_recipe_warning.py::test_a_warning_says_what_is_left_and_what_would_go_with_it",
        ),
        shown(
            "| detector | RetinaNet,",
            "yolo/test_configs.py::test_the_recipe_for_coco_has_the_epochs_and_batch_of_the_published_figures",
        ),
        exempt(
            "What to expect of `ciou` under the full recipe: 37.3 AP for n and 44.9 for s by Ultralytics' own count;",
            AFFAIR,
        ),
        exempt("Neither was trained here.", HARDWARE),
    ]


def claims_on_scaling_in_words() -> list[Claim]:
    """Return those of docs/scaling.md."""
    tables = "test_make_docs.py::test_pages_are_what_make_docs_makes"
    return [
        exempt("No GPU was at hand: figures of GPUs and networks below are assumptions, marked as such.", HARDWARE),
        exempt(
            "Put your own in their place, `python benchmarks/scaling.py gpu=IMAGES_A_SECOND network=GBIT_A_SECOND`, "
            "and believe that.",
            ADVICE,
        ),
        shown("On two CPU cores ([`benchmarks/scaling.csv`]", tables),
        shown(
            "that our loss adds anything to a step of stock DistributedDataParallel doesn't show.",
            "test_readme.py::test_a_step_with_our_loss_takes_what_one_of_stock_takes",
        ),
        shown("each rank normalises by its own sums, as stock does.", EQUAL),
        shown("Ours outside the step:", EQUAL),
        shown("one broadcast of the weights at the end;", EQUAL),
        shown(
            "barriers while the data are read at the start.",
            "distributed/test_group.py::test_the_first_node_works_first",
        ),
        shown("Data preparation ([`benchmarks/prepare_coco.csv`]", tables),
        shown("With yolov8s at 640 px, ASSUMED", tables),
        exempt("So, if the assumptions hold:", ADVICE),
        shown("**8 GPUs** in one node are used almost wholly,", tables),
        exempt(
            "With fewer than three cores a GPU, or a disk that is slower than the page cache was here, the data become "
            "the limit, long before communication does.",
            "follows from the model above",
        ),
        exempt(
            "More than 8 or 16 GPUs are better spent on seeds and losses side by side: `yolo ablate engine=ray`, or "
            "several jobs.",
            ADVICE,
        ),
        shown("| labels in memory | Ultralytics keeps them", "test_readme.py::test_figures_on_scaling_are_the_csvs"),
        exempt(
            "What the second epoch adds to the time in `results.csv`, times ten, is your epoch. `nvidia-smi` below 90 "
            "% use means that the data are the limit: more `workers=`, or `cache=ram` where it fits.",
            ADVICE,
        ),
    ]


def claims_on_columns() -> list[Claim]:
    """Return those of docs/columns.md."""
    schema, files = "results/test_schema.py", "report/test_read.py"
    return [
        shown(
            "`yolo ablate` and `yolo evaluate` write a row for each run, and `yolo report` reads it.",
            *(f"{schema}::test_a_row_has_the_columns_of_the_schema_in_its_order",),
            "export/test_command.py::test_several_runs_give_rows_a_table_and_a_report",
        ),
        shown(
            "A cell is empty where a value is missing or not recorded.",
            "ablation/test_rows.py::test_without_any_sessions_they_are_not_recorded",
        ),
        shown(
            "Where a run was resumed with other versions or on another computer, its cell has both,",
            "ablation/test_rows.py::test_a_run_that_was_resumed_elsewhere_says_so",
        ),
        shown(
            '"Must agree" says that a report warns if the runs that it compares differ in the column.',
            *("report/test_warnings.py::test_circumstances_that_differ_are_named",),
            f"{schema}::test_what_a_swept_argument_changes_by_itself_need_not_agree",
        ),
        shown(
            "*Text* is never taken for a number, though it may look like one;",
            f"{files}::test_values_are_read_as_what_they_are",
        ),
        shown("a *count* is a whole number;", f"{schema}::test_the_cells_of_the_committed_results_are_of_their_kind"),
        shown(
            "a *fraction* lies between 0 and 1;",
            *(f"{files}::test_rows_that_cannot_be_are_refused",),
            f"{schema}::test_the_cells_of_the_committed_results_are_of_their_kind",
        ),
        shown(
            "a *setting* is a number, a switch, a list or text.",
            f"{files}::test_an_argument_may_be_a_switch_a_list_or_nothing",
        ),
        *_preflight(),
    ]


def _preflight() -> list[Claim]:
    norms = "yolo/test_gradient_norms.py"
    medians = f"{norms}::test_rows_are_medians_over_the_batches"
    return [
        shown(
            "`yolo ablate` writes a row for each loss that it measured before the runs, on predictions of a training "
            "with the loss in `reference`.",
            "ablation/test_gains.py::test_each_loss_is_measured_once_and_remembered",
            f"{norms}::test_the_batches_are_those_of_a_training_that_steps",
        ),
        shown(
            "`loss_ratio` and `gradient_ratio` are medians of ratios: in each batch the loss, and the norm of its "
            "gradient in all weights that train, are divided by those of `reference` in that batch.",
            medians,
            f"{norms}::test_a_gradient_is_the_one_that_training_has",
        ),
        shown("`loss_value` and `gradient_norm` are the medians of the two themselves, at a gain of 1.", medians),
        measured(
            f"The batches are {BATCHES} of the first {BATCHES * EVERY_BATCHES}, each the last of {EVERY_BATCHES};",
            "yolo_feiou/ablation/gains.py",
        ),
        shown(
            "of a shorter training they lie closer, and are no more than it has.",
            f"{norms}::test_no_more_batches_are_taken_than_a_training_has",
        ),
        shown(
            "`first_batches` counts those up to the last one measured, `training_share` is their share of the "
            "training.",
            f"{norms}::test_rows_are_repeatable_and_leave_nothing",
        ),
        shown("`batches` is the number of those that had positives, and `pairs` that of these positives.", medians),
        shown(
            "`data`, `imgsz`, `model` and all else in which the trainings of a folder differ say in which one a loss "
            "was measured.",
            "ablation/test_gains.py::test_rows_of_a_folder_are_told_apart_by_what_was_measured",
        ),
        shown(
            "`code` is ten digits for the code of a loss of your own: changed, it is measured again, in a row of its "
            "own.",
            "ablation/test_gains.py::test_a_loss_of_ones_own_is_measured_with_the_others_and_again_when_its_code_changed",
        ),
    ]
